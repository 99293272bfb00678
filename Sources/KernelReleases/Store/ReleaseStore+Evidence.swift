import GRDB
import HostSystem

/// What speaks for releases besides the states: mails, lists of files, skipped numbers, and the published ends of series.
extension ReleaseStore {
  static func insertEvidence(_ derivation: Derivation, from feed: FeedRecord, _ db: Database) throws {
    let time = feed.fetchedAt.secondsSinceEpoch
    try insert(
      derivation.announcements, "INSERT OR IGNORE INTO announcement VALUES (?, ?, ?, ?, ?, ?, ?, ?)", db
    ) { mail in
      [
        mail.version.description, mail.version.series, mail.author, mail.time?.secondsSinceEpoch, mail.paragraph,
        mail.link, feed.address, time,
      ]
    }
    try insert(derivation.published, "INSERT OR IGNORE INTO published VALUES (?, ?, ?, ?)", db) { version in
      [version.description, version.series, feed.address, time]
    }
    try insert(Array(derivation.presumed), "INSERT OR IGNORE INTO presumed VALUES (?, ?, ?)", db) { version in
      [version.description, version.series, time]
    }
    try insert(derivation.support, "INSERT OR REPLACE INTO support VALUES (?, ?, ?, ?, ?, ?, ?, ?)", db) { row in
      var day: CalendarDay?
      if case .day(let value) = row.end { day = value }
      return [
        row.series, row.isLongterm, row.end == .endedWithoutDay, day?.daysSinceEpoch, row.finalDay?.daysSinceEpoch,
        row.latest?.description, feed.address, time,
      ]
    }
  }

  private static func insert<Value>(
    _ values: [Value], _ sql: String, _ db: Database, _ arguments: (Value) -> StatementArguments
  ) throws {
    if values.isEmpty { return }
    let insertion = try db.makeStatement(sql: sql)
    for value in values { try insertion.execute(arguments: arguments(value)) }
  }

  /// The mail that announced a release; nil where none is stored.
  package func announcement(of version: KernelVersion) throws(StoreError) -> Announcement? {
    try ask { db in
      try db.first(
        "SELECT author, sent_at, paragraph, link FROM announcement WHERE version = ?", [version.description]
      ) { row in
        Announcement(
          version: version, author: row[0], time: (row[1] as Int?).map { Instant(secondsSinceEpoch: $0) },
          paragraph: row[2], link: row[3])
      }
    }
  }

  /// The published ends of series that feeds gave, by name.
  package func support() throws(StoreError) -> [SeriesSupport] { try ask { try Self.support($0) } }

  static func support(_ db: Database) throws -> [SeriesSupport] {
    try db.all("SELECT series, longterm, ended, end_day, final_day, latest FROM support ORDER BY series") { row in
      let day = (row[3] as Int?).map { CalendarDay(daysSinceEpoch: $0) }
      return SeriesSupport(
        series: row[0], isLongterm: row[1], end: day.map { .day($0) } ?? (row[2] ? .endedWithoutDay : .notAnnounced),
        finalDay: (row[4] as Int?).map { CalendarDay(daysSinceEpoch: $0) },
        latest: (row[5] as String?).flatMap { KernelVersion($0) })
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
