import Glibc

/// A program that works for as long as we live: its standard input is a pipe whose other end is ours alone, so that it is told by the
/// end of its input when we end, also by a kill.
package final class HeldProcess {
  private let end: Int32
  private let process: pid_t

  /// - Parameters:
  ///   - path: of the program; `arguments` are without its name, and its output goes nowhere.
  ///   - environment: all of it, as `NAME=value`; nothing is inherited.
  /// - Returns: nil when it could not be started.
  package init?(_ path: String, _ arguments: [String], environment: [String]) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return nil }
    defer { close(ends[0]) }
    // No other program may keep our end open.
    for descriptor in ends { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    // A group of its own: Ctrl-C is for us.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    var words = ([path] + arguments).map { strdup($0) } + [nil]
    var variables = environment.map { strdup($0) } + [nil]
    defer { for pointer in words + variables { free(pointer) } }
    var child: pid_t = 0
    guard posix_spawn(&child, path, &actions, &attributes, &words, &variables) == 0 else {
      close(ends[1])
      return nil
    }
    end = ends[1]
    process = child
  }

  /// Ends its input and waits for it.
  deinit {
    close(end)
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
  }
}
