import FoundationEssentials
import HostSystem
import TestSupport
import Testing

@testable import KernelReleases

/// Sixty days of feeds, one file after another, against the table of releases.
@Suite struct ReplayTests {
  static let folder = "kernel/samples/replay-SYNTHETIC/2017-12_2018-02"

  private struct Day {
    let noon: Instant
    let bytes: [UInt8]
  }

  private func days() throws -> [Day] {
    let folder = try #require(SharedCases.path(Self.folder))
    return try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map { name in
      let day = try #require(CalendarDay(name.prefix(10)))
      return Day(
        noon: Instant(secondsSinceEpoch: day.daysSinceEpoch * 86_400 + 86_000),
        bytes: try RootDirectory().read(folder + "/" + name))
    }
  }

  /// The truth: what the table has between the first file and the last one.
  private func expected(_ first: CalendarDay, _ last: CalendarDay) throws -> Set<String> {
    let history = try ShippedHistory.load()
    let releases = history.releases.filter { release in
      guard let day = release.date?.day else { return false }
      return day > first && day <= last
    }
    return Set(releases.map(\.version.description))
  }

  private func check(_ events: [ReleaseEvent], _ days: [Day]) throws {
    let first = CalendarDay(try #require(days.first).noon)
    let last = CalendarDay(try #require(days.last).noon)
    let told = events.filter { $0.kind == .release && $0.version?.line == .releases }.compactMap {
      $0.version?.description
    }
    let skipped = events.flatMap(\.skipped).map(\.description)
    #expect(Set(told).count == told.count, "no release twice")
    #expect(Set(told).isDisjoint(with: skipped))
    // The day of 4.15-rc4 is not known, so no file shows it: it can only be concluded.
    #expect(Set(told + skipped) == (try expected(first, last)).union(["4.15-rc4"]))
    #expect(skipped.contains("4.15-rc4"))
    let sixth = try #require(events.first { $0.id == "release:4.15:4.15-rc6" })
    #expect(sixth.day?.description == "2017-12-31")
    #expect(CalendarDay(sixth.observed).description == "2017-12-31")
    #expect(events.allSatisfy { $0.kind != .suspect })
  }

  @Test(.enabled(if: SharedCases.isPresent(folder), "\(SharedCases.reason)"))
  func `the pure comparison finds every release of the table once`() throws {
    let days = try days()
    #expect(days.count == 60)
    var state = StoredState()
    var events: [ReleaseEvent] = []
    for day in days {
      let derivation = EventDerivation.derive(from: state, try FeedReader.read(day.bytes), observed: day.noon)
      #expect(derivation.warnings.isEmpty)
      events += derivation.events
      state = derivation.applied(to: state)
    }
    try check(events, days)
  }

  @Test(.enabled(if: SharedCases.isPresent(folder), "\(SharedCases.reason)"))
  func `the store keeps the same log`() throws {
    let days = try days()
    let directory = try TemporaryDirectory()
    let location = DatabaseLocation(path: directory("kernel.sqlite"))
    for day in days {
      // Opened again for every day, as runs from cron do.
      let store = try ReleaseStore.openForWriting(location, now: day.noon)
      let fake = try FakeServer(body: day.bytes)
      let fetcher = FeedFetcher(store: store, get: fake.get, now: { day.noon })
      _ = try fetcher.fetch(FakeServer.source, isForced: false)
    }
    let store = try ReleaseStore.openForWriting(location, now: try #require(days.last).noon)
    try check(try store.events(after: 0).map(\.event), days)
  }
}
