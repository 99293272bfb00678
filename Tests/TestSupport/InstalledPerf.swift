import Glibc

/// The perf that this machine has.
package enum InstalledPerf {
  package static let path = "/usr/bin/perf"

  /// Why no recording can be made and read here; nil where one can.
  package static let obstacle: String? = {
    if access(path, X_OK) != 0 { return "perf is not installed" }
    if geteuid() != 0 { return "recording needs root" }
    if leavesRoot { return "perf leaves a changed root when it enters the mount namespace of what it recorded" }
    return nil
  }()

  /// Whether to enter the mount namespace that one is in, as perf does to find files of a process, leads to another root: so
  /// it is in a chroot.
  private static let leavesRoot: Bool = {
    var root = stat()
    guard stat("/", &root) == 0, let pipe = popen("nsenter --mount=/proc/self/ns/mnt stat -c %d:%i / 2>/dev/null", "r")
    else { return false }
    defer { pclose(pipe) }
    var line = [CChar](repeating: 0, count: 64)
    guard fgets(&line, 64, pipe) != nil else { return false }
    let there = String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return there != "\(root.st_dev):\(root.st_ino)"
  }()
}
