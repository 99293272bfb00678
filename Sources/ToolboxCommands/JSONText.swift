import HostSystem

/// Writes documents as JSON: keys in snake_case and sorted, as JSONEncoder does with the options `prettyPrinted` (or without
/// it), `sortedKeys`, `withoutEscapingSlashes` and `convertToSnakeCase`, byte for byte, but several times as fast.
///
/// Foundation's special treatment of Date, Data, URL and Decimal is left out: no document has them. And what could steer a
/// terminal or disguise itself (see `harmless`) is escaped, which JSONEncoder does only below 0x20: JSON is read on terminals
/// too.
enum JSONText {
  /// - Parameter isPretty: an indent of two spaces; else everything on one line.
  /// - Throws: `EncodingError` for a number that JSON does not have, and what the value's own encoding throws.
  /// - Returns: the text in pieces; a long one is never held twice.
  static func pieces(of value: some Encodable, isPretty: Bool) throws -> [[UInt8]] {
    let encoder = TreeEncoder(isPretty: isPretty)
    let node = try encoder.node(value, depth: 0) ?? .object(ObjectNode(depth: 0))
    var writer = Writer(isPretty: isPretty)
    writer.write(node, depth: 0)
    return writer.takePieces()
  }

  /// The same in one piece.
  static func bytes(of value: some Encodable, isPretty: Bool) throws -> [UInt8] {
    Array(try pieces(of: value, isPretty: isPretty).joined())
  }

  // MARK: The tree

  fileprivate enum Node {
    /// `null`, `true`, a number: as it is written.
    case literal(String)
    case string(String)
    case object(ObjectNode)
    case array(ArrayNode)
    /// Of `superEncoder()`: what it holds when the document is written.
    case later(TreeEncoder)
    /// An object of plain values, in the order of the document.
    case flat([(key: StaticString, value: FlatValue)])
    /// Elements of an array that are complete, as text.
    case written([UInt8])
  }

  fileprivate final class ObjectNode {
    /// In the order of their coming; of members with one key the last one counts.
    var members: [(key: String, value: Node)] = []
    /// How many containers are around it.
    let depth: Int

    init(depth: Int) {
      self.depth = depth
      members.reserveCapacity(12)
    }
  }

  fileprivate final class ArrayNode {
    var elements: [Node] = []
    /// How many elements there are; ``elements`` holds several of them as one text.
    var count = 0
    let depth: Int
    /// Complete elements that are not in ``elements`` yet.
    var writer: Writer

    init(depth: Int, isPretty: Bool) {
      self.depth = depth
      writer = Writer(isPretty: isPretty)
    }

    /// An element that does not change any more becomes text at once: a long list is then never held as a tree.
    func append(_ node: Node) {
      writer.writeElement(node, isFirst: count == 0, depth: depth)
      count += 1
      if writer.isFull { flush() }
    }

    /// An element that is still to be filled.
    func appendOpen(_ node: Node) {
      flush()
      elements.append(node)
      count += 1
    }

    func flush() {
      let bytes = writer.take()
      if !bytes.isEmpty { elements.append(.written(bytes)) }
    }
  }

  // MARK: From values to the tree

  /// One encoder serves a whole document: the value that is being encoded leaves its node in ``current``.
  fileprivate final class TreeEncoder: Encoder {
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }
    var current: Node?
    /// How many containers are around the value that is being encoded.
    private var depth = 0
    private let isPretty: Bool
    private var names: [String: String] = [:]
    private var dictionaryKeys: [ObjectIdentifier: Bool] = [:]
    private var flatTypes: [ObjectIdentifier: Bool] = [:]

    /// Whether values of a type are written without a tree; asked once for each type.
    private func isFlat<Value>(_ type: Value.Type) -> Bool {
      let identity = ObjectIdentifier(type)
      if let known = flatTypes[identity] { return known }
      let answer = type is any FlatObject.Type
      flatTypes[identity] = answer
      return answer
    }

