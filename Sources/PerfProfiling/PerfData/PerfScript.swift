package import HostSystem

/// `perf script`, for recordings whose stacks only perf can unwind.
package enum PerfScript {
  /// Why perf's text could not be had.
  package enum Failure: ReportableError, Equatable {
    case notStarted(ProgramStart.Failure)
    /// It ended with a code other than 0.
    case failed(path: String, status: Int32)

    package var failureKind: FailureKind { .unavailable }

    package var message: String {
      switch self {
      case .notStarted(let failure): failure.message
      case .failed(let path, let status):
        "\(path): perf script ended with \(status); 'perf script -i \(path)' says why"
      }
    }
  }

  /// The arguments behind the path of perf. Without inlined functions, for which perf asks another program about each address.
  package static func arguments(path: String) -> [String] { ["script", "--no-inline", "-i", path] }

  /// Runs it and hands its text on piece by piece.
  /// - Parameters:
  ///   - perf: the path of the program.
  ///   - environment: all of it; nothing is inherited.
  ///   - body: takes the text; a piece may end inside of a line.
  /// - Throws: ``Failure``
  package static func run(
    perf: String, path: String, environment: [String: String], _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) throws(Failure) {
    let pipe: ProcessPipe
    let process: StartedProcess
    do {
      pipe = try ProcessPipe(for: perf)
      process = try StartedProcess(
        perf, arguments(path: path), environment: environment, output: .descriptor(pipe.write))
    } catch {
      throw .notStarted(error)
    }
    process.read([pipe]) { _, piece in
      body(piece.bindMemory(to: UInt8.self))
      return true
    }
    let status = process.waitForEnd()
    guard status == 0 else { throw .failed(path: path, status: status) }
  }
}
