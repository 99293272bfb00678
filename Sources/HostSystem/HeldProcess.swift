import CHostSystem
import Glibc

/// A program that works for as long as we live: its standard input is a pipe whose other end is ours alone, so that it is told by the
/// end of its input when we end, also by a kill.
package final class HeldProcess {
  private let end: Int32
  private let process: StartedProcess

  /// - Parameters:
  ///   - path: of the program; `arguments` are without its name, and its output goes nowhere.
  ///   - environment: all of it; nothing is inherited.
  /// - Returns: nil when it could not be started.
  package init?(_ path: String, _ arguments: [String], environment: [String: String]) {
    var ends: [Int32] = [-1, -1]
    guard toolbox_pipe(&ends) == 0 else { return nil }
    defer { close(ends[0]) }
    // A session of its own: Ctrl-C is for us.
    guard
      let process = try? StartedProcess(
        path, arguments, environment: environment, input: .descriptor(ends[0]), inOwnSession: true)
    else {
      close(ends[1])
      return nil
    }
    end = ends[1]
    self.process = process
  }

  /// Ends its input and waits for it.
  deinit {
    close(end)
    process.waitForEnd()
  }
}
