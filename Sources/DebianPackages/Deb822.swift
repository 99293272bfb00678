import Glibc
package import HostSystem

/// What is wrong with a file of stanzas, and where.
package enum Deb822Error: ReportableError, Equatable {
  /// A line is neither `Field: value` nor a continuation.
  case notAField(path: String, line: Int, text: String)
  /// A continuation line stands before any field of its stanza.
  case strayContinuation(path: String, line: Int)
  /// A byte that no such file may hold.
  case forbiddenByte(path: String, line: Int, byte: UInt8)
  /// The file ends in the middle of a line.
  case cutInLine(path: String, line: Int)
  /// A field that every stanza needs is absent.
  case missingField(path: String, line: Int, field: String, package: String?)
  /// A field holds what it cannot hold.
  case badValue(path: String, line: Int, field: String, value: String)
  /// A field, or a package, stands there twice.
  case duplicate(path: String, line: Int, what: String, firstLine: Int)
  /// There is no stanza in a file that must have some.
  case noStanza(path: String)

  package var failureKind: FailureKind { .badData }

  package var message: String {
    switch self {
    case .notAField(let path, let line, let text):
      "\(path):\(line): expected 'Field: value', found '\(text)'; restore the file from a backup"
    case .strayContinuation(let path, let line):
      "\(path):\(line): a continuation line without a field before it; restore the file from a backup"
    case .forbiddenByte(let path, let line, let byte):
      "\(path):\(line): byte 0x\(String(byte, radix: 16)) is not text; restore the file from a backup"
    case .cutInLine(let path, let line):
      "\(path):\(line): the file ends in the middle of a line; it was cut: restore it from a backup"
    case .missingField(let path, let line, let field, let package):
      "\(path):\(line): the stanza\(package.map { " of '\($0)'" } ?? "") has no field '\(field)'; restore the file from a backup"
    case .badValue(let path, let line, let field, let value):
      "\(path):\(line): field '\(field)' cannot be '\(value)'; restore the file from a backup"
    case .duplicate(let path, let line, let what, let firstLine):
      "\(path):\(line): \(what) stands there a second time (first in line \(firstLine)); restore the file from a backup"
    case .noStanza(let path):
      "\(path): holds no package at all; restore the file from a backup"
    }
  }
}

