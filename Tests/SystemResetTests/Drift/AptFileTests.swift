import DebianPackages
import HostSystem
import Testing

@testable import SystemReset

/// Hands a text's bytes to a parser.
func parsing<Result>(_ text: String, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
  Array(text.utf8).withUnsafeBufferPointer(body)
}

@Suite struct AptSourceTests {
  private func list(_ text: String) -> ParsedFile<AptSource> {
    parsing(text) { AptSource.parse(list: $0, path: "/etc/apt/sources.list") }
  }

  private func stanzas(_ text: String) -> ParsedFile<AptSource> {
    parsing(text) { AptSource.parse(stanzas: $0, path: "/etc/apt/sources.list.d/x.sources") }
  }

  @Test func `lines with options, comments, flat archives and media`() {
    let file = list(
      """
      # See sources.list(5)
      deb http://deb.example.org/debian bookworm main contrib # the main one
      deb [ arch=amd64,arm64 Signed-By=/etc/apt/keyrings/a.gpg,/b.gpg trusted=yes ] https://u:p@h.example/x/ stable main
      deb-src http://deb.example.org/debian bookworm main
      #deb http://off.example/ubuntu noble universe
      #  deb-src http://off.example/ubuntu noble universe
      # debugging hints follow
      deb cdrom:[Debian GNU/Linux 12 _Bookworm_ amd64]/ bookworm main
      deb https://flat.example/repo ./

      """)
    #expect(file.problems.isEmpty)
    #expect(file.entries.map(\.line) == [2, 3, 4, 5, 6, 8, 9])
    #expect(file.entries.map(\.isEnabled) == [true, true, true, false, false, true, true])
    #expect(file.entries[0].components == ["main", "contrib"])
    #expect(file.entries[1].signedBy == .names(["/etc/apt/keyrings/a.gpg", "/b.gpg"]))
    #expect(file.entries[1].options == ["arch": "amd64,arm64", "trusted": "yes"])
    #expect(file.entries[2].kinds == [.source])
    #expect(file.entries[5].uris == ["cdrom:[Debian GNU/Linux 12 _Bookworm_ amd64]/"])
    #expect(file.entries[6].suites == ["./"])
  }

  @Test(arguments: [
    (name: "line_with_unknown_type", text: "debian http://a b c\n", what: "'deb' or 'deb-src'"),
    (name: "line_cut_in_options", text: "deb [ arch=amd64 http://a b c\n", what: "']'"),
    (name: "line_with_option_without_value", text: "deb [trusted] http://a b c\n", what: "name=value"),
    (name: "line_without_uri", text: "deb\n", what: "URI"),
    (name: "line_without_suite", text: "deb http://a\n", what: "suite"),
    (name: "line_without_component", text: "deb http://a b\n", what: "component"),
    (name: "line_with_component_behind_flat_suite", text: "deb http://a b/ main\n", what: "no components"),
    (name: "line_with_nul", text: "deb http://a\0 b c\n", what: "NUL"),
  ])
  func `a malformed line is named and the others count`(name: String, text: String, what: String) {
    let file = list("deb http://good x y\n" + text + "deb http://better x y")
    #expect(file.entries.map(\.uris) == [["http://good"], ["http://better"]], "\(name)")
    #expect(file.problems.count == 1)
    #expect(file.problems.first?.message.hasPrefix("/etc/apt/sources.list:2: ") ?? false, "\(name)")
    #expect(file.problems.first?.message.contains(what) ?? false, "\(name): \(file.problems)")
  }

  @Test func `stanzas with several addresses, an inline key, comments, and one switched off`() {
    let file = stanzas(
      """
      # head
      Types: deb deb-src
      # between
      URIs: http://a.example/debian
       http://b.example/debian
      Suites: bookworm bookworm-updates
      Components: main
      Signed-By:
       -----BEGIN PGP PUBLIC KEY BLOCK-----
       .
       mDMEY865UxYJKwYBBAHaRw8BAQdAd7Z0srwuhlB6JKFkcf4HU4SSS
       -----END PGP PUBLIC KEY BLOCK-----

      Enabled: no
      Types: deb
      URIs: https://c.example
      Suites: ./
      Signed-By: /etc/apt/keyrings/c.asc
      """)
    #expect(file.problems.isEmpty)
    #expect(file.entries.count == 2)
    #expect(file.entries[0].uris == ["http://a.example/debian", "http://b.example/debian"])
    #expect(file.entries[0].suites == ["bookworm", "bookworm-updates"])
    #expect(file.entries[0].signedBy == .inlineKey)
    #expect(file.entries[0].line == 2)
    #expect(file.entries[1].isEnabled == false)
    #expect(file.entries[1].signedBy == .names(["/etc/apt/keyrings/c.asc"]))
  }

  @Test func `line ends of another system are tolerated and told`() {
    let one = list("deb http://a b c\r\ndeb http://d e f\r\n")
    #expect(one.entries.map(\.components) == [["c"], ["f"]])
    #expect(one.problems == [.carriageReturns(path: "/etc/apt/sources.list", line: 1)])
    let two = stanzas("Types: deb\r\nURIs: http://a\r\nSuites: b\r\nComponents: c\r\n\r\n")
    #expect(two.entries.map(\.components) == [["c"]])
    #expect(two.problems.map(\.message).allSatisfy { $0.contains("CR LF") })
  }

