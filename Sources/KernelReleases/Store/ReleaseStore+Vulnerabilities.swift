import FoundationEssentials
package import GRDB
package import HostSystem

/// The stored CVE records.
extension ReleaseStore {
  /// All of them, in no order.
  package func vulnerabilities() throws(StoreError) -> [Vulnerability] {
    try read { try Self.vulnerabilities($0) }
  }

  /// Stores records in a transaction of its own; see ``store(_:source:at:in:)``.
  package func store(_ records: [Vulnerability], source: String, at time: Instant) throws(StoreError) {
    try write { try Self.store(records, source: source, at: time, in: $0) }
  }

  /// Stores records inside the caller's transaction. A record that is stored already is replaced.
  /// - Parameter source: the address or the file that they came from.
  package static func store(
    _ records: [Vulnerability], source: String, at time: Instant, in db: Database
  ) throws {
    if records.isEmpty { return }
    let statement = try db.makeStatement(
      sql: """
        INSERT OR REPLACE INTO vulnerability (id, title, published_at, rejected, affects, source, stored_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    for record in records {
      let affects = String(decoding: try encoder.encode(record.blocks), as: UTF8.self)
      try statement.execute(arguments: [
        record.id, record.title, record.published?.secondsSinceEpoch, record.isRejected, affects, source,
        time.secondsSinceEpoch,
      ])
    }
  }

  static func vulnerabilities(_ db: Database) throws -> [Vulnerability] {
    let decoder = JSONDecoder()
    return try db.all("SELECT id, title, published_at, rejected, affects FROM vulnerability") { row in
      Vulnerability(
        id: row[0], title: row[1], published: (row[2] as Int?).map { Instant(secondsSinceEpoch: $0) },
        isRejected: row[3], blocks: try decoder.decode([AffectedBlock].self, from: Data((row[4] as String).utf8)))
    }
  }
}
