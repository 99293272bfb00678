import Foundation
import GRDB
import TestSupport
import Testing

/// SIGKILL from outside at one system call after another: the next run goes on as if nothing had been.
///
/// strace counts the calls of a run that nobody disturbs, then lets a run die where it is about to make the first of them,
/// the second, and so on. What was before a call and what would be behind it both are points in this way.
@Suite struct KernelKillTests {
  /// The calls that make something last, or that ask for it: the database, its log and its locks, the request, the output,
  /// and the program that is run.
  private static let calls = [
    "pwrite64", "fdatasync", "fsync", "ftruncate", "write", "unlink", "rename", "flock", "fcntl", "sendto", "clone3",
    "execve", "waitid", "pidfd_open",
  ]
  /// Every so many calls of a kind are points; 1 where nothing stands.
  private static let steps = ["fcntl": 4]

  /// The nth call of a kind within one thread.
  struct Point: Hashable, Sendable {
    let call: String
    let number: Int
  }

  /// What strace wrote down of a run.
  struct Trace {
    struct Call {
      let thread: Substring
      let name: String
      let text: Substring
    }
    var calls: [Call] = []
    /// Whether the program itself was killed: its first thread.
    var isKilled = false

    init(_ path: String) throws {
      let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
      var first: Substring?
      for line in text.split(separator: "\n") {
        let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard parts.count == 2 else { continue }
        first = first ?? parts[0]
        let rest = parts[1].drop { $0 == " " }
        if rest.hasPrefix("+++ killed by SIGKILL"), parts[0] == first { isKilled = true }
        guard let open = rest.firstIndex(of: "("), rest[..<open].allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" })
        else { continue }
        calls.append(Call(thread: parts[0], name: String(rest[..<open]), text: rest[open...]))
      }
    }

    /// The call that the run died at, in words: which of its kind, and the file.
    func lastWords(of kind: String) -> String {
      guard let last = calls.last(where: { $0.name == kind }) else { return "nothing" }
      let number = calls.filter { $0.name == kind }.count
      let file = ["-wal", "-shm", ".lock"].first { last.text.contains("kernel.sqlite\($0)") }
      let place =
        if let file { " kernel.sqlite\(file)" } else if last.text.contains("kernel.sqlite") { " kernel.sqlite" } else {
          ""
        }
      return "\(last.name) \(number)\(place)"
    }
  }

  private static func tracer(_ point: Point?, into path: String) -> [String] {
    ["-f", "-y", "-q", "-s", "64", "-o", path, "-e", "trace=" + calls.joined(separator: ",")]
      + (point.map { ["-e", "inject=\($0.call):signal=KILL:when=\($0.number)"] } ?? [])
  }

  /// Why nothing can be traced here; nil when it can.
  private func obstacle() async throws -> String? {
    guard FileManager.default.isExecutableFile(atPath: "/usr/bin/strace") else { return "strace is not installed" }
    let probe = try await ToolboxProcess.run(path: "/usr/bin/strace", ["-f", "-q", "-o", "/dev/null", "/bin/true"])
    return probe.status == 0 ? nil : "this machine lets no process be traced"
  }

  /// The points of a run: every call, or every few, that touches the database's directory, the network, the output or the hook.
  private static func points(_ trace: Trace, in directory: String) -> [Point] {
    var numbers: [String: Int] = [:]
    var points: Set<Point> = []
    for call in trace.calls {
      let number = numbers["\(call.thread) \(call.name)", default: 0] + 1
      numbers["\(call.thread) \(call.name)"] = number
      let isOurs =
        switch call.name {
        case "clone3": !call.text.contains("CLONE_THREAD")
        case "execve": number == 1 && call.text.hasPrefix("(\"\(directory)/hook\"")
        case "write": call.text.hasPrefix("(1<")
        case "waitid", "pidfd_open", "sendto": true
        default: call.text.contains(directory)
        }
      if isOurs, (number - 1) % (steps[call.name] ?? 1) == 0 { points.insert(Point(call: call.name, number: number)) }
    }
    return points.sorted { ($0.call, $0.number) < ($1.call, $1.number) }
  }

