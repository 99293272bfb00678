package import HostSystem

extension AccountKeeper {
  // MARK: Coming back

  /// Brings an account back that was taken away: home and files first, then its lines, and its password last of all. What is back already stays.
  /// - Returns: what is not as it was, in words: groups that are gone, files that were used up.
  /// - Throws: ``RestoreClash`` before anything changed; ``AccountRecordError``, ``AccountFileError``,
  ///   ``PasswordLock/Failure``, ``FileError``
  @discardableResult
  package func restore(_ record: RestoreRecord) throws -> [String] {
    var notes: [String] = []
    var returns: [Return] = []
    var copy = try store.read()
    _ = try AccountRetirement.giveBack(record, in: &copy)
    if let home = record.home, record.isHomeDeleted == true {
      notes.append("its home \(home.path) was deleted")
    } else if let home = record.home {
      if let found = try wayBack(home, of: record, isStrict: true) { returns.append(found) }
    }
    for item in record.belongings {
      if let found = try wayBack(item, of: record, isStrict: false) {
        returns.append(found)
      } else if try !isThere(item.path) {
        notes.append("\(item.path) was no longer there to be kept")
      }
    }
    for item in returns { try item.kept.move(item.keptName, to: item.directory, as: item.name) }
    let lost = try store.change(.givingBack) { database in try AccountRetirement.giveBack(record, in: &database) }
    notes += lost.map { "the group \($0), which it was in, is no longer there" }
    try forget(record)
    return notes
  }

  /// One rename that brings a file back.
  private struct Return {
    let kept: SecureDirectory
    let keptName: String
    let directory: SecureDirectory
    let name: String
  }

  private func isThere(_ path: String) throws -> Bool {
    let (directory, name) = AccountArchive.split(path)
    return try SecureDirectory.open(following: directory, in: root)?.place(of: name) != nil
  }

  /// - Parameter isStrict: for a home: no link on the way to its place, and the same directory as was moved.
  /// - Returns: nil when it is back already, or was never moved.
  private func wayBack(_ item: RestoreRecord.Moved, of record: RestoreRecord, isStrict: Bool) throws -> Return? {
    let (path, name) = AccountArchive.split(item.path)
    let directory =
      isStrict ? try SecureDirectory.open(path, in: root) : try SecureDirectory.open(following: path, in: root)
    let present = try directory?.place(of: name)
    let kept = try archive.keptDirectoryIfPresent(of: item.keptPath)
    guard let kept, let place = try kept.directory.place(of: kept.name) else {
      if isStrict, present?.isSame(device: item.device, inode: item.inode) != true {
        throw RestoreClash.missing(name: record.name, path: item.keptPath)
      }
      return nil
    }
    if isStrict, !place.isSame(device: item.device, inode: item.inode) {
      throw RestoreClash.missing(name: record.name, path: item.keptPath)
    }
    guard present == nil else { throw RestoreClash.pathTaken(name: record.name, path: item.path) }
    guard let directory else { throw RestoreClash.missing(name: record.name, path: path) }
    return Return(kept: kept.directory, keptName: kept.name, directory: directory, name: name)
  }

  /// The record goes last: as long as it is there, everything can be repeated.
  private func forget(_ record: RestoreRecord) throws {
    for item in record.belongings + [record.home].compactMap({ $0 })
    where !isPath(item.keptPath, below: AccountArchive.base) {
      try archive.removeEmpty(above: item.keptPath)
    }
    guard let step = AccountArchive.step(record.name) else { return }
    try archive.remove(AccountArchive.recordName, run: record.run, step: step)
  }

  // MARK: For good

  /// Deletes what is kept of an account and frees its name and ids. The home goes first: as long as a file of it is there, no
  /// other account gets its user id. No link is followed and no other file system is entered.
  /// - Throws: ``RestoreClash/lineChanged(name:file:)`` before anything changed, for an account that somebody uses again;
  ///   ``AccountRecordError``, ``AccountFileError``, ``PasswordLock/Failure``, ``FileError``
  package func purge(_ record: RestoreRecord) throws {
    var copy = try store.read()
    try AccountRetirement.free(record, in: &copy)
    for item in [record.home].compactMap({ $0 }) + record.belongings { try delete(item) }
    try store.change(.takingAway) { database in try AccountRetirement.free(record, in: &database) }
    try forget(record)
  }

  /// Deletes the home that is kept, as somebody asked by the account's name; the account's line stays and keeps the user id,
  /// and the account can come back without a home.
  /// - Throws: ``AccountRecordError``, ``FileError``
  package func deleteHome(_ record: RestoreRecord) throws {
    guard let home = record.home, let step = AccountArchive.step(record.name) else { return }
    var record = record
    record.isHomeDeleted = true
    try archive.write(try record.encoded(), AccountArchive.recordName, run: record.run, step: step)
    try delete(home)
  }

  /// What is to be deleted gets another name first: what is left of it after a cut never comes back as if it were whole. No
  /// account's step ends so.
  private static let deleted = "%deleted"

