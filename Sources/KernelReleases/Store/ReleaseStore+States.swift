import FoundationEssentials
import GRDB
package import HostSystem

/// What feeds said: the state that a snapshot is compared with, and the one transaction that stores what follows.
///
/// A statement takes some 0.1 ms before it finds anything, so what every fetch asks is asked in few.
extension ReleaseStore {
  /// How old a doubt of another feed may be to count as a second source, in seconds.
  private static let doubtLifetime = 86_400

  /// What a snapshot is to be compared with.
  /// - Parameter now: how old second opinions are is counted from here.
  package func state(for snapshot: FeedSnapshot, now: Instant) throws(StoreError) -> StoredState {
    try read { db in
      let listed = try Self.listed(db, format: snapshot.format)
      var state = StoredState(listed: listed)
      let totals = """
        SELECT EXISTS (SELECT 1 FROM listed), (SELECT max(day) FROM release),
          (SELECT version FROM release WHERE line = \(KernelVersion.Line.releases.rawValue)
           ORDER BY line DESC, first DESC, second DESC, third DESC, fourth DESC, candidate DESC LIMIT 1)
        """
      try db.each(totals) { row in
        state.isSeeded = row[0]
        state.newestDay = (row[1] as Int?).map { CalendarDay(daysSinceEpoch: $0) }
        state.newest = (row[2] as String?).flatMap { KernelVersion($0) }
      }
      state.others = try Self.secondOpinion(db, besides: snapshot.format)
      // In their order, so that what is known of them comes in order, too.
      let versions = (listed + state.others).map(\.version) + snapshot.content.versions
      var series: [String?] = []
      for version in versions.sorted() where !series.contains(version.series) {
        series.append(version.series)
      }
      try Self.load(series, into: &state, db)
      try db.each("SELECT format, what, since FROM suspicion") { row in
        let since = Instant(secondsSinceEpoch: row[2])
        if row[0] as String == snapshot.format.rawValue {
          state.suspicions[row[1]] = since
        } else if abs(now.secondsSinceEpoch - since.secondsSinceEpoch) <= Self.doubtLifetime {
          state.doubtsOfOthers.insert(row[1])
        }
      }
      if case .support = snapshot.content {
        state.support = Dictionary(uniqueKeysWithValues: try Self.support(db).map { ($0.series, $0) })
      }
      try db.each(
        "SELECT id, kind, series, channel FROM event WHERE kind IN (?, ?) ORDER BY number",
        [ReleaseEvent.Kind.endOfLifeDate.rawValue, ReleaseEvent.Kind.moniker.rawValue]
      ) { row in
        state.toldIDs.insert(row[0])
        if row[1] as String == ReleaseEvent.Kind.moniker.rawValue, let series = row[2] as String? {
          state.lastMonikers[series] = (row[3] as String?).map { Channel(rawValue: $0) }
        }
      }
      return state
    }
  }

  /// Loads what is known of some series; nil stands for the versions that are of none. A list of them behind IN would become a table
  /// of its own in each place.
  private static func load(_ series: [String?], into state: inout StoredState, _ db: Database) throws {
    // SQLite takes at least 999 parameters; a list of checksums names a hundred series at most.
    var known: [KnownReleases.Entry] = []
    for start in stride(from: 0, to: series.count, by: 500) {
      let part = series[start..<min(series.count, start + 500)]
      let rows = "(?)" + String(repeating: ", (?)", count: part.count - 1)
      var arguments = StatementArguments()
      for name in part { arguments += [name] }
      try db.each(
        """
        SELECT version, day, inferred
        FROM (VALUES \(rows)) AS wanted CROSS JOIN release ON series IS wanted.column1
        """, arguments
      ) { row in
        guard let version = KernelVersion(row[0] as String) else { return }
        let day = (row[1] as Int?).map { CalendarDay(daysSinceEpoch: $0) }
        known.append(KnownReleases.Entry(version, row[2] ? nil : day))
      }
    }
    state.known = KnownReleases(known)
    // These have no index by series; the name of one holds no blank.
    var names = " "
    for name in series { if let name { names += name + " " } }
    let isWanted = "instr(?1, ' ' || series || ' ')"
    try db.each(
      """
      SELECT 0, version, sent_at FROM announcement WHERE \(isWanted)
      UNION ALL SELECT 1, version, NULL FROM published WHERE \(isWanted)
      UNION ALL SELECT 2, version, NULL FROM presumed WHERE \(isWanted)
      """, [names]
    ) { row in
      guard let version = KernelVersion(row[1] as String) else { return }
      switch row[0] as Int {
      case 0:
        let day = (row[2] as Int?).map { CalendarDay(Instant(secondsSinceEpoch: $0)) }
        state.evidence[version] = Evidence(announcedOn: day, isAnnounced: true)
      case 1: state.evidence[version, default: Evidence()].isPublished = true
      default: state.presumed.insert(version)
      }
    }
  }

