import FoundationEssentials
import GRDB
package import HostSystem

/// What feeds said: the state that a snapshot is compared with, and the one transaction that stores what follows.
///
/// What every fetch asks comes as rows: each further type of value that GRDB fetches costs its start some 0.1 ms.
extension ReleaseStore {
  /// How old a doubt of another feed may be to count as a second source, in seconds.
  private static let doubtLifetime = 86_400

  /// What a snapshot is to be compared with.
  /// - Parameter now: how old second opinions are is counted from here.
  package func state(for snapshot: FeedSnapshot, now: Instant) throws(StoreError) -> StoredState {
    try read { db in
      let listed = try Self.listed(db, format: snapshot.format)
      var state = StoredState(
        isSeeded: try Row.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM listed)")?[0] ?? false, listed: listed)
      state.others = try Self.secondOpinion(db, besides: snapshot.format)
      var series: [String?] = []
      for version in (listed + state.others).map(\.version) + snapshot.content.versions
      where !series.contains(version.series) {
        series.append(version.series)
      }
      try Self.load(series, into: &state, db)
      state.newest = try Row.fetchOne(
        db,
        sql: """
          SELECT version FROM release WHERE line = \(KernelVersion.Line.releases.rawValue)
          ORDER BY line DESC, first DESC, second DESC, third DESC, fourth DESC, candidate DESC LIMIT 1
          """
      ).flatMap { KernelVersion($0[0] as String) }
      state.newestDay = try Row.fetchOne(db, sql: "SELECT max(day) FROM release").flatMap { row in
        (row[0] as Int?).map { CalendarDay(daysSinceEpoch: $0) }
      }
      for row in try Row.fetchAll(db, sql: "SELECT format, what, since FROM suspicion") {
        let since = Instant(secondsSinceEpoch: row["since"])
        if row["format"] as String == snapshot.format.rawValue {
          state.suspicions[row["what"]] = since
        } else if abs(now.secondsSinceEpoch - since.secondsSinceEpoch) <= Self.doubtLifetime {
          state.doubtsOfOthers.insert(row["what"])
        }
      }
      if case .support = snapshot.content {
        state.support = Dictionary(uniqueKeysWithValues: try Self.support(db).map { ($0.series, $0) })
      }
      for row in try Row.fetchAll(
        db, sql: "SELECT id, kind, series, channel FROM event WHERE kind IN (?, ?) ORDER BY number",
        arguments: [ReleaseEvent.Kind.endOfLifeDate.rawValue, ReleaseEvent.Kind.moniker.rawValue])
      {
        state.toldIDs.insert(row["id"])
        if row["kind"] as String == ReleaseEvent.Kind.moniker.rawValue, let series = row["series"] as String? {
          state.lastMonikers[series] = (row["channel"] as String?).map { Channel(rawValue: $0) }
        }
      }
      return state
    }
  }

  /// Loads what is known of some series; nil stands for the versions that are of none.
  private static func load(_ series: [String?], into state: inout StoredState, _ db: Database) throws {
    // SQLite takes at least 999 parameters; a list of checksums names a hundred series at most.
    for start in stride(from: 0, to: series.count, by: 500) {
      try loadPart(series[start..<min(series.count, start + 500)], into: &state, db)
    }
  }

