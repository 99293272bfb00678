import Foundation
import GRDB
import Glibc
import TestSupport
import Testing

/// How a watch ends: by signals, by what it waits for, by its time; and what it does where nobody can hear it.
@Suite struct KernelWatchEndTests {
  /// Sends a signal to a run and prints how long its end took.
  private func end(
    _ running: KernelTrial.Running, _ signal: Int32, _ what: String
  ) async throws -> ToolboxProcess.Outcome {
    let clock = ContinuousClock()
    let start = clock.now
    #expect(kill(running.pid, signal) == 0)
    let outcome = try await running.task.value
    let elapsed = clock.now - start
    print("signal \(signal) \(what): ended with \(outcome.status) after \(elapsed)")
    // A second; on a machine that is busy with other tests, more. What it waits for would take 25 seconds and more.
    #expect(elapsed < .seconds(18), "\(what)")
    return outcome
  }

  @Test(arguments: [SIGTERM, SIGINT]) func `a signal ends a slow fetch`(signal: Int32) async throws {
    for once in [false, true] {
      let trial = try KernelTrial([KernelTrial.twoStates[0], KernelTrial.twoStates[1].delayed(25_000)])
      try await trial.watchOnce()
      let before = try await trial.run("list", "--all", "--json").output
      let running = try await trial.start(
        trial.arguments(["watch", "--feed", trial.server.address()] + (once ? ["--once"] : [])))
      try await KernelTrial.wait(for: "the request") { trial.server.requests.count == 2 }
      let outcome = try await end(running, signal, "during a slow fetch\(once ? " with --once" : "")")
      #expect(outcome.status == 0)
      #expect(outcome.output == "" && outcome.errors == "")
      #expect(try await trial.run("list", "--all", "--json").output == before)
      #expect(try trial.integrity() == "ok")
    }
  }

  @Test(arguments: [SIGTERM, SIGINT]) func `a signal ends the wait`(signal: Int32) async throws {
    let trial = try KernelTrial()
    let running = try await trial.start(
      trial.arguments(["watch", "--interval", "1h", "--feed", trial.server.address()]))
    try await KernelTrial.wait(for: "the first fetch") {
      guard trial.server.requests.count == 1, FileManager.default.fileExists(atPath: trial.database) else {
        return false
      }
      return (try? trial.inspect { try Int.fetchOne($0, sql: "SELECT count(*) FROM track") ?? 0 } > 0) == true
    }
    let outcome = try await end(running, signal, "during the wait")
    #expect(outcome.status == 0)
    #expect(try trial.integrity() == "ok")
  }

  /// It runs for months: what a round leaves open would add up.
  @Test func `no database is open between two rounds`() async throws {
    let trial = try KernelTrial([KernelTrial.twoStates[0]])
    let running = try await trial.start(
      trial.arguments(["watch", "--interval", "1s", "--force", "--until", "9.99", "--feed", trial.server.address()]))
    try await KernelTrial.wait(for: "the third round") { trial.server.requests.count >= 3 }
    try await KernelTrial.wait(for: "a moment without an open database") {
      let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(running.pid)/fd")) ?? []
      let places = open.map {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(running.pid)/fd/\($0)")) ?? ""
      }
      return !places.isEmpty && !places.contains { $0.hasPrefix(trial.database) }
    }
    #expect(try await end(running, SIGTERM, "between two rounds").status == 0)
  }

