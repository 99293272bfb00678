import FoundationEssentials
import GRDB
import HostSystem
import TestSupport
import Testing

@testable import KernelReleases

@Suite struct ReleaseStoreTests {
  private let directory: TemporaryDirectory
  private let location: DatabaseLocation
  private let now = Instant(secondsSinceEpoch: 1_778_414_400)

  init() throws {
    directory = try TemporaryDirectory()
    location = DatabaseLocation(path: directory("kernel.sqlite"))
  }

  private func open() throws -> ReleaseStore { try ReleaseStore.openForWriting(location, now: now) }

  private func seed(_ store: ReleaseStore, _ version: String = "6.1.1") throws {
    let row = FeedRow(
      channel: .longterm, version: try #require(KernelVersion(version)), day: CalendarDay("2026-05-08"))
    var derivation = Derivation()
    derivation.listed = [row]
    derivation.releases = [row]
    try store.store(
      derivation, over: StoredState(),
      from: FeedRecord(
        address: "https://a/", format: FeedFormat.releasesJSON.rawValue, finalAddress: "https://a/",
        etag: [0xFF, 0x22],
        lastModified: nil, validatorsAt: now, bodySHA256: [1], fetchedAt: now, maxAge: nil),
      format: .releasesJSON, origin: "https://a:443")
  }

  /// Changes the file behind the store's back.
  private func tamper(_ sql: String) throws {
    try DatabaseQueue(path: location.path).writeWithoutTransaction { try $0.execute(sql: sql) }
  }

  private func files() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
  }

