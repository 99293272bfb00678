import ArgumentParser
import HostSystem
import KernelReleases
import TerminalOutput

extension KernelCheck.Condition: ExpressibleByArgument {}

/// `toolbox kernel check`: a verdict for scripts and monitoring systems.
struct KernelCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Judge the running kernel, for scripts and monitoring.",
    discussion: """
      With --format nagios the command ends as monitoring plugins do: 0 ok, 1 warning, 2 critical, 3 unknown. Otherwise it \
      ends with 0, or with 2 when a condition of --fail-if holds.
      """)

  /// The forms in which the verdict is given.
  enum Format: String, CaseIterable, ExpressibleByArgument {
    case text, prometheus, nagios, json
  }

  @Option(help: ArgumentHelp("The form of the answer.", valueName: "format"))
  var format: Format?

  @Option(help: ArgumentHelp("Warn when the kernel is more than so many days behind its series.", valueName: "days"))
  var warnDays = KernelCheck.Thresholds().behindWarning

  @Option(help: ArgumentHelp("Call it critical when it is more than so many days behind.", valueName: "days"))
  var criticalDays: Int?

  @Option(help: ArgumentHelp("Warn when its series ends in less than so many days.", valueName: "days"))
  var endDays = KernelCheck.Thresholds().endWarning

  @Option(help: ArgumentHelp("End with 2 when this holds; may be given several times.", valueName: "condition"))
  var failIf: [KernelCheck.Condition] = []

  @Option(name: .customLong("output"), help: ArgumentHelp("Write to this file, in one step.", valueName: "file"))
  var file: String?

  @OptionGroup var machine: MachineOptions
  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  private var chosen: Format { format ?? (output.json ? .json : .text) }

  func validate() throws {
    if output.json, let format, format != .json {
      throw ValidationError("--json and --format \(format) exclude each other")
    }
    if chosen == .nagios, !failIf.isEmpty {
      throw ValidationError("--format nagios has exit codes of its own; leave out --fail-if")
    }
    if warnDays < 0 || endDays < 0 || criticalDays ?? 0 < 0 { throw ValidationError("a number of days is 0 or more") }
  }

  func run() throws {
    let context = CommandContext.live(color: output.color)
    let check = try judge(context)
    try context.finish()
    if chosen == .nagios { throw ExitCode(check.pluginStatus) }
    if !check.failed.isEmpty { throw ExitStatus.pending.exitCode }
  }

  /// Judges, and prints or writes the answer.
  private func judge(_ context: CommandContext) throws -> KernelCheck {
    var thresholds = KernelCheck.Thresholds()
    (thresholds.behindWarning, thresholds.behindCritical, thresholds.endWarning) = (warnDays, criticalDays, endDays)
    let check = KernelCheck(
      try context.kernelStatus(machine.root, database: database.file), thresholds: thresholds, conditions: failIf)
    let answer = CommandContext(
      standardOutput: file == nil ? context.standardOutput : OutputStream(descriptor: nil),
      standardError: context.standardError, environment: context.environment, userID: context.userID, now: context.now,
      color: context.color)
    switch chosen {
    case .text:
      answer.standardOutput.line(
        KernelText(file == nil ? context.terminal : .plain).line(of: check))
    case .prometheus: answer.standardOutput.write(check.prometheusText)
    case .nagios: answer.standardOutput.line(check.pluginLine(thresholds: thresholds))
    case .json: try answer.printJSON(check)
    }
    if let file {
      try PrivateFile.write(Array(answer.standardOutput.text.utf8), to: absolutePath(file), mode: 0o644)
    }
    return check
  }
}
