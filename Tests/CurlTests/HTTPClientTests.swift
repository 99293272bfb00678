import HostSystem
import TestSupport
import Testing

@testable import Curl

/// The client against a server that does as it is told.
@Suite struct HTTPClientTests {
  private func settings() -> HTTPClientSettings {
    HTTPClientSettings(userAgent: "toolbox-tests/1 (+https://example.org)")
  }

  private func get(
    _ address: String, _ settings: HTTPClientSettings, headers: [(name: String, value: [UInt8])] = []
  ) throws -> HTTPResponse {
    try HTTPClient(settings).get(HTTPRequest(address: try WebAddress(address), headers: headers))
  }

  @Test func `validators go and come byte for byte`() throws {
    let server = try ScriptedServer([
      .status(200, text: "{}", headers: ["ETag": "W/\"a b\"", "Last-Modified": "Sun, 31 Dec 2017  22:47:43 GMT"]),
      .status(304),
    ])
    let first = try get(server.address(), settings())
    #expect(first.status == 200)
    #expect(first.body == Array("{}".utf8))
    #expect(first.headers.text("etag") == "W/\"a b\"")
    #expect(first.headers.text("last-modified") == "Sun, 31 Dec 2017  22:47:43 GMT")
    let second = try get(
      server.address(), settings(), headers: [("If-None-Match", try #require(first.headers["etag"]))])
    #expect(second.status == 304)
    #expect(server.requests[1].headers["if-none-match"] == "W/\"a b\"")
    #expect(server.requests[0].headers["user-agent"] == "toolbox-tests/1 (+https://example.org)")
    #expect(server.requests[0].headers["accept-encoding"]?.contains("gzip") == true)
  }

  @Test func `redirects are followed five times and no more`() throws {
    let server = try ScriptedServer()
    for step in 1...5 { server.then(.status(302, headers: ["Location": "/step\(step)"])) }
    server.then(.status(200, text: "end"))
    let response = try get(server.address("start"), settings())
    #expect(response.finalAddress.text == server.address("step5"))
    #expect(response.permanentRedirect == nil)
    let loop = try ScriptedServer([.status(302, headers: ["Location": "/loop"])], repeatsLast: true)
    #expect(throws: HTTPError.tooManyRedirects(loop.address("loop"), limit: 5)) {
      _ = try get(loop.address("loop"), settings())
    }
    #expect(loop.requests.count == 6)
  }

  @Test func `a permanent redirect is told`() throws {
    let server = try ScriptedServer([.status(301, headers: ["Location": "/new"]), .status(200, text: "x")])
    #expect(try get(server.address("old"), settings()).permanentRedirect?.text == server.address("new"))
  }

  @Test(arguments: ["file:///etc/passwd", "ftp://127.0.0.1/x"])
  func `a redirect to anything but http is refused`(target: String) throws {
    let server = try ScriptedServer([.status(302, headers: ["Location": target])])
    let error = #expect(throws: HTTPError.self) { _ = try get(server.address(), settings()) }
    guard case .redirectRefused = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func `a body that ends early is an error`() throws {
    let server = try ScriptedServer([.status(200, text: "0123456789").cut(4)])
    let error = #expect(throws: HTTPError.self) { _ = try get(server.address(), settings()) }
    guard case .cut = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func `the cap counts bytes of the body and ends the transfer`() throws {
    var small = settings()
    small.bodyLimit = 1000
    let server = try ScriptedServer([
      .status(200, [UInt8](repeating: 0x20, count: 1000)), .status(200, [UInt8](repeating: 0x20, count: 1001)),
    ])
    #expect(try get(server.address(), small).body.count == 1000)
    #expect(throws: HTTPError.tooLarge(server.address(), limit: 1000)) { _ = try get(server.address(), small) }
  }

  @Test func `content that is not gzip although it says so is an error`() throws {
    let server = try ScriptedServer([.status(200, text: "plain", headers: ["Content-Encoding": "gzip"])])
    let error = #expect(throws: HTTPError.self) { _ = try get(server.address(), settings()) }
    guard case .cut = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func `an answer that does not come is given up`() throws {
    var impatient = settings()
    impatient.totalTimeout = 1
    let server = try ScriptedServer([ScriptedServer.Answer.status(200, text: "late").delayed(3000)])
    let error = #expect(throws: HTTPError.self) { _ = try get(server.address(), impatient) }
    guard case .timedOut = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func `Retry-After comes in seconds`() throws {
    let server = try ScriptedServer([.status(429, headers: ["Retry-After": "120"]), .status(429)])
    #expect(try get(server.address(), settings()).retryAfter == 120)
    #expect(try get(server.address(), settings()).retryAfter == nil)
  }

  @Test func `nobody there is unreachable and a stop ends the wait`() throws {
    // Port 1 of loopback has no server on any machine that runs tests.
    let error = #expect(throws: HTTPError.self) { _ = try get("http://127.0.0.1:1/", settings()) }
    #expect(error?.failureKind == .unavailable)
    var stopped = settings()
    stopped.isStopped = { true }
    let server = try ScriptedServer([ScriptedServer.Answer.status(200, text: "x").delayed(5000)])
    #expect(throws: HTTPError.stopped(server.address())) { _ = try get(server.address(), stopped) }
  }

  @Test func `a missing libcurl names the package`() throws {
    // The library is opened once in a process, so only a name that never opens can be told from another test's success.
    let error = #expect(throws: HTTPError.self) {
      _ = try CurlLibrary(named: "libcurl-that-does-not-exist.so.4", evenWhenOpen: true)
    }
    #expect(error?.failureKind == .unavailable)
    #expect(error?.message.contains("libcurl4") == true)
  }
}

@Suite struct WebAddressTests {
  @Test(arguments: [
    ("https://www.kernel.org/releases.json", "https://www.kernel.org:443"),
    ("HTTP://Example.org:8080", "http://example.org:8080"),
    ("http://[::1]:81/x", "http://[::1]:81"), ("http://user:secret@host/x", "http://host:80"),
    ("http://host?x=http://other", "http://host:80"),
  ])
  func `the origin is scheme, host and port`(text: String, origin: String) throws {
    #expect(try WebAddress(text).origin == origin)
  }

  @Test(arguments: [
    "", "kernel.org", "file:///etc/passwd", "http://", "http://:80", "http://a:99999", "http://a b/", "http://a\n/",
  ])
  func `what cannot be fetched is refused`(text: String) {
    let error = #expect(throws: HTTPError.self) { _ = try WebAddress(text) }
    #expect(error?.failureKind == .usage)
  }

  @Test func `https never leads to http`() throws {
    #expect(throws: HTTPError.self) {
      _ = try Redirection.step(from: try WebAddress("https://a/"), to: "http://a/")
    }
    #expect(try Redirection.step(from: try WebAddress("http://a/"), to: "https://a/").isEncrypted)
  }

  @Test func `max-age is read wherever it stands`() {
    func age(_ value: String) -> Int? {
      var headers = HTTPHeaders()
      Array("Cache-Control: \(value)\r\n".utf8).withUnsafeBufferPointer { headers.take($0) }
      return headers.maxAge
    }
    #expect(age("public, max-age=300") == 300)
    #expect(age("max-age=\"60\"") == 60)
    #expect(age("no-store") == nil)
    #expect(age("s-maxage=5") == nil)
    #expect(age("max-age=99999999999999999999") == nil)
  }
}