  @Test(arguments: [
    (name: "stanza_without_suites", text: "Types: deb\nURIs: http://a\n", line: 1),
    (name: "stanza_with_unknown_type", text: "Types: rpm\nURIs: http://a\nSuites: b\n", line: 1),
    (name: "stanza_without_colon", text: "Types: deb\nURIs http://a\n", line: 2),
    (name: "stanza_with_nul", text: "Types: deb\nURIs: http://a\0b\nSuites: c\n", line: 2),
  ])
  func `a malformed stanza is named with its line`(name: String, text: String, line: Int) {
    let file = stanzas(text)
    #expect(file.entries.isEmpty, "\(name)")
    #expect(file.problems.first?.message.hasPrefix("/etc/apt/sources.list.d/x.sources:\(line): ") ?? false, "\(name)")
  }

  @Test func `a hundred thousand bad lines are one bad file`() {
    let file = list(String(repeating: "nonsense\n", count: 100_000))
    #expect(file.entries.isEmpty)
    #expect(file.problems.count == ParsedFile<AptSource>.problemLimit)
  }

  @Test func `the names of apt's lists follow from address and suite`() {
    #expect(
      AptSource.listPrefix(uri: "http://first.mirror.example/debian", suite: "bookworm")
        == "first.mirror.example_debian_dists_bookworm_")
    #expect(
      AptSource.listPrefix(uri: "https://me:secret@h.example:8080/a_b/~c/", suite: "x/updates")
        == "h.example:8080_a%5fb_%7ec_dists_x_updates_")
    #expect(AptSource.listPrefix(uri: "https://flat.example/repo", suite: "./") == "flat.example_repo_._")
    #expect(AptSource.listPrefix(uri: "file:/srv/packages", suite: "/") == "_srv_packages_")
    #expect(AptSource.withoutCredentials("https://me:sec@ret@h.example/a@b") == "https://h.example/a@b")
    #expect(AptSource.host(of: "https://me:x@H.Example:81/a") == "h.example")
    #expect(AptSource.host(of: "file:/srv") == nil)
  }

  @Test func `bytes that are no text do no harm`() {
    let bytes: [UInt8] = Array("deb http://a b \u{1B}[31m".utf8) + [0xFF, 0xFE, 0x0A]
    let file = bytes.withUnsafeBufferPointer { AptSource.parse(list: $0, path: "x") }
    #expect(file.entries.count == 1)
  }
}

@Suite struct AptPreferenceTests {
  private func parse(_ text: String) -> ParsedFile<AptPreference> {
    parsing(text) { AptPreference.parse($0, path: "/etc/apt/preferences.d/p") }
  }

  @Test func `pins with explanations, several packages and negative priorities`() {
    let file = parse(
      """
      Explanation: no snaps
      Package: snapd snap*
      Pin: release a=*
      Pin-Priority: -10

      # only a comment

      Package: *
      Pin:   origin  "a.example"
      Pin-Priority: 1001
      """)
    #expect(file.problems.isEmpty)
    #expect(file.entries.map(\.package) == ["snapd snap*", "*"])
    #expect(file.entries.map(\.priority) == [-10, 1001])
    #expect(file.entries.map(\.pin) == ["release a=*", "origin \"a.example\""])
    #expect(file.entries.map(\.line) == [1, 8])
  }

  @Test(arguments: [
    (name: "pin_without_package", text: "Pin: version 1*\nPin-Priority: 1\n"),
    (name: "pin_without_pin", text: "Package: a\nPin-Priority: 1\n"),
    (name: "pin_without_priority", text: "Package: a\nPin: version 1*\n"),
    (
      name: "pin_with_absurd_priority",
      text: "Package: a\nPin: version 1*\nPin-Priority: 99999999999999999999999999\n"
    ),
    (name: "pin_with_word_as_priority", text: "Package: a\nPin: version 1*\nPin-Priority: high\n"),
    (name: "pin_cut_in_field", text: "Pack"),
  ])
  func `a malformed pin is named`(name: String, text: String) {
    let file = parse(text)
    #expect(file.entries.isEmpty, "\(name)")
    #expect(file.problems.first?.message.hasPrefix("/etc/apt/preferences.d/p:1: ") ?? false, "\(name)")
  }
}

