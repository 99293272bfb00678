import Foundation
import HostSystem
import TestSupport
import Testing

@testable import Curl

/// Several requests at once, connections that are used again, TLS and passwords.
@Suite struct ConnectionTests {
  private func settings() -> HTTPClientSettings {
    HTTPClientSettings(userAgent: "toolbox-tests/1 (+https://example.org)")
  }

  private func request(_ address: String, headers: [(name: String, value: [UInt8])] = []) throws -> HTTPRequest {
    HTTPRequest(address: try WebAddress(address), headers: headers)
  }

  @Test(.enabled(if: Nginx.obstacle == nil, "nginx is not installed"))
  func `many requests come back in their order over at most two connections, which stay open`() throws {
    let nginx = try Nginx()
    for index in 0..<8 { try nginx.write("feed\(index)", text: "content \(index)") }
    let client = HTTPClient(settings())
    let results = client.get(try (0..<8).map { try request(nginx.address("feed\($0)")) })
    #expect(try results.map { String(decoding: try $0.get().body, as: UTF8.self) } == (0..<8).map { "content \($0)" })
    _ = try client.get(request(nginx.address("feed0")))
    let log = try nginx.log(count: 9)
    #expect(log.count == 9)
    #expect(Set(log.map(\.connection)).count <= 2)
    #expect(client.get([]).isEmpty)
  }

