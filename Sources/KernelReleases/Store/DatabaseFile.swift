import GRDB
import GRDBSQLite
import Glibc
import HostSystem

/// The database file itself: how it is opened, kept healthy and brought up to date. What is in it is ``ReleaseStore``'s.
struct DatabaseFile {
  let queue: DatabaseQueue
  let path: String
  /// Something that the administrator should hear: a damaged file was moved aside, a backup was made.
  let notices: [String]

  /// With so many pages beside it, the next commit writes them into the file.
  private static let pagesBesideFile: Int32 = 32

  /// How long a statement waits for another process, in seconds.
  static let busyTimeout: Double = 5

  // MARK: Writing

  /// Opens the database for a run that writes, and makes, migrates or replaces it as needed.
  /// - Parameter now: names a damaged file that is moved aside, and a backup.
  /// - Throws: ``StoreError``
  static func openForWriting(
    _ location: DatabaseLocation, now: Instant, steps: [Schema.Step] = Schema.steps
  ) throws(StoreError) -> DatabaseFile {
    try prepareDirectory(location)
    do {
      return try openAndMigrate(location, now: now, steps: steps, notices: [])
    } catch {
      guard case .corrupt = error else { throw error }
    }
    // A second look, before anything is given up: what a disk answered wrongly once is no damage.
    do {
      return try openAndMigrate(location, now: now, steps: steps, notices: [])
    } catch {
      guard case .corrupt(_, let detail) = error else { throw error }
      guard mayMoveAside(location) else { throw .foreign(location.path) }
      let aside = try moveAside(location.path, now: now)
      return try openAndMigrate(
        location, now: now, steps: steps,
        notices: [
          "\(location.path): the database was damaged (\(detail)) and is now \(aside); a new one is started, and what "
            + "came since the last run is not told as news"
        ])
    }
  }

  /// Whether a damaged file is surely this program's own: it lies where only this program puts a database, or its head still
  /// has the mark of one (bytes 0 to 15 and 68 to 71; sqlite.org/fileformat2.html). A file that somebody named by mistake
  /// is left where it is.
  private static func mayMoveAside(_ location: DatabaseLocation) -> Bool {
    if location.makesDirectory { return true }
    guard let head = try? RootDirectory().read(location.path, limit: 1 << 40).prefix(72), head.count == 72 else {
      return false
    }
    let mark = head[68..<72].reduce(0) { $0 << 8 | Int($1) }
    return head.starts(with: Array("SQLite format 3\0".utf8)) && mark == Int(Schema.applicationID)
  }

