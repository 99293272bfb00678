import ArgumentParser
import PerfProfiling
import TerminalOutput

/// `toolbox perf collapse`: one line for each stack, with its count.
struct PerfCollapse: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "collapse", abstract: "Fold the stacks of a profile into lines, each with its count.",
    discussion: "With --compat flamegraph the output is that of FlameGraph's stackcollapse-perf.pl to the byte.")

  @OptionGroup var profile: ProfileOptions

  func run() throws {
    let context = CommandContext.live()
    let read = try profile.read(environment: context.environment)
    let event = profile.compat == .flamegraph ? read.profile.eventOfFirstSample : read.profile.firstEvent
    let folded = FoldedStacks(
      read.profile, event: profile.reading.event == nil ? event : nil, labels: profile.labels(for: read.form))
    folded.text { context.standardOutput.write(bytes: $0) }
    context.account(for: read.profile, drawnEvent: event)
    try context.finish()
  }
}
