package import HostSystem

/// A release as lists show it and as `toolbox.kernel.releases/1` has it.
package struct ReleaseReport: Sendable, Equatable, Encodable {
  /// The version.
  package let version: KernelVersion
  /// The channel under which the feed lists it, or listed it first.
  package let channel: Channel
  /// The day in UTC; nil where no source gives it.
  package let date: ReleaseDate?
  /// Whether its series has ended.
  package let isEndOfLife: Bool
  /// The published end of its series, past or projected; nil where none was published.
  package let endOfLifeDay: CalendarDay?
  /// `shipped`, or the address of the feed.
  package let source: String

  /// The keys of the documents; null where something is not known.
  package func encode(to encoder: any Encoder) throws {
    enum Keys: String, CodingKey {
      case version, series, channel, kind, date, dateConfidence, endOfLife, endOfLifeDate, source
    }
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(version, forKey: .version)
    try container.encode(version.series, forKey: .series)
    try container.encode(channel, forKey: .channel)
    try container.encode(version.kind, forKey: .kind)
    try container.encode(date?.day.description, forKey: .date)
    try container.encode(date?.confidence, forKey: .dateConfidence)
    try container.encode(isEndOfLife, forKey: .endOfLife)
    try container.encode(endOfLifeDay?.description, forKey: .endOfLifeDate)
    try container.encode(source, forKey: .source)
  }
}

/// The document `toolbox.kernel.releases/1`.
package struct ReleasesDocument: Sendable, Encodable {
  /// The name and version of the document.
  package let schema = "toolbox.kernel.releases/1"
  /// In the order in which they are shown.
  package let releases: [ReleaseReport]
  /// When the feed was last confirmed; null in answers from the shipped history alone.
  package let fetchedAt: String?
  /// The day that was looked back to; null for the present.
  package let at: String?

  /// - Parameter at: the day that was looked back to.
  package init(releases: [ReleaseReport], fetched: KernelKnowledge.Fetched?, at: CalendarDay? = nil) {
    self.releases = releases
    fetchedAt = fetched?.time.description
    self.at = at?.description
  }

  package func encode(to encoder: any Encoder) throws {
    enum Keys: String, CodingKey { case schema, releases, fetchedAt, at }
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(schema, forKey: .schema)
    try container.encode(releases, forKey: .releases)
    try container.encode(fetchedAt, forKey: .fetchedAt)
    try container.encode(at, forKey: .at)
  }
}