  private static func prepareDirectory(_ location: DatabaseLocation) throws(StoreError) {
    let directory = parent(of: location.path)
    var status = stat()
    if stat(directory, &status) != 0 {
      guard location.makesDirectory else {
        throw errno == EACCES
          ? StoreError.directoryNotWritable(directory, reason: reason(errno)) : StoreError.noDirectory(directory)
      }
      try makeDirectories(directory, mode: location.isSystemWide ? 0o755 : 0o700)
    } else if status.st_mode & S_IFMT != S_IFDIR {
      throw .directoryNotWritable(directory, reason: reason(ENOTDIR))
    }
    if stat(location.path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      throw .failed(location.path, detail: isADirectory)
    }
    // SQLite makes files beside the database, so the directory has to be writable, not only the file.
    if access(directory, W_OK | X_OK) != 0 { throw .directoryNotWritable(directory, reason: reason(errno)) }
    if access(location.path, F_OK) == 0, access(location.path, R_OK | W_OK) != 0 {
      throw .noPermission(location.path, action: "write")
    }
    if location.isSystemWide {
      // Whatever the umask is: users without a database of their own read this one. SQLite gives its other files the
      // same mode.
      let descriptor = open(location.path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
      guard descriptor >= 0 else { throw .failed(location.path, detail: "cannot open: \(reason(errno))") }
      defer { close(descriptor) }
      try giveToOwner(of: directory, descriptor, path: location.path)
      if fchmod(descriptor, 0o644) != 0 {
        throw .failed(location.path, detail: "cannot set its mode: \(reason(errno))")
      }
    }
  }

  /// Gives a file that root made to the owner of its directory, so that a service whose directory it is can go on with it.
  /// Anybody else owns what they make.
  static func giveToOwner(of directory: String, _ descriptor: Int32, path: String) throws(StoreError) {
    var status = stat()
    guard geteuid() == 0, stat(directory, &status) == 0, status.st_uid != 0 else { return }
    if fchown(descriptor, status.st_uid, status.st_gid) != 0 {
      throw .failed(path, detail: "cannot give it to the owner of its directory: \(reason(errno))")
    }
  }

  private static let isADirectory = "it is a directory; name a file with --database"

  private static func makeDirectories(_ path: String, mode: mode_t) throws(StoreError) {
    if mkdir(path, mode) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, path.contains("/"), path != "/" else {
      throw .directoryNotWritable(path, reason: reason(errno))
    }
    try makeDirectories(parent(of: path), mode: mode)
    if mkdir(path, mode) != 0, errno != EEXIST { throw .directoryNotWritable(path, reason: reason(errno)) }
  }

  private static func openAndMigrate(
    _ location: DatabaseLocation, now: Instant, steps: [Schema.Step], notices: [String]
  ) throws(StoreError) -> DatabaseFile {
    var configuration = Configuration()
    configuration.busyMode = .timeout(busyTimeout)
    configuration.foreignKeysEnabled = false
    configuration.prepareDatabase { db in
      db.forgoAuthorizer()
      // Not by GRDB's setting, which writes a table and drops it again at every opening, for snapshots that are not used
      // here: that would cost each run two waits for the disk.
      if try db.word("PRAGMA journal_mode = WAL") != "wal" {
        throw DatabaseError(resultCode: .SQLITE_CANTOPEN, message: "this place allows no WAL")
      }
      _ = try db.word("PRAGMA synchronous = NORMAL")
      _ = try db.word("PRAGMA journal_size_limit = 0")
      // A run that only confirms what is stored leaves a page or two in the -wal file, and every opening reads what is there.
      sqlite3_wal_autocheckpoint(db.sqliteConnection, pagesBesideFile)
      // The -wal and -shm files stay when the last writer leaves: a reader without write permission cannot make them.
      var isOn: Int32 = 1
      _ = sqlite3_file_control(db.sqliteConnection, "main", SQLITE_FCNTL_PERSIST_WAL, &isOn)
    }
    let path = location.path
    var notices = notices
    let queue = try openPatiently(path, configuration)
    let newest = steps.last?.version ?? 0
    let version = try translating(path) {
      try queue.writeWithoutTransaction { db in try examine(db, path: path, newest: newest) }
    }
    if version < newest {
      if version > 0 {
        let backup = "\(path).backup-\(version)-\(stamp(now))"
        try translating(path) {
          try queue.writeWithoutTransaction { try $0.execute(sql: "VACUUM INTO ?", arguments: [backup]) }
        }
        notices.append("\(path): brought from schema \(version) to \(newest); the old state is kept as \(backup)")
      }
      // A new database gets all of them at once: another process that makes it too must never find one that looks old.
      let pending = steps.filter { $0.version > version }
      for batch in version == 0 ? [pending] : pending.map({ [$0] }) {
        try translating(path) { try queue.writeWithoutTransaction { try migrate($0, batch) } }
      }
    }
    return DatabaseFile(queue: queue, path: path, notices: notices)
  }

  /// SQLite does not wait where two processes switch a new file to WAL at the same time: one of them is told at once that it
  /// is locked. It comes again, for as long as a statement would wait.
  private static func openPatiently(
    _ path: String, _ configuration: GRDB.Configuration
  ) throws(StoreError) -> DatabaseQueue {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(busyTimeout)
    while true {
      do {
        return try translating(path) { try DatabaseQueue(path: path, configuration: configuration) }
      } catch {
        guard case .busy = error, clock.now < end, !StopSignals.wait(milliseconds: 20) else { throw error }
      }
    }
  }

  /// Looks whether the file is sound and ours.
  /// - Returns: its schema; 0 for a new file.
  private static func examine(_ db: Database, path: String, newest: Int) throws -> Int {
    var (version, application, tables) = (0, 0, 0)
    // In one transaction: another process may be making the database between two looks.
    try db.transaction("DEFERRED") {
      version = try db.number("PRAGMA user_version")
      application = try db.number("PRAGMA application_id")
      tables = try db.number("SELECT count(*) FROM sqlite_master")
    }
    let isOurs = application == Schema.applicationID || (application == 0 && version == 0 && tables == 0)
    guard isOurs else { throw StoreError.foreign(path) }
    guard version <= newest else { throw StoreError.newerSchema(path, found: version, known: newest) }
    let finding = try db.word("PRAGMA quick_check(1)") ?? "quick_check failed"
    guard finding == "ok" else {
      // "unable to get the page. error code=266": the disk failed to read, which says nothing about what is on it.
      if let code = finding.split(separator: "error code=").dropFirst().first?.prefix(while: \.isNumber),
        let code = Int32(code), code & 0xFF == SQLITE_IOERR
      {
        throw DatabaseError(resultCode: .SQLITE_IOERR, message: "disk I/O error")
      }
      throw StoreError.corrupt(path, detail: finding.replacing("\n", with: " "))
    }
    return version
  }

  /// Takes steps in one transaction.
  private static func migrate(_ db: Database, _ steps: [Schema.Step]) throws {
    try db.transaction("IMMEDIATE") {
      // Another process may have taken a step while this one waited for the lock.
      let version = try db.number("PRAGMA user_version")
      for step in steps where step.version > version {
        try step.apply(db)
        try db.execute(sql: "PRAGMA application_id = \(Schema.applicationID)")
        try db.execute(sql: "PRAGMA user_version = \(step.version)")
      }
    }
  }

  /// Renames a damaged database and the files beside it.
  /// - Returns: the new path.
  private static func moveAside(_ path: String, now: Instant) throws(StoreError) -> String {
    let aside = "\(path).damaged-\(stamp(now))"
    for suffix in ["", "-wal", "-shm"] where rename(path + suffix, aside + suffix) != 0 {
      if suffix.isEmpty || errno != ENOENT {
        throw .failed(path, detail: "the database is damaged and cannot be moved aside: \(reason(errno))")
      }
    }
    return aside
  }

  // MARK: Reading

  /// Opens an existing database for reading; it takes no write lock and works beside a run that writes.
  /// - Returns: nil when there is no such file, or nothing was stored in it yet.
  /// - Throws: ``StoreError``
  static func openForReading(
    _ location: DatabaseLocation, steps: [Schema.Step] = Schema.steps
  ) throws(StoreError) -> DatabaseFile? {
    let path = location.path
    var status = stat()
    guard stat(path, &status) == 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      // A service with a user of its own may keep the system's database where nobody else looks: then it is not for us.
      if errno == EACCES, location.isSystemWide { return nil }
      throw errno == EACCES
        ? StoreError.noPermission(path, action: "read") : StoreError.failed(path, detail: reason(errno))
    }
    if status.st_mode & S_IFMT == S_IFDIR { throw .failed(path, detail: isADirectory) }
    if status.st_size == 0 { return nil }
    guard access(path, R_OK) == 0 else { throw .noPermission(path, action: "read") }
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(busyTimeout)
    configuration.prepareDatabase { $0.forgoAuthorizer() }
    do {
      return try check(
        try translating(path) { try DatabaseQueue(path: path, configuration: configuration) }, path: path, steps: steps)
    } catch StoreError.corrupt where !mayMoveAside(location) {
      throw .foreign(path)
    } catch StoreError.noPermission {
      // The files beside it are missing and cannot be made here. Nobody writes to it then, or its writer would have made
      // them: what is in the file itself, and in the log that may be left of its writer, is the whole database.
      let hasLog = stat(path + "-wal", &status) == 0 && status.st_size > 0
      let bytes = try hasLog ? joinedBytes(path) : content(path)
      return try check(try inMemory(bytes, path), path: path, steps: steps)
    }
  }

