/// A line of passwd(5).
package struct Account: Sendable, Equatable {
  package let name: String
  package let uid: UInt32
  package let gid: UInt32
  /// The comment field: the person's name and so on.
  package let comment: String
  package let home: String
  package let shell: String
  /// The line in the file, from 1.
  package let line: Int

  package init(name: String, uid: UInt32, gid: UInt32, comment: String, home: String, shell: String, line: Int) {
    self.name = name
    self.uid = uid
    self.gid = gid
    self.comment = comment
    self.home = home
    self.shell = shell
    self.line = line
  }
}

/// A line of group(5).
package struct AccountGroup: Sendable, Equatable {
  package let name: String
  package let gid: UInt32
  package let members: [String]
}

/// An account file that cannot be trusted.
package enum AccountsError: ReportableError, Equatable {
  /// A line has not the fields that it must have, or a number is none.
  case malformedLine(path: String, line: Int, what: String)
  /// A name stands there twice.
  case duplicateName(path: String, line: Int, name: String, firstLine: Int)

  package var failureKind: FailureKind { .badData }

  package var message: String {
    switch self {
    case .malformedLine(let path, let line, let what):
      "\(path):\(line): \(what); check the file with pwck(8) or grpck(8)"
    case .duplicateName(let path, let line, let name, let firstLine):
      "\(path):\(line): '\(name)' stands there a second time (first in line \(firstLine)); check the file with pwck(8) or grpck(8)"
    }
  }
}

/// The accounts of a system's own files. What LDAP and the like add is not here and never becomes part of a plan.
package struct Accounts: Sendable, Equatable {
  package let users: [Account]
  package let groups: [AccountGroup]
  /// Whether passwd has lines that begin with `+` or `-` and bring in accounts from elsewhere (NIS compatibility).
  package let includesForeign: Bool

  package static let passwdPath = "/etc/passwd"
  package static let groupPath = "/etc/group"

  /// - Parameter passwdPath: for messages; likewise `groupPath`.
  /// - Throws: ``AccountsError``
  package init(
    passwd: some Sequence<UInt8>, passwdPath: String = passwdPath, group: some Sequence<UInt8>,
    groupPath: String = groupPath
  ) throws(AccountsError) {
    var users: [Account] = []
    var firstLines: [String: Int] = [:]
    var includesForeign = false
    for (number, line) in Self.lines(passwd) {
      if line.first == 0x2B || line.first == 0x2D {
        includesForeign = true
        continue
      }
      let fields = try Self.fields(line, count: 7, path: passwdPath, number: number)
      guard let uid = Self.id(fields[2]), let gid = Self.id(fields[3]) else {
        throw .malformedLine(path: passwdPath, line: number, what: "the user and group id are numbers")
      }
      if let first = firstLines.updateValue(number, forKey: fields[0]) {
        throw .duplicateName(path: passwdPath, line: number, name: fields[0].harmless, firstLine: first)
      }
      users.append(
        Account(
          name: fields[0], uid: uid, gid: gid, comment: fields[4], home: fields[5], shell: fields[6], line: number))
    }
    var groups: [AccountGroup] = []
    var firstGroupLines: [String: Int] = [:]
    for (number, line) in Self.lines(group) {
      if line.first == 0x2B || line.first == 0x2D { continue }
      let fields = try Self.fields(line, count: 4, path: groupPath, number: number)
      guard let gid = Self.id(fields[2]) else {
        throw .malformedLine(path: groupPath, line: number, what: "the group id is a number")
      }
      if let first = firstGroupLines.updateValue(number, forKey: fields[0]) {
        throw .duplicateName(path: groupPath, line: number, name: fields[0].harmless, firstLine: first)
      }
      // By scalars: a combining mark behind a comma makes one character of the two, which is no comma.
      let members = fields[3].unicodeScalars.split(separator: ",").map { String($0) }
      groups.append(AccountGroup(name: fields[0], gid: gid, members: members))
    }
    self.users = users
    self.groups = groups
    self.includesForeign = includesForeign
  }

  /// The account that a user id belongs to; the first where several share it, as for getpwuid(3).
  package func user(_ uid: UInt32) -> Account? { users.first { $0.uid == uid } }

  /// The members of a group, by its list and by the primary group of accounts.
  package func members(ofGroup name: String) -> [String] {
    guard let group = groups.first(where: { $0.name == name }) else { return [] }
    let primary = users.filter { $0.gid == group.gid }.map(\.name)
    let listed = Set(group.members)
    return group.members + primary.filter { !listed.contains($0) }
  }

  private static func lines(_ bytes: some Sequence<UInt8>) -> [(Int, ArraySlice<UInt8>)] {
    var result: [(Int, ArraySlice<UInt8>)] = []
    for (index, line) in Array(bytes).split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
    where !line.isEmpty {
      result.append((index + 1, line))
    }
    return result
  }

  private static func fields(
    _ line: ArraySlice<UInt8>, count: Int, path: String, number: Int
  ) throws(AccountsError) -> [String] {
    guard !line.contains(0), !line.contains(0x0D) else {
      throw .malformedLine(path: path, line: number, what: "a control character stands in the line")
    }
    let fields = line.split(separator: 0x3A, omittingEmptySubsequences: false).map {
      String(decoding: $0, as: UTF8.self)
    }
    guard fields.count == count else {
      throw .malformedLine(path: path, line: number, what: "expected \(count) fields, found \(fields.count)")
    }
    guard !fields[0].isEmpty else { throw .malformedLine(path: path, line: number, what: "the name is empty") }
    return fields
  }

  /// Digits only: no sign, unlike for `UInt32`'s own reader.
  private static func id(_ text: String) -> UInt32? {
    text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } ? UInt32(text) : nil
  }
}

/// The user ids that are given to people on a system.
package struct UserIDRange: Sendable, Equatable {
  package let first: UInt32
  package let last: UInt32

  package func contains(_ uid: UInt32) -> Bool { first <= uid && uid <= last }

  /// Reads `UID_MIN` and `UID_MAX` of login.defs(5) and `FIRST_UID` and `LAST_UID` of adduser.conf(5); the range covers
  /// both, and is 1000 to 60000 where neither speaks. Ids above it belong to systemd, containers and `nobody`.
  package init(loginDefinitions: [UInt8]?, adduserConfiguration: [UInt8]?) {
    let login = Self.assignments(loginDefinitions)
    let adduser = Self.assignments(adduserConfiguration)
    let lows = [login["UID_MIN"], adduser["FIRST_UID"]].compactMap { $0.flatMap { UInt32($0) } }
    let highs = [login["UID_MAX"], adduser["LAST_UID"]].compactMap { $0.flatMap { UInt32($0) } }
    // Ids of 1 to 99 belong to the base system whatever these files say.
    first = max(100, lows.min() ?? 1000)
    last = min(highs.max() ?? 60_000, 60_000)
  }

  private static func assignments(_ bytes: [UInt8]?) -> [String: String] {
    var result: [String: String] = [:]
    for line in String(decoding: bytes ?? [], as: UTF8.self).split(whereSeparator: \.isNewline) {
      let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "=" })
      guard words.count >= 2, !words[0].hasPrefix("#") else { continue }
      result[String(words[0])] = words[1].filter { $0 != "\"" }
    }
    return result
  }
}
