import FoundationEssentials
import GRDB
package import HostSystem

/// What is remembered of a feed's address.
package struct FeedRecord: Sendable, Equatable {
  /// As it was asked for.
  package var address: String
  /// The raw value of the ``FeedFormat`` that its content had.
  package var format: String
  /// Where the last content came from, redirects followed; the validators belong to it.
  package var finalAddress: String
  /// The value of the ETag field, byte for byte; nil where the server gave none.
  package var etag: [UInt8]?
  /// The value of the Last-Modified field, byte for byte; nil where the server gave none.
  package var lastModified: [UInt8]?
  /// When the validators were given.
  package var validatorsAt: Instant
  /// The digest of the decoded body: the same bytes are no change.
  package var bodySHA256: [UInt8]
  /// When the server last confirmed the content, by sending it or with a 304.
  package var fetchedAt: Instant
  /// The seconds of Cache-Control's max-age, as the server sent them.
  package var maxAge: Int?

  package init(
    address: String, format: String, finalAddress: String, etag: [UInt8]?, lastModified: [UInt8]?,
    validatorsAt: Instant, bodySHA256: [UInt8], fetchedAt: Instant, maxAge: Int?
  ) {
    self.address = address
    self.format = format
    self.finalAddress = finalAddress
    self.etag = etag
    self.lastModified = lastModified
    self.validatorsAt = validatorsAt
    self.bodySHA256 = bodySHA256
    self.fetchedAt = fetchedAt
    self.maxAge = maxAge
  }
}

/// A server that is left alone for a while.
package struct OriginRecord: Sendable, Equatable {
  /// Scheme, host and port.
  package var origin: String
  /// Nothing is sent before this time.
  package var notBefore: Instant
  /// How many answers in a row were refusals.
  package var failures: Int
  /// Whether the server asked for it (429, 503), or we keep away since it failed.
  package var isRequest: Bool

  package init(origin: String, notBefore: Instant, failures: Int, isRequest: Bool) {
    self.origin = origin
    self.notBefore = notBefore
    self.failures = failures
    self.isRequest = isRequest
  }
}

/// An event of the log and its number there.
package struct LoggedEvent: Sendable, Equatable {
  /// Its place in the log; grows, and is never used again.
  package let number: Int64
  /// What happened.
  package let event: ReleaseEvent
}

