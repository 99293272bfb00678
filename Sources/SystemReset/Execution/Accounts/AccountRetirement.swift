import HostSystem

/// What becomes of the account files when an account goes, comes back, or is freed for good. Pure: files in, files out.
enum AccountRetirement {
  /// What changes for an account that goes, as a record without its files.
  ///
  /// The password is locked as passwd(1) does it, with `!` before the hash; the account is expired, has a shell that ends at
  /// once, is in no group but its own, and has no subordinate ids. Its line in passwd keeps the user id.
  static func record(
    of name: String, in database: AccountDatabase, run: String, since: String, rules: AccountRules
  ) throws(AccountRefusal) -> RestoreRecord {
    guard let account = database.account(name), let passwd = database[.passwd].line(of: name) else {
      throw .notThere(name: name)
    }
    guard account.uid != 0 else { throw .superuser(name: name) }
    if let twin = database.accounts.first(where: { $0.uid == account.uid && $0.line != account.line }) {
      throw .sharedID(name: name, uid: account.uid, other: twin.name)
    }
    guard let shadow = database[.shadow].line(of: name) else { throw .noPassword(name: name) }
    var record = RestoreRecord(run: run, name: name, uid: account.uid, gid: account.gid, since: since)
    record.lines = [
      change(.shadow, shadow, locked(shadow)),
      change(.passwd, passwd, setting(passwd, 6, rules.lockedShell)),
    ]
    for kind in [AccountFile.Kind.gshadow, .group] {
      for line in database[kind].entries {
        let after = leaving(line, name, kind)
        if after != line { record.lines.append(change(kind, line, after)) }
      }
    }
    for kind in [AccountFile.Kind.subuid, .subgid] {
      for (index, line) in database[kind].lines.enumerated() where isSubordinate(line, name, account.uid) {
        record.removedLines.append(
          RestoreRecord.RemovedLine(file: kind, line: RestoreRecord.Line(line), index: index))
      }
    }
    if let group = database.groupName(account.gid) {
      for kind in [AccountFile.Kind.group, .gshadow] {
        guard let line = database[kind].line(of: group) else { continue }
        record.primaryGroup.append(
          RestoreRecord.RemovedLine(
            file: kind, line: RestoreRecord.Line(line), index: database[kind].lines.firstIndex(of: line) ?? 0))
      }
    }
    return record
  }

  private static func change(
    _ file: AccountFile.Kind, _ before: AccountFile.Line, _ after: AccountFile.Line
  ) -> RestoreRecord.LineChange {
    RestoreRecord.LineChange(file: file, before: RestoreRecord.Line(before), after: RestoreRecord.Line(after))
  }

  private static func setting(_ line: AccountFile.Line, _ field: Int, _ value: String) -> AccountFile.Line {
    var fields = AccountFile.fields(line)
    fields[field] = Array(value.utf8)
    return AccountFile.line(fields)
  }

  private static func locked(_ line: AccountFile.Line) -> AccountFile.Line {
    var fields = AccountFile.fields(line)
    if fields[1].first != 0x21 { fields[1].insert(0x21, at: 0) }
    // The second day of 1970: 0 is read as "never" by some programs.
    fields[7] = Array("1".utf8)
    return AccountFile.line(fields)
  }

  /// A line of group or gshadow without a member, who is no administrator of it either.
  private static func leaving(_ line: AccountFile.Line, _ name: String, _ kind: AccountFile.Kind) -> AccountFile.Line {
    var fields = AccountFile.fields(line)
    fields[3] = AccountFile.without(name, in: fields[3])
    if kind == .gshadow { fields[2] = AccountFile.without(name, in: fields[2]) }
    return AccountFile.line(fields)
  }

  private static func isSubordinate(_ line: AccountFile.Line, _ name: String, _ uid: UInt32) -> Bool {
    guard let owner = AccountFile.fields(line).first, AccountFile.fields(line).count == 3 else { return false }
    return owner.elementsEqual(name.utf8) || AccountFile.number(owner) == uid
  }

  // MARK: Going

  /// Carries out what a record says; what is done already stays.
  static func takeAway(_ record: RestoreRecord, in database: inout AccountDatabase) throws(AccountRefusal) {
    for change in record.lines {
      let (before, after) = (change.before.bytes, change.after.bytes)
      let current = database[change.file].line(of: entryName(before))
      if current == after { continue }
      if change.file == .group || change.file == .gshadow {
        // Somebody else may have come or gone meanwhile.
        if let current { database[change.file].replace(current, with: leaving(current, record.name, change.file)) }
      } else {
        guard current == before else { throw .changed(name: record.name, file: change.file.path) }
        database[change.file].replace(before, with: after)
      }
    }
    for removed in record.removedLines { database[removed.file].remove(removed.line.bytes) }
  }

