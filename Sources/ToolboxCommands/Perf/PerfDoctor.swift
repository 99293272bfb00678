import ArgumentParser
import PerfProbes
import PerfReference
import TerminalOutput

/// `toolbox perf doctor`: what works here, what does not, and the line that mends it.
struct PerfDoctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Tell what perf can do here, and how to mend what it cannot.",
    discussion: "It asks the kernel itself and changes nothing.")

  @Option(help: ArgumentHelp("Look at this recording instead of perf.data.", valueName: "file"))
  var recording: String?

  @Option(help: ArgumentHelp("Use this perf instead of the one in PATH.", valueName: "path"))
  var perf: String?

  @Flag(help: "End with 2 where something that matters is off.")
  var exitCode = false

  @OptionGroup var output: OutputOptions

  func run() throws {
    let context = CommandContext.live(color: output.color)
    let words = try DoctorWords.bundled()
    let facts = try PerfProbe.live(
      .everything(watchedPrograms: words.runtimes.map(\.program), recording: recording), perf: perf,
      environment: context.environment, userID: context.userID)
    let checks = try Doctor(facts, words, book: try context.recipeBook()).checks()
    if output.json {
      try context.printJSON(DoctorDocument(checks))
    } else {
      context.standardOutput.lines(
        DoctorText.lines(checks, width: context.textWidth, paint: Paint(context.terminal)))
    }
    try context.finish()
    if exitCode, checks.contains(where: { $0.verdict == .fail }) { throw ExitStatus.pending.exitCode }
  }
}
