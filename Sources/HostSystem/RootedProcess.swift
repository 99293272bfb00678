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
    let pipe = try pipe(for: arguments)
    let process = try start(arguments, output: pipe.write, status: -1)
    let text = process.output(through: pipe, limit: limit)
    return Outcome(status: process.waitForEnd(), output: String(decoding: text, as: UTF8.self))
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
    let pipe = try pipe(for: arguments)
    let process = try start(arguments, output: log, status: pipe.write)
    var line: [UInt8] = []
    process.read([pipe]) { _, piece in
      for byte in piece {
        if byte == 0x0A {
          statusLine(String(decoding: line, as: UTF8.self))
          line.removeAll(keepingCapacity: true)
        } else if line.count < 4096 {
          line.append(byte)
        }
      }
      return true
    }
    return process.waitForEnd()
  }

  private func pipe(for arguments: [String]) throws(Failure) -> ProcessPipe {
    do {
      return try ProcessPipe(for: arguments[0])
    } catch {
      throw Failure(path: error.path, code: error.code)
    }
  }

  private func start(_ arguments: [String], output: Int32, status: Int32) throws(Failure) -> StartedProcess {
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
    let rootPath = root.isHost ? nil : strdup(root.path)
    let policyPath = root.isHost ? nil : policy.map { strdup($0) } ?? nil
    defer {
      for pointer in words + variables { free(pointer) }
      free(rootPath)
      free(policyPath)
    }
    let made = words.withUnsafeMutableBufferPointer { words in
      variables.withUnsafeMutableBufferPointer { variables in
        var start = toolbox_logged_start(
          root: rootPath, policy: policyPath, arguments: words.baseAddress, environment: variables.baseAddress,
          output: output, status: status)
        return toolbox_start_logged(&start)
      }
    }
    guard made > 0 else { throw Failure(path: arguments[0], code: errno) }
    return StartedProcess(made)
  }
}
