package import DataTree

/// A document of `Data/` written down in a test: `["group": "counting", "recipes": [["id": "count-command"]]]`.
package enum TreeLiteral: ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
  case string(String)
  case list([TreeLiteral])
  case map([(String, TreeLiteral)])

  /// A text.
  package init(stringLiteral value: String) { self = .string(value) }
  /// A list.
  package init(arrayLiteral elements: TreeLiteral...) { self = .list(elements) }
  /// A map that keeps its order.
  package init(dictionaryLiteral elements: (String, TreeLiteral)...) { self = .map(elements) }

  /// The document as the program reads it.
  package var tree: DataTree? { DataTree(encoded: encoded) }

  /// The map with one key set, or removed with nil; anything else as it is.
  package func setting(_ key: String, to value: TreeLiteral?) -> TreeLiteral {
    guard case .map(let entries) = self else { return self }
    guard let value else { return .map(entries.filter { $0.0 != key }) }
    guard entries.contains(where: { $0.0 == key }) else { return .map(entries + [(key, value)]) }
    return .map(entries.map { $0.0 == key ? (key, value) : $0 })
  }

  private var encoded: [UInt8] {
    switch self {
    case .string(let text): DataTreeEncoder.string(text)
    case .list(let items): DataTreeEncoder.list(items.map(\.encoded))
    case .map(let entries): DataTreeEncoder.map(entries.map { (key: $0.0, value: $0.1.encoded) })
    }
  }
}
