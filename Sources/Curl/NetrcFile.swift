import Glibc

/// A netrc(5) file that is safe to use, kept open so that it cannot become another one in between.
final class NetrcFile {
  private let descriptor: Int32

  /// What libcurl opens: the very file that was checked.
  var path: String { "/proc/self/fd/\(descriptor)" }

  /// - Throws: ``HTTPError/unsafeNetrc(_:reason:)`` for anything but a plain file that belongs to the user and that nobody
  ///   else may read or write.
  init(_ path: String) throws(HTTPError) {
    descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw .unsafeNetrc(path, reason: errno == ELOOP ? "it is a symbolic link" : String(cString: strerror(errno)))
    }
    var status = stat()
    if fstat(descriptor, &status) != 0 { throw .unsafeNetrc(path, reason: String(cString: strerror(errno))) }
    if status.st_mode & S_IFMT != S_IFREG { throw .unsafeNetrc(path, reason: "it is no plain file") }
    if status.st_uid != geteuid() { throw .unsafeNetrc(path, reason: "it belongs to another user") }
    if status.st_mode & 0o077 != 0 { throw .unsafeNetrc(path, reason: "others may read or write it (chmod 600)") }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }
}
