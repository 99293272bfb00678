import Curl
import HostSystem
import TestSupport
import Testing

@testable import KernelReleases

@Suite struct FeedFetcherTests {
  private let directory: TemporaryDirectory
  private let store: ReleaseStore
  private let start = Instant(secondsSinceEpoch: 1_778_414_400)

  init() throws {
    directory = try TemporaryDirectory()
    store = try ReleaseStore.openForWriting(DatabaseLocation(path: directory("kernel.sqlite")), now: start)
  }

  private func body(_ version: String) -> [UInt8] {
    Array(#"{"releases":[{"moniker":"stable","version":"\#(version)","released":{"isodate":"2026-05-08"}}]}"#.utf8)
  }

  private func fetch(
    _ server: FakeServer, after seconds: Int = 0, interval: Int = 0, isForced: Bool = false
  ) throws -> FeedFetcher.Report {
    let time = Instant(secondsSinceEpoch: start.secondsSinceEpoch + seconds)
    let source = FeedSource(name: "x", address: try WebAddress(FakeServer.address), minimumInterval: interval)
    return try FeedFetcher(store: store, get: server.get, now: { time }, jitter: { _ in 0 })
      .fetch(source, isForced: isForced)
  }

  @Test func `both validators go back as they came and a 304 keeps them`() throws {
    let headers = [("ETag", "\"x\""), ("Last-Modified", "Fri, 08 May 2026 10:00:00 GMT")]
    let server = FakeServer([
      .answered(try FakeServer.answer(200, body("6.1.1"), headers: headers)), .answered(try FakeServer.answer(304)),
      .answered(try FakeServer.answer(304)),
    ])
    #expect(try fetch(server).outcome == .seeded(count: 1, format: .releasesJSON))
    #expect(try fetch(server, after: 10).outcome == .unchanged)
    #expect(try fetch(server, after: 20).outcome == .unchanged)
    let conditions = ["If-None-Match": "\"x\"", "If-Modified-Since": "Fri, 08 May 2026 10:00:00 GMT"]
    #expect(server.asked.map(\.headers) == [[:], conditions, conditions])
    #expect(try store.feed(FakeServer.address)?.fetchedAt.secondsSinceEpoch == start.secondsSinceEpoch + 20)
  }

  @Test func `a 200 without validators drops the stored ones`() throws {
    let server = FakeServer([
      .answered(try FakeServer.answer(200, body("6.1.1"), headers: [("ETag", "\"x\"")])),
      .answered(try FakeServer.answer(200, body("6.1.2"))), .answered(try FakeServer.answer(200, body("6.1.2"))),
    ])
    _ = try fetch(server)
    guard case .changed(let events) = try fetch(server, after: 10).outcome else {
      Issue.record("not changed")
      return
    }
    #expect(events.map(\.id) == ["release:6.1:6.1.2"])
    #expect(try fetch(server, after: 20).outcome == .unchanged)
    #expect(server.asked.map(\.headers.count) == [0, 1, 0])
  }

  @Test func `validators are not used after eight days`() throws {
    let server = FakeServer([
      .answered(try FakeServer.answer(200, body("6.1.1"), headers: [("ETag", "\"x\"")])),
      .answered(try FakeServer.answer(200, body("6.1.1"), headers: [("ETag", "\"x\"")])),
    ])
    _ = try fetch(server)
    _ = try fetch(server, after: 8 * 86_400 + 1)
    #expect(server.asked[1].headers.isEmpty)
  }

  @Test func `a 304 that nobody asked for is asked again once and then an error`() throws {
    let server = FakeServer([.answered(try FakeServer.answer(304)), .answered(try FakeServer.answer(304))])
    #expect(throws: FetchError.uninvitedNotModified(FakeServer.address)) { _ = try fetch(server) }
    #expect(server.asked.count == 2)
    #expect(try store.feeds().isEmpty)
  }

  @Test func `content that cannot be read leaves all as it was and drops the validators`() throws {
    let server = FakeServer([
      .answered(try FakeServer.answer(200, body("6.1.1"), headers: [("ETag", "\"x\"")])),
      .answered(try FakeServer.answer(200, Array("<html>".utf8), headers: [("ETag", "\"y\"")])),
      .answered(try FakeServer.answer(200, body("6.1.2"))),
    ])
    _ = try fetch(server)
    #expect(throws: FetchError.content(FakeServer.address, .htmlPage)) { _ = try fetch(server, after: 10) }
    #expect(try store.releases().map(\.version.description) == ["6.1.1"])
    _ = try fetch(server, after: 20)
    #expect(server.asked[2].headers.isEmpty)
    #expect(try store.events(after: 0).map(\.event.id) == ["release:6.1:6.1.2"])
  }

  @Test(arguments: [(120, 120), (5, 60), (-7, 60), (999_999, 86_400)])
  func `a request to wait is kept within bounds and obeyed even with force`(asked: Int, kept: Int) throws {
    let server = FakeServer([.answered(try FakeServer.answer(429, retryAfter: asked))])
    let until = Instant(secondsSinceEpoch: start.secondsSinceEpoch + kept)
    #expect(throws: FetchError.askedToWait(FakeServer.address, status: 429, until: until)) { _ = try fetch(server) }
    #expect(throws: FetchError.waiting(FakeServer.address, until: until)) {
      _ = try fetch(server, after: kept - 1, isForced: true)
    }
    #expect(server.asked.count == 1)
  }

