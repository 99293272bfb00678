import FoundationEssentials
package import HostSystem

/// Everything that brings an account back which was taken away: written before anything of it changes, read by root alone
/// (mode 0600), since the password's hash is in it.
package struct RestoreRecord: Codable, Sendable, Equatable {
  package static let schema = "toolbox.reset.account-record/1"

  /// A line of an account file: as text where it is UTF-8.
  package struct Line: Codable, Sendable, Equatable {
    private let text: String?
    private let base64: String?

    init(_ bytes: AccountFile.Line) {
      text = String(validating: bytes, as: UTF8.self)
      base64 = text == nil ? Data(bytes).base64EncodedString() : nil
    }

    package var bytes: AccountFile.Line {
      text.map { Array($0.utf8) } ?? base64.flatMap { Data(base64Encoded: $0) }.map(Array.init) ?? []
    }
  }

  /// A line that is another one while the account is away.
  package struct LineChange: Codable, Sendable, Equatable {
    package let file: AccountFile.Kind
    package let before: Line
    package let after: Line
  }

  /// A line that is gone while the account is away.
  package struct RemovedLine: Codable, Sendable, Equatable {
    package let file: AccountFile.Kind
    package let line: Line
    /// Where it stood, from 0.
    package let index: Int
  }

  /// A file or directory that lies elsewhere while the account is away.
  package struct Moved: Codable, Sendable, Equatable {
    /// `home`, or a kind of `Data/reset/accounts.yaml`.
    package let kind: String
    /// Where it belongs, as the system knows it.
    package let path: String
    /// Where it is kept, as the system knows it.
    package let keptPath: String
    package let device: UInt64
    package let inode: UInt64
    package let userId: UInt32
    package let groupId: UInt32
    /// The permission bits.
    package let mode: UInt32
  }

  package var schema = RestoreRecord.schema
  /// The run that took it away.
  package let run: String
  package let name: String
  package let uid: UInt32
  package let gid: UInt32
  /// When, as ISO 8601 in UTC.
  package let since: String
  package var lines: [LineChange] = []
  package var removedLines: [RemovedLine] = []
  /// The primary group's own lines, of group and gshadow, which stay: for an account that somebody removed since.
  package var primaryGroup: [RemovedLine] = []
  /// nil for an account without one.
  package var home: Moved?
  package var belongings: [Moved] = []
  /// Whether the home was deleted since, as somebody asked by the account's name; nil for no.
  package var isHomeDeleted: Bool?

  /// The line of passwd as it was.
  package var passwdLine: AccountFile.Line? { lines.first { $0.file == .passwd }?.before.bytes }

  package func encoded() throws -> [UInt8] { try AccountDocuments.encode(self) }
}

/// The JSON of the records that are kept of accounts.
enum AccountDocuments {
  static func encode(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return Array(try encoder.encode(value)) + [0x0A]
  }

  private struct Head: Decodable { let schema: String? }

  /// - Parameter path: for messages.
  /// - Throws: ``AccountRecordError``
  static func decode<Value: Decodable>(
    _ type: Value.Type, schema: String, _ bytes: [UInt8], path: String
  ) throws(AccountRecordError) -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let head: Head
    do { head = try decoder.decode(Head.self, from: Data(bytes)) } catch { throw .damaged(path: path) }
    guard head.schema == schema else {
      throw .otherSchema(path: path, found: head.schema ?? "nothing", expected: schema)
    }
    do { return try decoder.decode(type, from: Data(bytes)) } catch { throw .damaged(path: path) }
  }
}

/// A record of an account that cannot be used.
package enum AccountRecordError: ReportableError, Equatable {
  /// It is no JSON, or lacks something.
  case damaged(path: String)
  /// It is of another kind or version.
  case otherSchema(path: String, found: String, expected: String)
  /// The directory of records or of what is moved aside is not root's alone.
  case unsafeDirectory(path: String, userID: UInt32)
  /// There is none for this account.
  case noneOf(name: String)
  /// Two runs keep an account of this name.
  case several(name: String, runs: [String])
  /// The run's id is no name of a directory.
  case badRun(String)

  package var failureKind: FailureKind {
    switch self {
    case .damaged, .otherSchema: .badData
    case .unsafeDirectory, .several: .refused
    case .noneOf, .badRun: .usage
    }
  }

  package var message: String {
    switch self {
    case .damaged(let path): "\(path): no record of an account; nothing was changed, restore the file from a backup"
    case .otherSchema(let path, let found, let expected):
      "\(path): a document of '\(found)'; expected '\(expected)'; nothing was changed"
    case .unsafeDirectory(let path, let userID):
      "\(path): it belongs to user id \(userID), or others may enter it; nothing was changed, it must be root's with mode 0700"
    case .noneOf(let name): "no account '\(name)' is kept here; 'toolbox reset users list' names those that are"
    case .several(let name, let runs):
      "'\(name)' is kept by the runs \(runs.joined(separator: " and ")); name one with --run"
    case .badRun(let run): "'\(run)' is no name of a run: letters, digits, '.', '_' and '-' make one"
    }
  }
}