  @Test(arguments: [SIGTERM, SIGINT]) func `a signal ends the wait for another process's fetch`(signal: Int32)
    async throws
  {
    for once in [false, true] {
      let trial = try KernelTrial()
      try await trial.watchOnce()
      let flock = Task {
        try await ToolboxProcess.run(
          path: "/usr/bin/flock",
          [trial.database + ".lock", "/bin/sh", "-c", "echo > \"$0\"; exec sleep 25", trial.directory("held")])
      }
      try await KernelTrial.wait(for: "the lock") { FileManager.default.fileExists(atPath: trial.directory("held")) }
      let running = try await trial.start(
        trial.arguments(["watch", "--feed", trial.server.address()] + (once ? ["--once"] : [])))
      try await KernelTrial.wait(for: "the wait at the lock") {
        let lock = trial.database + ".lock"
        let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(running.pid)/fd")) ?? []
        return open.contains {
          (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(running.pid)/fd/\($0)")) == lock
        }
      }
      let outcome = try await end(running, signal, "at the lock of another process\(once ? " with --once" : "")")
      #expect(outcome.status == 0)
      #expect(outcome.errors == "")
      #expect(trial.server.requests.count == 1)
      flock.cancel()
      _ = try? await flock.value
    }
  }

  @Test(arguments: [SIGTERM, SIGINT]) func `a signal ends the hook with its children, and the event is given again`(
    signal: Int32
  ) async throws {
    for once in [false, true] {
      let trial = try KernelTrial()
      try trial.write(
        hook: "sleep 60 &\necho $$ $! > \"${0%/*}/pids.new\"\nmv \"${0%/*}/pids.new\" \"${0%/*}/pids\"\nsleep 60\n")
      try await trial.watchOnce("--exec", trial.hook)
      let running = try await trial.start(
        trial.arguments(
          ["watch", "--json", "--exec", trial.hook, "--feed", trial.server.address()] + (once ? ["--once"] : [])))
      var pids: [pid_t] = []
      try await KernelTrial.wait(for: "the hook") {
        let bytes = FileManager.default.contents(atPath: trial.directory("pids")) ?? Data()
        pids = String(decoding: bytes, as: UTF8.self).split { !$0.isNumber }.compactMap { pid_t($0) }
        return pids.count == 2
      }
      #expect(pids.allSatisfy(KernelTrial.isAlive))
      let outcome = try await end(running, signal, "during a hook\(once ? " with --once" : "")")
      #expect(outcome.status == 0)
      #expect(KernelTrial.ids(outcome.output) == KernelTrial.news)
      try await KernelTrial.wait(for: "the end of the hook's children") { !pids.contains(where: KernelTrial.isAlive) }
      let result = try trial.inspect { try Row.fetchOne($0, sql: "SELECT attempts, result FROM hook") }
      #expect(result?["attempts"] == 0)
      #expect((result?["result"] as String?)?.contains("told to stop") == true)
      try trial.write(hook: "printf '%s\\n' \"$TOOLBOX_ID\" >> \"${0%/*}/taken\"")
      let next = try await trial.watchOnce("--exec", trial.hook, "--json")
      #expect(next.status == 0 && next.output == "")
      #expect(trial.taken() == KernelTrial.news)
      #expect(try trial.integrity() == "ok")
    }
  }

  @Test func `a hook that takes too long is ended with its children, and tried again`() async throws {
    let trial = try KernelTrial()
    try trial.write(hook: "trap '' TERM\nsleep 60 &\necho $! >> \"${0%/*}/pids\"\nwait\n")
    try await trial.watchOnce("--exec", trial.hook)
    let outcome = try await trial.watchOnce("--exec", trial.hook, "--exec-timeout", "1s")
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("took longer than 1 second"))
    let pids = String(decoding: FileManager.default.contents(atPath: trial.directory("pids")) ?? Data(), as: UTF8.self)
      .split { !$0.isNumber }.compactMap { pid_t($0) }
    #expect(pids.count == 1)
    try await KernelTrial.wait(for: "the end of the hook's children") { !pids.contains(where: KernelTrial.isAlive) }
  }

  // MARK: Where nobody hears it

  /// Runs one round with its output going where it cannot go.
  private func deaf(_ trial: KernelTrial, _ redirection: String) async throws -> ToolboxProcess.Outcome {
    try await trial.start(trial.watch + ["--json"], redirection: redirection).task.value
  }

