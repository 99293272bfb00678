import Glibc

/// A program of the administrator's that is given something to do and must not keep us: it has a time limit, no input, and
/// its output goes to our standard error.
package enum BoundedProcess {
  /// How a program ended.
  package enum Ending: Sendable, Equatable {
    /// By itself: the exit code, or 128 + n after death by signal n.
    case exited(Int32)
    /// It took longer than its limit and was ended, with all of its children.
    case timedOut
    /// We were told to stop, so it was ended.
    case stopped
    /// It could not be started; the text is the system's own.
    case notStarted(String)
  }

  /// How long a program that is told to end may take before it is killed.
  private static let grace = Duration.seconds(5)
  /// How often it is looked whether we were told to stop, in milliseconds.
  private static let glance: Int32 = 200

  /// Runs a program by its path in a session of its own, so that its children can be ended with it.
  /// - Parameters:
  ///   - environment: all of it; nothing is inherited.
  ///   - seconds: the time limit, counted without the time that the machine sleeps.
  ///   - isStopped: asked several times a second; true ends the program.
  package static func run(
    _ path: String, _ arguments: [String], environment: [String: String], seconds: Int, isStopped: () -> Bool
  ) -> Ending {
    let process: StartedProcess
    do {
      process = try StartedProcess(
        path, arguments, environment: environment, output: .descriptor(2), errors: .descriptor(2), inOwnSession: true)
    } catch {
      return .notStarted(String(cString: strerror(error.code)))
    }
    let clock = SuspendingClock()
    let limit = clock.now + .seconds(seconds)
    while !process.hasEnded {
      let isStopped = isStopped()
      if isStopped || clock.now >= limit {
        end(process)
        return isStopped ? .stopped : .timedOut
      }
      process.wait(milliseconds: glance)
    }
    return .exited(process.waitForEnd())
  }

  /// Tells the program and its children to end, and kills what is left after a while.
  private static func end(_ process: StartedProcess) {
    let clock = SuspendingClock()
    let limit = clock.now + grace
    kill(-process.id, SIGTERM)
    while !process.hasEnded, clock.now < limit { process.wait(milliseconds: glance) }
    // The program is not reaped yet, so that the number of its group is still its own.
    kill(-process.id, SIGKILL)
    process.waitForEnd()
  }
}
