import HostSystem

/// From values to the tree.
extension JSONText {
  /// One encoder serves a whole document: the value that is being encoded leaves its node in ``current``.
  final class TreeEncoder: Encoder {
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

  struct ObjectContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
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

  struct ArrayContainer: UnkeyedEncodingContainer {
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

  struct ValueContainer: SingleValueEncodingContainer {
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
}
