import Glibc
package import HostSystem

/// Takes accounts away so that they can come back, and brings them back.
///
/// Every step can be repeated after it was cut off anywhere: it looks at the system for how far it came. The order is
/// ``prepare(_:run:now:)``, ``lock(_:)``, ``moveHome(_:)``, ``moveBelongings(_:)``; ``retire(_:run:now:)`` does all of it.
package struct AccountKeeper: Sendable {
  package let root: RootDirectory
  let store: AccountStore
  let archive: AccountArchive
  let rules: AccountRules

  /// - Parameter lockSeconds: how long the lock of the account files is waited for.
  package init(root: RootDirectory, lockSeconds: Int = 30) {
    self.root = root
    store = AccountStore(root, lockSeconds: lockSeconds)
    archive = AccountArchive(root: root)
    rules = .shipped
  }

  // MARK: Going

  /// Why an account would be left as it is; nil when it can go. Reads only.
  /// - Throws: ``AccountFileError``, ``FileError`` for a system on which no account can be judged.
  package func refusal(of name: String) throws -> AccountRefusal? {
    do {
      _ = try examined(name, run: "none", now: Instant(secondsSinceEpoch: 0), in: try store.read())
      return nil
    } catch let refusal as AccountRefusal {
      return refusal
    }
  }

  /// Looks at everything that could forbid it, and writes the record of how the account was. Nothing of the account changes.
  /// - Parameter run: the id of the run: letters, digits, `.`, `_`, `-`.
  /// - Returns: the record; of a run that was cut off, the one that it wrote.
  /// - Throws: ``AccountRefusal``, ``AccountRecordError``, ``AccountFileError``, ``PasswordLock/Failure``, ``FileError``
  package func prepare(_ name: String, run: String, now: Instant) throws -> RestoreRecord {
    try AccountArchive.check(run: run)
    guard let step = AccountArchive.step(name) else { throw AccountRefusal.unusableName(name: name) }
    if let begun = try record(run: run, step: step) { return begun }
    if let other = try archive.all(AccountArchive.recordName).first(where: { $0.step == step }) {
      throw AccountRefusal.alreadyKept(name: name, run: other.run)
    }
    // Under the lock: what the record says is what the files say.
    let record = try store.change(.takingAway) { database in
      try examined(name, run: run, now: now, in: database)
    }
    try archive.write(try record.encoded(), AccountArchive.recordName, run: run, step: step)
    return record
  }

  /// The password locked, the account expired, without a shell and out of its groups.
  /// - Throws: ``AccountRefusal/changed(name:file:)``, ``AccountFileError``, ``PasswordLock/Failure``, ``FileError``
  package func lock(_ record: RestoreRecord) throws {
    try store.change(.takingAway) { database in try AccountRetirement.takeAway(record, in: &database) }
  }

  /// The home moved aside, by one rename on its file system.
  /// - Throws: ``AccountRefusal`` when it may not be moved (any more); ``AccountRecordError``, ``FileError``
  package func moveHome(_ record: RestoreRecord) throws {
    guard let home = record.home else { return }
    if let kept = try archive.keptDirectoryIfPresent(of: home.keptPath),
      try kept.directory.place(of: kept.name)?.isSame(device: home.device, inode: home.inode) == true
    {
      return
    }
    let database = try store.read()
    func refuse(_ obstacle: HomeObstacle) -> AccountRefusal {
      .home(name: record.name, path: home.path, obstacle)
    }
    guard let account = database.account(record.name), account.uid == record.uid, account.home == originalHome(record)
    else { throw AccountRefusal.changed(name: record.name, file: AccountFile.Kind.passwd.path) }
    try AccountUse(root: root).refuse(account, subordinate: subordinate(record))
    let kept = try archive.keptDirectory(of: home.keptPath)
    // Once more, right before: what is moved is what was looked at when the record was written.
    guard let found = try HomeGuard(root: root, rules: rules).look(at: account, others: database.accounts) else {
      throw refuse(.vanished)
    }
    guard found.place.isSame(device: home.device, inode: home.inode), found.place.userID == record.uid else {
      throw refuse(.replaced)
    }
    try found.parent.move(found.name, to: kept.directory, as: kept.name)
    // And right behind: a mount that came in between went along.
    let isMoved = try kept.directory.place(of: kept.name)?.isSame(device: home.device, inode: home.inode) == true
    let obstacle =
      try kept.directory.kernelPath.map {
        try HomeGuard(root: root, rules: rules).mountObstacle($0 + "/" + kept.name)
      } ?? HomeObstacle.mountsUnknown
    if !isMoved || obstacle != nil {
      try kept.directory.move(kept.name, to: found.parent, as: found.name)
      throw refuse(obstacle ?? .replaced)
    }
  }

  /// What lies elsewhere of the account, moved aside: crontab, at jobs, mail and so on. What is gone by now is left out.
  /// - Throws: ``AccountRecordError``, ``FileError``
  package func moveBelongings(_ record: RestoreRecord) throws {
    for item in record.belongings {
      let kept = try archive.keptDirectory(of: item.keptPath)
      if try kept.directory.place(of: kept.name) != nil { continue }
      let (directory, name) = AccountArchive.split(item.path)
      guard let source = try SecureDirectory.open(following: directory, in: root), try source.place(of: name) != nil
      else { continue }
      try source.move(name, to: kept.directory, as: kept.name)
    }
  }

  /// All four steps. When the home may or can not be moved any more, the account is put back as it was before the error is
  /// thrown.
  /// - Throws: as the four steps.
  package func retire(_ name: String, run: String, now: Instant) throws -> RestoreRecord {
    let record = try prepare(name, run: run, now: now)
    do {
      try lock(record)
      try moveHome(record)
    } catch {
      // A refusal, or a file system that cannot rename: either way the account is not left half-way.
      _ = try restore(record)
      throw error
    }
    try moveBelongings(record)
    return record
  }

  private func originalHome(_ record: RestoreRecord) -> String? {
    record.passwdLine.flatMap { AccountDatabase.account($0, number: 0)?.home }
  }

  private func subordinate(_ record: RestoreRecord) -> [SubordinateIDs] {
    var text = Array(record.removedLines.filter { $0.file == .subuid }.map(\.line.bytes).joined(separator: [0x0A]))
    text.append(0x0A)
    return text.withUnsafeBufferPointer { SubordinateIDs.parse($0, path: SubordinateIDs.userPath).entries }
  }

  private func examined(
    _ name: String, run: String, now: Instant, in database: AccountDatabase
  ) throws -> RestoreRecord {
    guard let step = AccountArchive.step(name) else { throw AccountRefusal.unusableName(name: name) }
    var record = try AccountRetirement.record(
      of: name, in: database, run: run, since: now.description, rules: rules)
    guard let account = database.account(name) else { throw AccountRefusal.notThere(name: name) }
    try AccountUse(root: root).refuse(account, subordinate: subordinate(record))
    if let home = try HomeGuard(root: root, rules: rules).look(at: account, others: database.accounts) {
      let above = AccountArchive.split(home.path).directory
      record.home = moved(
        "home", home.path, home.place,
        keptPath: "\(above == "/" ? "" : above)/\(AccountArchive.aside)/\(run)/\(step)")
    }
    record.belongings = try belongings(of: account, run: run, step: step)
    return record
  }

  private func moved(_ kind: String, _ path: String, _ place: FilePlace, keptPath: String) -> RestoreRecord.Moved {
    RestoreRecord.Moved(
      kind: kind, path: path, keptPath: keptPath, device: place.device, inode: place.inode, userId: place.userID,
      groupId: place.groupID, mode: place.mode)
  }

  private func belongings(of account: Account, run: String, step: String) throws -> [RestoreRecord.Moved] {
    var result: [RestoreRecord.Moved] = []
    for rule in rules.belongings {
      guard let directory = try SecureDirectory.open(following: rule.directory, in: root) else { continue }
      let names: [String]
      if let file = rule.file {
        let name = file.replacing("{name}", with: account.name)
        // A name of two steps is no file there.
        names = pathComponents(name) == [name] && name != "." && name != ".." ? [name] : []
      } else {
        names = try directory.names()
      }
      var asideAt: String?
      for name in names {
        guard let place = try directory.place(of: name), rule.file != nil || place.userID == account.uid else {
          continue
        }
        guard place.kind != .directory || rule.file != nil else { continue }
        let above = try asideAt ?? keptDirectory(for: directory, rule.directory, run: run, step: step)
        asideAt = above
        result.append(
          moved(rule.kind, "\(rule.directory)/\(name)", place, keptPath: "\(above)/\(rule.kind)-\(result.count)"))
      }
    }
    return result
  }

  /// Where the files of a directory can be moved by a rename: among the records, else beside the directory, else in it.
  private func keptDirectory(
    for directory: SecureDirectory, _ path: String, run: String, step: String
  ) throws -> String {
    let own = try directory.place()
    func isNear(_ other: String) throws -> Bool {
      guard let place = try SecureDirectory.open(following: other, in: root)?.place() else { return false }
      return place.device == own.device && place.mount == own.mount
    }
    // The nearest directory that is there already decides: what is missing below it will be on its file system.
    var base = AccountArchive.base
    while try SecureDirectory.open(following: base, in: root) == nil { base = AccountArchive.split(base).directory }
    if try isNear(base) { return "\(AccountArchive.path(run: run))/\(step)" }
    let above = AccountArchive.split(path).directory
    let near = try isNear(above) ? above : path
    return "\(near == "/" ? "" : near)/\(AccountArchive.aside)/\(run)/\(step)"
  }

  // MARK: Records

  func record(run: String, step: String) throws -> RestoreRecord? {
    guard let file = try archive.read(AccountArchive.recordName, run: run, step: step) else { return nil }
    return try AccountDocuments.decode(
      RestoreRecord.self, schema: RestoreRecord.schema, file.bytes, path: file.path)
  }

  /// The record of an account that is kept.
  /// - Parameter run: the run that keeps it; nil for the only one.
  /// - Throws: ``AccountRecordError``, ``FileError``
  package func record(of name: String, run: String? = nil) throws -> RestoreRecord {
    guard let step = AccountArchive.step(name) else { throw AccountRecordError.noneOf(name: name) }
    let runs = try archive.all(AccountArchive.recordName).filter { $0.step == step && (run == nil || $0.run == run) }
    guard let only = runs.first, let record = try record(run: only.run, step: step) else {
      throw AccountRecordError.noneOf(name: name)
    }
    guard runs.count == 1 else { throw AccountRecordError.several(name: name, runs: runs.map(\.run)) }
    return record
  }
}
