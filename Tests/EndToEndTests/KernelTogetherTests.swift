import Foundation
import GRDB
import TestSupport
import Testing

/// Many processes at one database, one that keeps it locked, and a disk that is full.
@Suite struct KernelTogetherTests {
  private func together(_ commands: [[String]]) async throws -> [ToolboxProcess.Outcome] {
    try await withThrowingTaskGroup(of: (Int, ToolboxProcess.Outcome).self) { group in
      for (index, command) in commands.enumerated() {
        group.addTask { (index, try await ToolboxProcess.run(command)) }
      }
      return try await group.reduce(into: [(Int, ToolboxProcess.Outcome)]()) { $0.append($1) }
        .sorted { $0.0 < $1.0 }.map(\.1)
    }
  }

  private func faults(_ commands: [[String]], _ outcomes: [ToolboxProcess.Outcome]) -> [String] {
    zip(commands, outcomes).filter { $1.status != 0 }.map { "\($0[1]): \($1.status) \($1.errors)" }
  }

  @Test func `ten processes that do ten things at once`() async throws {
    let trial = try KernelTrial()
    try await trial.watchOnce()
    let file = try trial.directory.write("more.json", text: KernelTrial.after)
    let commands: [[String]] = [
      trial.watch + ["--json"], trial.watch + ["--json"], trial.arguments(["fetch", "--feed", trial.server.address()]),
      trial.arguments(["fetch", "--feed", trial.server.address()]), trial.arguments(["list"]),
      trial.arguments(["tracks"]), trial.arguments(["ack"]), trial.arguments(["events", "--json"]),
      trial.arguments(["import", file]), trial.arguments(["tracks", "add", "6.6"]),
    ]
    let outcomes = try await together(commands)
    #expect(faults(commands, outcomes) == [])
    #expect(try await trial.logged() == KernelTrial.news)
    // At least once: by the two watches, or by the next one.
    let told = outcomes[0].output + outcomes[1].output + (try await trial.watchOnce("--json").output)
    #expect(Set(KernelTrial.ids(told)) == Set(KernelTrial.news))
    #expect(try await trial.watchOnce("--json").output == "")
    #expect(try trial.inspect { try Int.fetchOne($0, sql: "SELECT count(*) FROM release") } == 6)
    #expect(try trial.inspect { try Int.fetchOne($0, sql: "SELECT count(*) FROM track WHERE name = '6.6'") } == 1)
    #expect(try trial.integrity() == "ok")
  }

  @Test func `ten processes that all make the database`() async throws {
    let trial = try KernelTrial()
    let file = try trial.directory.write("before.json", text: KernelTrial.before)
    let commands = (0..<10).map { number in
      number.isMultiple(of: 2) ? trial.watch : trial.arguments(["import", file])
    }
    let outcomes = try await together(commands)
    #expect(faults(commands, outcomes) == [])
    #expect(try trial.integrity() == "ok")
    let files = try FileManager.default.contentsOfDirectory(atPath: trial.directory.path)
    #expect(files.filter { $0.contains("damaged") || $0.contains("backup") } == [])
    #expect(try await trial.run("latest", "mainline").status == 0)
  }

  @Test func `ten fetches at once ask the server once`() async throws {
    // Slow enough that all ten are there before the first one is answered.
    let trial = try KernelTrial([
      .status(200, text: KernelTrial.before).tagged("\"1\""),
      .status(200, text: KernelTrial.after).tagged("\"2\"").delayed(2500),
    ])
    try await trial.fetch()
    let commands = (0..<10).map { _ in trial.arguments(["fetch", "--feed", trial.server.address()]) }
    let outcomes = try await together(commands)
    #expect(faults(commands, outcomes) == [])
    // One that comes when the first is done asks again: not more than a fetch each, and a 304 then.
    let asked = trial.server.requests.count - 1
    print(
      "ten fetches at once: \(asked) request(s), \(outcomes.filter { $0.output.contains("6.1.172") }.count) told the news"
    )
    #expect((1...10).contains(asked))
    #expect(outcomes.filter { $0.output.contains("release     6.1.172") }.count == 1)
    #expect(try await trial.logged() == KernelTrial.news)
    #expect(try trial.integrity() == "ok")
  }

