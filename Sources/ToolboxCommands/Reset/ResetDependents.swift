import ArgumentParser
import HostSystem
import SystemReset
import TerminalOutput

/// `toolbox reset dependents`: who needs a package, and what would go with it.
struct ResetDependents: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dependents", abstract: "Tell who needs a package, and what would go with it.")

  @Argument(help: ArgumentHelp("Names of installed packages; '*' stands for any letters.", valueName: "package"))
  var names: [String]

  @OptionGroup(title: "System") var system: SystemOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let context = CommandContext.live(color: output.color)
    let analysis = try ResetWork(context, system: system, selection: SelectionOptions.none).analysis()
    let entries = try analysis.explicitPackages(names).map { analysis.dependentsEntry(of: $0) }
    if output.json {
      try context.printJSON(DependentsDocument(packages: entries))
    } else {
      let paint = Paint(context.terminal)
      for (offset, entry) in entries.enumerated() {
        if offset > 0 { context.standardOutput.line() }
        context.standardOutput.lines(DependentsText(width: context.terminal.columns, paint: paint).lines(entry))
      }
    }
    try context.finish()
  }
}

extension SelectionOptions {
  /// No wishes of the command line.
  static var none: SelectionOptions {
    get throws { try SelectionOptions.parse([]) }
  }
}

/// What needs a package, and what would go with it, as a person reads it.
struct DependentsText {
  let width: Int
  let paint: Paint

  func lines(_ entry: DependentsDocument.Entry) -> [String] {
    var result = [paint(.strong, "\(entry.name):\(entry.architecture)".harmless)]
    result.append(
      entry.neededBy.isEmpty
        ? "  no installed package names it" : "  named by \(entry.neededBy.count.counted("package"))")
    result += DependentText(width: width, paint: paint).lines(entry.neededBy, limit: 40)
    result.append(
      entry.wouldGo.isEmpty
        ? "  without it nothing else would have to go; \(entry.freedBytes.byteSize) freed"
        : "  without it \(entry.wouldGo.count.counted("package")) would have to go; \(entry.freedBytes.byteSize) freed")
    return result
      + entry.wouldGo.joined(separator: " ").harmless.wrapped(to: width - 4).map { paint(.bad, "    " + $0) }
  }
}
