import FoundationEssentials
import TestSupport
import Testing

/// `toolbox kernel watch` with what scripts give it: tracks, a program, a version to wait for; and the log beside it.
@Suite struct KernelWatchTests {
  private let directory: TemporaryDirectory
  private let database: String

  init() throws {
    directory = try TemporaryDirectory()
    database = directory("kernel.sqlite")
  }

  private func feed(_ rows: (moniker: String, version: String, day: String)...) -> String {
    KernelTrial.feed(rows, latestStable: nil)
  }

  private var first: String {
    feed(
      ("mainline", "7.8-rc2", "2026-05-03"), ("stable", "7.7.4", "2026-05-07"), ("longterm", "6.1.970", "2026-04-30"))
  }

  private var second: String {
    feed(
      ("mainline", "7.8-rc3", "2026-05-10"), ("stable", "7.7.4", "2026-05-07"), ("longterm", "6.1.972", "2026-05-08"))
  }

  private func kernel(_ arguments: String...) async throws -> ToolboxProcess.Outcome {
    try await ToolboxProcess.run(["kernel"] + arguments + ["--database", database])
  }

  private func take(_ text: String) async throws {
    try directory.write("feed", text: text)
    #expect(try await kernel("import", directory("feed")).status == 0)
  }

  private func lines(_ text: String) -> [String] { text.split(separator: "\n").map(String.init) }

  /// The feed names all series that live. 6.18 is announced to end in 2028.
  @Test func `a series that is listed no more has not ended on a day to come`() async throws {
    try await take(first)
    let shown = try await kernel("show", "6.18")
    #expect(shown.output.contains("6.18, ended\n"), "\(shown.output)")
    let document = try JSONValue(parsing: try await kernel("show", "6.18", "--json").output)
    #expect(document["end_of_life"] == .bool(true) && document["end_of_life_date"]?.string == nil)
    #expect(try await kernel("show", "6.1").output.contains("supported until"))
  }

  // MARK: Import and the log

  @Test func `imported files are the same news as fetched ones, from a file, a pipe or a packed file`() async throws {
    try await take(first)
    try directory.write("feed", text: second)
    let outcome = try await kernel("import", directory("feed"), "--json")
    #expect(outcome.status == 0)
    #expect(lines(outcome.output).count == 3)
    let log = try await kernel("events", "--json")
    #expect(log.output == outcome.output)
    for line in lines(log.output) {
      #expect(try JSONSchema(fileNamed: "toolbox.kernel.event.1.json").violations(in: line) == [])
    }
    let since = try await kernel("events", "--json", "--since", "skipped:6.1:6.1.972")
    #expect(lines(since.output).count == 2)
    #expect(try await kernel("events", "--since", "release:6.1:6.1.1").status == 64)
    // A log that is not there has lost it.
    let lost = try await ToolboxProcess.run([
      "kernel", "events", "--since", "release:6.1:6.1.1", "--database", directory("none.sqlite"),
    ])
    #expect(lost.status == 64 && lost.errors.contains("no event with this id"), "\(lost.errors)")
    let series = try await kernel("events", "--track", "6.1", "--json")
    #expect(lines(series.output).count == 2)
    let packed = try await ToolboxProcess.run(path: "/bin/gzip", ["-k", directory("feed")])
    #expect(packed.status == 0)
    let again = try await kernel("import", directory("feed.gz"))
    #expect(again.status == 0)
    #expect(try await kernel("events", "--json").output == log.output)
    try directory.write("broken.gz", text: "\u{1F}")
    try directory.write("page", text: "<!doctype html><title>Log in</title>")
    for (name, status) in [("page", Int32(65)), ("broken.gz", 65), ("absent", 1)] {
      let wrong = try await kernel("import", directory(name))
      #expect(wrong.status == status, "\(name)")
      #expect(lines(wrong.errors).count == 1)
      #expect(wrong.errors.contains(directory(name)))
    }
    #expect(try await kernel("events", "--json").output == log.output)
  }

