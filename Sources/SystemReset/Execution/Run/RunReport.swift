package import HostSystem

/// What happens while a run works: one object a line; schema `toolbox.reset.step/1`.
package struct RunEvent: Codable, Sendable, Equatable {
  package enum State: String, Codable, Sendable { case begun, progress, done, failed, stopped, note }

  package var schema = "toolbox.reset.step/1"
  package var run: String
  package var step: String
  package var title: String
  /// From 1.
  package var number: Int
  package var count: Int
  package var state: State
  /// Of the step, from 0 to 100; only with progress.
  @Nullable package var percent: Double?
  @Nullable package var message: String?

  init(
    run: String, _ step: ResetStep, number: Int, count: Int, _ state: State, message: String? = nil,
    percent: Double? = nil
  ) {
    self.run = run
    self.step = step.id
    title = step.title
    self.number = number
    self.count = count
    self.state = state
    _message = Nullable(wrappedValue: message)
    _percent = Nullable(wrappedValue: percent)
  }
}

/// How a run ended; schema `toolbox.reset.report/1`. No password is ever in it.
package struct RunReport: Codable, Sendable, Equatable {
  package enum Outcome: String, Codable, Sendable { case done, failed, stopped, unfinished, undone }

  package var schema = "toolbox.reset.report/1"
  package var run: String
  package var outcome: Outcome
  /// ISO 8601 in UTC.
  package var begun: String
  @Nullable package var ended: String?
  /// The run that this one undoes.
  @Nullable package var undoes: String?
  package var stepsDone: Int
  package var stepsInAll: Int
  package var removed: [PackageTransaction.Item]
  package var installed: [PackageTransaction.Item]
  package var files: [String]
  package var accounts: [String]
  /// What was left as it was, and why.
  package var notes: [String]
  package var cannotReturn: [String]
  /// Of the step that failed.
  @Nullable package var failure: String?
  /// Paths on this machine.
  package var bundle: String
  package var log: String
  package var rebootRequired: Bool

  /// - Parameter root: whose run it is.
  package init(_ state: JournalState, root: RootDirectory) {
    let beginning = state.beginning
    run = beginning.run
    let results = state.results
    outcome =
      state.isUndone
      ? .undone
      : state.isFinished
        ? .done
        : state.failure != nil ? .failed : state.records.last?.record == .stopped ? .stopped : .unfinished
    begun = state.records.first?.time ?? ""
    _ended = Nullable(wrappedValue: state.isFinished ? state.records.last { $0.record == .end }?.time : nil)
    _undoes = Nullable(wrappedValue: beginning.undoes)
    stepsDone = beginning.steps.filter { results[$0.id] != nil }.count
    stepsInAll = beginning.steps.count
    let done = beginning.steps.compactMap { step in results[step.id].map { (step, $0) } }
    removed = done.flatMap(\.1.removed)
    installed = done.flatMap(\.1.installed)
    files = done.flatMap(\.1.files).map(\.path)
    accounts = done.filter { $0.0.kind == .user || $0.0.kind == .restoreUser || $0.0.kind == .rescue }
      .filter { $0.1.notes.isEmpty }.compactMap(\.0.name)
    notes = done.flatMap(\.1.notes)
    cannotReturn = beginning.cannotReturn
    _failure = Nullable(wrappedValue: state.failure?.message)
    bundle = root.hostPath(RunStore.path(run) + "/" + BackupBundle.name)
    log = root.hostPath(RunLog.path(run))
    rebootRequired = root.exists("/run/reboot-required") || root.exists("/var/run/reboot-required")
  }
}

/// What runs there were: the document `toolbox.reset.runs/1`.
package struct RunsDocument: Codable, Sendable, Equatable {
  package var schema = "toolbox.reset.runs/1"
  package var runs: [RunReport]
  /// The process that works on the root now, 0 when it cannot be told; null for none.
  @Nullable package var worker: Int32?

  package init(_ states: [JournalState], worker: Int32?, root: RootDirectory) {
    runs = states.map { RunReport($0, root: root) }
    _worker = Nullable(wrappedValue: worker)
  }
}

/// Where programs of a run write what they print.
enum RunLog {
  static let directory = "/var/log/toolbox"
  static func path(_ run: String) -> String { "\(directory)/reset-\(run).log" }
}
