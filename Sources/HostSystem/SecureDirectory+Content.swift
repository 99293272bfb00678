import CHostSystem
import Glibc

/// Files in a directory: read, written whole, appended to, locked.
extension SecureDirectory {
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
}