  /// The rows of the states of other formats that were confirmed after this one was fetched last: older ones say nothing
  /// about what this one shows now.
  private static func secondOpinion(_ db: Database, besides format: FeedFormat) throws -> [FeedRow] {
    let fetches = try lastFetches(db)
    let own = fetches.first { $0.format == format.rawValue }?.at ?? 0
    return try fetches.filter { $0.format != format.rawValue && $0.at >= own }.flatMap { fetch in
      try listed(db, format: FeedFormat(rawValue: fetch.format), withHeld: false)
    }
  }

  /// When the feeds of a format were fetched last.
  private struct LastFetch {
    let format: String
    /// The feed that was.
    var address: String
    /// In seconds since 1970.
    var at: Int
  }

  /// Of every format there is, in the order of their names. Of a dozen rows SQLite finds it no faster: for groups it makes a table.
  private static func lastFetches(_ db: Database) throws -> [LastFetch] {
    var fetches: [LastFetch] = []
    try db.each("SELECT format, address, fetched_at FROM feed") { row in
      let fetch = LastFetch(format: row[0], address: row[1], at: row[2])
      guard let place = fetches.firstIndex(where: { $0.format >= fetch.format }) else { return fetches.append(fetch) }
      if fetches[place].format != fetch.format {
        fetches.insert(fetch, at: place)
      } else if fetches[place].at < fetch.at {
        fetches[place] = fetch
      }
    }
    return fetches
  }

  /// Whether a doubt waits for a second fetch: the content is then asked for in full.
  package func hasSuspicions() throws(StoreError) -> Bool {
    try ask { try $0.first("SELECT EXISTS (SELECT 1 FROM suspicion)") { $0[0] } ?? false }
  }

  /// The doubts that wait, in words, oldest first.
  package func suspicions() throws(StoreError) -> [String] {
    try read { db in
      try db.all(
        """
        SELECT coalesce(
          (SELECT detail FROM event WHERE kind = 'suspect' AND instr(id, 'suspect:' || what || ':') = 1
           ORDER BY number DESC LIMIT 1), what)
        FROM suspicion GROUP BY what ORDER BY min(since), what
        """
      ) { $0[0] }
    }
  }

  /// How long a source is looked for that proves a skipped release, in seconds.
  private static let searchTime = 14 * 86_400

  /// The versions that were told as skipped in the last two weeks and that nothing has proven yet, in order.
  package func presumed(after now: Instant) throws(StoreError) -> [KernelVersion] {
    try ask { db in
      try db.all("SELECT version FROM presumed WHERE since > ?", [now.secondsSinceEpoch - Self.searchTime]) { row in
        KernelVersion(row[0] as String)
      }.sorted()
    }
  }

  /// The accepted state of every format that is one.
  package func listings() throws(StoreError) -> [Listing] {
    try read { db in
      let feeds = try Self.lastFetches(db)
      var listings: [Listing] = []
      try db.each("SELECT \(Self.listedColumns), format FROM listed ORDER BY format, position") { row in
        let format: String = row[6]
        if listings.last?.format.rawValue != format {
          let feed = feeds.first { $0.format == format }
          listings.append(
            Listing(
              format: FeedFormat(rawValue: format), address: feed?.address ?? format,
              fetchedAt: Instant(secondsSinceEpoch: feed?.at ?? 0), rows: []))
        }
        if let row = Self.feedRow(row) { listings[listings.count - 1].rows.append(row) }
      }
      return listings
    }
  }

  /// The rows of the accepted state of a format, in the feed's order.
  package func listed(_ format: FeedFormat = .releasesJSON) throws(StoreError) -> [FeedRow] {
    try ask { try Self.listed($0, format: format) }
  }

  static func listed(_ db: Database, format: FeedFormat, withHeld: Bool = true) throws -> [FeedRow] {
    try db.all(
      "SELECT \(listedColumns) FROM listed WHERE format = ? AND held <= ? ORDER BY position",
      [format.rawValue, withHeld], feedRow)
  }

  private static let listedColumns = "version, channel, end_of_life, day, released_at, archive"

  private static func feedRow(_ row: ResultRow) -> FeedRow? {
    guard let version = KernelVersion(row[0] as String) else { return nil }
    return FeedRow(
      channel: Channel(rawValue: row[1]), version: version, isEndOfLife: row[2],
      day: (row[3] as Int?).map { CalendarDay(daysSinceEpoch: $0) },
      time: (row[4] as Int?).map { Instant(secondsSinceEpoch: $0) }, archive: row[5])
  }

