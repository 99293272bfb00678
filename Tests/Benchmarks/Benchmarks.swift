import FoundationEssentials
import Glibc

/// Times `toolbox` against its peers: `toolbox-bench PATH-OF-TOOLBOX [--quick] [--kernel | --profiles]`, the latter two for the
/// kernel commands alone, and for recordings alone. TOOLBOX_BENCH_PROFILES names a directory that keeps the recordings.
///
/// Commands of one comparison run in turn, so that a change of the machine's speed meets both. What is quoted is the
/// median, and the ratio of the medians.
@main
struct Benchmarks {
  static func main() {
    let arguments = CommandLine.arguments.dropFirst()
    guard let toolbox = arguments.first(where: { !$0.hasPrefix("-") }) else {
      print("usage: toolbox-bench PATH-OF-TOOLBOX [--quick] [--kernel | --profiles]")
      exit(64)
    }
    let rounds = arguments.contains("--quick") ? 20 : 300
    print("medians of whole processes; every comparison runs its commands in turn\n")
    let idleSeconds = arguments.contains("--quick") ? 10 : 60
    if arguments.contains("--kernel") {
      kernel(toolbox, rounds: max(15, rounds / 5), idleSeconds: idleSeconds)
      return
    }
    let kept = ProcessInfo.processInfo.environment["TOOLBOX_BENCH_PROFILES"]
    if arguments.contains("--profiles") {
      profiles(toolbox, rounds: max(5, rounds / 30), directory: kept)
      return
    }
    startUp(toolbox, rounds: rounds)
    search(toolbox, rounds: rounds)
    dryRun(toolbox, rounds: max(7, rounds / 15))
    kernel(toolbox, rounds: max(15, rounds / 5), idleSeconds: idleSeconds)
    profiles(toolbox, rounds: max(5, rounds / 30), directory: kept)
    for (installed, available) in [(860, 63_000), (2000, 120_000), (4000, 200_000)] {
      plan(toolbox, installed: installed, available: available, rounds: max(5, rounds / 30))
    }
  }

  /// How the plan grows with the system: a made-up one of so many packages, against apt's look at the same one.
  static func plan(_ toolbox: String, installed: Int, available: Int, rounds: Int) {
    guard let system = SyntheticSystem(installed: installed, available: available) else {
      print("no directory for a made-up system can be written\n")
      return
    }
    defer { system.remove() }
    Comparison(
      title: "the plan of a made-up system of \(installed) packages, \(available) available, \(rounds) rounds",
      subject: Timed("toolbox reset --dry-run", toolbox, ["reset", "--dry-run", "--root", system.path]),
      peers: [Timed("apt-get -s autoremove", find("apt-get"), system.aptArguments + ["autoremove"])],
      bound: (peer: "apt-get -s autoremove", ratio: 0.25), limit: nil, memoryLimitMiB: installed > 2000 ? 400 : 200
    ).run(rounds: rounds)
  }

  /// The start of the program, on its most used command, against programs that start fast.
  static func startUp(_ toolbox: String, rounds: Int) {
    Comparison(
      title: "start-up, \(rounds) rounds",
      subject: Timed("toolbox perf", toolbox, ["perf"]),
      peers: [
        Timed("perf --version", program("perf"), ["--version"]),
        Timed("curl --version", find("curl"), ["--version"]),
        Timed("toolbox --version", toolbox, ["--version"]),
      ], bound: (peer: "perf --version", ratio: 1.2), limit: .milliseconds(6)
    ).run(rounds: rounds)
  }

  /// A search through the whole reference.
  static func search(_ toolbox: String, rounds: Int) {
    Comparison(
      title: "search, \(rounds) rounds",
      subject: Timed("toolbox perf search", toolbox, ["perf", "search", "where", "is", "my", "cpu", "time", "going"]),
      peers: [Timed("perf --version", program("perf"), ["--version"])],
      bound: (peer: "perf --version", ratio: 1.6), limit: .milliseconds(8)
    ).run(rounds: rounds)
  }

  /// A program by its name; nil when it is not installed, or when it is a script that looks for the real one: what starts a
  /// shell first is no peer.
  static func program(_ name: String) -> String? {
    guard let path = find(name) else { return nil }
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    return fgetc(file) == Int32(UInt8(ascii: "#")) && fgetc(file) == Int32(UInt8(ascii: "!")) ? nil : path
  }

  /// The plan of this machine, against apt's own look at what could go, without apt's cache of the lists.
  static func dryRun(_ toolbox: String, rounds: Int) {
    Comparison(
      title: "the plan of this machine, \(rounds) rounds",
      subject: Timed("toolbox reset --dry-run", toolbox, ["reset", "--dry-run"]),
      peers: [
        Timed(
          "apt-get -s autoremove", find("apt-get"),
          [
            "-s", "-o", "Debug::NoLocking=1", "-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache=",
            "autoremove",
          ])
      ], bound: (peer: "apt-get -s autoremove", ratio: 1), limit: nil
    ).run(rounds: rounds)
  }

