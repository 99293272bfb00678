import HostSystem

/// What a new state of the live series says.
extension EventDerivation {
  mutating func compareState(_ rows: [FeedRow]) {
    let rows = rows.map { withPossibleDay(withKnownChannel($0)) }
    compareWithPossibleDays(rows)
    result.held = Set(result.listed ?? []).subtracting(rows)
  }

  private mutating func compareWithPossibleDays(_ rows: [FeedRow]) {
    guard state.isSeeded else {
      result.listed = rows
      result.releases = firstOfEachVersion(rows)
      return
    }
    guard let trusted = withoutSteppingBack(rows) else {
      result.listed = state.listed
      return
    }
    let before = RowGroups(state.listed)
    let gone = goneGroups(trusted, before: before)
    for row in firstOfEachVersion(trusted) { take(row, in: trusted) }
    for group in RowGroups(result.listed ?? []).groups {
      compare(group.name, before: before[group.name]?.rows ?? [], now: group.rows)
    }
    for group in gone {
      let last = before[group]?.newest
      result.events.append(
        ReleaseEvent(
          kind: .vanished, id: "vanished:\(group):\(last?.description ?? "")", version: last, series: group,
          channel: before[group]?.rows.first?.channel, observed: observed))
    }
  }

  // MARK: Doubts

