import Foundation
import TestSupport
import Testing

/// What servers do wrong, against the real program: for each fault one clear line, its exit code, the database as it was, and
/// bounds for memory and time. The figures are printed as a table.
@Suite struct NetworkFaultTests {
  /// A fault, and what the program has to make of it.
  struct Fault: Sendable {
    let name: String
    /// What the server answers, one after another.
    let answers: [ScriptedServer.Answer]
    let status: Int32
    /// Stands in the one line on standard error.
    let message: String
    /// The most seconds that it may take, on a busy machine too.
    let seconds: Double

    init(
      _ name: String, _ answers: ScriptedServer.Answer..., status: Int32 = 65, says message: String,
      within seconds: Double = 15
    ) {
      self.name = name
      self.answers = answers
      self.status = status
      self.message = message
      self.seconds = seconds
    }
  }

  /// The most memory, whatever comes.
  static let memoryLimitKiB = 64 << 10

  private static let feed =
    #"{"releases":[{"moniker":"stable","version":"7.0.4","iseol":false,"released":{"isodate":"2026-05-07"}}]}"#

  private static let zeros = Gzip.mebibyteOfZeros
  private static let gzip = "Content-Encoding: gzip"

  static let faults: [Fault] = [
    // These take longest and begin first.
    Fault(
      "drip below the speed limit",
      ScriptedServer.Answer.status(200, [UInt8](repeating: 0x20, count: 5000)).dripping(1, pause: 500), status: 69,
      says: "gave up waiting", within: 40),
    Fault(
      "drip above the speed limit",
      ScriptedServer.Answer.status(200, [UInt8](repeating: 0x20, count: 50_000)).dripping(20, pause: 100), status: 69,
      says: "gave up waiting", within: 75),
    Fault(
      "connection closed without an answer", ScriptedServer.Answer(bytes: []), says: "incomplete or broken"),
    Fault("status line of garbage", .init(bytes: Array("SSH-2.0-server\r\n\r\n".utf8)), says: "incomplete or broken"),
    Fault(
      "binary garbage", .init(bytes: (0..<4096).map { UInt8(truncatingIfNeeded: $0 * 37) }),
      says: "incomplete or broken"),
    Fault("cut in the head", .init(bytes: Array("HTTP/1.1 200 OK\r\nContent-Le".utf8)), says: "incomplete or broken"),
    Fault("cut in the body", ScriptedServer.Answer.status(200, text: feed).cut(9), says: "incomplete or broken"),
    Fault(
      "Content-Length too long",
      .raw(["HTTP/1.1 200 OK", "Content-Length: 5000", "Connection: close"], Array(feed.utf8)),
      says: "incomplete or broken"),
    Fault(
      "Content-Length too short",
      .raw(["HTTP/1.1 200 OK", "Content-Length: 20", "Connection: close"], Array(feed.utf8)),
      says: "before it is complete"),
    Fault(
      "Content-Length of nonsense",
      .raw(["HTTP/1.1 200 OK", "Content-Length: 99999999999999999999999", "Connection: close"], Array(feed.utf8)),
      says: "incomplete or broken"),
    Fault(
      "chunk size that is no number",
      .raw(["HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Connection: close"], Array("zz\r\n\(feed)\r\n".utf8)),
      says: "incomplete or broken"),
    Fault(
      "chunks without an end", .chunked(first: Array(feed.utf8)), says: "incomplete or broken"),
    Fault(
      "chunk longer than it says",
      .raw(
        ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Connection: close"], Array("5\r\n\(feed)\r\n0\r\n\r\n".utf8)),
      says: "incomplete or broken"),
    Fault(
      "no gzip although it says so", .status(200, text: feed, headers: ["Content-Encoding": "gzip"]),
      says: "incomplete or broken"),
    Fault(
      "gzip that is cut",
      .status(200, Gzip.compressed(Array(feed.utf8)).dropLast(12), headers: ["Content-Encoding": "gzip"]),
      says: "the gzip data is cut"),
    Fault(
      "gzip with a wrong checksum",
      .status(
        200, Gzip.compressed(Array(feed.utf8)).dropLast(8) + [1, 2, 3, 4, 5, 6, 7, 8],
        headers: ["Content-Encoding": "gzip"]), says: "incomplete or broken"),
    Fault(
      "10 GiB of zeros in gzip", .chunked(headers: [gzip], first: Gzip.head, repeated: zeros, times: 10_240),
      says: "larger than 4 MiB"),
    Fault(
      "gzip bomb inside gzip, both declared",
      .status(
        200, Gzip.compressed(Gzip.head + Array(repeatElement(zeros, count: 1024).joined())),
        headers: ["Content-Encoding": "gzip, gzip"]),
      says: "nobody asked for"),
    Fault(
      "gzip bomb inside gzip, one declared",
      .status(
        200, Gzip.compressed(Gzip.head + Array(repeatElement(zeros, count: 1024).joined())),
        headers: ["Content-Encoding": "gzip"]),
      says: "in no feed format"),
    Fault(
      "gzip that unpacks to nothing for ever",
      .chunked(
        headers: [gzip], first: Gzip.head,
        repeated: [UInt8](repeatElement([0, 0, 0, 0xFF, 0xFF], count: 8192).joined()), times: 1 << 20),
      says: "larger than 4 MiB"),
    Fault(
      "10 GiB of spaces", .chunked(repeated: [UInt8](repeating: 0x20, count: 1 << 20), times: 10_240),
      says: "larger than 4 MiB"),
    Fault("HTML with 200", .status(200, text: "<!doctype html><title>Log in</title>"), says: "HTML page"),
    Fault("empty body", .status(200), says: "is empty"),
    Fault(
      "header line of 1 MB", .raw(["HTTP/1.1 200 OK", "X-Filling: " + String(repeating: "x", count: 1 << 20)]),
      says: "larger than 64 KiB"),
    Fault(
      "5000 header lines",
      .raw(["HTTP/1.1 200 OK"] + (0..<5000).map { "X-Field-\($0): value" }, Array(feed.utf8)),
      says: "larger than 64 KiB"),
    Fault(
      "header lines without an end",
      ScriptedServer.Answer(bytes: Array("HTTP/1.1 200 OK\r\n".utf8)).followed(
        by: Array("A: b\r\n".utf8), times: 1 << 30),
      says: "larger than 64 KiB"),
    Fault(
      "100 Continue without an end",
      ScriptedServer.Answer(bytes: []).followed(by: Array("HTTP/1.1 100 Continue\r\n\r\n".utf8), times: 1 << 30),
      says: "larger than 64 KiB"),
    Fault(
      "redirect to itself", .status(302, headers: ["Location": "/releases.json"]), status: 69, says: "in a circle"),
    Fault(
      "redirects in a circle", .status(302, headers: ["Location": "/a"]), .status(302, headers: ["Location": "/b"]),
      .status(302, headers: ["Location": "/a"]), status: 69, says: "in a circle"),
    Fault(
      "six redirects", .status(301, headers: ["Location": "/1"]), .status(302, headers: ["Location": "/2"]),
      .status(303, headers: ["Location": "/3"]), .status(307, headers: ["Location": "/4"]),
      .status(308, headers: ["Location": "/5"]), .status(302, headers: ["Location": "/6"]), status: 69,
      says: "more than 5 redirects"),
    Fault("redirect to a file", .status(302, headers: ["Location": "file:///etc/passwd"]), status: 3, says: "refused"),
    Fault(
      "redirect to 60 KB of address", .status(302, headers: ["Location": "/" + String(repeating: "x", count: 60_000)]),
      status: 3, says: "longer than 4096 bytes"),
    Fault("redirect without a target", .status(302), status: 69, says: "HTTP 302"),
    Fault("304 that nobody asked for", .status(304), .status(304), status: 69, says: "HTTP 304"),
    Fault("404", .status(404, text: "gone"), status: 69, says: "HTTP 404"),
    Fault("500", .status(500, text: "oops"), status: 69, says: "HTTP 500"),
    Fault("429 without a time", .status(429), status: 75, says: "asks us to wait"),
    Fault(
      "escapes in the answer", .status(200, text: "\u{1B}]0;owned\u{07}\u{202E}evil"), says: "in no feed format"),
  ]

  struct Row: Sendable {
    let name: String
    let status: Int32
    let line: String
    let peakKiB: Int
    let seconds: Double
  }

  @Test func `every fault is one clear line, and leaves the database as it was`() async throws {
    // Four at a time: some of them do nothing but wait.
    var waiting = Self.faults[...].reversed().map { $0 }
    let rows = try await withThrowingTaskGroup(of: Row.self) { group in
      var rows: [Row] = []
      for _ in 0..<4 { if let fault = waiting.popLast() { group.addTask { try await Self.row(fault) } } }
      while let row = try await group.next() {
        rows.append(row)
        if let fault = waiting.popLast() { group.addTask { try await Self.row(fault) } }
      }
      return rows
    }
    #expect(rows.count == Self.faults.count)
    Self.printTable(rows)
  }

  /// Also seen over TLS, which a scripted server does not speak.
  @Test(.enabled(if: Nginx.obstacle == nil, "nginx is not installed"))
  func `a redirect out of TLS is refused`() async throws {
    let certificates = try await Certificates()
    let nginx = try Nginx(
      "location = /releases.json { return 302 http://127.0.0.1/releases.json; }",
      certificate: try await certificates.signed(for: "IP:127.0.0.1"))
    let directory = try TemporaryDirectory()
    let (outcome, measurement) = try await ToolboxProcess.measured(
      ["kernel", "fetch", "--feed", nginx.secureAddress(), "--database", directory("kernel.sqlite")],
      environment: ["SSL_CERT_FILE": certificates.authority])
    #expect(outcome.status == 3)
    #expect(outcome.errors.contains("leaves the encrypted connection"))
    #expect(measurement.peakKiB < Self.memoryLimitKiB)
    Self.printTable([Self.row("https to http", outcome, measurement)])
  }

  @Test(arguments: ["TERM", "INT", "HUP"])
  func `a watch that waits for a server ends within a second when it is told to`(signal: String) async throws {
    let server = try ScriptedServer([ScriptedServer.Answer.status(200, text: Self.feed).delayed(30_000)])
    let directory = try TemporaryDirectory()
    let outcome = try await ToolboxProcess.run(
      path: "/usr/bin/time",
      [
        "-q", "-f", "%e", "-o", directory("seconds"), "timeout", "--signal=\(signal)", "--preserve-status", "3",
        ToolboxProcess.path, "kernel", "watch", "--feed", server.address(), "--database", directory("kernel.sqlite"),
      ])
    #expect(server.requests.count == 1)
    // Measured beside the program, since a busy test process may look late; the signal comes after 3 seconds.
    let seconds = FileManager.default.contents(atPath: directory("seconds")).flatMap {
      Double(String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .newlines))
    }
    #expect((3..<4).contains(try #require(seconds)))
    #expect(outcome.status == 0)
    #expect(outcome.output.isEmpty)
  }

