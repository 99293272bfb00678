package import HostSystem

/// Compares a snapshot with what is stored and says what is new. Pure: the time comes in as a value.
///
/// A state feed shows one row per live series, so what came and went between two fetches is concluded from the numbers.
/// What is hardly true (a series that goes back, a list that shrinks, a day that cannot be) is held back with a `suspect`
/// event until a fetch at least an hour later says the same.
package struct EventDerivation {
  private let state: StoredState
  private let snapshot: FeedSnapshot
  private let observed: Instant
  private var result = Derivation()
  private var known: [KernelVersion: CalendarDay?]

  /// How long a doubt waits for its confirmation, in seconds.
  package static let confirmationDelay = 3600
  /// More releases than this between two fetches of a series are not believed at once.
  package static let widestGap = 200
  /// No release of Linux is older.
  package static let firstDay = CalendarDay(year: 1991, month: 1, day: 1)

  /// - Parameter observed: when the snapshot was fetched.
  package static func derive(from state: StoredState, _ snapshot: FeedSnapshot, observed: Instant) -> Derivation {
    var derivation = EventDerivation(state: state, snapshot: snapshot, observed: observed)
    derivation.run()
    return derivation.result
  }

  private init(state: StoredState, snapshot: FeedSnapshot, observed: Instant) {
    self.state = state
    self.snapshot = snapshot
    self.observed = observed
    known = state.known
  }

  private mutating func run() {
    result.warnings = snapshot.warnings
    let rows = snapshot.rows.map { withPossibleDay($0) }
    guard state.isSeeded else {
      result.listed = rows
      result.releases = firstOfEachVersion(rows)
      return
    }
    guard let trusted = withoutSteppingBack(rows) else {
      result.listed = state.listed
      return
    }
    let before = Dictionary(grouping: state.listed, by: \.group)
    let gone = goneGroups(trusted, before: before)
    for row in firstOfEachVersion(trusted) { take(row, in: trusted) }
    let after = Dictionary(grouping: result.listed, by: \.group)
    for group in after.keys.sorted() {
      compare(group, before: before[group] ?? [], now: after[group] ?? [])
    }
    for group in gone {
      let last = (before[group] ?? []).map(\.version).max()
      result.events.append(
        ReleaseEvent(
          kind: .vanished, id: "vanished:\(group):\(last?.description ?? "")", version: last, series: group,
          channel: before[group]?.first?.channel, observed: observed))
    }
  }

  // MARK: Doubts

  /// Whether a doubt has waited long enough. A new one is noted and reported.
  private mutating func isConfirmed(_ key: String, version: KernelVersion?, series: String?, detail: String) -> Bool {
    if let first = state.suspicions[key] {
      if observed.secondsSinceEpoch - first.secondsSinceEpoch >= Self.confirmationDelay { return true }
      result.suspicions[key] = first
      return false
    }
    if result.suspicions[key] == nil {
      result.suspicions[key] = observed
      result.events.append(
        ReleaseEvent(
          kind: .suspect, id: "suspect:\(key):\(observed)", version: version, series: series, detail: detail,
          observed: observed))
    }
    return false
  }

  private func isPossible(_ day: CalendarDay) -> Bool {
    if let first = Self.firstDay, day < first { return false }
    return day <= CalendarDay(observed) + 2
  }

  /// The row without a day that cannot be: such days are not stored.
  private mutating func withPossibleDay(_ row: FeedRow) -> FeedRow {
    guard let day = row.day, !isPossible(day) else { return row }
    result.warnings.append(
      "\(row.version) is dated \(day), which cannot be (if all are, look at this machine's clock); the day was left out"
    )
    return FeedRow(
      channel: row.channel, version: row.version, isEndOfLife: row.isEndOfLife, day: nil, archive: row.archive)
  }

  /// The rows in which no series, nor mainline, is older than it was; an older one is replaced by what was stored.
  /// - Returns: nil when several series went back at once: the whole snapshot is an older state, of a mirror that lags.
  private mutating func withoutSteppingBack(_ rows: [FeedRow]) -> [FeedRow]? {
    let before = Dictionary(grouping: state.listed, by: \.group).compactMapValues { $0.map(\.version).max() }
    let now = Dictionary(grouping: rows, by: \.group).compactMapValues { $0.map(\.version).max() }
    let steps = now.keys.sorted().compactMap { group -> (group: String, from: KernelVersion, to: KernelVersion)? in
      guard let from = before[group], let to = now[group], to < from else { return nil }
      return (group, from, to)
    }
    if steps.count > 1 {
      let isAccepted = isConfirmed(
        "older:\(steps.map { $0.to.description }.joined(separator: ","))", version: nil, series: nil,
        detail: "\(steps.count) series went back at once, \(steps[0].group) from \(steps[0].from) to \(steps[0].to)")
      return isAccepted ? rows : nil
    }
    var result = rows
    for (group, from, to) in steps {
      let isAccepted = isConfirmed(
        "backwards:\(group):\(to)", version: to, series: to.series, detail: "\(group) went back from \(from) to \(to)")
      if !isAccepted {
        result = result.filter { $0.group != group } + state.listed.filter { $0.group == group }
      }
    }
    let oldMainline = state.listed.filter { $0.channel == .mainline }
    guard let from = oldMainline.map(\.version).max(),
      let to = result.filter({ $0.channel == .mainline }).map(\.version).max(), to < from, to.series != from.series
    else { return result }
    let isAccepted = isConfirmed(
      "backwards:mainline:\(to)", version: to, series: to.series, detail: "mainline went back from \(from) to \(to)")
    return isAccepted ? result : result.filter { $0.channel != .mainline } + oldMainline
  }

  /// The series that are listed no longer. Where more than three in ten are gone at once, the list is held to be damaged
  /// and the missing rows stay. Also settles ``Derivation/listed``.
  private mutating func goneGroups(_ rows: [FeedRow], before: [String: [FeedRow]]) -> [String] {
    let gone = Set(before.keys).subtracting(rows.map(\.group)).sorted()
    result.listed = rows
    guard gone.count * 10 > before.count * 3 else { return gone.filter { $0 != FeedRow.linuxNextGroup } }
    let isAccepted = isConfirmed(
      "shrunk:\(gone.joined(separator: ","))", version: nil, series: nil,
      detail: "\(gone.count) of \(before.count) series are no longer listed")
    if isAccepted { return gone.filter { $0 != FeedRow.linuxNextGroup } }
    result.listed += gone.flatMap { before[$0] ?? [] }
    return []
  }

  // MARK: Releases

  private func firstOfEachVersion(_ rows: [FeedRow]) -> [FeedRow] {
    var seen: Set<KernelVersion> = []
    let order = { (row: FeedRow) in Channel.known.firstIndex(of: row.channel) ?? Channel.known.count }
    return rows.sorted { ($0.version, order($0)) < ($1.version, order($1)) }.filter { seen.insert($0.version).inserted }
  }

  private mutating func take(_ row: FeedRow, in rows: [FeedRow]) {
    if let stored = known[row.version] {
      correct(row, stored: stored)
      return
    }
    // A day that cannot be casts doubt on the whole row.
    if row.day == nil, let original = snapshot.rows.first(where: { $0.version == row.version })?.day {
      let isAccepted = isConfirmed(
        "date:\(row.version)", version: row.version, series: row.version.series,
        detail: "\(row.version) is dated \(original)")
      if !isAccepted { return hold(row) }
    }
    let previous = known.keys.filter {
      $0.line == row.version.line && $0.final == row.version.final && $0 < row.version
    }
    .max()
    let gap = skippedNumbers(before: row.version, previous: previous)
    if gap.count > Self.widestGap {
      let isAccepted = isConfirmed(
        "gap:\(row.version)", version: row.version, series: row.version.series,
        detail: "\(row.version) would be \(gap.count) releases ahead")
      if !isAccepted { return hold(row) }
    }
    if let series = row.version.series, series != "2.6.x", !known.keys.contains(where: { $0.series == series }) {
      result.events.append(
        ReleaseEvent(
          kind: .newSeries, id: "new_series:\(series)", version: row.version, series: series, channel: row.channel,
          day: row.day, observed: observed))
    }
    let skipped = missedFinal(before: row, in: rows) + (gap.count > Self.widestGap ? [] : gap.versions)
    if !skipped.isEmpty {
      result.events.append(
        ReleaseEvent(
          kind: .skipped, id: "skipped:\(row.group):\(row.version)", version: row.version, series: row.version.series,
          channel: row.channel, previous: previous?.description, skipped: skipped, presumed: true, observed: observed))
    }
    result.events.append(
      ReleaseEvent(
        kind: .release, id: "release:\(row.group):\(row.version)", version: row.version, series: row.version.series,
        channel: row.channel, day: row.day, previous: (previous ?? previousMainline(row))?.description,
        observed: observed))
    result.releases.append(row)
    known[row.version] = .some(row.day)
  }

  /// Leaves a row out of the new state, so that it is still news when it is believed.
  private mutating func hold(_ row: FeedRow) {
    result.listed.removeAll { $0.version == row.version }
    result.listed += state.listed.filter { old in
      old.group == row.group && !result.listed.contains { $0.group == row.group }
    }
  }

  private mutating func correct(_ row: FeedRow, stored: CalendarDay?) {
    guard let day = row.day, day != stored else { return }
    if let stored {
      result.events.append(
        ReleaseEvent(
          kind: .redated, id: "redated:\(row.group):\(row.version):\(day)", version: row.version,
          series: row.version.series, channel: row.channel, day: day, previous: stored.description, observed: observed))
    }
    result.releases.append(row)
  }

  /// The numbers between the newest known release of the same final and a new one; `versions` stays empty when they are
  /// more than are believed.
  private func skippedNumbers(
    before version: KernelVersion, previous: KernelVersion?
  ) -> (count: Int, versions: [KernelVersion]) {
    func between(_ low: Int, _ high: Int, _ make: (Int) -> KernelVersion) -> (Int, [KernelVersion]) {
      guard low < high else { return (0, []) }
      let count = high - low
      return (count, count > Self.widestGap ? [] : (low..<high).map(make))
    }
    guard version.line == .releases, !version.isStableCandidate else { return (0, []) }
    if let candidate = version.candidate {
      let isFollowing = previous?.final == version.final
      return between((isFollowing ? previous?.candidate ?? 0 : 0) + 1, candidate) { version.withCandidate($0) }
    }
    // Of a series that was never seen it is not known where it stood before.
    guard version.kind == .stable, let previous else { return (0, []) }
    let start = previous.candidate != nil && previous.stableNumber == 0 ? 0 : previous.stableNumber + 1
    return between(start, version.stableNumber) { version.withStableNumber($0) }
  }

  /// The final that must have come when mainline goes on to the next cycle and no row shows it.
  private func missedFinal(before row: FeedRow, in rows: [FeedRow]) -> [KernelVersion] {
    guard row.channel == .mainline, let old = previousMainline(row), old.candidate != nil,
      old.final < row.version.final, known[old.final] == nil,
      !rows.contains(where: { $0.version.final == old.final && $0.version.candidate == nil })
    else { return [] }
    return [old.final]
  }

  private func previousMainline(_ row: FeedRow) -> KernelVersion? {
    guard row.channel == .mainline else { return nil }
    return state.listed.filter { $0.channel == .mainline && $0.version < row.version }.map(\.version).max()
  }

  // MARK: Series

  /// Compares how a series was listed with how it is listed now.
  private mutating func compare(_ group: String, before: [FeedRow], now: [FeedRow]) {
    if let ended = now.first(where: \.isEndOfLife), !before.contains(where: \.isEndOfLife) {
      result.events.append(
        ReleaseEvent(
          kind: .endOfLife, id: "end_of_life:\(group):\(ended.version)", version: ended.version, series: group,
          channel: ended.channel, day: ended.day, observed: observed))
    }
    // A final is mainline first and stable later; that is its way, not a change.
    let oldNames = Set(before.map(\.channel)).subtracting([.mainline])
    let newNames = Set(now.map(\.channel)).subtracting([.mainline])
    guard !oldNames.isEmpty, !newNames.isEmpty, oldNames.isDisjoint(with: newNames),
      let name = newNames.map(\.rawValue).min(), let old = oldNames.map(\.rawValue).min(),
      let newest = now.map(\.version).max()
    else { return }
    result.events.append(
      ReleaseEvent(
        kind: .moniker, id: "moniker:\(group):\(newest):\(name)", version: newest, series: group,
        channel: Channel(rawValue: name), previous: old, observed: observed))
  }
}

extension FeedRow {
  static let linuxNextGroup = "linux-next"

  /// The series, or `linux-next`.
  package var group: String { version.series ?? Self.linuxNextGroup }
}
