/// Recognizes the format of a feed by its content and reads it.
package enum FeedReader {
  /// The most rows that are taken from a state feed; kernel.org lists about ten.
  package static let mostRows = 2000

  /// Every format, in the order in which a body is offered to them.
  static let readers: [any FeedFormatReader.Type] = [
    ReleasesJSON.self
  ]

  /// The names of all formats.
  package static var formats: [FeedFormat] { readers.map { $0.format } }

  /// - Parameter bytes: the decoded body.
  /// - Throws: ``FeedError``; nothing of a body that throws is to be used.
  package static func read(_ bytes: [UInt8]) throws(FeedError) -> FeedSnapshot {
    let body = try parse(bytes)
    for reader in readers where reader.recognizes(body) { return try reader.read(body) }
    throw .unknownFormat(beginning(of: bytes))
  }

  /// Tells the syntax by the first characters and parses it.
  private static func parse(_ bytes: [UInt8]) throws(FeedError) -> FeedBody {
    if bytes.starts(with: [0xFE, 0xFF]) || bytes.starts(with: [0xFF, 0xFE]) || bytes.prefix(4).contains(0) {
      throw .notUTF8
    }
    let start = text(of: bytes).drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    switch start.first {
    case nil: throw .empty
    case 0x7B, 0x5B:
      do throws(JSONError) {
        return .json(try JSONValue.parse(bytes))
      } catch {
        throw error.problem == .cut ? .cut(bytes: bytes.count) : .malformed(error)
      }
    case 0x3C:
      let beginning = String(decoding: start.prefix(1024), as: UTF8.self).lowercased()
      if beginning.hasPrefix("<!doctype html") || beginning.contains("<html") || beginning.contains("<head")
        || beginning.contains("<body")
      {
        throw .htmlPage
      }
      do throws(XMLError) {
        return .xml(try XMLElement.parse(bytes))
      } catch {
        throw .malformedXML(error)
      }
    default: return .text(String(decoding: text(of: bytes), as: UTF8.self))
    }
  }

  /// The bytes without a byte order mark.
  private static func text(of bytes: [UInt8]) -> ArraySlice<UInt8> {
    bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
  }

  private static func beginning(of bytes: [UInt8]) -> String {
    let start = text(of: bytes).drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    return String(decoding: start.prefix(24), as: UTF8.self)
  }
}