  private func delete(_ item: RestoreRecord.Moved) throws {
    guard let kept = try archive.keptDirectoryIfPresent(of: item.keptPath) else { return }
    let name = kept.name + Self.deleted
    try kept.directory.removeTree(name)
    guard try kept.directory.place(of: kept.name) != nil else { return }
    try kept.directory.move(kept.name, to: kept.directory, as: name)
    try kept.directory.removeTree(name)
  }

  // MARK: What is kept

  /// What is kept of every account.
  /// - Throws: ``AccountRecordError``, ``AccountFileError``, ``FileError``
  package func kept() throws -> KeptAccounts {
    var document = KeptAccounts()
    let places = try archive.all(AccountArchive.recordName)
    // A system without account files keeps nobody.
    let database = places.isEmpty ? AccountDatabase([:]) : try store.read()
    for place in places {
      guard let record = try record(run: place.run, step: place.step) else { continue }
      document.accounts.append(try entry(of: record, database))
    }
    document.rescue = try rescueRecords().map {
      KeptAccounts.Rescue(name: $0.name, uid: $0.uid, run: $0.run, since: $0.since)
    }
    return document
  }

  private func entry(of record: RestoreRecord, _ database: AccountDatabase) throws -> KeptAccounts.Entry {
    var isWhole = record.lines.allSatisfy { change in
      change.file == .group || change.file == .gshadow
        || database[change.file].line(of: record.name) == change.after.bytes
    }
    var (size, files, isCounted) = (0, 0, true)
    for item in record.belongings + [record.home].compactMap({ $0 }) {
      guard let kept = try archive.keptDirectoryIfPresent(of: item.keptPath),
        let place = try kept.directory.place(of: kept.name)
      else {
        if item.kind == "home", record.isHomeDeleted != true { isWhole = false }
        continue
      }
      guard place.kind == .directory, let handle = try root.directory(item.keptPath) else {
        size += place.sizeBytes
        files += 1
        continue
      }
      let walk = DirectoryWalk(below: handle, limit: 5_000_000, findingFilesEnding: "\u{0}")
      size = size.addingReportingOverflow(walk.sizeBytes).overflow ? Int.max : size + walk.sizeBytes
      files += walk.count
      if !walk.isComplete { isCounted = false }
    }
    return KeptAccounts.Entry(
      name: record.name, uid: record.uid, run: record.run, since: record.since,
      state: isWhole ? .kept : .unfinished, home: record.home?.path, keptHome: record.home?.keptPath,
      belongings: record.belongings.map { KeptAccounts.Belonging(kind: $0.kind, path: $0.path) }, sizeBytes: size,
      files: files, isComplete: isCounted)
  }
}

/// What `toolbox reset users list` prints; schema `toolbox.reset.users/1`.
package struct KeptAccounts: Codable, Sendable, Equatable {
  package enum State: String, Codable, Sendable {
    /// Taken away, and can come back.
    case kept
    /// Its run, or its return, was cut off; `restore` finishes that.
    case unfinished
  }

  package struct Belonging: Codable, Sendable, Equatable {
    package let kind: String
    package let path: String
  }

  package struct Entry: Codable, Sendable, Equatable {
    package let name: String
    package let uid: UInt32
    package let run: String
    /// ISO 8601 in UTC.
    package let since: String
    package let state: State
    @Nullable package var home: String?
    /// Where the home lies now.
    @Nullable package var keptHome: String?
    /// What else is kept, by where it belongs.
    package let belongings: [Belonging]
    /// The sizes that the kept files have, added up.
    package let sizeBytes: Int
    package let files: Int
    /// Whether everything was counted.
    package let isComplete: Bool

    init(
      name: String, uid: UInt32, run: String, since: String, state: State, home: String?, keptHome: String?,
      belongings: [Belonging], sizeBytes: Int, files: Int, isComplete: Bool
    ) {
      self.name = name
      self.uid = uid
      self.run = run
      self.since = since
      self.state = state
      _home = Nullable(wrappedValue: home)
      _keptHome = Nullable(wrappedValue: keptHome)
      self.belongings = belongings
      self.sizeBytes = sizeBytes
      self.files = files
      self.isComplete = isComplete
    }
  }

  /// An account that a run made for the person.
  package struct Rescue: Codable, Sendable, Equatable {
    package let name: String
    package let uid: UInt32
    package let run: String
    package let since: String
  }

  package var schema = "toolbox.reset.users/1"
  package var accounts: [Entry] = []
  package var rescue: [Rescue] = []
}

/// What became of an account; schema `toolbox.reset.users-change/1`.
package struct AccountChange: Codable, Sendable, Equatable {
  package enum Action: String, Codable, Sendable { case restored, purged, password }

  package var schema = "toolbox.reset.users-change/1"
  package let action: Action
  package let name: String
  package let uid: UInt32
  package let run: String
  /// What is not as it was before.
  package let notes: [String]

  package init(_ action: Action, _ record: RestoreRecord, notes: [String]) {
    self.action = action
    name = record.name
    uid = record.uid
    run = record.run
    self.notes = notes
  }

  package init(password record: RescueRecord) {
    action = .password
    name = record.name
    uid = record.uid
    run = record.run
    notes = []
  }
}
