/// A JSON document as it stands in the text, for feeds: nothing about its types or keys is taken for granted.
///
/// Foundation's decoders want to know the types beforehand; a feed may hold null, a string or a number in any place. Numbers
/// stay text, so that none can overflow. Of keys that stand in one object twice the last counts, as in JavaScript.
package enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  /// As it stands in the text.
  case number(String)
  case string(String)
  case array([JSONValue])
  /// As they stand in the text: a few, of which each is looked for once.
  case object([Member])

  /// A key and its value.
  package struct Member: Sendable, Equatable {
    package let key: String
    package let value: JSONValue
  }

  /// The value under a key of an object; nil when it is absent or this is no object.
  package subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.key == key }?.value
  }

  /// A string; nil for anything else.
  package var string: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }

  /// A whole number, also where it is written as a string or with a fraction of zero; nil for anything else.
  package var integer: Int? {
    switch self {
    case .number(let text), .string(let text):
      if let value = Int(text) { return value }
      guard let value = Double(text), value == value.rounded(), abs(value) < 1e15 else { return nil }
      return Int(value)
    default: return nil
    }
  }

  /// A truth value, also where it is written as a string or as 0 and 1; nil for anything else.
  package var truth: Bool? {
    switch self {
    case .bool(let value): value
    case .string("true"), .number("1"): true
    case .string("false"), .number("0"): false
    default: nil
    }
  }

  /// Reads one document and nothing behind it.
  /// - Parameter bytes: UTF-8, with or without a byte order mark. Bytes that are not UTF-8 become U+FFFD inside strings.
  /// - Throws: ``JSONError`` with the place; nesting deeper than 64 and more than 250,000 values are refused.
  package static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
    var reader = JSONReader(bytes: bytes)
    return try reader.document()
  }

  /// Reads documents behind each other, each on lines of its own.
  /// - Parameter isWanted: looks at the first one, before the others are read.
  /// - Returns: nil where the first one is not wanted.
  /// - Throws: as ``parse(_:)``, with the place in the whole text; the limit of values holds for all documents together.
  package static func parseSequence(
    _ bytes: [UInt8], isWanted: (JSONValue) -> Bool
  ) throws(JSONError) -> [JSONValue]? {
    var reader = JSONReader(bytes: bytes)
    var documents = [try reader.next()]
    guard isWanted(documents[0]) else { return nil }
    while try reader.isBehindLineEnd() { documents.append(try reader.next()) }
    return documents
  }
}

/// Why a text is no JSON document, and where.
package struct JSONError: Error, Equatable {
  /// Counted from 1.
  package let line: Int
  /// In bytes, counted from 1.
  package let column: Int
  /// What stands there, or is missing.
  package let problem: Problem

  /// The ways in which a text is no JSON document.
  package enum Problem: Sendable, Equatable {
    /// The text ends inside the document.
    case cut
    /// A byte that cannot stand there.
    case unexpected(UInt8)
    /// Lists or objects inside each other more than 64 times.
    case tooDeep
    /// More values than any feed has; a small text can hold millions of them, which would fill the memory.
    case tooManyValues
    /// More text behind the document.
    case trailing
  }
}

private struct JSONReader {
  let bytes: [UInt8]
  var position = 0
  var values = 0
  static let deepest = 64
  static let mostValues = 250_000