  @Test func `a mail is shown with its first paragraph, and is no release before something else shows it`() async throws
  {
    try await take(first)
    try await take(
      """
      <?xml version="1.0" encoding="us-ascii"?>
      <feed xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0">
      <title>announcements</title><link rel="alternate" type="text/html" href="https://lists.example.org/announce/"/>
      <id>mailto:announce@example.org</id><updated>2026-05-09T10:00:00Z</updated>
      <entry><author><name>A. Person</name><email>person@example.org</email></author>
      <title type="html">Linux 6.1.971</title><updated>2026-05-08T09:00:00Z</updated>
      <link href="https://lists.example.org/announce/1@example.org/"/><id>urn:uuid:1</id>
      <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><pre>I'm announcing the release of the 6.1.971
      kernel.\u{20}

      All users must upgrade.</pre></div></content></entry></feed>
      """)
    let show = try await kernel("show", "6.1.971")
    #expect(show.status == 0)
    #expect(show.output.contains("by A. Person, on 8 May 2026"))
    #expect(show.output.contains("nothing else shows it yet"))
    #expect(show.output.contains("I'm announcing the release of the 6.1.971 kernel."))
    #expect(!show.output.contains("person@example.org"))
    let json = try await kernel("show", "6.1.971", "--json")
    #expect(try JSONSchema(fileNamed: "toolbox.kernel.release.1.json").violations(in: json.output) == [])
    #expect(try await kernel("events", "--json").output.isEmpty)
    try await take(second)
    let ids = lines(try await kernel("events").output).filter { $0.contains("6.1.971") }
    #expect(ids.count == 2, "told as skipped, and as the release that the mail proves")
    #expect(!(try await kernel("show", "6.1.971").output.contains("nothing else shows it")))
  }

  // MARK: Tracks

  @Test func `tracks have marks of their own`() async throws {
    try await take(first)
    try await take(second)
    let list = try await kernel("tracks", "--json")
    #expect(try JSONSchema(fileNamed: "toolbox.kernel.tracks.1.json").violations(in: list.output) == [])
    func unseen() async throws -> [String: Int] {
      let document = try JSONValue(parsing: try await kernel("tracks", "--json").output)
      return Dictionary(
        uniqueKeysWithValues: (document["tracks"]?.elements ?? []).compactMap { track in
          guard let name = track["name"]?.string, case .integer(let count)? = track["unseen"] else { return nil }
          return (name, count)
        })
    }
    #expect(try await unseen() == ["mainline": 1, "rc": 1, "stable": 0, "mine": 0, "6.1": 2])
    #expect(try await kernel("ack", "rc").status == 0)
    #expect(try await unseen() == ["mainline": 1, "rc": 0, "stable": 0, "mine": 0, "6.1": 2])
    #expect(try await kernel("tracks", "add", "7.7", "linux-next").status == 0)
    #expect(try await kernel("tracks", "remove", "mine").status == 0)
    #expect(try await unseen() == ["mainline": 1, "rc": 0, "stable": 0, "6.1": 2, "7.7": 0, "linux-next": 0])
    #expect(try await kernel("ack").status == 0)
    #expect(try await unseen().values.allSatisfy { $0 == 0 })
    #expect(try await kernel("tracks", "add", "mine").status == 0)
    #expect(try await unseen().keys.contains("mine"))
    for wrong in [["tracks", "add", "6"], ["ack", "6.1.5"], ["events", "--track", "x"]] {
      let outcome = try await ToolboxProcess.run(["kernel"] + wrong + ["--database", database])
      #expect(outcome.status == 64, "\(wrong)")
      #expect(lines(outcome.errors).count == 1)
    }
    #expect(try await kernel("ack", "5.4").status == 1)
  }

  // MARK: Programs

  /// A program that notes what it was given, and ends with the number in a file beside it.
  private func program() throws -> String {
    let path = directory("hook program")
    try directory.write(
      "hook program",
      text: """
        #!/bin/sh
        printf '%s|' "$@" >>'\(directory.path)/given'
        printf '%s\\n' "$TOOLBOX_EVENT,$TOOLBOX_ID,$TOOLBOX_VERSION,$TOOLBOX_SERIES,$TOOLBOX_DATE" >>'\(directory.path)/given'
        echo 'to standard output'
        exit "$(cat '\(directory.path)/code')"
        """)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    return path
  }

  private func given() throws -> [String] {
    lines(String(decoding: try Data(contentsOf: URL(fileURLWithPath: directory("given"))), as: UTF8.self))
  }

