import GRDB
import HostSystem

/// What speaks for releases besides the states: mails, lists of files, skipped numbers, and the published ends of series.
extension ReleaseStore {
  static func insertEvidence(_ derivation: Derivation, from feed: FeedRecord, _ db: Database) throws {
    let time = feed.fetchedAt.secondsSinceEpoch
    for mail in derivation.announcements {
      try db.run(
        "INSERT OR IGNORE INTO announcement VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
          mail.version.description, mail.version.series, mail.author, mail.time?.secondsSinceEpoch, mail.paragraph,
          mail.link, feed.address, time,
        ])
    }
    for version in derivation.published {
      try db.run(
        "INSERT OR IGNORE INTO published VALUES (?, ?, ?, ?)",
        [version.description, version.series, feed.address, time])
    }
    for version in derivation.presumed {
      try db.run(
        "INSERT OR IGNORE INTO presumed VALUES (?, ?, ?)",
        [version.description, version.series, time])
    }
    for row in derivation.support {
      var day: CalendarDay?
      if case .day(let value) = row.end { day = value }
      try db.run(
        "INSERT OR REPLACE INTO support VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
          row.series, row.isLongterm, row.end == .endedWithoutDay, day?.daysSinceEpoch, row.finalDay?.daysSinceEpoch,
          row.latest?.description, feed.address, time,
        ])
    }
  }

  /// The mail that announced a release; nil where none is stored.
  package func announcement(of version: KernelVersion) throws(StoreError) -> Announcement? {
    try ask { db in
      try db.first("SELECT * FROM announcement WHERE version = ?", [version.description]) { row in
        Announcement(
          version: version, author: row["author"],
          time: (row["sent_at"] as Int?).map { Instant(secondsSinceEpoch: $0) }, paragraph: row["paragraph"],
          link: row["link"])
      }
    }
  }

  /// The published ends of series that feeds gave, by name.
  package func support() throws(StoreError) -> [SeriesSupport] { try ask { try Self.support($0) } }

  static func support(_ db: Database) throws -> [SeriesSupport] {
    try db.all("SELECT * FROM support ORDER BY series") { row in
      let day = (row["end_day"] as Int?).map { CalendarDay(daysSinceEpoch: $0) }
      return SeriesSupport(
        series: row["series"], isLongterm: row["longterm"],
        end: day.map { .day($0) } ?? (row["ended"] ? .endedWithoutDay : .notAnnounced),
        finalDay: (row["final_day"] as Int?).map { CalendarDay(daysSinceEpoch: $0) },
        latest: (row["latest"] as String?).flatMap { KernelVersion($0) })
    }
  }
}

extension FeedContent {
  /// The versions that the content speaks of.
  var versions: [KernelVersion] {
    switch self {
    case .state(let rows): rows.map(\.version)
    case .announcements(let mails): mails.map(\.version)
    case .versions(let versions): versions
    case .support, .vulnerabilities: []
    }
  }
}
