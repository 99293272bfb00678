import Glibc

extension RootDirectory {
  /// The first bytes of a file that may be large, links followed inside the root.
  /// - Parameter count: how many are wanted; a shorter file gives fewer.
  /// - Throws: ``FileError``; a directory is `EISDIR`, a device, pipe or socket `EINVAL`.
  package func beginning(of path: String, count: Int) throws(FileError) -> [UInt8] {
    let descriptor = try open(path, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY)
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(path: hostPath(path), code: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FileError(path: hostPath(path), code: status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL)
    }
    var code: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let size = pread(descriptor, buffer.baseAddress.map { $0 + filled }, count - filled, off_t(filled))
        if size > 0 {
          filled += size
        } else if size == 0 {
          return
        } else if errno != EINTR {
          code = errno
          return
        }
      }
    }
    guard code == 0 else { throw FileError(path: hostPath(path), code: code) }
    return bytes
  }
}
