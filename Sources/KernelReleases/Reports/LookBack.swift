package import HostSystem

/// A day of the past, and what was current then.
package struct LookBack: Sendable, Equatable {
  /// The day, in UTC; all of it counts.
  package let day: CalendarDay
  /// The releases that were current at its end, newest first.
  package let current: [Release]
  /// The finals whose series had ended.
  package let ended: Set<KernelVersion>
}

extension KernelKnowledge {
  /// The day up to which releases are known: the one looked back to, the last fetch, or the end of the shipped history.
  package var knownUntil: CalendarDay? {
    lookBack?.day ?? fetched.map { CalendarDay($0.time) } ?? shippedUntil
  }

  /// What was known at the end of a day: the releases up to it, and the ends of life that were published by then.
  ///
  /// Whether a series had ended is told from the whole history, since the feeds of that day are gone. A release whose day
  /// is not known is left out. From the day of the last fetch on the answer is the present one, and without a fetch a day
  /// behind the end of the shipped history is answered as that end.
  package func at(_ day: CalendarDay) -> KernelKnowledge {
    if let fetched, CalendarDay(fetched.time) <= day { return self }
    let day = min(day, knownUntil ?? day)
    let known = history.releases.filter { release in
      (release.date?.day ?? release.version.snapshotDay).map { $0 <= day } ?? false
    }
    let current = Self.namedAsListed(history.current(on: day), history.series)
    let living = Set(current.map(\.version.final))
    return KernelKnowledge(
      history: ReleaseHistory(releases: known, series: history.series.published(by: day)), shippedUntil: shippedUntil,
      lookBack: LookBack(
        day: day, current: current,
        ended: Set(known.filter { $0.version.candidate == nil }.map(\.version.final)).subtracting(living)))
  }

  /// Finals behind mainline as `stable`, and so the newest longterm series where no other is alive: kernel.org always lists
  /// one as stable.
  private static func namedAsListed(_ current: [Release], _ series: SeriesTable) -> [Release] {
    func renamed(_ release: Release) -> Release {
      Release(version: release.version, date: release.date, channel: .stable, source: release.source)
    }
    var result = current.enumerated().map { index, release in
      index > 0 && release.version.kind == .final ? renamed(release) : release
    }
    let isStableAlive = result.contains { $0.channel == .stable || $0.version.kind == .final }
    if !isStableAlive, let newest = result.firstIndex(where: { $0.channel == .longterm }) {
      result[newest] = renamed(result[newest])
    }
    return result
  }
}

extension SeriesTable {
  /// The table as it could have been written on a day: the series whose finals were out, with the ends published by then.
  func published(by day: CalendarDay) -> SeriesTable {
    SeriesTable(
      series.values.filter { $0.finalDay <= day }.map { facts in
        let published = facts.published.filter { $0.seen <= day }
        var end: CalendarDay?
        if case .day(let value) = published.last?.value { end = value }
        return SeriesFacts(
          name: facts.name, isLongterm: facts.isLongterm, finalDay: facts.finalDay, endOfLife: end,
          published: published)
      })
  }
}