/// The stored releases, feeds and events. One transaction stores everything that a fetch brought.
package struct ReleaseStore {
  private let file: DatabaseFile
  /// The database file.
  package var path: String { file.path }
  /// What the administrator should hear about the file, for standard error.
  package var notices: [String] { file.notices }

  /// Opens the database for a run that writes; it is made, migrated or replaced as needed.
  /// - Throws: ``StoreError``
  package static func openForWriting(_ location: DatabaseLocation, now: Instant) throws(StoreError) -> ReleaseStore {
    ReleaseStore(file: try DatabaseFile.openForWriting(location, now: now))
  }

  /// Opens the first of the databases that exists, for reading.
  /// - Returns: nil when there is none yet.
  /// - Throws: ``StoreError``
  package static func openForReading(_ locations: [DatabaseLocation]) throws(StoreError) -> ReleaseStore? {
    for location in locations {
      if let file = try DatabaseFile.openForReading(location) { return ReleaseStore(file: file) }
    }
    return nil
  }

  init(file: DatabaseFile) { self.file = file }

  func read<Result>(_ work: (Database) throws -> Result) throws(StoreError) -> Result {
    try file.translating { try file.queue.read(work) }
  }

  /// One transaction that takes the write lock at its start: one that only reads first could fail when it wants to write.
  func write(_ work: (Database) throws -> Void) throws(StoreError) {
    try file.translating {
      try file.queue.writeWithoutTransaction { db in
        try db.inTransaction(.immediate) {
          try work(db)
          return .commit
        }
      }
    }
  }

  // MARK: Feeds and origins

  /// What is remembered of an address; nil when it was never fetched.
  package func feed(_ address: String) throws(StoreError) -> FeedRecord? {
    try read { db in
      try Row.fetchOne(db, sql: "SELECT * FROM feed WHERE address = ?", arguments: [address]).map(Self.feed)
    }
  }

  /// The feed that was confirmed last.
  package func lastFeed() throws(StoreError) -> FeedRecord? {
    try read { db in
      try Row.fetchOne(db, sql: "SELECT * FROM feed ORDER BY fetched_at DESC LIMIT 1").map(Self.feed)
    }
  }

  private static func feed(_ row: Row) -> FeedRecord {
    FeedRecord(
      address: row["address"], format: row["format"], finalAddress: row["final_address"],
      etag: (row["etag"] as Data?).map { Array($0) }, lastModified: (row["last_modified"] as Data?).map { Array($0) },
      validatorsAt: Instant(secondsSinceEpoch: row["validators_at"]), bodySHA256: Array(row["body_sha256"] as Data),
      fetchedAt: Instant(secondsSinceEpoch: row["fetched_at"]), maxAge: row["max_age"])
  }

  /// Whether a server is left alone; nil when it is not.
  package func origin(_ origin: String) throws(StoreError) -> OriginRecord? {
    try read { db in
      try Row.fetchOne(db, sql: "SELECT * FROM origin WHERE origin = ?", arguments: [origin]).map { row in
        OriginRecord(
          origin: row["origin"], notBefore: Instant(secondsSinceEpoch: row["not_before"]), failures: row["failures"],
          isRequest: row["is_request"])
      }
    }
  }

  /// Remembers that a server asked us to wait.
  package func store(_ record: OriginRecord) throws(StoreError) {
    try write { db in
      try db.execute(
        sql: "INSERT OR REPLACE INTO origin (origin, not_before, failures, is_request) VALUES (?, ?, ?, ?)",
        arguments: [record.origin, record.notBefore.secondsSinceEpoch, record.failures, record.isRequest])
    }
  }

  /// Forgets the validators of a feed, so that the next request is answered in full.
  package func dropValidators(of address: String) throws(StoreError) {
    try write { db in
      try db.execute(
        sql: "UPDATE feed SET etag = NULL, last_modified = NULL WHERE address = ?", arguments: [address])
    }
  }

  // MARK: State and news

  /// What a snapshot of a format is to be compared with.
  /// - Parameter snapshot: its series are loaded beside those of the accepted state.
  package func state(for snapshot: FeedSnapshot) throws(StoreError) -> StoredState {
    try read { db in
      let listed = try Self.listed(db, format: snapshot.format)
      var state = StoredState(
        isSeeded: try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM release)") ?? false, listed: listed)
      for series in Set((listed + snapshot.rows).map(\.version.series)) {
        let rows = try Row.fetchAll(
          db, sql: "SELECT version, day FROM release WHERE series IS ?", arguments: [series])
        for row in rows {
          guard let version = KernelVersion(row["version"] as String) else { continue }
          state.known[version] = .some((row["day"] as Int?).map { CalendarDay(daysSinceEpoch: $0) })
        }
      }
      for row in try Row.fetchAll(
        db, sql: "SELECT what, since FROM suspicion WHERE format = ?", arguments: [snapshot.format.rawValue])
      {
        state.suspicions[row["what"]] = Instant(secondsSinceEpoch: row["since"])
      }
      return state
    }
  }

  /// Whether a doubt waits for a second fetch: the content is then asked for in full.
  package func hasSuspicions() throws(StoreError) -> Bool {
    try read { try Bool.fetchOne($0, sql: "SELECT EXISTS (SELECT 1 FROM suspicion)") ?? false }
  }

  /// The doubts that wait, in words, oldest first.
  package func suspicions() throws(StoreError) -> [String] {
    try read { db in
      try String.fetchAll(
        db,
        sql: """
          SELECT coalesce(
            (SELECT detail FROM event WHERE kind = 'suspect' AND instr(id, 'suspect:' || what || ':') = 1
             ORDER BY number DESC LIMIT 1), what)
          FROM suspicion ORDER BY since, what
          """)
    }
  }

  /// The rows of the accepted state, in the feed's order.
  package func listed(_ format: FeedFormat = .releasesJSON) throws(StoreError) -> [FeedRow] {
    try read { try Self.listed($0, format: format) }
  }

  private static func listed(_ db: Database, format: FeedFormat) throws -> [FeedRow] {
    try Row.fetchAll(
      db, sql: "SELECT * FROM listed WHERE format = ? ORDER BY position", arguments: [format.rawValue]
    ).compactMap { row in
      guard let version = KernelVersion(row["version"] as String) else { return nil }
      return FeedRow(
        channel: Channel(rawValue: row["channel"]), version: version, isEndOfLife: row["end_of_life"],
        day: (row["day"] as Int?).map { CalendarDay(daysSinceEpoch: $0) },
        time: (row["released_at"] as Int?).map { Instant(secondsSinceEpoch: $0) }, archive: row["archive"])
    }
  }

  /// Stores what a fetch brought: releases, state, events, validators and the time, in one transaction.
  /// - Parameter origin: the server that answered; what it asked for before is over.
  package func store(
    _ derivation: Derivation, from feed: FeedRecord, format: FeedFormat, origin: String
  ) throws(StoreError) {
    try write { db in
      for row in derivation.releases { try Self.insert(row, from: feed, db) }
      try db.execute(sql: "DELETE FROM listed WHERE format = ?", arguments: [format.rawValue])
      for (position, row) in derivation.listed.enumerated() {
        try db.execute(
          sql: "INSERT INTO listed VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
          arguments: [
            format.rawValue, position, row.version.description, row.channel.rawValue, row.isEndOfLife,
            row.day?.daysSinceEpoch, row.time?.secondsSinceEpoch, row.archive,
          ])
      }
      try db.execute(sql: "DELETE FROM suspicion WHERE format = ?", arguments: [format.rawValue])
      for (what, since) in derivation.suspicions {
        try db.execute(
          sql: "INSERT INTO suspicion VALUES (?, ?, ?)", arguments: [format.rawValue, what, since.secondsSinceEpoch])
      }
      for event in derivation.events { try Self.insert(event, db) }
      try Self.insert(feed, db)
      try db.execute(sql: "DELETE FROM origin WHERE origin = ?", arguments: [origin])
    }
  }

  /// Notes that the server confirmed the content that is stored.
  package func confirm(_ feed: FeedRecord, origin: String) throws(StoreError) {
    try write { db in
      try Self.insert(feed, db)
      try db.execute(sql: "DELETE FROM origin WHERE origin = ?", arguments: [origin])
    }
  }

  private static func insert(_ feed: FeedRecord, _ db: Database) throws {
    try db.execute(
      sql: """
        INSERT OR REPLACE INTO feed
          (address, format, final_address, etag, last_modified, validators_at, body_sha256, fetched_at, max_age)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        feed.address, feed.format, feed.finalAddress, feed.etag.map { Data($0) }, feed.lastModified.map { Data($0) },
        feed.validatorsAt.secondsSinceEpoch, Data(feed.bodySHA256), feed.fetchedAt.secondsSinceEpoch, feed.maxAge,
      ])
  }

  private static func insert(_ row: FeedRow, from feed: FeedRecord, _ db: Database) throws {
    let version = row.version
    try db.execute(
      sql: """
        INSERT INTO release
          (version, line, first, second, third, fourth, candidate, series, channel, day, released_at, archive, source,
            first_seen)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (version) DO UPDATE SET day = excluded.day, released_at = excluded.released_at
        """,
      arguments: [
        version.description, version.line.rawValue, version.numbers.first, version.numbers.second,
        version.numbers.third, version.numbers.fourth, version.candidateKey, version.series, row.channel.rawValue,
        row.day?.daysSinceEpoch, row.time?.secondsSinceEpoch, row.archive, feed.address,
        feed.fetchedAt.secondsSinceEpoch,
      ])
  }

  private static func insert(_ event: ReleaseEvent, _ db: Database) throws {
    try db.execute(
      sql: """
        INSERT OR IGNORE INTO event
          (id, kind, version, series, channel, day, previous, skipped, presumed, detail, observed)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        event.id, event.kind.rawValue, event.version?.description, event.series, event.channel?.rawValue,
        event.day?.daysSinceEpoch, event.previous, event.skipped.map(\.description).joined(separator: " "),
        event.presumed, event.detail, event.observed.secondsSinceEpoch,
      ])
  }

  // MARK: The log

  /// The events behind a number, oldest first.
  package func events(after number: Int64) throws(StoreError) -> [LoggedEvent] {
    try read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM event WHERE number > ? ORDER BY number", arguments: [number])
        .compactMap(Self.event)
    }
  }

  private static func event(_ row: Row) -> LoggedEvent? {
    guard let kind = ReleaseEvent.Kind(rawValue: row["kind"]) else { return nil }
    return LoggedEvent(
      number: row["number"],
      event: ReleaseEvent(
        kind: kind, id: row["id"], version: (row["version"] as String?).flatMap { KernelVersion($0) },
        series: row["series"], channel: (row["channel"] as String?).map { Channel(rawValue: $0) },
        day: (row["day"] as Int?).map { CalendarDay(daysSinceEpoch: $0) }, previous: row["previous"],
        skipped: (row["skipped"] as String).split(separator: " ").compactMap { KernelVersion($0) },
        presumed: row["presumed"], detail: row["detail"], observed: Instant(secondsSinceEpoch: row["observed"])))
  }

  /// How far a reader of the log has come. One that was never seen starts at the log's end: what was before is not its news.
  package func cursor(_ name: String) throws(StoreError) -> Int64 {
    if let number = try read({ db in
      try Int64.fetchOne(db, sql: "SELECT number FROM cursor WHERE name = ?", arguments: [name])
    }) {
      return number
    }
    try write { db in
      try db.execute(
        sql: "INSERT OR IGNORE INTO cursor SELECT ?, coalesce(max(number), 0) FROM event", arguments: [name])
    }
    return try read { db in
      try Int64.fetchOne(db, sql: "SELECT number FROM cursor WHERE name = ?", arguments: [name])
    } ?? 0
  }

  /// Moves a reader forward; it never goes back.
  package func advance(_ name: String, to number: Int64) throws(StoreError) {
    try write { db in
      try db.execute(
        sql: "UPDATE cursor SET number = max(number, ?) WHERE name = ?", arguments: [number, name])
    }
  }

  // MARK: Releases

  /// Stored releases, in the order of their versions.
  /// - Parameter series: nil for all.
  package func releases(inSeries series: String? = nil) throws(StoreError) -> [Release] {
    try read { db in
      let condition = series == nil ? "" : "WHERE series = ?"
      let cursor = try Row.fetchCursor(
        db,
        sql: """
          SELECT version, channel, day, source FROM release \(condition)
          ORDER BY line, first, second, third, fourth, candidate
          """, arguments: series.map { [$0] } ?? [])
      var result: [Release] = []
      while let row = try cursor.next() {
        guard let version = KernelVersion(row[0] as String) else { continue }
        result.append(
          Release(
            version: version, date: (row[2] as Int?).map { ReleaseDate(CalendarDay(daysSinceEpoch: $0)) },
            channel: Channel(rawValue: row[1]), source: row[3]))
      }
      return result
    }
  }
}