  private static func check(
    _ queue: DatabaseQueue, path: String, steps: [Schema.Step]
  ) throws(StoreError) -> DatabaseFile? {
    let newest = steps.last?.version ?? 0
    let version: Int = try translating(path) {
      try queue.read { db in
        let version = try db.number("PRAGMA user_version")
        let application = try db.number("PRAGMA application_id")
        if version == 0, application == 0 {
          if try db.number("SELECT count(*) FROM sqlite_master") == 0 { return 0 }
        }
        guard application == Schema.applicationID else { throw StoreError.foreign(path) }
        guard version <= newest else { throw StoreError.newerSchema(path, found: version, known: newest) }
        return version
      }
    }
    // An older schema is read once a run that writes has migrated it.
    return version == newest ? DatabaseFile(queue: queue, path: path, notices: []) : nil
  }

  private static func content(_ path: String) throws(StoreError) -> [UInt8] {
    do throws(FileError) {
      return try RootDirectory().read(path, limit: 256 << 20)
    } catch {
      throw .failed(path, detail: error.message)
    }
  }

  /// The content of a database file and of its log as one file, joined by SQLite in a directory that is ours alone for so long.
  private static func joinedBytes(_ path: String) throws(StoreError) -> [UInt8] {
    let template = strdup("/tmp/toolbox-XXXXXX")
    defer { free(template) }
    guard let template, mkdtemp(template) != nil else {
      throw .failed(path, detail: "cannot make a copy in /tmp: \(reason(errno))")
    }
    let directory = String(cString: template)
    let copy = directory + "/kernel.sqlite"
    defer {
      for suffix in ["", "-wal", "-shm"] { unlink(copy + suffix) }
      rmdir(directory)
    }
    for suffix in ["", "-wal"] {
      let bytes = try content(path + suffix)
      let file = open(copy + suffix, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
      guard file >= 0 else { throw .failed(path, detail: "cannot make a copy in /tmp: \(reason(errno))") }
      defer { close(file) }
      guard bytes.withUnsafeBytes({ write(file, $0.baseAddress, $0.count) }) == bytes.count else {
        throw .failed(path, detail: "cannot make a copy in /tmp: \(reason(errno))")
      }
    }
    let file = DatabaseFile(
      queue: try translating(path) { try DatabaseQueue(path: copy) }, path: path, notices: [])
    let bytes = try file.bytes()
    try file.translating { try file.queue.close() }
    return bytes
  }

  /// The content of a database file in memory, as a database that is not in WAL mode.
  private static func inMemory(_ content: [UInt8], _ path: String) throws(StoreError) -> DatabaseQueue {
    var bytes = content
    guard bytes.count > 100 else { throw .corrupt(path, detail: "only \(bytes.count) bytes") }
    markAsSingle(&bytes)
    return try translating(path) {
      let queue = try DatabaseQueue()
      try queue.writeWithoutTransaction { db in
        let size = sqlite3_int64(bytes.count)
        guard let memory = sqlite3_malloc64(sqlite3_uint64(bytes.count)) else {
          throw DatabaseError(resultCode: .SQLITE_NOMEM)
        }
        memory.copyMemory(from: bytes, byteCount: bytes.count)
        let code = sqlite3_deserialize(
          db.sqliteConnection, "main", memory.assumingMemoryBound(to: UInt8.self), size, size,
          UInt32(SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_READONLY))
        guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
      }
      return queue
    }
  }

  /// The content as a file that needs no other beside it.
  /// - Throws: ``StoreError``
  func bytes() throws(StoreError) -> [UInt8] {
    try translating {
      try queue.read { db in
        var size: sqlite3_int64 = 0
        guard let memory = sqlite3_serialize(db.sqliteConnection, "main", &size, 0) else {
          throw DatabaseError(resultCode: .SQLITE_NOMEM)
        }
        defer { sqlite3_free(memory) }
        var bytes = Array(UnsafeBufferPointer(start: memory, count: Int(size)))
        Self.markAsSingle(&bytes)
        return bytes
      }
    }
  }

  /// Bytes 18 and 19 of the header say whether a WAL file belongs to it (sqlite.org/fileformat2.html).
  private static func markAsSingle(_ bytes: inout [UInt8]) {
    guard bytes.count > 100 else { return }
    bytes[18] = 1
    bytes[19] = 1
  }

  // MARK: Errors and names

  /// Runs a piece of work on the database and says in our terms what went wrong.
  func translating<Result>(_ work: () throws -> Result) throws(StoreError) -> Result {
    try Self.translating(path, work)
  }

  private static func translating<Result>(_ path: String, _ work: () throws -> Result) throws(StoreError) -> Result {
    do {
      return try work()
    } catch let error as StoreError {
      throw error
    } catch let error as DatabaseError {
      let detail = error.message ?? error.resultCode.description
      switch error.resultCode {
      case .SQLITE_NOTADB, .SQLITE_CORRUPT: throw .corrupt(path, detail: detail)
      case .SQLITE_BUSY, .SQLITE_LOCKED: throw .busy(path)
      case .SQLITE_FULL: throw .full(path)
      case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM: throw .noPermission(path, action: "open")
      default: throw .failed(path, detail: "SQLite: \(detail)")
      }
    } catch {
      throw .failed(path, detail: "\(error)")
    }
  }

  private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }

  static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// `20261123T160000Z`
  private static func stamp(_ time: Instant) -> String { time.description.filter { $0 != "-" && $0 != ":" } }
}
