import CHostSystem
import Glibc

private let O_PATH = toolbox_O_PATH

/// What stat(2) says of a file.
package struct FileStatus: Sendable, Equatable {
  package enum Kind: Sendable, Equatable { case file, directory, symbolicLink, other }

  package let kind: Kind
  /// The device and the number on it: together they tell a file from every other one.
  package let device: UInt64
  package let inode: UInt64
  package let userID: UInt32
  /// The permission bits.
  package let mode: UInt32
  package let sizeBytes: Int

  /// Whether the group or everybody may write it.
  package var isWritableByOthers: Bool { mode & 0o022 != 0 }
}

/// The files of a system, seen from its root: `/`, or the directory that a disk or a chroot is mounted at.
///
/// Paths are given as that system knows them (`/etc/os-release`). Symbolic links are followed inside the root only: an
/// absolute link in `/mnt/etc` leads to `/mnt`, never to the files of the host. Nothing here writes.
package struct RootDirectory: Sendable, Equatable {
  /// The host's path of the root, without a slash at the end except for `/` itself.
  package let path: String

  /// - Parameter path: a directory of the host, absolute or relative to the working directory.
  package init(_ path: String = "/") {
    var trimmed = Substring(path)
    while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed = trimmed.dropLast() }
    self.path = String(trimmed)
  }

  /// Whether this is the running system itself.
  package var isHost: Bool { path == "/" }

  /// The host's path of a file of this root, for messages.
  package func hostPath(_ path: String) -> String { isHost ? path : self.path + path }

  /// The whole content of a file.
  /// - Parameter limit: a larger file is an error (`EFBIG`), in bytes.
  /// - Throws: ``FileError``; a directory is `EISDIR`, a device, pipe or socket `EINVAL`.
  package func read(_ path: String, limit: Int = 1 << 30) throws(FileError) -> [UInt8] {
    let descriptor = try open(path, flags: Self.readFlags)
    defer { close(descriptor) }
    return try readAll(descriptor, path: path, limit: limit)
  }

  /// The whole content of a file; nil when there is no such file.
  package func readIfPresent(_ path: String, limit: Int = 1 << 30) throws(FileError) -> [UInt8]? {
    do {
      return try read(path, limit: limit)
    } catch {
      if error.isAbsence { return nil }
      throw error
    }
  }

  /// Without `O_NONBLOCK` opening a pipe would wait for a writer for ever.
  private static let readFlags = O_RDONLY | O_NONBLOCK | O_NOCTTY

  /// Maps a file's bytes instead of copying them; for files that are replaced by renaming, never rewritten in place.
  /// - Parameter limit: a larger file is an error (`EFBIG`), in bytes.
  /// - Throws: ``FileError``
  package func map(_ path: String, limit: Int = 4 << 30) throws(FileError) -> MappedFile {
    let descriptor = try open(path, flags: Self.readFlags)
    defer { close(descriptor) }
    return try MappedFile(descriptor: descriptor, path: hostPath(path), limit: limit)
  }

  /// The names in a directory except `.` and `..`, sorted by byte; nil when there is no such directory.
  /// - Throws: ``FileError``
  package func names(in path: String) throws(FileError) -> [String]? {
    let descriptor: Int32
    do {
      descriptor = try open(path, flags: O_RDONLY | O_DIRECTORY)
    } catch {
      if error.isAbsence { return nil }
      throw error
    }
    guard let directory = fdopendir(descriptor) else {
      let code = errno
      close(descriptor)
      throw FileError(path: hostPath(path), code: code)
    }
    defer { closedir(directory) }
    var result: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(directory) else {
        if errno != 0 { throw FileError(path: hostPath(path), code: errno) }
        break
      }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { result.append(name) }
    }
    return result.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Whether a path exists, links followed inside the root. What may not be looked at counts as absent.
  package func exists(_ path: String) -> Bool { isThere(path, flags: O_PATH) }

  /// As ``exists(_:)``, but of a symbolic link at the end it is the link that counts, which may lead nowhere.
  package func existsUnfollowed(_ path: String) -> Bool { isThere(path, flags: O_PATH | O_NOFOLLOW) }

  private func isThere(_ path: String, flags: Int32) -> Bool {
    guard let descriptor = try? open(path, flags: flags) else { return false }
    close(descriptor)
    return true
  }

  /// Who owns a file and who may write it, links followed inside the root.
  /// - Throws: ``FileError``
  package func status(of path: String) throws(FileError) -> FileStatus {
    try status(of: path, flags: O_PATH)
  }

  /// The same for the path itself: a symbolic link at its end is not followed.
  /// - Returns: nil when there is no such path.
  /// - Throws: ``FileError``
  package func linkStatus(of path: String) throws(FileError) -> FileStatus? {
    do {
      return try status(of: path, flags: O_PATH | O_NOFOLLOW)
    } catch {
      if error.isAbsence { return nil }
      throw error
    }
  }

  private func status(of path: String, flags: Int32) throws(FileError) -> FileStatus {
    let descriptor = try open(path, flags: flags)
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(path: hostPath(path), code: errno) }
    let kind: FileStatus.Kind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .directory
      case S_IFLNK: .symbolicLink
      default: .other
      }
    return FileStatus(
      kind: kind, device: UInt64(status.st_dev), inode: UInt64(status.st_ino), userID: status.st_uid,
      mode: status.st_mode & 0o7777, sizeBytes: Int(status.st_size))
  }

  /// The target of a symbolic link as it is written there; nil when the path is no link or does not exist.
  package func linkTarget(_ path: String) -> String? {
    guard let descriptor = try? open(path, flags: O_PATH | O_NOFOLLOW) else { return nil }
    defer { close(descriptor) }
    return Self.readLink(descriptor, "")
  }

  /// Opens a path below the root.
  /// - Parameter flags: as for open(2); `O_CLOEXEC` is added.
  /// - Returns: a descriptor that the caller closes.
  package func open(_ path: String, flags: Int32) throws(FileError) -> Int32 {
    try open(path, flags: flags, resolvingWith: .kernel)
  }

  /// How paths are kept inside a root that is not the host's.
  enum Resolution: Sendable, CaseIterable {
    /// openat2(2), and step by step where the kernel has no such call.
    case kernel
    /// Step by step in any case.
    case stepByStep
  }

  func open(_ path: String, flags: Int32, resolvingWith resolution: Resolution) throws(FileError) -> Int32 {
    if isHost {
      while true {
        let descriptor = Glibc.open(path, flags | O_CLOEXEC)
        if descriptor >= 0 { return descriptor }
        if errno != EINTR { throw FileError(path: path, code: errno) }
      }
    }
    let root = Glibc.open(self.path, O_PATH | O_DIRECTORY | O_CLOEXEC)
    guard root >= 0 else { throw FileError(path: self.path, code: errno, action: "open") }
    defer { close(root) }
    if resolution == .stepByStep { return try walk(from: root, path: path, flags: flags) }
    let relative = String(path.drop { $0 == "/" })
    var attempts = 0
    while true {
      let descriptor = toolbox_open_in_root(root, relative.isEmpty ? "." : relative, flags | O_CLOEXEC)
      if descriptor >= 0 { return descriptor }
      switch errno {
      case EINTR: continue
      // Something was renamed on the way; a system is not renamed for ever.
      case EAGAIN where attempts < 1000: attempts += 1
      // No openat2(2) here, or a filter that does not know it: take the steps one by one.
      case ENOSYS, EPERM, E2BIG, EINVAL: return try walk(from: root, path: path, flags: flags)
      default: throw FileError(path: hostPath(path), code: errno)
      }
    }
  }

  /// The same as openat2(2) with `RESOLVE_IN_ROOT`, for kernels without it: every component is opened without following
  /// links, and the target of a link is resolved from the root again.
  private func walk(from root: Int32, path: String, flags: Int32) throws(FileError) -> Int32 {
    var pending = path.split(separator: "/").map(String.init)
    var parents: [Int32] = []
    defer { for descriptor in parents { close(descriptor) } }
    var links = 0
    while let name = pending.first {
      pending.removeFirst()
      if name == "." { continue }
      if name == ".." {
        if let last = parents.popLast() { close(last) }
        continue
      }
      let parent = parents.last ?? root
      if let target = Self.readLink(parent, name), !(pending.isEmpty && flags & O_NOFOLLOW != 0) {
        links += 1
        guard links <= 40 else { throw FileError(path: hostPath(path), code: ELOOP) }
        if target.hasPrefix("/") {
          for descriptor in parents { close(descriptor) }
          parents = []
        }
        pending = target.split(separator: "/").map(String.init) + pending
        continue
      }
      let isLast = pending.isEmpty
      let descriptor = openat(
        parent, name,
        (isLast ? flags : O_PATH | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC)
      guard descriptor >= 0 else { throw FileError(path: hostPath(path), code: errno) }
      if isLast { return descriptor }
      parents.append(descriptor)
    }
    let descriptor = openat(parents.last ?? root, ".", flags | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: hostPath(path), code: errno) }
    return descriptor
  }

  private static func readLink(_ directory: Int32, _ name: String) -> String? {
    let bytes = [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, count in
      guard let base = buffer.baseAddress else { return }
      count = max(
        0, readlinkat(directory, name, UnsafeMutableRawPointer(base).assumingMemoryBound(to: CChar.self), buffer.count))
    }
    return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
  }

  private func readAll(_ descriptor: Int32, path: String, limit: Int) throws(FileError) -> [UInt8] {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(path: hostPath(path), code: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FileError(path: hostPath(path), code: status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL)
    }
    guard status.st_size <= limit else { throw FileError(path: hostPath(path), code: EFBIG) }
    // Files of /proc say that they are empty: read until the end, whatever the size says.
    var result: [UInt8] = []
    var chunk = max(4096, min(Int(status.st_size), 1 << 30) + 1)
    while true {
      if result.count > limit { throw FileError(path: hostPath(path), code: EFBIG) }
      var code: Int32 = 0
      let start = result.count
      let wanted = chunk
      let piece = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
        count = 0
        while true {
          let size = Glibc.read(descriptor, buffer.baseAddress, wanted)
          if size >= 0 {
            count = size
            return
          }
          if errno != EINTR {
            code = errno
            return
          }
        }
      }
      guard code == 0 else { throw FileError(path: hostPath(path), code: code) }
      if piece.isEmpty { return result }
      if start == 0 { result = piece } else { result += piece }
      chunk = max(4096, min(result.count, 1 << 20))
    }
  }
}
