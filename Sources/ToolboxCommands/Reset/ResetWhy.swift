import ArgumentParser
import HostSystem
import SystemReset
import TerminalOutput

/// `toolbox reset why`: what becomes of a package, and the chain of reasons.
struct ResetWhy: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "why", abstract: "Tell why a package stays or goes, and what pulled it in.")

  @Argument(help: ArgumentHelp("Names of installed packages; '*' stands for any letters.", valueName: "package"))
  var names: [String]

  @OptionGroup(title: "System") var system: SystemOptions
  @OptionGroup(title: "Selection") var selection: SelectionOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let context = CommandContext.live(color: output.color)
    let analysis = try ResetWork(context, system: system, selection: selection).analysis()
    let explanations = try analysis.explicitPackages(names).map { analysis.explanation(of: $0) }
    if output.json {
      try context.printJSON(WhyDocument(packages: explanations))
    } else {
      let text = WhyText(width: context.terminal.columns, paint: Paint(context.terminal))
      context.standardOutput.lines(text.lines(explanations))
    }
    try context.finish()
  }
}

extension SystemAnalysis {
  /// The packages that words of the command line name.
  /// - Throws: ``ResetError/unknownPackage(_:)``, when one of them names none.
  func explicitPackages(_ words: [String]) throws(ResetError) -> [Int] {
    var result: [Int] = []
    for word in words {
      let found = packages(named: word)
      if found.isEmpty { throw .unknownPackage(word) }
      result += found.filter { !result.contains($0) }
    }
    return result
  }
}

/// An explanation as a person reads it.
struct WhyText {
  let width: Int
  let paint: Paint

  func lines(_ explanations: [PackageExplanation]) -> [String] {
    var result: [String] = []
    for (offset, entry) in explanations.enumerated() {
      if offset > 0 { result.append("") }
      result += lines(entry)
    }
    return result
  }

  private func lines(_ entry: PackageExplanation) -> [String] {
    let title = "\(entry.name):\(entry.architecture)"
    var result = [
      paint(.strong, title.harmless) + "  \(entry.version.harmless)  " + paint(.faint, entry.synopsis.harmless)
    ]
    let verdict = entry.verdict == .stays ? paint(.good, "stays") : paint(.bad, "goes")
    result.append("  \(verdict)  \(entry.reason.harmless)")
    if let rule = entry.rule { result.append("  " + paint(.faint, "rule \(rule)")) }
    for (depth, step) in entry.because.enumerated() where entry.because.count > 1 {
      result.append(
        "  " + String(repeating: "  ", count: depth) + (depth == 0 ? "" : "└ ") + paint(.name, step.name.harmless)
          + "  " + paint(.faint, step.how.harmless))
    }
    result.append(
      "  " + (entry.installedByName ? "installed by name" : "installed because others need it")
        + (entry.held ? ", on hold" : ""))
    if let event = entry.lastInstalled {
      let by = [event.command.map { "by '\($0)'" }, event.user.map { "run by \($0)" }].compactMap { $0 }
      let text = (["came on \(event.time) as \(event.version)"] + by).joined(separator: ", ")
      result += text.harmless.wrapped(to: width - 2).map { "  " + $0 }
    }
    let needed = entry.neededBy.filter { $0.field != "suggests" }
    guard !needed.isEmpty else { return result + ["  no installed package needs it"] }
    result.append("  needed by \(needed.count.counted("package"))")
    return result + DependentText(width: width, paint: paint).lines(needed, limit: 12)
  }
}

/// The packages that need another one, in aligned columns.
struct DependentText {
  let width: Int
  let paint: Paint

  func lines(_ dependents: [PackageExplanation.Dependent], limit: Int) -> [String] {
    var table = TextTable()
    for dependent in dependents.prefix(limit) {
      table.add(
        .init(dependent.name.harmless, .name), .init(dependent.field),
        .init(
          (dependent.verdict == .stays ? "stays" : "goes")
            + (dependent.hasAlternative ? ", another package would do" : ""),
          .faint))
    }
    let rest = dependents.count - limit
    return table.lines(width: width, indent: 4, paint: paint)
      + (rest > 0 ? [paint(.faint, "    … and \(rest) more; --json shows them")] : [])
  }
}
