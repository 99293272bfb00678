import Glibc
package import HostSystem

/// A process, as people choose one.
package struct RunningProcess: Sendable, Equatable {
  package let pid: Int
  /// The name that the kernel has for it; foreign text.
  package let name: String
  /// Clock ticks of CPU time since the reading before, or since it began.
  package var ticks: Int
  /// Its command line with blanks between the words, cut at 4 KiB; empty for threads of the kernel. Foreign text.
  package let commandLine: String
}

/// The processes of the machine.
package enum ProcessTable {
  /// All processes whose records may be read, the busiest first: by the CPU time that they used while this waits, then by
  /// what they used before.
  /// - Parameter waiting: how long to watch, in milliseconds.
  package static func busiest(root: RootDirectory = RootDirectory(), waiting: Int = 250) -> [RunningProcess] {
    let before = Dictionary(read(root).map { ($0.pid, $0.ticks) }, uniquingKeysWith: { first, _ in first })
    if waiting > 0 { poll(nil, 0, Int32(waiting)) }
    let now = read(root)
    let order = now.sorted { left, right in
      let used = (left.ticks - (before[left.pid] ?? 0), right.ticks - (before[right.pid] ?? 0))
      return (used.1, right.ticks, left.pid) < (used.0, left.ticks, right.pid)
    }
    return order.map { process in
      var process = process
      process.ticks -= before[process.pid] ?? 0
      return process
    }
  }

  static func read(_ root: RootDirectory) -> [RunningProcess] {
    pids(root).compactMap { pid in
      // A process may end between the list and its record.
      guard let bytes = try? root.read("/proc/\(pid)/stat", limit: 1 << 16),
        let record = parse(String(decoding: bytes, as: UTF8.self))
      else { return nil }
      let words = (try? root.read("/proc/\(pid)/cmdline", limit: 1 << 22)) ?? []
      let line = String(decoding: words.prefix(4096).map { $0 == 0 ? 0x20 : $0 }, as: UTF8.self)
      return RunningProcess(pid: pid, name: record.name, ticks: record.ticks, commandLine: line)
    }
  }

  static func pids(_ root: RootDirectory) -> [Int] {
    // Without /proc there is nothing to choose from, and the caller asks for a number.
    (((try? root.names(in: "/proc")) ?? nil) ?? []).compactMap { Int($0) }.sorted()
  }

  /// Source: proc(5), `/proc/PID/stat`: the name stands in parentheses and may hold any of them.
  static func parse(_ text: String) -> (name: String, ticks: Int)? {
    // Among the bytes: a name may begin or end with signs that join the parentheses.
    let bytes = text.utf8
    guard let open = bytes.firstIndex(of: UInt8(ascii: "(")), let close = bytes.lastIndex(of: UInt8(ascii: ")")),
      open < close
    else { return nil }
    let fields = text[bytes.index(after: close)...].split(separator: " ")
    guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else { return nil }
    return (String(text[bytes.index(after: open)..<close]), user + system)
  }
}

/// What stands in a profiler's way in the processes that run now.
package struct ProcessSurvey: Sendable, Equatable {
  /// A process whose program compiles while it runs, or is interpreted.
  package struct Runtime: Sendable, Equatable {
    package let pid: Int
    /// The file name of its program: `java`, `node`, `python3.12`.
    package let program: String
    /// Whether there is a map of its compiled code, with a name and an owner that perf accepts.
    package let hasMap: Bool
  }

  /// A process that runs code of a file which was replaced or removed.
  package struct Stale: Sendable, Equatable {
    package let pid: Int
    /// The file as it was called; foreign text.
    package let object: String
  }

  /// Every process with a program that ``watched`` names.
  package var runtimes: [Runtime] = []
  /// One entry a process.
  package var stale: [Stale] = []
  /// How many processes were looked at.
  package var count = 0

  /// Nothing was looked at.
  package init() {}

  /// Looks at all processes that the caller may look at.
  /// - Parameter watched: beginnings of the file names of programs: `java`, `python3`.
  package static func read(_ root: RootDirectory = RootDirectory(), watched: [String]) -> ProcessSurvey {
    var survey = ProcessSurvey()
    for pid in ProcessTable.pids(root) {
      guard let executable = root.linkTarget("/proc/\(pid)/exe") else { continue }
      survey.count += 1
      let name = String(executable.split(separator: "/").last ?? "").replacing(" (deleted)", with: "")
      if watched.contains(where: { name == $0 || (name.hasPrefix($0) && isVersion(name.dropFirst($0.count))) }) {
        survey.runtimes.append(Runtime(pid: pid, program: name, hasMap: hasMap(pid, root)))
      }
      // What may not be read is not known to be stale.
      if let maps = try? root.read("/proc/\(pid)/maps", limit: 8 << 20), let object = staleObject(maps) {
        survey.stale.append(Stale(pid: pid, object: object))
      }
    }
    return survey
  }

  private static func isVersion(_ text: Substring) -> Bool {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E }
  }

  /// The first executable mapping of a file of a disk that is no longer there.
  static func staleObject(_ maps: [UInt8]) -> String? {
    let mark = Array(" (deleted)".utf8)
    for line in maps.split(separator: 0x0A) where line.suffix(mark.count).elementsEqual(mark) {
      let fields = String(decoding: line, as: UTF8.self).split(separator: " ", maxSplits: 5)
      guard fields.count == 6, fields[1].contains("x") else { continue }
      let path = fields[5].drop { $0 == " " }.dropLast(mark.count)
      let isMemory = ["/memfd:", "/dev/", "/SYSV", "/[", "/anon"].contains { path.hasPrefix($0) }
      if path.hasPrefix("/"), !isMemory { return String(path) }
    }
    return nil
  }

  /// The map lies in the process's own /tmp and is called by the number that the process has in its own namespace.
  /// Source: jit-interface.txt of the kernel.
  private static func hasMap(_ pid: Int, _ root: RootDirectory) -> Bool {
    guard let bytes = try? root.read("/proc/\(pid)/status", limit: 1 << 16) else { return false }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    let own = lines.first { $0.hasPrefix("NSpid:") }?.split(whereSeparator: \.isWhitespace).last
    let owner = lines.first { $0.hasPrefix("Uid:") }?.split(whereSeparator: \.isWhitespace).dropFirst().first
    let path = "/proc/\(pid)/root/tmp/perf-\(own.map(String.init) ?? "\(pid)").map"
    guard let status = try? root.status(of: path) else { return false }
    return status.kind == .file && owner.map(String.init) == "\(status.userID)"
  }
}
