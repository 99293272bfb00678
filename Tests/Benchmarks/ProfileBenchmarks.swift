import FoundationEssentials
import Glibc
import TestSupport

/// From a recording to the picture, against perf script alone, and against the ways that people go today.
extension Benchmarks {
  /// - Parameter directory: where recordings are kept from run to run; nil makes them anew.
  static func profiles(_ toolbox: String, rounds: Int, directory kept: String?) {
    guard let perf = program("perf") else {
      print("recordings are not timed: perf is not installed\n")
      return
    }
    guard geteuid() == 0 else {
      print("recordings are not timed: to record the whole machine needs root\n")
      return
    }
    do {
      let temporary = try kept == nil ? TemporaryDirectory() : nil
      let directory = kept ?? temporary?.path ?? "/nonexistent"
      let script = SharedCases.projectDirectory + "/Tests/Benchmarks/record-profiles.sh"
      print("recording for the comparisons of profiles\n")
      guard Timed("recording", "/bin/sh", [script, directory]).run()?.status == 0 else {
        print("recordings are not timed: Tests/Benchmarks/record-profiles.sh failed\n")
        return
      }
      for (name, bound) in [("small", 0.2), ("large", 0.2), ("shallow", 1.0 / 3)] {
        let path = "\(directory)/\(name).data"
        picture(toolbox, perf, path, title: name, bound: bound, rounds: name == "small" ? rounds : max(3, rounds / 2))
      }
      withExtendedLifetime(temporary) {}
    } catch {
      print("recordings cannot be timed here: \(error)\n")
    }
  }

  private static func picture(
    _ toolbox: String, _ perf: String, _ path: String, title: String, bound: Double, rounds: Int
  ) {
    let size = ((try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int ?? 0) / 1_000_000
    let subject = Timed("toolbox perf flamegraph", toolbox, ["perf", "flamegraph", path])
    let script = Timed("perf script --no-inline", perf, ["script", "--no-inline", "-i", path])
    Comparison(
      title: "from a recording of \(size) MB (\(title)) to the picture, \(rounds) rounds", subject: subject,
      peers: [script], bound: (peer: script.name, ratio: bound), limit: nil
    ).run(rounds: rounds)
    memory(subject, script)
    today(toolbox, perf, path, title: title)
    if title == "small" { text(toolbox, script, path + ".txt", rounds: rounds) }
  }

  /// Folding what perf script has printed, against FlameGraph's collapser.
  private static func text(_ toolbox: String, _ script: Timed, _ path: String, rounds: Int) {
    guard let perf = script.path else { return }
    defer { unlink(path) }
    let way = "'\(perf)' script --no-inline -i '\(path.dropLast(4))' > '\(path)'"
    guard Timed("perf script", "/bin/sh", ["-c", way]).run()?.status == 0 else {
      print("  the text of perf script is not timed: it cannot be written beside the recording\n")
      return
    }
    let size = ((try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int ?? 0) / 1_000_000
    let directory = ProcessInfo.processInfo.environment["FLAMEGRAPH_DIR"]
    let peer = directory.map { Timed("stackcollapse-perf.pl", "\($0)/stackcollapse-perf.pl", [path]) }
    if peer == nil {
      print("  stackcollapse-perf.pl is not timed: FLAMEGRAPH_DIR does not name its directory\n")
    }
    for rules in [[], ["--compat", "flamegraph"]] {
      Comparison(
        title: "from \(size) MB of perf script's text to folded stacks, by "
          + (rules.isEmpty ? "its own rules" : "FlameGraph's rules") + ", \(rounds) rounds",
        subject: Timed("toolbox perf collapse", toolbox, ["perf", "collapse"] + rules + [path]),
        peers: peer.map { [$0] } ?? [], bound: peer.map { (peer: $0.name, ratio: 1.0 / 7) },
        limit: .milliseconds(max(1, size * 5))
      ).run(rounds: rounds)
    }
  }

  /// Our anonymous memory, for mapped files are the system's to take back, against what perf script has resident at its peak.
  private static func memory(_ subject: Timed, _ peer: Timed) {
    guard let ours = subject.anonymousPeak(), let theirs = peer.run()?.peakBytes else { return }
    let verdict = ours * 1024 * 2 <= theirs ? "holds" : "MISSED"
    print(
      "  anonymous memory at its peak: \(ours / 1024) MiB; perf script: \(theirs >> 20) MiB  (bound half: \(verdict))\n"
    )
  }

  /// The Perl programs and inferno, where they are; neither is a package of Debian.
  private static func today(_ toolbox: String, _ perf: String, _ path: String, title: String) {
    let subject = Timed("toolbox perf flamegraph", toolbox, ["perf", "flamegraph", path])
    if let directory = ProcessInfo.processInfo.environment["FLAMEGRAPH_DIR"] {
      let way = "'\(perf)' script -i '\(path)' | '\(directory)/stackcollapse-perf.pl' | '\(directory)/flamegraph.pl'"
      Comparison(
        title: "the same against perf script, stackcollapse-perf.pl and flamegraph.pl, 3 rounds", subject: subject,
        peers: [Timed("the Perl programs", "/bin/sh", ["-c", way])],
        bound: (peer: "the Perl programs", ratio: title == "small" ? 1.0 / 9 : 1.0 / 15), limit: nil
      ).run(rounds: 3)
    } else {
      print("  the Perl programs are not timed: FLAMEGRAPH_DIR does not name a directory with stackcollapse-perf.pl\n")
    }
    if let inferno = find("flamegraph") {
      Comparison(
        title: "the same against inferno, 3 rounds", subject: subject,
        peers: [Timed("flamegraph --perfdata", inferno, ["--perfdata", path, "-o", "/dev/null"])],
        bound: (peer: "flamegraph --perfdata", ratio: 0.25), limit: nil
      ).run(rounds: 3)
    } else {
      print("  inferno is not timed: there is no program called flamegraph in PATH\n")
    }
  }
}

extension Timed {
  /// The most anonymous memory that the command had at any time, in KiB, looked at every millisecond; nil when it could not be
  /// started.
  func anonymousPeak() -> Int? {
    guard let path else { return nil }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for descriptor: Int32 in 0...2 {
      posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
    }
    var argv = ([path] + arguments).map { strdup($0) } + [nil]
    defer { for pointer in argv { free(pointer) } }
    var child: pid_t = 0
    guard posix_spawn(&child, path, &actions, nil, &argv, environ) == 0 else { return nil }
    var peak = 0
    var status: Int32 = 0
    while waitpid(child, &status, WNOHANG) == 0 {
      if let text = try? String(contentsOfFile: "/proc/\(child)/status", encoding: .utf8),
        let line = text.split(separator: "\n").first(where: { $0.hasPrefix("RssAnon:") }),
        let now = Int(line.split { !$0.isNumber }.first ?? "")
      {
        peak = max(peak, now)
      }
      usleep(1000)
    }
    return peak
  }
}