  /// What became of one killed run.
  private struct Fate: Sendable {
    let point: Point
    var place = ""
    var isKilled = false
    /// What is wrong; empty when all is as it should be.
    var faults: [String] = []
    /// What the killed run had done before.
    var before = ""

    var line: String {
      let outcome = isKilled ? "killed" : "went on (the program that died was the hook, or there was no such call)"
      return "\(point.call):\(point.number)  \(place)  \(outcome)\(before)  \(faults.isEmpty ? "ok" : "\(faults)")"
    }
  }

  /// Kills a run at each point, a few side by side.
  private func fates(
    of points: [Point], _ fate: @escaping @Sendable (Point) async throws -> Fate
  ) async throws -> [Fate] {
    try await withThrowingTaskGroup(of: Fate.self) { group in
      var rest = points[...]
      var fates: [Fate] = []
      for _ in 0..<3 { if let point = rest.popFirst() { group.addTask { try await fate(point) } } }
      while let done = try await group.next() {
        fates.append(done)
        if let point = rest.popFirst() { group.addTask { try await fate(point) } }
      }
      return fates.sorted { ($0.point.call, $0.point.number) < ($1.point.call, $1.point.number) }
    }
  }

  private func report(_ fates: [Fate], of what: String) {
    print("kill points of \(what):")
    for fate in fates { print("  \(fate.line)") }
    let killed = fates.filter(\.isKilled)
    print(
      "  \(fates.count) points, \(killed.count) killed at \(Set(killed.map(\.place)).count) different calls, "
        + "\(fates.filter { !$0.faults.isEmpty }.count) with another outcome than a run that nobody kills")
  }

  @Test func `a watch that brings news is killed at every turn`() async throws {
    if let reason = try await obstacle() {
      print("skipped: \(reason)")
      return
    }
    let whole = try KernelTrial()
    #expect(try await whole.watchOnce("--exec", whole.hook, "--json").status == 0)
    let trace = whole.directory("trace")
    let undisturbed = try await ToolboxProcess.run(
      path: "/usr/bin/strace",
      Self.tracer(nil, into: trace) + [ToolboxProcess.path] + whole.watch + ["--exec", whole.hook, "--json"])
    #expect(undisturbed.status == 0)
    #expect(KernelTrial.ids(undisturbed.output) == KernelTrial.news && whole.taken() == KernelTrial.news)
    let truth = try await whole.log()
    #expect(truth.compactMap { $0["id"]?.string } == KernelTrial.news)
    let points = Self.points(try Trace(trace), in: whole.directory.path)
    let fates = try await fates(of: points) { try await Self.kill(at: $0, truth: truth) }
    report(fates, of: "`watch --once --exec HOOK --json` with four events")
    #expect(fates.filter { !$0.faults.isEmpty }.map(\.line) == [])
    #expect(Set(fates.filter(\.isKilled).map(\.place)).count >= 20)
  }

