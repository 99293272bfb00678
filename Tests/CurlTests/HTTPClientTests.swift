import Glibc
import HostSystem
import Synchronization
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
    let endless = try ScriptedServer()
    for step in 1...6 { endless.then(.status(302, headers: ["Location": "/step\(step)"])) }
    #expect(throws: HTTPError.tooManyRedirects(endless.address("start"), limit: 5)) {
      _ = try get(endless.address("start"), settings())
    }
    #expect(endless.requests.count == 6)
  }

  @Test func `a redirect in a circle is found when it closes`() throws {
    let server = try ScriptedServer([
      .status(302, headers: ["Location": "/b"]), .status(302, headers: ["Location": "/a"]),
    ])
    #expect(throws: HTTPError.redirectLoop(server.address("a"), target: server.address("a"))) {
      _ = try get(server.address("a"), settings())
    }
    #expect(server.requests.count == 2)
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

  @Test func `a server that drips is given up below the speed that is asked for`() throws {
    var impatient = settings()
    impatient.lowSpeedTime = 1
    let server = try ScriptedServer([
      ScriptedServer.Answer.status(200, [UInt8](repeating: 0x20, count: 1000)).dripping(1, pause: 100)
    ])
    let error = #expect(throws: HTTPError.self) { _ = try get(server.address(), impatient) }
    guard case .timedOut(_, let detail) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(detail.contains("64 bytes/sec"))
  }

  @Test func `redirects have one deadline together`() throws {
    var impatient = settings()
    impatient.totalTimeout = 1
    let server = try ScriptedServer()
    for step in 1...5 { server.then(.status(302, headers: ["Location": "/step\(step)"]).delayed(400)) }
    let error = #expect(throws: HTTPError.self) { _ = try get(server.address(), impatient) }
    guard case .timedOut = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(server.requests.count <= 3)
  }

  @Test(arguments: [
    ("120", 120), ("0", 0), ("99999999999999999999", Int(Int32.max)), ("soon", nil), ("-5", nil), ("", nil),
  ])
  func `Retry-After comes in seconds`(value: String, seconds: Int?) throws {
    let server = try ScriptedServer([.status(429, headers: ["Retry-After": value])])
    let found = try get(server.address(), settings()).retryAfter
    // Before 8.12 libcurl gives a negative number as it came.
    #expect(found == seconds || value == "-5" && found == -5)
  }

  @Test func `Retry-After with a date comes in seconds from now, also one that is over`() throws {
    func date(_ offset: Int) -> String {
      var time = time(nil) + offset
      var parts = tm()
      gmtime_r(&time, &parts)
      var text = [CChar](repeating: 0, count: 64)
      let length = strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
      return String(decoding: text.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    let server = try ScriptedServer([
      .status(429, headers: ["Retry-After": date(7200)]), .status(503, headers: ["Retry-After": date(-7200)]),
    ])
    #expect((7100...7200).contains(try #require(get(server.address(), settings()).retryAfter)))
    // libcurl 8.12 and later says nothing then.
    #expect((try get(server.address(), settings()).retryAfter ?? -7200) < 0)
  }

  @Test func `nobody there is unreachable and a stop ends the wait`() throws {
    var stopped = settings()
    // Port 1 of loopback has no server on any machine that runs tests.
    let error = #expect(throws: HTTPError.self) { _ = try get("http://127.0.0.1:1/", settings()) }
    #expect(error?.failureKind == .unavailable)
    let server = try ScriptedServer([ScriptedServer.Answer.status(200, text: "x").delayed(5000)])
    // Told to stop when the request is on its way: all transfers end, within a second.
    let asked = Mutex<ContinuousClock.Instant?>(nil)
    stopped.isStopped = {
      guard !server.requests.isEmpty else { return false }
      asked.withLock { $0 = $0 ?? ContinuousClock.now }
      return true
    }
    let request = HTTPRequest(address: try WebAddress(server.address()))
    let results = HTTPClient(stopped).get([request, request, request])
    let time = try #require(asked.withLock { $0 })
    #expect(ContinuousClock.now - time < .seconds(1))
    #expect(results.count == 3)
    for result in results { #expect(throws: HTTPError.stopped(server.address())) { _ = try result.get() } }
  }

  @Test(arguments: ["br", "zstd", "gzip, gzip", "gzip\r\nContent-Encoding: gzip", "deflate"])
  func `an encoding that nobody asked for is an error`(coding: String) throws {
    let server = try ScriptedServer([.status(200, text: "plain", headers: ["Content-Encoding": coding])])
    let error = #expect(throws: HTTPError.self) { _ = try get(server.address(), settings()) }
    guard case .cut(_, let detail) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(detail.contains("nobody asked for"))
    #expect(server.requests[0].headers["accept-encoding"] == "gzip")
  }

  @Test func `gzip is decoded, and the cap counts what it unpacks to`() throws {
    var small = settings()
    small.bodyLimit = 1000
    let headers = ["Content-Encoding": "gzip"]
    let server = try ScriptedServer([
      .status(200, Gzip.compressed([UInt8](repeating: 0x61, count: 1000)), headers: headers),
      .status(200, Gzip.compressed([UInt8](repeating: 0x61, count: 1001)), headers: headers),
    ])
    #expect(try get(server.address(), small).body == [UInt8](repeating: 0x61, count: 1000))
    #expect(throws: HTTPError.tooLarge(server.address(), limit: 1000)) { _ = try get(server.address(), small) }
  }

  @Test func `gzip that is cut anywhere is an error, and members follow one another`() throws {
    let text = Array("one line of a feed, and another one\n".utf8)
    let gzip = Gzip.compressed(text)
    for length in 1...gzip.count {
      let server = try ScriptedServer([.status(200, gzip[..<length], headers: ["Content-Encoding": "gzip"])])
      let result = Result { try get(server.address(), settings()) }
      guard length < gzip.count else {
        #expect(try result.get().body == text)
        continue
      }
      #expect(throws: HTTPError.cut(server.address(), detail: "the gzip data is cut")) { _ = try result.get() }
    }
    let server = try ScriptedServer([
      .status(200, gzip + gzip + [0, 0, 0], headers: ["Content-Encoding": "x-gzip"]).dripping(3, pause: 1)
    ])
    #expect(try get(server.address(), settings()).body == text + text)
  }

  @Test func `a head that is cut is an error`() throws {
    let server = try ScriptedServer([.init(bytes: Array("HTTP/1.1 304 Not Modified\r\nETag: \"1".utf8))])
    let error = #expect(throws: HTTPError.self) { _ = try get(server.address(), settings()) }
    guard case .cut = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func `the cap also counts bytes that unpack to nothing`() throws {
    // An empty block, again and again.
    let server = try ScriptedServer([
      .chunked(headers: ["Content-Encoding: gzip"], first: Gzip.head, repeated: [0, 0, 0, 0xFF, 0xFF], times: 1 << 20)
    ])
    var small = settings()
    small.bodyLimit = 1000
    #expect(throws: HTTPError.tooLarge(server.address(), limit: 1000)) { _ = try get(server.address(), small) }
  }

  @Test func `a huge head ends the transfer`() throws {
    let line = "X-Filling: " + String(repeating: "x", count: 1000)
    for head in [[line].repeated(70), ["A: b"].repeated(501), ["X: " + String(repeating: "x", count: 1 << 20)]] {
      let server = try ScriptedServer([.raw(["HTTP/1.1 200 OK", "Content-Length: 0"] + head)])
      #expect(throws: HTTPError.headersTooLarge(server.address(), limit: 64 << 10)) {
        _ = try get(server.address(), settings())
      }
    }
  }

  @Test func `trailers are no headers`() throws {
    let server = try ScriptedServer([
      .raw(
        ["HTTP/1.1 200 OK", "ETag: \"1\"", "Transfer-Encoding: chunked", "Trailer: ETag", "Connection: close"],
        ScriptedServer.Answer.chunk(Array("{}".utf8)) + Array("0\r\nETag: \"2\"\r\n\r\n".utf8))
    ])
    let response = try get(server.address(), settings())
    #expect(response.headers.text("etag") == "\"1\"")
    #expect(response.body == Array("{}".utf8))
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

extension [String] {
  fileprivate func repeated(_ times: Int) -> [String] { (0..<times).flatMap { _ in self } }
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

  @Test func `a name and a password are in no text`() throws {
    let address = try WebAddress("https://user:p%40ss@feeds.example:8443/releases.json?a@b")
    #expect(address.text == "https://feeds.example:8443/releases.json?a@b")
    #expect("\(address)" == address.text)
    #expect(address.origin == "https://feeds.example:8443")
    #expect(address.textWithCredentials == "https://user:p%40ss@feeds.example:8443/releases.json?a@b")
    #expect(try WebAddress("http://a@b@host/").text == "http://host/")
    #expect(try WebAddress("http://host/a@b").text == "http://host/a@b")
  }

  @Test(arguments: [
    "ftp://user:secret@host/", "http://user:secret@/", "http://user:secret@host:99999/", "http://user:sec/secret@host/",
    "user:secret@host/path", "http://user:secret@host/a b", "http://user:secret@",
  ])
  func `no complaint about an address shows its password`(text: String) throws {
    let error = #expect(throws: HTTPError.self) { _ = try WebAddress(text) }
    #expect(error?.message.contains("secret") == false)
    #expect(error?.message.contains("user") == false)
  }

  @Test func `foreign words are shown without what could be a password`() {
    #expect(
      WebAddress.withoutCredentials("Unsupported proxy syntax in 'http://me:pw@proxy:x': bad port")
        == "Unsupported proxy syntax in 'http://***@proxy:x': bad port")
    #expect(WebAddress.withoutCredentials("in me:p'w@proxy ") == "in me:p'***@proxy ")
    #expect(WebAddress.withoutCredentials("nothing to  hide ") == "nothing to  hide ")
    #expect(WebAddress.withoutCredentials("") == "")
  }

  @Test func `a password goes along inside its origin and nowhere else`() throws {
    let address = try WebAddress("https://user:secret@host/a")
    func next(_ target: String) throws -> String {
      try Redirection.step(from: address, to: target).textWithCredentials
    }
    #expect(try next("https://host/b") == "https://user:secret@host/b")
    #expect(try next("https://HOST:443/b") == "https://user:secret@HOST:443/b")
    #expect(try next("https://host:444/b") == "https://host:444/b")
    #expect(try next("https://other/b") == "https://other/b")
    #expect(try next("https://evil:creds@other/b") == "https://other/b")
    #expect(try next("https://evil:creds@host/b") == "https://user:secret@host/b")
  }

  @Test func `a target that is refused is shown without its password and not in full`() throws {
    let from = try WebAddress("https://a/")
    for target in ["http://me:secret@b/", "ftp://me:secret@b/", "http://b/" + String(repeating: "x", count: 9000)] {
      let error = #expect(throws: HTTPError.self) { _ = try Redirection.step(from: from, to: target) }
      #expect(error?.message.contains("secret") == false)
      #expect((error?.message.utf8.count ?? .max) < 500)
    }
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