  /// Whether a doubt is settled: a second source says the same, or it has waited long enough. A new one is noted and
  /// reported.
  private mutating func isConfirmed(
    _ key: String, bySecondSource: Bool, version: KernelVersion?, series: String?, detail: String
  ) -> Bool {
    if bySecondSource || state.doubtsOfOthers.contains(key) { return true }
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

  /// A row that names no channel under that of its series before: what is missing is no change.
  private func withKnownChannel(_ row: FeedRow) -> FeedRow {
    guard snapshot.unnamed.contains(row.version), row.version.kind == .stable,
      let channel = state.listed.first(where: { $0.group == row.group && $0.channel != .mainline })?.channel
    else { return row }
    return FeedRow(
      channel: channel, version: row.version, isEndOfLife: row.isEndOfLife, day: row.day, time: row.time,
      archive: row.archive)
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
    let before = RowGroups(state.listed)
    let others = RowGroups(state.others)
    let steps = RowGroups(rows).groups.compactMap { now -> (group: String, from: KernelVersion, to: KernelVersion)? in
      guard let from = before[now.name]?.newest, let to = now.newest, to < from else { return nil }
      return (now.name, from, to)
    }
    if steps.count > 1 {
      let isAccepted = isConfirmed(
        "older:\(steps.map { $0.to.description }.joined(separator: ","))",
        bySecondSource: steps.allSatisfy { others[$0.group]?.newest == $0.to }, version: nil, series: nil,
        detail: "\(steps.count) series went back at once, \(steps[0].group) from \(steps[0].from) to \(steps[0].to)")
      return isAccepted ? rows : nil
    }
    var result = rows
    for (group, from, to) in steps {
      let isAccepted = isConfirmed(
        "backwards:\(group):\(to)", bySecondSource: others[group]?.newest == to, version: to, series: to.series,
        detail: "\(group) went back from \(from) to \(to)")
      if isAccepted {
        believedBackwards.insert(to)
      } else {
        result = result.filter { $0.group != group } + state.listed.filter { $0.group == group }
      }
    }
    let oldMainline = state.listed.filter { $0.channel == .mainline }
    guard let from = oldMainline.map(\.version).max(),
      let to = result.filter({ $0.channel == .mainline }).map(\.version).max(), to < from, to.series != from.series
    else { return result }
    let isAccepted = isConfirmed(
      "backwards:mainline:\(to)",
      bySecondSource: state.others.filter { $0.channel == .mainline }.map(\.version).max() == to,
      version: to, series: to.series, detail: "mainline went back from \(from) to \(to)")
    return isAccepted ? result : result.filter { $0.channel != .mainline } + oldMainline
  }

  /// The series that are listed no longer. Where more than three in ten are gone at once, or some are gone and a row cannot
  /// be read, the list is held to be damaged and the missing rows stay; and so does a series that a feed of another format
  /// still lists. Also settles ``Derivation/listed``.
  private mutating func goneGroups(_ rows: [FeedRow], before: RowGroups) -> [String] {
    let now = RowGroups(rows)
    let elsewhere = RowGroups(state.others)
    let gone = before.groups.map(\.name).filter { now[$0] == nil }
    var kept = gone.filter { elsewhere[$0] != nil }
    let hasHoles = !snapshot.isComplete && gone.contains { $0 != FeedRow.linuxNextGroup }
    if gone.count * 10 > before.groups.count * 3 || hasHoles {
      let isAccepted = isConfirmed(
        "shrunk:\(gone.joined(separator: ","))", bySecondSource: !elsewhere.groups.isEmpty && kept.isEmpty,
        version: nil,
        series: nil,
        detail: "\(gone.count) of \(before.groups.count) series \(gone.count == 1 ? "is" : "are") no longer listed"
          + (hasHoles ? ", and a row cannot be read" : ""))
      if !isAccepted { kept = gone }
    }
    result.listed = rows + kept.flatMap { before[$0]?.rows ?? [] }
    return gone.filter { $0 != FeedRow.linuxNextGroup && !kept.contains($0) }
  }

  // MARK: Releases

  private func firstOfEachVersion(_ rows: [FeedRow]) -> [FeedRow] {
    let order = { (row: FeedRow) in Channel.known.firstIndex(of: row.channel) ?? Channel.known.count }
    var first: [FeedRow] = []
    for row in rows.sorted(by: { ($0.version, order($0)) < ($1.version, order($1)) })
    where first.last?.version != row.version {
      first.append(row)
    }
    return first
  }

  private mutating func take(_ row: FeedRow, in rows: [FeedRow]) {
    if let stored = known[row.version] {
      correct(row, stored: stored.day)
      return
    }
    if state.presumed.contains(row.version) {
      return tell(row, previous: previousRelease(row.version), skipped: [], isPresumed: true)
    }
    guard isNews(row.version, day: row.day) || believedBackwards.contains(row.version) else {
      result.releases.append(row)
      known.put(row.version, row.day)
      return
    }
    if snapshot.contradicted.contains(row.version) {
      let isAccepted = isConfirmed(
        "contradiction:\(row.version)",
        bySecondSource: state.others.contains { $0.version == row.version } || state.evidence[row.version] != nil,
        version: row.version, series: row.version.series, detail: "\(row.version) is named as another version beside")
      if !isAccepted { return hold(row) }
    }
    // A day that cannot be casts doubt on the whole row.
    if row.day == nil, let original = snapshot.rows.first(where: { $0.version == row.version })?.day {
      let isAccepted = isConfirmed(
        "date:\(row.version)", bySecondSource: state.others.contains { $0.version == row.version },
        version: row.version, series: row.version.series, detail: "\(row.version) is dated \(original)")
      if !isAccepted { return hold(row) }
    }
    let previous = previousRelease(row.version)
    let gap = skippedNumbers(before: row.version, previous: previous)
    if gap.count > Self.widestGap {
      let isAccepted = isConfirmed(
        "gap:\(row.version)",
        bySecondSource: state.others.contains { $0.version == row.version } || state.evidence[row.version] != nil,
        version: row.version, series: row.version.series,
        detail: "\(row.version) would be \(gap.count) releases ahead")
      if !isAccepted { return hold(row) }
    }
    tell(
      row, previous: previous ?? previousMainline(row), skipped: missedFinal(before: row, in: rows) + gap.versions,
      isPresumed: believedBackwards.contains(row.version))
  }

  /// Leaves a row out of the new state, so that it is still news when it is believed.
  private mutating func hold(_ row: FeedRow) {
    var listed = (result.listed ?? []).filter { $0.version != row.version }
    listed += state.listed.filter { old in old.group == row.group && !listed.contains { $0.group == row.group } }
    result.listed = listed
  }

  /// Takes a day over that the same feed gave otherwise before, or that was not known. Where two feeds disagree the first
  /// one counts.
  private mutating func correct(_ row: FeedRow, stored: CalendarDay?) {
    guard let day = row.day, day != stored else { return }
    if let stored {
      guard state.listed.contains(where: { $0.version == row.version && $0.day == stored }) else {
        result.warnings.append("\(row.version) is dated \(day) here and \(stored) by another feed; that day is kept")
        return
      }
      result.events.append(
        ReleaseEvent(
          kind: .redated, id: "redated:\(row.group):\(row.version):\(day)", version: row.version,
          series: row.version.series, channel: row.channel, day: day, previous: stored.description, observed: observed))
    }
    result.releases.append(row)
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

  /// Compares how a series was listed with how it is listed now. Of a series that this feed did not list before it is not
  /// known how it was.
  private mutating func compare(_ group: String, before: [FeedRow], now: [FeedRow]) {
    let isNew = result.events.contains { $0.kind == .release && $0.series == group }
    if let ended = now.first(where: \.isEndOfLife), !before.contains(where: \.isEndOfLife), !before.isEmpty || isNew {
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
    // A feed of another format may have shown the same change before.
    if state.lastMonikers[group] == Channel(rawValue: name) { return }
    result.events.append(
      ReleaseEvent(
        kind: .moniker, id: newID("moniker:\(group):\(newest):\(name)"), version: newest, series: group,
        channel: Channel(rawValue: name), previous: old, observed: observed))
  }
}
