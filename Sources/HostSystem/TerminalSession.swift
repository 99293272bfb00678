import CHostSystem
import Glibc

/// A program that believes itself in front of a person: it runs on a pseudo-terminal, as another user, inside a root, in mounts
/// and processes of its own. It has a time limit, and whatever it started ends with it, also when this process is killed.
package struct TerminalSession {
  /// Who the program runs as.
  package struct Identity: Sendable, Equatable {
    package let userID: UInt32
    package let groupID: UInt32
    package let groups: [UInt32]

    package init(userID: UInt32, groupID: UInt32, groups: [UInt32] = []) {
      self.userID = userID
      self.groupID = groupID
      self.groups = groups
    }
  }

  /// How it ended.
  package enum Ending: Sendable, Equatable {
    /// By itself: the exit code, or 128 + n after death by signal n.
    case exited(Int32)
    /// It took longer than its limit and was killed, with all of its children.
    case timedOut
  }

  package struct Outcome: Sendable, Equatable {
    package let ending: Ending
    /// What it printed on the terminal; at most 64 KiB. What was answered may be in it.
    package let output: String
  }

  /// Why no program could be started.
  package struct Failure: ReportableError, Equatable {
    package let what: String
    package let code: Int32

    package var failureKind: FailureKind { .unavailable }
    package var message: String {
      "a program cannot be given \(what): \(String(cString: strerror(code))); run as root outside of a restricted container"
    }
  }

  private static let outputLimit = 1 << 16

  /// Runs a program, answers its one question for a password, and waits for its end.
  /// - Parameters:
  ///   - arguments: the path first.
  ///   - environment: all of it; nothing is inherited.
  ///   - answer: typed when the program reads without showing what is typed, or has printed `prompt`. Bytes, wiped by the caller.
  ///   - seconds: the time limit.
  /// - Throws: ``Failure``
  package static func run(
    _ arguments: [String], environment: [String: String], in root: RootDirectory, as identity: Identity,
    answer: [UInt8], prompt: String? = nil, seconds: Int
  ) throws(Failure) -> Outcome {
    var terminal: Int32 = -1
    let process = try start(arguments, environment, root, identity, &terminal)
    defer { close(terminal) }
    return converse(process, terminal, answer: answer, prompt: prompt, seconds: seconds)
  }

  private static func start(
    _ arguments: [String], _ environment: [String: String], _ root: RootDirectory, _ identity: Identity,
    _ terminal: inout Int32
  ) throws(Failure) -> StartedProcess {
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
    let rootPath = root.isHost ? nil : strdup(root.path)
    defer {
      for pointer in words + variables { free(pointer) }
      free(rootPath)
    }
    var what: UnsafePointer<CChar>?
    let process = words.withUnsafeMutableBufferPointer { words in
      variables.withUnsafeMutableBufferPointer { variables in
        identity.groups.withUnsafeBufferPointer { groups in
          var start = toolbox_start(
            root: rootPath, user: identity.userID, group: identity.groupID, groups: groups.baseAddress,
            group_count: Int32(groups.count), arguments: words.baseAddress, environment: variables.baseAddress)
          return toolbox_start_confined(&start, &terminal, &what)
        }
      }
    }
    guard process > 0 else {
      throw Failure(what: what.map { String(cString: $0) } ?? "a process", code: errno)
    }
    return StartedProcess(process)
  }

  private static func converse(
    _ process: StartedProcess, _ terminal: Int32, answer: [UInt8], prompt: String?, seconds: Int
  ) -> Outcome {
    let end = StopSignals.uptimeMilliseconds + seconds * 1000
    var output: [UInt8] = []
    var hasAnswered = false
    while true {
      read(terminal, into: &output)
      if process.hasEnded {
        read(terminal, into: &output)
        return Outcome(ending: .exited(process.waitForEnd()), output: String(decoding: output, as: UTF8.self))
      }
      if StopSignals.uptimeMilliseconds >= end {
        kill(process.id, SIGKILL)
        process.waitForEnd()
        return Outcome(ending: .timedOut, output: String(decoding: output, as: UTF8.self))
      }
      let isAsked =
        prompt.map { String(decoding: output, as: UTF8.self).contains($0) } ?? (toolbox_echo_is_off(terminal) != 0)
      if !hasAnswered, isAsked {
        hasAnswered = true
        type(answer, terminal)
      }
    }
  }

  /// What the program has printed by now; waits up to 20 ms for more.
  private static func read(_ terminal: Int32, into output: inout [UInt8]) {
    var piece = [UInt8](repeating: 0, count: 4096)
    var wait: Int32 = 20
    while true {
      var place = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
      guard poll(&place, 1, wait) > 0 else { return }
      // EIO when nobody has the terminal open any more.
      let size = piece.withUnsafeMutableBytes { Glibc.read(terminal, $0.baseAddress, $0.count) }
      guard size > 0 else {
        if wait > 0 { usleep(10_000) }
        return
      }
      wait = 0
      output += piece[..<min(size, max(0, outputLimit - output.count))]
    }
  }

  private static func type(_ answer: [UInt8], _ terminal: Int32) {
    let line = answer + [0x0A]
    var offset = 0
    while offset < line.count {
      let size = line.withUnsafeBytes { bytes in
        Glibc.write(terminal, bytes.baseAddress.map { $0 + offset }, line.count - offset)
      }
      // Whoever was to read it has gone: its end tells more than this.
      if size <= 0, errno != EINTR { return }
      offset += max(0, size)
    }
  }
}
