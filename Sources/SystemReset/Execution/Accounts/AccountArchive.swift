import Glibc
import HostSystem

/// Where records of accounts and what was moved aside lie: directories of root's alone.
struct AccountArchive: Sendable {
  let root: RootDirectory

  static let base = "/var/lib/toolbox/reset"
  /// The directory beside homes, and beside other directories that are on another file system than ``base``.
  static let aside = ".toolbox-reset"
  static let folder = "accounts"
  static let recordName = "record.json"

  /// A name as one step of a path, told apart from every other one: what is no letter, digit, `_` or `-`, and what stands first
  /// and is none or a hyphen, becomes `%` with two hexadecimal digits. A dot stays unless it is the first.
  /// - Returns: nil when that makes more than a directory's name can hold.
  static func step(_ name: String) -> String? {
    var result = ""
    for (index, byte) in name.utf8.enumerated() {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: result.unicodeScalars.append(Unicode.Scalar(byte))
      case 0x2D where index > 0, 0x2E where index > 0: result.unicodeScalars.append(Unicode.Scalar(byte))
      default: result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    return result.isEmpty || result.utf8.count > 200 ? nil : result
  }

  /// - Throws: ``AccountRecordError/badRun(_:)``
  static func check(run: String) throws(AccountRecordError) {
    guard step(run) == run else { throw .badRun(run.harmless) }
  }

  /// The directory of a run's accounts: `/var/lib/toolbox/reset/<run>/accounts`.
  static func path(run: String) -> String { "\(base)/\(run)/\(folder)" }

  // MARK: Directories

  /// Opens a directory of root's own below a directory that is there, and makes what is missing of it.
  /// - Parameter trusted: how many of the steps may be others' to enter (`/var/lib`).
  /// - Throws: ``AccountRecordError/unsafeDirectory(path:userID:)``, ``FileError``
  func made(_ path: String, trusted: Int) throws -> SecureDirectory {
    var directory = try SecureDirectory.root(root)
    for (index, name) in pathComponents(path).enumerated() {
      directory = index < trusted ? try directory.directory(name) : try directory.directoryMade(name)
      if index >= trusted { try Self.checkPrivate(directory) }
    }
    return directory
  }

  /// The same for a directory that must be there.
  /// - Returns: nil when it is not.
  func found(_ path: String, trusted: Int) throws -> SecureDirectory? {
    var directory = try SecureDirectory.root(root)
    for (index, name) in pathComponents(path).enumerated() {
      guard let next = try directory.directoryIfPresent(name) else { return nil }
      directory = next
      if index >= trusted { try Self.checkPrivate(directory) }
    }
    return directory
  }

  private static func checkPrivate(_ directory: SecureDirectory) throws {
    let place = try directory.place()
    guard place.userID == geteuid(), place.mode & 0o077 == 0 else {
      throw AccountRecordError.unsafeDirectory(path: directory.hostPath, userID: place.userID)
    }
  }

  /// How many steps of a path stand before the first that is root's own: all above ``aside``, or `/var/lib`.
  static func trustedSteps(_ path: String) -> Int {
    let steps = pathComponents(path)
    return steps.firstIndex(of: aside) ?? (isPath(path, below: base) ? 2 : steps.count)
  }

  /// A path cut into its directory and its last step.
  static func split(_ path: String) -> (directory: String, name: String) {
    let steps = pathComponents(path)
    return ("/" + steps.dropLast().joined(separator: "/"), steps.last ?? "")
  }

  /// The directory of what is kept, made where it is missing.
  func keptDirectory(of path: String) throws -> (directory: SecureDirectory, name: String) {
    let (directory, name) = Self.split(path)
    return (try made(directory, trusted: Self.trustedSteps(directory)), name)
  }

  /// The directory of what is kept; nil when it is not there.
  func keptDirectoryIfPresent(of path: String) throws -> (directory: SecureDirectory, name: String)? {
    let (directory, name) = Self.split(path)
    return try found(directory, trusted: Self.trustedSteps(directory)).map { ($0, name) }
  }

  /// Removes the empty directories above what was kept, as far as they are root's own and nothing else is in them.
  func removeEmpty(above path: String) throws {
    var steps = pathComponents(path).dropLast()
    let trusted = Self.trustedSteps(path)
    // The base itself stays: other parts of the program have files there.
    let lowest = isPath(path, below: Self.base) ? pathComponents(Self.base).count : trusted
    while steps.count > lowest, let name = steps.popLast() {
      guard let parent = try found("/" + steps.joined(separator: "/"), trusted: trusted) else { continue }
      guard try parent.removeEmptyDirectory(name) else { return }
      try parent.sync()
    }
  }

  // MARK: Records

  /// The directory of one account in a run, made where it is missing.
  func recordDirectory(run: String, step: String) throws -> SecureDirectory {
    try made("\(Self.path(run: run))/\(step)", trusted: 2)
  }

  func write(_ content: [UInt8], _ file: String, run: String, step: String) throws {
    try recordDirectory(run: run, step: step).replace(file, with: content, temporary: ".\(file)+")
  }

  func read(_ file: String, run: String, step: String) throws -> (bytes: [UInt8], path: String)? {
    guard let directory = try found("\(Self.path(run: run))/\(step)", trusted: 2) else { return nil }
    return try directory.read(file).map { ($0, directory.path(of: file)) }
  }

  /// Every run and account that has a file of a name.
  func all(_ file: String) throws -> [(run: String, step: String)] {
    guard let base = try found(Self.base, trusted: 2) else { return [] }
    var result: [(String, String)] = []
    for run in try base.names() where Self.step(run) == run {
      guard try base.place(of: run)?.kind == .directory,
        let accounts = try base.directory(run).directoryIfPresent(Self.folder)
      else { continue }
      for step in try accounts.names() where try accounts.place(of: step)?.kind == .directory {
        if try accounts.directory(step).place(of: file) != nil { result.append((run, step)) }
      }
    }
    return result
  }

  /// Removes a file of an account's directory, and the directory when nothing else is in it.
  func remove(_ file: String, run: String, step: String) throws {
    let path = "\(Self.path(run: run))/\(step)"
    guard let directory = try found(path, trusted: 2) else { return }
    try directory.remove(file)
    try directory.sync()
    try removeEmpty(above: path + "/" + file)
  }
}
