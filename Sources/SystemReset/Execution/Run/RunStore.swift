import Glibc
package import HostSystem

/// The runs of a root: their directories, their journals, and the lock that lets one of them work at a time.
package struct RunStore: Sendable {
  package let root: RootDirectory
  private let archive: AccountArchive
  private static let lockName = "lock"
  static let planName = "plan.json"

  package init(_ root: RootDirectory) {
    self.root = root
    archive = AccountArchive(root: root)
  }

  /// A run's directory by its path inside the root.
  package static func path(_ run: String) -> String { "\(AccountArchive.base)/\(run)" }

  /// An id that no run has yet: the second at which it begins, with a number behind it where that is taken.
  func newID(_ now: Instant) throws -> String {
    let taken = Set(try archive.found(AccountArchive.base, trusted: 2)?.names() ?? [])
    let text = String(now.description.filter(\.isNumber))
    let stamp = "\(text.prefix(8))-\(text.dropFirst(8).prefix(6))"
    if !taken.contains(stamp) { return stamp }
    return (2...).lazy.map { "\(stamp)-\($0)" }.first { !taken.contains($0) } ?? stamp
  }

  /// The run's directory, made where it is missing.
  /// - Throws: ``AccountRecordError``, ``FileError``
  func made(_ run: String) throws -> SecureDirectory {
    try AccountArchive.check(run: run)
    return try archive.made(Self.path(run), trusted: 2)
  }

  /// - Returns: nil when there is no such run.
  /// - Throws: ``AccountRecordError``, ``FileError``
  func found(_ run: String) throws -> SecureDirectory? {
    try AccountArchive.check(run: run)
    return try archive.found(Self.path(run), trusted: 2)
  }

  /// All runs with a journal, oldest first.
  /// - Throws: ``JournalError``, ``AccountRecordError``, ``FileError``
  package func runs() throws -> [JournalState] {
    guard let base = try archive.found(AccountArchive.base, trusted: 2) else { return [] }
    // `stamp-10` comes after `stamp-2`: the stamps are of one length.
    let names = try base.names().sorted { one, other in
      let (stamps, counts) = ((one.prefix(15), other.prefix(15)), (one.dropFirst(15), other.dropFirst(15)))
      return stamps.0 != stamps.1
        ? stamps.0 < stamps.1 : (counts.0.count, String(counts.0)) < (counts.1.count, String(counts.1))
    }
    return try names.compactMap { name in
      guard AccountArchive.step(name) == name, try base.place(of: name)?.kind == .directory,
        let directory = try found(name)
      else { return nil }
      return try Journal.read(directory)
    }
  }

  /// The run of an id, or without one the newest that is neither finished nor undone.
  /// - Throws: ``RunError``, ``JournalError``, ``AccountRecordError``, ``FileError``
  package func unfinished(_ run: String?) throws -> JournalState {
    if let run { return try named(run) }
    guard let state = try runs().last(where: { !$0.isFinished && !$0.isUndone }) else {
      throw RunError.nothingUnfinished
    }
    return state
  }

  /// The run of an id, or without one the newest that did something and was not undone.
  /// - Throws: as ``unfinished(_:)``
  package func undoable(_ run: String?) throws -> JournalState {
    if let run { return try named(run) }
    guard let state = try runs().last(where: { !$0.isUndone && $0.beginning.undoes == nil }) else {
      throw RunError.nothingToUndo
    }
    return state
  }

  private func named(_ run: String) throws -> JournalState {
    guard let directory = try found(run), let state = try Journal.read(directory) else { throw RunError.noSuchRun(run) }
    return state
  }

  /// Whether a toolbox works on the root at this moment: the id of its process, 0 when it cannot be told; nil for none.
  /// - Throws: ``AccountRecordError``, ``FileError``
  package func worker() throws -> Int32? {
    guard let base = try archive.found(AccountArchive.base, trusted: 2), try base.place(of: Self.lockName) != nil
    else { return nil }
    switch try base.lock(Self.lockName) {
    case .taken(let descriptor):
      close(descriptor)
      return nil
    case .held(let process): return process
    }
  }

  /// Works while no other toolbox does on this root.
  /// - Throws: ``RunError/busy(process:)``, and what `work` throws.
  func exclusively<Result>(_ work: () throws -> Result) throws -> Result {
    switch try archive.made(AccountArchive.base, trusted: 2).lock(Self.lockName) {
    case .held(let process): throw RunError.busy(process: process)
    case .taken(let descriptor):
      defer { close(descriptor) }
      return try work()
    }
  }

  /// Removes a run's directory with its bundle and its packages. What is kept of accounts is not touched: a run that still keeps
  /// some is not removed.
  /// - Returns: the bytes that the directory took.
  /// - Throws: ``RunError``, ``JournalError``, ``AccountRecordError``, ``FileError``
  package func clean(_ run: String) throws -> Int {
    let state = try named(run)
    return try exclusively {
      guard state.isFinished || state.isUndone else { throw RunError.notFinished(run) }
      let kept = try AccountKeeper(root: root).kept()
      let names = kept.accounts.filter { $0.run == run }.map(\.name)
      guard names.isEmpty else { throw RunError.keepsAccounts(run: run, names: names) }
      guard let base = try archive.found(AccountArchive.base, trusted: 2), let directory = try found(run) else {
        throw RunError.noSuchRun(run)
      }
      let size = try Self.size(directory, depth: 0)
      if kept.rescue.contains(where: { $0.run == run }) {
        // The record of the account that was made stays: by it the account is known as ours.
        for name in try directory.names() where name != AccountArchive.folder { try directory.removeTree(name) }
      } else {
        try base.removeTree(run)
      }
      return size
    }
  }

  private static func size(_ directory: SecureDirectory, depth: Int) throws -> Int {
    guard depth < 64 else { return 0 }
    var total = 0
    for name in try directory.names() {
      guard let place = try directory.place(of: name) else { continue }
      total += place.sizeBytes
      if place.kind == .directory { total += try size(try directory.directory(name), depth: depth + 1) }
    }
    return total
  }
}

