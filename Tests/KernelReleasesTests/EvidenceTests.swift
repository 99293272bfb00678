import HostSystem
import TestSupport
import Testing

@testable import KernelReleases

/// What several sources say together: second opinions, mails, lists of files, published ends.
@Suite struct EvidenceTests {
  /// 2026-05-10, noon.
  private let noon = Instant(secondsSinceEpoch: 1_778_414_400)
  private let directory: TemporaryDirectory
  private let store: ReleaseStore

  init() throws {
    directory = try TemporaryDirectory()
    store = try ReleaseStore.openForWriting(
      DatabaseLocation(path: directory("kernel.sqlite")), now: Instant(secondsSinceEpoch: 1_778_414_400))
  }

  private static let second = FeedFormat(rawValue: "second-opinion")

  /// Stores a snapshot as a fetch does, some seconds after noon.
  @discardableResult
  private func take(
    _ content: FeedContent, _ format: FeedFormat = .releasesJSON, after seconds: Int = 0
  ) throws -> Derivation {
    let time = Instant(secondsSinceEpoch: noon.secondsSinceEpoch + seconds)
    let snapshot = FeedSnapshot(format: format, content: content, warnings: [])
    let before = try store.state(for: snapshot, now: time)
    let derivation = EventDerivation.derive(from: before, snapshot, observed: time)
    let record = FeedRecord(
      address: "https://\(format.rawValue).example.org/", format: format.rawValue, finalAddress: "x", etag: nil,
      lastModified: nil, validatorsAt: time, bodySHA256: [], fetchedAt: time, maxAge: nil)
    try store.store(derivation, over: before, from: record, format: format, origin: nil)
    return derivation
  }

  /// `mainline 6.1 2022-12-11`, with `eol` behind it for an ended series.
  private func state(_ lines: String...) throws -> FeedContent {
    .state(
      try lines.map { line in
        let words = line.split(separator: " ").map(String.init)
        return FeedRow(
          channel: Channel(rawValue: words[0]), version: try #require(KernelVersion(words[1])),
          isEndOfLife: words.last == "eol", day: words.count > 2 ? CalendarDay(words[2]) : nil)
      })
  }

  private func mail(_ version: String, _ day: String = "2026-05-09") throws -> FeedContent {
    let day = try #require(CalendarDay(day))
    return .announcements([
      Announcement(
        version: try #require(KernelVersion(version)), author: "A. Person",
        time: Instant(secondsSinceEpoch: day.daysSinceEpoch * 86_400 + 3600), paragraph: "Out now.",
        link: "https://lists.example.org/1")
    ])
  }

