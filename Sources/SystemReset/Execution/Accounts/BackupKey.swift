package import HostSystem

/// The public ssh key that opens the account which a run makes, where there is no terminal to show a password on.
///
/// Source of the form: sshd(8), AUTHORIZED_KEYS FILE FORMAT. Options before the key are not taken: they may name commands.
package struct BackupKey: Sendable, Equatable {
  /// `type base64 comment`, without a line feed.
  package let line: String

  static let directory = ".ssh"
  static let fileName = "authorized_keys"

  /// A key of this many bytes is none; RSA keys of 16,384 bits are under 3,000.
  private static let largestFile = 16 << 10

  /// - Parameter path: a file of the host with one public key; lines that are empty or comments do not count.
  /// - Throws: ``BackupKeyError``, ``FileError``
  package init(file path: String) throws {
    let bytes = try RootDirectory().read(path, limit: Self.largestFile)
    let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
      .filter { !$0.hasPrefix("#") && $0.contains { !$0.isWhitespace } }
    guard !lines.contains(where: { $0.hasPrefix("-----BEGIN") }) else { throw BackupKeyError.privateKey(path) }
    guard lines.count == 1, let line = Self(line: String(lines[0])) else {
      throw BackupKeyError.notAKey(path, count: lines.count)
    }
    self = line
  }

  /// - Returns: nil for what is no public key.
  init?(line: String) {
    let words = line.split(maxSplits: 2, omittingEmptySubsequences: true) { $0 == " " || $0 == "\t" }
    guard words.count >= 2, Self.types.contains(String(words[0])), let blob = Self.decodeBase64(words[1].utf8) else {
      return nil
    }
    // The key begins with its own type, as a string with its length before it (RFC 4253, section 6.6).
    let type = Array(words[0].utf8)
    guard blob.count > 4 + type.count, blob.prefix(4) == [0, 0, 0, UInt8(type.count)],
      blob.dropFirst(4).prefix(type.count).elementsEqual(type)
    else { return nil }
    let comment = words.count > 2 ? " " + String(words[2]).harmless : ""
    self.line = words[0] + " " + words[1] + comment
  }

  /// What OpenSSH takes in an `authorized_keys` file since 8.7; DSA went.
  private static let types: Set = [
    "ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
  ]

  /// - Returns: nil unless all of it is base64 with its padding.
  private static func decodeBase64(_ text: Substring.UTF8View) -> [UInt8]? {
    let padding = text.reversed().prefix { $0 == 0x3D }.count
    guard text.count.isMultiple(of: 4), padding <= 2 else { return nil }
    var result: [UInt8] = []
    var (bits, count) = (UInt32(0), 0)
    for byte in text.dropLast(padding) {
      let value: UInt8
      switch byte {
      case 0x41...0x5A: value = byte - 0x41
      case 0x61...0x7A: value = byte - 0x61 + 26
      case 0x30...0x39: value = byte - 0x30 + 52
      case 0x2B: value = 62
      case 0x2F: value = 63
      default: return nil
      }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        result.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return result
  }
}

/// Why a file is no key that could open an account; nothing was changed.
package enum BackupKeyError: ReportableError, Equatable {
  /// The file holds none or several, or something else.
  case notAKey(String, count: Int)
  /// The file holds the secret half.
  case privateKey(String)
  /// A password is asked for as well.
  case alsoPassword

  package var failureKind: FailureKind {
    switch self {
    case .alsoPassword: .usage
    case .notAKey, .privateKey: .badData
    }
  }

  package var message: String {
    switch self {
    case .notAKey(let path, let count):
      "\(path): \(count == 1 ? "no public ssh key" : "\(count) lines"); give a file with one key, as ssh-keygen writes it into a name in .pub"
    case .privateKey(let path): "\(path): a private ssh key, which stays where it is; name the one in .pub beside it"
    case .alsoPassword: "--backup-key and --backup-password-fd exclude each other: give one of them"
    }
  }
}

extension AccountKeeper {
  /// Lets the account in with a key, and gives it a way to a password of its own.
  ///
  /// Nobody knows its password, so it must not have to be changed at the login (that would ask for the old one), and sudo would ask
  /// for it: one line for sudo lets the account set its own, and nothing else, without one.
  /// - Returns: what the person should know.
  /// - Throws: ``RescueError``, ``AccountFileError``, ``PasswordLock/Failure``, ``FileError``
  package func setBackupKey(_ key: BackupKey, _ record: RescueRecord, now: Instant) throws -> [String] {
    let owner = SecureDirectory.Ownership(userID: record.uid, groupID: record.gid, mode: 0o600)
    guard let home = try SecureDirectory.open(record.home, in: root), try home.place().userID == record.uid else {
      throw RescueError.notOurs(name: record.name)
    }
    let keys: SecureDirectory
    if try home.place(of: BackupKey.directory) != nil {
      keys = try home.directory(BackupKey.directory)
    } else {
      keys = try home.makeDirectory(BackupKey.directory, mode: 0o700)
    }
    try keys.setOwner(user: record.uid, group: record.gid)
    try keys.replace(
      BackupKey.fileName, with: Array((key.line + "\n").utf8), temporary: ".toolbox-new", ownership: owner)
    try keys.sync()
    var notes: [String] = []
    if let rules = try SecureDirectory.open("/etc/sudoers.d", in: root) {
      // sudoers(5): names with a dot in them are passed over.
      let name = "toolbox-" + record.name.map { $0 == "." ? "_" : String($0) }.joined()
      let passwd = root.exists("/usr/bin/passwd") ? "/usr/bin/passwd" : "/bin/passwd"
      let text =
        "# Made with the account \(record.name), by toolbox reset: it may give itself a password. Delete this file then.\n"
        + "\(record.name) ALL=(root) NOPASSWD: \(passwd) \(record.name)\n"
      try rules.replace(
        name, with: Array(text.utf8), temporary: ".toolbox-new",
        ownership: SecureDirectory.Ownership(userID: 0, groupID: 0, mode: 0o440))
      try rules.sync()
      notes.append(
        "'\(record.name)' logs in with the key; 'sudo passwd \(record.name)' gives it a password, which sudo wants for all else"
      )
    } else {
      notes.append("there is no /etc/sudoers.d: 'toolbox reset users password \(record.name)' gives it a password")
    }
    if !root.exists("/usr/sbin/sshd") {
      notes.append("no ssh server is installed here: the key opens the account '\(record.name)' once there is one")
    }
    try store.change(.givingBack) { database in
      guard database.account(record.name)?.uid == record.uid else { throw RescueError.notOurs(name: record.name) }
      try RescueLines.setPassword(nil, changedOn: CalendarDay(now).daysSinceEpoch, of: record.name, in: &database)
    }
    return notes
  }
}