    /// Whether containers with these keys come from the standard library's Dictionary, whose own key type is not public.
    func isDictionaryKey(_ type: any CodingKey.Type) -> Bool {
      let identity = ObjectIdentifier(type)
      if let known = dictionaryKeys[identity] { return known }
      let answer = String(reflecting: type) == "Swift._DictionaryCodingKey"
      dictionaryKeys[identity] = answer
      return answer
    }

    init(isPretty: Bool, depth: Int = 0) {
      self.isPretty = isPretty
      self.depth = depth
    }

    func newArray(depth: Int) -> ArrayNode { ArrayNode(depth: depth, isPretty: isPretty) }
    func later(depth: Int) -> TreeEncoder { TreeEncoder(isPretty: isPretty, depth: depth) }

    func node<Value: Encodable>(_ value: Value, depth inner: Int? = nil) throws -> Node? {
      if Value.self == String.self, let text = value as? String { return .string(text) }
      if Value.self == String?.self, let text = value as? String? {
        return text.map { .string($0) } ?? .literal("null")
      }
      if Value.self == Int.self, let number = value as? Int { return .literal(String(number)) }
      // Only where nothing of the object was written yet: a value can encode itself into what another one began.
      if isFlat(Value.self), let object = value as? any FlatObject { return .flat(object.members) }
      let (outer, outerDepth) = (current, depth)
      current = nil
      depth = inner ?? depth
      defer { (current, depth) = (outer, outerDepth) }
      try value.encode(to: self)
      return current
    }

    func number<Value: BinaryFloatingPoint & CustomStringConvertible>(_ value: Value) throws -> Node {
      guard value.isFinite else {
        throw EncodingError.invalidValue(
          value, EncodingError.Context(codingPath: [], debugDescription: "JSON has no number \(value)"))
      }
      let text = value.description
      return .literal(text.hasSuffix(".0") ? String(text.dropLast(2)) : text)
    }

