import CHostSystem
import Glibc
package import HostSystem

/// A password that was made here: bytes that are wiped when nobody needs them any more, and that no interpolation shows.
package final class FreshPassword: Sendable, CustomStringConvertible {
  private let storage: UnsafeBuffer

  /// Moved into Swift 6's rules by never being written after its initialiser.
  private struct UnsafeBuffer: @unchecked Sendable { let bytes: UnsafeMutableBufferPointer<UInt8> }

  /// Letters and digits that nobody takes for another one, and that lie where most keyboards agree.
  static let alphabet = Array("abcdefghjkmnpqrstuvwx23456789".utf8)
  static let groups = 4
  static let groupLength = 5

  /// 20 letters of an alphabet of 29, in four groups: 97 bits from the kernel.
  /// - Throws: ``FileError``
  package init() throws(FileError) {
    let count = Self.groups * (Self.groupLength + 1) - 1
    let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: count + 1)
    bytes.initialize(repeating: 0)
    storage = UnsafeBuffer(bytes: bytes)
    var index = 0
    while index < count {
      if index % (Self.groupLength + 1) == Self.groupLength {
        bytes[index] = 0x2D
        index += 1
        continue
      }
      var random: UInt8 = 0
      guard toolbox_random(&random, 1) == 0 else {
        throw FileError(path: "getrandom(2)", code: errno, action: "read")
      }
      // What would make some letters likelier than others is thrown away.
      guard Int(random) < 256 / Self.alphabet.count * Self.alphabet.count else { continue }
      bytes[index] = Self.alphabet[Int(random) % Self.alphabet.count]
      index += 1
    }
  }

  deinit {
    Self.wipe(UnsafeMutableRawBufferPointer(storage.bytes))
    storage.bytes.deallocate()
  }

  private static func wipe(_ bytes: UnsafeMutableRawBufferPointer) {
    if let base = bytes.baseAddress { explicit_bzero(base, bytes.count) }
  }

  package var description: String { "(a password)" }

  /// The letters; the caller keeps no copy.
  func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
    try body(UnsafeBufferPointer(rebasing: storage.bytes.dropLast()))
  }

  /// - Parameter prefix: the method, `$y$` or `$6$`.
  /// - Returns: the hash for shadow(5).
  /// - Throws: ``RescueError``
  func hash(_ prefix: String) throws(RescueError) -> String {
    var hash = [CChar](repeating: 0, count: 512)
    let outcome = storage.bytes.withMemoryRebound(to: CChar.self) { password in
      password.baseAddress.map { toolbox_hash_password($0, prefix, &hash, hash.count) } ?? -1
    }
    switch outcome {
    case 0: return String(decoding: hash.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    case -1: throw .noLibcrypt
    default: throw .methodUnknown(prefix)
    }
  }

  /// Writes it with a line feed to a descriptor that the caller was given for it.
  /// - Throws: ``FileError``
  package func write(to descriptor: Int32, name: String) throws(FileError) {
    var line = withBytes { Array($0) } + [0x0A]
    defer { line.withUnsafeMutableBytes { Self.wipe($0) } }
    var offset = 0
    while offset < line.count {
      let size = line.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress.map { $0 + offset }, line.count - offset)
      }
      if size >= 0 {
        offset += size
      } else if errno != EINTR {
        throw FileError(path: name, code: errno, action: "write")
      }
    }
  }
}

/// Why there is no account for the person; no other account was touched.
package enum RescueError: ReportableError, Equatable {
  /// The name is no name for an account.
  case badName(String)
  /// An account or a group of the name is there.
  case nameTaken(String)
  /// There is no id left.
  case noFreeID
  /// The group of administrators is not there.
  case noAdministrators(group: String)
  /// A program that a login is proved with, or root is become with, is not there.
  case programMissing(String)
  /// Something has the path of its home.
  case homeTaken(String)
  /// This system has no libcrypt.
  case noLibcrypt
  /// Its libcrypt does not know a method.
  case methodUnknown(String)
  /// The login could not be proved.
  case notProved(name: String, what: String)
  /// The account is not one that was made here.
  case notOurs(name: String)

  package var failureKind: FailureKind {
    switch self {
    case .badName, .notOurs: .usage
    case .noLibcrypt, .methodUnknown: .unavailable
    default: .refused
    }
  }

  package var message: String {
    switch self {
    case .badName(let name):
      "'\(name)' is no name for an account: a small letter or '_', then small letters, digits, '_' and '-', 32 at most"
    case .nameTaken(let name): "an account or a group '\(name)' is already there; choose another name"
    case .noFreeID: "there is no free user id for another account"
    case .noAdministrators(let group): "there is no group '\(group)', whose members may become root"
    case .programMissing(let path): "\(path): not found; without it no login can be proved"
    case .homeTaken(let path): "\(path): is already there; choose another name, or move it"
    case .noLibcrypt: "libcrypt.so.1: not found; without it no password can be set"
    case .methodUnknown(let method): "libcrypt does not know the method '\(method)'"
    case .notProved(let name, let what): "the login of '\(name)' is not proved: \(what); no other account was touched"
    case .notOurs(let name): "'\(name)' is no account that toolbox made; change its password with passwd(1)"
    }
  }
}

