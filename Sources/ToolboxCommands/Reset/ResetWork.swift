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
    let policy = try ResetPolicy.read(root: system.rootDirectory, file: system.policy, userID: context.userID)
    try self.init(
      context, root: system.rootDirectory, policy: policy, baselineFiles: system.baseline.map(absolutePath),
      selection: selection.selection(policy))
  }

  /// What a saved plan was made from, looked at again: its selection and its baseline, the rules and the policy of today.
  init(_ context: CommandContext, again plan: ResetPlan, root: RootDirectory) throws {
    let policy = try ResetPolicy.read(root: root, file: nil, userID: context.userID)
    var selection = plan.selection
    func merge(_ own: inout [Selection.Choice], _ wishes: [Located<String>]) {
      for wish in wishes where !own.contains(where: { $0.value == wish.value }) {
        own.append(Selection.Choice(wish.value, from: wish.place))
      }
    }
    merge(&selection.keep, policy.keep)
    merge(&selection.keepUsers, policy.protectUsers)
    try self.init(
      context, root: root, policy: policy, baselineFiles: plan.baseline.files, selection: selection)
  }

  private init(
    _ context: CommandContext, root: RootDirectory, policy: ResetPolicy, baselineFiles: [String], selection: Selection
  ) throws {
    snapshot = try SystemSnapshot.read(
      root: root, environment: context.environment, userID: context.userID, executable: CommandContext.executable,
      readsPurgeScripts: selection.purge)
    self.selection = selection
    rules = try KeepRule.shipped()
    let files = baselineFiles.isEmpty ? [policy.baseline?.value].compactMap { $0 } : baselineFiles
    var baseline = try Baseline.resolve(snapshot, files: files)
    if baselineFiles.isEmpty, let place = policy.baseline?.place { baseline.notes.append("named in \(place)") }
    self.baseline = baseline
  }

  /// - Parameter selection: another one than that of the command line.
  func analysis(_ selection: Selection? = nil) -> SystemAnalysis {
    SystemAnalysis(snapshot, baseline: baseline, selection: selection ?? self.selection, rules: rules)
  }

  func plan(_ selection: Selection? = nil) throws -> ResetPlan { try ResetPlanner(analysis(selection)).plan() }

  /// Adds to a plan where apt's own simulation of it disagrees.
  func verified(_ plan: ResetPlan) -> ResetPlan {
    var plan = plan
    do {
      plan.blockers += try AptOracle(plan, foreignArchitectures: snapshot.foreignArchitectures).blockers()
    } catch {
      plan.warnings.append(
        ResetPlan.Notice(id: "not-verified", message: error.message, subject: AptOracle.path))
    }
    return plan
  }
}
