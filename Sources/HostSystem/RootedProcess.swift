import CHostSystem
import Glibc

/// A program of a system that is run for it, without a terminal and without input: on the present system in a session of its own,
/// below another root with mounts and processes of its own, which end with it.
package struct RootedProcess: Sendable {
  /// Why no program could be started.
  package struct Failure: ReportableError, Equatable {
    package let path: String
    package let code: Int32

    package var failureKind: FailureKind { .unavailable }
    package var message: String {
      "\(path): cannot be run: \(String(cString: strerror(code))); run as root outside of a restricted container"
    }
  }

  /// What a program left behind that has ended.
  package struct Outcome: Sendable, Equatable {
    /// The exit code; 128 + n after death by signal n.
    package let status: Int32
    /// Empty where the output went into a file.
    package let output: String
  }

  package let root: RootDirectory
  /// All of it; nothing is inherited.
  package let environment: [String: String]
  /// The path inside the root of a program that is shown as policy-rc.d; only below another root.
  package let policy: String?

  package init(root: RootDirectory, environment: [String: String], policy: String? = nil) {
    self.root = root
    self.environment = environment
    self.policy = policy
  }

  /// Runs a program and gives what it printed on both of its outputs.
  /// - Parameters:
  ///   - arguments: the path first.
  ///   - limit: what it prints beyond that many bytes is dropped.
  /// - Throws: ``Failure``. A code other than 0 is no error here.
  package func output(_ arguments: [String], limit: Int = 64 << 20) throws(Failure) -> Outcome {
    let pipe = try Pipe(arguments[0])
    var text: [UInt8] = []
    let status = try run(arguments, output: pipe.write, status: -1, reading: pipe) { piece in
      text += piece.prefix(max(0, limit - text.count))
    }
    return Outcome(status: status, output: String(decoding: text, as: UTF8.self))
  }

  /// Runs a program whose output goes into a file.
  /// - Parameters:
  ///   - arguments: the path first.
  ///   - log: an open descriptor.
  ///   - statusLine: gets each line that the program writes to its descriptor 3.
  /// - Returns: the exit code; 128 + n after death by signal n.
  /// - Throws: ``Failure``
  package func run(_ arguments: [String], log: Int32, statusLine: (String) -> Void = { _ in }) throws(Failure) -> Int32
  {
    let pipe = try Pipe(arguments[0])
    var line: [UInt8] = []
    return try run(arguments, output: log, status: pipe.write, reading: pipe) { piece in
      for byte in piece {
        if byte == 0x0A {
          statusLine(String(decoding: line, as: UTF8.self))
          line.removeAll(keepingCapacity: true)
        } else if line.count < 4096 {
          line.append(byte)
        }
      }
    }
  }

  /// Both ends of a pipe, closed with it.
  private final class Pipe {
    let read: Int32
    private(set) var write: Int32

    init(_ path: String) throws(Failure) {
      var ends: [Int32] = [-1, -1]
      guard toolbox_pipe(&ends) == 0 else { throw Failure(path: path, code: errno) }
      (read, write) = (ends[0], ends[1])
    }

    func closeWrite() {
      if write >= 0 { close(write) }
      write = -1
    }

    deinit {
      closeWrite()
      close(read)
    }
  }

  private func run(
    _ arguments: [String], output: Int32, status: Int32, reading pipe: Pipe, _ body: (ArraySlice<UInt8>) -> Void
  ) throws(Failure) -> Int32 {
    let process = start(arguments, output: output, status: status)
    guard process > 0 else { throw Failure(path: arguments[0], code: errno) }
    pipe.closeWrite()
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    var ended: Int32 = 0
    var isOpen = true
    // A service that the program started may keep the pipe open for ever: the program's own end counts.
    while true {
      var place = pollfd(fd: pipe.read, events: Int16(POLLIN), revents: 0)
      let isReady = poll(&place, isOpen ? 1 : 0, isOpen ? 100 : 20) > 0
      if isReady {
        let size = piece.withUnsafeMutableBytes { Glibc.read(pipe.read, $0.baseAddress, $0.count) }
        if size > 0 { body(piece[..<size]) } else if size == 0 || errno != EINTR { isOpen = false }
        if size > 0 { continue }
      }
      let found = waitpid(process, &ended, WNOHANG)
      if found == process {
        drain(pipe, into: &piece, body)
        return Self.exitCode(ended)
      }
      if found < 0, errno != EINTR { throw Failure(path: arguments[0], code: errno) }
    }
  }

  /// What was written right before the end.
  private func drain(_ pipe: Pipe, into piece: inout [UInt8], _ body: (ArraySlice<UInt8>) -> Void) {
    while true {
      var place = pollfd(fd: pipe.read, events: Int16(POLLIN), revents: 0)
      guard poll(&place, 1, 0) > 0 else { return }
      let size = piece.withUnsafeMutableBytes { Glibc.read(pipe.read, $0.baseAddress, $0.count) }
      guard size > 0 else { return }
      body(piece[..<size])
    }
  }

  private func start(_ arguments: [String], output: Int32, status: Int32) -> pid_t {
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
    let rootPath = root.isHost ? nil : strdup(root.path)
    let policyPath = root.isHost ? nil : policy.map { strdup($0) } ?? nil
    defer {
      for pointer in words + variables { free(pointer) }
      free(rootPath)
      free(policyPath)
    }
    return words.withUnsafeMutableBufferPointer { words in
      variables.withUnsafeMutableBufferPointer { variables in
        var start = toolbox_logged_start(
          root: rootPath, policy: policyPath, arguments: words.baseAddress, environment: variables.baseAddress,
          output: output, status: status)
        return toolbox_start_logged(&start)
      }
    }
  }

  private static func exitCode(_ status: Int32) -> Int32 {
    let signal = status & 0x7F
    return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
  }
}
