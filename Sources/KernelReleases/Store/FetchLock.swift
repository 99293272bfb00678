import Glibc
import HostSystem

/// Keeps two processes from fetching into one database at the same time: the second waits and then finds the news there.
///
/// flock(2) on a file beside the database: the system lets go of it however the process ends.
enum FetchLock {
  /// How often it is looked whether the lock is free, in milliseconds.
  private static let glance = 50

  /// Waits for the lock, works, and lets go. The holder of the lock is bound by the time limits of a fetch.
  /// - Throws: ``StoreError``, ``StoreError/busy(_:)`` when the program is told to stop meanwhile; and what `work` throws.
  static func holding<Result>(database path: String, _ work: () throws -> Result) throws -> Result {
    let lockPath = path + ".lock"
    let descriptor = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else {
      throw StoreError.failed(lockPath, detail: "cannot open: \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    try DatabaseFile.giveToOwner(of: DatabaseFile.parent(of: path), descriptor, path: lockPath)
    // Not one long wait in flock(2): a signal is delivered to any thread, and would end that wait in this one only.
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      let code = errno
      guard code == EWOULDBLOCK || code == EINTR else {
        throw StoreError.failed(lockPath, detail: "cannot lock: \(String(cString: strerror(code)))")
      }
      if StopSignals.wait(milliseconds: glance) { throw StoreError.busy(path) }
    }
    return try work()
  }
}
