import Glibc
package import HostSystem

/// `perf script`, for recordings whose stacks only perf can unwind.
package enum PerfScript {
  /// Why perf's text could not be had.
  package enum Failure: ReportableError, Equatable {
    /// It could not be started; with the number of the error.
    case notStarted(perf: String, code: Int32)
    /// It ended with a code other than 0.
    case failed(path: String, status: Int32)

    package var failureKind: FailureKind { .unavailable }

    package var message: String {
      switch self {
      case .notStarted(let perf, let code): "\(perf): cannot be run: \(String(cString: strerror(code)))"
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
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw .notStarted(perf: perf, code: errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    var words = ([perf] + arguments(path: path)).map { strdup($0) } + [nil]
    var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for word in words + variables { free(word) } }
    var child: pid_t = 0
    let code = posix_spawn(&child, perf, &actions, nil, &words, &variables)
    close(ends[1])
    defer { close(ends[0]) }
    guard code == 0 else { throw .notStarted(perf: perf, code: code) }

    let piece = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1 << 18)
    defer { piece.deallocate() }
    while true {
      let count = read(ends[0], piece.baseAddress, piece.count)
      if count > 0 {
        body(UnsafeBufferPointer(rebasing: piece[..<count]))
      } else if count == 0 || errno != EINTR {
        break
      }
    }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    // As a shell counts: 128 and the signal for a program that a signal ended.
    let ending = status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + (status & 0x7F)
    guard ending == 0 else { throw .failed(path: path, status: ending) }
  }
}
