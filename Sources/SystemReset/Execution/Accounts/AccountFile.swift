package import HostSystem

/// One of the files that hold accounts, as its lines stand there: what is not changed is written back byte for byte.
///
/// Sources: passwd(5), shadow(5), group(5), gshadow(5), subuid(5), subgid(5).
package struct AccountFile: Sendable, Equatable {
  package enum Kind: String, Sendable, CaseIterable, Codable {
    case passwd, shadow, group, gshadow, subuid, subgid

    /// The name in `/etc`.
    package var fileName: String { rawValue }
    package var path: String { "/etc/" + rawValue }

    fileprivate var fieldCount: Int {
      switch self {
      case .passwd: 7
      case .shadow: 9
      case .group, .gshadow: 4
      case .subuid, .subgid: 3
      }
    }

    /// The fields that are numbers.
    fileprivate var numbers: [Int] {
      switch self {
      case .passwd: [2, 3]
      case .group: [2]
      case .subuid, .subgid: [1, 2]
      case .shadow, .gshadow: []
      }
    }

    /// Whether a name stands there once; an account may have several ranges of subordinate ids.
    fileprivate var namesAreUnique: Bool { self != .subuid && self != .subgid }
    fileprivate var hasComments: Bool { !namesAreUnique }
    /// Without these a system has no accounts; the others may be missing.
    package var isRequired: Bool { self == .passwd || self == .shadow || self == .group }
    /// Who may read a file of this kind when it has to be made: hashes are for root.
    var mode: UInt32 { self == .shadow || self == .gshadow ? 0o640 : 0o644 }
  }

  /// A line without its end. Kept as bytes: names and comments of old systems are not always UTF-8.
  package typealias Line = [UInt8]

  package let kind: Kind
  package private(set) var lines: [Line]
  private var endsWithLineFeed: Bool

  /// - Parameter path: for messages.
  /// - Throws: ``AccountFileError`` for a file that no program should write.
  package init(_ kind: Kind, _ bytes: [UInt8], path: String) throws(AccountFileError) {
    self.kind = kind
    var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
    endsWithLineFeed = lines.last == [] && lines.count > 1
    if lines.last == [] { lines.removeLast() }
    self.lines = lines
    var firstLines: [Line: Int] = [:]
    for (index, line) in lines.enumerated() where !Self.isPassedOver(line, kind) {
      let number = index + 1
      if line[0] == 0x2B || line[0] == 0x2D { throw .foreignAccounts(path: path, line: number) }
      let fields = Self.fields(line)
      guard fields.count == kind.fieldCount else {
        throw .malformed(
          path: path, line: number, what: "expected \(kind.fieldCount) fields, found \(fields.count)")
      }
      guard !fields[0].isEmpty else { throw .malformed(path: path, line: number, what: "the name is empty") }
      guard !line.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
        throw .malformed(path: path, line: number, what: "a control character stands in the line")
      }
      guard kind.numbers.allSatisfy({ Self.number(fields[$0]) != nil }) else {
        throw .malformed(path: path, line: number, what: "an id is no number")
      }
      if kind.namesAreUnique, let first = firstLines.updateValue(number, forKey: fields[0]) {
        throw .duplicate(
          path: path, line: number, name: String(decoding: fields[0], as: UTF8.self).harmless, firstLine: first)
      }
    }
  }

  /// An empty file, for one that is missing.
  init(empty kind: Kind) {
    self.kind = kind
    lines = []
    endsWithLineFeed = true
  }

  /// The whole file.
  package var bytes: [UInt8] {
    var result = Array(lines.joined(separator: [0x0A]))
    if endsWithLineFeed, !lines.isEmpty { result.append(0x0A) }
    return result
  }

  private static func isPassedOver(_ line: Line, _ kind: Kind) -> Bool {
    line.isEmpty || (kind.hasComments && line[0] == 0x23)
  }

  /// The lines that say something.
  package var entries: [Line] { lines.filter { !Self.isPassedOver($0, kind) } }

  /// - Returns: nil when the name does not stand there.
  package func line(of name: String) -> Line? { entries.first { Self.fields($0)[0].elementsEqual(name.utf8) } }

  /// - Returns: whether the line stood there.
  @discardableResult
  package mutating func replace(_ line: Line, with new: Line) -> Bool {
    guard let index = lines.firstIndex(of: line) else { return false }
    lines[index] = new
    return true
  }

  package mutating func append(_ line: Line) {
    lines.append(line)
    endsWithLineFeed = true
  }

  /// Puts a line where it stood before, when there are still as many lines above it.
  package mutating func insert(_ line: Line, at index: Int) {
    if index < lines.count { lines.insert(line, at: index) } else { append(line) }
  }

  /// - Returns: where the line stood, from 0; nil when it did not.
  @discardableResult
  package mutating func remove(_ line: Line) -> Int? {
    guard let index = lines.firstIndex(of: line) else { return nil }
    lines.remove(at: index)
    return index
  }

  // MARK: Fields

  package static func fields(_ line: Line) -> [Line] {
    line.split(separator: 0x3A, omittingEmptySubsequences: false).map(Array.init)
  }

  package static func line(_ fields: [Line]) -> Line { Array(fields.joined(separator: [0x3A])) }

  /// Digits only.
  package static func number(_ field: Line) -> UInt32? {
    field.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } ? UInt32(String(decoding: field, as: UTF8.self)) : nil
  }

  /// The members in a field of group(5).
  static func members(_ field: Line) -> [Line] { field.split(separator: 0x2C).map(Array.init) }

  /// The field without a member; what else stands there stays as it is.
  static func without(_ name: String, in field: Line) -> Line {
    guard members(field).contains(where: { $0.elementsEqual(name.utf8) }) else { return field }
    let rest = field.split(separator: 0x2C, omittingEmptySubsequences: false).filter { !$0.elementsEqual(name.utf8) }
    return Array(rest.joined(separator: [0x2C]))
  }

  static func with(_ name: String, in field: Line) -> Line {
    if members(field).contains(where: { $0.elementsEqual(name.utf8) }) { return field }
    return field.isEmpty ? Array(name.utf8) : field + [0x2C] + Array(name.utf8)
  }
}

/// An account file that is not written, since it is not what it should be.
package enum AccountFileError: ReportableError, Equatable {
  /// It is not there.
  case missing(path: String)
  /// A line has not the fields that it must have.
  case malformed(path: String, line: Int, what: String)
  /// A name stands there twice.
  case duplicate(path: String, line: Int, name: String, firstLine: Int)
  /// A line of NIS compatibility: which accounts there are is decided elsewhere too.
  case foreignAccounts(path: String, line: Int)
  /// It is a link, a device, or has another name elsewhere.
  case notPlain(path: String)

  package var failureKind: FailureKind {
    switch self {
    case .foreignAccounts, .notPlain: .refused
    case .missing, .malformed, .duplicate: .badData
    }
  }

  package var message: String {
    switch self {
    case .missing(let path): "\(path): not found; a system without it has no accounts to change"
    case .malformed(let path, let line, let what):
      "\(path):\(line): \(what); nothing is changed, check the file with pwck(8) or grpck(8)"
    case .duplicate(let path, let line, let name, let firstLine):
      "\(path):\(line): '\(name)' stands there a second time (first in line \(firstLine)); nothing is changed, check the file with pwck(8) or grpck(8)"
    case .foreignAccounts(let path, let line):
      "\(path):\(line): the line brings in accounts from elsewhere (NIS); accounts are not changed here"
    case .notPlain(let path): "\(path): it is no plain file of its own; accounts are not changed here"
    }
  }
}