@Suite struct PackageLogTests {
  private let dpkg = """
    2026-01-01 08:00:00 startup archives unpack
    2026-01-01 08:00:01 install libc6:amd64 <none> 2.36-9
    2026-05-20 16:49:20 install nodejs:amd64 <none> 20.1
    2026-05-20 16:49:20 status half-installed nodejs:amd64 20.1
    2026-06-01 10:00:05 remove nodejs:amd64 20.1 <none>
    2026-07-01 12:00:00 install nodejs:amd64 <none> 20.2
    2026-07-02 12:00:02 upgrade nodejs:amd64 20.2 20.3
    2026-08-01 09:00:03 remove nano:amd64 7.2-1 <none>
    2026-08-01 09:00:04 purge nano:amd64 7.2-1 <none>
    2026-09-01 09:00:04 purge
    2026-09-01 09:00:04 install

    """
  private let apt = """

    Start-Date: 2026-05-20  16:49:17
    Commandline: apt-get install -y nodejs
    Requested-By: anna (1000)
    Install: nodejs:amd64 (20.1), libnode:amd64 (20.1, automatic), python3:any (3.11.2-1+b1)
    Upgrade: curl:amd64 (7.1, 7.2)
    End-Date: 2026-05-20  16:49:21

    Start-Date: 2026-08-01  09:00:00
    Commandline: apt purge nano
    Purge: nano:amd64 (7.2-1)
    Error: Sub-process returned an error code (1)
    End-Date: 2026-08-01  09:00:05

    Start-Date: 2026-08-03  09:00:00
    Requested-By: berta (1001)
    Remove: vim:amd64 (9.0), vim-runtime:amd64 (9.0)
    """

  private func log(_ apt: String? = nil, _ dpkg: String? = nil) -> PackageLog {
    var log = PackageLog()
    parsing(dpkg ?? self.dpkg) { log.take(dpkgLog: $0) }
    parsing(apt ?? self.apt) { log.take(aptHistory: $0) }
    return log
  }

  @Test func `both logs together tell when, by which command and by whom`() throws {
    let log = log()
    let node = try #require(log.history(of: "nodejs"))
    #expect(node.firstInstalled?.time == "2026-05-20 16:49:20")
    #expect(node.firstInstalled?.command == "apt-get install -y nodejs")
    #expect(node.firstInstalled?.requestedBy == "anna (1000)")
    #expect(node.firstInstalled?.isAutomatic == false)
    #expect(node.installed?.time == "2026-07-01 12:00:00")
    #expect(node.installed?.version == "20.2")
    #expect(node.installed?.command == nil)
    #expect(node.removed == nil)

    let library = try #require(log.history(of: "libnode"))
    #expect(library.installed?.isAutomatic == true)
    #expect(library.installed?.time == "2026-05-20 16:49:17")
    #expect(log.history(of: "python3")?.installed?.version == "3.11.2-1+b1")

    let nano = try #require(log.removals["nano"])
    #expect(nano.time == "2026-08-01 09:00:03")
    #expect(nano.command == "apt purge nano")
    #expect(log.removals["vim"]?.requestedBy == "berta (1001)")
    #expect(log.removals["vim"]?.version == "9.0")
    #expect(log.removals.keys.sorted() == ["nano", "vim", "vim-runtime"])
    #expect(log.history(of: "libc6")?.installed?.command == nil)
    #expect(log.history(of: "curl") == nil)
  }

  @Test func `what came back later is not removed, whichever log says so`() {
    let log = log(
      """
      Start-Date: 2026-08-01  09:00:00
      Remove: vim:amd64 (9.0)

      Start-Date: 2026-08-02  09:00:00
      Install: vim:amd64 (9.1)

      """, "")
    #expect(log.removals.isEmpty)
    #expect(log.history(of: "vim")?.installed?.version == "9.1")
  }

  @Test(arguments: [
    (name: "history_cut_in_list", text: "Start-Date: 2026-01-01  00:00:00\nInstall: a:amd64 (1), b:amd"),
    (name: "history_without_start", text: "Install: a:amd64 (1)\n\n"),
    (name: "history_with_crlf", text: "Start-Date: 2026-01-01  00:00:00\r\nInstall: a:amd64 (1)\r\n\r\n"),
    (name: "history_with_nul", text: "Start-Date: \0\nInstall: \0 (\0)\n"),
    (name: "history_of_parentheses", text: "Start-Date: x\nInstall: )))(((,,,)(\nRemove: ((((\n"),
  ])
  func `malformed history never harms`(name: String, text: String) {
    let history = parsing(text) { AptHistory.parse($0) }
    #expect(history.count <= 1, "\(name)")
    if name == "history_with_crlf" { #expect(history.first?.installed["a"]?.version == "1") }
  }

  @Test func `a hundred thousand lines of logs are read`() {
    let line = "2026-01-01 08:00:01 install p:amd64 <none> 1\n"
    let log = log(
      String(repeating: "Install: a:amd64 (1)\n\n", count: 50_000), String(repeating: line, count: 100_000))
    #expect(log.history(of: "p")?.firstInstalled?.version == "1")
  }

  @Test func `rotated files go from the oldest to the current one`() {
    let names = [
      "dpkg.log", "dpkg.log.1", "dpkg.log.10.gz", "dpkg.log.2.gz", "dpkg.log.old", "dpkg.log.-1",
      "dpkg.log.99999999999999999999", "dpkg.log.3.xz", "other.log.1", "dpkg.log.1.gz.bak",
    ]
    #expect(
      PackageLog.files(of: "dpkg.log", among: names) == [
        "dpkg.log.10.gz", "dpkg.log.3.xz", "dpkg.log.2.gz", "dpkg.log.1", "dpkg.log",
      ])
  }
}
