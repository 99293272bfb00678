/// A tree of strings, lists and maps that is read in place: what a YAML document holds, without YAML's parser.
///
/// The build turns every YAML file of `Data/` into this encoding, so that the program opens a document at start without
/// parsing it: a value is found by skipping whole siblings, and only the strings that are asked for become `String`s.
/// The encoding is that of tagged netstrings (tnetstrings.info): `SIZE:BYTES` and one letter for the kind, `,` for a
/// string, `]` for a list of values, `}` for keys and values in turn.
package struct DataTree: Sendable {
  /// What a value is. Numbers and truth values are strings; the reader of a domain knows what it expects.
  package enum Kind: UInt8, Sendable {
    case string = 0x2C
    case list = 0x5D
    case map = 0x7D
  }

  private let storage: Storage
  private let start: Int
  private let end: Int
  package let kind: Kind

  /// The bytes live in the binary's read-only memory, or in an array that the tree keeps alive.
  private enum Storage: Sendable {
    case binary(StaticString)
    case array([UInt8])

    func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
      switch self {
      case .binary(let text): text.withUTF8Buffer { body($0) }
      case .array(let bytes): bytes.withUnsafeBufferPointer { body($0) }
      }
    }
  }

  /// A document that the build compiled in.
  /// - Returns: nil when the bytes are not one encoded value.
  package init?(bundled text: StaticString) {
    self.init(storage: .binary(text))
  }

  /// A document encoded at run time by ``DataTreeEncoder``.
  /// - Returns: nil when the bytes are not one encoded value.
  package init?(encoded bytes: [UInt8]) {
    self.init(storage: .array(bytes))
  }

  private init?(storage: Storage) {
    guard
      let (value, next) = storage.withBytes({ DataTree.readHead($0, at: 0, limit: $0.count) }),
      next == storage.withBytes({ $0.count })
    else { return nil }
    self.init(storage: storage, start: value.start, end: value.end, kind: value.kind)
  }

  private init(storage: Storage, start: Int, end: Int, kind: Kind) {
    self.storage = storage
    self.start = start
    self.end = end
    self.kind = kind
  }

  private struct Head {
    let start: Int
    let end: Int
    let kind: Kind
  }

  /// Reads the size before a value and the kind behind it, without looking inside.
  /// - Returns: the value's place and where the next one starts; nil when the bytes are cut or malformed.
  private static func readHead(_ bytes: UnsafeBufferPointer<UInt8>, at offset: Int, limit: Int) -> (Head, Int)? {
    var position = offset
    var size = 0
    while position < limit, case let digit = bytes[position], digit >= 0x30, digit <= 0x39 {
      guard size < 100_000_000 else { return nil }
      size = size * 10 + Int(digit - 0x30)
      position += 1
    }
    guard position > offset, position < limit, bytes[position] == 0x3A else { return nil }
    let start = position + 1
    guard size < limit - start, let kind = Kind(rawValue: bytes[start + size]) else { return nil }
    return (Head(start: start, end: start + size, kind: kind), start + size + 1)
  }

  /// The text of a string value; nil for a list or a map.
  package var string: String? {
    guard kind == .string else { return nil }
    return storage.withBytes { String(decoding: $0[start..<end], as: UTF8.self) }
  }

  /// The values of a list, in the document's order; empty for anything else.
  package var items: [DataTree] {
    guard kind == .list else { return [] }
    return children()
  }

  /// The keys and values of a map, in the document's order; empty for anything else.
  package var entries: [(key: String, value: DataTree)] {
    guard kind == .map else { return [] }
    let flat = children()
    return stride(from: 0, to: flat.count - 1, by: 2).compactMap { index in
      flat[index].string.map { (key: $0, value: flat[index + 1]) }
    }
  }

  /// The value that stands under a key of a map; nil when the key is absent or this is no map.
  package subscript(key: StaticString) -> DataTree? {
    guard kind == .map else { return nil }
    let found: Head? = storage.withBytes { bytes in
      key.withUTF8Buffer { wanted in
        var position = start
        while position < end {
          guard let (name, afterName) = DataTree.readHead(bytes, at: position, limit: end),
            let (value, afterValue) = DataTree.readHead(bytes, at: afterName, limit: end)
          else { return nil }
          if name.kind == .string, name.end - name.start == wanted.count,
            bytes[name.start..<name.end].elementsEqual(wanted)
          {
            return value
          }
          position = afterValue
        }
        return nil
      }
    }
    return found.map { DataTree(storage: storage, start: $0.start, end: $0.end, kind: $0.kind) }
  }

  /// The text under a key of a map; nil when it is absent or no string.
  package func string(_ key: StaticString) -> String? { self[key]?.string }

  /// The strings of the list under a key; empty when it is absent. A single string counts as a list of one.
  package func strings(_ key: StaticString) -> [String] {
    guard let value = self[key] else { return [] }
    return value.string.map { [$0] } ?? value.items.compactMap(\.string)
  }

  private func children() -> [DataTree] {
    storage.withBytes { bytes in
      var result: [DataTree] = []
      var position = start
      while position < end, let (value, next) = DataTree.readHead(bytes, at: position, limit: end) {
        result.append(DataTree(storage: storage, start: value.start, end: value.end, kind: value.kind))
        position = next
      }
      return result
    }
  }
}