  private static func entryName(_ line: AccountFile.Line) -> String {
    String(decoding: AccountFile.fields(line)[0], as: UTF8.self)
  }

  // MARK: Coming back

  /// Puts back what a record holds; what is back already stays.
  /// - Returns: groups that are no longer there, which the account was in.
  @discardableResult
  static func giveBack(
    _ record: RestoreRecord, in database: inout AccountDatabase
  ) throws(RestoreClash) -> [String] {
    let name = record.name
    if let account = database.account(name), account.uid != record.uid {
      throw .nameTaken(name: name, uid: account.uid)
    }
    if let other = database.accounts.first(where: { $0.uid == record.uid && !$0.name.utf8.elementsEqual(name.utf8) }) {
      throw .uidTaken(name: name, uid: record.uid, by: other.name)
    }
    try givePrimaryGroupBack(record, &database)
    var lost: [String] = []
    for change in record.lines {
      let (before, after) = (change.before.bytes, change.after.bytes)
      let entry = entryName(before)
      let current = database[change.file].line(of: entry)
      if current == before { continue }
      if current == after {
        database[change.file].replace(after, with: before)
      } else if change.file == .group || change.file == .gshadow {
        if let current {
          database[change.file].replace(current, with: joining(current, record.name, change.file, as: before))
        } else if change.file == .group {
          lost.append(entry)
        }
      } else if current == nil {
        database[change.file].append(before)
      } else {
        throw .lineChanged(name: name, file: change.file.path)
      }
    }
    for removed in record.removedLines where !database[removed.file].lines.contains(removed.line.bytes) {
      if let owner = owner(of: removed.line.bytes, in: database[removed.file]) {
        throw .subordinateTaken(name: name, file: removed.file.path, by: owner)
      }
      database[removed.file].insert(removed.line.bytes, at: removed.index)
    }
    return lost
  }

  private static func joining(
    _ line: AccountFile.Line, _ name: String, _ kind: AccountFile.Kind, as before: AccountFile.Line
  ) -> AccountFile.Line {
    var fields = AccountFile.fields(line)
    let old = AccountFile.fields(before)
    for field in kind == .gshadow ? [2, 3] : [3]
    where AccountFile.members(old[field]).contains(where: { $0.elementsEqual(name.utf8) }) {
      fields[field] = AccountFile.with(name, in: fields[field])
    }
    return AccountFile.line(fields)
  }

  private static func givePrimaryGroupBack(
    _ record: RestoreRecord, _ database: inout AccountDatabase
  ) throws(RestoreClash) {
    for removed in record.primaryGroup {
      let line = removed.line.bytes
      let group = entryName(line)
      if removed.file == .group {
        let present = database[.group].line(of: group)
        if let present, AccountFile.number(AccountFile.fields(present)[2]) != record.gid {
          throw .gidTaken(name: record.name, gid: record.gid, by: group)
        }
        if present == nil, let other = database.groupName(record.gid) {
          throw .gidTaken(name: record.name, gid: record.gid, by: other)
        }
        if present == nil { database[.group].append(line) }
      } else if database[removed.file].line(of: group) == nil {
        database[removed.file].append(line)
      }
    }
  }

  /// Who has ids of a range; nil when nobody has.
  private static func owner(of line: AccountFile.Line, in file: AccountFile) -> String? {
    guard let wanted = range(line) else { return nil }
    return file.entries.first { range($0)?.overlaps(wanted) == true }.map(entryName)
  }

  private static func range(_ line: AccountFile.Line) -> Range<UInt64>? {
    let fields = AccountFile.fields(line)
    guard let first = AccountFile.number(fields[1]), let count = AccountFile.number(fields[2]) else { return nil }
    return UInt64(first)..<UInt64(first) + UInt64(count)
  }

  // MARK: For good

  /// Frees the name and the ids; what is freed already stays so. Its own group goes when nobody else is in it.
  static func free(_ record: RestoreRecord, in database: inout AccountDatabase) throws(RestoreClash) {
    for change in record.lines where change.file == .passwd || change.file == .shadow {
      guard let current = database[change.file].line(of: record.name) else { continue }
      guard current == change.after.bytes else { throw .lineChanged(name: record.name, file: change.file.path) }
      database[change.file].remove(current)
    }
    guard let group = record.primaryGroup.first(where: { $0.file == .group })?.line.bytes else { return }
    let name = entryName(group)
    guard name == record.name, !database.accounts.contains(where: { $0.gid == record.gid }),
      let line = database[.group].line(of: name), AccountFile.fields(line)[3].isEmpty
    else { return }
    database[.group].remove(line)
    if let hidden = database[.gshadow].line(of: name) { database[.gshadow].remove(hidden) }
  }
}
