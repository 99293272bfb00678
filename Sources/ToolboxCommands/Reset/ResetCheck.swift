import ArgumentParser
import HostSystem
import SystemReset
import TerminalOutput

/// `toolbox reset check`: whether a system is stock, for scripts and monitoring.
struct ResetCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Tell in one line whether the system is stock, for scripts and monitoring.")

  enum Format: String, ExpressibleByArgument, CaseIterable { case text, nagios }

  @Flag(name: .customLong("exit-code"), help: "End with 2 when there is something to reset.")
  var exitCode = false

  @Option(help: ArgumentHelp("The form of the line: text, or nagios with its codes 0 to 3.", valueName: "format"))
  var format: Format = .text

  @OptionGroup(title: "System") var system: SystemOptions
  @OptionGroup(title: "Selection") var selection: SelectionOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let context = CommandContext.live(color: output.color)
    try show(CheckDocument(try ResetWork(context, system: system, selection: selection).plan()), context)
  }

  private func show(_ document: CheckDocument, _ context: CommandContext) throws {
    if output.json {
      try context.printJSON(document)
    } else {
      let counts =
        "\(document.remove.counted("package")) to remove, \(document.install) to install, \(document.users.counted("user")), "
        + "\(document.blockers.count.counted("blocker"))"
      switch format {
      case .text: context.standardOutput.line(document.isStock ? "stock" : "not stock: \(counts)")
      case .nagios:
        let word = document.isStock ? "OK" : "WARNING"
        context.standardOutput.line(
          "RESET \(word) - \(counts) | remove=\(document.remove) install=\(document.install) users=\(document.users) "
            + "freed=\(document.freedBytes)B")
      }
    }
    try context.finish()
    if format == .nagios, !document.isStock { throw ExitCode(1) }
    if exitCode, !document.isStock { throw ExitStatus.pending.exitCode }
  }
}
