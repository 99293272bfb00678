import FoundationEssentials
import HostSystem
import TestSupport
import Testing

@testable import KernelReleases

@Suite struct LookBackTests {
  private let knowledge: KernelKnowledge

  init() throws {
    let history = try ShippedHistory.load()
    knowledge = KernelKnowledge(history: history, shippedUntil: history.lastDay)
  }

  private func day(_ text: String) throws -> CalendarDay { try #require(CalendarDay(text)) }

  private func current(_ text: String) throws -> [String] {
    knowledge.at(try day(text)).current.map { "\($0.version) \($0.channel)" }
  }

  @Test func `the end of 2017 had eight living releases`() throws {
    #expect(
      try current("2017-12-31") == [
        "4.15-rc6 mainline", "4.14.10 stable", "4.9.73 longterm", "4.4.108 longterm", "4.1.48 longterm",
        "3.18.90 longterm", "3.16.51 longterm", "3.2.96 longterm",
      ])
  }

  @Test func `old days know the longterm series of their time, and a late tag revives nothing`() throws {
    #expect(
      try current("2012-01-25") == [
        "3.3-rc1 mainline", "3.2.1 stable", "3.0.17 longterm", "2.6.34.10 longterm", "2.6.32.55 longterm",
        "2.6.27.59 longterm",
      ])
    #expect(try current("2005-04-16") == ["2.6.12-rc2 mainline"])
  }

  @Test func `the last known day is answered as without looking back, and so is every later one`() throws {
    let now = knowledge.current.map(\.version)
    for text in ["2026-08-30", "2026-11-25"] {
      let then = knowledge.at(try day(text))
      #expect(then.current.map(\.version) == now)
      #expect(then.knownUntil == (try day("2026-08-30")))
      #expect(then.history.releases.count == knowledge.history.releases.count)
    }
  }

  @Test func `an end of life is known as it was published by then`() throws {
    func end(_ text: String) throws -> String? {
      let then = knowledge.at(try day(text))
      return try #require(then.latest("6.6")).endOfLifeDay?.description
    }
    #expect(try end("2023-10-31") == "2024-02-29")
    #expect(try end("2023-12-01") == "2026-12-31")
    #expect(try end("2026-03-01") == "2027-12-31")
    let december = knowledge.at(try day("2023-12-01"))
    let ended = try #require(december.latest("6.5"))
    #expect(ended.isEndOfLife)
    #expect(ended.endOfLifeDay?.description == "2023-12-27", "the projection of that day; the end came earlier")
    let living = try #require(knowledge.at(try day("2023-11-27")).latest("6.5"))
    #expect(!living.isEndOfLife)
  }

  @Test func `a release of later is not known`() throws {
    let then = knowledge.at(try day("2017-12-31"))
    let seventh = try #require(KernelVersion("4.15-rc7"))
    let sixth = try #require(KernelVersion("4.15-rc6"))
    #expect(ReleaseDetails.find(seventh, in: then) == nil)
    let details = try #require(ReleaseDetails.find(sixth, in: then))
    #expect(details.cycle?.candidates == 6)
    #expect(details.cycle?.isComplete == false)
    #expect(details.after == nil)
    #expect(then.history.series["4.15"] == nil)
    #expect(then.lookBack?.day.description == "2017-12-31")
  }

  @Test func `from the day of a fetch on its state is the answer`() throws {
    let row = FeedRow(
      channel: .stable, version: try #require(KernelVersion("7.2.5")), isEndOfLife: false, day: try day("2026-09-20"),
      time: nil, archive: nil)
    let noon = Instant(secondsSinceEpoch: try day("2026-09-21").daysSinceEpoch * 86_400 + 43_200)
    let fetched = KernelKnowledge(
      history: knowledge.history, listed: [row], fetched: .init(address: "x", time: noon, database: "y"),
      shippedUntil: knowledge.shippedUntil)
    #expect(fetched.at(try day("2026-09-21")).current.map(\.version.description) == ["7.2.5"])
    #expect(fetched.at(try day("2026-08-30")).lookBack != nil)
  }

  @Test func `linux-next is shown as long as its snapshots are fresh`() throws {
    let snapshot = Release(
      version: KernelVersion(linuxNext: try day("2026-08-28")), date: ReleaseDate(try day("2026-08-28")),
      channel: .linuxNext, source: "feed")
    let history = ReleaseHistory(
      releases: knowledge.history.releases + [snapshot], series: knowledge.history.series)
    #expect(history.current(on: try day("2026-08-30")).last?.version == snapshot.version)
    #expect(history.current(on: try day("2026-08-27")).last?.version != snapshot.version)
    #expect(history.current(on: try day("2026-10-30")).last?.version != snapshot.version)
  }

  @Test(.enabled(if: SharedCases.isPresent(ReplayTests.folder), "\(SharedCases.reason)"))
  func `sixty days of a winter are answered as the feeds of these days have them`() throws {
    let folder = try #require(SharedCases.path(ReplayTests.folder))
    for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
      let feed = try FeedReader.read(try RootDirectory().read(folder + "/" + name))
      let then = knowledge.at(try day(String(name.prefix(10))))
      // The feeds go on to list ended series, list a final twice, and hold linux-next.
      let expected = feed.rows.filter { !$0.isEndOfLife && $0.version.line == .releases }
      #expect(Set(then.current.map(\.version)) == Set(expected.map(\.version)), "\(name)")
      for row in expected where row.version.kind == .stable {
        #expect(then.current.first { $0.version == row.version }?.channel == row.channel, "\(name) \(row.version)")
      }
    }
  }
}