  private static func row(_ fault: Fault) async throws -> Row {
    let directory = try TemporaryDirectory()
    let database = directory("kernel.sqlite")
    let server = try ScriptedServer(
      [.status(200, text: feed)] + fault.answers)
    let fetch = ["kernel", "fetch", "--feed", server.address(), "--database", database]
    #expect(try await ToolboxProcess.run(fetch).status == 0)
    let before = try await content(database)
    let (outcome, measurement) = try await ToolboxProcess.measured(fetch)
    let comment = Comment(rawValue: "\(fault.name): \(outcome.errors.prefix(500))")
    #expect(outcome.status == fault.status, comment)
    #expect(outcome.output.isEmpty, comment)
    #expect(outcome.errors.split(separator: "\n", omittingEmptySubsequences: false).count == 2, comment)
    #expect(outcome.errors.hasPrefix("toolbox: \(server.address())"), comment)
    #expect(outcome.errors.contains(fault.message), comment)
    #expect(outcome.errors.utf8.count < 500, comment)
    #expect(outcome.errors.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" }, comment)
    #expect(measurement.peakKiB < memoryLimitKiB, comment)
    #expect(measurement.seconds < fault.seconds, comment)
    #expect(try await content(database) == before, comment)
    return row(fault.name, outcome, measurement, address: server.address())
  }