  @Test(.enabled(if: Nginx.obstacle == nil, "nginx is not installed"))
  func `the failure of one request leaves the others alone`() throws {
    let nginx = try Nginx("location = /moved { return 301 /feed; } location = /circle { return 302 /circle; }")
    try nginx.write("feed", text: "content")
    let results = HTTPClient(settings()).get([
      try request(nginx.address("feed")), try request("http://127.0.0.1:1/"), try request(nginx.address("circle")),
      try request(nginx.address("moved")), try request(nginx.address("missing")),
    ])
    #expect(try results[0].get().status == 200)
    #expect(throws: HTTPError.self) { _ = try results[1].get() }
    #expect(throws: HTTPError.redirectLoop(nginx.address("circle"), target: nginx.address("circle"))) {
      _ = try results[2].get()
    }
    #expect(try results[3].get().permanentRedirect?.text == nginx.address("feed"))
    #expect(try results[4].get().status == 404)
  }

  @Test func `a client can be used by many threads and made again`() async throws {
    let server = try ScriptedServer([.status(200, text: "x")], repeatsLast: true)
    let address = server.address()
    for client in [HTTPClient(settings()), HTTPClient(settings())] {
      try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<8 {
          group.addTask { try client.get(HTTPRequest(address: try WebAddress(address))).status }
        }
        for try await status in group { #expect(status == 200) }
      }
    }
    #expect(server.requests.count == 16)
  }

  @Test(.enabled(if: Nginx.obstacle == nil, "nginx is not installed"))
  func `over TLS it speaks HTTP 2, and redirects never leave TLS`() async throws {
    let certificates = try await Certificates()
    let nginx = try Nginx(
      """
      location = /down { return 302 http://127.0.0.1/; }
      location = /again { return 302 /feed; }
      """, certificate: try await certificates.signed(for: "IP:127.0.0.1"))
    try nginx.write("feed", text: "content")
    var trusting = settings()
    trusting.certificateFile = certificates.authority
    let client = HTTPClient(trusting)
    let addresses = try ["feed", "again", "down"].map { try request(nginx.secureAddress($0)) }
    let results = client.get(addresses)
    #expect(try results[0].get().body == Array("content".utf8))
    #expect(try results[1].get().finalAddress.text == nginx.secureAddress("feed"))
    #expect(
      throws: HTTPError.redirectRefused(
        nginx.secureAddress("down"), target: "http://127.0.0.1/", reason: "it leaves the encrypted connection")
    ) { _ = try results[2].get() }
    let log = try nginx.log(count: 4)
    #expect(Set(log.map(\.version)) == ["HTTP/2.0"])
    #expect(Set(log.map(\.connection)).count == 1)
    // From http to https is a step up.
    let plain = try ScriptedServer([.status(302, headers: ["Location": nginx.secureAddress("feed")])])
    #expect(try client.get(request(plain.address())).body == Array("content".utf8))
  }

  @Test(.enabled(if: Nginx.obstacle == nil, "nginx is not installed"))
  func `each fault of a certificate is told apart`() async throws {
    let certificates = try await Certificates()
    var trusting = settings()
    trusting.certificateFile = certificates.authority
    func problem(_ certificate: (certificate: String, key: String), _ settings: HTTPClientSettings) throws
      -> TLSProblem?
    {
      let nginx = try Nginx(certificate: certificate)
      let error = #expect(throws: HTTPError.self) {
        _ = try HTTPClient(settings).get(try request(nginx.secureAddress("empty")))
      }
      guard case .tlsRefused(_, let problem, _) = error else {
        Issue.record("\(String(describing: error))")
        return nil
      }
      #expect(error?.failureKind == .tlsRefused)
      return problem
    }
    let right = try await certificates.signed(for: "IP:127.0.0.1")
    #expect(try problem(right, settings()) == .unknownAuthority)
    #expect(try problem(await certificates.signed(for: "DNS:other.example"), trusting) == .wrongName)
    let old = try await certificates.signed(for: "IP:127.0.0.1", to: "20210101")
    #expect(try problem(old, trusting) == .expired)
    let early = try await certificates.signed(for: "IP:127.0.0.1", from: "20480101")
    #expect(try problem(early, trusting) == .notYetValid)
    var lost = settings()
    lost.certificateFile = "/nonexistent/authority.pem"
    #expect(try problem(right, lost) == .certificateFile)
  }

  @Test func `a password goes to its origin and to no other`() throws {
    let other = try ScriptedServer([.status(200, text: "x")])
    let server = try ScriptedServer([
      .status(302, headers: ["Location": "/inside"]), .status(302, headers: ["Location": other.address()]),
    ])
    let address = "http://user:sec%20ret@127.0.0.1:\(server.port)/start"
    let response = try HTTPClient(settings()).get(
      request(
        address, headers: [("Authorization", Array("Bearer token".utf8)), ("If-None-Match", Array("\"1\"".utf8))]))
    #expect(response.finalAddress.text == other.address())
    #expect(server.requests.map { $0.headers["authorization"] } == ["Bearer token", "Bearer token"])
    #expect(other.requests[0].headers["authorization"] == nil)
    #expect(other.requests[0].headers["if-none-match"] == "\"1\"")
    #expect(other.requests[0].headers["referer"] == nil)
    let basic = try ScriptedServer([.status(200)])
    _ = try HTTPClient(settings()).get(request("http://user:sec%20ret@127.0.0.1:\(basic.port)/"))
    #expect(basic.requests[0].headers["authorization"] == "Basic " + Data("user:sec ret".utf8).base64EncodedString())
  }

  @Test func `netrc is read when it is named, and only when it is private`() throws {
    let directory = try TemporaryDirectory()
    let file = try directory.write("netrc", text: "machine 127.0.0.1 login me password secret\n")
    let server = try ScriptedServer([.status(200)], repeatsLast: true)
    func get(_ netrc: String?) throws -> String? {
      var settings = settings()
      settings.netrc = netrc
      _ = try HTTPClient(settings).get(request(server.address()))
      return server.requests.last?.headers["authorization"]
    }
    chmod(file, 0o600)
    #expect(try get(nil) == nil)
    #expect(try get(file) == "Basic " + Data("me:secret".utf8).base64EncodedString())
    let count = server.requests.count
    chmod(file, 0o640)
    try FileManager.default.createSymbolicLink(atPath: directory("link"), withDestinationPath: file)
    for (path, reason) in [
      (file, "others may read"), (directory("link"), "symbolic link"), (directory.path, "no plain file"),
      (directory("missing"), "No such file"),
    ] {
      let error = #expect(throws: HTTPError.self) { _ = try get(path) }
      #expect(error?.message.contains(reason) == true)
      #expect(error?.failureKind == .refused)
    }
    #expect(server.requests.count == count)
  }

  @Test func `the environment names certificates and netrc, and empty names are none`() {
    func settings(_ environment: [String: String]) -> HTTPClientSettings {
      HTTPClientSettings(userAgent: "x", environment: environment)
    }
    #expect(settings(["CURL_CA_BUNDLE": "/a", "SSL_CERT_FILE": "/b"]).certificateFile == "/a")
    #expect(settings(["CURL_CA_BUNDLE": "", "SSL_CERT_FILE": "/b"]).certificateFile == "/b")
    #expect(settings([:]).certificateFile == nil)
    #expect(settings([:]).netrc == nil)
    #expect(settings(["TOOLBOX_NETRC": "/n"]).netrc == "/n")
  }
}
