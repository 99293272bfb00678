import CHostSystem
import Glibc

/// A program that was started and that nobody has waited for. All programs that toolbox waits for are waited for here, on the thread
/// that started them.
package final class StartedProcess {
  /// What a program has as one of its first three descriptors.
  package enum Stream: Sendable {
    case nothing
    /// One of ours; it stays open here.
    case descriptor(Int32)
    /// For input: these bytes, and then the end.
    case bytes([UInt8])
  }

  /// Stays its own until ``waitForEnd()``: until then nobody else can get the number.
  let id: pid_t
  /// What poll(2) finds readable at the end; -1 where the kernel has no such thing or a container forbids it.
  private let handle: Int32

  /// How long is slept between two looks where there is no handle, in milliseconds.
  private static let glance: Int32 = 20

  /// Starts a program by its path, with arguments as they are: there is no shell between. It has no other descriptors than the three.
  /// - Parameters:
  ///   - arguments: without the program's own name.
  ///   - environment: all of it; nil hands on our own.
  ///   - inOwnSession: so that no terminal reaches it, and a signal can reach its children too.
  /// - Throws: ``ProgramStart/Failure``
  package init(
    _ path: String, _ arguments: [String], environment: [String: String]?, input: Stream = .nothing,
    output: Stream = .nothing, errors: Stream = .nothing, inOwnSession: Bool = false
  ) throws(ProgramStart.Failure) {
    var words = ([path] + arguments).map { strdup($0) } + [nil]
    var variables = (environment ?? [:]).map { strdup("\($0)=\($1)") } + [nil]
    defer { for pointer in words + variables { free(pointer) } }
    var opened: [Int32] = []
    defer { for descriptor in opened { close(descriptor) } }
    var numbers: [Int32] = []
    for stream in [input, output, errors] {
      switch stream {
      case .nothing: numbers.append(-1)
      case .descriptor(let number): numbers.append(number)
      case .bytes(let bytes):
        let file = bytes.withUnsafeBytes { toolbox_memory_file($0.baseAddress, $0.count) }
        guard file >= 0 else { throw ProgramStart.Failure(path: path, code: errno) }
        opened.append(file)
        numbers.append(file)
      }
    }
    var made: pid_t = 0
    let code = words.withUnsafeMutableBufferPointer { words in
      variables.withUnsafeMutableBufferPointer { variables in
        path.withCString { path in
          var start = toolbox_spawn(
            path: path, arguments: words.baseAddress, environment: environment == nil ? nil : variables.baseAddress,
            input: numbers[0], output: numbers[1], errors: numbers[2], has_own_session: inOwnSession ? 1 : 0)
          return toolbox_start_program(&start, &made)
        }
      }
    }
    guard code == 0 else { throw ProgramStart.Failure(path: path, code: code) }
    id = made
    handle = toolbox_process_handle(made)
  }

  /// Takes over a process that was started in another way.
  init(_ id: pid_t) {
    self.id = id
    handle = toolbox_process_handle(id)
  }

  deinit {
    if handle >= 0 { close(handle) }
  }

  /// Whether it has ended; it is not reaped by that.
  package var hasEnded: Bool { toolbox_has_ended(id) != 0 }

  /// Waits for its end and reaps it.
  /// - Returns: the exit code; 128 + n after death by signal n.
  @discardableResult
  package func waitForEnd() -> Int32 {
    var status: Int32 = 0
    while waitpid(id, &status, 0) < 0 {
      // Nobody else waits for our children; if one did, nothing would be known of how this one ended.
      if errno != EINTR { return 255 }
    }
    return Self.exitCode(status)
  }

  /// Waits until it has ended, one of the descriptors can be read, a signal reaches us, or the time is over.
  /// - Parameter milliseconds: -1 for no limit.
  /// - Returns: for each of the descriptors whether reading it would not block.
  @discardableResult
  package func wait(milliseconds: Int32 = -1, reading descriptors: [Int32] = []) -> [Bool] {
    // A negative descriptor is left out by poll.
    var places = (descriptors + [handle]).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    let limit = handle >= 0 ? milliseconds : milliseconds < 0 ? Self.glance : min(milliseconds, Self.glance)
    guard poll(&places, nfds_t(places.count), limit) > 0 else { return descriptors.map { _ in false } }
    return places.dropLast().map { $0.revents != 0 }
  }

  /// Hands on what the program prints until it has ended. A service that it started may keep a pipe open for ever: the program's own
  /// end counts.
  /// - Parameters:
  ///   - pipes: whose other ends it has.
  ///   - body: takes the place of a pipe in the list and what came through it; false ends the reading.
  package func read(_ pipes: [ProcessPipe], _ body: (_ place: Int, _ piece: UnsafeRawBufferPointer) -> Bool) {
    for pipe in pipes { pipe.closeWrite() }
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    defer { piece.deallocate() }
    var open = pipes.map(\.read)
    while true {
      // Asked before the pipes are looked at: what was written before the end is in them. A piece holds a whole pipe.
      let isOver = hasEnded
      let ready = wait(milliseconds: isOver ? 0 : -1, reading: open)
      for place in open.indices where ready[place] {
        let size = Glibc.read(open[place], piece.baseAddress, piece.count)
        if size > 0 {
          guard body(place, UnsafeRawBufferPointer(rebasing: piece[..<size])) else { return }
        } else if size == 0 || errno != EINTR {
          open[place] = -1
        }
      }
      if isOver { return }
    }
  }

  /// What the program prints through a pipe until it has ended.
  /// - Parameter limit: what comes beyond so many bytes is dropped.
  package func output(through pipe: ProcessPipe, limit: Int) -> [UInt8] {
    var output: [UInt8] = []
    read([pipe]) { _, piece in
      output += piece.prefix(max(0, limit - output.count))
      return true
    }
    return output
  }

  /// What wait(2) tells as a shell counts it: the exit code; 128 + n after death by signal n.
  private static func exitCode(_ status: Int32) -> Int32 {
    let signal = status & 0x7F
    return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
  }
}
