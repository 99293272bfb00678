import CHostSystem
import Glibc

/// The lock that every program takes which changes passwd, shadow and their like: a write lock on `/etc/.pwd.lock`, as
/// lckpwdf(3) takes it. The file stays: removing it would let two programs hold two locks.
package enum PasswordLock {
  /// Why the lock could not be had.
  package enum Failure: ReportableError, Equatable {
    /// Somebody holds it; the id of the process, 0 when it cannot be told.
    case held(path: String, process: Int32, seconds: Int)

    package var failureKind: FailureKind { .tryLater }

    package var message: String {
      switch self {
      case .held(let path, let process, let seconds):
        "\(path): the account files are locked by \(process > 0 ? "process \(process)" : "another program"); "
          + "waited \(seconds) s; try again when it has ended"
      }
    }
  }

  private static let name = ".pwd.lock"
  /// How often it is looked whether the lock is free, in milliseconds.
  private static let glance = 50

  /// Waits for the lock, works, and lets go.
  /// - Parameter directory: the root's `/etc`.
  /// - Parameter seconds: how long it waits; lckpwdf(3) itself waits 15.
  /// - Throws: ``Failure``, ``FileError``, and what `work` throws.
  package static func holding<Result>(
    in directory: SecureDirectory, seconds: Int, _ work: () throws -> Result
  ) throws -> Result {
    let descriptor = try directory.openLock(name)
    defer { close(descriptor) }
    let end = StopSignals.uptimeMilliseconds + seconds * 1000
    var holder: Int32 = 0
    while toolbox_lock_file(descriptor, &holder) != 0 {
      guard errno == EAGAIN || errno == EINTR else {
        throw FileError(path: directory.path(of: name), code: errno, action: "lock")
      }
      if StopSignals.uptimeMilliseconds >= end || StopSignals.wait(milliseconds: glance) {
        throw Failure.held(path: directory.path(of: name), process: holder, seconds: seconds)
      }
    }
    return try work()
  }
}