  private static func kill(at point: Point, truth: [JSONValue]) async throws -> Fate {
    var fate = Fate(point: point)
    func check(_ isRight: Bool, _ fault: @autoclosure () -> String) { if !isRight { fate.faults.append(fault()) } }
    let trial = try KernelTrial()
    check(try await trial.watchOnce("--exec", trial.hook, "--json").status == 0, "no seed")
    let path = trial.directory("trace")
    let killed = try await ToolboxProcess.run(
      path: "/usr/bin/strace",
      tracer(point, into: path) + [ToolboxProcess.path] + trial.watch + ["--exec", trial.hook, "--json"])
    let trace = try Trace(path)
    fate.isKilled = killed.status == 128 + 9 && trace.isKilled
    fate.place = trace.lastWords(of: point.call)
    check(fate.isKilled || killed.status <= 1, "status \(killed.status): \(killed.errors)")
    let told = KernelTrial.ids(killed.output)
    fate.before = ", \(told.count) told and \(trial.taken().count) taken before"
    // A reader answers at once, whatever the killed run left behind.
    let list = try await trial.run("list")
    check(list.status == 0 && list.output.contains("7.0.4"), "list after the kill: \(list.status) \(list.errors)")
    let next = try await trial.watchOnce("--exec", trial.hook, "--json")
    check(next.status == 0, "the next run: \(next.status) \(next.errors)")
    check(next.errors.isEmpty, "the next run says \(next.errors)")
    let quiet = try await trial.watchOnce("--exec", trial.hook, "--json")
    check(
      quiet.status == 0 && quiet.output.isEmpty && quiet.errors.isEmpty, "not quiet: \(quiet.output)\(quiet.errors)")
    check(try await trial.log() == truth, "another log")
    check(Set(told + KernelTrial.ids(next.output)) == Set(KernelTrial.news), "an event was not told")
    let taken = trial.taken()
    check(Set(taken) == Set(KernelTrial.news), "the hook got \(taken)")
    let firsts = taken.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    check(firsts == KernelTrial.news, "the hook got the events in another order: \(taken)")
    let results = try trial.inspect { try String.fetchAll($0, sql: "SELECT result FROM hook ORDER BY number") }
    check(results == ["done", "done", "done", "done"], "the hook's results are \(results)")
    let releases = try trial.inspect { try Int.fetchOne($0, sql: "SELECT count(*) FROM release") }
    check(releases == 6, "\(releases ?? 0) releases")
    check(try trial.integrity() == "ok", "the database is damaged")
    check(trial.server.requests.count <= 4, "\(trial.server.requests.count) requests")
    return fate
  }

  @Test func `the first run, which makes the database, is killed at every turn`() async throws {
    if let reason = try await obstacle() {
      print("skipped: \(reason)")
      return
    }
    let whole = try KernelTrial()
    let trace = whole.directory("trace")
    let undisturbed = try await ToolboxProcess.run(
      path: "/usr/bin/strace", Self.tracer(nil, into: trace) + [ToolboxProcess.path] + whole.watch + ["--json"])
    #expect(undisturbed.status == 0 && undisturbed.output.isEmpty)
    let all = Self.points(try Trace(trace), in: whole.directory.path)
    // Most of them are pages of the migration, each like the other.
    let points = all.enumerated().filter { $0.offset % max(1, all.count / 30) == 0 }.map(\.element)
    let fates = try await fates(of: points) { point in
      var fate = Fate(point: point)
      func check(_ isRight: Bool, _ fault: @autoclosure () -> String) { if !isRight { fate.faults.append(fault()) } }
      let state = KernelTrial.twoStates[0]
      // The state may be asked for twice before it changes: by the run that dies, and by the next one.
      let trial = try KernelTrial([state])
      let path = trial.directory("trace")
      let killed = try await ToolboxProcess.run(
        path: "/usr/bin/strace", Self.tracer(point, into: path) + [ToolboxProcess.path] + trial.watch + ["--json"])
      let trace = try Trace(path)
      fate.isKilled = killed.status == 128 + 9 && trace.isKilled
      fate.place = trace.lastWords(of: point.call)
      let list = try await trial.run("list")
      check(
        list.status == 0 && (list.output.contains("7.3-rc1") || list.output.contains("7.1-rc2")),
        "list after the kill: \(list.status) \(list.errors)")
      let next = try await trial.watchOnce("--json")
      check(next.status == 0 && next.output.isEmpty, "the next run: \(next.status) \(next.output)\(next.errors)")
      trial.server.then(KernelTrial.twoStates[1])
      // The answer before is repeated once more where the server has just that one left.
      var told: [String] = []
      for _ in 0..<2 { told += KernelTrial.ids(try await trial.watchOnce("--json").output) }
      check(told == KernelTrial.news, "told: \(told)")
      check(try await trial.logged() == KernelTrial.news, "another log")
      check(try trial.integrity() == "ok", "the database is damaged")
      return fate
    }
    report(fates, of: "the first `watch --once`")
    #expect(fates.filter { !$0.faults.isEmpty }.map(\.line) == [])
    #expect(Set(fates.filter(\.isKilled).map(\.place)).count >= 20)
  }

