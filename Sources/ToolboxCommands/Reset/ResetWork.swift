import Configuration
import HostSystem
import SystemReset

/// What every command of `toolbox reset` begins with: the system read, its baseline found, and the analysis made.
struct ResetWork {
  let snapshot: SystemSnapshot
  let selection: Selection
  private let rules: [KeepRule]

  init(_ context: CommandContext, system: SystemOptions, selection: SelectionOptions) throws {
    let root = RootDirectory(system.root)
    let policy = try ResetPolicy.read(root: root, file: system.policy, userID: context.userID)
    snapshot = try SystemSnapshot.read(
      root: root, environment: context.environment, userID: context.userID, executable: CommandContext.executable)
    self.selection = selection.selection(policy)
    rules = try KeepRule.shipped()
  }

  /// - Parameter selection: another one than that of the command line.
  func analysis(_ selection: Selection? = nil) -> SystemAnalysis {
    SystemAnalysis(snapshot, baseline: .rootClosure, selection: selection ?? self.selection, rules: rules)
  }

  func plan(_ selection: Selection? = nil) throws -> ResetPlan { try ResetPlanner(analysis(selection)).plan() }
}
