import CHostSystem
import Glibc

/// What tells a file from every other one, and what must be the same after it was moved.
package struct FilePlace: Sendable, Equatable {
  package let kind: DirectoryHandle.Kind
  package let device: UInt64
  package let inode: UInt64
  /// The number of the mount that it is seen through: a bind mount has another one than the directory above it. 0 where the
  /// kernel does not tell.
  package let mount: UInt64
  package let userID: UInt32
  package let groupID: UInt32
  /// The permission bits.
  package let mode: UInt32
  package let sizeBytes: Int
  /// How many names it has.
  package let links: UInt32
  /// Whether the file system encrypts it with a key of its owner's (fscrypt).
  package let isEncrypted: Bool

  init(_ place: toolbox_place) {
    kind =
      switch mode_t(place.mode) & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .directory
      case S_IFLNK: .link
      default: .other
      }
    device = place.device
    inode = place.inode
    mount = place.mount
    userID = place.user
    groupID = place.group
    mode = place.mode & 0o7777
    sizeBytes = max(0, Int(place.size))
    links = place.links
    isEncrypted = place.encrypted != 0
  }

  /// Whether it is the same file, wherever it lies now.
  package func isSame(device: UInt64, inode: UInt64) -> Bool { self.device == device && self.inode == inode }
}

/// The names between the slashes of a path, told apart by byte: a combining mark behind a slash makes one character of the two,
/// which is no slash to Swift but one to the kernel.
package func pathComponents(_ path: String) -> [String] {
  path.utf8.split(separator: 0x2F).map { String(decoding: $0, as: UTF8.self) }
}

/// Whether a path lies below another one, by byte.
package func isPath(_ path: String, below directory: String) -> Bool {
  path.utf8.starts(with: directory == "/" ? "/".utf8 : (directory + "/").utf8)
}

