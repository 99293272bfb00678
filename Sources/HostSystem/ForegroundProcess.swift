import Glibc

/// A program that has our terminal, input and output, and that is interrupted when its time is over or we are told to stop.
package enum ForegroundProcess {
  /// How often it is looked whether it is to be interrupted, in milliseconds.
  private static let glance: Int32 = 200

  /// Runs a program by its path and waits for it. Ctrl-C reaches it from the terminal; a signal to us alone is handed on.
  /// ``StopSignals/noteFromNowOn()`` has to be called before.
  /// - Parameters:
  ///   - environment: all of it; nothing is inherited.
  ///   - seconds: after these it gets SIGINT; nil lets it run until it ends.
  ///   - progress: called about once a second with the seconds that have passed.
  /// - Returns: the exit code; 128 + n after death by signal n.
  /// - Throws: ``ProgramStart/Failure``
  package static func run(
    _ path: String, _ arguments: [String], environment: [String: String], seconds: Int?,
    progress: (_ seconds: Int) -> Void
  ) throws(ProgramStart.Failure) -> Int32 {
    let begin = StopSignals.uptimeMilliseconds
    let process = try StartedProcess(
      path, arguments, environment: environment, input: .descriptor(0), output: .descriptor(1), errors: .descriptor(2))
    var told = false
    var shown = 0
    while !process.hasEnded {
      let passed = (StopSignals.uptimeMilliseconds - begin) / 1000
      if passed > shown {
        shown = passed
        progress(passed)
      }
      if !told, StopSignals.hasCome || seconds.map({ passed >= $0 }) ?? false {
        told = true
        kill(process.id, SIGINT)
      }
      process.wait(milliseconds: glance)
    }
    return process.waitForEnd()
  }
}