  @Test func `waits without a time double and a success ends them`() throws {
    let server = FakeServer([
      .answered(try FakeServer.answer(503)), .answered(try FakeServer.answer(503)),
      .answered(try FakeServer.answer(200, body("6.1.1"))), .answered(try FakeServer.answer(503)),
    ])
    #expect(throws: FetchError.self) { _ = try fetch(server) }
    #expect(throws: FetchError.self) { _ = try fetch(server, after: 600) }
    #expect(
      try store.origin("https://feeds.example.org:443")?.notBefore.secondsSinceEpoch == start.secondsSinceEpoch + 1800)
    _ = try fetch(server, after: 1800)
    #expect(try store.origin("https://feeds.example.org:443") == nil)
    #expect(throws: FetchError.self) { _ = try fetch(server, after: 1801) }
    #expect(try store.origin("https://feeds.example.org:443")?.failures == 1)
  }

  @Test func `a stored wait beyond a day comes from a wrong clock and is ignored`() throws {
    try store.store(
      OriginRecord(
        origin: "https://feeds.example.org:443",
        notBefore: Instant(secondsSinceEpoch: start.secondsSinceEpoch + 90_000), failures: 1, isRequest: true))
    #expect(try fetch(try FakeServer(body: body("6.1.1"))).outcome == .seeded(count: 1, format: .releasesJSON))
  }

  @Test func `the minimum interval holds until force`() throws {
    let server = FakeServer([
      .answered(try FakeServer.answer(200, body("6.1.1"))), .answered(try FakeServer.answer(200, body("6.1.1"))),
      .answered(try FakeServer.answer(200, body("6.1.1"))),
    ])
    _ = try fetch(server, interval: 900)
    guard case .notDue = try fetch(server, after: 899, interval: 900).outcome else {
      Issue.record("asked too early")
      return
    }
    #expect(try fetch(server, after: 899, interval: 900, isForced: true).notices.count == 1)
    #expect(try fetch(server, after: 1799, interval: 900).outcome == .unchanged)
  }

  @Test func `a failing server of the list is left alone for a while`() throws {
    let server = FakeServer([
      .answered(try FakeServer.answer(500)), .answered(try FakeServer.answer(200, body("6.1.1"))),
    ])
    #expect(throws: FetchError.status(FakeServer.address, 500)) { _ = try fetch(server, interval: 900) }
    #expect(throws: FetchError.self) { _ = try fetch(server, after: 599, interval: 900) }
    #expect(server.asked.count == 1)
    #expect(
      try fetch(server, after: 599, interval: 900, isForced: true).outcome == .seeded(count: 1, format: .releasesJSON))
  }

  @Test func `a doubt is settled by content and never by a 304`() throws {
    let headers = [("ETag", "\"x\"")]
    let server = FakeServer([
      .answered(try FakeServer.answer(200, body("6.1.2"), headers: headers)),
      .answered(try FakeServer.answer(200, body("6.1.1"), headers: headers)),
      .answered(try FakeServer.answer(200, body("6.1.1"), headers: headers)),
    ])
    _ = try fetch(server)
    _ = try fetch(server, after: 10)
    #expect(try store.suspicions() == ["6.1 went back from 6.1.2 to 6.1.1"])
    _ = try fetch(server, after: 4000)
    #expect(server.asked[2].headers.isEmpty)
    #expect(try store.suspicions().isEmpty)
    #expect(try store.listed().map(\.version.description) == ["6.1.1"])
  }
}
