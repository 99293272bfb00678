import Glibc

/// A program that runs beside a test. It ends with the value, and with the test process however that ends.
package final class Companion: Sendable {
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  /// The shell around the program.
  private let process: pid_t
  /// While it is open, the shell waits.
  private let lifeline: Int32
  private let leftover: Int

  /// - Parameters:
  ///   - path: of the program; its output goes nowhere.
  ///   - signal: what ends it, without the letters SIG.
  package init(_ path: String, _ arguments: [String], endingWith signal: String) throws {
    // The shell ends the program when the other end of its input is closed: by deinit, or by the kernel when the tests are killed.
    let script = #"signal=$1; shift; "$@" & read -r _; kill -s "$signal" $! 2>/dev/null; wait"#
    let (process, lifeline) = try Self.spawn("/bin/sh", ["-c", script, "sh", signal, path] + arguments)
    (self.process, self.lifeline) = (process, lifeline)
    leftover = Leftovers.add { Self.end(process, lifeline) }
  }

  deinit {
    Leftovers.cancel(leftover)
    Self.end(process, lifeline)
  }

  private static func end(_ process: pid_t, _ lifeline: Int32) {
    close(lifeline)
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
  }

  /// Starts a program whose input is a socket.
  /// - Returns: its number, and the end of the socket that keeps it waiting.
  private static func spawn(_ path: String, _ arguments: [String]) throws -> (pid_t, Int32) {
    var ends: [Int32] = [0, 0]
    // Closed in every other child from the first moment on, which pipe(2) cannot do.
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw Failure(description: "no pair of sockets: \(errno)")
    }
    defer { close(ends[0]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    // A thread of a test blocks signals; a shell that inherits that waits for its children in vain.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var process = pid_t()
    let code = posix_spawn(&process, path, &actions, &attributes, &words, environ)
    guard code == 0 else {
      close(ends[1])
      throw Failure(description: "\(path): \(String(cString: strerror(code)))")
    }
    return (process, ends[1])
  }
}
