import Glibc
package import HostSystem

/// Carries runs out: begins them, takes them up again, and undoes them.
///
/// Before a step begins, and after it is done, a line of the journal is on the disk. A step looks at the system for how far it came,
/// so that it can be begun again after a kill at any moment.
package struct ResetEngine {
  package let root: RootDirectory
  private let store: RunStore
  private let keeper: AccountKeeper
  private let now: () -> Instant
  private let isStopped: () -> Bool
  private let report: (RunEvent) -> Void
  private let recipient: PasswordRecipient?
  private let backupKey: BackupKey?
  private let version: String

  /// - Parameters:
  ///   - recipient: where a new password is shown; needed by a run that makes an account without a key.
  ///   - backupKey: what opens the account that a run makes, instead of a password that is shown.
  ///   - isStopped: asked between two steps.
  ///   - report: gets what happens.
  package init(
    root: RootDirectory, version: String, recipient: PasswordRecipient?, backupKey: BackupKey? = nil,
    now: @escaping () -> Instant, isStopped: @escaping () -> Bool, report: @escaping (RunEvent) -> Void
  ) {
    self.root = root
    self.version = version
    self.recipient = recipient
    self.backupKey = backupKey
    self.now = now
    self.isStopped = isStopped
    self.report = report
    store = RunStore(root)
    keeper = AccountKeeper(root: root)
  }

  // MARK: Beginning, resuming, undoing

  /// Carries out a plan that was approved.
  /// - Parameters:
  ///   - deletesHomes: accounts whose homes are deleted, as was asked for by their names.
  ///   - administrators: the group whose members may become root.
  ///   - unavailable: packages that the plan removes and no archive has.
  /// - Throws: ``RunError``, ``PackageToolError``, ``PreflightError`` before anything changed; ``StepFailure``; ``FileError``
  package func begin(
    _ plan: ResetPlan, deletesHomes: Set<String>, administrators: String, unavailable: Set<String>
  ) throws -> RunReport {
    try store.exclusively {
      try refuseUnfinished()
      return try inNewRun { work in
        let states = try work.tools.states()
        try Preflight(root: root, tools: work.tools).check(plan, states: states, administrators: administrators)
        let steps = try steps(of: plan, work, states, deletesHomes)
        try work.writePlan(plan)
        var beginning = RunBeginning(
          run: work.run, version: version, undoes: nil, administrators: administrators, steps: steps)
        beginning.cannotReturn = Self.cannotReturn(plan, deletesHomes: deletesHomes)
        return (beginning, unavailable)
      }
    }
  }

  /// Moves a user's settings aside, and nothing else.
  /// - Throws: as ``begin(_:deletesHomes:administrators:unavailable:)``, ``AccountRefusal``
  package func beginSettings(of names: [String]) throws -> RunReport {
    try store.exclusively {
      try refuseUnfinished()
      for name in names { _ = try keeper.settings(of: name) }
      return try inNewRun { work in
        let steps = names.map { name in
          var step = ResetStep(.settings, "move the settings of \(name) aside")
          step.name = name
          return step
        }
        return (
          RunBeginning(
            run: work.run, version: version, undoes: nil, administrators: "", steps: StepPlanning.numbered(steps)), []
        )
      }
    }
  }

  /// Takes a run up again where it was cut off, failed or was stopped.
  /// - Throws: ``RunError``, ``StepFailure``, ``JournalError``, ``FileError``
  package func resume(_ run: String?) throws -> RunReport {
    try store.exclusively {
      let state = try store.unfinished(run)
      if state.isUndone { throw RunError.undone(state.beginning.run) }
      if state.isFinished { throw RunError.finished(state.beginning.run) }
      try refuseUnfinished(besides: state.beginning.run)
      if recipient == nil, state.beginning.steps.contains(where: { $0.kind == .password && !state.isDone($0) }) {
        throw PasswordRecipientError.noTerminal
      }
      let work = try RunWork(store, state.beginning.run, root)
      try work.journal.write(JournalRecord(.resumed, now()))
      try finishInterrupted(state, work)
      return try carryOut(state, work, unavailable: work.unavailable())
    }
  }

  /// Takes a run back: another run, whose steps are the inverse of what was done.
  /// - Parameters:
  ///   - confirm: sees the steps and what cannot come back, before anything changes; false ends it.
  /// - Returns: nil when it was not confirmed.
  /// - Throws: as ``resume(_:)``
  package func undo(
    _ run: String?, confirm: ([ResetStep], [String]) throws -> Bool
  ) throws -> RunReport? {
    try store.exclusively {
      let state = try store.undoable(run)
      if state.isUndone { throw RunError.undone(state.beginning.run) }
      try refuseUnfinished(besides: state.beginning.run)
      let old = try RunWork(store, state.beginning.run, root)
      let planning = try UndoPlanning(state, old, root: root, keeper: keeper)
      let shown = try planning.plan()
      try old.removePolicyPlace()
      guard try confirm(shown.steps, shown.cannotReturn) else { return nil }
      // What dpkg still had to do may have brought packages to where the run wanted them.
      try finishInterrupted(state, old)
      let undone = try planning.plan()
      try old.removePolicyPlace()
      return try inNewRun { work in
        var beginning = RunBeginning(
          run: work.run, version: version, undoes: state.beginning.run,
          administrators: state.beginning.administrators, steps: undone.steps)
        beginning.cannotReturn = undone.cannotReturn
        return (beginning, [])
      }
    }
  }

  /// Two half-done runs at once would work against each other: a run and its own undo most of all.
  /// - Parameter run: the run that is to go on.
  private func refuseUnfinished(besides run: String? = nil) throws {
    let waiting = try store.runs().filter { !$0.isFinished && !$0.isUndone }
    // A run that is undone half-way goes on with its undo, so what undoes another run may go on beside it.
    let undone = waiting.first { $0.beginning.run == run }?.beginning.undoes
    if let other = waiting.last(where: { $0.beginning.run != run && $0.beginning.run != undone }) {
      throw RunError.unfinished(run: other.beginning.run)
    }
  }

  /// Makes a run's directory, has its beginning decided, and works. A run that is refused leaves nothing behind.
  private func inNewRun(_ decide: (RunWork) throws -> (RunBeginning, Set<String>)) throws -> RunReport {
    let work = try RunWork(store, try store.newID(now()), root)
    let beginning: RunBeginning
    let unavailable: Set<String>
    do {
      (beginning, unavailable) = try decide(work)
      try work.writeUnavailable(unavailable)
    } catch {
      try? work.removePolicyPlace()
      try? work.discard()
      throw error
    }
    var record = JournalRecord(.begin, now())
    record.beginning = beginning
    try work.journal.write(record)
    return try carryOut(JournalState(beginning: beginning, records: [record]), work, unavailable: unavailable)
  }

  /// dpkg may only finish packages of this run: others would be somebody else's work. A package that only waits for triggers is
  /// nobody's: any package that came or went asks others to look (deb-triggers(5)), and that is all that is left to do there.
  private func finishInterrupted(_ state: JournalState, _ work: RunWork) throws {
    // An apt of this run may have outlived toolbox; what it has not done yet is only known when it has ended.
    try Preflight(root: root, tools: work.tools).waitForLocks()
    let states = try work.tools.states()
    let unfinished = Set(states.unfinished)
    let updates = try root.names(in: "/var/lib/dpkg/updates") ?? []
    let own = Set(
      state.beginning.steps.filter(state.isBegun).compactMap(\.transaction).flatMap { $0.install + $0.remove }.map(\.id)
    )
    let toldToGo = own.filter(states.isToldToGo).sorted()
    guard !unfinished.isEmpty || !updates.isEmpty || !toldToGo.isEmpty else { return }
    let foreign = unfinished.subtracting(own).filter { !states.waitsForTriggers($0) }
    guard foreign.isEmpty else { throw PreflightError.brokenPackages(foreign.sorted()) }
    let step = ResetStep.configuring
    try work.journal.write(JournalRecord(.intent, now(), step: step.id))
    var ended = JournalRecord(.done, now(), step: step.id)
    do {
      // Nobody but this run's apt told dpkg so; whatever goes on from here tells it again. dpkg does not configure what is to go, and
      // apt cannot bring back what is neither there nor gone.
      try work.tools.want(toldToGo, log: work.log)
      try work.tools.configureAll(log: work.log)
      try finishUnpacking(state, work)
    } catch let error as PackageToolError {
      // Removals that failed half-way are no configuration; the step itself tries them again.
      report(RunEvent(run: work.run, step, number: 0, count: 0, .note, message: error.message))
      ended.record = .failed
      ended.message = error.message
    }
    try work.journal.write(ended)
  }

  /// A package that dpkg was unpacking can neither be configured nor removed until it is unpacked again (dpkg(1), `reinst-required`):
  /// the transaction that it is of is finished first, also where it is then taken back.
  private func finishUnpacking(_ state: JournalState, _ work: RunWork) throws {
    for step in state.beginning.steps where state.isBegun(step) && !state.isDone(step) {
      guard let transaction = step.transaction, step.kind == .packages else { continue }
      let states = try work.tools.states()
      guard transaction.install.contains(where: { states.isHalfInstalled($0.id) }) else { continue }
      try work.tools.carryOut(transaction.rest(states), log: work.log) { _, _ in }
    }
  }

  // MARK: Steps of a plan

  private func steps(
    of plan: ResetPlan, _ work: RunWork, _ states: PackageStates, _ deletesHomes: Set<String>
  ) throws -> [ResetStep] {
    typealias Item = PackageTransaction.Item
    let kernels = Set(plan.kernels.remove.flatMap(\.packages))
    let removals = plan.packages.remove.filter { $0.class != .configFiles }
    func items(_ isKernel: Bool) -> [Item] {
      removals.filter { ($0.class == .kernel && kernels.contains($0.name)) == isKernel }
        .map { Item(name: $0.name, architecture: $0.architecture, version: $0.version) }
    }
    let installations = plan.packages.install.map {
      Item(name: $0.name, architecture: $0.architecture, version: $0.version)
    }
    var downgrades = PackageTransaction()
    downgrades.downgrades = true
    downgrades.install = plan.packages.downgrade.map {
      Item(name: $0.name, architecture: $0.architecture, version: $0.to)
    }
    downgrades.replaced = plan.packages.downgrade.map {
      Item(name: $0.name, architecture: $0.architecture, version: $0.from)
    }
    var oldKernels = PackageTransaction()
    oldKernels.remove = items(true)

    // apt's opinion of the whole, before anything changes.
    var whole = PackageTransaction()
    whole.install = installations + downgrades.install
    whole.remove = items(false) + oldKernels.remove
    whole.downgrades = !downgrades.isEmpty
    if !whole.isEmpty {
      let disagreements = whole.disagreements(try work.tools.simulate(whole))
      guard disagreements.isEmpty else { throw PackageToolError.disagrees(disagreements) }
    }
    return StepPlanning(
      plan: plan,
      transactions: try work.tools.transactions(install: installations, remove: items(false)),
      downgrades: downgrades, oldKernels: oldKernels,
      conffiles: plan.selection.includes(.conffiles) ? conffiles(plan, work, states) : [],
      repositories: plan.selection.includes(.repositories) ? repositories(plan) : [], deletesHomes: deletesHomes,
      showsPassword: recipient != nil, backupKey: backupKey, isHost: root.isHost
    ).steps()
  }

  /// With the package of each, where that can be fetched in the version that is installed.
  private func conffiles(
    _ plan: ResetPlan, _ work: RunWork, _ states: PackageStates
  ) -> [(path: String, package: PackageTransaction.Item?)] {
    let removed = Set(plan.packages.remove.map(\.name))
    var result: [(String, PackageTransaction.Item?)] = []
    var answers: [PackageTransaction.Item: Bool] = [:]
    for conffile in plan.drift.conffiles where !removed.contains(conffile.package) && conffile.state != .unreadable {
      guard let item = states.installed(named: conffile.package) else {
        result.append((conffile.path, nil))
        continue
      }
      var again = PackageTransaction()
      again.install = [item]
      again.reinstalls = true
      // Where no archive has that version, apt says so in a sentence, installs nothing, and ends well.
      let canBeFetched =
        answers[item]
        ?? ((try? work.tools.simulate(again))?.installed.contains {
          ($0.key == item.name || $0.key == item.id) && $0.value == item.version
        } ?? false)
      answers[item] = canBeFetched
      result.append((conffile.path, canBeFetched ? item : nil))
    }
    return result
  }

  private func repositories(_ plan: ResetPlan) -> [(path: String, lines: [Int])] {
    let entries = plan.drift.repositories.filter(\.enabled)
    return Set(entries.map(\.file)).sorted().map { file in
      (file, Set(entries.filter { $0.file == file }.map(\.line)).sorted())
    }
  }

  private static func cannotReturn(_ plan: ResetPlan, deletesHomes: Set<String>) -> [String] {
    var result = deletesHomes.sorted().map { "the home of \($0), which is deleted by name" }
    if plan.packages.remove.contains(where: \.purge) {
      result.append("the configuration and data that purged packages delete")
    }
    result += plan.snaps.remove.map { "the data of the snap \($0), beyond the snapshot that snapd keeps" }
    return result
  }

  // MARK: Carrying out

  private func carryOut(_ state: JournalState, _ work: RunWork, unavailable: Set<String>) throws -> RunReport {
    // An empty file that cannot be run is no policy: where it cannot be removed now, it does no harm.
    defer { try? work.removePolicyPlace() }
    let hold = MachineHold(root, run: work.run, log: work.log, tools: work.tools)
    defer { withExtendedLifetime(hold) {} }
    let steps = state.beginning.steps
    for (index, step) in steps.enumerated() where !state.isDone(step) {
      func tell(_ kind: RunEvent.State, _ message: String? = nil, _ percent: Double? = nil) {
        report(
          RunEvent(
            run: work.run, step, number: index + 1, count: steps.count, kind, message: message, percent: percent))
      }
      if isStopped() {
        tell(.stopped)
        try work.journal.write(JournalRecord(.stopped, now()))
        return try finalReport(work)
      }
      tell(.begun)
      try work.journal.write(JournalRecord(.intent, now(), step: step.id))
      do {
        let performer = StepPerformer(
          root: root, work: work, keeper: keeper, recipient: recipient, administrators: state.beginning.administrators,
          unavailable: unavailable, now: now, steps: steps
        ) { tell(.progress, $1, $0) }
        let result = try performer.perform(step)
        for note in result.notes { tell(.note, note) }
        var done = JournalRecord(.done, now(), step: step.id)
        done.result = result
        try work.journal.write(done)
        tell(.done)
      } catch let error as any ReportableError {
        let failure = StepFailure(
          run: work.run, title: step.title, underlying: error, log: root.hostPath(RunLog.path(work.run)))
        var failed = JournalRecord(.failed, now(), step: step.id)
        failed.message = error.message
        // A full disk takes no record either: what failed is told all the same.
        try? work.journal.write(failed)
        tell(.failed, error.message)
        throw failure
      }
    }
    // The undone run is told first: cut off between the two, this run is not over, and says it again when it is resumed.
    if let undone = state.beginning.undoes, let directory = try store.found(undone) {
      try Journal(directory).write(JournalRecord(.undone, now()))
    }
    try work.journal.write(JournalRecord(.end, now()))
    return try finalReport(work)
  }

  private func finalReport(_ work: RunWork) throws -> RunReport {
    guard let state = try Journal.read(work.directory) else { throw RunError.noSuchRun(work.run) }
    return RunReport(state, root: root)
  }
}

extension ResetStep {
  /// What a resumed run begins with where dpkg was interrupted.
  static var configuring: ResetStep {
    var step = ResetStep(.configure, "let dpkg finish what was interrupted")
    step.id = "00-configure"
    return step
  }
}

extension PackageStates {
  /// The installed package of a name; of several architectures none.
  func installed(named name: String) -> PackageTransaction.Item? {
    let found = states.filter { $0.key.hasPrefix(name + ":") && $0.value.status == "installed" }
    guard found.count == 1, let only = found.first else { return nil }
    return PackageTransaction.Item(
      name: name, architecture: String(only.key.dropFirst(name.count + 1)), version: only.value.version)
  }
}

/// A step that failed; the run stopped there and can be taken up again or undone.
package struct StepFailure: ReportableError {
  package let run: String
  let title: String
  let underlying: any ReportableError
  let log: String

  package var failureKind: FailureKind {
    // 3 would say that nothing was changed.
    underlying.failureKind == .refused ? .failed : underlying.failureKind
  }
  package var message: String {
    "reset: \(title): \(underlying.message) (log: \(log)); go on with 'toolbox reset resume', or take it back with 'toolbox reset undo'"
  }
}