  init(bytes: [UInt8]) {
    self.bytes = bytes
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  mutating func document() throws(JSONError) -> JSONValue {
    let result = try value(depth: 0)
    skipSpace()
    if position < bytes.count { throw failure(.trailing) }
    return result
  }

  mutating func next() throws(JSONError) -> JSONValue { try value(depth: 0) }

  /// Whether there is another document. More than white space is an error unless a line has ended.
  mutating func isBehindLineEnd() throws(JSONError) -> Bool {
    let end = position
    skipSpace()
    if position == bytes.count { return false }
    guard bytes[end..<position].contains(where: { $0 == 0x0A || $0 == 0x0D }) else { throw failure(.trailing) }
    return true
  }

  private func failure(_ problem: JSONError.Problem) -> JSONError {
    var line = 1
    var start = 0
    for index in 0..<min(position, bytes.count) where bytes[index] == 0x0A {
      line += 1
      start = index + 1
    }
    return JSONError(line: line, column: min(position, bytes.count) - start + 1, problem: problem)
  }

  private func unexpected() -> JSONError {
    position < bytes.count ? failure(.unexpected(bytes[position])) : failure(.cut)
  }

  private mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[position]) { position += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
    if depth > Self.deepest { throw failure(.tooDeep) }
    values += 1
    if values > Self.mostValues { throw failure(.tooManyValues) }
    skipSpace()
    guard position < bytes.count else { throw failure(.cut) }
    switch bytes[position] {
    case 0x7B: return try object(depth: depth)
    case 0x5B: return try array(depth: depth)
    case 0x22: return .string(try string())
    case 0x74:
      try word("true")
      return .bool(true)
    case 0x66:
      try word("false")
      return .bool(false)
    case 0x6E:
      try word("null")
      return .null
    case 0x2D, 0x30...0x39: return .number(try number())
    default: throw unexpected()
    }
  }

  private mutating func word(_ text: StaticString) throws(JSONError) {
    for index in 0..<text.utf8CodeUnitCount where !take(text.utf8Start[index]) { throw unexpected() }
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
    position += 1
    var members: [JSONValue.Member] = []
    skipSpace()
    if take(0x7D) { return .object(members) }
    while true {
      skipSpace()
      guard position < bytes.count, bytes[position] == 0x22 else { throw unexpected() }
      let key = try string()
      skipSpace()
      guard take(0x3A) else { throw unexpected() }
      members.append(JSONValue.Member(key: key, value: try value(depth: depth + 1)))
      skipSpace()
      if take(0x7D) { return .object(members) }
      guard take(0x2C) else { throw unexpected() }
    }
  }

  private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
    position += 1
    var items: [JSONValue] = []
    skipSpace()
    if take(0x5D) { return .array(items) }
    while true {
      items.append(try value(depth: depth + 1))
      skipSpace()
      if take(0x5D) { return .array(items) }
      guard take(0x2C) else { throw unexpected() }
    }
  }

  private mutating func number() throws(JSONError) -> String {
    let start = position
    while position < bytes.count, case let byte = bytes[position],
      (0x30...0x39).contains(byte) || [0x2D, 0x2B, 0x2E, 0x65, 0x45].contains(byte)
    {
      position += 1
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    guard Double(text) != nil else {
      position = start
      throw unexpected()
    }
    return text
  }

  private mutating func string() throws(JSONError) -> String {
    position += 1
    var content: [UInt8] = []
    while true {
      guard position < bytes.count else { throw failure(.cut) }
      let byte = bytes[position]
      switch byte {
      case 0x22:
        position += 1
        return String(decoding: content, as: UTF8.self)
      case 0x5C:
        position += 1
        try escape(into: &content)
      case 0x00...0x1F:
        // A bare control character is not allowed by the standard.
        throw unexpected()
      default:
        content.append(byte)
        position += 1
      }
    }
  }

  private mutating func escape(into content: inout [UInt8]) throws(JSONError) {
    guard position < bytes.count else { throw failure(.cut) }
    let byte = bytes[position]
    position += 1
    switch byte {
    case 0x22, 0x5C, 0x2F: content.append(byte)
    case 0x62: content.append(0x08)
    case 0x66: content.append(0x0C)
    case 0x6E: content.append(0x0A)
    case 0x72: content.append(0x0D)
    case 0x74: content.append(0x09)
    case 0x75:
      var unit = try hexadecimal()
      if (0xD800...0xDBFF).contains(unit), position + 1 < bytes.count, bytes[position] == 0x5C,
        bytes[position + 1] == 0x75
      {
        let mark = position
        position += 2
        let low = try hexadecimal()
        if (0xDC00...0xDFFF).contains(low) {
          unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
        } else {
          position = mark
        }
      }
      // Half of a surrogate pair alone is no character.
      content.append(contentsOf: String(Unicode.Scalar(unit) ?? "\u{FFFD}").utf8)
    default:
      position -= 1
      throw unexpected()
    }
  }

  private mutating func hexadecimal() throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard position < bytes.count else { throw failure(.cut) }
      guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else { throw unexpected() }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }
}