  private static func loadPart(_ series: ArraySlice<String?>, into state: inout StoredState, _ db: Database) throws {
    let names = series.compactMap { $0 }
    let list = "(" + names.map { _ in "?" }.joined(separator: ", ") + ")"
    let arguments = StatementArguments(names)
    let others = names.count < series.count ? " OR series IS NULL" : ""
    let releases = "SELECT version, day, inferred FROM release WHERE series IN \(list)\(others)"
    for row in try Row.fetchAll(db, sql: releases, arguments: arguments) {
      guard let version = KernelVersion(row["version"] as String) else { continue }
      let day = (row["day"] as Int?).map { CalendarDay(daysSinceEpoch: $0) }
      state.known[version] = .some(row["inferred"] ? nil : day)
    }
    let announcements = "SELECT version, sent_at FROM announcement WHERE series IN \(list)"
    for row in try Row.fetchAll(db, sql: announcements, arguments: arguments) {
      guard let version = KernelVersion(row["version"] as String) else { continue }
      state.evidence[version] = Evidence(
        announcedOn: (row["sent_at"] as Int?).map { CalendarDay(Instant(secondsSinceEpoch: $0)) }, isAnnounced: true)
    }
    let published = "SELECT version FROM published WHERE series IN \(list)"
    for row in try Row.fetchAll(db, sql: published, arguments: arguments) {
      if let version = KernelVersion(row[0] as String) {
        state.evidence[version, default: Evidence()].isPublished = true
      }
    }
    let presumed = "SELECT version FROM presumed WHERE series IN \(list)"
    for row in try Row.fetchAll(db, sql: presumed, arguments: arguments) {
      if let version = KernelVersion(row[0] as String) { state.presumed.insert(version) }
    }
  }

  /// The rows of the states of other formats that were confirmed after this one was fetched last: older ones say nothing
  /// about what this one shows now.
  private static func secondOpinion(_ db: Database, besides format: FeedFormat) throws -> [FeedRow] {
    let formats = try Row.fetchAll(
      db,
      sql: """
        SELECT format FROM feed WHERE format <> :own GROUP BY format
        HAVING max(fetched_at) >= coalesce((SELECT max(fetched_at) FROM feed WHERE format = :own), 0)
        """, arguments: ["own": format.rawValue])
    return try formats.flatMap { try listed(db, format: FeedFormat(rawValue: $0[0]), withHeld: false) }
  }

