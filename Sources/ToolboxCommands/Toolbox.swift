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
      var arguments = currentArguments()
      let line = PerfExplain.takeLine(from: &arguments)
      var command = try parseAsRoot(arguments)
      if var explain = command as? PerfExplain, let line {
        explain.words = line
        command = explain
      }
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
      Glibc.exit(ExitStatus.done.rawValue)
    } catch {
      fflush(nil)
      let context = CommandContext.live()
      guard let failure = error as? any ReportableError else { end(with: error, context) }
      context.standardError.line("toolbox: \(failure.message.harmless)")
      context.standardError.flush()
      Glibc.exit(ExitStatus(failure.failureKind).rawValue)
    }
  }

  /// Ends with what the parser has to say: help and versions on standard output, wrong words on standard error.
  private static func end(with error: any Error, _ context: CommandContext) -> Never {
    let code = exitCode(for: error)
    let text = fullMessage(for: error)
    let stream = code.isSuccess ? context.standardOutput : context.standardError
    if !text.isEmpty { stream.line(text) }
    stream.flush()
    if code.isSuccess, let failure = stream.failure {
      context.standardError.line(
        "toolbox: \(FileError(path: "standard output", code: failure, action: "write").message)")
      context.standardError.flush()
      Glibc.exit(ExitStatus.failed.rawValue)
    }
    Glibc.exit(code.rawValue)
  }
}
