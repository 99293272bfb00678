import CHostSystem
import Glibc

/// A pipe to hear a program through; both ends are closed with it.
package final class ProcessPipe {
  let read: Int32
  /// For the program that is started with it.
  package private(set) var write: Int32

  /// - Throws: ``ProgramStart/Failure``, for the program at `path`.
  package init(for path: String) throws(ProgramStart.Failure) {
    var ends: [Int32] = [-1, -1]
    guard toolbox_pipe(&ends) == 0 else { throw ProgramStart.Failure(path: path, code: errno) }
    (read, write) = (ends[0], ends[1])
  }

  /// Lets go of the end that the program has now, so that its end can be seen here.
  func closeWrite() {
    if write >= 0 { close(write) }
    write = -1
  }

  deinit {
    closeWrite()
    close(read)
  }
}
