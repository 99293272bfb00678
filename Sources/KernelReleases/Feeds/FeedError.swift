/// Content that is no feed, or none that can be used.
package enum FeedError: Error, Equatable {
  /// Nothing, or only white space.
  case empty
  /// A page for people: a captive portal, a bot challenge, an error page.
  case htmlPage
  /// In no format that is read here; the first characters.
  case unknownFormat(String)
  /// UTF-32, or bytes that are no text.
  case notUTF8
  /// JSON that ends before it is complete; how many bytes there were.
  case cut(bytes: Int)
  /// JSON that breaks its grammar.
  case malformed(JSONError)
  /// XML that breaks its grammar, or has what no feed needs.
  case malformedXML(XMLError)
  /// XML, and a feed perhaps, but none of the kernel; the name of its outermost element.
  case otherXML(root: String)
  /// In the syntax of the format, but without what makes it one; what is missing, as a noun: "list \"releases\"".
  case without(String, format: FeedFormat)
  /// A list of releases with no usable row in it.
  case noUsableRow(rows: Int)
  /// More rows than any feed can have.
  case tooManyRows(Int)

  /// What was found, to be put behind the address or the name of the file.
  package var finding: String {
    switch self {
    case .empty: "it is empty"
    case .htmlPage: "it is an HTML page, not a feed (a captive portal or a bot challenge?)"
    case .unknownFormat(let start): "it is in no feed format that is known here; it begins with \"\(start)\""
    case .notUTF8: "it is UTF-32 text or no text at all, not a feed"
    case .cut(let bytes): "the JSON ends after \(bytes) bytes, before it is complete"
    case .malformed(let error):
      switch error.problem {
      case .cut: "the JSON is cut at line \(error.line), column \(error.column)"
      case .unexpected(let byte):
        "the JSON is broken at line \(error.line), column \(error.column): unexpected \(Self.name(byte))"
      case .tooDeep: "the JSON is nested deeper than 64 levels at line \(error.line), column \(error.column)"
      case .tooManyValues: "the JSON holds more values than any feed, up to line \(error.line), column \(error.column)"
      case .trailing: "there is more text behind the JSON at line \(error.line), column \(error.column)"
      }
    case .malformedXML(let error): error.finding
    case .otherXML("rss"), .otherXML("RDF"): "it is an RSS feed, but not that of the kernel's releases"
    case .otherXML("feed"): "it is an Atom feed, but not that of a mailing list's archive"
    case .otherXML(let root): "it is XML (<\(root.prefix(40))>), but no feed that is known here"
    case .without(let part, let format): "it has no \(part); it is no feed of the format \(format.rawValue)"
    case .noUsableRow(rows: 0): "it lists nothing"
    case .noUsableRow(let rows): "none of the \(rows) rows listed has a version that can be read"
    case .tooManyRows(let rows): "it lists \(rows) rows, more than any feed of this kind"
    }
  }

  private static func name(_ byte: UInt8) -> String {
    (0x21...0x7E).contains(byte) ? "\"\(Character(Unicode.Scalar(byte)))\"" : "byte \(byte)"
  }
}
