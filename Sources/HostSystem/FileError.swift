import Glibc

/// A file that could not be read or written.
package struct FileError: ReportableError, Equatable {
  /// The path as an administrator would type it, the root directory included.
  package let path: String
  /// The number that the system call left in `errno`.
  package let code: Int32
  /// What was tried, as a verb: `read`, `write`, `open`.
  package let action: String

  package init(path: String, code: Int32, action: String = "read") {
    self.path = path
    self.code = code
    self.action = action
  }

  package var isAbsence: Bool { code == ENOENT || code == ENOTDIR }

  package var failureKind: FailureKind {
    switch code {
    case EACCES, EPERM: .noPermission
    default: .failed
    }
  }

  package var message: String {
    let reason = String(cString: strerror(code))
    return switch code {
    case EACCES, EPERM: "\(path): cannot \(action): \(reason); run as a user who may, or as root"
    case ENOENT: "\(path): not found"
    default: "\(path): cannot \(action): \(reason)"
    }
  }
}