  @Test func `a directory in the place of the database is told as one`() throws {
    let directory = try TemporaryDirectory()
    let location = DatabaseLocation(path: directory(""))
    let expected = StoreError.failed(location.path, detail: "it is a directory; name a file with --database")
    #expect(throws: expected) { _ = try ReleaseStore.openForReading([location]) }
    #expect(throws: expected) {
      _ = try ReleaseStore.openForWriting(location, now: Instant(secondsSinceEpoch: 1_778_414_400))
    }
  }

  @Test func `what is stored is read back, bytes of validators too`() throws {
    try seed(try open())
    let store = try #require(try ReleaseStore.openForReading([location]))
    #expect(try store.feed("https://a/")?.etag == [0xFF, 0x22])
    #expect(try store.releases().map(\.version.description) == ["6.1.1"])
    #expect(try store.listed().first?.channel == .longterm)
    #expect(try store.releases(inSeries: "6.1").count == 1)
    #expect(try store.releases(inSeries: "6.2").isEmpty)
  }

  /// A NULL must not come back as 0, false or an empty text, nor these as nothing.
  @Test func `what is not known stays unknown`() throws {
    let store = try open()
    let known = try #require(KernelVersion("6.1.1"))
    let unknown = try #require(KernelVersion("6.1.2"))
    var derivation = Derivation()
    derivation.releases = [
      FeedRow(channel: .longterm, version: known, day: CalendarDay(daysSinceEpoch: 0)),
      FeedRow(channel: .longterm, version: unknown, day: nil),
    ]
    derivation.listed = derivation.releases
    derivation.support = [
      SeriesSupport(series: "6.1", isLongterm: nil, end: .notAnnounced, finalDay: nil, latest: nil),
      SeriesSupport(series: "6.2", isLongterm: false, end: .endedWithoutDay, finalDay: nil, latest: known),
      SeriesSupport(
        series: "6.3", isLongterm: true, end: .day(CalendarDay(daysSinceEpoch: 0)),
        finalDay: CalendarDay(daysSinceEpoch: 0), latest: nil),
    ]
    derivation.announcements = [
      Announcement(version: known, author: "A", time: nil, paragraph: nil, link: ""),
      Announcement(version: unknown, author: "", time: Instant(secondsSinceEpoch: 0), paragraph: "", link: nil),
    ]
    derivation.events = [
      ReleaseEvent(kind: .release, id: "a", version: known, series: nil, channel: nil, day: nil, observed: now),
      ReleaseEvent(
        kind: .suspect, id: "b", version: nil, series: "6.1", channel: .stable, day: CalendarDay(daysSinceEpoch: 0),
        previous: "", skipped: [unknown], presumed: true, detail: "", observed: now),
    ]
    let record = FeedRecord(
      address: "https://a/", format: FeedFormat.releasesJSON.rawValue, finalAddress: "https://a/", etag: nil,
      lastModified: [], validatorsAt: now, bodySHA256: [0, 1], fetchedAt: now, maxAge: 0)
    try store.store(derivation, over: StoredState(), from: record, format: .releasesJSON, origin: nil)
    let back = try #require(try ReleaseStore.openForReading([location]))
    #expect(try back.feed("https://a/") == record)
    #expect(try back.support() == derivation.support)
    #expect(try back.events(after: 0).map(\.event) == derivation.events)
    #expect(try back.listed() == derivation.listed)
    #expect(try derivation.announcements.allSatisfy { try back.announcement(of: $0.version) == $0 })
    #expect(try back.releases().map(\.date?.day) == [CalendarDay(daysSinceEpoch: 0), nil])
    #expect(try back.number(ofEvent: "none") == nil)
  }

  @Test func `the database is marked, in WAL mode, and its tables are strict`() throws {
    _ = try open()
    let facts = try DatabaseQueue(path: location.path).read { db in
      (
        try Int.fetchOne(db, sql: "PRAGMA application_id"), try Int.fetchOne(db, sql: "PRAGMA user_version"),
        try String.fetchOne(db, sql: "PRAGMA journal_mode"),
        try Int.fetchOne(
          db,
          sql:
            "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%'"
        )
      )
    }
    #expect(facts.0 == Schema.applicationID)
    #expect(facts.1 == Schema.steps.last?.version)
    #expect(facts.2 == "wal")
    #expect(facts.3 == 0)
  }

  @Test func `a newer schema is refused and left alone`() throws {
    _ = try open()
    try tamper("PRAGMA user_version = 99")
    let error = StoreError.newerSchema(location.path, found: 99, known: Schema.steps.last?.version ?? 0)
    #expect(throws: error) { _ = try open() }
    #expect(throws: error) { _ = try ReleaseStore.openForReading([location]) }
    #expect(error.failureKind == .newerDatabase)
    #expect(try files().allSatisfy { !$0.contains("damaged") })
  }

  @Test func `a database of another program is refused and left alone`() throws {
    try tamper("CREATE TABLE theirs (a)")
    #expect(throws: StoreError.foreign(location.path)) { _ = try open() }
    #expect(throws: StoreError.foreign(location.path)) { _ = try ReleaseStore.openForReading([location]) }
  }

  @Test func `a damaged file is moved aside by a writer and only reported to a reader`() throws {
    try seed(try open())
    for file in ["kernel.sqlite-wal", "kernel.sqlite-shm"] {
      try? FileManager.default.removeItem(atPath: directory(file))
    }
    let damaged = Array(try RootDirectory().read(location.path).prefix(100)) + [UInt8](repeating: 0x41, count: 4000)
    try directory.write("kernel.sqlite", damaged)
    let error = #expect(throws: StoreError.self) { _ = try ReleaseStore.openForReading([location]) }
    guard case .corrupt = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    let store = try open()
    #expect(store.notices.count == 1)
    let aside = try #require(try files().first { $0.contains("damaged") })
    #expect(aside == "kernel.sqlite.damaged-20260510T120000Z")
    #expect(try RootDirectory().read(directory(aside)) == damaged)
    try seed(store)
    #expect(try store.releases().count == 1)
  }

  @Test func `a file of another kind that was named by mistake is left where it is`() throws {
    let text = Array("root:x:0:0:root:/root:/bin/bash and some more lines of a file that is no database at all\n".utf8)
    try directory.write("kernel.sqlite", text)
    #expect(throws: StoreError.foreign(location.path)) { _ = try open() }
    #expect(throws: StoreError.foreign(location.path)) { _ = try ReleaseStore.openForReading([location]) }
    #expect(try RootDirectory().read(location.path) == text)
    #expect(try files().allSatisfy { !$0.contains("damaged") })
  }

  @Test func `a page damaged inside is found before anything is written`() throws {
    let store = try open()
    for number in 1...400 { try seed(store, "6.1.\(number)") }
    try tamper("PRAGMA wal_checkpoint(TRUNCATE)")
    var bytes = try RootDirectory().read(location.path)
    for index in 8192..<12_288 { bytes[index] = 0xA5 }
    try directory.write("kernel.sqlite", bytes)
    #expect(try open().notices.count == 1)
  }

  @Test func `a migration of an existing database keeps a copy of the old state first`() throws {
    try seed(try open())
    let newest = try #require(Schema.steps.last?.version)
    let steps =
      Schema.steps + [
        Schema.Step(version: newest + 1) { try $0.execute(sql: "ALTER TABLE feed ADD COLUMN remark TEXT") }
      ]
    let file = try DatabaseFile.openForWriting(location, now: now, steps: steps)
    #expect(file.notices.count == 1)
    let backup = directory("kernel.sqlite.backup-\(newest)-20260510T120000Z")
    let old = try DatabaseQueue(path: backup).read { db in
      (try Int.fetchOne(db, sql: "PRAGMA user_version"), try Int.fetchOne(db, sql: "SELECT count(*) FROM release"))
    }
    #expect(old.0 == newest)
    #expect(old.1 == 1)
    #expect(throws: StoreError.self) { _ = try open() }
  }

  @Test func `a migration that fails leaves the old schema`() throws {
    try seed(try open())
    let newest = try #require(Schema.steps.last?.version)
    let steps =
      Schema.steps + [
        Schema.Step(version: newest + 1) { db in
          try db.execute(sql: "DROP TABLE release")
          try db.execute(sql: "this is no SQL")
        }
      ]
    #expect(throws: StoreError.self) { _ = try DatabaseFile.openForWriting(location, now: now, steps: steps) }
    #expect(try open().releases().count == 1)
  }

  @Test func `a place that is not there is told`() throws {
    let missing = DatabaseLocation(path: directory("no/such/kernel.sqlite"))
    #expect(throws: StoreError.noDirectory(directory("no/such"))) {
      _ = try ReleaseStore.openForWriting(missing, now: now)
    }
    #expect(try ReleaseStore.openForReading([missing]) == nil)
    let made = DatabaseLocation(path: directory("no/such/kernel.sqlite"), makesDirectory: true)
    _ = try ReleaseStore.openForWriting(made, now: now)
    try directory.write("file", text: "")
    let below = DatabaseLocation(path: directory("file/kernel.sqlite"), makesDirectory: true)
    let error = #expect(throws: StoreError.self) { _ = try ReleaseStore.openForWriting(below, now: now) }
    #expect(error?.failureKind == .noPermission)
  }

  @Test func `readers go on while a writer holds its transaction`() throws {
    let store = try open()
    try seed(store)
    let writer = try DatabaseQueue(path: location.path)
    try writer.writeWithoutTransaction { db in
      try db.inTransaction(.immediate) {
        try db.execute(sql: "DELETE FROM release")
        let reader = try ReleaseStore.openForReading([location])
        #expect(try reader?.releases().count == 1)
        return .rollback
      }
    }
  }

  @Test func `a copy without its companion files is read from a place that cannot be written`() throws {
    try seed(try open())
    try tamper("PRAGMA wal_checkpoint(TRUNCATE)")
    let copy = try TemporaryDirectory()
    try copy.write("kernel.sqlite", try RootDirectory().read(location.path))
    let store = try #require(try ReleaseStore.openForReading([DatabaseLocation(path: copy("kernel.sqlite"))]))
    #expect(try store.releases().count == 1)
  }

  @Test func `an event is logged once and a reader's mark never goes back`() throws {
    let store = try open()
    try seed(store)
    #expect(try store.cursor("watch") == 0)
    let event = ReleaseEvent(
      kind: .skipped, id: "skipped:6.1:6.1.9", version: KernelVersion("6.1.9"), series: "6.1", channel: .longterm,
      day: CalendarDay("2026-05-08"), previous: "6.1.7", skipped: [try #require(KernelVersion("6.1.8"))],
      presumed: true,
      detail: "x", observed: now)
    var derivation = Derivation()
    derivation.events = [event, event]
    let feed = try #require(try store.feed("https://a/"))
    try store.store(derivation, over: StoredState(), from: feed, format: .releasesJSON, origin: "o")
    try store.store(derivation, over: StoredState(), from: feed, format: .releasesJSON, origin: "o")
    let log = try store.events(after: 0)
    #expect(log.map(\.event) == [event])
    try store.advance("watch", to: log[0].number)
    try store.advance("watch", to: 0)
    #expect(try store.cursor("watch") == log[0].number)
    #expect(try store.cursor("a new one") == log[0].number)
  }

  @Test func `places follow the user and the environment`() {
    func own(_ environment: [String: String], _ user: UInt32 = 1000, given: String? = nil) -> String? {
      DatabaseLocation.own(given: given, environment: environment, userID: user)?.path
    }
    #expect(own(["HOME": "/home/a"]) == "/home/a/.local/state/toolbox/kernel.sqlite")
    #expect(own(["HOME": "/home/a", "XDG_STATE_HOME": "/s"]) == "/s/toolbox/kernel.sqlite")
    #expect(own(["HOME": "/home/a", "XDG_STATE_HOME": "s"]) == "/home/a/.local/state/toolbox/kernel.sqlite")
    #expect(own(["HOME": "/root"], 0) == "/var/lib/toolbox-kernel/kernel.sqlite")
    #expect(own([:]) == nil)
    #expect(own([:], given: "x.sqlite") == "x.sqlite")
    #expect(
      DatabaseLocation.readable(given: nil, environment: ["HOME": "/home/a"], userID: 1000).map(\.path)
        == [
          "/home/a/.local/state/toolbox/kernel.sqlite", "/var/lib/toolbox-kernel/kernel.sqlite",
          "/run/toolbox-kernel/kernel.sqlite",
        ])
    // Root may enter everything.
    #expect(
      DatabaseLocation.readable(given: nil, environment: [:], userID: 0).map(\.path)
        == ["/var/lib/toolbox-kernel/kernel.sqlite"])
    #expect(DatabaseLocation.readable(given: "x", environment: [:], userID: 1000).map(\.path) == ["x"])
  }
}
