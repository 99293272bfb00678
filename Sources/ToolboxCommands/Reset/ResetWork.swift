import Configuration
import HostSystem
import SystemReset

/// What every command of `toolbox reset` begins with: the system read, its baseline found, and the analysis made.
struct ResetWork {
  let snapshot: SystemSnapshot
  let analysis: SystemAnalysis

  init(_ context: CommandContext, system: SystemOptions, selection: SelectionOptions) throws {
    let root = RootDirectory(system.root)
    let policy = try ResetPolicy.read(root: root, file: system.policy, userID: context.userID)
    snapshot = try SystemSnapshot.read(
      root: root, environment: context.environment, userID: context.userID, executable: CommandContext.executable)
    analysis = SystemAnalysis(
      snapshot, baseline: .rootClosure, selection: selection.selection(policy), rules: try KeepRule.shipped())
  }

  func plan() throws -> ResetPlan { try ResetPlanner(analysis).plan() }
}
