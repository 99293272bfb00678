/// An object of a JSON document that has plain values only, in the way that long lists of them are written fast: its members
/// stand in the order of the document, and no tree is built of them.
package protocol FlatObject: Encodable {
  /// The members: keys in snake_case, sorted by their bytes, each once.
  var members: [(key: StaticString, value: FlatValue)] { get }
}

/// A value of a ``FlatObject``.
package enum FlatValue: Sendable, Equatable {
  case null
  case truth(Bool)
  case number(Int)
  case text(String)

  /// `null` for nil.
  package init(_ text: String?) { self = text.map { .text($0) } ?? .null }
}

extension FlatObject {
  /// For writers that do not know this protocol.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: FlatKey.self)
    for (key, value) in members {
      let key = FlatKey(stringValue: key.description)
      switch value {
      case .null: try container.encodeNil(forKey: key)
      case .truth(let truth): try container.encode(truth, forKey: key)
      case .number(let number): try container.encode(number, forKey: key)
      case .text(let text): try container.encode(text, forKey: key)
      }
    }
  }
}

private struct FlatKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}
