import Foundation
import TestSupport
import Testing

/// `toolbox kernel fetch` and `watch` against a server that answers as it is told.
@Suite struct KernelFeedTests {
  private let directory: TemporaryDirectory
  private let database: String

  init() throws {
    directory = try TemporaryDirectory()
    database = directory("kernel.sqlite")
  }

  private func feed(_ rows: (moniker: String, version: String, day: String)...) -> String {
    KernelTrial.feed(rows, latestStable: "7.0.5")
  }

  private var first: String {
    feed(
      ("mainline", "7.1-rc2", "2026-05-03"), ("stable", "7.0.4", "2026-05-07"), ("longterm", "6.1.170", "2026-04-30"))
  }

  private var second: String {
    feed(
      ("mainline", "7.1-rc3", "2026-05-10"), ("stable", "7.0.4", "2026-05-07"), ("longterm", "6.1.172", "2026-05-08"))
  }

  private func run(_ server: ScriptedServer, _ arguments: String...) async throws -> ToolboxProcess.Outcome {
    try await ToolboxProcess.run(
      ["kernel"] + arguments + ["--feed", server.address(), "--database", database])
  }

  private func watch(_ server: ScriptedServer, _ more: String...) async throws -> ToolboxProcess.Outcome {
    try await ToolboxProcess.run(
      ["kernel", "watch", "--once", "--feed", server.address(), "--database", database] + more)
  }

