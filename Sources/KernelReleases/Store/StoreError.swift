package import HostSystem

/// What can go wrong with the database file.
package enum StoreError: ReportableError, Equatable {
  /// The directory of the database cannot be made or written; the path, and the reason of the system.
  case directoryNotWritable(String, reason: String)
  /// The database file may not be read or written by this user.
  case noPermission(String, action: String)
  /// The directory does not exist, and it is not the default place, which is made on demand.
  case noDirectory(String)
  /// A newer version of the program wrote the database; the number of its schema and the newest that is known here.
  case newerSchema(String, found: Int, known: Int)
  /// An SQLite database of some other program, or a file that is none and was named by a person.
  case foreign(String)
  /// The file is damaged; found while reading, where nothing is moved.
  case corrupt(String, detail: String)
  /// Another process kept the database locked for longer than the busy timeout.
  case busy(String)
  /// The disk is full; nothing of the transaction was stored.
  case full(String)
  /// No database yet, where one is needed.
  case absent(String)
  /// Anything else that SQLite or the file system reports.
  case failed(String, detail: String)

  package var failureKind: FailureKind {
    switch self {
    case .directoryNotWritable, .noPermission: .noPermission
    case .newerSchema: .newerDatabase
    case .foreign, .corrupt: .badData
    case .busy: .tryLater
    case .noDirectory, .full, .absent, .failed: .failed
    }
  }

  package var message: String {
    switch self {
    case .directoryNotWritable(let path, let reason):
      "\(path): the directory of the database cannot be written (\(reason)); nothing was fetched, so no news is lost: "
        + "name another place with --database, or run as a user who may write there"
    case .noPermission(let path, let action):
      "\(path): no permission to \(action) the database; name another one with --database, or run as a user who may"
    case .noDirectory(let path):
      "\(path): the directory of the database does not exist; make it, or name another place with --database"
    case .newerSchema(let path, let found, let known):
      "\(path): written by a newer toolbox (schema \(found), known here: \(known)); upgrade toolbox, or name another "
        + "place with --database; the file was left as it is"
    case .foreign(let path):
      "\(path): no database of toolbox; name another place with --database; the file was left as it is"
    case .corrupt(let path, let detail):
      "\(path): the database is damaged (\(detail)); the next `toolbox kernel fetch` moves it aside and starts a new one"
    case .busy(let path): "\(path): another process keeps the database locked; try again later"
    case .full(let path):
      "\(path): no space left to store what is new; what was there stands, and the next run does this again"
    case .absent(let path): "\(path): there is no database yet; `toolbox kernel fetch` makes it"
    case .failed(let path, let detail): "\(path): \(detail)"
    }
  }
}
