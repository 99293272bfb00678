package import HostSystem

/// What kind of release a version is; the raw values are those of the JSON documents.
package enum ReleaseKind: String, Sendable, Codable, CaseIterable {
  /// A candidate, of a final or of a stable release.
  case candidate = "rc"
  case final
  case stable
  /// A snapshot of linux-next.
  case next
}

/// The name under which kernel.org lists a release. Names that are not known today are kept as they are.
package struct Channel: RawRepresentable, Sendable, Hashable, Codable, CustomStringConvertible {
  /// kernel.org's word.
  package let rawValue: String

  package init(rawValue: String) { self.rawValue = rawValue }

  /// Linus Torvalds' candidates and finals.
  package static let mainline = Channel(rawValue: "mainline")
  /// The stable releases of the newest finals.
  package static let stable = Channel(rawValue: "stable")
  /// The stable releases of series that are kept for years.
  package static let longterm = Channel(rawValue: "longterm")
  /// The daily snapshots of what is to come.
  package static let linuxNext = Channel(rawValue: "linux-next")

  /// The channels in the order in which they are shown.
  package static let known: [Channel] = [.mainline, .stable, .longterm, .linuxNext]

  /// The channel that a version has where no feed says so.
  package init(of version: KernelVersion, isLongterm: Bool) {
    self =
      switch version.kind {
      case .next: .linuxNext
      case .candidate where !version.isStableCandidate: .mainline
      case .final: .mainline
      case .candidate, .stable: isLongterm ? .longterm : .stable
      }
  }

  package init(from decoder: any Decoder) throws {
    self.init(rawValue: try decoder.singleValueContainer().decode(String.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }

  package var description: String { rawValue }
}

/// How well the day of a release is known.
package enum DateConfidence: String, Sendable, Codable {
  /// The day of the tag, as its author or kernel.org published it.
  case exact
  /// Taken from what happened later; right within a day with few exceptions.
  case inferred
}

/// A day in UTC, and how well it is known.
package struct ReleaseDate: Sendable, Hashable {
  /// The day, in UTC.
  package let day: CalendarDay
  /// How well it is known.
  package let confidence: DateConfidence

  package init(_ day: CalendarDay, _ confidence: DateConfidence = .exact) {
    self.day = day
    self.confidence = confidence
  }
}

/// One kernel release.
package struct Release: Sendable, Hashable {
  /// The version.
  package let version: KernelVersion
  /// nil where no source gives a day that can be true.
  package let date: ReleaseDate?
  /// The channel under which it is, or was first, listed.
  package let channel: Channel
  /// Where the release is known from: `shipped`, or the address of a feed.
  package let source: String

  package init(version: KernelVersion, date: ReleaseDate?, channel: Channel, source: String) {
    self.version = version
    self.date = date
    self.channel = channel
    self.source = source
  }

  /// The source of a release that was known when the program was built.
  package static let shipped = "shipped"
}
