import CHostSystem
import Glibc

/// SIGTERM, SIGINT and SIGHUP for a command that runs until it is told to stop.
package enum StopSignals {
  /// From now on the signals are noted instead of ending the process. A signal that was ignored at the start stays ignored.
  /// - Throws: ``FileError`` when the system refuses.
  package static func noteFromNowOn() throws(FileError) {
    let code = toolbox_catch_stop_signals()
    if code != 0 { throw FileError(path: "signal handlers", code: code, action: "install") }
  }

  /// Whether one came.
  package static var hasCome: Bool { toolbox_stop_signal() != 0 }

  /// Waits until one comes or the time is over, and counts the time that the machine sleeps too.
  /// - Returns: whether one came.
  package static func wait(seconds: Int) -> Bool { wait(milliseconds: min(seconds, Int.max / 2000) * 1000) }

  /// As ``wait(seconds:)``; also where the signals are not noted, and then it is the time alone that ends it.
  package static func wait(milliseconds: Int) -> Bool { toolbox_wait_for_stop(milliseconds) != 0 }

  /// Milliseconds since the machine was started, the time that it slept included; for limits that a clock change must not move.
  package static var uptimeMilliseconds: Int {
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
  }
}
