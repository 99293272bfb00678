import Foundation
import TestSupport
import Testing

/// `toolbox kernel fetch` against a real web server, and through proxies.
@Suite(.enabled(if: Nginx.obstacle == nil, "nginx is not installed")) struct NginxFeedTests {
  private let directory: TemporaryDirectory
  private let database: String

  init() throws {
    directory = try TemporaryDirectory()
    database = directory("kernel.sqlite")
  }

  /// Some rows, so that compression is worth it.
  private static let feed: String = {
    let rows = (0..<40).map {
      #"{"moniker":"longterm","version":"6.\#($0).4","iseol":false,"released":{"isodate":"2026-05-07"}}"#
    }
    return #"{"releases":[\#(rows.joined(separator: ","))]}"#
  }()

  private func fetch(
    _ address: String, _ more: String..., environment: [String: String] = [:]
  ) async throws -> ToolboxProcess.Outcome {
    try await ToolboxProcess.run(
      ["kernel", "fetch", "--feed", address, "--database", database] + more, environment: environment)
  }

  @Test func `an unchanged feed costs an answer without a body`() async throws {
    let nginx = try Nginx()
    try nginx.write("releases.json", text: Self.feed)
    #expect(try await fetch(nginx.address()).status == 0)
    let again = try await fetch(nginx.address(), "--json")
    #expect(again.status == 0)
    #expect(again.output.contains("\"outcome\" : \"unchanged\""))
    let log = try nginx.log(count: 2)
    #expect(log.map(\.status) == [200, 304])
    #expect(log.map(\.bodyBytes) == [Self.feed.utf8.count, 0])
    // With another content the validators are no longer right, and the whole answer comes. nginx tells contents apart by
    // second and size, and both can be written within one second.
    try nginx.write("releases.json", text: Self.feed.replacingOccurrences(of: "6.7.4", with: "6.7.5") + "\n")
    #expect(try await fetch(nginx.address()).output.contains("6.7.5"))
    #expect(try nginx.log(count: 3).map(\.status) == [200, 304, 200])
  }

  @Test func `a watch asks again over the connection that it has`() async throws {
    let nginx = try Nginx()
    try nginx.write("releases.json", text: Self.feed)
    let outcome = try await ToolboxProcess.run(
      path: "/usr/bin/timeout",
      [
        "--signal=TERM", "--preserve-status", "5", ToolboxProcess.path, "kernel", "watch", "--interval", "1s", "--feed",
        nginx.address(), "--database", database,
      ])
    #expect(outcome.status == 0)
    let log = try nginx.log(count: 3)
    #expect(log.count >= 3)
    #expect(Set(log.map(\.connection)).count == 1)
  }

  @Test func `a feed comes compressed`() async throws {
    let nginx = try Nginx("gzip on; gzip_types application/json; gzip_min_length 0;")
    try nginx.write("releases.json", text: Self.feed)
    #expect(try await fetch(nginx.address()).status == 0)
    #expect(try await ToolboxProcess.run(["kernel", "latest", "6.39", "--database", database]).output == "6.39.4\n")
    let access = try nginx.log(count: 1)[0]
    #expect(access.status == 200 && access.encoding == "gzip")
    #expect(access.bodyBytes > 0 && access.bodyBytes < Self.feed.utf8.count / 2)
    // nginx weakens the validator of what it compresses; it goes back as it came.
    #expect(try await fetch(nginx.address()).status == 0)
    #expect(try nginx.log(count: 2)[1].status == 304)
  }

  @Test(arguments: ["7200", "date"])
  func `a request to wait is obeyed by the next process, which sends nothing`(form: String) async throws {
    let formatter = ISO8601DateFormatter()
    let wait = form == "date" ? Self.httpDate(Date(timeIntervalSinceNow: 7200)) : form
    let nginx = try Nginx(
      #"location = /releases.json { return 429; } location = /other.json { return 503; } add_header Retry-After "\#(wait)" always;"#
    )
    let start = Date()
    let asked = try await fetch(nginx.address())
    #expect(asked.status == 75)
    let until = try #require(
      asked.errors.firstMatch(of: /before ([0-9TZ:.-]+Z)/).flatMap { formatter.date(from: String($0.1)) })
    #expect((7190...7260).contains(until.timeIntervalSince(start)))
    // The whole origin is left alone, also for another of its feeds.
    for arguments in [[], ["--force"]] {
      for name in ["releases.json", "other.json"] {
        let outcome = try await ToolboxProcess.run(
          ["kernel", "fetch", "--feed", nginx.address(name), "--database", database] + arguments)
        #expect(outcome.status == 75)
        #expect(outcome.errors.contains("nothing was sent"))
      }
    }
    // What is asked afterwards stands directly behind the one request in the log.
    _ = try await ToolboxProcess.run(
      path: "/bin/bash",
      ["-c", "exec 3<>/dev/tcp/127.0.0.1/\(nginx.port); printf 'GET /last HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3"])
    #expect(try nginx.log(count: 2).map(\.path) == ["/releases.json", "/last"])
  }

  private static func httpDate(_ date: Date) -> String {
    var time = time_t(date.timeIntervalSince1970)
    var parts = tm()
    gmtime_r(&time, &parts)
    var text = [CChar](repeating: 0, count: 64)
    let length = strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
    return String(decoding: text.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  @Test func `a certificate that is not right is refused with its reason, and the right authority helps`() async throws
  {
    let certificates = try await Certificates()
    let trusted = ["SSL_CERT_FILE": certificates.authority]
    let right = try await certificates.signed(for: "IP:127.0.0.1")
    let cases: [(certificate: (certificate: String, key: String), environment: [String: String], message: String)] = [
      (right, [:], "not signed by an authority"),
      (right, ["SSL_CERT_FILE": "/nonexistent"], "file of trusted certificates"),
      (try await certificates.signed(for: "DNS:other.example"), trusted, "for another name"),
      (try await certificates.signed(for: "IP:127.0.0.1", to: "20210101"), trusted, "has expired"),
    ]
    for (certificate, environment, message) in cases {
      let nginx = try Nginx(certificate: certificate)
      try nginx.write("releases.json", text: Self.feed)
      let refused = try await fetch(nginx.secureAddress(), environment: environment)
      #expect(refused.status == 76)
      #expect(refused.errors.split(separator: "\n").count == 1)
      #expect(refused.errors.contains(message))
      // The request itself was not sent.
      #expect(try nginx.log(count: 0).allSatisfy { $0.status == 400 })
    }
    let nginx = try Nginx(certificate: right)
    try nginx.write("releases.json", text: Self.feed)
    #expect(try await fetch(nginx.secureAddress(), environment: trusted).status == 0)
    let other = ["CURL_CA_BUNDLE": certificates.authority, "SSL_CERT_FILE": "/nonexistent"]
    #expect(try await fetch(nginx.secureAddress(), environment: other).status == 0)
    let log = try nginx.log(count: 2)
    #expect(log.map(\.status) == [200, 304])
    #expect(log.map(\.version) == ["HTTP/2.0", "HTTP/2.0"])
  }

  @Test func `proxies of the environment are asked, except where no_proxy says so`() async throws {
    let proxy = try ScriptedServer([.status(200, text: Self.feed)])
    let through = ["http_proxy": "http://me:secret@127.0.0.1:\(proxy.port)"]
    #expect(try await fetch("http://feeds.example/releases.json", environment: through).status == 0)
    #expect(proxy.requests.map(\.line) == ["GET http://feeds.example/releases.json HTTP/1.1"])
    #expect(proxy.requests[0].headers["proxy-authorization"] == "Basic " + Data("me:secret".utf8).base64EncodedString())
    // A tunnel that the proxy does not give.
    let guarded = try ScriptedServer([.status(407)])
    let tunnel = ["https_proxy": "http://127.0.0.1:\(guarded.port)"]
    let refused = try await fetch("https://feeds.example/releases.json", environment: tunnel)
    #expect(refused.status == 69)
    #expect(refused.errors.contains("407"))
    #expect(guarded.requests.map(\.line) == ["CONNECT feeds.example:443 HTTP/1.1"])
    // No proxy for this host.
    let nginx = try Nginx()
    try nginx.write("releases.json", text: Self.feed)
    let direct = through.merging(["no_proxy": "127.0.0.1"]) { $1 }
    #expect(try await fetch(nginx.address(), environment: direct).status == 0)
    #expect(proxy.requests.count == 1)
    // A proxy that cannot be: its password is not shown.
    let broken = try await fetch(
      "http://feeds.example/", environment: ["http_proxy": "http://me:secret@127.0.0.1:99999"])
    #expect(broken.status == 69)
    #expect(broken.errors.split(separator: "\n").count == 1)
    #expect(!broken.errors.contains("secret"))
  }

  @Test func `a password in an address is in no message, no document and no database`() async throws {
    let nginx = try Nginx("location = /moved.json { return 301 /releases.json; }")
    try nginx.write("releases.json", text: Self.feed)
    let named = "http://admin:s3cr3t@127.0.0.1:\(nginx.port)/"
    var shown = ""
    for arguments in [
      [named + "releases.json"], [named + "moved.json"], [named + "moved.json", "--json"], [named + "404"],
    ] {
      let outcome = try await ToolboxProcess.run(
        ["kernel", "fetch", "--feed"] + arguments + ["--database", database])
      shown += outcome.output + outcome.errors
    }
    let status = try await ToolboxProcess.run(["kernel", "--database", database])
    shown += status.output
    #expect(shown.contains("http://127.0.0.1:\(nginx.port)/releases.json"))
    #expect(!shown.contains("s3cr3t"))
    for file in try FileManager.default.contentsOfDirectory(atPath: directory.path) {
      let bytes = try Data(contentsOf: URL(fileURLWithPath: directory(file)))
      #expect(bytes.firstRange(of: Data("s3cr3t".utf8)) == nil, Comment(rawValue: file))
    }
  }

  @Test func `netrc is used when it is named`() async throws {
    let file = try directory.write("netrc", text: "machine 127.0.0.1 login me password secret\n")
    chmod(file, 0o600)
    let server = try ScriptedServer([.status(200, text: Self.feed)], repeatsLast: true)
    #expect(try await fetch(server.address(), environment: ["TOOLBOX_NETRC": file]).status == 0)
    #expect(server.requests[0].headers["authorization"] == "Basic " + Data("me:secret".utf8).base64EncodedString())
    chmod(file, 0o644)
    let refused = try await fetch(server.address(), environment: ["TOOLBOX_NETRC": file])
    #expect(refused.status == 3)
    #expect(refused.errors.contains("chmod 600"))
    #expect(server.requests.count == 1)
  }
}
