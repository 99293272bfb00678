/// Recognizes the format of a feed by its content and reads it.
package enum FeedReader {
  /// The most rows that are taken from a state feed; kernel.org lists about ten.
  package static let mostRows = 2000

  /// Every format, in the order in which a body is offered to them.
  static let readers: [any FeedFormatReader.Type] = [
    ReleasesJSON.self,
    KDistRSS.self,
    FingerBanner.self,
    PublicInboxAtom.self,
    ChecksumList.self,
    EndOfLifeDate.self,
    CVERecords.self,
  ]

  /// The names of all formats.
  package static var formats: [FeedFormat] { readers.map { $0.format } }

  /// - Parameters:
  ///   - bytes: the decoded body.
  ///   - charset: of the Content-Type field, for XML that does not tell its own; nil where there is none.
  /// - Throws: ``FeedError``; nothing of a body that throws is to be used.
  package static func read(_ bytes: [UInt8], charset: String? = nil) throws(FeedError) -> FeedSnapshot {
    let body = try parse(bytes, charset: charset)
    for reader in readers where reader.recognizes(body) {
      let snapshot = try reader.read(body)
      guard case .xml(let root) = body, !root.documentWarnings.isEmpty else { return snapshot }
      return FeedSnapshot(
        format: snapshot.format, content: snapshot.content, warnings: root.documentWarnings + snapshot.warnings,
        isComplete: snapshot.isComplete, unnamed: snapshot.unnamed, contradicted: snapshot.contradicted)
    }
    switch body {
    case .xml(let root): throw .otherXML(root: root.name)
    case .json, .text: throw .unknownFormat(beginning(of: bytes))
    }
  }

  /// Tells the syntax by the first characters and parses it.
  private static func parse(_ bytes: [UInt8], charset: String?) throws(FeedError) -> FeedBody {
    if TextEncoding.isUTF32(bytes) || bytes.starts(with: [0, 0]) { throw .notUTF8 }
    let (encoding, markLength) = TextEncoding.detect(bytes)
    let text =
      switch encoding {
      case nil, .utf8?: bytes[markLength...]
      case let encoding?: encoding.decoded(bytes[markLength...]).text[...]
      }
    let start = text.drop { space.contains($0) }
    switch start.first {
    case nil: throw .empty
    case 0x7B, 0x5B: return .json(try json(Array(text), count: bytes.count))
    case 0x3C:
      if isHTML(start) { throw .htmlPage }
      do throws(XMLError) {
        return .xml(try XMLElement.parse(bytes, charset: charset))
      } catch {
        throw .malformedXML(error)
      }
    default: return .text(String(decoding: start, as: UTF8.self))
    }
  }

  private static func json(_ text: [UInt8], count: Int) throws(FeedError) -> JSONValue {
    do throws(JSONError) {
      return try JSONValue.parse(text)
    } catch {
      if error.problem == .trailing, let records = try records(text, count: count) { return records }
      throw error.problem == .cut ? .cut(bytes: count) : .malformed(error)
    }
  }

  /// The documents of a text that has one a line, where they are records; nil for anything else.
  private static func records(_ text: [UInt8], count: Int) throws(FeedError) -> JSONValue? {
    do throws(JSONError) {
      return try JSONValue.parseSequence(text) { CVERecords.isRecord($0) }.map { .array($0) }
    } catch {
      throw error.problem == .cut ? .cut(bytes: count) : .malformed(error)
    }
  }

  private static let space: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]

  /// Elements that a page, or a piece of one, begins with; no feed does.
  private static let pageElements = [
    "html", "head", "body", "title", "meta", "link", "script", "style", "center", "div", "p", "h1", "h2", "pre",
  ]

  /// Whether the first element is one of HTML, behind comments, declarations and a document type.
  private static func isHTML(_ text: ArraySlice<UInt8>) -> Bool {
    var rest = text.prefix(4096)
    while rest.first == 0x3C {
      let isComment = rest.starts(with: Array("<!--".utf8))
      if !isComment, rest.dropFirst().first != 0x21, rest.dropFirst().first != 0x3F {
        let name = rest.dropFirst().prefix { (0x30...0x7A).contains($0) && $0 != 0x3E }
        return pageElements.contains(String(decoding: name, as: UTF8.self).lowercased())
      }
      if String(decoding: rest.prefix(14), as: UTF8.self).lowercased() == "<!doctype html" { return true }
      let end: [UInt8] = isComment ? [0x2D, 0x2D, 0x3E] : [0x3E]
      guard let close = rest.firstRange(of: end) else { return false }
      rest = rest[close.upperBound...].drop { space.contains($0) }
    }
    return false
  }

  private static func beginning(of bytes: [UInt8]) -> String {
    let (encoding, markLength) = TextEncoding.detect(bytes)
    let text = (encoding ?? .utf8).decoded(bytes[markLength...].prefix(4096)).text
    return String(decoding: text.drop { space.contains($0) }.prefix(24), as: UTF8.self)
  }
}
