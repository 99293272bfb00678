package import ArgumentParser
import Glibc
import HostSystem
import TerminalOutput

/// The root command.
package struct Toolbox: AsyncParsableCommand {
  package static let version = "0.1.0"

  package static let configuration = CommandConfiguration(
    commandName: "toolbox",
    abstract: "Know your Linux machine: perf, stock packages, kernel releases.",
    discussion: """
      perf    the reference for Linux perf, one page or searched
      reset   how this system differs from stock, and the way back
      kernel  every kernel release, candidate and end of life
      """,
    version: version,
    subcommands: [Perf.self, Reset.self, Kernel.self])

  package init() {}

  /// Runs the command that the process was started with and ends the process with its exit code.
  package static func runProcess() async -> Never {
    do {
      var command = try parseAsRoot(currentArguments())
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
      Glibc.exit(ExitStatus.done.rawValue)
    } catch {
      guard let failure = error as? any ReportableError else { exit(withError: error) }
      fflush(nil)
      let context = CommandContext.live()
      context.standardError.line("toolbox: \(failure.message.harmless)")
      context.standardError.flush()
      Glibc.exit(ExitStatus(failure.failureKind).rawValue)
    }
  }
}