  /// Whether a doubt waits for a second fetch: the content is then asked for in full.
  package func hasSuspicions() throws(StoreError) -> Bool {
    try ask { try Row.fetchOne($0, sql: "SELECT EXISTS (SELECT 1 FROM suspicion)")?[0] ?? false }
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
          FROM suspicion GROUP BY what ORDER BY min(since), what
          """)
    }
  }

  /// How long a source is looked for that proves a skipped release, in seconds.
  private static let searchTime = 14 * 86_400

  /// The versions that were told as skipped in the last two weeks and that nothing has proven yet, in order.
  package func presumed(after now: Instant) throws(StoreError) -> [KernelVersion] {
    try ask { db in
      try String.fetchAll(
        db, sql: "SELECT version FROM presumed WHERE since > ?", arguments: [now.secondsSinceEpoch - Self.searchTime]
      ).compactMap { KernelVersion($0) }.sorted()
    }
  }

  /// The accepted state of every format that is one.
  package func listings() throws(StoreError) -> [Listing] {
    try read { db in
      let formats = try String.fetchAll(db, sql: "SELECT DISTINCT format FROM listed ORDER BY format")
      return try formats.map { format in
        let feed = try Row.fetchOne(
          db, sql: "SELECT address, fetched_at FROM feed WHERE format = ? ORDER BY fetched_at DESC LIMIT 1",
          arguments: [format])
        return Listing(
          format: FeedFormat(rawValue: format), address: feed?["address"] ?? format,
          fetchedAt: Instant(secondsSinceEpoch: feed?["fetched_at"] ?? 0),
          rows: try Self.listed(db, format: FeedFormat(rawValue: format)))
      }
    }
  }

  /// The rows of the accepted state of a format, in the feed's order.
  package func listed(_ format: FeedFormat = .releasesJSON) throws(StoreError) -> [FeedRow] {
    try ask { try Self.listed($0, format: format) }
  }

  static func listed(_ db: Database, format: FeedFormat, withHeld: Bool = true) throws -> [FeedRow] {
    try Row.fetchAll(
      db, sql: "SELECT * FROM listed WHERE format = ? AND held <= ? ORDER BY position",
      arguments: [format.rawValue, withHeld]
    ).compactMap { row in
      guard let version = KernelVersion(row["version"] as String) else { return nil }
      return FeedRow(
        channel: Channel(rawValue: row["channel"]), version: version, isEndOfLife: row["end_of_life"],
        day: (row["day"] as Int?).map { CalendarDay(daysSinceEpoch: $0) },
        time: (row["released_at"] as Int?).map { Instant(secondsSinceEpoch: $0) }, archive: row["archive"])
    }
  }

  /// Stores what a fetch brought: releases, state, events, validators and the time, in one transaction.
  /// - Parameter origin: the server that answered; what it asked for before is over. nil for a file.
  /// - Returns: the events that the log did not have yet: a series that vanishes again is no second event.
  @discardableResult
  package func store(
    _ derivation: Derivation, from feed: FeedRecord, format: FeedFormat, origin: String?
  ) throws(StoreError) -> [ReleaseEvent] {
    var told: [ReleaseEvent] = []
    try write { db in
      for row in derivation.releases { try Self.insert(row, from: feed, isInferred: false, db) }
      for row in derivation.provenReleases { try Self.insert(row, from: feed, isInferred: true, db) }
      if let listed = derivation.listed { try Self.replaceListed(listed, held: derivation.held, format: format, db) }
      try db.execute(sql: "DELETE FROM suspicion WHERE format = ?", arguments: [format.rawValue])
      for (what, since) in derivation.suspicions {
        try db.execute(
          sql: "INSERT INTO suspicion VALUES (?, ?, ?)", arguments: [format.rawValue, what, since.secondsSinceEpoch])
      }
      try Self.insertEvidence(derivation, from: feed, db)
      try Self.store(derivation.vulnerabilities, source: feed.address, at: feed.fetchedAt, in: db)
      told = try derivation.events.filter { try Self.insert($0, db) }
      try Self.insert(feed, db)
      if let origin { try db.execute(sql: "DELETE FROM origin WHERE origin = ?", arguments: [origin]) }
    }
    return told
  }

  private static func replaceListed(_ rows: [FeedRow], held: Set<FeedRow>, format: FeedFormat, _ db: Database) throws {
    try db.execute(sql: "DELETE FROM listed WHERE format = ?", arguments: [format.rawValue])
    let insertion = try db.cachedStatement(sql: "INSERT INTO listed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
    for (position, row) in rows.enumerated() {
      try insertion.execute(
        arguments: [
          format.rawValue, position, row.version.description, row.channel.rawValue, row.isEndOfLife,
          row.day?.daysSinceEpoch, row.time?.secondsSinceEpoch, row.archive, held.contains(row),
        ])
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

  private static func insert(_ row: FeedRow, from feed: FeedRecord, isInferred: Bool, _ db: Database) throws {
    let version = row.version
    let insertion = try db.cachedStatement(
      sql: """
        INSERT INTO release
          (version, line, first, second, third, fourth, candidate, series, channel, day, released_at, archive, source,
            first_seen, inferred)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (version) DO UPDATE SET
          day = excluded.day, released_at = excluded.released_at, inferred = excluded.inferred
        """)
    try insertion.execute(
      arguments: [
        version.description, version.line.rawValue, version.numbers.first, version.numbers.second,
        version.numbers.third, version.numbers.fourth, version.candidateKey, version.series, row.channel.rawValue,
        row.day?.daysSinceEpoch, row.time?.secondsSinceEpoch, row.archive, feed.address,
        feed.fetchedAt.secondsSinceEpoch, isInferred && row.day != nil,
      ])
    try db.cachedStatement(sql: "DELETE FROM presumed WHERE version = ?").execute(arguments: [version.description])
  }

  /// - Returns: whether the log did not have it.
  private static func insert(_ event: ReleaseEvent, _ db: Database) throws -> Bool {
    let insertion = try db.cachedStatement(
      sql: """
        INSERT OR IGNORE INTO event
          (id, kind, version, series, channel, day, previous, skipped, presumed, detail, observed)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    try insertion.execute(
      arguments: [
        event.id, event.kind.rawValue, event.version?.description, event.series, event.channel?.rawValue,
        event.day?.daysSinceEpoch, event.previous, event.skipped.map(\.description).joined(separator: " "),
        event.presumed, event.detail, event.observed.secondsSinceEpoch,
      ])
    return db.changesCount > 0
  }
}
