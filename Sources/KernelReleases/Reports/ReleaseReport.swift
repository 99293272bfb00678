package import HostSystem

/// A release as lists show it and as `toolbox.kernel.releases/1` has it.
package struct ReleaseReport: Sendable, Equatable, FlatObject {
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
  package var members: [(key: StaticString, value: FlatValue)] {
    [
      ("channel", .text(channel.rawValue)), ("date", FlatValue(date?.day.description)),
      ("date_confidence", FlatValue(date?.confidence.rawValue)), ("end_of_life", .truth(isEndOfLife)),
      ("end_of_life_date", FlatValue(endOfLifeDay?.description)), ("kind", .text(version.kind.rawValue)),
      ("series", FlatValue(version.series)), ("source", .text(source)), ("version", .text(version.description)),
    ]
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
