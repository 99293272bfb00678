package import HostSystem

/// What a feed says at one moment, whatever its format.
package struct FeedSnapshot: Sendable, Equatable {
  /// The format that the content was recognised as.
  package let format: FeedFormat
  /// In the order of the feed; a version can stand under two monikers.
  package let rows: [FeedRow]
  /// What was left out or is odd, in words; foreign text in it is as it came.
  package let warnings: [String]

  package init(format: FeedFormat, rows: [FeedRow], warnings: [String]) {
    self.format = format
    self.rows = rows
    self.warnings = warnings
  }
}

/// One release as a feed lists it.
package struct FeedRow: Sendable, Hashable {
  /// What kernel.org calls the moniker: the channel under which it lists the release.
  package let channel: Channel
  /// The version, read by the grammar of ``KernelVersion``.
  package let version: KernelVersion
  /// Whether the feed marks the series as ended with this release.
  package let isEndOfLife: Bool
  /// As the feed gives it, true or not; nil where it gives none.
  package let day: CalendarDay?
  /// The time of the tag, where the feed gives more than a day.
  package let time: Instant?
  /// The address of the source archive; nil for linux-next.
  package let archive: String?

  package init(
    channel: Channel, version: KernelVersion, isEndOfLife: Bool = false, day: CalendarDay?, time: Instant? = nil,
    archive: String? = nil
  ) {
    self.channel = channel
    self.version = version
    self.isEndOfLife = isEndOfLife
    self.day = day
    self.time = time
    self.archive = archive
  }
}

/// The formats that feeds come in. One file reads one format; ``FeedReader`` finds out which it is.
package enum FeedFormat: String, Sendable, CaseIterable {
  /// kernel.org's `releases.json`: a state, one row per live series.
  case releasesJSON = "releases-json"
}

/// Content that is no feed, or none that can be used.
package enum FeedError: Error, Equatable {
  /// Nothing, or only white space.
  case empty
  /// A page for people: a captive portal, a bot challenge, an error page.
  case htmlPage
  /// Neither JSON nor anything else that is read here; the first characters.
  case unknownFormat(String)
  /// UTF-16 or UTF-32, which no kernel.org feed uses.
  case notUTF8
  /// JSON that ends before it is complete; how many bytes there were.
  case cut(bytes: Int)
  /// JSON that breaks its grammar.
  case malformed(JSONError)
  /// JSON without the list `releases`.
  case withoutReleases
  /// A list of releases with no usable row in it.
  case noUsableRow(rows: Int)
  /// More rows than any feed can have.
  case tooManyRows(Int)

  /// What was found, to be put behind the address or the name of the file.
  package var finding: String {
    switch self {
    case .empty: "the answer is empty"
    case .htmlPage: "the answer is an HTML page, not a feed (a captive portal or a bot challenge?)"
    case .unknownFormat(let start): "the answer is not in a feed format that is known here; it begins with \"\(start)\""
    case .notUTF8: "the answer is UTF-16 or UTF-32 text, not a feed"
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
    case .withoutReleases: "the JSON has no list \"releases\"; it is not kernel.org's releases.json"
    case .noUsableRow(let rows): "none of the \(rows) releases listed has a version that can be read"
    case .tooManyRows(let rows): "it lists \(rows) releases, more than any feed of kernel.org"
    }
  }

  private static func name(_ byte: UInt8) -> String {
    (0x21...0x7E).contains(byte) ? "\"\(Character(Unicode.Scalar(byte)))\"" : "byte \(byte)"
  }
}
