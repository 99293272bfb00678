import Subprocess
import SystemPackage

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
  /// How often it is looked whether we were told to stop.
  private static let glance = Duration.milliseconds(200)

  /// Runs a program by its path in a session of its own, so that its children can be ended with it.
  /// - Parameters:
  ///   - environment: all of it; nothing is inherited.
  ///   - seconds: the time limit, counted without the time that the machine sleeps.
  ///   - isStopped: asked several times a second; true ends the program.
  package static func run(
    _ path: String, _ arguments: [String], environment: [String: String], seconds: Int,
    isStopped: @escaping @Sendable () -> Bool
  ) async -> Ending {
    await withTaskGroup(of: Ending?.self) { group in
      group.addTask { await start(path, arguments, environment: environment) }
      group.addTask {
        let clock = SuspendingClock()
        let end = clock.now + .seconds(seconds)
        while clock.now < end {
          do {
            try await clock.sleep(for: glance)
          } catch {
            return nil
          }
          if isStopped() { return .stopped }
        }
        return .timedOut
      }
      var ending: Ending?
      while let result = await group.next() {
        if ending == nil { ending = result }
        group.cancelAll()
      }
      return ending ?? .stopped
    }
  }

  private static func start(_ path: String, _ arguments: [String], environment: [String: String]) async -> Ending? {
    var options = PlatformOptions()
    options.createSession = true
    options.teardownSequence = [
      .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: grace),
      .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .zero),
    ]
    do {
      let result = try await Subprocess.run(
        .path(FilePath(path)), arguments: Arguments(arguments),
        environment: .custom(
          Dictionary(uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) })),
        platformOptions: options, input: .none,
        output: .fileDescriptor(.standardError, closeAfterSpawningProcess: false),
        error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false))
      switch result.terminationStatus {
      case .exited(let code): return .exited(code)
      case .signaled(let signal): return .exited(128 + signal)
      }
    } catch is CancellationError {
      return nil
    } catch {
      return .notStarted("\(error)".harmless)
    }
  }
}