  private static func row(
    _ name: String, _ outcome: ToolboxProcess.Outcome, _ measurement: ToolboxProcess.Measurement, address: String = ""
  ) -> Row {
    var line = outcome.errors.split(separator: "\n").first.map(String.init) ?? ""
    if !address.isEmpty { line = line.replacingOccurrences(of: address, with: "URL") }
    return Row(
      name: name, status: outcome.status, line: line.replacingOccurrences(of: "toolbox: ", with: ""),
      peakKiB: measurement.peakKiB, seconds: measurement.seconds)
  }

  /// What the database says, in every form that shows it.
  private static func content(_ database: String) async throws -> String {
    var texts: [String] = []
    for arguments in [["list", "--all", "--json"], ["latest", "--json"], ["show", "7.0.4", "--json"]] {
      let outcome = try await ToolboxProcess.run(["kernel"] + arguments + ["--database", database])
      #expect(outcome.status == 0)
      texts.append(outcome.output)
    }
    return texts.joined()
  }

  private static func printTable(_ rows: [Row]) {
    func padded(_ text: String, _ width: Int, left: Bool = false) -> String {
      let filling = String(repeating: " ", count: max(0, width - text.count))
      return left ? filling + text : text + filling
    }
    var lines = ["\(padded("fault", 38)) exit  MiB  seconds  line"]
    for row in rows.sorted(by: { $0.name < $1.name }) {
      let figures = [
        padded("\(row.status)", 4, left: true), padded("\(row.peakKiB >> 10)", 4, left: true),
        padded("\(row.seconds)", 8, left: true),
      ]
      lines.append("\(padded(row.name, 38)) \(figures.joined(separator: " "))  \(row.line)")
    }
    print(lines.joined(separator: "\n"))
  }
}
