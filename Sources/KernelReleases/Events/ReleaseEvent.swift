package import HostSystem

/// Something that happened in the kernel world, as a feed showed it.
package struct ReleaseEvent: Sendable, Equatable {
  /// The raw values are those of the JSON documents.
  package enum Kind: String, Sendable, CaseIterable {
    /// A release that was not known.
    case release
    /// Releases between two that a feed showed, counted by their numbers; ``ReleaseEvent/skipped`` names them.
    case skipped
    /// The first release of a series.
    case newSeries = "new_series"
    /// A series is listed as ended.
    case endOfLife = "end_of_life"
    /// The published end of a series is another day.
    case endOfLifeDate = "end_of_life_date"
    /// A series is no longer listed.
    case vanished
    /// A series is listed under another name, for one as longterm.
    case moniker
    /// A known release has another day.
    case redated
    /// The feed says something that is hardly true; nothing was taken over, the next fetch will tell.
    case suspect
  }

  /// What happened.
  package let kind: Kind
  /// The same for the same happening, whenever and wherever it is found: `release:6.1:6.1.172`.
  package let id: String
  /// The release that it happened with; nil where it concerns a whole feed.
  package let version: KernelVersion?
  /// The series; nil for linux-next and for a whole feed.
  package let series: String?
  /// The channel under which the feed lists it.
  package let channel: Channel?
  /// The day of the release, in UTC.
  package let day: CalendarDay?
  /// What was before: a version, for a release; the old day or name, where that changed.
  package let previous: String?
  /// For ``Kind/skipped``: the versions, in order; else empty.
  package let skipped: [KernelVersion]
  /// Whether it is concluded from something else and no feed shows it.
  package let presumed: Bool
  /// What made the feed suspect, in words; nil for other kinds.
  package let detail: String?
  /// When it was found.
  package let observed: Instant

  package init(
    kind: Kind, id: String, version: KernelVersion? = nil, series: String? = nil, channel: Channel? = nil,
    day: CalendarDay? = nil, previous: String? = nil, skipped: [KernelVersion] = [], presumed: Bool = false,
    detail: String? = nil, observed: Instant
  ) {
    self.kind = kind
    self.id = id
    self.version = version
    self.series = series
    self.channel = channel
    self.day = day
    self.previous = previous
    self.skipped = skipped
    self.presumed = presumed
    self.detail = detail
    self.observed = observed
  }
}

extension ReleaseEvent: Encodable {
  /// The shape `toolbox.kernel.event/1`, with null where something does not apply.
  package func encode(to encoder: any Encoder) throws {
    enum Keys: String, CodingKey {
      case schema, id, event, version, series, channel, date, previous, skipped, presumed, detail, observed
    }
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode("toolbox.kernel.event/1", forKey: .schema)
    try container.encode(id, forKey: .id)
    try container.encode(kind.rawValue, forKey: .event)
    try container.encode(version, forKey: .version)
    try container.encode(series, forKey: .series)
    try container.encode(channel, forKey: .channel)
    try container.encode(day?.description, forKey: .date)
    try container.encode(previous, forKey: .previous)
    try container.encode(skipped, forKey: .skipped)
    try container.encode(presumed, forKey: .presumed)
    try container.encode(detail, forKey: .detail)
    try container.encode(observed.description, forKey: .observed)
  }
}
