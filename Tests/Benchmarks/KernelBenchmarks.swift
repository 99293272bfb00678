import FoundationEssentials
import Glibc
import TestSupport

/// The release tracker: what a fetch costs beside curl and sqlite3, lists of a large database, and a watch that waits.
extension Benchmarks {
  static func kernel(_ toolbox: String, rounds: Int, idleSeconds: Int) {
    do {
      let directory = try TemporaryDirectory()
      try fetch(toolbox, rounds: rounds, directory)
      try lists(toolbox, rounds: rounds, directory)
      try idle(toolbox, seconds: idleSeconds, directory)
    } catch {
      print("the kernel commands cannot be timed here: \(error)\n")
    }
  }

  /// A `releases.json` of the usual size, about 9 KB, in which 6.1 has come so far.
  private static func feed(_ patch: Int) -> String {
    let live = [
      ("mainline", "7.3-rc1"), ("stable", "7.2.4"), ("longterm", "6.18.41"), ("longterm", "6.12.107"),
      ("longterm", "6.6.141"), ("longterm", "6.1.\(100 + patch)"), ("longterm", "5.15.219"), ("longterm", "5.10.265"),
      ("stable", "7.1.14"), ("linux-next", "next-20260828"),
    ]
    let rows = live.map { moniker, version in
      let series = version.split(separator: ".")[0]
      let cdn = "https://cdn.example.org/pub/linux/kernel/v\(series).x"
      return """
            {
                "moniker": "\(moniker)",
                "version": "\(version)",
                "iseol": false,
                "released": {
                    "timestamp": \(1_787_000_000 + patch),
                    "isodate": "2026-08-17"
                },
                "source": "\(cdn)/linux-\(version).tar.xz",
                "pgp": "\(cdn)/linux-\(version).tar.sign",
                "patch": {
                    "full": "\(cdn)/patch-\(version).xz",
                    "incremental": "\(cdn)/incr/patch-\(version)-incremental.xz"
                },
                "changelog": "\(cdn)/ChangeLog-\(version)",
                "gitweb": "https://git.example.org/stable/h/v\(version)",
                "diffview": "https://git.example.org/stable/ds/v\(version)/v\(version)~1"
            }
        """
    }
    return "{\n    \"latest_stable\": {\n        \"version\": \"7.2.4\"\n    },\n    \"releases\": [\n"
      + rows.joined(separator: ",\n") + "\n    ]\n}\n"
  }

  /// A fetch and curl's, each from a server of its own that answers the same, each stored with `synchronous=NORMAL` in WAL
  /// mode: once with news in every answer, once with an answer that is always the same.
  private static func fetch(_ toolbox: String, rounds: Int, _ directory: TemporaryDirectory) throws {
    let peer = "curl URL, sqlite3 stores it"
    let sqlite = find("sqlite3")
    for isNew in [true, false] {
      let answers = (0...(isNew ? rounds : 0)).map { number in
        ScriptedServer.Answer.status(200, text: feed(number)).tagged("\"\(number)\"")
      }
      let ours = try ScriptedServer(answers, repeatsLast: true)
      let theirs = try ScriptedServer(answers, repeatsLast: true)
      let name = isNew ? "news" : "same"
      let file = directory("\(name)-peer.sqlite")
      let made = Timed(
        "", sqlite,
        [
          file,
          """
          PRAGMA journal_mode = WAL;
          CREATE TABLE feed (address TEXT PRIMARY KEY, fetched INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
          """,
        ]
      ).run()
      let store = """
        PRAGMA synchronous = NORMAL;
        INSERT OR REPLACE INTO feed VALUES ('\(theirs.address())', unixepoch(), readfile('\(file).body'));
        """
      Comparison(
        title: "a fetch of one feed, \(isNew ? "with news in every answer" : "always unchanged"), \(rounds) rounds",
        subject: Timed(
          "toolbox kernel fetch", toolbox,
          ["kernel", "fetch", "--feed", ours.address(), "--database", directory("\(name).sqlite")]),
        peers: [
          Timed(
            peer, made == nil || find("curl") == nil ? nil : "/bin/sh",
            [
              "-c", "curl -fsS -o \"$1.body\" \"$2\" && sqlite3 \"$1\" \"$3\"", "sh", file, theirs.address(), store,
            ])
        ], bound: (peer: peer, ratio: 1), limit: nil
      ).run(rounds: rounds)
    }
  }

  /// The lists of a database that holds 20,000 releases.
  private static func lists(_ toolbox: String, rounds: Int, _ directory: TemporaryDirectory) throws {
    let file = directory("large.sqlite")
    let first = try directory.write("first.json", text: feed(0))
    _ = Timed("", toolbox, ["kernel", "import", first, "--database", file]).run()
    // 200 made-up series of 100 releases, older than those that live.
    let fill = """
      WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 19999)
      INSERT INTO release
        (version, line, first, second, third, fourth, candidate, series, channel, day, released_at, archive, source, first_seen)
      SELECT printf('3.%d.%d', 20 + i / 100, i % 100 + 1), line, 3, 20 + i / 100, i % 100 + 1, 0, candidate,
        printf('3.%d', 20 + i / 100), channel, 14000 + i / 5, NULL,
        printf('https://cdn.example.org/pub/linux/kernel/v3.x/linux-3.%d.%d.tar.xz', 20 + i / 100, i % 100 + 1),
        source, first_seen
      FROM n, (SELECT * FROM release WHERE version = '6.1.100');
      """
    guard let sqlite = find("sqlite3"), Timed("", sqlite, [file, fill]).run()?.status == 0 else {
      print("a database of 20,000 releases: sqlite3 is not installed, or could not fill it\n")
      return
    }
    let query =
      "SELECT version, channel, day, archive FROM release ORDER BY line, first, second, third, fourth, candidate;"
    for (arguments, limit, sql) in [
      (["list"], Duration.milliseconds(15), "SELECT * FROM listed ORDER BY position;"),
      (["list", "--all", "--json"], .milliseconds(120), query),
    ] {
      let name = "toolbox kernel " + arguments.joined(separator: " ")
      Comparison(
        title: "\(name), with 20,000 releases stored, \(rounds) rounds",
        subject: Timed(name, toolbox, ["kernel"] + arguments + ["--database", file]),
        peers: [Timed("sqlite3 -json", sqlite, ["-json", file, sql])], bound: nil, limit: limit
      ).run(rounds: rounds)
    }
  }

  /// A watch that has fetched once and waits: the time and the memory of the whole run.
  private static func idle(_ toolbox: String, seconds: Int, _ directory: TemporaryDirectory) throws {
    let server = try ScriptedServer([.status(200, text: feed(0)).tagged("\"0\"")], repeatsLast: true)
    print("a watch that waits, \(seconds) seconds with its start and its first fetch")
    let watch = Timed(
      "toolbox kernel watch", toolbox,
      ["kernel", "watch", "--interval", "1h", "--feed", server.address(), "--database", directory("idle.sqlite")])
    guard let cost = watch.run(endingAfter: seconds) else {
      print("  could not be started\n")
      return
    }
    let used = cost.processor / .milliseconds(1)
    let peak = cost.peakBytes / 1_048_576
    print(
      "  processor time \(Int(used.rounded())) ms (bound 60 ms: \(used <= 60 ? "holds" : "MISSED")), memory \(peak) MiB "
        + "(bound 40 MiB: \(peak < 40 ? "holds" : "MISSED")), \(server.requests.count) request(s)\n")
    fflush(nil)
  }
}
