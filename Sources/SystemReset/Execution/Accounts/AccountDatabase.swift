package import HostSystem

/// The account files of a system together.
package struct AccountDatabase: Sendable, Equatable {
  package private(set) var files: [AccountFile.Kind: AccountFile]

  package init(_ files: [AccountFile.Kind: AccountFile]) { self.files = files }

  /// A file; of one that is missing, an empty one.
  package subscript(kind: AccountFile.Kind) -> AccountFile {
    get { files[kind] ?? AccountFile(empty: kind) }
    set { files[kind] = newValue }
  }

  /// An account as passwd has it; nil for what is not there.
  package func account(_ name: String) -> Account? {
    guard let line = self[.passwd].line(of: name), let index = self[.passwd].lines.firstIndex(of: line) else {
      return nil
    }
    return Self.account(line, number: index + 1)
  }

  /// All of passwd.
  package var accounts: [Account] {
    self[.passwd].lines.enumerated().compactMap { index, line in
      line.isEmpty ? nil : Self.account(line, number: index + 1)
    }
  }

  /// A line of passwd; nil when it is none.
  static func account(_ line: AccountFile.Line, number: Int) -> Account? {
    let fields = AccountFile.fields(line)
    guard fields.count == 7, let uid = AccountFile.number(fields[2]), let gid = AccountFile.number(fields[3]) else {
      return nil
    }
    func text(_ index: Int) -> String { String(decoding: fields[index], as: UTF8.self) }
    return Account(
      name: text(0), uid: uid, gid: gid, comment: text(4), home: text(5), shell: text(6), line: number)
  }

  /// The name of the group of an id; nil when there is none.
  package func groupName(_ gid: UInt32) -> String? {
    self[.group].entries.map(AccountFile.fields).first { AccountFile.number($0[2]) == gid }.map {
      String(decoding: $0[0], as: UTF8.self)
    }
  }

  /// The id of a group; nil when there is none of the name.
  package func groupID(_ name: String) -> UInt32? {
    self[.group].line(of: name).flatMap { AccountFile.number(AccountFile.fields($0)[2]) }
  }
}

/// The account files of a root, read and written under the lock that all programs take for it.
package struct AccountStore: Sendable {
  package let root: RootDirectory
  /// How long the lock is waited for, in seconds.
  package let lockSeconds: Int

  package init(_ root: RootDirectory, lockSeconds: Int = 30) {
    self.root = root
    self.lockSeconds = lockSeconds
  }

  /// Which file is written first: an account that goes loses its password before anything else, and one that comes back gets
  /// it after everything else.
  package enum Order: Sendable {
    case takingAway, givingBack

    fileprivate var kinds: [AccountFile.Kind] {
      switch self {
      case .takingAway: [.shadow, .passwd, .gshadow, .group, .subuid, .subgid]
      case .givingBack: [.subgid, .subuid, .group, .gshadow, .passwd, .shadow]
      }
    }
  }

  /// Reads the files without the lock: they are replaced whole.
  /// - Throws: ``AccountFileError``, ``FileError``
  package func read() throws -> AccountDatabase { try read(try etc()) }

  /// Under the lock, reads the files, has them changed, and writes those that differ.
  /// - Parameter change: may throw; nothing is written then.
  /// - Returns: what `change` returned.
  /// - Throws: ``PasswordLock/Failure``, ``AccountFileError``, ``FileError``, and what `change` throws.
  @discardableResult
  package func change<Result>(
    _ order: Order, _ change: (inout AccountDatabase) throws -> Result
  ) throws -> Result {
    let directory = try etc()
    return try PasswordLock.holding(in: directory, seconds: lockSeconds) {
      let old = try read(directory)
      var new = old
      let result = try change(&new)
      for kind in order.kinds where new[kind] != old[kind] {
        // The name that shadow-utils gives its own new files: they clear it away under the same lock.
        try directory.replace(
          kind.fileName, with: new[kind].bytes, temporary: kind.fileName + "+",
          ownership: SecureDirectory.Ownership(userID: 0, groupID: 0, mode: kind.mode))
      }
      return result
    }
  }

  private func etc() throws -> SecureDirectory {
    guard let directory = try SecureDirectory.open("/etc", in: root) else {
      throw AccountFileError.missing(path: root.hostPath("/etc"))
    }
    return directory
  }

  private func read(_ directory: SecureDirectory) throws -> AccountDatabase {
    var files: [AccountFile.Kind: AccountFile] = [:]
    for kind in AccountFile.Kind.allCases {
      let path = directory.path(of: kind.fileName)
      guard let place = try directory.place(of: kind.fileName) else {
        if kind.isRequired { throw AccountFileError.missing(path: path) }
        continue
      }
      // A second name of the same file would go on with the old accounts.
      guard place.kind == .file, place.links == 1 else { throw AccountFileError.notPlain(path: path) }
      guard let bytes = try directory.read(kind.fileName) else { throw AccountFileError.missing(path: path) }
      files[kind] = try AccountFile(kind, bytes, path: path)
    }
    return AccountDatabase(files)
  }
}