  private func files(_ versions: String...) throws -> FeedContent {
    .versions(try versions.map { try #require(KernelVersion($0)) })
  }

  private func log() throws -> [String] { try store.events(after: 0).map(\.event.id) }

  private func seedTen(_ format: FeedFormat = .releasesJSON, after seconds: Int = 0) throws {
    try take(
      try state(
        "mainline 7.1-rc2 2026-05-03", "stable 7.0.5 2026-05-07", "longterm 6.18.20 2026-05-07",
        "longterm 6.12.80 2026-05-07", "longterm 6.1.170 2026-04-30"), format, after: seconds)
  }

  // MARK: Skipped releases

  @Test func `published ends count before any state is stored, and the list is newest first in any order of the feed`()
    throws
  {
    let day = try #require(CalendarDay("2031-05-31"))
    try take(
      .support([SeriesSupport(series: "6.1", isLongterm: true, end: .day(day), finalDay: nil, latest: nil)]),
      .endOfLifeDate)
    let early = try KernelKnowledge.load(store)
    #expect(early.fetched == nil)
    #expect(early.latest("6.1")?.endOfLifeDay == day)
    try take(
      try state(
        "linux-next next-20260508 2026-05-08", "longterm 6.1.170 2026-04-30", "mainline 7.1-rc2 2026-05-03",
        "stable 7.0.5 2026-05-07", "stable 6.18.21-rc1 2026-05-09"), after: 60)
    let knowledge = try KernelKnowledge.load(store)
    #expect(
      knowledge.current.map(\.version.description) == ["7.1-rc2", "7.0.5", "6.18.21-rc1", "6.1.170", "next-20260508"])
    #expect(knowledge.latest("rc")?.version.description == "7.1-rc2")
  }

  @Test func `a series that comes back and vanishes again is told once`() throws {
    try seedTen()
    let gone = try state(
      "mainline 7.1-rc2 2026-05-03", "stable 7.0.5 2026-05-07", "longterm 6.18.20 2026-05-07",
      "longterm 6.12.80 2026-05-07")
    let snapshot = FeedSnapshot(format: .releasesJSON, content: gone, warnings: [])
    func told(after seconds: Int) throws -> [String] {
      let time = Instant(secondsSinceEpoch: noon.secondsSinceEpoch + seconds)
      let record = FeedRecord(
        address: "https://releases-json.example.org/", format: "releases-json", finalAddress: "x", etag: nil,
        lastModified: nil, validatorsAt: time, bodySHA256: [], fetchedAt: time, maxAge: nil)
      let before = try store.state(for: snapshot, now: time)
      let derivation = EventDerivation.derive(from: before, snapshot, observed: time)
      #expect(derivation.events.count == 1)
      return try store.store(derivation, over: before, from: record, format: .releasesJSON, origin: nil).map(\.id)
    }
    #expect(try told(after: 60) == ["vanished:6.1:6.1.170"])
    try seedTen(after: 120)
    #expect(try told(after: 180).isEmpty)
    #expect(try log() == ["vanished:6.1:6.1.170"])
  }

  @Test func `a mail gives a release that a list of files has proven its day`() throws {
    try seedTen()
    try take(try state("longterm 6.1.172 2026-05-08"), after: 60)
    try take(try files("6.1.171"), .sha256sums, after: 120)
    let told = try log()
    try take(try mail("6.1.171", "2026-05-07"), .publicInboxAtom, after: 180)
    #expect(try log() == told)
    let release = try #require(try store.releases().first { $0.version.description == "6.1.171" })
    #expect(release.date?.day.description == "2026-05-07")
    #expect(release.date?.confidence == .inferred)
  }

  @Test func `a list of files proves a skipped release later, once`() throws {
    try seedTen()
    try take(
      try state(
        "longterm 6.1.172 2026-05-08", "mainline 7.1-rc2", "stable 7.0.5", "longterm 6.18.20", "longterm 6.12.80"),
      after: 10)
    #expect(try log().suffix(2) == ["skipped:6.1:6.1.172", "release:6.1:6.1.172"])
    #expect(try store.presumed(after: noon).map(\.description) == ["6.1.171"])
    let proof = try take(try files("6.1.170", "6.1.171", "6.1.172"), FeedFormat(rawValue: "files"), after: 20)
    #expect(proof.events.map(\.id) == ["release:6.1:6.1.171"])
    #expect(proof.events[0].presumed)
    #expect(proof.events[0].previous == "6.1.170")
    #expect(proof.events[0].channel == .longterm)
    #expect(proof.events[0].day == nil)
    #expect(try store.presumed(after: noon).isEmpty)
    #expect(try take(try mail("6.1.171"), FeedFormat(rawValue: "mails"), after: 30).events.isEmpty)
    #expect(try take(try files("6.1.171", "6.1.173"), FeedFormat(rawValue: "files"), after: 40).events.isEmpty)
    #expect(try store.releases(inSeries: "6.1").map(\.version.description) == ["6.1.170", "6.1.171", "6.1.172"])
  }

  @Test func `a mail that came before proves a skipped release at once, with its day`() throws {
    try seedTen()
    try take(try mail("6.1.171", "2026-05-08"), FeedFormat(rawValue: "mails"), after: 5)
    #expect(try log().isEmpty)
    let later = try take(
      try state(
        "longterm 6.1.172 2026-05-08", "mainline 7.1-rc2", "stable 7.0.5", "longterm 6.18.20", "longterm 6.12.80"),
      after: 10)
    #expect(
      later.events.map(\.id).suffix(3) == ["skipped:6.1:6.1.172", "release:6.1:6.1.171", "release:6.1:6.1.172"])
    let proven = try #require(later.events.first { $0.id == "release:6.1:6.1.171" })
    #expect(proven.presumed && proven.day?.description == "2026-05-08")
    #expect(try store.presumed(after: noon).isEmpty)
    let stored = try #require(try store.releases(inSeries: "6.1").first { $0.version.description == "6.1.171" })
    #expect(stored.date?.confidence == .inferred)
  }

  @Test func `a state of another feed proves a skipped release too, and its day is exact`() throws {
    try seedTen()
    try take(
      try state(
        "longterm 6.1.172 2026-05-08", "mainline 7.1-rc2", "stable 7.0.5", "longterm 6.18.20", "longterm 6.12.80"),
      after: 10)
    let lagging = try take(try state("longterm 6.1.171 2026-05-07", "stable 7.0.5"), Self.second, after: 20)
    #expect(lagging.events.map(\.id) == ["release:6.1:6.1.171"])
    #expect(lagging.events[0].presumed)
    let stored = try #require(try store.releases(inSeries: "6.1").first { $0.version.description == "6.1.171" })
    #expect(stored.date == ReleaseDate(try #require(CalendarDay("2026-05-07")), .exact))
  }

