package import HostSystem

/// Everything that the commands answer from: the shipped history, and the database where there is one.
package struct KernelKnowledge: Sendable {
  /// Every known release.
  package let history: ReleaseHistory
  /// What the feed listed last; empty before the first fetch.
  package let listed: [FeedRow]
  /// The last confirmed fetch; nil when there was none.
  package let fetched: Fetched?
  /// The day on which the shipped history ends.
  package let shippedUntil: CalendarDay?
  /// Doubts about the feed that wait for a second fetch.
  package let suspicions: [String]
  /// Where feeds of the same day say different things, in words.
  package let disagreements: [String]
  /// The day that is looked back to; nil for the present.
  package let lookBack: LookBack?
  /// The rows of ``listed`` by their versions, and whether one of a series says that it has ended, for long lists.
  private let listedRows: [KernelVersion: FeedRow]
  private let listedSeries: [KernelVersion: Bool]

  /// A fetch: from where, and when it was last confirmed.
  package struct Fetched: Sendable, Equatable {
    /// The feed, as it was asked for.
    package let address: String
    /// When its content was last confirmed.
    package let time: Instant
    /// The file that the answer comes from.
    package let database: String
  }

  package init(
    history: ReleaseHistory, listed: [FeedRow] = [], fetched: Fetched? = nil, shippedUntil: CalendarDay? = nil,
    suspicions: [String] = [], disagreements: [String] = [], lookBack: LookBack? = nil
  ) {
    self.history = history
    self.listed = listed
    self.fetched = fetched
    self.shippedUntil = shippedUntil
    self.suspicions = suspicions
    self.disagreements = disagreements
    self.lookBack = lookBack
    listedRows = Dictionary(listed.map { ($0.version, $0) }, uniquingKeysWith: { first, _ in first })
    listedSeries = Dictionary(
      listed.compactMap { row in Self.seriesKey(row.version).map { ($0, row.isEndOfLife) } },
      uniquingKeysWith: { $0 || $1 })
  }

  /// One value for all versions of a ``KernelVersion/series``, without spelling it; nil for linux-next.
  private static func seriesKey(_ version: KernelVersion) -> KernelVersion? {
    guard version.line == .releases else { return nil }
    return KernelVersion(numbers: .init(version.numbers.first, version.numbers.second))
  }

  /// Joins the shipped history with what is stored.
  /// - Parameters:
  ///   - store: nil where there is no database.
  ///   - needsHistory: false leaves out everything but what is listed now, for answers that need no more.
  /// - Throws: ``TableError``, ``StoreError``
  package static func load(_ store: ReleaseStore?, needsHistory: Bool = true) throws -> KernelKnowledge {
    guard let store, let listing = Listing.merged(try store.listings()) else {
      let shipped = try ShippedHistory.load()
      // Published ends can be stored before any state is: each comes from a feed of its own.
      let series = shipped.series.updated(with: try store?.support() ?? [])
      return KernelKnowledge(
        history: ReleaseHistory(releases: shipped.releases, series: series), shippedUntil: shipped.lastDay)
    }
    let fetched = Fetched(address: listing.address, time: listing.fetchedAt, database: store.path)
    let suspicions = try store.suspicions()
    let support = try store.support()
    guard needsHistory else {
      return KernelKnowledge(
        history: ReleaseHistory(releases: [], series: try ShippedHistory.seriesTable().updated(with: support)),
        listed: listing.rows, fetched: fetched, suspicions: suspicions, disagreements: listing.disagreements)
    }
    let shipped = try ShippedHistory.load()
    let history = shipped.adding(try store.releases())
    return KernelKnowledge(
      history: ReleaseHistory(releases: history.releases, series: history.series.updated(with: support)),
      listed: listing.rows, fetched: fetched, shippedUntil: shipped.lastDay, suspicions: suspicions,
      disagreements: listing.disagreements)
  }

  /// The current releases, newest first as kernel.org lists them: what the feed listed last, or what the shipped history
  /// gives for its own last day.
  package var current: [ReleaseReport] {
    if let lookBack { return lookBack.current.map { report($0) } }
    if !listed.isEmpty {
      // Feeds have an order of their own, which is not always the same one.
      return listed.sorted { $0.version > $1.version }.map { report($0) }
    }
    guard let shippedUntil else { return [] }
    return history.current(on: shippedUntil).map { release in
      let channel =
        release.version.kind == .final && isBehindMainline(release.version) ? Channel.stable : release.channel
      return report(
        Release(version: release.version, date: release.date, channel: channel, source: release.source))
    }
  }

  /// A final stands under stable once mainline has gone on.
  private func isBehindMainline(_ version: KernelVersion) -> Bool {
    history.newest { $0.version.kind != .stable }.map { version < $0.version } ?? false
  }

  private func report(_ row: FeedRow) -> ReleaseReport {
    ReleaseReport(
      version: row.version, channel: row.channel, date: row.day.map { ReleaseDate($0) },
      isEndOfLife: row.isEndOfLife,
      endOfLifeDay: endOfLifeDay(history.series[row.version.series], hasEnded: row.isEndOfLife),
      source: fetched?.address ?? Release.shipped)
  }

  /// The day to which the knowledge goes.
  private var lastDay: CalendarDay? { fetched.map { CalendarDay($0.time) } ?? shippedUntil }

  /// The end of a series; nil where a series has ended before the day that was announced, for then nobody told the real one.
  private func endOfLifeDay(_ facts: SeriesFacts?, hasEnded: Bool) -> CalendarDay? {
    guard let day = facts?.endOfLife else { return nil }
    return hasEnded && lookBack == nil && lastDay.map { day > $0 } ?? false ? nil : day
  }

  /// A release as the documents show it.
  package func report(_ release: Release) -> ReleaseReport {
    let series = Self.seriesKey(release.version)
    let row = listedRows[release.version]
    let facts = history.series[of: release.version]
    // What the feed says counts; a series that it does not list has ended. Without a feed the published day decides.
    let hasEnded =
      if let lookBack {
        release.version.line == .releases && lookBack.ended.contains(release.version.final)
      } else if let row {
        row.isEndOfLife
      } else if let series, let isEndOfLife = listedSeries[series] {
        isEndOfLife
      } else if !listed.isEmpty {
        series != nil
      } else if let facts, let lastDay {
        facts.hasEnded(on: lastDay)
      } else {
        // Whether the table of series is too short to know: a series newer than all in it has not ended.
        series != nil && history.series.newest.map { release.version.final <= $0 } ?? false
      }
    return ReleaseReport(
      version: release.version, channel: row?.channel ?? release.channel, date: release.date, isEndOfLife: hasEnded,
      endOfLifeDay: endOfLifeDay(facts, hasEnded: hasEnded), source: release.source)
  }

  /// The newest release of a channel or a series.
  /// - Parameter wanted: `mainline`, `rc`, `stable`, `longterm`, `linux-next`, or a series such as `6.1`.
  /// - Returns: nil when nothing fits.
  package func latest(_ wanted: String) -> ReleaseReport? {
    let rows = current
    switch wanted {
    case "rc":
      if let row = rows.first(where: { $0.version.kind == .candidate && !$0.version.isStableCandidate }) {
        return row
      }
      return history.newest { $0.version.kind == .candidate && !$0.version.isStableCandidate }.map { report($0) }
    case Channel.mainline.rawValue, Channel.stable.rawValue, Channel.longterm.rawValue, Channel.linuxNext.rawValue:
      return rows.filter { $0.channel.rawValue == wanted }.max { $0.version < $1.version }
    default:
      if let row = rows.filter({ $0.version.series == wanted && $0.version.candidate == nil }).max(by: {
        $0.version < $1.version
      }) {
        return row
      }
      let releases = history.releases(inSeries: wanted)
      return (releases.last { $0.version.candidate == nil } ?? releases.last).map { report($0) }
    }
  }

  /// The newest of every channel, in the order mainline, stable, longterm, linux-next.
  package var newestOfChannels: [ReleaseReport] { Channel.known.compactMap { latest($0.rawValue) } }
}
