/// Writes values in the encoding that ``DataTree`` reads.
package enum DataTreeEncoder {
  /// One string.
  package static func string(_ text: String) -> [UInt8] { wrap(Array(text.utf8), .string) }

  /// A list of values that are already encoded.
  package static func list(_ items: [[UInt8]]) -> [UInt8] { wrap(items.flatMap { $0 }, .list) }

  /// A map; keys keep the order in which they are given.
  package static func map(_ entries: [(key: String, value: [UInt8])]) -> [UInt8] {
    wrap(entries.flatMap { string($0.key) + $0.value }, .map)
  }

  private static func wrap(_ payload: [UInt8], _ kind: DataTree.Kind) -> [UInt8] {
    Array(String(payload.count).utf8) + [0x3A] + payload + [kind.rawValue]
  }
}
