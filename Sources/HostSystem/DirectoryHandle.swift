import CHostSystem
import Glibc

/// An open directory of a root, in which names are looked up one at a time and links are never followed.
///
/// Whoever owns the directory cannot lead the reader elsewhere: a link is seen as a link. Nothing here writes, and nothing
/// waits: pipes, devices and sockets are never opened for their content.
package struct DirectoryHandle: ~Copyable {
  let descriptor: Int32
  /// The host's path, for messages.
  package let hostPath: String

  /// What a name stands for.
  package enum Kind: Sendable, Equatable { case file, directory, link, other }

  /// What is known of a name without opening it.
  package struct Attributes: Sendable, Equatable {
    package let kind: Kind
    /// In bytes.
    package let size: Int
    /// The id of the owner.
    package let owner: UInt32
    /// The number of the file system that it lies on.
    package let device: UInt64
  }

  fileprivate init(descriptor: Int32, hostPath: String) {
    self.descriptor = descriptor
    self.hostPath = hostPath
  }

  deinit { close(descriptor) }

  /// The attributes of the directory itself.
  /// - Throws: ``FileError``
  package func attributes() throws(FileError) -> Attributes {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(path: hostPath, code: errno) }
    return Self.attributes(status)
  }

  /// The attributes of a name inside; of a link, its own. nil when there is no such name.
  package func attributes(of name: String) -> Attributes? {
    var status = stat()
    guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
    return Self.attributes(status)
  }

  private static func attributes(_ status: stat) -> Attributes {
    let kind: Kind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .directory
      case S_IFLNK: .link
      default: .other
      }
    return Attributes(
      kind: kind, size: max(0, Int(status.st_size)), owner: status.st_uid, device: UInt64(status.st_dev))
  }

  /// The names inside except `.` and `..`, sorted by byte. A name that is no UTF-8 cannot be opened again by what is
  /// returned for it.
  /// - Parameter limit: no more names than this are read.
  /// - Throws: ``FileError``
  package func names(limit: Int = 1_000_000) throws(FileError) -> [String] {
    let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0 else { throw FileError(path: hostPath, code: errno) }
    guard let stream = fdopendir(copy) else {
      let code = errno
      close(copy)
      throw FileError(path: hostPath, code: code)
    }
    defer { closedir(stream) }
    var result: [String] = []
    while result.count < limit {
      errno = 0
      guard let entry = readdir(stream) else {
        if errno != 0 { throw FileError(path: hostPath, code: errno) }
        break
      }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { result.append(name) }
    }
    return result.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Opens a directory inside.
  /// - Throws: ``FileError``; a link is `ENOTDIR` or `ELOOP`.
  package func directory(_ name: String) throws(FileError) -> DirectoryHandle {
    let opened = openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard opened >= 0 else { throw FileError(path: path(of: name), code: errno) }
    return DirectoryHandle(descriptor: opened, hostPath: path(of: name))
  }

  /// The target of a link inside as it is written there; nil when the name is no link or does not exist.
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

  /// Reads a plain file inside into a buffer that is used again and again.
  /// - Parameter limit: a larger file is an error (`EFBIG`), in bytes.
  /// - Returns: the number of bytes; nil when there is no such file.
  /// - Throws: ``FileError``; what is no plain file is `EINVAL`, a link `ELOOP`.
  package func read(
    _ name: String, into buffer: inout [UInt8], limit: Int = 1 << 26
  ) throws(FileError) -> Int? {
    let opened = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    guard opened >= 0 else {
      if errno == ENOENT { return nil }
      throw FileError(path: path(of: name), code: errno)
    }
    defer { close(opened) }
    return try PlainFile.readAll(opened, path: path(of: name), into: &buffer, limit: limit)
  }

  private func path(of name: String) -> String { hostPath == "/" ? "/" + name : hostPath + "/" + name }
}

extension RootDirectory {
  /// Opens a directory; links on the way to it are followed inside the root, links found in it are not.
  /// - Returns: nil when there is no such directory.
  /// - Throws: ``FileError``
  package func directory(_ path: String) throws(FileError) -> DirectoryHandle? {
    do {
      return DirectoryHandle(descriptor: try open(path, flags: O_RDONLY | O_DIRECTORY), hostPath: hostPath(path))
    } catch {
      if error.isAbsence { return nil }
      throw error
    }
  }

  /// Reads a plain file; links are followed inside the root. Pipes and devices are an error, never waited for.
  /// - Parameter limit: a larger file is an error (`EFBIG`), in bytes.
  /// - Returns: nil when there is no such file.
  /// - Throws: ``FileError``; what is no plain file is `EINVAL`, a directory `EISDIR`.
  package func readPlain(_ path: String, limit: Int = 1 << 26) throws(FileError) -> [UInt8]? {
    let opened: Int32
    do {
      opened = try open(path, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY)
    } catch {
      if error.isAbsence { return nil }
      throw error
    }
    defer { close(opened) }
    var buffer: [UInt8] = []
    let count = try PlainFile.readAll(opened, path: hostPath(path), into: &buffer, limit: limit)
    buffer.removeLast(buffer.count - count)
    return buffer
  }

  /// Hands the content of a plain file over piece by piece, so that its size does not matter.
  /// - Returns: false when there is no such file.
  /// - Throws: ``FileError``; what is no plain file is `EINVAL`, a directory `EISDIR`.
  package func forEachPiece(
    of path: String, _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) throws(FileError) -> Bool {
    let opened: Int32
    do {
      opened = try open(path, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY)
    } catch {
      if error.isAbsence { return false }
      throw error
    }
    defer { close(opened) }
    _ = try PlainFile.size(of: opened, path: hostPath(path))
    let piece = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1 << 16)
    defer { piece.deallocate() }
    while true {
      let count = Glibc.read(opened, piece.baseAddress, piece.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw FileError(path: hostPath(path), code: errno)
      }
      if count == 0 { return true }
      body(UnsafeBufferPointer(rebasing: piece[..<count]))
    }
  }
}

/// Reading descriptors that must be those of plain files.
private enum PlainFile {
  /// The size in bytes, as the file says.
  static func size(of descriptor: Int32, path: String) throws(FileError) -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(path: path, code: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FileError(path: path, code: status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL)
    }
    return max(0, Int(status.st_size))
  }

  static func readAll(
    _ descriptor: Int32, path: String, into buffer: inout [UInt8], limit: Int
  ) throws(FileError) -> Int {
    let size = try size(of: descriptor, path: path)
    guard size <= limit else { throw FileError(path: path, code: EFBIG) }
    if buffer.count <= size { buffer += [UInt8](repeating: 0, count: size + 1 - buffer.count) }
    var count = 0
    while true {
      if count == buffer.count { buffer += [UInt8](repeating: 0, count: max(4096, count)) }
      let got = buffer.withUnsafeMutableBytes { bytes in
        Glibc.read(descriptor, bytes.baseAddress.map { $0 + count }, bytes.count - count)
      }
      if got < 0 {
        if errno == EINTR { continue }
        throw FileError(path: path, code: errno)
      }
      if got == 0 { return count }
      count += got
      // Files of /proc say that they are empty, and others grow while they are read.
      guard count <= limit else { throw FileError(path: path, code: EFBIG) }
    }
  }
}
