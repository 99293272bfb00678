import Glibc
import Subprocess
import SystemPackage

/// A program that has our terminal, input and output, and that is interrupted when its time is over or we are told to stop.
package enum ForegroundProcess {
  /// How often it is looked whether it is to be interrupted.
  private static let glance = 200

  /// Runs a program by its path and waits for it. Ctrl-C reaches it from the terminal; a signal to us alone is handed on.
  /// ``StopSignals/noteFromNowOn()`` has to be called before.
  /// - Parameters:
  ///   - environment: all of it; nothing is inherited.
  ///   - seconds: after these it gets SIGINT; nil lets it run until it ends.
  ///   - progress: called about once a second with the seconds that have passed.
  /// - Returns: the exit code; 128 + n after death by signal n.
  /// - Throws: ``ChildProcess/Failure``
  package static func run(
    _ path: String, _ arguments: [String], environment: [String: String], seconds: Int?,
    progress: @escaping @Sendable (_ seconds: Int) -> Void
  ) async throws(ChildProcess.Failure) -> Int32 {
    let begin = StopSignals.uptimeMilliseconds
    do {
      let result = try await Subprocess.run(
        .path(FilePath(path)), arguments: Arguments(arguments),
        environment: .custom(
          Dictionary(uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) })),
        input: .fileDescriptor(.standardInput, closeAfterSpawningProcess: false),
        output: .fileDescriptor(.standardOutput, closeAfterSpawningProcess: false),
        error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false)
      ) { execution in
        var told = false
        var shown = 0
        // The process stays a zombie until this body returns, so its number is still its own.
        while !hasEnded(execution.processIdentifier.value) {
          let passed = (StopSignals.uptimeMilliseconds - begin) / 1000
          if passed > shown {
            shown = passed
            progress(passed)
          }
          if !told, StopSignals.hasCome || seconds.map({ passed >= $0 }) ?? false {
            told = true
            try execution.send(signal: .interrupt)
          }
          try await Task.sleep(for: .milliseconds(glance))
        }
      }
      switch result.terminationStatus {
      case .exited(let code): return code
      case .signaled(let signal): return 128 + signal
      }
    } catch {
      throw .notStarted(path: path, what: "\(error)".harmless)
    }
  }

  /// Looks without reaping: who started it does that.
  private static func hasEnded(_ process: pid_t) -> Bool {
    var information = siginfo_t()
    let code = waitid(P_PID, UInt32(process), &information, WEXITED | WNOHANG | WNOWAIT)
    // Reaped already counts as ended.
    return code != 0 || information._sifields._kill.si_pid != 0
  }
}
