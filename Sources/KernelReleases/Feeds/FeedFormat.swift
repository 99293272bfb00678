/// The name of a format, as it stands in `feeds.yaml`, in the database and in messages. Each reader's file adds its own.
package struct FeedFormat: RawRepresentable, Sendable, Hashable {
  package let rawValue: String

  package init(rawValue: String) { self.rawValue = rawValue }
}

/// A format that feeds come in. One file reads one format: a type that conforms to this, and its line in
/// ``FeedReader/readers``.
protocol FeedFormatReader: SendableMetatype {
  /// The name of the format.
  static var format: FeedFormat { get }

  /// Whether a body has the marks of this format, judged by its content alone.
  static func recognizes(_ body: FeedBody) -> Bool

  /// Reads a body that was recognized.
  /// - Throws: ``FeedError``. A row that cannot be used is no error: it is left out, with a warning.
  static func read(_ body: FeedBody) throws(FeedError) -> FeedSnapshot
}

/// A body whose syntax is known and which was parsed once, for all readers to look at.
package enum FeedBody: Sendable {
  case json(JSONValue)
  case xml(XMLElement)
  /// Neither JSON nor XML, without the byte order mark and without white space before it.
  case text(String)
}
