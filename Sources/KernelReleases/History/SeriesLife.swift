package import HostSystem

/// The life of a series: from its first candidate over its final to its last stable release.
package struct SeriesLife: Sendable, Equatable {
  /// The final that gives the series its name: `6.1`, `2.6.39`.
  package let final: KernelVersion
  /// The final's day; nil while it is not out, or where no source gives it.
  package let finalDate: ReleaseDate?
  /// Whether the final is out.
  package let isOut: Bool
  /// The known candidates of the final, in order.
  package let candidates: [Release]
  /// The highest candidate number; one whose day is not known counts.
  package let candidateCount: Int
  /// The stable releases, in order.
  package let stables: [Release]
  /// The final before.
  package let previousFinal: Neighbour?
  /// Whether kernel.org lists, or listed, the series as longterm.
  package let isLongterm: Bool
  /// Whether the series has ended.
  package let hasEnded: Bool
  /// The published end of life, past or projected; of an ended series without one the day of its last release.
  package let endOfLife: CalendarDay?
  /// The day up to which releases are known.
  package let knownUntil: CalendarDay

  /// The day of rc1; nil where no source gives it.
  package var firstDay: CalendarDay? { candidates.first.flatMap { $0.version.candidate == 1 ? $0.date?.day : nil } }

  /// From rc1 to the final.
  package var daysToFinal: Int? { finalDate.flatMap { final in firstDay.map { final.day - $0 } } }

  /// From the final before to this one.
  package var daysSincePreviousFinal: Int? {
    finalDate.flatMap { final in previousFinal?.date.map { final.day - $0.day } }
  }

  /// The newest release of the series; of a series whose final is not out the newest candidate.
  package var newest: Release? { stables.last ?? finalRelease ?? candidates.last }

  private var finalRelease: Release? {
    isOut ? Release(version: final, date: finalDate, channel: .mainline, source: Release.shipped) : nil
  }

  /// From the final to the last release of an ended series; of a living one to the day up to which releases are known.
  package var lifeDays: Int? {
    guard let start = finalDate?.day else { return nil }
    return (hasEnded ? newest?.date?.day ?? start : knownUntil) - start
  }

  /// Candidates, the final and stable releases, in order. A candidate that no source gives stands there without a day where
  /// a later one is known.
  package var releases: [Release] {
    var all: [Release] = []
    for candidate in candidates {
      let next = (all.last?.version.candidate ?? 0) + 1
      for missing in next..<max(next, candidate.version.candidate ?? next) {
        all.append(
          Release(version: final.withCandidate(missing), date: nil, channel: .mainline, source: Release.shipped))
      }
      all.append(candidate)
    }
    return all + [finalRelease].compactMap { $0 } + stables
  }

  /// Every series that is known, newest first.
  package static func all(_ knowledge: KernelKnowledge) -> [SeriesLife] {
    let releases = knowledge.history.releases.filter { $0.version.line == .releases && !$0.version.isStableCandidate }
    var lives: [SeriesLife] = []
    var start = 0
    var previousFinal: Neighbour?
    while start < releases.count {
      let final = releases[start].version.final
      var end = start
      while end < releases.count, releases[end].version.final == final { end += 1 }
      let life = SeriesLife(final, releases[start..<end], previousFinal: previousFinal, knowledge)
      if life.isOut { previousFinal = Neighbour(version: final, date: life.finalDate) }
      lives.append(life)
      start = end
    }
    return lives.reversed()
  }

  private init(
    _ final: KernelVersion, _ releases: ArraySlice<Release>, previousFinal: Neighbour?, _ knowledge: KernelKnowledge
  ) {
    let candidates = releases.filter { $0.version.candidate != nil }
    let stables = releases.filter { $0.version.kind == .stable }
    let finalRelease = releases.first { $0.version.kind == .final }
    let newest = (stables.last ?? finalRelease).map(knowledge.report)
    self.final = final
    self.candidates = candidates
    self.stables = stables
    self.previousFinal = previousFinal
    candidateCount = candidates.last?.version.candidate ?? 0
    finalDate = finalRelease?.date
    // A feed may show a stable release of a series whose final nobody saw.
    isOut = finalRelease != nil || !stables.isEmpty
    isLongterm =
      knowledge.history.series[of: final]?.isLongterm ?? stables.contains { $0.channel == .longterm }
    hasEnded = newest?.isEndOfLife ?? false
    endOfLife = newest?.endOfLifeDay ?? (newest?.isEndOfLife == true ? newest?.date?.day : nil)
    knownUntil = knowledge.knownUntil ?? finalRelease?.date?.day ?? CalendarDay(daysSinceEpoch: 0)
  }
}