/// The account for the person, as it is remembered; schema `toolbox.reset.rescue-account/1`.
package struct RescueRecord: Codable, Sendable, Equatable {
  package static let schema = "toolbox.reset.rescue-account/1"
  static let fileName = "rescue.json"

  package var schema = RescueRecord.schema
  package let run: String
  package let name: String
  package let uid: UInt32
  package let gid: UInt32
  package let administrators: String
  package let home: String
  package let shell: String
  /// ISO 8601 in UTC.
  package let since: String
}

/// The lines of the account for the person. Pure.
enum RescueLines {
  /// What stands in the account's line for people to read, and tells a later plan that no person owns it.
  static let comment = "toolbox rescue account"

  /// Source: the pattern of Debian's adduser(8), `^[a-z][-a-z0-9_]*$`, and the length that utmp keeps.
  static func isName(_ name: String) -> Bool {
    let bytes = Array(name.utf8)
    guard let first = bytes.first, bytes.count <= 32 else { return false }
    func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) || byte == 0x5F }
    return isLetter(first) && bytes.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
  }

  /// The lowest id above all of those that people have, free as a user's and as a group's: one that an account gave up may still
  /// be on files.
  static func freeID(in database: AccountDatabase, range: UserIDRange) -> UInt32? {
    let users = Set(database.accounts.map(\.uid))
    let groups = Set(database[.group].entries.compactMap { AccountFile.number(AccountFile.fields($0)[2]) })
    let highest = users.filter(range.contains).max() ?? range.first - 1
    let above = highest < range.last ? (highest + 1)...range.last : range.first...range.first
    return (above.first { !users.contains($0) && !groups.contains($0) })
      ?? (range.first...range.last).first { !users.contains($0) && !groups.contains($0) }
  }

  /// Adds what is missing of the account; its password matches nothing yet.
  /// - Throws: ``RescueError``
  static func add(_ record: RescueRecord, today: CalendarDay, to database: inout AccountDatabase) throws(RescueError) {
    guard let administrators = database[.group].line(of: record.administrators) else {
      throw .noAdministrators(group: record.administrators)
    }
    if let present = database.account(record.name) {
      guard present.uid == record.uid else { throw .nameTaken(record.name) }
    } else {
      append(
        "\(record.name):x:\(record.uid):\(record.gid):\(comment):\(record.home):\(record.shell)", .passwd,
        &database)
    }
    if database[.shadow].line(of: record.name) == nil {
      append("\(record.name):!:\(today.daysSinceEpoch):0:99999:7:::", .shadow, &database)
    }
    if database[.group].line(of: record.name) == nil {
      append("\(record.name):x:\(record.gid):", .group, &database)
    }
    let hasHidden = database.files[.gshadow] != nil
    if hasHidden, database[.gshadow].line(of: record.name) == nil { append("\(record.name):!::", .gshadow, &database) }
    join(record.name, administrators, .group, &database)
    if hasHidden, let hidden = database[.gshadow].line(of: record.administrators) {
      join(record.name, hidden, .gshadow, &database)
    }
  }

  private static func append(_ line: String, _ kind: AccountFile.Kind, _ database: inout AccountDatabase) {
    database[kind].append(Array(line.utf8))
  }

  private static func join(
    _ name: String, _ line: AccountFile.Line, _ kind: AccountFile.Kind, _ database: inout AccountDatabase
  ) {
    var fields = AccountFile.fields(line)
    fields[3] = AccountFile.with(name, in: fields[3])
    database[kind].replace(line, with: AccountFile.line(fields))
  }

  /// Sets the hash, and the day of the last change: 0 for "must be changed at the next login", as `chage -d 0` does it.
  static func setPassword(
    _ hash: String?, changedOn day: Int, of name: String, in database: inout AccountDatabase
  ) throws(RescueError) {
    guard let line = database[.shadow].line(of: name) else { throw .notOurs(name: name) }
    var fields = AccountFile.fields(line)
    if let hash { fields[1] = Array(hash.utf8) }
    fields[2] = Array(String(day).utf8)
    database[.shadow].replace(line, with: AccountFile.line(fields))
  }

  /// The method of new passwords, as the system's own programs choose it.
  ///
  /// Sources: pam_unix(8) names the method in common-password; yescrypt since Debian 11, SHA-512 before.
  static func hashPrefix(commonPassword: String, loginDefinitions: String) -> String {
    func has(_ text: String, _ word: String) -> Bool {
      text.split(whereSeparator: \.isNewline).contains { line in
        let words = line.words
        return words.first?.hasPrefix("#") == false && words.contains { $0.lowercased() == word }
      }
    }
    return has(commonPassword, "yescrypt") || has(loginDefinitions, "yescrypt") ? "$y$" : "$6$"
  }

  /// Whether sudo(8)'s list lets the account run everything as everybody: `(ALL : ALL) ALL`, with tags before it or not.
  static func allowsAll(_ output: String) -> Bool {
    output.split(whereSeparator: \.isNewline).contains { line in
      let text = line.trimmed
      guard text.hasPrefix("("), let end = text.firstIndex(of: ")") else { return false }
      let people = text[text.index(after: text.startIndex)..<end].split(whereSeparator: { " :".contains($0) })
      let commands = text[text.index(after: end)...].words.filter { !$0.hasSuffix(":") }
      return people.first == "ALL" && commands == ["ALL"]
    }
  }
}

extension Substring {
  fileprivate var trimmed: Substring {
    var text = self
    while let first = text.first, first.isWhitespace { text.removeFirst() }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return text
  }
}