    func name(_ key: String) -> String {
      if let name = names[key] { return name }
      let name = JSONText.snakeCase(key)
      names[key] = name
      return name
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
      if case .object(let node)? = current { return KeyedEncodingContainer(ObjectContainer(node, self)) }
      let node = ObjectNode(depth: depth)
      current = .object(node)
      return KeyedEncodingContainer(ObjectContainer(node, self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
      if case .array(let node)? = current { return ArrayContainer(node, self) }
      let node = newArray(depth: depth)
      current = .array(node)
      return ArrayContainer(node, self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { ValueContainer(encoder: self) }
  }

  fileprivate struct ObjectContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    private let object: ObjectNode
    private let encoder: TreeEncoder
    /// The keys of a dictionary are data and stay as they are.
    private let keepsNames: Bool

    init(_ object: ObjectNode, _ encoder: TreeEncoder) {
      self.object = object
      self.encoder = encoder
      keepsNames = encoder.isDictionaryKey(Key.self)
    }

    var codingPath: [any CodingKey] { [] }

    private func set(_ key: Key, _ value: Node) {
      object.members.append((keepsNames ? key.stringValue : encoder.name(key.stringValue), value))
    }

    func encodeNil(forKey key: Key) { set(key, .literal("null")) }
    func encode(_ value: Bool, forKey key: Key) { set(key, .literal(value ? "true" : "false")) }
    func encode(_ value: String, forKey key: Key) { set(key, .string(value)) }
    func encode(_ value: Double, forKey key: Key) throws { set(key, try encoder.number(value)) }
    func encode(_ value: Float, forKey key: Key) throws { set(key, try encoder.number(value)) }
    func encode(_ value: Int, forKey key: Key) { set(key, .literal(String(value))) }
    func encode(_ value: Int8, forKey key: Key) { set(key, .literal(String(value))) }
    func encode(_ value: Int16, forKey key: Key) { set(key, .literal(String(value))) }
    func encode(_ value: Int32, forKey key: Key) { set(key, .literal(String(value))) }
    func encode(_ value: Int64, forKey key: Key) { set(key, .literal(String(value))) }
    func encode(_ value: UInt, forKey key: Key) { set(key, .literal(String(value))) }
    func encode(_ value: UInt8, forKey key: Key) { set(key, .literal(String(value))) }
    func encode(_ value: UInt16, forKey key: Key) { set(key, .literal(String(value))) }
    func encode(_ value: UInt32, forKey key: Key) { set(key, .literal(String(value))) }
    func encode(_ value: UInt64, forKey key: Key) { set(key, .literal(String(value))) }
    func encode(_ value: some Encodable, forKey key: Key) throws {
      // A value that encodes nothing is an empty object.
      set(key, try encoder.node(value, depth: object.depth + 1) ?? .object(ObjectNode(depth: object.depth + 1)))
    }

    func nestedContainer<Nested: CodingKey>(
      keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
      let node = ObjectNode(depth: object.depth + 1)
      set(key, .object(node))
      return KeyedEncodingContainer(ObjectContainer<Nested>(node, encoder))
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
      let node = encoder.newArray(depth: object.depth + 1)
      set(key, .array(node))
      return ArrayContainer(node, encoder)
    }

    func superEncoder() -> any Encoder { superEncoder(named: "super") }
    func superEncoder(forKey key: Key) -> any Encoder {
      superEncoder(named: keepsNames ? key.stringValue : encoder.name(key.stringValue))
    }

    private func superEncoder(named name: String) -> any Encoder {
      let later = encoder.later(depth: object.depth + 1)
      object.members.append((name, .later(later)))
      return later
    }
  }

  fileprivate struct ArrayContainer: UnkeyedEncodingContainer {
    private let array: ArrayNode
    private let encoder: TreeEncoder

    init(_ array: ArrayNode, _ encoder: TreeEncoder) {
      self.array = array
      self.encoder = encoder
    }

    var codingPath: [any CodingKey] { [] }
    var count: Int { array.count }

    func encodeNil() { array.append(.literal("null")) }
    func encode(_ value: Bool) { array.append(.literal(value ? "true" : "false")) }
    func encode(_ value: Double) throws { array.append(try encoder.number(value)) }
    func encode(_ value: Float) throws { array.append(try encoder.number(value)) }
    func encode(_ value: some Encodable) throws {
      let depth = array.depth + 1
      array.append(try encoder.node(value, depth: depth) ?? .object(ObjectNode(depth: depth)))
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
      let node = ObjectNode(depth: array.depth + 1)
      array.appendOpen(.object(node))
      return KeyedEncodingContainer(ObjectContainer<Nested>(node, encoder))
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
      let node = encoder.newArray(depth: array.depth + 1)
      array.appendOpen(.array(node))
      return ArrayContainer(node, encoder)
    }

    func superEncoder() -> any Encoder {
      let later = encoder.later(depth: array.depth + 1)
      array.appendOpen(.later(later))
      return later
    }
  }

  fileprivate struct ValueContainer: SingleValueEncodingContainer {
    let encoder: TreeEncoder

    var codingPath: [any CodingKey] { [] }

    func encodeNil() { encoder.current = .literal("null") }
    func encode(_ value: Bool) { encoder.current = .literal(value ? "true" : "false") }
    func encode(_ value: String) { encoder.current = .string(value) }
    func encode(_ value: Double) throws { encoder.current = try encoder.number(value) }
    func encode(_ value: Float) throws { encoder.current = try encoder.number(value) }
    func encode(_ value: Int) { encoder.current = .literal(String(value)) }
    func encode(_ value: Int8) { encoder.current = .literal(String(value)) }
    func encode(_ value: Int16) { encoder.current = .literal(String(value)) }
    func encode(_ value: Int32) { encoder.current = .literal(String(value)) }
    func encode(_ value: Int64) { encoder.current = .literal(String(value)) }
    func encode(_ value: UInt) { encoder.current = .literal(String(value)) }
    func encode(_ value: UInt8) { encoder.current = .literal(String(value)) }
    func encode(_ value: UInt16) { encoder.current = .literal(String(value)) }
    func encode(_ value: UInt32) { encoder.current = .literal(String(value)) }
    func encode(_ value: UInt64) { encoder.current = .literal(String(value)) }
    func encode(_ value: some Encodable) throws { encoder.current = try encoder.node(value) }
  }

  // MARK: Names

  /// `endOfLifeDate` to `end_of_life_date`, `someURLText` to `some_url_text`: an upper-case letter begins a word, and of
  /// several in a row the last one that stands before a lower-case letter.
  static func snakeCase(_ name: String) -> String {
    let letters = Array(name)
    var words: [Substring] = []
    var start = 0
    var next = 1
    func word(_ range: Range<Int>) -> Substring { Substring(String(letters[range]).lowercased()) }
    while next < letters.count, let upper = letters[next...].firstIndex(where: \.isUppercase) {
      words.append(word(start..<upper))
      start = upper
      guard let lower = letters[upper...].firstIndex(where: \.isLowercase) else { break }
      if lower > upper + 1 {
        words.append(word(upper..<lower - 1))
        start = lower - 1
      }
      next = lower + 1
    }
    words.append(word(start..<letters.count))
    return words.joined(separator: "_")
  }

  // MARK: From the tree to text

  fileprivate struct Writer {
    /// What is complete, and the piece that is being written.
    private var pieces: [[UInt8]] = []
    private var bytes: [UInt8] = []
    /// How long a piece becomes, and from when on a text is a piece of its own, in bytes.
    private static let pieceSize = 64 * 1024
    /// A line's end and an indent deeper than documents are.
    private static let indent: [UInt8] = [UInt8(ascii: "\n")] + Array(repeating: UInt8(ascii: " "), count: 64)
    private let isPretty: Bool
    /// The keys of the last object and the places of its members in sorted order: the elements of a list mostly have the
    /// same.
    private var lastKeys: [String] = []
    private var lastOrder: [Int] = []

    init(isPretty: Bool) { self.isPretty = isPretty }

    private mutating func write(_ value: FlatValue) {
      switch value {
      case .null: bytes.append(contentsOf: "null".utf8)
      case .truth(let truth): bytes.append(contentsOf: truth ? "true".utf8 : "false".utf8)
      case .number(let number): bytes.append(contentsOf: String(number).utf8)
      case .text(let text): write(text)
      }
    }

    mutating func write(_ node: Node, depth: Int) {
      switch node {
      case .literal(let text): bytes.append(contentsOf: text.utf8)
      case .string(let text): write(text)
      case .later(let encoder): write(encoder.current ?? .object(ObjectNode(depth: depth)), depth: depth)
      case .written(let text): append(text)
      case .flat(let members):
        bytes.append(UInt8(ascii: "{"))
        for (index, member) in members.enumerated() {
          if index > 0 { bytes.append(UInt8(ascii: ",")) }
          newLine(depth + 1)
          bytes.append(UInt8(ascii: "\""))
          member.key.withUTF8Buffer { bytes.append(contentsOf: $0) }
          bytes.append(contentsOf: isPretty ? "\" : ".utf8 : "\":".utf8)
          write(member.value)
        }
        newLine(depth)
        bytes.append(UInt8(ascii: "}"))
      case .object(let object):
        bytes.append(UInt8(ascii: "{"))
        for (index, place) in order(of: object).enumerated() {
          if index > 0 { bytes.append(UInt8(ascii: ",")) }
          newLine(depth + 1)
          write(object.members[place].key)
          bytes.append(contentsOf: isPretty ? " : ".utf8 : ":".utf8)
          write(object.members[place].value, depth: depth + 1)
        }
        end(isEmpty: object.members.isEmpty, depth)
        bytes.append(UInt8(ascii: "}"))
      case .array(let array):
        array.flush()
        bytes.append(UInt8(ascii: "["))
        for (index, element) in array.elements.enumerated() {
          if case .written(let text) = element {
            append(text)
          } else {
            writeElement(element, isFirst: index == 0, depth: depth)
          }
        }
        end(isEmpty: array.elements.isEmpty, depth)
        bytes.append(UInt8(ascii: "]"))
      }
    }

    /// An element of an array at a depth, with what stands before it.
    mutating func writeElement(_ node: Node, isFirst: Bool, depth: Int) {
      if !isFirst { bytes.append(UInt8(ascii: ",")) }
      newLine(depth + 1)
      write(node, depth: depth + 1)
    }

    /// Whether the piece is as long as one becomes.
    var isFull: Bool { bytes.count >= Self.pieceSize }

    /// Hands over the text so far.
    mutating func take() -> [UInt8] {
      defer { bytes = [] }
      return bytes
    }

    /// Hands over all of the text.
    mutating func takePieces() -> [[UInt8]] {
      if !bytes.isEmpty { pieces.append(take()) }
      defer { pieces = [] }
      return pieces
    }

    private mutating func append(_ text: [UInt8]) {
      guard text.count >= Self.pieceSize else { return bytes.append(contentsOf: text) }
      if !bytes.isEmpty { pieces.append(take()) }
      pieces.append(text)
    }

    /// The places of the members by their keys; of several with one key the last one.
    private mutating func order(of object: ObjectNode) -> [Int] {
      let members = object.members
      if members.count == lastKeys.count, zip(members, lastKeys).allSatisfy({ $0.key == $1 }) { return lastOrder }
      lastKeys = members.map(\.key)
      let sorted = members.indices.sorted { (members[$0].key, $0) < (members[$1].key, $1) }
      lastOrder = sorted.enumerated().filter { index, place in
        index + 1 == sorted.count || members[sorted[index + 1]].key != members[place].key
      }.map(\.element)
      return lastOrder
    }

    private mutating func newLine(_ depth: Int) {
      guard isPretty else { return }
      let length = 1 + depth * 2
      Self.indent.withUnsafeBufferPointer { bytes.append(contentsOf: $0.prefix(length)) }
      if length > Self.indent.count {
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: length - Self.indent.count))
      }
    }

    /// Foundation leaves an empty line in an empty object or array.
    private mutating func end(isEmpty: Bool, _ depth: Int) {
      if isPretty, isEmpty { bytes.append(UInt8(ascii: "\n")) }
      newLine(depth)
    }

    private mutating func write(_ text: String) {
      var text = text
      // Most texts are nothing but letters that stand for themselves.
      let isPlain = text.withUTF8 { letters in
        for letter in letters where letter < 0x20 || letter == 0x22 || letter == 0x5C || letter >= 0x7F { return false }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: letters)
        bytes.append(UInt8(ascii: "\""))
        return true
      }
      if isPlain { return }
      if text.utf8.contains(where: { $0 >= 0x7F }), text.unicodeScalars.contains(where: { !$0.isHarmless }) {
        return writeEscaped(text)
      }
      bytes.append(UInt8(ascii: "\""))
      text.withUTF8 { letters in
        var start = 0
        for (index, letter) in letters.enumerated() where letter < 0x20 || letter == 0x22 || letter == 0x5C {
          bytes.append(contentsOf: letters[start..<index])
          bytes.append(contentsOf: Self.escape(letter).utf8)
          start = index + 1
        }
        bytes.append(contentsOf: letters[start...])
      }
      bytes.append(UInt8(ascii: "\""))
    }

    /// A text with characters above 0x7E that a terminal would not just show.
    private mutating func writeEscaped(_ text: String) {
      bytes.append(UInt8(ascii: "\""))
      for scalar in text.unicodeScalars {
        switch scalar.value {
        case 0x00...0x1F, 0x22, 0x5C: bytes.append(contentsOf: Self.escape(UInt8(scalar.value)).utf8)
        case _ where scalar.isHarmless:
          bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        default:
          for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter {
            let digits = String(unit, radix: 16)
            bytes.append(contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
          }
        }
      }
      bytes.append(UInt8(ascii: "\""))
    }

    private static func escape(_ letter: UInt8) -> String {
      switch letter {
      case 0x22: "\\\""
      case 0x5C: "\\\\"
      case 0x08: "\\b"
      case 0x0C: "\\f"
      case 0x0A: "\\n"
      case 0x0D: "\\r"
      case 0x09: "\\t"
      default: "\\u00" + (letter < 0x10 ? "0" : "") + String(letter, radix: 16)
      }
    }
  }
}