  @Test func `readers answer while somebody keeps the database locked, writers wait`() async throws {
    let trial = try KernelTrial()
    try await trial.watchOnce()
    let reading: [[String]] = [
      [], ["status"], ["list"], ["list", "--all", "--json"], ["latest"], ["show", "6.1.170"], ["next"], ["events"],
      ["tracks"],
    ]
    let free = try await together(reading.map { trial.arguments($0) })
    #expect(free.map(\.status) == reading.map { _ in 0 })
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    let queue = try DatabaseQueue(path: trial.database, configuration: configuration)
    try queue.inDatabase { db in
      try db.execute(sql: "BEGIN IMMEDIATE")
      for number in 0..<5000 {
        try db.execute(sql: "INSERT INTO cursor VALUES (?, ?)", arguments: ["from outside \(number)", number])
      }
    }
    let clock = ContinuousClock()
    let start = clock.now
    let locked = try await together(reading.map { trial.arguments($0) })
    let elapsed = clock.now - start
    for (before, now) in zip(free, locked) {
      #expect(now.status == 0)
      // What is counted from now on can differ in a second.
      #expect(
        now.errors == before.errors
          && now.output.split(separator: "\n").count == before.output.split(separator: "\n").count)
    }
    // The lock is held until the end, so one that needed it would have ended with 75, as the writer does.
    print("nine readers beside a long write transaction: \(elapsed) together")
    // A writer waits, then says who keeps it waiting.
    let writer = try await trial.fetch()
    #expect(writer.status == 75)
    #expect(writer.errors.split(separator: "\n").count == 1 && writer.errors.contains("keeps the database locked"))
    try queue.inDatabase { try $0.execute(sql: "ROLLBACK") }
    try queue.close()
    #expect(KernelTrial.ids(try await trial.watchOnce("--json").output) == KernelTrial.news)
    #expect(try trial.integrity() == "ok")
  }

  // MARK: A full disk

  /// Runs in a mount namespace of its own: a small file system, filled up to so many KiB, and the program on it before, then
  /// and afterwards. What each run said goes to files outside.
  private static let script = """
    set -u
    out=$1 disk=$2 feed=$3 free=$4; shift 4
    mount -t tmpfs -o size=1m tmpfs "$disk" || exit 99
    run() { name=$1; shift; "$@" > "$out/$name.out" 2> "$out/$name.err" < /dev/null; echo $? > "$out/$name.rc"; }
    run seed "$@" kernel watch --once --json --feed "$feed" --database "$disk/kernel.sqlite"
    if test "$free" -gt 0; then head -c "${free}k" /dev/zero > "$disk/room"; fi
    head -c 2m /dev/zero > "$disk/ballast" 2> /dev/null
    rm -f "$disk/room"
    run before "$@" kernel list --all --json --database "$disk/kernel.sqlite"
    run full "$@" kernel watch --once --json --feed "$feed" --database "$disk/kernel.sqlite"
    run after "$@" kernel list --all --json --database "$disk/kernel.sqlite"
    run log "$@" kernel events --json --database "$disk/kernel.sqlite"
    rm "$disk/ballast"
    run next "$@" kernel watch --once --json --feed "$feed" --database "$disk/kernel.sqlite"
    run end "$@" kernel events --json --database "$disk/kernel.sqlite"
    cp "$disk/kernel.sqlite" "$out/kernel.sqlite"
    test ! -e "$disk/kernel.sqlite-wal" || cp "$disk/kernel.sqlite-wal" "$out/kernel.sqlite-wal"
    """

  @Test func `a disk that is full: the old state stands, and the news comes when there is room`() async throws {
    var said: [String] = []
    for free in [0, 4, 8, 16, 24, 32, 48, 64, 96] {
      let trial = try KernelTrial()
      let disk = trial.directory("disk")
      try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
      let outcome = try await ToolboxProcess.run(
        path: "/usr/bin/unshare",
        [
          "--mount", "/bin/sh", "-c", Self.script, "sh", trial.directory.path, disk, trial.server.address(), "\(free)",
          ToolboxProcess.path,
        ])
      if outcome.status == 99 || outcome.errors.contains("unshare") {
        print("skipped: this machine allows no file system of a test's own")
        return
      }
      func text(_ name: String) -> String {
        String(decoding: FileManager.default.contents(atPath: trial.directory(name)) ?? Data(), as: UTF8.self)
      }
      func status(_ name: String) -> Int? { Int(text(name + ".rc").filter(\.isNumber)) }
      #expect(["seed", "before", "after", "log", "next", "end"].map(status) == [0, 0, 0, 0, 0, 0], "\(free) KiB left")
      let failed = status("full") != 0
      let told = KernelTrial.ids(text("full.out"))
      said.append(
        "  \(free) KiB left: exit \(status("full") ?? -1), \(told.count) told, \(KernelTrial.ids(text("log.out")).count) stored; "
          + "then \(KernelTrial.ids(text("next.out")).count) told"
          + (failed ? "; \(text("full.err").split(separator: "\n").first?.suffix(60) ?? "")" : ""))
      if failed {
        #expect(status("full") == 1, "\(free) KiB left")
        #expect(text("full.err").split(separator: "\n").count == 1, "\(text("full.err"))")
        #expect(text("full.err").contains("no space left"), "\(text("full.err"))")
      }
      // All of the news is stored, or nothing is.
      let stored = KernelTrial.ids(text("log.out"))
      #expect(stored == [] || stored == KernelTrial.news)
      if stored.isEmpty {
        #expect(text("after.out") == text("before.out"))
        #expect(told == [])
      }
      #expect(Set(told + KernelTrial.ids(text("next.out"))) == Set(KernelTrial.news), "\(free) KiB left")
      #expect(KernelTrial.ids(text("end.out")) == KernelTrial.news)
      #expect(try trial.integrity() == "ok")
      if free == 0 { #expect(failed && stored.isEmpty) }
    }
    print("a disk with little room:\n" + said.joined(separator: "\n"))
  }
}