  // MARK: A disk that fails

  /// A call on the database's files that fails, once or from then on.
  private struct Failure: Sendable {
    let call: String
    let number: Int
    let error: String
    let isLasting: Bool

    var injection: String { "inject=\(call):error=\(error):when=\(number)\(isLasting ? "+" : "")" }
  }

  private static let failures: [Failure] = {
    let calls: [(String, [Int], [String])] = [
      ("pwrite64", [1, 5, 9, 10, 14, 19, 24, 30, 32, 34], ["EIO", "ENOSPC"]),
      ("pread64", [1, 2, 4, 7, 10, 14, 18, 23, 30], ["EIO"]), ("fdatasync", [1, 2], ["EIO"]),
      ("ftruncate", [1, 2], ["EIO"]), ("fcntl", [8, 40, 80], ["ENOLCK"]), ("flock", [1], ["ENOLCK"]),
    ]
    return calls.flatMap { call, numbers, errors in
      numbers.flatMap { number in
        errors.flatMap { error in
          [false, true].map { Failure(call: call, number: number, error: error, isLasting: $0) }
        }
      }
    }
  }()

  @Test func `a disk that fails at one call after another loses nothing`() async throws {
    if let reason = try await obstacle() {
      print("skipped: \(reason)")
      return
    }
    let lines = try await withThrowingTaskGroup(of: String.self) { group in
      var rest = Self.failures[...]
      var lines: [String] = []
      for _ in 0..<3 { if let failure = rest.popFirst() { group.addTask { try await Self.fail(failure) } } }
      while let line = try await group.next() {
        lines.append(line)
        if let failure = rest.popFirst() { group.addTask { try await Self.fail(failure) } }
      }
      return lines.sorted()
    }
    print("calls on the database's files that fail, once or (+) from then on:\n  \(lines.joined(separator: "\n  "))")
    // Some of them have to hurt, or nothing was tried.
    #expect(lines.count { $0.contains(" exit 1, ") } >= 20)
  }

  /// - Returns: what became of it, for the table.
  private static func fail(_ failure: Failure) async throws -> String {
    let trial = try KernelTrial()
    #expect(try await trial.watchOnce().status == 0)
    let files = ["", "-wal", "-shm", ".lock"].flatMap { ["-P", trial.database + $0] }
    let hurt = try await ToolboxProcess.run(
      path: "/usr/bin/strace",
      ["-f", "-q", "-o", "/dev/null"] + files + ["-e", "trace=" + failure.call, "-e", failure.injection]
        + [ToolboxProcess.path] + trial.watch + ["--json"])
    let told = KernelTrial.ids(hurt.output)
    let next = try await trial.watchOnce("--json")
    let what = "\(failure.injection.dropFirst("inject=".count))"
    #expect([0, 1, 75].contains(hurt.status), "\(what): \(hurt.status) \(hurt.errors)")
    #expect(hurt.errors.split(separator: "\n").count == (hurt.status == 0 ? 0 : 1), "\(what): \(hurt.errors)")
    #expect(next.status == 0 && next.errors.isEmpty, "\(what): \(next.errors)")
    #expect(Set(told + KernelTrial.ids(next.output)) == Set(KernelTrial.news), "\(what)")
    #expect(try await trial.logged() == KernelTrial.news, "\(what)")
    #expect(try trial.integrity() == "ok", "\(what)")
    let aside = try FileManager.default.contentsOfDirectory(atPath: trial.directory.path)
      .filter { $0.contains("damaged") }
    #expect(aside == [], "\(what)")
    let word = hurt.errors.split(separator: "\n").first.map {
      $0.split(separator: ": ").dropFirst(2).joined(separator: ": ")
    }
    return "\(what)  exit \(hurt.status), \(told.count) told, then \(KernelTrial.ids(next.output).count)  \(word ?? "")"
  }
}
