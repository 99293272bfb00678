/// Recognises the format of a feed by its content and reads it.
package enum FeedReader {
  /// The most rows that are taken from a state feed; kernel.org lists about ten.
  package static let mostRows = 2000

  /// - Parameter bytes: the decoded body.
  /// - Throws: ``FeedError``; nothing of a body that throws is to be used.
  package static func read(_ bytes: [UInt8]) throws(FeedError) -> FeedSnapshot {
    switch try format(of: bytes) {
    case .releasesJSON: try ReleasesJSON.read(bytes)
    }
  }

  /// The format of a body by its first characters.
  package static func format(of bytes: [UInt8]) throws(FeedError) -> FeedFormat {
    if bytes.starts(with: [0xFE, 0xFF]) || bytes.starts(with: [0xFF, 0xFE]) || bytes.prefix(4).contains(0) {
      throw .notUTF8
    }
    let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
    let start = text.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    guard let first = start.first else { throw .empty }
    switch first {
    case 0x7B, 0x5B: return .releasesJSON
    case 0x3C:
      let beginning = String(decoding: start.prefix(1024), as: UTF8.self).lowercased()
      if beginning.hasPrefix("<!doctype html") || beginning.contains("<html") || beginning.contains("<head")
        || beginning.contains("<body")
      {
        throw .htmlPage
      }
    default: break
    }
    throw .unknownFormat(String(decoding: start.prefix(24), as: UTF8.self))
  }
}