  @Test func `the cycle: silent at first, then 304, then news, each once`() async throws {
    let server = try ScriptedServer([
      .status(200, text: first, headers: ["ETag": "\"1\"", "Last-Modified": "Sun, 10 May 2026 10:00:00 GMT"]),
      .status(304), .status(200, text: second, headers: ["ETag": "\"2\""]), .status(304),
    ])
    let seed = try await watch(server, "--exit-code")
    #expect(seed.status == 0)
    #expect(seed.output.isEmpty)
    #expect(seed.errors.contains("3 releases stored"))
    let same = try await watch(server, "--exit-code")
    #expect(same.status == 0)
    #expect(same.output.isEmpty && same.errors.isEmpty)
    let news = try await watch(server, "--exit-code")
    #expect(news.status == 2)
    #expect(
      news.output == """
        skipped     6.1.171, before 6.1.172: came and went unseen
        release     6.1.172  longterm  2026-05-08  after 6.1.170
        release     7.1-rc3  mainline  2026-05-10  after 7.1-rc2

        """)
    let quiet = try await watch(server, "--exit-code")
    #expect(quiet.status == 0)
    #expect(quiet.output.isEmpty)
    #expect(server.requests.map { $0.headers["if-none-match"] } == [nil, "\"1\"", "\"1\"", "\"2\""])
    #expect(server.requests.map { $0.headers["if-modified-since"] != nil } == [false, true, true, false])
    #expect(server.requests[0].headers["user-agent"]?.hasPrefix("toolbox/") == true)
    let list = try await ToolboxProcess.run(["kernel", "list", "--database", database])
    #expect(list.output.contains("6.1.172  longterm  2026-05-08"))
    let status = try await ToolboxProcess.run(["kernel", "--database", database])
    #expect(status.output.contains("From \(server.address()), fetched "))
  }

  @Test func `a fetch keeps its news for the watch`() async throws {
    let server = try ScriptedServer([.status(200, text: first), .status(200, text: second), .status(200, text: second)])
    _ = try await watch(server)
    let fetch = try await run(server, "fetch")
    #expect(fetch.output.contains("release     6.1.172"))
    let later = try await watch(server, "--json")
    let lines = later.output.split(separator: "\n")
    #expect(lines.count == 3)
    for line in lines {
      #expect(try JSONSchema(fileNamed: "toolbox.kernel.event.1.json").violations(in: String(line)) == [])
    }
    #expect(later.output.contains(#""id":"release:6.1:6.1.172""#))
  }

  @Test func `every document of a fetch fits its schema`() async throws {
    let server = try ScriptedServer([
      .status(200, text: first), .status(200, text: second),
      .status(200, text: second, headers: ["Cache-Control": "max-age=600"]),
    ])
    for outcome in ["seeded", "changed", "unchanged", "not_due"] {
      let result = try await run(server, "fetch", "--json")
      #expect(result.status == 0)
      #expect(try JSONSchema(fileNamed: "toolbox.kernel.fetch.1.json").violations(in: result.output) == [])
      #expect(result.output.contains("\"outcome\" : \"\(outcome)\""))
    }
    #expect(server.requests.count == 3)
    for arguments in [["status"], ["list"], ["list", "--all"], ["show", "6.1.172"], ["latest"]] {
      let schema = ["status": "status", "show": "release"][arguments[0]] ?? "releases"
      let result = try await ToolboxProcess.run(["kernel"] + arguments + ["--json", "--database", database])
      #expect(try JSONSchema(fileNamed: "toolbox.kernel.\(schema).1.json").violations(in: result.output) == [])
    }
  }

  struct Fault: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let answer: ScriptedServer.Answer
    let status: Int32
    let message: String
  }

  static let faults: [Fault] = [
    Fault(testDescription: "500", answer: .status(500, text: "oops"), status: 69, message: "HTTP 500"),
    Fault(testDescription: "404", answer: .status(404, text: "gone"), status: 69, message: "HTTP 404"),
    Fault(testDescription: "403", answer: .status(403, text: "no"), status: 69, message: "HTTP 403"),
    Fault(
      testDescription: "cut body",
      answer: ScriptedServer.Answer.status(200, text: #"{"releases":[{"version":"6.1"}]}"#).cut(9),
      status: 65, message: "incomplete or broken"),
    Fault(
      testDescription: "cut JSON", answer: .status(200, text: #"{"releases":[{"version":"#), status: 65,
      message: "before it is complete"),
    Fault(
      testDescription: "HTML with 200", answer: .status(200, text: "<!doctype html><title>Log in</title>"), status: 65,
      message: "HTML page"),
    Fault(testDescription: "empty body", answer: .status(200), status: 65, message: "is empty"),
    Fault(
      testDescription: "closed without an answer", answer: ScriptedServer.Answer(bytes: []), status: 65,
      message: "incomplete or broken"),
    Fault(
      testDescription: "nonsense for HTTP", answer: ScriptedServer.Answer(bytes: Array("SSH-2.0-x\r\n".utf8)),
      status: 65,
      message: "incomplete or broken"),
    Fault(
      testDescription: "content that is no gzip",
      answer: .status(200, text: "{}", headers: ["Content-Encoding": "gzip"]),
      status: 65, message: "incomplete or broken"),
    Fault(
      testDescription: "a body beyond the limit", answer: .status(200, [UInt8](repeating: 0x20, count: (4 << 20) + 1)),
      status: 65, message: "larger than 4 MiB"),
    Fault(
      testDescription: "a redirect to a file", answer: .status(302, headers: ["Location": "file:///etc/passwd"]),
      status: 3,
      message: "refused"),
    Fault(
      testDescription: "escapes in the answer", answer: .status(200, text: "\u{1B}]0;owned\u{07}\u{202E}evil"),
      status: 65,
      message: "in no feed format"),
  ]

  @Test(arguments: faults) func `a fault is one clear line and leaves all as it was`(fault: Fault) async throws {
    let server = try ScriptedServer([.status(200, text: first), fault.answer, .status(200, text: second)])
    _ = try await watch(server)
    let before = try await ToolboxProcess.run(["kernel", "list", "--all", "--json", "--database", database])
    let failed = try await watch(server)
    #expect(failed.status == fault.status)
    #expect(failed.output.isEmpty)
    #expect(failed.errors.split(separator: "\n").count == 1)
    #expect(failed.errors.contains(server.address()))
    #expect(failed.errors.contains(fault.message))
    #expect(!failed.errors.contains("\u{1B}") && !failed.errors.contains("\u{202E}"))
    let after = try await ToolboxProcess.run(["kernel", "list", "--all", "--json", "--database", database])
    #expect(after.output == before.output)
    // Nothing is lost: the next good answer brings the news.
    #expect(try await watch(server).output.contains("6.1.172"))
  }

  @Test func `a request to wait is obeyed by the next process, with force too`() async throws {
    let server = try ScriptedServer([.status(429, headers: ["Retry-After": "3600"])])
    let asked = try await run(server, "fetch")
    #expect(asked.status == 75)
    #expect(asked.errors.contains("HTTP 429"))
    let waiting = try await run(server, "fetch", "--force")
    #expect(waiting.status == 75)
    #expect(waiting.errors.contains("nothing was sent"))
    #expect(server.requests.count == 1)
  }

  @Test func `nobody there, no such name and no such scheme`() async throws {
    func fetch(_ address: String) async throws -> ToolboxProcess.Outcome {
      try await ToolboxProcess.run(["kernel", "fetch", "--feed", address, "--database", database])
    }
    let closed = try await fetch("http://127.0.0.1:1/releases.json")
    #expect(closed.status == 69)
    #expect(closed.errors.contains("cannot be reached"))
    let scheme = try await fetch("ftp://127.0.0.1/releases.json")
    #expect(scheme.status == 64)
    let noTLS = try ScriptedServer([.status(200)])
    let tls = try await fetch("https://127.0.0.1:\(noTLS.port)/")
    #expect(tls.status == 76)
    #expect(tls.errors.contains("TLS"))
  }

  @Test func `a damaged database is moved aside and said, and seeding starts again`() async throws {
    let server = try ScriptedServer([.status(200, text: first), .status(200, text: second)])
    _ = try await watch(server)
    let head = try Data(contentsOf: URL(fileURLWithPath: database)).prefix(100)
    for file in ["kernel.sqlite-wal", "kernel.sqlite-shm"] {
      try? FileManager.default.removeItem(atPath: directory(file))
    }
    try directory.write("kernel.sqlite", Array(head) + [UInt8](repeating: 0x41, count: 8192))
    let reader = try await ToolboxProcess.run(["kernel", "list", "--database", database])
    #expect(reader.status == 0)
    #expect(reader.errors.contains("damaged"))
    #expect(reader.output.contains("7.3-rc1"))
    let writer = try await watch(server)
    #expect(writer.status == 0)
    #expect(writer.output.isEmpty)
    #expect(writer.errors.contains("is now \(database).damaged-"))
    #expect(try await ToolboxProcess.run(["kernel", "latest", "6.1", "--database", database]).output == "6.1.172\n")
  }

  /// What a confirmation stores is in the file beside the database; whoever reads it reads that too, and it does not grow.
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/strace"), "strace is not installed"))
  func `a fetch that finds nothing new does not wait for the disk, and what it stores is there`() async throws {
    let server = try ScriptedServer(
      [.status(200, text: first).tagged("\"1\"")] + (0..<40).map { _ in .status(304) }, repeatsLast: true)
    for _ in 0..<2 { #expect(try await run(server, "fetch").status == 0) }
    let trace = directory("trace")
    let third = try await ToolboxProcess.run(
      path: "/usr/bin/strace",
      ["-f", "-qq", "-e", "trace=fsync,fdatasync,exit_group", "-o", trace, ToolboxProcess.path]
        + ["kernel", "fetch", "--feed", server.address(), "--database", database])
    #expect(third.status == 0)
    #expect(third.output.contains("it has not changed"))
    let calls = try String(contentsOfFile: trace, encoding: .utf8)
    #expect(calls.contains("exit_group(0)"))
    #expect(!calls.contains("sync("))
    let last = server.requests.count
    for _ in 0..<40 { #expect(try await run(server, "fetch").status == 0) }
    #expect(server.requests.dropFirst(last).allSatisfy { $0.headers["if-none-match"] == "\"1\"" })
    let beside = try FileManager.default.attributesOfItem(atPath: database + "-wal")[.size] as? Int
    #expect(try #require(beside) < 200_000)
    #expect(try await ToolboxProcess.run(["kernel", "latest", "6.1", "--database", database]).output == "6.1.170\n")
  }

  @Test func `a newer schema is refused by readers and writers`() async throws {
    let server = try ScriptedServer([.status(200, text: first), .status(200, text: second)])
    _ = try await watch(server)
    // user_version stands in bytes 60 to 63 of the file's header.
    var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: database)))
    bytes[63] = 99
    try directory.write("kernel.sqlite", bytes)
    for arguments in [["list"], ["fetch", "--feed", server.address()]] {
      let outcome = try await ToolboxProcess.run(["kernel"] + arguments + ["--database", database])
      #expect(outcome.status == 78)
      #expect(outcome.errors.contains("newer toolbox"))
    }
    #expect(server.requests.count == 1)
  }

  @Test func `a directory that cannot be written is told before anything is sent`() async throws {
    let server = try ScriptedServer([.status(200, text: first)])
    try directory.write("file", text: "")
    let outcome = try await ToolboxProcess.run([
      "kernel", "fetch", "--feed", server.address(), "--database", directory("file/kernel.sqlite"),
    ])
    #expect(outcome.status == 77)
    #expect(outcome.errors.split(separator: "\n").count == 1)
    #expect(outcome.errors.contains("no news is lost"))
    #expect(server.requests.isEmpty)
  }

  @Test(.enabled(if: geteuid() == 0, "only root can become another user"))
  func `an ordinary user reads what root stored and cannot write there`() async throws {
    let server = try ScriptedServer([.status(200, text: first), .status(200, text: first), .status(200, text: first)])
    _ = try await watch(server)
    chmod(directory.path, 0o755)
    let program = directory("toolbox")
    // By another process: a descriptor for writing here would be open in children of other tests, and the kernel runs no
    // program that somebody can write to.
    #expect(try await ToolboxProcess.run(path: "/bin/cp", [ToolboxProcess.path, program]).status == 0)
    func asNobody(
      _ arguments: String..., environment: [String: String] = [:]
    ) async throws -> ToolboxProcess.Outcome {
      try await ToolboxProcess.run(
        path: "/usr/bin/setpriv",
        ["--reuid=65534", "--regid=65534", "--clear-groups", program, "kernel"] + arguments
          + (environment.isEmpty ? ["--database", database] : []), environment: environment)
    }
    let list = try await asNobody("list")
    #expect(list.status == 0)
    #expect(list.output.contains("6.1.170"))
    let fetch = try await asNobody("fetch", "--feed", server.address())
    #expect(fetch.status == 77)
    // A fetch that only confirms leaves its page in the log.
    for _ in 0..<2 { #expect(try await run(server, "fetch").status == 0) }
    let log = try FileManager.default.attributesOfItem(atPath: database + "-wal")[.size] as? Int
    #expect(try #require(log) > 0)
    #expect(try await asNobody("list").output == list.output)
    try FileManager.default.removeItem(atPath: database + "-shm")
    #expect(try await asNobody("list").output == list.output)
    #expect(!FileManager.default.fileExists(atPath: database + "-shm"))
    try FileManager.default.removeItem(atPath: database + "-wal")
    #expect(try await asNobody("list").output == list.output)
    // A database of their own, at the usual place.
    let home = directory("home")
    try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
    chown(home, 65534, 65534)
    let mine = ["XDG_STATE_HOME": home]
    server.then(.status(200, text: second))
    #expect(try await asNobody("fetch", "--feed", server.address(), environment: mine).status == 0)
    #expect(FileManager.default.fileExists(atPath: home + "/toolbox/kernel.sqlite"))
    #expect(try await asNobody("latest", "6.1", environment: mine).output == "6.1.172\n")
  }

  @Test func `two processes at once store everything once`() async throws {
    let server = try ScriptedServer([.status(200, text: first), .status(200, text: second)], repeatsLast: true)
    _ = try await watch(server)
    let address = server.address()
    let database = database
    let outcomes = try await withThrowingTaskGroup(of: ToolboxProcess.Outcome.self) { group in
      for _ in 0..<6 {
        group.addTask {
          try await ToolboxProcess.run(["kernel", "fetch", "--feed", address, "--database", database])
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(outcomes.map(\.status) == [0, 0, 0, 0, 0, 0])
    #expect(outcomes.filter { $0.output.contains("6.1.172") }.count == 1)
    #expect(try await watch(server).output.split(separator: "\n").count == 3)
  }

  @Test func `a watch goes on over faults and ends cleanly when it is told to`() async throws {
    let server = try ScriptedServer(
      [.status(200, text: first), .status(500), .status(200, text: second)], repeatsLast: true)
    let outcome = try await ToolboxProcess.run(
      path: "/usr/bin/timeout",
      [
        "--signal=TERM", "--preserve-status", "12", ToolboxProcess.path, "kernel", "watch", "--interval", "1s",
        "--feed",
        server.address(), "--database", database,
      ])
    #expect(outcome.status == 0)
    #expect(outcome.errors.contains("HTTP 500"))
    #expect(outcome.output.contains("release     6.1.172"))
    #expect(outcome.output.split(separator: "\n").count == 3)
  }

  @Test(.enabled(if: geteuid() == 0, "hiding libcurl needs root"))
  func `a missing libcurl names its package and the rest works`() async throws {
    let server = try ScriptedServer([.status(200, text: first)])
    try directory.write("empty", text: "")
    // In a mount namespace of its own, an empty file stands in place of every libcurl.
    let script = """
      for file in /usr/lib/*/libcurl.so.4 /usr/lib/*/libcurl.so.4.*; do
        if test -f "$file"; then mount --bind "$1" "$file" || exit 99; fi
      done
      shift; exec "$@"
      """
    func hidden(_ arguments: String...) async throws -> ToolboxProcess.Outcome {
      try await ToolboxProcess.run(
        path: "/usr/bin/unshare",
        ["-m", "sh", "-c", script, "sh", directory("empty"), ToolboxProcess.path, "kernel"] + arguments)
    }
    let fetch = try await hidden("fetch", "--feed", server.address(), "--database", database)
    if fetch.status == 99 || fetch.errors.contains("unshare") {
      print("skipped: this machine allows no mount namespace")
      return
    }
    #expect(fetch.status == 69)
    #expect(fetch.errors.contains("libcurl4"))
    #expect(server.requests.isEmpty)
    #expect(try await hidden("show", "4.15-rc6").status == 0)
  }

  @Test func `a name that steers the terminal is printed without its escapes`() async throws {
    let server = try ScriptedServer([
      .status(
        200, text: #"{"releases":[{"moniker":"\u001b[31mred\u202e","version":"6.1.1"},{"version":"\u001b[2Jx"}]}"#)
    ])
    let outcome = try await run(server, "fetch")
    #expect(outcome.status == 0)
    #expect(!outcome.errors.contains("\u{1B}"))
    let list = try await ToolboxProcess.run(["kernel", "list", "--database", database])
    #expect(list.output.contains("[31mred"))
    #expect(!list.output.contains("\u{1B}") && !list.output.contains("\u{202E}"))
  }
}
