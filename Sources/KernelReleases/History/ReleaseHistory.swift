package import HostSystem

/// Releases in the order of their versions, with what a reader asks about them: neighbours, cycles, the newest of a series.
///
/// The shipped table makes one, the database adds to it. A value; nothing here reads files or the clock.
package struct ReleaseHistory: Sendable {
  /// Sorted by version, each version once. Snapshots of linux-next stand first.
  package let releases: [Release]
  /// What is known of the series.
  package let series: SeriesTable

  /// - Parameter releases: in any order; of a version that stands there twice the later one counts.
  package init(releases: [Release], series: SeriesTable) {
    var sorted = releases
    let isSorted = zip(sorted, sorted.dropFirst()).allSatisfy { $0.version < $1.version }
    if !isSorted {
      var byVersion: [KernelVersion: Release] = [:]
      byVersion.reserveCapacity(releases.count)
      for release in releases { byVersion[release.version] = release }
      sorted = byVersion.values.sorted { $0.version < $1.version }
    }
    self.releases = sorted
    self.series = series
  }

  /// The history of the shipped table.
  ///
  /// Of a series that the table of series does not have, mostly one of before 2016, its life tells whether it was longterm:
  /// others end some weeks after the next final.
  package init(rows: [ReleaseTable.Row], series: SeriesTable) {
    var finals: [(version: KernelVersion, day: CalendarDay)] = []
    var lastDays: [KernelVersion: CalendarDay] = [:]
    for row in rows where row.version.candidate == nil {
      let final = row.version.final
      if row.version == final { finals.append((final, row.date.day)) }
      lastDays[final] = max(lastDays[final] ?? row.date.day, row.date.day)
    }
    var longterm: Set<KernelVersion> = []
    for (index, (final, _)) in finals.enumerated() {
      if let facts = series[final.cycleName] {
        if facts.isLongterm { longterm.insert(final) }
      } else if index + 1 < finals.count, let last = lastDays[final], last - finals[index + 1].day > 100 {
        longterm.insert(final)
      }
    }
    let releases = rows.map { row in
      Release(
        version: row.version, date: row.date,
        channel: Channel(
          of: row.version, isLongterm: row.version.kind == .stable && longterm.contains(row.version.final)),
        source: Release.shipped)
    }
    self.init(releases: releases, series: series)
  }

  /// This history with more releases. A stored release replaces the shipped one of the same version, except that a day
  /// that it lacks is taken from the shipped one.
  /// - Parameter stored: sorted by version, each version once.
  package func adding(_ stored: [Release]) -> ReleaseHistory {
    if stored.isEmpty { return self }
    var merged: [Release] = []
    merged.reserveCapacity(releases.count + stored.count)
    var index = 0
    for release in stored {
      while index < releases.count, releases[index].version < release.version {
        merged.append(releases[index])
        index += 1
      }
      guard index < releases.count, releases[index].version == release.version else {
        merged.append(release)
        continue
      }
      let known = releases[index]
      index += 1
      merged.append(
        release.date != nil
          ? release
          : Release(version: release.version, date: known.date, channel: release.channel, source: known.source))
    }
    merged += releases[index...]
    return ReleaseHistory(releases: merged, series: series)
  }

  /// The place of the first release that is not before `version`.
  private func lowerBound(_ version: KernelVersion) -> Int { releases.partitionPoint { $0.version < version } }

  /// The release of a version; nil when it is not known.
  package subscript(version: KernelVersion) -> Release? {
    let index = lowerBound(version)
    return index < releases.count && releases[index].version == version ? releases[index] : nil
  }

  /// The day of the newest release whose day is known; what the history knows ends there.
  package var lastDay: CalendarDay? { releases.compactMap { $0.date?.day }.max() }

  /// Everything that belongs to one final: its candidates, itself and its stable releases, in order.
  package func relatives(of version: KernelVersion) -> ArraySlice<Release> {
    guard version.line == .releases else { return [] }
    let start = lowerBound(version.final.withCandidate(1))
    var end = start
    while end < releases.count, releases[end].version.final == version.final { end += 1 }
    return releases[start..<end]
  }

  /// The releases of a series by the name that kernel.org gives it (`6.1`, `2.6.x`), or of an old final (`2.6.39`), in order.
  package func releases(inSeries name: String) -> [Release] {
    releases.filter { $0.version.series == name || ($0.version.line == .releases && $0.version.cycleName == name) }
  }

  /// The cycle that led to the final of a version; nil for linux-next and where nothing of it is known.
  package func cycle(of version: KernelVersion) -> ReleaseCycle? {
    guard version.line == .releases else { return nil }
    let rows = relatives(of: version).filter { !$0.version.isStableCandidate && $0.version.stableNumber == 0 }
    guard !rows.isEmpty else { return nil }
    return ReleaseCycle(
      final: version.final, candidates: rows.filter { $0.version.candidate != nil },
      finalRelease: rows.first { $0.version.kind == .final },
      previousFinal: newest { $0.version.kind == .final && $0.version < version.final })
  }

  /// The newest release line by version that fulfils a condition, linux-next left out.
  package func newest(where condition: (Release) -> Bool) -> Release? {
    releases.last { $0.version.line == .releases && condition($0) }
  }

  /// A release that shows a version to be out: the version itself; a later candidate or the final, for a candidate; a later
  /// stable release, for a final or a stable one; and for what came before a final the next cycle.
  /// - Returns: nil when nothing shows it. A candidate shows nothing about its final.
  package func proof(of version: KernelVersion) -> Release? {
    if let release = self[version] { return release }
    if version.line == .linuxNext { return releases.first { $0.version.line == .linuxNext && $0.version > version } }
    let later = relatives(of: version).first { other in
      other.version > version && (version.candidate != nil || other.version.candidate == nil)
    }
    if let later { return later }
    guard version.isMainline else { return nil }
    return releases.first { $0.version.isMainline && $0.version.final > version.final }
  }

  /// The release directly before a version among its relatives; for the first candidate the final before.
  package func before(_ version: KernelVersion) -> Neighbour? {
    if version.line == .linuxNext {
      return releases.last { $0.version.line == .linuxNext && $0.version < version }.map { Neighbour($0) }
    }
    if let candidate = version.candidate, !version.isStableCandidate {
      if candidate > 1 { return neighbour(version.withCandidate(candidate - 1)) }
      return newest { $0.version.kind == .final && $0.version < version.final }.map { Neighbour($0) }
    }
    return relatives(of: version).last { $0.version < version }.map { Neighbour($0) }
  }

  /// The release directly behind a version among its relatives; nil when none is known.
  package func after(_ version: KernelVersion) -> Neighbour? {
    if version.line == .linuxNext {
      return releases.first { $0.version.line == .linuxNext && $0.version > version }.map { Neighbour($0) }
    }
    if let candidate = version.candidate, !version.isStableCandidate, let cycle = cycle(of: version),
      candidate < cycle.candidateCount
    {
      return neighbour(version.withCandidate(candidate + 1))
    }
    return relatives(of: version).first { $0.version > version }.map { Neighbour($0) }
  }

  private func neighbour(_ version: KernelVersion) -> Neighbour {
    self[version].map { Neighbour($0) } ?? Neighbour(version: version, date: nil)
  }

  /// The known versions nearest to one that is not known: of the same final where there are any, else around its place.
  package func nearest(to version: KernelVersion, limit: Int = 4) -> [KernelVersion] {
    let index = lowerBound(version)
    let lower = max(0, index - limit)
    let upper = min(releases.count, index + limit)
    let around = releases[lower..<upper].map(\.version).filter { $0.line == version.line }
    let relatives = around.filter { $0.final == version.final }
    let pool = relatives.isEmpty ? around : relatives
    let above = pool.filter { $0 > version }
    let below = pool.filter { $0 < version }.suffix(max(limit / 2, limit - above.count))
    return Array(below + above.prefix(limit - below.count))
  }

  /// The releases that were current on a day: the newest of mainline, and of every series that had not ended, newest
  /// first; the newest snapshot of linux-next stands last.
  ///
  /// Later days of the history help: a series with a release on that day or later had not ended. Where there is none the
  /// published end decides, and without one a series counts that is one of the two newest and had a release in the
  /// ``quietDays`` before the history ends, since a series that is not longterm ends some weeks after the next final.
  package func current(on day: CalendarDay) -> [Release] {
    var newestOfSeries: [KernelVersion: Release] = [:]
    var lastDays: [KernelVersion: CalendarDay] = [:]
    var newestMainline: Release?
    var snapshot: Release?
    var end = day
    // The highest version's day, not the latest one: 2.6.35.13 was tagged long after 2.6.35.14.
    for release in releases {
      let version = release.version
      guard let date = release.date?.day ?? version.snapshotDay, !version.isStableCandidate else { continue }
      if version.line == .linuxNext {
        if date <= day, day - date <= 14 { snapshot = release }
        continue
      }
      end = max(end, date)
      if version.candidate == nil { lastDays[version.final] = date }
      guard date <= day else { continue }
      if version.kind != .stable { newestMainline = release }
      if version.candidate == nil { newestOfSeries[version.final] = release }
    }
    var living: [Release] = []
    let newest = newestOfSeries.sorted { $0.key > $1.key }
    for (index, (final, release)) in newest.enumerated() {
      guard let last = lastDays[final] else { continue }
      let facts = series[final.cycleName]
      if last < day {
        if facts?.hasEnded(on: day) == true { continue }
        let isOpen = facts.map { $0.endOfLife == nil } ?? true
        if isOpen, index >= 2 || end - last > Self.quietDays { continue }
      }
      living.append(release)
    }
    return [newestMainline].compactMap { $0 } + living.filter { $0.version != newestMainline?.version }
      + [snapshot].compactMap { $0 }
  }

  /// A series without a published end that was quiet for longer has ended.
  private static let quietDays = 60
}

/// A release named beside another one; its day may be unknown.
package struct Neighbour: Sendable, Hashable {
  /// The version.
  package let version: KernelVersion
  /// Its day; nil where no source gives it.
  package let date: ReleaseDate?

  package init(version: KernelVersion, date: ReleaseDate?) {
    self.version = version
    self.date = date
  }

  package init(_ release: Release) { self.init(version: release.version, date: release.date) }
}

/// The way from the first candidate to a final.
package struct ReleaseCycle: Sendable {
  /// The final that the cycle leads to, out or not.
  package let final: KernelVersion
  /// The known candidates in order; one may be missing where no source gives its day.
  package let candidates: [Release]
  /// nil while the final is not out, or not known.
  package let finalRelease: Release?
  /// The final that the cycle began after.
  package let previousFinal: Release?

  /// How many candidates there were so far: the highest number, since a candidate without a known day existed all the same.
  package var candidateCount: Int { candidates.last?.version.candidate ?? 0 }

  /// The day of the first candidate; nil when it is not known.
  package var firstDay: CalendarDay? {
    candidates.first { $0.version.candidate == 1 }?.date?.day
  }
}
