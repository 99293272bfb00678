import Subprocess
import SystemPackage

/// Other programs, run by their path with arguments as they are: there is no shell between.
package enum ChildProcess {
  /// What a program left behind that has ended.
  package struct Outcome: Sendable, Equatable {
    /// The exit code; 128 + n after death by signal n.
    package let status: Int32
    package let output: String
    package let errors: String
  }

  /// Why a program could not be run.
  package enum Failure: ReportableError, Equatable {
    /// It could not be started; the text is the system's own.
    case notStarted(path: String, what: String)
    /// It printed more than the limit.
    case tooMuchOutput(path: String, limit: Int)

    package var failureKind: FailureKind { .unavailable }

    package var message: String {
      switch self {
      case .notStarted(let path, let what): "\(path): cannot be run: \(what)"
      case .tooMuchOutput(let path, let limit): "\(path): printed more than \(limit) bytes"
      }
    }
  }

  /// Runs a program without input and waits for it.
  /// - Parameter environment: all of it; nothing is inherited.
  /// - Parameter limit: the most bytes that it may print on each of its two outputs.
  /// - Throws: ``Failure``. A code other than 0 is no error here.
  package static func run(
    _ path: String, _ arguments: [String], environment: [String: String], limit: Int = 64 << 20
  ) async throws(Failure) -> Outcome {
    do {
      let result = try await Subprocess.run(
        .path(FilePath(path)), arguments: Arguments(arguments),
        environment: .custom(
          Dictionary(uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) })),
        output: .bytes(limit: limit), error: .bytes(limit: limit))
      let status: Int32 =
        switch result.terminationStatus {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        }
      return Outcome(
        status: status, output: String(decoding: result.standardOutput, as: UTF8.self),
        errors: String(decoding: result.standardError, as: UTF8.self))
    } catch let error as SubprocessError where error.code == .outputLimitExceeded {
      throw .tooMuchOutput(path: path, limit: limit)
    } catch {
      throw .notStarted(path: path, what: "\(error)".harmless)
    }
  }
}
