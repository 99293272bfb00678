import FoundationEssentials
import Glibc

/// A Debian system whose first process is systemd, in namespaces of its own. It has the network of the machine, and ends with the value.
package final class BootedRoot: Sendable {
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  private let system: Companion
  /// The first process of the system, as the machine counts.
  private let first: pid_t

  /// Run in the new namespaces. What the kernel has only once stays as it is: sysctls can only be read, and no device is there but those
  /// that every program needs.
  private static let boot = #"""
    set -e; cd "$1"
    mount --make-rprivate /
    mount --bind . .; cd "$1"
    mount -t proc proc proc
    mount --bind proc/sys proc/sys; mount -o remount,bind,ro proc/sys
    mount -t sysfs -o ro sysfs sys
    mount -t tmpfs -o mode=755 tmpfs run
    mount -t tmpfs tmpfs tmp
    mount -t tmpfs -o mode=755 tmpfs dev
    mkdir dev/pts dev/shm; : > dev/console
    for device in null zero full random urandom tty; do : > dev/$device; mount --bind /dev/$device dev/$device; done
    mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts; ln -s pts/ptmx dev/ptmx
    if grep -q ' - cgroup2 .*' /proc/self/mountinfo && ! grep -q 'name=systemd' /proc/self/mountinfo; then
      mount -t cgroup2 cgroup2 sys/fs/cgroup
    else
      mount -t tmpfs tmpfs sys/fs/cgroup; mkdir sys/fs/cgroup/systemd
      mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
    fi
    mkdir -p .machine; pivot_root . .machine; umount -l /.machine; rmdir /.machine
    exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd
    """#

  /// Boots what lies in a directory and waits until all of its units were started.
  /// - Parameter path: with the packages systemd and dbus in it.
  package init(_ path: String) async throws {
    let pid = path + ".first"
    // unshare's child is the first process; it is told from inside by the place where the machine counts it.
    system = try Companion(
      "/usr/bin/unshare",
      [
        "--pid", "--fork", "--kill-child", "--mount", "--uts", "--ipc", "--cgroup", "/bin/sh", "-c",
        #"cut -d' ' -f4 /proc/self/stat > "$2"; exec > "$1.log" 2>&1; "# + Self.boot, "sh", path, pid,
      ], endingWith: "KILL")
    var first: pid_t?
    for _ in 0..<500 where first == nil {
      // /proc is the machine's until the new one is mounted, and so are the numbers in it.
      first = FileManager.default.contents(atPath: pid).flatMap {
        pid_t(String(decoding: $0, as: UTF8.self).filter(\.isNumber))
      }
      if first == nil { poll(nil, 0, 20) }
    }
    guard let first else { throw Failure(description: "nothing was begun in \(path)") }
    self.first = first
    var said = ""
    for _ in 0..<300 {
      let state = try await run("/bin/systemctl", "is-system-running", "--wait")
      said = state.output + state.errors
      if ["running", "degraded"].contains(state.output.split(separator: "\n").first) { return }
      poll(nil, 0, 100)
    }
    let log = FileManager.default.contents(atPath: path + ".log").map { String(decoding: $0, as: UTF8.self) } ?? ""
    throw Failure(description: "the system does not come up: \(said)\(log)")
  }

  /// What leads inside. The root is named besides the mounts: from a chroot the namespace alone leads to the root outside.
  private var entry: [String] { ["-t", String(first), "-m", "-r", "-p", "-u", "-i", "-C", "--"] }

  /// Runs a program inside, as its root, without a terminal.
  package func run(_ words: String...) async throws -> ToolboxProcess.Outcome {
    try await ToolboxProcess.run(path: "/usr/bin/nsenter", entry + words)
  }

  /// Runs lines of the shell inside.
  /// - Returns: what they print.
  /// - Throws: ``Failure``, when one of them fails.
  @discardableResult
  package func shell(_ script: String, _ arguments: String...) async throws -> String {
    let outcome = try await ToolboxProcess.run(
      path: "/usr/bin/nsenter", entry + ["/bin/bash", "-euc", script, "bash"] + arguments)
    guard outcome.status == 0 else {
      throw Failure(description: "\(outcome.status): \(outcome.output)\(outcome.errors)")
    }
    return outcome.output
  }
}