  @Test func `a mail alone tells no release, a mail and a list of files together do`() throws {
    try seedTen()
    #expect(try take(try mail("6.1.171"), FeedFormat(rawValue: "mails"), after: 10).events.isEmpty)
    let proof = try take(try files("6.1.170", "6.1.171"), FeedFormat(rawValue: "files"), after: 20)
    #expect(proof.events.map(\.id) == ["release:6.1:6.1.171"])
    // The state that lists it at last has its day, and no news.
    let listed = try take(
      try state(
        "longterm 6.1.171 2026-05-08", "mainline 7.1-rc2", "stable 7.0.5", "longterm 6.18.20", "longterm 6.12.80"),
      after: 30)
    #expect(!listed.events.contains { $0.version?.description == "6.1.171" })
    let stored = try #require(try store.releases(inSeries: "6.1").last)
    #expect(stored.date == ReleaseDate(try #require(CalendarDay("2026-05-08")), .exact))
  }

  @Test func `evidence before the first state is kept and told only when a gap shows`() throws {
    try take(try files("6.1.168", "6.1.169", "6.1.171"), FeedFormat(rawValue: "files"))
    try take(try mail("6.1.171"), FeedFormat(rawValue: "mails"))
    #expect(try log().isEmpty)
    try seedTen(after: 5)
    #expect(try log().isEmpty)
  }

  // MARK: Feeds that know more or less than others

  @Test func `what a second feed lists beyond the first one's state is no news unless it is new`() throws {
    try seedTen()
    let second = try take(
      try state(
        "mainline 7.1-rc2 2026-05-03", "stable 7.0.5 2026-05-07", "longterm 6.1.169 2026-04-20",
        "longterm 5.10.240 2026-04-01", "stable 6.19.14 2026-04-22 eol", "longterm 6.6.140 2026-05-08"),
      Self.second, after: 10)
    #expect(second.events.map(\.id) == ["release:6.6:6.6.140"])
    #expect(second.events[0].kind == .release)
  }

  @Test func `a feed that lags is no step back and tells nothing twice`() throws {
    try seedTen()
    try seedTen(Self.second, after: 1)
    let ahead = try state(
      "mainline 7.1-rc3 2026-05-10", "stable 7.0.5", "longterm 6.18.20", "longterm 6.12.80", "longterm 6.1.170")
    #expect(try take(ahead, after: 10).events.map(\.id) == ["release:7.1:7.1-rc3"])
    try seedTen(Self.second, after: 11)
    #expect(try take(ahead, Self.second, after: 20).events.isEmpty)
    #expect(try log() == ["release:7.1:7.1-rc3"])
  }

  @Test func `two feeds that give different days for one release do not redate it back and forth`() throws {
    try seedTen()
    try take(try state("mainline 7.1-rc2 2026-05-04", "stable 7.0.5 2026-05-07"), Self.second, after: 10)
    for round in 2...4 {
      try seedTen(after: round * 10)
      let other = try take(
        try state("mainline 7.1-rc2 2026-05-04", "stable 7.0.5 2026-05-07"), Self.second, after: round * 10 + 1)
      #expect(other.warnings.count == 1)
    }
    #expect(try log().isEmpty)
    try take(
      try state(
        "mainline 7.1-rc2 2026-05-02", "stable 7.0.5 2026-05-07", "longterm 6.18.20", "longterm 6.12.80",
        "longterm 6.1.170"), after: 100)
    #expect(try log() == ["redated:7.1:7.1-rc2:2026-05-02"])
  }

  // MARK: Second opinions

  @Test func `a series that goes back is believed when a second feed says so`() throws {
    try seedTen()
    let back = try state(
      "mainline 7.1-rc2", "stable 7.0.5", "longterm 6.18.19", "longterm 6.12.80", "longterm 6.1.170")
    #expect(try take(back, after: 10).events.map(\.kind) == [.suspect])
    // Asked for a second opinion: the other feed shows the same.
    let second = try take(back, Self.second, after: 20)
    #expect(second.events.allSatisfy { $0.kind != .suspect })
    let again = try take(back, after: 30)
    #expect(again.suspicions.isEmpty)
    #expect(try store.listed().contains { $0.version.description == "6.18.19" })
  }

  @Test func `a second feed that was fetched before the doubt confirms nothing`() throws {
    try seedTen()
    let old = try state(
      "mainline 7.1-rc2", "stable 7.0.5", "longterm 6.18.19", "longterm 6.12.80", "longterm 6.1.170")
    try take(old, Self.second, after: 5)
    try take(
      try state(
        "mainline 7.1-rc2", "stable 7.0.5", "longterm 6.18.20", "longterm 6.12.80", "longterm 6.1.170"), after: 10)
    #expect(try take(old, after: 20).events.map(\.kind) == [.suspect])
  }

