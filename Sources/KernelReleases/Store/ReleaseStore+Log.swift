import GRDB
package import HostSystem

/// An event of the log and its number there.
package struct LoggedEvent: Sendable, Equatable {
  /// Its place in the log; grows, and is never used again.
  package let number: Int64
  /// What happened.
  package let event: ReleaseEvent
}

/// The log of events, how far its readers have come, and what became of the programs that were given one.
extension ReleaseStore {
  /// The events behind a number, oldest first.
  package func events(after number: Int64) throws(StoreError) -> [LoggedEvent] {
    try read { db in
      try db.all(
        """
        SELECT number, id, kind, version, series, channel, day, previous, skipped, presumed, detail, observed
        FROM event WHERE number > ? ORDER BY number
        """, [number], Self.event)
    }
  }

  /// The number of an event; nil when there is none with this id.
  package func number(ofEvent id: String) throws(StoreError) -> Int64? {
    try ask { try $0.first("SELECT number FROM event WHERE id = ?", [id]) { $0[0] } }
  }

  /// The number of the newest event; 0 for an empty log.
  package func newestEventNumber() throws(StoreError) -> Int64 {
    try ask { try $0.first("SELECT coalesce(max(number), 0) FROM event") { $0[0] } ?? 0 }
  }

  private static func event(_ row: ResultRow) -> LoggedEvent? {
    guard let kind = ReleaseEvent.Kind(rawValue: row[2]) else { return nil }
    return LoggedEvent(
      number: row[0],
      event: ReleaseEvent(
        kind: kind, id: row[1], version: (row[3] as String?).flatMap { KernelVersion($0) }, series: row[4],
        channel: (row[5] as String?).map { Channel(rawValue: $0) },
        day: (row[6] as Int?).map { CalendarDay(daysSinceEpoch: $0) }, previous: row[7],
        skipped: (row[8] as String).split(separator: " ").compactMap { KernelVersion($0) }, presumed: row[9],
        detail: row[10], observed: Instant(secondsSinceEpoch: row[11])))
  }

  // MARK: Readers

  /// How far a reader of the log has come. One that was never seen starts at the log's end: what was before is not its news.
  package func cursor(_ name: String) throws(StoreError) -> Int64 {
    if let number = try storedCursor(name) { return number }
    try write { try $0.run("INSERT OR IGNORE INTO cursor SELECT ?, coalesce(max(number), 0) FROM event", [name]) }
    return try storedCursor(name) ?? 0
  }

  private func storedCursor(_ name: String) throws(StoreError) -> Int64? {
    try ask { try $0.first("SELECT number FROM cursor WHERE name = ?", [name]) { $0[0] } }
  }

  /// Moves a reader forward; it never goes back.
  package func advance(_ name: String, to number: Int64) throws(StoreError) {
    try write { try Self.advance(name, to: number, $0) }
  }

  private static func advance(_ name: String, to number: Int64, _ db: Database) throws {
    try db.run("UPDATE cursor SET number = max(number, ?) WHERE name = ?", [number, name])
  }

  // MARK: Hooks

  /// How often a program was given an event; 0 when never.
  package func attempts(of program: String, event number: Int64) throws(StoreError) -> Int {
    try ask { db in
      try db.first("SELECT attempts FROM hook WHERE program = ? AND number = ?", [program, number]) { $0[0] }
    } ?? 0
  }

  /// Stores what became of a program that was given an event, and moves its reader on where the event is done with, in one
  /// transaction.
  /// - Parameters:
  ///   - status: its exit code, 128 + n after death by signal n; nil where it could not be started.
  ///   - result: in words.
  ///   - reader: the reader to move on; nil where the program is to get the event again.
  package func storeHook(
    _ program: String, event number: Int64, attempts: Int, status: Int32?, result: String, now: Instant,
    advancing reader: String?
  ) throws(StoreError) {
    try write { db in
      try db.run(
        "INSERT OR REPLACE INTO hook VALUES (?, ?, ?, ?, ?, ?)",
        [program, number, attempts, status, result, now.secondsSinceEpoch])
      if let reader { try Self.advance(reader, to: number, db) }
    }
  }
}
