import GRDB
import HostSystem

/// The stored releases.
extension ReleaseStore {
  /// Stored releases, in the order of their versions.
  /// - Parameter series: nil for all.
  package func releases(inSeries series: String? = nil) throws(StoreError) -> [Release] {
    try read { db in
      let condition = series == nil ? "" : "WHERE series = ?"
      return try db.all(
        """
        SELECT version, channel, day, source, inferred FROM release \(condition)
        ORDER BY line, first, second, third, fourth, candidate
        """, series.map { [$0] } ?? []
      ) { row in
        guard let version = KernelVersion(row[0] as String) else { return nil }
        let confidence: DateConfidence = row[4] ? .inferred : .exact
        return Release(
          version: version,
          date: (row[2] as Int?).map { ReleaseDate(CalendarDay(daysSinceEpoch: $0), confidence) },
          channel: Channel(rawValue: row[1]), source: row[3])
      }
    }
  }
}
