import Configuration
import HostSystem
import SystemReset

/// What every command of `toolbox reset` begins with: the system read, its baseline found, and the analysis made.
struct ResetWork {
  let snapshot: SystemSnapshot
  let selection: Selection
  let baseline: Baseline
  private let rules: [KeepRule]

  init(_ context: CommandContext, system: SystemOptions, selection: SelectionOptions) throws {
    let root = system.rootDirectory
    let policy = try ResetPolicy.read(root: root, file: system.policy, userID: context.userID)
    snapshot = try SystemSnapshot.read(
      root: root, environment: context.environment, userID: context.userID, executable: CommandContext.executable)
    self.selection = selection.selection(policy)
    rules = try KeepRule.shipped()
    let files = system.baseline.isEmpty ? [policy.baseline?.value].compactMap { $0 } : system.baseline
    var baseline = try Baseline.resolve(snapshot, files: files)
    if system.baseline.isEmpty, let place = policy.baseline?.place { baseline.notes.append("named in \(place)") }
    self.baseline = baseline
  }

  /// - Parameter selection: another one than that of the command line.
  func analysis(_ selection: Selection? = nil) -> SystemAnalysis {
    SystemAnalysis(snapshot, baseline: baseline, selection: selection ?? self.selection, rules: rules)
  }

  func plan(_ selection: Selection? = nil) throws -> ResetPlan { try ResetPlanner(analysis(selection)).plan() }

  /// Adds to a plan where apt's own simulation of it disagrees.
  func verified(_ plan: ResetPlan) async -> ResetPlan {
    var plan = plan
    do {
      plan.blockers += try await AptOracle(plan, foreignArchitectures: snapshot.foreignArchitectures).blockers()
    } catch {
      plan.warnings.append(
        ResetPlan.Notice(id: "not-verified", message: error.message, subject: AptOracle.path))
    }
    return plan
  }
}