  /// A program by its name; nil when it is not installed.
  static func find(_ name: String) -> String? {
    let path = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":").map(String.init) ?? []
    return (path + ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin"]).map { "\($0)/\(name)" }
      .first { access($0, X_OK) == 0 }
  }
}

/// A command to time.
struct Timed {
  let name: String
  /// nil when the program is not there.
  let path: String?
  let arguments: [String]

  init(_ name: String, _ path: String?, _ arguments: [String]) {
    self.name = name
    self.path = path
    self.arguments = arguments
  }

  /// What one run cost.
  struct Cost {
    let wall: Duration
    /// The largest resident set, in bytes.
    let peakBytes: Int
    /// Of the processor, in user and kernel mode.
    let processor: Duration
    /// As wait(2) gives it.
    let status: Int32
  }

  /// Runs the command once with its output thrown away.
  /// - Parameter seconds: ends it with SIGTERM after this time; nil lets it end by itself.
  /// - Returns: nil when it could not be started.
  func run(endingAfter seconds: Int? = nil) -> Cost? {
    guard let path else { return nil }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    var argv = ([path] + arguments).map { strdup($0) } + [nil]
    defer { for pointer in argv { free(pointer) } }
    var child: pid_t = 0
    let clock = ContinuousClock()
    let start = clock.now
    guard posix_spawn(&child, path, &actions, nil, &argv, environ) == 0 else { return nil }
    if let seconds {
      sleep(UInt32(seconds))
      kill(child, SIGTERM)
    }
    var status: Int32 = 0
    var usage = rusage()
    while wait4(child, &status, 0, &usage) < 0, errno == EINTR {}
    func duration(_ time: timeval) -> Duration { .seconds(time.tv_sec) + .microseconds(time.tv_usec) }
    return Cost(
      wall: clock.now - start, peakBytes: usage.ru_maxrss * 1024,
      processor: duration(usage.ru_utime) + duration(usage.ru_stime), status: status)
  }
}

/// One subject and its peers.
struct Comparison {
  let title: String
  let subject: Timed
  let peers: [Timed]
  let bound: (peer: String, ratio: Double)?
  let limit: Duration?
  /// The most that the subject may take, in MiB.
  var memoryLimitMiB: Int?

  func run(rounds: Int) {
    print(title)
    let all = [subject] + peers
    var costs: [[Timed.Cost]] = Array(repeating: [], count: all.count)
    for round in 0...rounds {
      for (index, command) in all.enumerated() {
        guard let cost = command.run() else { continue }
        // The first round warms the caches and does not count.
        if round > 0 { costs[index].append(cost) }
      }
    }
    let subjectMedian = median(costs[0].map(\.wall))
    for (index, command) in all.enumerated() {
      guard let middle = median(costs[index].map(\.wall)) else {
        print("  \(pad(command.name, 28)) not installed")
        continue
      }
      let peak = costs[index].map(\.peakBytes).max() ?? 0
      var line =
        "  \(pad(command.name, 28)) \(padLeft(milliseconds(middle), 10)) ms  \(padLeft("\(peak / 1_048_576)", 5)) MiB"
      if index > 0, let subjectMedian {
        let ratio = subjectMedian / middle
        line += "  ratio \(decimal(ratio, 2))"
        if let bound, command.name == bound.peer {
          line += "  (bound \(decimal(bound.ratio, 2)): \(ratio <= bound.ratio ? "holds" : "MISSED"))"
        }
      } else if let memoryLimitMiB {
        line +=
          "               (bound \(memoryLimitMiB) MiB: \(peak <= memoryLimitMiB * 1_048_576 ? "holds" : "MISSED"))"
      } else if let limit {
        line += "               (bound \(milliseconds(limit)) ms: \(middle <= limit ? "holds" : "MISSED"))"
      }
      print(line)
      // What failed did something else than what is measured.
      let failures = costs[index].count { $0.status != 0 }
      if failures > 0 { print("  \(failures) of \(costs[index].count) runs of \(command.name) FAILED") }
    }
    print("")
    // Also into a file or a pipe as it comes.
    fflush(nil)
  }

  private func median(_ values: [Duration]) -> Duration? {
    values.isEmpty ? nil : values.sorted()[values.count / 2]
  }

  private func milliseconds(_ duration: Duration) -> String { decimal(duration / .milliseconds(1), 2) }

  private func decimal(_ value: Double, _ digits: Int) -> String {
    let scale = (0..<digits).reduce(1.0) { result, _ in result * 10 }
    let scaled = Int((value * scale).rounded())
    let fraction = String(scaled % Int(scale))
    return "\(scaled / Int(scale)).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
  }

  private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private func padLeft(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
}