/// What a run, or the want of one, forbids. Nothing was changed.
package enum RunError: ReportableError, Equatable {
  /// Another toolbox works on this root; the id of its process, 0 when it cannot be told.
  case busy(process: Int32)
  /// A run was begun here and neither ended nor undone.
  case unfinished(run: String)
  /// There is no run to take up again.
  case nothingUnfinished
  /// There is no run to undo.
  case nothingToUndo
  case noSuchRun(String)
  /// The run is not over.
  case notFinished(String)
  /// The run is over.
  case finished(String)
  /// The run was undone already.
  case undone(String)
  /// Accounts are kept by the run.
  case keepsAccounts(run: String, names: [String])

  package var failureKind: FailureKind {
    switch self {
    case .busy: .tryLater
    case .noSuchRun: .usage
    case .nothingUnfinished, .nothingToUndo, .finished, .undone: .usage
    case .unfinished, .notFinished, .keepsAccounts: .refused
    }
  }

  package var message: String {
    switch self {
    case .busy(let process):
      "reset: \(process > 0 ? "process \(process)" : "another toolbox") works on this system; see 'toolbox reset status'"
    case .unfinished(let run):
      "reset: the run \(run) is not over; go on with 'toolbox reset resume' or take it back with 'toolbox reset undo'"
    case .nothingUnfinished: "reset: no run is unfinished here; 'toolbox reset runs' lists those that were"
    case .nothingToUndo: "reset: there is no run to undo here"
    case .noSuchRun(let run): "reset: there is no run '\(run)' here; 'toolbox reset runs' lists those that are"
    case .notFinished(let run): "reset: the run \(run) is not over; resume or undo it first"
    case .finished(let run): "reset: the run \(run) is over; there is nothing to resume"
    case .undone(let run): "reset: the run \(run) was undone already"
    case .keepsAccounts(let run, let names):
      "reset: the run \(run) keeps \(names.joined(separator: ", ")); restore or purge them with 'toolbox reset users' first"
    }
  }
}
