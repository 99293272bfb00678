package import HostSystem

/// What a feed says at one moment.
package struct FeedSnapshot: Sendable, Equatable {
  /// The format that the content was recognised as.
  package let format: FeedFormat
  /// What the feed says, by the kind of statement.
  package let content: FeedContent
  /// What was left out or is odd, in words; foreign text in it is as it came.
  package let warnings: [String]
  /// Whether every row could be read: of a state with holes it is not known what is no longer listed.
  package let isComplete: Bool
  /// The versions of rows that name no channel; that of the row is then a guess.
  package let unnamed: Set<KernelVersion>
  /// The versions of rows that name another version as well.
  package let contradicted: Set<KernelVersion>

  package init(
    format: FeedFormat, content: FeedContent, warnings: [String], isComplete: Bool = true,
    unnamed: Set<KernelVersion> = [], contradicted: Set<KernelVersion> = []
  ) {
    self.format = format
    self.content = content
    self.warnings = warnings
    self.isComplete = isComplete
    self.unnamed = unnamed
    self.contradicted = contradicted
  }

  /// A state; for the formats that are one.
  package init(
    format: FeedFormat, rows: [FeedRow], warnings: [String], isComplete: Bool = true,
    unnamed: Set<KernelVersion> = [], contradicted: Set<KernelVersion> = []
  ) {
    self.init(
      format: format, content: .state(rows), warnings: warnings, isComplete: isComplete, unnamed: unnamed,
      contradicted: contradicted)
  }

  /// The rows of a state; empty for everything else.
  package var rows: [FeedRow] {
    guard case .state(let rows) = content else { return [] }
    return rows
  }
}

/// The kinds of statement that feeds make. Several formats can make the same one.
package enum FeedContent: Sendable, Equatable {
  /// One row per live series, in the order of the feed; a version can stand under two monikers. What came and went between
  /// two states is never seen, and what is missing is no longer listed.
  case state([FeedRow])
  /// Mails that announce releases, in the order of the feed. Each is a claim.
  case announcements([Announcement])
  /// Versions whose files are published: each of them exists. Sorted, each once; no days.
  case versions([KernelVersion])
  /// How long series are supported, in the order of the feed.
  case support([SeriesSupport])
  /// Records of vulnerabilities.
  case vulnerabilities([Vulnerability])
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

/// A mail that announces a release: its whole subject is `Linux VERSION`.
package struct Announcement: Sendable, Hashable {
  /// The version that the subject names.
  package let version: KernelVersion
  /// Who wrote it, without the address; empty where the feed does not say.
  package let author: String
  /// When it was sent; nil where the feed gives no time that can be read.
  package let time: Instant?
  /// The first paragraph of its text that is no quotation and no greeting, white space collapsed, at most 2,000
  /// characters; nil where the feed has no text.
  package let paragraph: String?
  /// Where the mail can be read; nil where the feed has no link.
  package let link: String?

  package init(version: KernelVersion, author: String, time: Instant?, paragraph: String?, link: String?) {
    self.version = version
    self.author = author
    self.time = time
    self.paragraph = paragraph
    self.link = link
  }
}

/// How long a series is supported, as somebody publishes it.
package struct SeriesSupport: Sendable, Hashable {
  /// `6.1`
  package let series: String
  /// Whether it is longterm; nil where the feed does not say.
  package let isLongterm: Bool?
  /// The published end.
  package let end: SeriesFacts.PublishedEnd.Value
  /// The day of the series' final; nil where the feed does not say.
  package let finalDay: CalendarDay?
  /// The newest release that the feed names; nil where it names none.
  package let latest: KernelVersion?

  package init(
    series: String, isLongterm: Bool?, end: SeriesFacts.PublishedEnd.Value, finalDay: CalendarDay?,
    latest: KernelVersion?
  ) {
    self.series = series
    self.isLongterm = isLongterm
    self.end = end
    self.finalDay = finalDay
    self.latest = latest
  }
}
