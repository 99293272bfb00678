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

  /// Closes the file, which writes what is still beside it into it. Nothing can be read or written through this value afterwards.
  /// - Throws: ``StoreError``
  package func close() throws(StoreError) { try file.translating { try file.queue.close() } }

  /// All of it as the bytes of a database file that stands alone, for those who cannot enter where this one is.
  /// - Throws: ``StoreError``
  package func bytes() throws(StoreError) -> [UInt8] { try file.bytes() }

  /// Several statements that see one state. GRDB's own read also forbids writing before it and allows it again behind it,
  /// which takes longer than most of what is read.
  func read<Result>(_ work: (Database) throws -> Result) throws(StoreError) -> Result {
    try file.translating {
      try file.queue.unsafeRead { db in try db.transaction("DEFERRED") { try work(db) } }
    }
  }

  /// One SELECT, which is a transaction by itself: a third of the time of ``read(_:)``.
  func ask<Result>(_ work: (Database) throws -> Result) throws(StoreError) -> Result {
    try file.translating { try file.queue.unsafeRead(work) }
  }

  /// One transaction that takes the write lock at its start: one that only reads first could fail when it wants to write.
  func write(_ work: (Database) throws -> Void) throws(StoreError) {
    try file.translating {
      try file.queue.writeWithoutTransaction { db in try db.transaction("IMMEDIATE") { try work(db) } }
    }
  }

  // MARK: Feeds and origins

  /// What is remembered of an address; nil when it was never fetched.
  package func feed(_ address: String) throws(StoreError) -> FeedRecord? {
    try ask { try $0.first("SELECT \(Self.feedColumns) FROM feed WHERE address = ?", [address], Self.feed) }
  }

  /// Every feed that was fetched, the one that was confirmed last first.
  package func feeds() throws(StoreError) -> [FeedRecord] {
    try ask { try $0.all("SELECT \(Self.feedColumns) FROM feed ORDER BY fetched_at DESC, address", [], Self.feed) }
  }

  /// In the order of the table.
  static let feedColumns =
    "address, format, final_address, etag, last_modified, validators_at, body_sha256, fetched_at, max_age"

  private static func feed(_ row: ResultRow) -> FeedRecord {
    FeedRecord(
      address: row[0], format: row[1], finalAddress: row[2], etag: row[3], lastModified: row[4],
      validatorsAt: Instant(secondsSinceEpoch: row[5]), bodySHA256: row[6],
      fetchedAt: Instant(secondsSinceEpoch: row[7]), maxAge: row[8])
  }

  /// Whether a server is left alone; nil when it is not.
  package func origin(_ origin: String) throws(StoreError) -> OriginRecord? {
    try ask { try $0.first("SELECT \(Self.originColumns) FROM origin WHERE origin = ?", [origin], Self.origin) }
  }

  private static let originColumns = "origin, not_before, failures, is_request"

  private static func origin(_ row: ResultRow) -> OriginRecord {
    OriginRecord(
      origin: row[0], notBefore: Instant(secondsSinceEpoch: row[1]), failures: row[2], isRequest: row[3])
  }

  /// Remembers that a server asked us to wait.
  package func store(_ record: OriginRecord) throws(StoreError) {
    try write { db in
      try db.run(
        "INSERT OR REPLACE INTO origin (\(Self.originColumns)) VALUES (?, ?, ?, ?)",
        [record.origin, record.notBefore.secondsSinceEpoch, record.failures, record.isRequest])
    }
  }

  /// Every server that is left alone, or was.
  package func origins() throws(StoreError) -> [OriginRecord] {
    try ask { try $0.all("SELECT \(Self.originColumns) FROM origin ORDER BY origin", [], Self.origin) }
  }

  /// Forgets the validators of a feed, so that the next request is answered in full.
  package func dropValidators(of address: String) throws(StoreError) {
    try write { db in
      try db.run("UPDATE feed SET etag = NULL, last_modified = NULL WHERE address = ?", [address])
    }
  }
}
