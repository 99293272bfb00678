/// A range of ids that an account may use inside its user namespaces. Source: subuid(5).
package struct SubordinateIDs: Sendable, Equatable {
  /// A name, or an id in decimal.
  package let owner: String
  package let first: UInt32
  package let count: UInt32

  package static let userPath = "/etc/subuid"
  package static let groupPath = "/etc/subgid"

  /// One `OWNER:FIRST:COUNT` a line.
  package static func parse(_ bytes: UnsafeBufferPointer<UInt8>, path: String) -> ParsedFile<SubordinateIDs> {
    var file = ParsedFile<SubordinateIDs>()
    var lines = LineReader(bytes)
    while let text = lines.nextText(path, &file) {
      if text.isEmpty || text.hasPrefix("#") { continue }
      let fields = text.split(separator: ":", omittingEmptySubsequences: false)
      guard fields.count == 3, !fields[0].isEmpty, let first = UInt32(fields[1]), let count = UInt32(fields[2]) else {
        file.note(.malformed(path: path, line: lines.line, what: "expected OWNER:FIRST:COUNT"))
        continue
      }
      file.entries.append(SubordinateIDs(owner: String(fields[0]), first: first, count: count))
    }
    return file
  }
}

/// What shadow(5) says of an account's password, without the password's hash: that is never kept.
package struct PasswordState: Sendable, Equatable {
  /// What a password can do.
  package enum Kind: String, Sendable {
    /// A hash that a password can match.
    case usable
    /// No password is needed.
    case empty
    /// A hash behind `!`: switched off, and to be switched on again.
    case locked
    /// Nothing that a password could match (`*`, `!`, `!*`).
    case none
  }

  package let name: String
  package let kind: Kind
  /// Whether the person must set another password at the next login.
  package let mustChange: Bool
  /// The first day on which the account cannot be used; nil for never.
  package let expiry: CalendarDay?

  package static let path = "/etc/shadow"

  /// Whether nobody can log in with the account on a day, whatever the password.
  package func isExpired(on day: CalendarDay) -> Bool { expiry.map { $0 <= day } ?? false }

  /// One account a line, nine fields. The second field is looked at as bytes and never becomes a string.
  package static func parse(_ bytes: UnsafeBufferPointer<UInt8>, path: String) -> ParsedFile<PasswordState> {
    var file = ParsedFile<PasswordState>()
    var lines = LineReader(bytes)
    while let line = lines.next() {
      guard let first = line.first, first != 0x2B, first != 0x2D else { continue }
      let fields = line.split(separator: 0x3A, omittingEmptySubsequences: false)
      guard !line.contains(0), fields.count == 9, !fields[0].isEmpty else {
        file.note(.malformed(path: path, line: lines.line, what: "expected nine fields"))
        continue
      }
      func days(_ index: Int) -> Int? {
        // A day beyond the year 9999 is no day that anybody meant.
        Int(String(decoding: fields[index], as: UTF8.self)).flatMap { (0...2_932_896).contains($0) ? $0 : nil }
      }
      file.entries.append(
        PasswordState(
          name: String(decoding: fields[0], as: UTF8.self), kind: kind(fields[1]), mustChange: days(2) == 0,
          expiry: days(7).map { CalendarDay(daysSinceEpoch: $0) }))
    }
    if let line = lines.firstCarriageReturn { file.note(.carriageReturns(path: path, line: line)) }
    return file
  }

  private static func kind(_ field: Slice<UnsafeBufferPointer<UInt8>>) -> Kind {
    guard let first = field.first else { return .empty }
    if first == 0x2A { return .none }
    guard first == 0x21 else { return .usable }
    let rest = field.drop { $0 == 0x21 }
    return rest.isEmpty || rest.first == 0x2A ? .none : .locked
  }
}