  @Test(arguments: [
    ("closed", ">&-"), ("full", ">/dev/full"), ("for reading only", "1</dev/null"),
    ("a pipe that nobody reads", "3<>\"$PIPE\" 4>\"$PIPE\" 3>&- 1>&4 4>&-"),
  ])
  func `what could not be printed is told again`(name: String, redirection: String) async throws {
    let trial = try KernelTrial()
    try await trial.watchOnce()
    let pipe = trial.directory("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    let lost = try await deaf(trial, redirection.replacing("$PIPE", with: pipe))
    print("standard output \(name): \(lost.status), \(lost.errors.split(separator: "\n").first ?? "no word")")
    #expect(lost.output == "")
    #expect(lost.status == 1 || lost.status == 128 + SIGPIPE)
    #expect(lost.errors.split(separator: "\n").count <= 1)
    #expect(try await trial.logged() == KernelTrial.news)
    #expect(KernelTrial.ids(try await trial.watchOnce("--json").output) == KernelTrial.news)
    #expect(try await trial.watchOnce("--json").output == "")
  }

  @Test func `a long watch whose output is full ends and says so`() async throws {
    let trial = try KernelTrial()
    try await trial.watchOnce()
    let running = try await trial.start(
      trial.arguments(["watch", "--interval", "1h", "--feed", trial.server.address()]), redirection: ">/dev/full")
    let outcome = try await running.task.value
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("standard output"))
  }

  // MARK: What it waits for

  @Test func `until ends at once for what is known, shipped or stored`() async throws {
    let trial = try KernelTrial()
    let shipped = try await trial.run("watch", "--until", "6.1", "--feed", trial.server.address())
    #expect(shipped.status == 0)
    #expect(shipped.output == "6.1 is out, 11 December 2022\n")
    #expect(trial.server.requests.isEmpty)
    try await trial.watchOnce()
    try await trial.watchOnce()
    for version in ["6.1.172", "7.1-rc3"] {
      let stored = try await trial.run("watch", "--until", version, "--feed", trial.server.address())
      #expect(stored.status == 0)
      #expect(stored.output.hasPrefix("\(version) is out"))
    }
    #expect(trial.server.requests.count == 2)
  }

  @Test func `until ends with the final, not with its candidates, and asks as often as the interval says`() async throws
  {
    func state(_ version: String) -> ScriptedServer.Answer {
      .status(
        200,
        text: KernelTrial.feed([
          ("mainline", version, "2026-09-06"), ("stable", "7.2.4", "2026-09-04"),
        ]))
    }
    let trial = try KernelTrial([state("99.1-rc1"), state("99.1-rc1"), state("99.1-rc2"), state("99.1")])
    let clock = ContinuousClock()
    let start = clock.now
    let outcome = try await trial.run("watch", "--until", "99.1", "--interval", "1s", "--feed", trial.server.address())
    #expect(outcome.status == 0)
    #expect(outcome.output.split(separator: "\n").last?.hasPrefix("99.1 is out") == true)
    #expect(outcome.output.contains("release     99.1-rc2"))
    #expect(trial.server.requests.count == 4)
    // Three intervals lie between four requests.
    #expect(clock.now - start >= .seconds(3))
  }

  @Test func `until gives up after its time with 75`() async throws {
    let trial = try KernelTrial()
    let clock = ContinuousClock()
    let start = clock.now
    let outcome = try await trial.run(
      "watch", "--until", "99.1", "--timeout", "2s", "--interval", "1h", "--feed", trial.server.address())
    #expect(outcome.status == 75)
    #expect(outcome.errors.contains("99.1"))
    #expect(clock.now - start >= .seconds(2))
    #expect(trial.server.requests.count <= 2)
  }

  @Test func `a wall clock that is wrong stops no watch`() async throws {
    let trial = try KernelTrial()
    try await trial.watchOnce()
    // What a run stored while the clock stood a year ahead: fetched then, and told to wait till then.
    let queue = try DatabaseQueue(path: trial.database)
    let ahead = Int(Date().timeIntervalSince1970) + 366 * 86_400
    try await queue.write { db in
      try db.execute(sql: "UPDATE feed SET fetched_at = ?, validators_at = ?", arguments: [ahead, ahead])
      try db.execute(
        sql: "INSERT INTO origin VALUES (?, ?, 1, 1)", arguments: ["http://127.0.0.1:\(trial.server.port)", ahead])
    }
    try queue.close()
    let outcome = try await trial.watchOnce("--json")
    #expect(outcome.status == 0)
    #expect(outcome.errors.contains("the clock was wrong"))
    #expect(KernelTrial.ids(outcome.output) == KernelTrial.news)
  }
}
