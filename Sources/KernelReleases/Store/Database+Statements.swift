import GRDB
import GRDBSQLite

/// Statements, one a call. GRDB's own calls that take SQL make a request or a literal of it first, and a row that outlives the next
/// one: of the types and copies that this takes a fetch would notice half a millisecond.
extension Database {
  /// Runs a SELECT and hands each row on, which is good until the body returns.
  func each(_ sql: String, _ arguments: StatementArguments = [], _ body: (Row) throws -> Void) throws {
    let rows = try Row.fetchCursor(cachedStatement(sql: sql), arguments: arguments)
    while let row = try rows.next() { try body(row) }
  }

  /// What the rows of a SELECT are made into, in their order; nil leaves one out.
  func all<Value>(
    _ sql: String, _ arguments: StatementArguments = [], _ value: (Row) throws -> Value?
  ) throws -> [Value] {
    var values: [Value] = []
    try each(sql, arguments) { row in if let value = try value(row) { values.append(value) } }
    return values
  }

  /// What the first row of a SELECT is made into; nil where there is none.
  func first<Value>(
    _ sql: String, _ arguments: StatementArguments = [], _ value: (Row) throws -> Value?
  ) throws -> Value? {
    let rows = try Row.fetchCursor(cachedStatement(sql: sql), arguments: arguments)
    return try rows.next().flatMap(value)
  }

  /// Runs a statement that gives no rows.
  func run(_ sql: String, _ arguments: StatementArguments = []) throws {
    try cachedStatement(sql: sql).execute(arguments: arguments)
  }

  /// The first value of a statement without parameters, as text: what a PRAGMA says. GRDB takes four times as long for it.
  /// - Returns: nil where there is no row.
  func word(_ sql: String) throws -> String? {
    var statement: OpaquePointer?
    defer { sqlite3_finalize(statement) }
    var code = sqlite3_prepare_v2(sqliteConnection, sql, -1, &statement, nil)
    if code == SQLITE_OK { code = sqlite3_step(statement) }
    switch code {
    case SQLITE_ROW: return sqlite3_column_text(statement, 0).map { String(cString: $0) }
    case SQLITE_DONE: return nil
    default:
      throw DatabaseError(
        resultCode: ResultCode(rawValue: code), message: String(cString: sqlite3_errmsg(sqliteConnection)), sql: sql)
    }
  }

  /// The same as a number; 0 where it is none.
  func number(_ sql: String) throws -> Int { try word(sql).flatMap { Int($0) } ?? 0 }
}
