import CPerfEvent
import Glibc
package import HostSystem

/// What exists on this machine right now, for people to choose from.
package enum LiveChoices {
  /// The tracepoints as `SUBSYSTEM:NAME`, sorted; empty where tracefs cannot be read.
  package static func tracepoints(root: RootDirectory = RootDirectory()) -> [String] {
    if let point = PerfProbe.mountPoint(of: "tracefs", root) { return tracepoints(in: RootDirectory(point)) }
    let descriptor = toolbox_open_detached_tracefs()
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    return tracepoints(in: RootDirectory("/proc/self/fd/\(descriptor)"))
  }

  /// - Parameter tracefs: its root directory.
  static func tracepoints(in tracefs: RootDirectory) -> [String] {
    // One file names them all; reading it costs a fraction of walking two thousand directories.
    let text = PerfProbe.text(tracefs, "/available_events") ?? ""
    return text.split(separator: "\n").map { String($0).harmless }.sorted()
  }

  /// Shared libraries that most programs use: those of this process, by their paths, sorted.
  package static func libraries(root: RootDirectory = RootDirectory()) -> [String] {
    let lines = (PerfProbe.text(root, "/proc/self/maps") ?? "").split(separator: "\n")
    let paths = lines.compactMap { line in line.firstIndex(of: "/").map { String(line[$0...]) } }
    return Set(paths.filter { $0.contains(".so") && !$0.hasSuffix("(deleted)") }).sorted()
  }

  /// Control groups below the root of the hierarchy that perf uses, as paths without a slash in front, sorted.
  package static func controlGroups(root: RootDirectory = RootDirectory()) -> [String] {
    guard let top = PerfProbe.controlGroupRoot(root) else { return [] }
    return controlGroups(in: root.isHost ? RootDirectory(top) : RootDirectory(root.hostPath(top)))
  }

  /// Not deeper than six levels and at most 2000.
  static func controlGroups(in hierarchy: RootDirectory) -> [String] {
    var result: [String] = []
    var level = [""]
    for _ in 0..<6 {
      var below: [String] = []
      for parent in level where result.count < 2000 {
        // A group that vanishes while it is looked at has nothing to choose.
        for name in ((try? hierarchy.names(in: "/" + parent)) ?? nil) ?? [] where !name.contains(".procs") {
          let path = parent.isEmpty ? name : parent + "/" + name
          if (try? hierarchy.linkStatus(of: "/" + path))??.kind == .directory { below.append(path) }
        }
      }
      if below.isEmpty { break }
      result += below
      level = below
    }
    return Array(result.sorted().prefix(2000))
  }
}
