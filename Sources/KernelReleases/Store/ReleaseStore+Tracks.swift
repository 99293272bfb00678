import GRDB
import HostSystem

/// What somebody follows, and how far they have seen it.
extension ReleaseStore {
  /// Every stored mark, by name.
  package func trackMarks() throws(StoreError) -> [TrackMark] {
    try ask { db in
      try db.all("SELECT name, origin, seen_number, seen_version, seen_at FROM track ORDER BY name") { row in
        guard let track = Track(row[0]), let origin = TrackMark.Origin(rawValue: row[1]) else { return nil }
        return TrackMark(
          track: track, origin: origin, seenNumber: row[2],
          seenVersion: (row[3] as String?).flatMap { KernelVersion($0) }, seenAt: Instant(secondsSinceEpoch: row[4]))
      }
    }
  }

  /// Stores marks, each in the place of one that is there.
  package func store(_ marks: [TrackMark]) throws(StoreError) {
    try write { db in for mark in marks { try Self.put(mark, "INSERT OR REPLACE", db) } }
  }

  /// Begins tracks that nothing is stored of: what was before is not their news.
  package func begin(_ marks: [TrackMark]) throws(StoreError) {
    let known = Set(try trackMarks().map(\.track))
    let new = marks.filter { !known.contains($0.track) }
    if new.isEmpty { return }
    try write { db in for mark in new { try Self.put(mark, "INSERT OR IGNORE", db) } }
  }

  private static func put(_ mark: TrackMark, _ verb: String, _ db: Database) throws {
    try db.run(
      "\(verb) INTO track VALUES (?, ?, ?, ?, ?)",
      [
        mark.track.description, mark.origin.rawValue, mark.seenNumber, mark.seenVersion?.description,
        mark.seenAt.secondsSinceEpoch,
      ])
  }
}