  private func watch(_ server: ScriptedServer, _ more: String...) async throws -> ToolboxProcess.Outcome {
    try await ToolboxProcess.run(
      ["kernel", "watch", "--once", "--feed", server.address(), "--database", database] + more)
  }

  @Test func `a program gets every event, again when it fails, and not for ever`() async throws {
    let server = try ScriptedServer(
      [.status(200, text: first)] + Array(repeating: .status(200, text: second), count: 9))
    let hook = try program()
    try directory.write("code", text: "0")
    #expect(try await watch(server, "--exec", hook).status == 0)
    try directory.write("code", text: "7")
    let failed = try await watch(server, "--exec", hook, "--json")
    #expect(failed.status == 1)
    #expect(lines(failed.output).count == 3, "its output is not among the results")
    #expect(failed.errors.contains("to standard output"))
    #expect(failed.errors.contains("skipped:6.1:6.1.972: it ended with 7"))
    #expect(
      try given() == ["skipped|skipped:6.1:6.1.972|6.1.972|skipped,skipped:6.1:6.1.972,6.1.972,6.1,"])
    try directory.write("code", text: "0")
    #expect(try await watch(server, "--exec", hook).status == 0)
    #expect(
      try given().suffix(3).map { $0.split(separator: "|")[1] } == [
        "skipped:6.1:6.1.972", "release:6.1:6.1.972", "release:7.8:7.8-rc3",
      ])
    #expect(try given().last?.hasSuffix("|release,release:7.8:7.8-rc3,7.8-rc3,7.8,2026-05-10") == true)
    let count = try given().count
    #expect(try await watch(server, "--exec", hook).status == 0)
    #expect(try given().count == count)
  }

  @Test func `an event that a program never takes is given up after five attempts`() async throws {
    let server = try ScriptedServer(
      [.status(200, text: first)] + Array(repeating: .status(200, text: second), count: 9))
    let hook = try program()
    try directory.write("code", text: "3")
    _ = try await watch(server, "--exec", hook, "--track", "rc")
    for attempt in 1...4 {
      let outcome = try await watch(server, "--exec", hook, "--track", "rc")
      #expect(outcome.status == 1, "attempt \(attempt)")
    }
    let last = try await watch(server, "--exec", hook, "--track", "rc")
    #expect(last.status == 0)
    #expect(last.errors.contains("release:7.8:7.8-rc3 is given up after 5 attempts"))
    #expect(try given().count == 5)
    #expect(try await watch(server, "--exec", hook, "--track", "rc").status == 0)
    #expect(try given().count == 5)
  }

  @Test func `a program that does not end is ended with its children`() async throws {
    let server = try ScriptedServer([.status(200, text: first), .status(200, text: second)])
    let path = directory("slow")
    try directory.write("slow", text: "#!/bin/sh\nsleep 4711 &\necho $! >'\(directory.path)/child'\nwait\n")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    _ = try await watch(server, "--exec", path, "--exec-timeout", "1s")
    let outcome = try await watch(server, "--exec", path, "--exec-timeout", "1s")
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("it took longer than 1 second and was ended"))
    let child = lines(String(decoding: try Data(contentsOf: URL(fileURLWithPath: directory("child"))), as: UTF8.self))
    // It was sent its death; on a busy machine its turn to die comes later.
    let executable = "/proc/\(try #require(child.first))/exe"
    for _ in 0..<200 where FileManager.default.fileExists(atPath: executable) {
      try await Task.sleep(for: .milliseconds(50))
    }
    #expect(!FileManager.default.fileExists(atPath: executable))
  }

  @Test(arguments: ["/nonexistent/program", "/etc/passwd", "/tmp"])
  func `what is no program is refused before anything is fetched`(path: String) async throws {
    let server = try ScriptedServer([])
    let outcome = try await watch(server, "--exec", path)
    #expect(outcome.status == 64)
    #expect(server.requests.isEmpty)
  }

  // MARK: Waiting for a version

  @Test func `the published copy stands alone, is for everybody to read, and never leads elsewhere`() async throws {
    let server = try ScriptedServer([.status(200, text: first), .status(200, text: second)], repeatsLast: true)
    let copy = directory("published/kernel.sqlite")
    try FileManager.default.createDirectory(atPath: directory("published"), withIntermediateDirectories: false)
    for version in ["7.8-rc2", "7.8-rc3"] {
      #expect(try await watch(server, "--force", "--publish", copy).status == 0)
      // Whoever reads it can write nothing there: no file but this one.
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory("published")) == ["kernel.sqlite"])
      #expect(try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions] as? Int == 0o644)
      let listed = try await ToolboxProcess.run(["kernel", "list", "--database", copy])
      #expect(listed.output.contains(version), "\(listed.output)\(listed.errors)")
    }
    #expect(
      try await ToolboxProcess.run(["kernel", "events", "--json", "--database", copy]).output
        == (try await kernel("events", "--json")).output)
    let other = try directory.write("other", text: "mine")
    try FileManager.default.createSymbolicLink(atPath: directory("published/link"), withDestinationPath: other)
    let linked = try await watch(server, "--force", "--publish", directory("published/link"))
    #expect(linked.status == 3 && linked.errors.contains("a symbolic link"), "\(linked.errors)")
    #expect(String(decoding: try Data(contentsOf: URL(fileURLWithPath: other)), as: UTF8.self) == "mine")
  }

  @Test func `a version that is known ends the wait at once, and nothing is fetched`() async throws {
    let server = try ScriptedServer([])
    let known = ["6.1": "6.1 is out, 11 December 2022\n", "4.15-rc4": "4.15-rc4 is out: 4.15-rc5 follows it"]
    for (version, text) in known {
      let outcome = try await ToolboxProcess.run(
        ["kernel", "watch", "--until", version, "--feed", server.address(), "--database", database])
      #expect(outcome.status == 0)
      #expect(outcome.output.hasPrefix(text))
    }
    #expect(server.requests.isEmpty)
  }

  @Test func `candidates do not end the wait for a final, the final does`() async throws {
    let final = feed(("mainline", "7.8", "2026-05-17"), ("longterm", "6.1.972", "2026-05-08"))
    let server = try ScriptedServer([
      .status(200, text: first), .status(200, text: second), .status(200, text: final),
    ])
    let outcome = try await ToolboxProcess.run([
      "kernel", "watch", "--until", "7.8", "--interval", "1s", "--timeout", "60s", "--feed", server.address(),
      "--database", database,
    ])
    #expect(outcome.status == 0)
    #expect(outcome.output.hasSuffix("7.8 is out, 17 May 2026\n"))
    #expect(server.requests.count == 3)
  }

  @Test func `a wait that is over ends with 75`() async throws {
    let server = try ScriptedServer(Array(repeating: .status(200, text: first), count: 9))
    let outcome = try await ToolboxProcess.run([
      "kernel", "watch", "--until", "7.8", "--interval", "1s", "--timeout", "2s", "--feed", server.address(),
      "--database", database,
    ])
    #expect(outcome.status == 75)
    #expect(lines(outcome.errors).last == "toolbox: 7.8 did not come out within 2 seconds")
  }

  @Test(arguments: [
    ["--timeout", "1m"], ["--exit-code"], ["--once", "--until", "7.8"], ["--until", "seven"], ["--interval", "soon"],
    ["--track", "nothing"], ["--exec-timeout", "x", "--exec", "/bin/true"], ["--reader", ""],
  ])
  func `options that make no sense are refused`(arguments: [String]) async throws {
    let outcome = try await ToolboxProcess.run(["kernel", "watch", "--database", database] + arguments)
    #expect(outcome.status == 64)
    #expect(outcome.output.isEmpty)
  }

  // MARK: Several feeds

  @Test func `one feed that fails does not keep the others from being taken, and its failure is the command's`()
    async throws
  {
    let good = try ScriptedServer([.status(200, text: first), .status(200, text: second)])
    let bad = try ScriptedServer([.status(500, text: "oops"), .status(500, text: "oops")])
    for status in [Int32(69), 69] {
      let outcome = try await ToolboxProcess.run([
        "kernel", "watch", "--once", "--feed", bad.address(), "--feed", good.address(), "--database", database,
      ])
      #expect(outcome.status == status)
    }
    #expect(lines(try await kernel("events", "--json").output).count == 3)
    #expect(good.requests.count == 2)
  }
}