  /// Stores what a fetch brought: releases, state, events, validators and the time, in one transaction.
  /// - Parameters:
  ///   - state: what the derivation was made from; doubts and skipped numbers that it has none of need not be taken away.
  ///   - origin: the server that answered and that had asked us to wait before, which is over; nil for none.
  /// - Returns: the events that the log did not have yet: a series that vanishes again is no second event.
  @discardableResult
  package func store(
    _ derivation: Derivation, over state: StoredState, from feed: FeedRecord, format: FeedFormat, origin: String?
  ) throws(StoreError) -> [ReleaseEvent] {
    var told: [ReleaseEvent] = []
    try write { db in
      try Self.insert(derivation.releases, from: feed, areInferred: false, db)
      try Self.insert(derivation.provenReleases, from: feed, areInferred: true, db)
      for row in derivation.releases + derivation.provenReleases where state.presumed.contains(row.version) {
        try db.run("DELETE FROM presumed WHERE version = ?", [row.version.description])
      }
      if let listed = derivation.listed { try Self.replaceListed(listed, held: derivation.held, format: format, db) }
      if !state.suspicions.isEmpty { try db.run("DELETE FROM suspicion WHERE format = ?", [format.rawValue]) }
      for (what, since) in derivation.suspicions {
        try db.run("INSERT INTO suspicion VALUES (?, ?, ?)", [format.rawValue, what, since.secondsSinceEpoch])
      }
      try Self.insertEvidence(derivation, from: feed, db)
      try Self.store(derivation.vulnerabilities, source: feed.address, at: feed.fetchedAt, in: db)
      told = try Self.insert(derivation.events, db)
      try Self.insert(feed, db)
      if let origin { try db.run("DELETE FROM origin WHERE origin = ?", [origin]) }
    }
    return told
  }

  private static func replaceListed(_ rows: [FeedRow], held: Set<FeedRow>, format: FeedFormat, _ db: Database) throws {
    try db.run("DELETE FROM listed WHERE format = ?", [format.rawValue])
    let insertion = try db.makeStatement(sql: "INSERT INTO listed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
    for (position, row) in rows.enumerated() {
      try insertion.execute(
        arguments: [
          format.rawValue, position, row.version.description, row.channel.rawValue, row.isEndOfLife,
          row.day?.daysSinceEpoch, row.time?.secondsSinceEpoch, row.archive, held.contains(row),
        ])
    }
  }

  /// Notes that the server confirmed the content that is stored.
  /// - Parameter origin: as for ``store(_:over:from:format:origin:)``.
  package func confirm(_ feed: FeedRecord, origin: String?) throws(StoreError) {
    try write { db in
      try Self.insert(feed, db)
      if let origin { try db.run("DELETE FROM origin WHERE origin = ?", [origin]) }
    }
  }

  private static func insert(_ feed: FeedRecord, _ db: Database) throws {
    try db.run(
      """
      INSERT OR REPLACE INTO feed (\(feedColumns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        feed.address, feed.format, feed.finalAddress, feed.etag.map { Data($0) }, feed.lastModified.map { Data($0) },
        feed.validatorsAt.secondsSinceEpoch, Data(feed.bodySHA256), feed.fetchedAt.secondsSinceEpoch, feed.maxAge,
      ])
  }

  private static func insert(_ rows: [FeedRow], from feed: FeedRecord, areInferred: Bool, _ db: Database) throws {
    if rows.isEmpty { return }
    let insertion = try db.makeStatement(
      sql: """
        INSERT INTO release
          (version, line, first, second, third, fourth, candidate, series, channel, day, released_at, archive, source,
            first_seen, inferred)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (version) DO UPDATE SET
          day = excluded.day, released_at = excluded.released_at, inferred = excluded.inferred
        """)
    for row in rows {
      let version = row.version
      try insertion.execute(
        arguments: [
          version.description, version.line.rawValue, version.numbers.first, version.numbers.second,
          version.numbers.third, version.numbers.fourth, version.candidateKey, version.series, row.channel.rawValue,
          row.day?.daysSinceEpoch, row.time?.secondsSinceEpoch, row.archive, feed.address,
          feed.fetchedAt.secondsSinceEpoch, areInferred && row.day != nil,
        ])
    }
  }

  /// - Returns: those that the log did not have.
  private static func insert(_ events: [ReleaseEvent], _ db: Database) throws -> [ReleaseEvent] {
    if events.isEmpty { return [] }
    let insertion = try db.makeStatement(
      sql: """
        INSERT OR IGNORE INTO event
          (id, kind, version, series, channel, day, previous, skipped, presumed, detail, observed)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    return try events.filter { event in
      let skipped = event.skipped.isEmpty ? "" : event.skipped.map(\.description).joined(separator: " ")
      try insertion.execute(
        arguments: [
          event.id, event.kind.rawValue, event.version?.description, event.series, event.channel?.rawValue,
          event.day?.daysSinceEpoch, event.previous, skipped,
          event.presumed, event.detail, event.observed.secondsSinceEpoch,
        ])
      return db.changesCount > 0
    }
  }
}
