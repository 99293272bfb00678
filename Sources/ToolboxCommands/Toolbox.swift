package import ArgumentParser
import Configuration
import Glibc
import HostSystem
import TerminalOutput

/// What monitoring systems take: a first line on standard output and a status of 0 to 3, whatever happens.
enum MonitoringPlugin {
  /// Whether the arguments ask for that form.
  static func isAsked(by arguments: [String]) -> Bool {
    guard arguments.dropFirst().first == "check" else { return false }
    return arguments.contains("--format=nagios")
      || zip(arguments, arguments.dropFirst()).contains { $0 == "--format" && $1 == "nagios" }
  }

  /// Tells what kept a check from its verdict: a wrong option, a wrong configuration, a file that cannot be read. Its first line is
  /// what people see, and its status the plugins' word for "I cannot tell".
  static func unknown(_ job: String, _ message: String, _ context: CommandContext) -> Int32 {
    // What follows a bar would be taken for figures.
    let text = (message.split(separator: "\n").first ?? "no verdict").split(separator: "|").joined(separator: "/")
    context.standardOutput.line("\(job.uppercased()) UNKNOWN - \(text)".harmless)
    context.standardOutput.flush()
    return 3
  }
}

/// An argument that is no text: it could not be handed on as it is.
struct ForeignArgument: ReportableError, Equatable {
  /// From 1.
  let place: Int
  let text: String

  var failureKind: FailureKind { .usage }
  var message: String {
    "argument \(place), '\(text.harmless)', is no UTF-8 and would be changed; rename the file, or give a link to it"
  }
}

/// The root command.
package struct Toolbox: ParsableCommand {
  package static let version = "0.1.0"

  package static let configuration = CommandConfiguration(
    commandName: "toolbox",
    abstract: "Know your Linux machine: perf, stock packages, kernel releases.",
    discussion: """
      perf    the reference for Linux perf, one page or searched
      reset   how this system differs from stock, and the way back
      kernel  every kernel release, candidate and end of life
      config  the settings in force, and mistakes in their files
      """,
    version: version,
    subcommands: [Perf.self, Reset.self, Kernel.self, Config.self])

  package init() {}

  /// Runs the command that the process was started with and ends the process with its exit code.
  package static func runProcess() -> Never {
    var arguments = currentArguments()
    let status = run(&arguments)
    WorkOfFetch.end()
    // What libraries would do at the end helps nobody: OpenSSL alone frees for 0.1 ms what the system takes back at once.
    fflush(nil)
    _exit(status)
  }

  /// - Returns: the exit code, after everything that is to be said was said.
  private static func run(_ arguments: inout [String]) -> Int32 {
    let given = arguments
    do {
      if let place = placeOfForeignArgument() {
        throw ForeignArgument(place: place, text: given.indices.contains(place - 1) ? given[place - 1] : "")
      }
      if arguments == ["--version"] {
        let context = CommandContext.live()
        context.standardOutput.line(version)
        try context.finish()
        return ExitStatus.done.rawValue
      }
      if let request = PlainCommands.request(for: arguments) {
        try CommandContext.$settings.withValue(try settings()) { try request.run() }
        return ExitStatus.done.rawValue
      }
      let line = PerfExplain.takeLine(from: &arguments)
      var command = try CommandLookup.parse(arguments, below: self)
      if var explain = command as? PerfExplain, let line {
        explain.words = line
        command = explain
      }
      // The commands that look at the configuration themselves go without, so that they can tell what is wrong with it.
      try CommandContext.$settings.withValue(command is any ReadsConfiguration ? Settings() : try settings()) {
        try command.run()
      }
      return ExitStatus.done.rawValue
    } catch {
      fflush(nil)
      let context = CommandContext.live()
      if MonitoringPlugin.isAsked(by: given), !(error is ExitCode), !exitCode(for: error).isSuccess {
        let text = (error as? any ReportableError)?.message ?? message(for: error)
        return MonitoringPlugin.unknown(given[0], text, context)
      }
      guard let failure = error as? any ReportableError else { return status(of: error, context) }
      context.standardError.line("toolbox: \(failure.message.harmless)")
      context.standardError.flush()
      return ExitStatus(failure.failureKind).rawValue
    }
  }

  /// What the configuration files say.
  private static func settings() throws -> Settings {
    let reading = ConfigurationReading(environment: currentEnvironment(), userID: geteuid())
    if let error = reading.errors.first { throw error }
    if reading.files.contains(where: { $0.state == .ignored }) {
      let context = CommandContext.live()
      for file in reading.files where file.state == .ignored { context.noteIgnored(file) }
      context.standardError.flush()
    }
    return reading.settings
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
