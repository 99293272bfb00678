import Glibc

/// A place where no private file is written.
package struct UnsafeTarget: ReportableError, Equatable {
  package let path: String
  /// What stands there, as a noun.
  package let what: String

  package var failureKind: FailureKind { .refused }
  package var message: String { "\(path): \(what) stands there; nothing was written, name another file" }
}

/// Files that appear whole or not at all, for only their owner to read unless another mode is asked for.
package enum PrivateFile {
  /// Writes a file that appears whole or not at all: the content goes to a new file beside it, reaches the disk,
  /// and takes the name in one step. A plain file of the name is replaced; anything else, a symbolic link or a device, is
  /// refused.
  /// - Parameter path: a path of the host.
  /// - Parameter mode: the permission bits.
  /// - Throws: ``FileError``, ``UnsafeTarget``
  package static func write(_ content: [UInt8], to path: String, mode: UInt32 = 0o600) throws {
    var status = stat()
    if lstat(path, &status) == 0 {
      switch status.st_mode & S_IFMT {
      case S_IFREG: break
      case S_IFLNK: throw UnsafeTarget(path: path, what: "a symbolic link")
      case S_IFDIR: throw UnsafeTarget(path: path, what: "a directory")
      default: throw UnsafeTarget(path: path, what: "a device, a pipe or a socket")
      }
    }
    let slash = path.lastIndex(of: "/")
    let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    var template = Array("\(directory)/.toolbox-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw FileError(path: path, code: errno, action: "write") }
    let temporary = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    var code = fill(descriptor, content, mode)
    close(descriptor)
    if code == 0, rename(temporary, path) != 0 { code = errno }
    if code == 0 {
      let parent = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      if parent >= 0 {
        fsync(parent)
        close(parent)
      }
      return
    }
    unlink(temporary)
    throw FileError(path: path, code: code, action: "write")
  }

  /// Makes the directories above a file of a root, each of mode 0700 where it is new. A symbolic link among them is refused.
  /// - Parameter path: a path inside the root.
  /// - Throws: ``FileError``
  package static func makeDirectories(above path: String, in root: RootDirectory) throws(FileError) {
    var parent = Glibc.open(root.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard parent >= 0 else { throw FileError(path: root.path, code: errno, action: "open") }
    defer { close(parent) }
    var shown = root.isHost ? "" : root.path
    for name in path.split(separator: "/").dropLast() {
      shown += "/" + name
      if mkdirat(parent, String(name), 0o700) != 0, errno != EEXIST {
        throw FileError(path: shown, code: errno, action: "make the directory")
      }
      let next = openat(parent, String(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      guard next >= 0 else { throw FileError(path: shown, code: errno, action: "open") }
      close(parent)
      parent = next
    }
  }

  /// - Returns: 0, or the error number of what failed.
  private static func fill(_ descriptor: Int32, _ content: [UInt8], _ mode: UInt32) -> Int32 {
    guard fchmod(descriptor, mode) == 0 else { return errno }
    var offset = 0
    while offset < content.count {
      let size = content.withUnsafeBytes { bytes in
        Glibc.write(descriptor, bytes.baseAddress.map { $0 + offset }, content.count - offset)
      }
      if size >= 0 { offset += size } else if errno != EINTR { return errno }
    }
    return fsync(descriptor) == 0 ? 0 : errno
  }
}
