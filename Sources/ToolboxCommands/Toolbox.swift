package import ArgumentParser
import Curl
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
    var arguments = currentArguments()
    let opening = KernelFetch.isAsked(by: arguments) ? CurlOpening() : nil
    let status = await run(&arguments)
    opening?.finish()
    Glibc.exit(status)
  }

  /// - Returns: the exit code, after everything that is to be said was said.
  private static func run(_ arguments: inout [String]) async -> Int32 {
    do {
      let line = PerfExplain.takeLine(from: &arguments)
      var command = try CommandLookup.parse(arguments, below: self)
      if var explain = command as? PerfExplain, let line {
        explain.words = line
        command = explain
      }
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
      return ExitStatus.done.rawValue
    } catch {
      fflush(nil)
      let context = CommandContext.live()
      guard let failure = error as? any ReportableError else { return status(of: error, context) }
      context.standardError.line("toolbox: \(failure.message.harmless)")
      context.standardError.flush()
      return ExitStatus(failure.failureKind).rawValue
    }
  }

  /// Prints what the parser has to say: help and versions on standard output, wrong words on standard error.
  private static func status(of error: any Error, _ context: CommandContext) -> Int32 {
    let code = exitCode(for: error)
    let text = fullMessage(for: error)
    let stream = code.isSuccess ? context.standardOutput : context.standardError
    if !text.isEmpty { stream.line(text) }
    stream.flush()
    if code.isSuccess, let failure = stream.failure {
      context.standardError.line(
        "toolbox: \(FileError(path: "standard output", code: failure, action: "write").message)")
      context.standardError.flush()
      return ExitStatus.failed.rawValue
    }
    return code.rawValue
  }
}
