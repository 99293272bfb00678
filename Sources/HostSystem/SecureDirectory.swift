import CHostSystem
import Glibc

/// An open directory in which names are looked up, moved, written and removed, one at a time and never through a symbolic
/// link. The other directories of this module only read.
///
/// The descriptor stays that of the same directory whatever is renamed meanwhile: what was checked is what is changed.
package final class SecureDirectory: Sendable {
  let descriptor: Int32
  /// The host's path, for messages.
  package let hostPath: String

  init(descriptor: Int32, hostPath: String) {
    self.descriptor = descriptor
    self.hostPath = hostPath
  }

  deinit { close(descriptor) }

  static let openFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC

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

  func error(_ name: String, _ action: String) -> FileError {
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
  func check(_ name: String) throws(FileError) {
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

  func rawNames() throws(FileError) -> [[CChar]] {
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
}