extension SeriesLife: Encodable {
  package func encode(to encoder: any Encoder) throws {
    enum Keys: String, CodingKey {
      case final, date, dateConfidence, candidates, firstCandidateDate, daysToFinal, daysSincePreviousFinal
      case stableReleases, newest, newestDate, longterm, lifeDays, endOfLife, endOfLifeDate
    }
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(final, forKey: .final)
    try container.encode(finalDate?.day.description, forKey: .date)
    try container.encode(finalDate?.confidence, forKey: .dateConfidence)
    try container.encode(candidateCount, forKey: .candidates)
    try container.encode(firstDay?.description, forKey: .firstCandidateDate)
    try container.encode(daysToFinal, forKey: .daysToFinal)
    try container.encode(daysSincePreviousFinal, forKey: .daysSincePreviousFinal)
    try container.encode(stables.count, forKey: .stableReleases)
    try container.encode(newest?.version, forKey: .newest)
    try container.encode(newest?.date?.day.description, forKey: .newestDate)
    try container.encode(isLongterm, forKey: .longterm)
    try container.encode(lifeDays, forKey: .lifeDays)
    try container.encode(hasEnded, forKey: .endOfLife)
    try container.encode(endOfLife?.description, forKey: .endOfLifeDate)
  }
}

/// Series and their lives, or one of them with all its releases: the document `toolbox.kernel.history/1`.
package struct HistoryDocument: Sendable, Encodable {
  /// Newest first.
  package let lives: [SeriesLife]
  /// The releases of the one series that was asked for, newest first; nil where several are shown.
  package let releases: [Step]?
  /// The day that was looked back to.
  package let at: CalendarDay?

  /// A release, and the days since the one before it.
  package struct Step: Sendable, Encodable {
    /// The release.
    package let release: Release
    /// nil for the first one, and where a day is not known.
    package let gapDays: Int?

    package func encode(to encoder: any Encoder) throws {
      enum Keys: String, CodingKey { case version, kind, date, dateConfidence, gapDays }
      var container = encoder.container(keyedBy: Keys.self)
      try container.encode(release.version, forKey: .version)
      try container.encode(release.version.kind, forKey: .kind)
      try container.encode(release.date?.day.description, forKey: .date)
      try container.encode(release.date?.confidence, forKey: .dateConfidence)
      try container.encode(gapDays, forKey: .gapDays)
    }
  }

  /// Several series.
  package init(_ lives: [SeriesLife], at: CalendarDay?) {
    self.lives = lives
    self.at = at
    releases = nil
  }

  /// One series with its releases.
  /// - Parameter limit: so many of the newest; nil for all.
  package init(_ life: SeriesLife, limit: Int?, at: CalendarDay?) {
    lives = [life]
    self.at = at
    let all = life.releases
    let steps = all.enumerated().map { index, release in
      let before = index > 0 ? all[index - 1].date : nil
      let gap = release.date.flatMap { date in before.map { date.day - $0.day } }
      return Step(release: release, gapDays: gap)
    }
    releases = Array(steps.reversed().prefix(limit ?? .max))
  }

  package func encode(to encoder: any Encoder) throws {
    enum Keys: String, CodingKey { case schema, cycles, releases, at }
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode("toolbox.kernel.history/1", forKey: .schema)
    try container.encode(lives, forKey: .cycles)
    try container.encode(releases, forKey: .releases)
    try container.encode(at?.description, forKey: .at)
  }
}