/// Reads stanzas of `Field: value` lines, separated by empty lines: dpkg's status, apt's lists, `.sources` files.
///
/// Source: deb822(5). The bytes are read in place. A line that begins with `#` is a comment where ``allowsComments`` is
/// set; a carriage return before the line feed is an error unless ``allowsCarriageReturns`` is set.
package struct Deb822Scanner {
  /// One field. The value spans its continuation lines, without blanks at its two ends.
  package struct Field {
    package let name: UnsafeBufferPointer<UInt8>
    package let value: UnsafeBufferPointer<UInt8>
    /// The line that the field begins in, from 1.
    package let line: Int

    /// Whether the field has this name; letter case does not count.
    @inline(__always)
    package func isNamed(_ wanted: StaticString) -> Bool {
      guard name.count == wanted.utf8CodeUnitCount else { return false }
      let other = wanted.utf8Start
      for index in 0..<name.count where (name[index] | 0x20) != (other[index] | 0x20) { return false }
      return true
    }

    package var text: String { String(decoding: value, as: UTF8.self) }
    package var nameText: String { String(decoding: name, as: UTF8.self) }

    /// Puts the text into a place that must still be empty: a second field of one name means that the empty line, or the
    /// first line, between two stanzas is lost, and one of them would speak for the other.
    /// - Parameter path: only for the message of the error.
    package func take(into place: inout FieldText?, path: String) throws(Deb822Error) {
      if let place { throw .duplicate(path: path, line: line, what: "field '\(nameText)'", firstLine: place.line) }
      place = FieldText(text: text, line: line)
    }
  }

  /// The text of a field that was met, and the line that it begins in.
  package struct FieldText {
    package let text: String
    package let line: Int
  }

  private let bytes: UnsafeBufferPointer<UInt8>
  private let path: String
  private let allowsComments: Bool
  private let allowsCarriageReturns: Bool
  private var offset = 0
  /// The number of the line that is read next.
  package private(set) var line: Int

  /// - Parameter path: only for the messages of errors.
  /// - Parameter firstLine: the number of the first line, where the bytes are a part of a file.
  package init(
    _ bytes: UnsafeBufferPointer<UInt8>, path: String, firstLine: Int = 1, allowsComments: Bool = false,
    allowsCarriageReturns: Bool = false
  ) {
    self.bytes = bytes
    self.path = path
    line = firstLine
    self.allowsComments = allowsComments
    self.allowsCarriageReturns = allowsCarriageReturns
  }

  /// Reads the next stanza and hands its fields to `body`, in order.
  /// - Returns: the place of the stanza in the bytes and its first line; nil at the end of the file.
  /// - Throws: ``Deb822Error``
  package mutating func nextStanza(
    _ body: (Field) throws(Deb822Error) -> Void
  ) throws(Deb822Error) -> (range: Range<Int>, line: Int)? {
    var stanzaStart: Int?
    var firstLine = line
    var fieldName: Range<Int>?
    var valueStart = 0
    var valueEnd = 0
    var fieldLine = 0
    guard let base = bytes.baseAddress else { return nil }
    while offset < bytes.count {
      let lineStart = offset
      guard let newline = memchr(base + lineStart, 0x0A, bytes.count - lineStart) else {
        throw .cutInLine(path: path, line: line)
      }
      var lineEnd = UnsafeRawPointer(newline) - UnsafeRawPointer(base)
      offset = lineEnd + 1
      if lineEnd > lineStart, base[lineEnd - 1] == 0x0D {
        guard allowsCarriageReturns else { throw .forbiddenByte(path: path, line: line, byte: 0x0D) }
        lineEnd -= 1
      }
      defer { line += 1 }
      if lineEnd == lineStart {
        if stanzaStart != nil { break }
        continue
      }
      let first = base[lineStart]
      if first == 0x20 || first == 0x09 {
        // A line of blanks only goes on with the value before it, as for apt; before a stanza it says nothing.
        if fieldName == nil {
          if isBlank(lineStart..<lineEnd) { continue }
          throw .strayContinuation(path: path, line: line)
        }
        valueEnd = lineEnd
        continue
      }
      if first == 0x23, allowsComments { continue }
      if let name = fieldName {
        try body(field(name, valueStart..<valueEnd, fieldLine))
      }
      if stanzaStart == nil {
        stanzaStart = lineStart
        firstLine = line
      }
      guard let colon = memchr(base + lineStart, 0x3A, lineEnd - lineStart) else {
        throw .notAField(path: path, line: line, text: excerpt(lineStart..<lineEnd))
      }
      let nameEnd = UnsafeRawPointer(colon) - UnsafeRawPointer(base)
      guard nameEnd > lineStart, isFieldName(lineStart..<nameEnd) else {
        throw .notAField(path: path, line: line, text: excerpt(lineStart..<lineEnd))
      }
      fieldName = lineStart..<nameEnd
      valueStart = nameEnd + 1
      valueEnd = lineEnd
      fieldLine = line
    }
    guard let stanzaStart else { return nil }
    if let name = fieldName {
      try body(field(name, valueStart..<valueEnd, fieldLine))
    }
    return (stanzaStart..<offset, firstLine)
  }

  private func field(_ name: Range<Int>, _ value: Range<Int>, _ line: Int) throws(Deb822Error) -> Field {
    var (start, end) = (value.lowerBound, value.upperBound)
    while start < end, Self.isSpace(bytes[start]) { start += 1 }
    while end > start, Self.isSpace(bytes[end - 1]) { end -= 1 }
    if end > start, let base = bytes.baseAddress, let found = memchr(base + start, 0, end - start) {
      let nul = UnsafeRawPointer(found) - UnsafeRawPointer(base)
      let linesBefore = bytes[value.lowerBound..<nul].count { $0 == 0x0A }
      throw .forbiddenByte(path: path, line: line + linesBefore, byte: 0)
    }
    return Field(
      name: UnsafeBufferPointer(rebasing: bytes[name]), value: UnsafeBufferPointer(rebasing: bytes[start..<end]),
      line: line)
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

  private func isBlank(_ range: Range<Int>) -> Bool { bytes[range].allSatisfy { $0 == 0x20 || $0 == 0x09 } }

  /// Printable ASCII without spaces, not beginning with `#` or `-`.
  private func isFieldName(_ range: Range<Int>) -> Bool {
    let first = bytes[range.lowerBound]
    if first == 0x23 || first == 0x2D { return false }
    for index in range where bytes[index] <= 0x20 || bytes[index] >= 0x7F { return false }
    return true
  }

  private func excerpt(_ range: Range<Int>) -> String {
    String(decoding: bytes[range].prefix(40), as: UTF8.self).harmless
  }
}
