import Glibc

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
    case notStarted(ProgramStart.Failure)
    /// It printed more than the limit.
    case tooMuchOutput(path: String, limit: Int)

    package var failureKind: FailureKind { .unavailable }

    package var message: String {
      switch self {
      case .notStarted(let failure): failure.message
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
  ) throws(Failure) -> Outcome {
    let pipes: [ProcessPipe]
    let process: StartedProcess
    do {
      pipes = [try ProcessPipe(for: path), try ProcessPipe(for: path)]
      process = try StartedProcess(
        path, arguments, environment: environment, output: .descriptor(pipes[0].write),
        errors: .descriptor(pipes[1].write))
    } catch {
      throw .notStarted(error)
    }
    var texts: [[UInt8]] = [[], []]
    var isTooMuch = false
    process.read(pipes) { place, piece in
      texts[place] += piece
      isTooMuch = texts[place].count > limit
      return !isTooMuch
    }
    if isTooMuch { kill(process.id, SIGKILL) }
    let status = process.waitForEnd()
    if isTooMuch { throw .tooMuchOutput(path: path, limit: limit) }
    return Outcome(
      status: status, output: String(decoding: texts[0], as: UTF8.self),
      errors: String(decoding: texts[1], as: UTF8.self))
  }
}