/// An open directory in which names are looked up, moved, written and removed, one at a time and never through a symbolic
/// link. The other directories of this module only read.
///
/// The descriptor stays that of the same directory whatever is renamed meanwhile: what was checked is what is changed.
package final class SecureDirectory: Sendable {
  private let descriptor: Int32
  /// The host's path, for messages.
  package let hostPath: String

  private init(descriptor: Int32, hostPath: String) {
    self.descriptor = descriptor
    self.hostPath = hostPath
  }

  deinit { close(descriptor) }

  private static let openFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC

  /// The root itself.
  /// - Throws: ``FileError``
  package static func root(_ root: RootDirectory) throws(FileError) -> SecureDirectory {
    let opened = Glibc.open(root.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard opened >= 0 else { throw FileError(path: root.path, code: errno, action: "open") }
    return SecureDirectory(descriptor: opened, hostPath: root.path)
  }

  /// A directory of a root, step by step; a symbolic link on the way is `ELOOP` or `ENOTDIR`.
  /// - Returns: nil when it is not there.
  /// - Throws: ``FileError``
  package static func open(_ path: String, in root: RootDirectory) throws(FileError) -> SecureDirectory? {
    var directory = try Self.root(root)
    for name in pathComponents(path) {
      guard let next = try directory.directoryIfPresent(name) else { return nil }
      directory = next
    }
    return directory
  }

  /// A directory that the system itself keeps: links on the way to it, which only root can make, are followed inside the root.
  /// - Returns: nil when it is not there.
  /// - Throws: ``FileError``
  package static func open(following path: String, in root: RootDirectory) throws(FileError) -> SecureDirectory? {
    do {
      return SecureDirectory(
        descriptor: try root.open(path, flags: O_RDONLY | O_DIRECTORY), hostPath: root.hostPath(path))
    } catch {
      if error.isAbsence { return nil }
      throw error
    }
  }

  /// The host's path of a name inside, for messages.
  package func path(of name: String) -> String { hostPath == "/" ? "/" + name : hostPath + "/" + name }

  /// The path that the kernel has for the directory, links resolved: the one that the list of mounts uses.
  package var kernelPath: String? { RootDirectory().linkTarget("/proc/self/fd/\(descriptor)") }

  private func error(_ name: String, _ action: String) -> FileError {
    FileError(path: name.isEmpty ? hostPath : path(of: name), code: errno, action: action)
  }

  /// Of the directory itself.
  /// - Throws: ``FileError``
  package func place() throws(FileError) -> FilePlace {
    var place = toolbox_place()
    guard toolbox_look(descriptor, "", &place) == 0 else { throw error("", "look at") }
    return FilePlace(place)
  }

  /// A name is one step, never a path: `EINVAL` otherwise.
  private func check(_ name: String) throws(FileError) {
    if name.isEmpty || name == "." || name == ".." || name.utf8.contains(where: { $0 == 0x2F || $0 == 0 }) {
      throw FileError(path: hostPath + "/" + name, code: EINVAL, action: "use the name")
    }
  }

  /// Of a name inside; of a link, its own.
  /// - Returns: nil when there is no such name.
  /// - Throws: ``FileError``
  package func place(of name: String) throws(FileError) -> FilePlace? {
    try check(name)
    var place = toolbox_place()
    if toolbox_look(descriptor, name, &place) == 0 { return FilePlace(place) }
    if errno == ENOENT { return nil }
    throw error(name, "look at")
  }

  /// - Throws: ``FileError``; a link is `ENOTDIR` or `ELOOP`.
  package func directory(_ name: String) throws(FileError) -> SecureDirectory {
    try check(name)
    let opened = openat(descriptor, name, Self.openFlags)
    guard opened >= 0 else { throw error(name, "open") }
    return SecureDirectory(descriptor: opened, hostPath: path(of: name))
  }

  /// - Returns: nil when there is no such name.
  /// - Throws: ``FileError``; a link is `ENOTDIR` or `ELOOP`.
  package func directoryIfPresent(_ name: String) throws(FileError) -> SecureDirectory? {
    do {
      return try directory(name)
    } catch {
      if error.code == ENOENT { return nil }
      throw error
    }
  }

  /// The directory of a name, made with mode 0700 when it is not there.
  /// - Throws: ``FileError``
  package func directoryMade(_ name: String) throws(FileError) -> SecureDirectory {
    try check(name)
    if mkdirat(descriptor, name, 0o700) == 0 {
      try sync()
    } else if errno != EEXIST {
      throw error(name, "make the directory")
    }
    return try directory(name)
  }

  /// Makes a directory that must not be there yet.
  /// - Throws: ``FileError``
  package func makeDirectory(_ name: String, mode: UInt32) throws(FileError) -> SecureDirectory {
    try check(name)
    guard mkdirat(descriptor, name, 0o700) == 0 else { throw error(name, "make the directory") }
    let made = try directory(name)
    try made.setMode(mode)
    return made
  }

  /// - Throws: ``FileError``
  package func setOwner(user: UInt32, group: UInt32) throws(FileError) {
    guard fchown(descriptor, user, group) == 0 else { throw error("", "give away") }
  }

  /// - Throws: ``FileError``
  package func setMode(_ mode: UInt32) throws(FileError) {
    guard fchmod(descriptor, mode) == 0 else { throw error("", "set the mode of") }
  }

  /// Changes of names inside reach the disk.
  /// - Throws: ``FileError``
  package func sync() throws(FileError) {
    guard fsync(descriptor) == 0 else { throw error("", "write") }
  }

  /// The names inside but `.` and `..`, sorted by byte. Those that are no UTF-8 are left out.
  /// - Throws: ``FileError``
  package func names() throws(FileError) -> [String] {
    let result = try rawNames().compactMap { raw in
      String(validating: raw.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    return result.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private func rawNames() throws(FileError) -> [[CChar]] {
    let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0 else { throw error("", "read") }
    guard let stream = fdopendir(copy) else {
      let failure = error("", "read")
      close(copy)
      throw failure
    }
    defer { closedir(stream) }
    var result: [[CChar]] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        if errno != 0 { throw error("", "read") }
        return result
      }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        bytes.prefix { $0 != 0 }.map { CChar(bitPattern: $0) } + [0]
      }
      if name != [0x2E, 0] && name != [0x2E, 0x2E, 0] { result.append(name) }
    }
  }

  /// The content of a plain file.
  /// - Parameter limit: a larger file is `EFBIG`, in bytes.
  /// - Returns: nil when there is no such name.
  /// - Throws: ``FileError``; what is no plain file is `EINVAL`, a link `ELOOP`.
  package func read(_ name: String, limit: Int = 1 << 26) throws(FileError) -> [UInt8]? {
    try check(name)
    let opened = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    guard opened >= 0 else {
      if errno == ENOENT { return nil }
      throw error(name, "read")
    }
    defer { close(opened) }
    var status = stat()
    guard fstat(opened, &status) == 0 else { throw error(name, "read") }
    guard status.st_mode & S_IFMT == S_IFREG else { throw FileError(path: path(of: name), code: EINVAL) }
    var result: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let size = piece.withUnsafeMutableBytes { Glibc.read(opened, $0.baseAddress, $0.count) }
      if size == 0 { return result }
      if size < 0 {
        if errno == EINTR { continue }
        throw error(name, "read")
      }
      guard result.count + size <= limit else { throw FileError(path: path(of: name), code: EFBIG) }
      result += piece[..<size]
    }
  }

  /// Who a written file belongs to, and who may read it.
  package struct Ownership: Sendable, Equatable {
    package let userID: UInt32
    package let groupID: UInt32
    package let mode: UInt32

    package init(userID: UInt32, groupID: UInt32, mode: UInt32) {
      self.userID = userID
      self.groupID = groupID
      self.mode = mode
    }
  }

  /// Writes a file that appears whole or not at all. A new file is filled beside it under a name of its own, reaches the disk
  /// and takes the name in one step; what a run that was killed left under that other name is replaced.
  ///
  /// A plain file of the name is replaced and hands on its owner, mode and extended attributes; anything else there is `EINVAL`.
  /// - Parameter temporary: the name beside it.
  /// - Parameter ownership: of a file that is not there yet; without it such a file is the caller's own, of mode 0600.
  /// - Throws: ``FileError``
  package func replace(
    _ name: String, with content: [UInt8], temporary: String, ownership: Ownership? = nil
  ) throws(FileError) {
    try check(name)
    try check(temporary)
    let old = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    guard old >= 0 || errno == ENOENT else { throw error(name, "write") }
    defer { if old >= 0 { close(old) } }
    var status = stat()
    if old >= 0 {
      guard fstat(old, &status) == 0 else { throw error(name, "write") }
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw FileError(path: path(of: name), code: EINVAL, action: "write")
      }
    }
    if unlinkat(descriptor, temporary, 0) != 0, errno != ENOENT { throw error(temporary, "remove") }
    let new = openat(descriptor, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard new >= 0 else { throw error(temporary, "write") }
    defer { close(new) }
    let wanted =
      old >= 0
      ? Ownership(userID: status.st_uid, groupID: status.st_gid, mode: status.st_mode & 0o7777)
      : ownership ?? Ownership(userID: geteuid(), groupID: getegid(), mode: 0o600)
    do throws(FileError) {
      try fill(new, content, name: name)
      guard fchown(new, wanted.userID, wanted.groupID) == 0, fchmod(new, wanted.mode) == 0 else {
        throw error(name, "write")
      }
      // After the mode, which would change what an access control list grants.
      if old >= 0, toolbox_copy_attributes(old, new) != 0 { throw error(name, "write") }
      guard fsync(new) == 0 else { throw error(name, "write") }
      guard renameat(descriptor, temporary, descriptor, name) == 0 else { throw error(name, "write") }
    } catch {
      unlinkat(descriptor, temporary, 0)
      throw error
    }
    try sync()
  }

  private func fill(_ file: Int32, _ content: [UInt8], name: String) throws(FileError) {
    var offset = 0
    while offset < content.count {
      let size = content.withUnsafeBytes { bytes in
        Glibc.write(file, bytes.baseAddress.map { $0 + offset }, content.count - offset)
      }
      if size >= 0 { offset += size } else if errno != EINTR { throw error(name, "write") }
    }
  }

  /// Opens a lock file for writing; it is made where it is missing, with mode 0600, and its content is left alone.
  /// - Returns: a descriptor that the caller closes.
  /// - Throws: ``FileError``
  func openLock(_ name: String) throws(FileError) -> Int32 {
    let opened = openat(descriptor, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard opened >= 0 else { throw error(name, "lock") }
    return opened
  }

  /// Opens a plain file for appending, made with mode 0600 where it is missing; what stands behind its last line's end is taken
  /// away.
  /// - Returns: a descriptor that the caller closes.
  /// - Throws: ``FileError``
  package func openForAppending(_ name: String) throws(FileError) -> Int32 {
    try check(name)
    let content = try read(name, limit: 1 << 30) ?? []
    let opened = openat(descriptor, name, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard opened >= 0 else { throw error(name, "write") }
    let whole = content.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    if whole < content.count, ftruncate(opened, off_t(whole)) != 0 {
      let failure = error(name, "write")
      close(opened)
      throw failure
    }
    return opened
  }

  /// Takes the write lock of a file here, which is made where it is missing; it is held until the descriptor is closed.
  /// - Returns: the descriptor; or the id of the process that holds the lock, 0 when it cannot be told.
  /// - Throws: ``FileError``
  package func lock(_ name: String) throws(FileError) -> LockOutcome {
    let opened = try openLock(name)
    var holder: Int32 = 0
    if toolbox_lock_file(opened, &holder) == 0 { return .taken(descriptor: opened) }
    let code = errno
    close(opened)
    guard code == EAGAIN else { throw FileError(path: path(of: name), code: code, action: "lock") }
    return .held(process: holder)
  }

  /// What came of asking for a lock.
  package enum LockOutcome: Sendable, Equatable {
    case taken(descriptor: Int32)
    case held(process: Int32)
  }

  /// Makes a symbolic link that must not be there yet; it is given to an owner itself.
  /// - Throws: ``FileError``
  package func makeLink(_ name: String, target: String, user: UInt32, group: UInt32) throws(FileError) {
    try check(name)
    guard symlinkat(target, descriptor, name) == 0,
      fchownat(descriptor, name, user, group, AT_SYMLINK_NOFOLLOW) == 0
    else { throw error(name, "make the link") }
  }

  /// The target of a link as it is written there; nil when the name is no link.
  package func linkTarget(_ name: String) -> String? {
    let bytes = [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, count in
      guard let base = buffer.baseAddress else { return }
      count = max(
        0,
        readlinkat(
          descriptor, name, UnsafeMutableRawPointer(base).assumingMemoryBound(to: CChar.self), buffer.count))
    }
    return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
  }

  /// Gives a name another one, there or in another directory of the same file system, and has both directories reach the disk.
  /// What has the new name already is never replaced (`EEXIST`), and nothing is copied (`EXDEV`).
  /// - Throws: ``FileError``
  package func move(_ name: String, to other: SecureDirectory, as newName: String) throws(FileError) {
    try check(name)
    try other.check(newName)
    guard toolbox_rename_exclusive(descriptor, name, other.descriptor, newName) == 0 else {
      throw error(name, "move")
    }
    try other.sync()
    try sync()
  }

  /// Removes a name that is no directory.
  /// - Returns: false when it was not there.
  /// - Throws: ``FileError``
  @discardableResult
  package func remove(_ name: String) throws(FileError) -> Bool {
    try check(name)
    if unlinkat(descriptor, name, 0) == 0 { return true }
    if errno == ENOENT { return false }
    throw error(name, "remove")
  }

  /// Removes an empty directory; one that is not there is removed already.
  /// - Returns: false when something is in it.
  /// - Throws: ``FileError``
  package func removeEmptyDirectory(_ name: String) throws(FileError) -> Bool {
    try check(name)
    if unlinkat(descriptor, name, AT_REMOVEDIR) == 0 || errno == ENOENT { return true }
    if errno == ENOTEMPTY || errno == EEXIST { return false }
    throw error(name, "remove")
  }

  /// Removes a directory with everything in it. Links are removed and never followed; a directory on another device or behind
  /// another mount ends it with `EXDEV`. What was removed before that stays removed.
  /// - Returns: false when it was not there.
  /// - Throws: ``FileError``
  @discardableResult
  package func removeTree(_ name: String) throws(FileError) -> Bool {
    guard let place = try place(of: name) else { return false }
    guard place.kind == .directory else { return try remove(name) }
    let own = try self.place()
    guard place.device == own.device, place.mount == own.mount else {
      throw FileError(path: path(of: name), code: EXDEV, action: "remove")
    }
    // Without recursion: a tree may be deeper than the stack, and than there are descriptors. The way back up is `..`,
    // which must lead to the directory that it came from.
    var current = try directory(name)
    var above: [(name: [CChar], place: FilePlace)] = []
    while true {
      try current.checkSame(as: own)
      var entered = false
      for raw in try current.rawNames() {
        if unlinkat(current.descriptor, raw, 0) == 0 { continue }
        let code = errno
        guard code == EISDIR || code == EPERM else {
          throw FileError(path: current.hostPath, code: code, action: "empty")
        }
        if unlinkat(current.descriptor, raw, AT_REMOVEDIR) == 0 { continue }
        guard errno == ENOTEMPTY || errno == EEXIST else {
          throw FileError(
            path: "\(current.hostPath)/\(Self.text(raw))", code: errno == ENOTDIR ? code : errno, action: "remove")
        }
        let opened = openat(current.descriptor, raw, Self.openFlags)
        guard opened >= 0 else { throw FileError(path: current.hostPath, code: errno, action: "open") }
        above.append((raw, try current.place()))
        current = SecureDirectory(descriptor: opened, hostPath: current.path(of: Self.text(raw)))
        entered = true
        break
      }
      if entered { continue }
      guard let parent = above.popLast() else { break }
      let opened = openat(current.descriptor, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      guard opened >= 0 else { throw FileError(path: current.hostPath, code: errno, action: "leave") }
      let path = String(current.hostPath.prefix(upTo: current.hostPath.lastIndex(of: "/") ?? current.hostPath.endIndex))
      current = SecureDirectory(descriptor: opened, hostPath: path)
      let place = try current.place()
      guard place.isSame(device: parent.place.device, inode: parent.place.inode) else {
        throw FileError(path: path, code: ESTALE, action: "empty")
      }
      guard unlinkat(current.descriptor, parent.name, AT_REMOVEDIR) == 0 || errno == ENOENT else {
        throw FileError(path: path, code: errno, action: "empty")
      }
    }
    guard unlinkat(descriptor, name, AT_REMOVEDIR) == 0 else { throw error(name, "remove") }
    try sync()
    return true
  }

  private static func text(_ raw: [CChar]) -> String {
    String(decoding: raw.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private func checkSame(as other: FilePlace) throws(FileError) {
    let place = try place()
    guard place.device == other.device, place.mount == other.mount else {
      throw FileError(path: hostPath, code: EXDEV, action: "enter")
    }
  }
}
