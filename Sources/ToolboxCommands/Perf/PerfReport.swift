import ArgumentParser
import PerfProfiling
import TerminalOutput

/// `toolbox perf report`: where the time went, as tables, as a tree or as a flame graph in the terminal.
struct PerfReport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Tell where the time of a profile went.",
    discussion: "Shares are of samples: self is the function alone, total is with all that it calls.")

  @Argument(
    help: "A perf.data file, the output of perf script, folded stacks, or a directory of profile; - for standard input."
  )
  var file = "perf.data"

  @OptionGroup var reading: ReadingOptions

  @Option(help: "What a line is: symbol, object, command or thread.")
  var by = Grouping.symbol

  @Option(help: ArgumentHelp("Print so many lines of each table.", valueName: "number"))
  var top = 25

  @Flag(help: "Print the calls as a tree.")
  var tree = false

  @Flag(help: "Draw a flame graph in the terminal.")
  var flame = false

  @Option(help: ArgumentHelp("Leave branches of the tree out that are smaller.", valueName: "percent"))
  var least = 1.0

  @OptionGroup var output: OutputOptions

  enum Grouping: String, ExpressibleByArgument, CaseIterable {
    case symbol, object, command, thread
  }

  func validate() throws {
    guard top > 0 else { throw ValidationError("--top: a number from 1") }
    guard (0...100).contains(least) else { throw ValidationError("--least: percent, 0 to 100") }
    guard !(tree && flame), !((tree || flame) && output.json) else {
      throw ValidationError("one of --tree, --flame and --json")
    }
  }

  func run() throws {
    let context = CommandContext.live(color: output.color)
    let read = try reading.read(file, environment: context.environment)
    let profile = read.profile
    guard profile.samples.count > 0 else {
      context.account(for: profile, drawnEvent: nil)
      throw ProfileInputError.noSample(path: file)
    }
    let paint = Paint(context.terminal)
    let width = context.textWidth ?? 100
    if output.json {
      try context.printJSON(ProfileReport(profile))
    } else if tree || flame {
      var labels = StackLabels()
      labels.isVerbatim = read.form == .foldedText
      for event in Set(profile.samples.events.map(Int.init)).sorted() {
        let calls = FlameTree(FoldedStacks(profile, event: event, labels: labels).lines)
        context.standardOutput.line(ReportText.heading(profile, event: event, total: calls.total, paint: paint))
        context.standardOutput.lines(
          flame
            ? FlameText.lines(calls, width: width, paint: paint)
            : CallTreeText.lines(calls, leastPercent: least, width: width, paint: paint))
        context.standardOutput.line()
      }
    } else {
      for event in ProfileReport(profile).events {
        context.standardOutput.lines(ReportText.lines(event, by: by, top: top, width: width, paint: paint))
        context.standardOutput.line()
      }
    }
    context.account(for: profile, drawnEvent: nil)
    try context.finish()
  }
}
