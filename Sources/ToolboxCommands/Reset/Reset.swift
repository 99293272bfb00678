import ArgumentParser
import HostSystem
import SystemReset
import TerminalOutput

struct Reset: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show how this system differs from stock, and what would bring it back.",
    discussion: """
      With --dry-run the plan is printed and nothing else happens: nothing is written anywhere, and no other program is
      run. It needs no special rights.
      """)

  @Flag(name: .customLong("dry-run"), help: "Print the plan, and do nothing.")
  var dryRun = false

  @Option(help: ArgumentHelp("Plan for the system below this directory.", valueName: "directory"))
  var root = "/"

  @Flag(help: "Print long lists in full.")
  var all = false

  @OptionGroup var output: OutputOptions

  func run() throws {
    try run(CommandContext.live(color: output.color))
  }

  func run(_ context: CommandContext) throws {
    guard dryRun else { throw ResetError.applyingNotThere }
    let snapshot = try SystemSnapshot.read(
      root: RootDirectory(root), environment: context.environment, userID: context.userID,
      executable: CommandContext.executable)
    let analysis = SystemAnalysis(
      snapshot, baseline: .rootClosure, selection: Selection(), rules: try KeepRule.shipped())
    let plan = try ResetPlanner(analysis).plan()
    if output.json {
      try context.printJSON(plan)
    } else {
      let text = ResetPlanText(
        plan, systemName: snapshot.release.name, showsAll: all, width: context.terminal.columns,
        paint: Paint(context.terminal))
      context.standardOutput.lines(text.lines())
    }
    try context.finish()
  }
}

/// What `toolbox reset` itself refuses.
enum ResetError: ReportableError, Equatable {
  /// A plan can be made but not carried out yet.
  case applyingNotThere

  var failureKind: FailureKind { .unavailable }

  var message: String {
    "reset: carrying out a plan is not there yet; 'toolbox reset --dry-run' prints the plan"
  }
}
