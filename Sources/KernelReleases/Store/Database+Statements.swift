import GRDB
import GRDBSQLite

/// Statements, one a call. GRDB prepares them, gives them their arguments and keeps the connection; its own ways of asking make a
/// request or a literal of the SQL first, and for every SELECT a table of its columns' names, which a fetch and a long list feel.
extension Database {
  /// Has GRDB no longer hear of every column that a statement names, which takes it half a millisecond in a fetch. It wants to know
  /// that for observers of changes, and for what it remembers of the schema; neither is used here.
  func forgoAuthorizer() { sqlite3_set_authorizer(sqliteConnection, nil, nil) }

  /// Runs a SELECT and hands each row on, which is good until the body returns.
  func each(_ sql: String, _ arguments: StatementArguments = [], _ body: (ResultRow) throws -> Void) throws {
    let statement = try makeStatement(sql: sql)
    try statement.setArguments(arguments)
    try withExtendedLifetime(statement) {
      while try step(statement.sqliteStatement, sql) { try body(ResultRow(statement.sqliteStatement)) }
    }
  }

  /// What the rows of a SELECT are made into, in their order; nil leaves one out.
  func all<Value>(
    _ sql: String, _ arguments: StatementArguments = [], _ value: (ResultRow) throws -> Value?
  ) throws -> [Value] {
    var values: [Value] = []
    try each(sql, arguments) { row in if let value = try value(row) { values.append(value) } }
    return values
  }

  /// What the first row of a SELECT is made into; nil where there is none.
  func first<Value>(
    _ sql: String, _ arguments: StatementArguments = [], _ value: (ResultRow) throws -> Value?
  ) throws -> Value? {
    let statement = try makeStatement(sql: sql)
    try statement.setArguments(arguments)
    return try withExtendedLifetime(statement) {
      try step(statement.sqliteStatement, sql) ? value(ResultRow(statement.sqliteStatement)) : nil
    }
  }

  /// Runs a statement that gives no rows.
  func run(_ sql: String, _ arguments: StatementArguments = []) throws {
    try makeStatement(sql: sql).execute(arguments: arguments)
  }

  /// Runs a transaction that is undone where the work or the commit fails.
  /// - Parameter kind: DEFERRED, or IMMEDIATE to take the write lock at the start.
  func transaction<Result>(_ kind: String, _ work: () throws -> Result) throws -> Result {
    _ = try word("BEGIN \(kind)")
    do {
      let result = try work()
      _ = try word("COMMIT")
      return result
    } catch {
      // Some failures, such as a full disk, have undone it already. The first failure is the one to tell.
      if isInsideTransaction { _ = try? word("ROLLBACK") }
      throw error
    }
  }

  /// The first value of a statement without parameters, as text: what a PRAGMA says.
  /// - Returns: nil where there is no row.
  func word(_ sql: String) throws -> String? {
    var statement: OpaquePointer?
    defer { sqlite3_finalize(statement) }
    guard sqlite3_prepare_v2(sqliteConnection, sql, -1, &statement, nil) == SQLITE_OK, let statement else {
      throw failure(sql)
    }
    return try step(statement, sql) ? ResultRow(statement)[0] : nil
  }

  /// The same as a number; 0 where it is none.
  func number(_ sql: String) throws -> Int { try word(sql).flatMap { Int($0) } ?? 0 }

  /// - Returns: whether there is a row.
  private func step(_ statement: OpaquePointer, _ sql: String) throws -> Bool {
    switch sqlite3_step(statement) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    default: throw failure(sql)
    }
  }

  private func failure(_ sql: String) -> DatabaseError {
    DatabaseError(
      resultCode: ResultCode(rawValue: sqlite3_extended_errcode(sqliteConnection)),
      message: String(cString: sqlite3_errmsg(sqliteConnection)), sql: sql)
  }
}

/// The present row of a SELECT: its values by their place, from 0. A NULL where none is looked for reads as 0, false or nothing.
///
/// Every type stands here without and with the question mark: Swift would make an optional of the value of the plain one, and a NULL
/// would be lost.
struct ResultRow {
  private let statement: OpaquePointer

  init(_ statement: OpaquePointer) { self.statement = statement }

  subscript(place: Int32) -> Int64 { sqlite3_column_int64(statement, place) }
  subscript(place: Int32) -> Int64? { isNull(place) ? nil : self[place] as Int64 }
  subscript(place: Int32) -> Int { Int(self[place] as Int64) }
  subscript(place: Int32) -> Int? { isNull(place) ? nil : self[place] as Int }
  subscript(place: Int32) -> Bool { self[place] as Int64 != 0 }
  subscript(place: Int32) -> Bool? { isNull(place) ? nil : self[place] as Bool }
  subscript(place: Int32) -> String? { sqlite3_column_text(statement, place).map { String(cString: $0) } }
  subscript(place: Int32) -> String { self[place] ?? "" }
  subscript(place: Int32) -> [UInt8] { self[place] ?? [] }
  subscript(place: Int32) -> [UInt8]? {
    if isNull(place) { return nil }
    // The bytes before their number (sqlite.org/c3ref/column_blob.html).
    let bytes = sqlite3_column_blob(statement, place)
    return Array(UnsafeRawBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(statement, place))))
  }

  private func isNull(_ place: Int32) -> Bool { sqlite3_column_type(statement, place) == SQLITE_NULL }
}
