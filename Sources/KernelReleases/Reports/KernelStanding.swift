package import HostSystem

/// Where a kernel stands among the releases: how far behind, and how its series is doing.
package struct KernelStanding: Sendable, Equatable {
  /// How the kernel compares with the newest release of its series.
  package let comparison: Comparison
  /// What is known of its series, or of the series that its base belongs to; nil where there is none.
  package let series: Series?

  /// How a kernel compares with the newest release of its series.
  package enum Comparison: Sendable, Equatable {
    /// By so much; nothing where it is the newest.
    case behind(Behind)
    /// It is newer than every release of its series that is known.
    case newerThanKnown
    /// Its vendor took over what it chose into this base; since then so many finals came out upstream.
    case ownBase(KernelVersion, finalsSince: Int)
    /// Only the series is known.
    case onlySeries(KernelVersion)
    /// Nothing compares: no kernel, no number, or a snapshot.
    case nothing
  }

  /// The way to the newest release of the same series.
  package struct Behind: Sendable, Equatable {
    /// How many releases of the series are newer.
    package let releases: Int
    /// From the day of the running release to that of the newest; nil where one of the days is not known.
    package let days: Int?
    /// The newest of the series.
    package let newest: Neighbour
  }

  /// A series.
  package struct Series: Sendable, Equatable {
    /// `6.1`
    package let name: String
    /// Whether kernel.org keeps it for years.
    package let isLongterm: Bool
    /// Whether it has ended.
    package let hasEnded: Bool
    /// The published end, past or projected; nil where none was published.
    package let endDay: CalendarDay?
    /// From today to the published end; negative behind it.
    package let daysLeft: Int?
    /// Whether it ended before the day that was announced.
    package var isEarly: Bool { hasEnded && daysLeft.map { $0 > 0 } ?? false }
    /// Its newest release; nil where none is known.
    package let newest: Neighbour?
    /// The newest release of the next series that has not ended, a longterm one where there is one; only of ended series.
    package let successor: Neighbour?
    /// Whether ``successor`` is of a longterm series.
    package let isSuccessorLongterm: Bool
  }

  /// The way to the newest release; nil where nothing compares.
  package var behind: Behind? {
    if case .behind(let behind) = comparison { return behind }
    return nil
  }
}

extension KernelStanding {
  /// Compares a kernel with what is known.
  /// - Parameter today: the day of the answer, for the days that are left.
  package init(of identity: KernelIdentity?, in knowledge: KernelKnowledge, today: CalendarDay) {
    comparison = Self.comparison(identity, knowledge.history)
    series = identity?.base.flatMap { Self.series(of: $0, in: knowledge, today: today) }
  }

  private static func comparison(_ identity: KernelIdentity?, _ history: ReleaseHistory) -> Comparison {
    guard let identity else { return .nothing }
    guard let upstream = identity.upstream else {
      guard let base = identity.base else { return .nothing }
      if identity.confidence == .series { return .onlySeries(base) }
      return .ownBase(base, finalsSince: history.releases.count { $0.version.kind == .final && $0.version > base })
    }
    guard upstream.line == .releases else { return .nothing }
    let relatives = history.relatives(of: upstream).filter { !$0.version.isStableCandidate }
    guard let newest = relatives.last, newest.version >= upstream else { return .newerThanKnown }
    let days = history[upstream]?.date.flatMap { own in newest.date.map { $0.day - own.day } }
    return .behind(
      Behind(
        releases: relatives.count { $0.version > upstream } + unseen(relatives, from: upstream), days: days,
        newest: Neighbour(newest)))
  }

  /// How many releases between the known ones came out as well: their numbers follow each other. The feed shows the newest
  /// alone, and of the last days before it was built the shipped history may lack some.
  private static func unseen(_ relatives: [Release], from upstream: KernelVersion) -> Int {
    var last = upstream.candidate == nil ? upstream.stableNumber : upstream.stableNumber - 1
    var count = 0
    for release in relatives where release.version.candidate == nil && release.version.stableNumber > last {
      let gap = release.version.stableNumber - last - 1
      // A wide gap inside the shipped history is true: after 3.16.7 came 3.16.35.
      if gap < 10 || release.source != Release.shipped { count += gap }
      last = release.version.stableNumber
    }
    return count
  }

  private static func series(
    of base: KernelVersion, in knowledge: KernelKnowledge, today: CalendarDay
  ) -> Series? {
    guard let name = base.series else { return nil }
    let history = knowledge.history
    let newest = history.relatives(of: base).last { !$0.version.isStableCandidate }
    let report = newest.map { knowledge.report($0) }
    let endDay = history.series[name]?.endOfLife
    let isListed = knowledge.listed.contains { $0.version.series == name && !$0.isEndOfLife }
    let hasEnded = report?.isEndOfLife ?? false || (!isListed && endDay.map { $0 < today } ?? false)
    var next: ReleaseReport?
    if hasEnded {
      let living = knowledge.current.filter { row in
        row.version.line == .releases && !row.isEndOfLife && row.version.candidate == nil && row.version.final > base
          && !(row.endOfLifeDay.map { $0 < today } ?? false)
      }.sorted { $0.version < $1.version }
      next = living.first { history.series[$0.version.series]?.isLongterm ?? false } ?? living.first
    }
    return Series(
      name: name, isLongterm: history.series[name]?.isLongterm ?? (report?.channel == .longterm), hasEnded: hasEnded,
      endDay: endDay, daysLeft: endDay.map { $0 - today }, newest: newest.map { Neighbour($0) },
      successor: next.map { Neighbour(version: $0.version, date: $0.date) },
      isSuccessorLongterm: history.series[next?.version.series]?.isLongterm ?? false)
  }
}