  @Test func `a list that shrinks is believed when a second feed is as short`() throws {
    try seedTen()
    try seedTen(Self.second, after: 1)
    let short = try state("mainline 7.1-rc2", "stable 7.0.5")
    #expect(try take(short, after: 10).events.map(\.kind) == [.suspect])
    let second = try take(short, Self.second, after: 20)
    #expect(
      second.events.map(\.id) == ["vanished:6.1:6.1.170", "vanished:6.12:6.12.80", "vanished:6.18:6.18.20"])
    #expect(try take(short, after: 30).events.map(\.id) == second.events.map(\.id), "the log keeps each once")
    #expect(try log().filter { $0.hasPrefix("vanished") }.count == 3)
  }

  @Test func `a series that another feed still lists has not vanished, and vanishes when both agree`() throws {
    try seedTen()
    try seedTen(Self.second, after: 1)
    let without = try state(
      "mainline 7.1-rc2 2026-05-03", "stable 7.0.5 2026-05-07", "longterm 6.18.20 2026-05-07",
      "longterm 6.12.80 2026-05-07")
    #expect(try take(without, after: 10).events.isEmpty)
    #expect(try store.listed().count == 5)
    let agreed = try take(without, Self.second, after: 11)
    #expect(agreed.events.map(\.id) == ["vanished:6.1:6.1.170"])
    try take(without, after: 20)
    #expect(try log() == ["vanished:6.1:6.1.170"])
    #expect(try store.listed().count == 4)
  }

  @Test func `a release that its own row contradicts waits, and is told when another feed shows it`() throws {
    try seedTen()
    let rows = [
      FeedRow(
        channel: .longterm, version: try #require(KernelVersion("6.1.171")), day: CalendarDay("2026-05-08"))
    ]
    let version = try #require(KernelVersion("6.1.171"))
    let odd = FeedSnapshot(format: Self.second, rows: rows, warnings: [], contradicted: [version])
    let waiting = EventDerivation.derive(from: try store.state(for: odd, now: noon), odd, observed: noon)
    #expect(waiting.events.map(\.kind) == [.suspect])
    #expect(waiting.releases.isEmpty)
    try take(
      try state(
        "mainline 7.1-rc2", "stable 7.0.5", "longterm 6.18.20", "longterm 6.12.80", "longterm 6.1.171 2026-05-08"),
      after: 10)
    #expect(try log() == ["release:6.1:6.1.171"])
    #expect(EventDerivation.derive(from: try store.state(for: odd, now: noon), odd, observed: noon).events.isEmpty)
  }

  @Test func `a series that gets its name back again and again is told each time, and once for all feeds`() throws {
    try seedTen()
    try seedTen(Self.second, after: 1)
    func named(_ name: String) throws -> FeedContent {
      try state(
        "mainline 7.1-rc2", "stable 7.0.5", "\(name) 6.18.20", "longterm 6.12.80", "longterm 6.1.170")
    }
    for (round, name) in ["stable", "longterm", "stable"].enumerated() {
      try take(try named(name), after: 10 * (round + 1))
      try take(try named(name), Self.second, after: 10 * (round + 1) + 1)
    }
    #expect(
      try log() == ["moniker:6.18:6.18.20:stable", "moniker:6.18:6.18.20:longterm", "moniker:6.18:6.18.20:stable:2"])
  }

  // MARK: Ends of series

  private func support(_ series: String, _ end: SeriesFacts.PublishedEnd.Value) -> SeriesSupport {
    SeriesSupport(series: series, isLongterm: true, end: end, finalDay: CalendarDay("2024-11-17"), latest: nil)
  }

  @Test func `an end of life that moves is told with the old day, and every move is told`() throws {
    let first = try #require(CalendarDay("2026-12-31"))
    let second = try #require(CalendarDay("2028-12-31"))
    let format = FeedFormat(rawValue: "ends")
    #expect(try take(.support([support("6.12", .day(first))]), format).events.isEmpty)
    #expect(try take(.support([support("6.12", .day(first)), support("7.0", .notAnnounced)]), format).events.isEmpty)
    let moved = try take(.support([support("6.12", .day(second))]), format, after: 10)
    #expect(moved.events.map(\.id) == ["end_of_life_date:6.12:2028-12-31"])
    #expect(moved.events[0].previous == "2026-12-31")
    #expect(moved.events[0].day == second)
    let ended = try take(.support([support("6.12", .endedWithoutDay)]), format, after: 20)
    #expect(ended.events.map(\.id) == ["end_of_life_date:6.12:ended"])
    let back = try take(.support([support("6.12", .day(second))]), format, after: 30)
    #expect(back.events.map(\.id) == ["end_of_life_date:6.12:2028-12-31:2"])
    #expect(try log().count == 3)
    let table = try ShippedHistory.seriesTable().updated(with: try store.support())
    #expect(table["6.12"]?.endOfLife == second)
  }
}
