package import HostSystem

/// A release as lists show it and as `toolbox.kernel.releases/1` has it.
package struct ReleaseReport: Sendable, Equatable, Encodable {
  package let version: KernelVersion
  package let channel: Channel
  package let date: ReleaseDate?
  package let isEndOfLife: Bool
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
  package let schema = "toolbox.kernel.releases/1"
  package let releases: [ReleaseReport]
  /// When the feed was last confirmed; null in answers from the shipped history alone.
  package let fetchedAt: String?

  package init(releases: [ReleaseReport], fetched: KernelKnowledge.Fetched?) {
    self.releases = releases
    fetchedAt = fetched?.time.description
  }

  package func encode(to encoder: any Encoder) throws {
    enum Keys: String, CodingKey { case schema, releases, fetchedAt }
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(schema, forKey: .schema)
    try container.encode(releases, forKey: .releases)
    try container.encode(fetchedAt, forKey: .fetchedAt)
  }
}
