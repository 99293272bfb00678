import ArgumentParser
import HostSystem
import SystemReset
import TerminalOutput

/// `toolbox reset baseline`: what counts as stock, and keeping it for later.
struct ResetBaseline: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "baseline", abstract: "Show, save or compare what counts as stock.",
    subcommands: [Show.self, Save.self, Compare.self])

  /// `toolbox reset baseline show`
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Tell what counts as stock here, how sure that is, and what speaks against it.")

    @OptionGroup(title: "System") var system: SystemOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
      let context = CommandContext.live(color: output.color)
      let work = try ResetWork(context, system: system, selection: try SelectionOptions.none)
      let document = BaselineSummaryDocument(try work.plan())
      if output.json {
        try context.printJSON(document)
      } else {
        let paint = Paint(context.terminal)
        context.standardOutput.lines(lines(document, width: context.terminal.columns, paint: paint))
      }
      try context.finish()
    }

    private func lines(_ document: BaselineSummaryDocument, width: Int, paint: Paint) -> [String] {
      var result = [
        paint(.strong, document.baseline.title.harmless) + ", confidence \(document.baseline.confidence.rawValue)"
          + (document.baseline.date.map { ", of \($0)" } ?? "")
      ]
      for note in document.baseline.notes {
        result += note.harmless.wrapped(to: width - 2).map { "  " + $0 }
      }
      for blocker in document.blockers {
        let text = "\(blocker.message) (\(blocker.subject))" + (blocker.override.map { "; overridden by \($0)" } ?? "")
        result += text.harmless.wrapped(to: width - 4).enumerated().map {
          ($0 == 0 ? paint(.warning, "  ! ") : "    ") + $1
        }
      }
      return result
    }
  }

  /// `toolbox reset baseline save`
  struct Save: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "save", abstract: "Keep the present packages and their marks as what counts as stock from now on.")

    @Option(
      name: [.customShort("o"), .long],
      help: ArgumentHelp("Save here instead of where a plan looks for it.", valueName: "file"))
    var outputFile: String?

    @OptionGroup(title: "System") var system: SystemOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
      let context = CommandContext.live(color: output.color)
      let root = system.rootDirectory
      let snapshot = try SystemSnapshot.read(
        root: root, environment: context.environment, userID: context.userID, executable: CommandContext.executable)
      let document = BaselineDocument(snapshot, day: CalendarDay(context.now()))
      if output.json, outputFile == nil {
        try context.printJSON(document)
      } else {
        let path = outputFile ?? root.hostPath(BaselineDocument.path)
        if outputFile == nil { try PrivateFile.makeDirectories(above: BaselineDocument.path, in: root) }
        try PrivateFile.write(try document.encoded(), to: path)
        context.standardError.line(
          "toolbox: reset: saved \(document.packages.count.counted("package")) in \(path.harmless)")
      }
      try context.finish()
    }
  }

  /// `toolbox reset baseline compare`
  struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "compare",
      abstract: "Tell where a list of packages differs from what is installed, or from another list.")

    @Argument(help: ArgumentHelp("A list in any of the forms that --baseline takes.", valueName: "file"))
    var first: String

    @Argument(help: ArgumentHelp("Another one; without it, what is installed.", valueName: "other"))
    var second: String?

    @Flag(name: .customLong("exit-code"), help: "End with 2 when they differ.")
    var exitCode = false

    @OptionGroup(title: "System") var system: SystemOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
      let context = CommandContext.live(color: output.color)
      let snapshot = try SystemSnapshot.read(
        root: system.rootDirectory, environment: context.environment, userID: context.userID,
        executable: CommandContext.executable)
      let left = BaselineComparison.Side(try BaselineFile.read(first))
      let right =
        try second.map { BaselineComparison.Side(try BaselineFile.read($0)) }
        ?? BaselineComparison.Side(installed: snapshot)
      let comparison = BaselineComparison(left, right, native: snapshot.architecture)
      if output.json {
        try context.printJSON(comparison)
      } else {
        context.standardOutput.lines(lines(comparison, paint: Paint(context.terminal)))
      }
      try context.finish()
      if exitCode, !comparison.isEmpty { throw ExitStatus.pending.exitCode }
    }

    private func lines(_ comparison: BaselineComparison, paint: Paint) -> [String] {
      if comparison.isEmpty { return ["no difference"] }
      func name(_ package: BaselineComparison.Package) -> String {
        ([package.name + (package.architecture.map { ":\($0)" } ?? ""), package.version].compactMap { $0 })
          .joined(separator: " ").harmless
      }
      return comparison.onlyLeft.map { paint(.bad, "- " + name($0)) }
        + comparison.onlyRight.map { paint(.good, "+ " + name($0)) }
        + comparison.otherVersion.map { "~ \($0.name) \($0.left) -> \($0.right)".harmless }
        + comparison.snapsOnlyLeft.map { paint(.bad, "- snap \($0)".harmless) }
        + comparison.snapsOnlyRight.map { paint(.good, "+ snap \($0)".harmless) }
    }
  }
}
