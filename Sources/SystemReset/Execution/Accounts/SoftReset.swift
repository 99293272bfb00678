package import HostSystem

/// What a soft reset moved aside of a user's settings; schema `toolbox.reset.soft-record/1`.
package struct SoftResetRecord: Codable, Sendable, Equatable {
  package static let schema = "toolbox.reset.soft-record/1"
  static let fileName = "settings.json"

  package var schema = SoftResetRecord.schema
  package let run: String
  package let name: String
  package let uid: UInt32
  package let home: String
  package let device: UInt64
  package let inode: UInt64
  /// Where they lie now.
  package let keptPath: String
  /// The names in the home.
  package let names: [String]
  /// ISO 8601 in UTC.
  package let since: String
}

extension AccountKeeper {
  /// What a soft reset of an account would move aside. Reads only.
  /// - Throws: ``AccountRefusal``, ``AccountFileError``, ``FileError``
  package func settings(of name: String) throws -> [String] {
    try examinedSettings(name, run: "none", now: Instant(secondsSinceEpoch: 0)).names
  }

  /// Moves the settings of an account aside: every name in the home that begins with a dot, but keys. The account and its
  /// documents stay as they are. Each name goes by one rename; can be repeated after a cut.
  /// - Throws: ``AccountRefusal``, ``AccountRecordError``, ``AccountFileError``, ``FileError``
  package func setSettingsAside(_ name: String, run: String, now: Instant) throws -> SoftResetRecord {
    try AccountArchive.check(run: run)
    guard let step = AccountArchive.step(name) else { throw AccountRefusal.unusableName(name: name) }
    let record: SoftResetRecord
    if let begun = try softRecord(of: name, run: run) {
      record = begun
    } else {
      record = try examinedSettings(name, run: run, now: now)
      try archive.write(try AccountDocuments.encode(record), SoftResetRecord.fileName, run: run, step: step)
    }
    let home = try openHome(record)
    let kept = try archive.keptDirectory(of: record.keptPath + "/x").directory
    for name in record.names where try kept.place(of: name) == nil {
      guard try home.place(of: name) != nil else { continue }
      try home.move(name, to: kept, as: name)
    }
    return record
  }

  /// Puts settings back that were moved aside. A name that is there again since stays, and what was moved aside stays there.
  /// - Returns: the names that stay aside.
  /// - Throws: ``AccountRefusal``, ``AccountRecordError``, ``FileError``
  package func putSettingsBack(_ record: SoftResetRecord) throws -> [String] {
    let home = try openHome(record)
    guard let step = AccountArchive.step(record.name) else { return [] }
    var staying: [String] = []
    if let kept = try archive.keptDirectoryIfPresent(of: record.keptPath + "/x")?.directory {
      for name in record.names where try kept.place(of: name) != nil {
        if try home.place(of: name) != nil { staying.append(name) } else { try kept.move(name, to: home, as: name) }
      }
    }
    guard staying.isEmpty else { return staying }
    try archive.removeEmpty(above: record.keptPath + "/x")
    try archive.remove(SoftResetRecord.fileName, run: record.run, step: step)
    return []
  }

  /// - Returns: nil when the run moved nothing of this account aside.
  /// - Throws: ``AccountRecordError``, ``FileError``
  package func softRecord(of name: String, run: String) throws -> SoftResetRecord? {
    guard let step = AccountArchive.step(name),
      let file = try archive.read(SoftResetRecord.fileName, run: run, step: step)
    else { return nil }
    return try AccountDocuments.decode(
      SoftResetRecord.self, schema: SoftResetRecord.schema, file.bytes, path: file.path)
  }

  private func examinedSettings(_ name: String, run: String, now: Instant) throws -> SoftResetRecord {
    guard let step = AccountArchive.step(name) else { throw AccountRefusal.unusableName(name: name) }
    let database = try store.read()
    guard let account = database.account(name) else { throw AccountRefusal.notThere(name: name) }
    guard account.uid != 0 else { throw AccountRefusal.superuser(name: name) }
    try AccountUse(root: root).refuse(account, subordinate: [])
    guard let found = try HomeGuard(root: root, rules: rules).look(at: account, others: database.accounts) else {
      throw AccountRefusal.home(name: name, path: account.home, .vanished)
    }
    let names = try found.parent.directory(found.name).names().filter {
      $0.utf8.first == 0x2E && !rules.softResetKeep.contains($0)
    }
    let above = AccountArchive.split(found.path).directory
    return SoftResetRecord(
      run: run, name: name, uid: account.uid, home: found.path, device: found.place.device, inode: found.place.inode,
      keptPath: "\(above == "/" ? "" : above)/\(AccountArchive.aside)/\(run)/\(step)%settings", names: names,
      since: now.description)
  }

  /// The home of a record, looked at again.
  private func openHome(_ record: SoftResetRecord) throws -> SecureDirectory {
    let database = try store.read()
    guard let account = database.account(record.name), account.uid == record.uid,
      HomePath.normalized(account.home) == record.home
    else { throw AccountRefusal.changed(name: record.name, file: AccountFile.Kind.passwd.path) }
    try AccountUse(root: root).refuse(account, subordinate: [])
    guard let found = try HomeGuard(root: root, rules: rules).look(at: account, others: database.accounts) else {
      throw AccountRefusal.home(name: record.name, path: record.home, .vanished)
    }
    guard found.place.isSame(device: record.device, inode: record.inode) else {
      throw AccountRefusal.home(name: record.name, path: record.home, .replaced)
    }
    return try found.parent.directory(found.name)
  }
}
