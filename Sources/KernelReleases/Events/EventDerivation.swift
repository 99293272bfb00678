package import HostSystem

/// Compares a snapshot with what is stored and says what is new. Pure: the time comes in as a value.
///
/// A state feed shows one row per live series, so what came and went between two fetches is concluded from the numbers.
/// What is hardly true (a series that goes back, a list that shrinks, a day that cannot be) is held back with a `suspect`
/// event until a second source or a fetch at least an hour later says the same. Mails and lists of files fill the gaps: a
/// skipped release that one of them names is told once, as presumed.
package struct EventDerivation {
  let state: StoredState
  let snapshot: FeedSnapshot
  let observed: Instant
  var result = Derivation()
  /// The stored releases and those that this snapshot added so far.
  var known: KnownReleases
  /// What series went back to, and it was confirmed: news although something newer is known.
  var believedBackwards: Set<KernelVersion> = []

  /// How long a doubt waits for its confirmation, in seconds.
  package static let confirmationDelay = 3600
  /// More releases than this between two fetches of a series are not believed at once.
  package static let widestGap = 200
  /// No release of Linux is older.
  package static let firstDay = CalendarDay(year: 1991, month: 1, day: 1)

  /// - Parameter observed: when the snapshot was fetched.
  package static func derive(from state: StoredState, _ snapshot: FeedSnapshot, observed: Instant) -> Derivation {
    var derivation = EventDerivation(state: state, snapshot: snapshot, observed: observed)
    derivation.result.warnings = snapshot.warnings
    switch snapshot.content {
    case .state(let rows): derivation.compareState(rows)
    case .announcements(let mails): derivation.weigh(mails)
    case .versions(let versions): derivation.weigh(versions)
    case .support(let rows): derivation.compareSupport(rows)
    case .vulnerabilities(let records): derivation.result.vulnerabilities = records
    }
    return derivation.result
  }

  private init(state: StoredState, snapshot: FeedSnapshot, observed: Instant) {
    self.state = state
    self.snapshot = snapshot
    self.observed = observed
    known = state.known
  }

  /// Whether a day can be true: not before the first Linux, and not more than two days ahead.
  func isPossible(_ day: CalendarDay) -> Bool {
    if let first = Self.firstDay, day < first { return false }
    return day <= CalendarDay(observed) + 2
  }

  // MARK: A release that was not known

  /// Whether a release that is not stored is news: newer than everything that is known of its final, or the first of its
  /// final and either ahead of all finals or released lately. Anything else was there before this store was: a feed that
  /// lists more than the first one did, or one that lags.
  func isNews(_ version: KernelVersion, day: CalendarDay?) -> Bool {
    if let newest = known.newest(ofFinalOf: version) {
      return version > newest
    }
    guard version.line == .releases, let newest = state.newest else { return true }
    if version.final > newest.final { return true }
    guard let day, let last = state.newestDay else { return false }
    return day >= last + -2
  }

  /// Tells a release, with what it shows to have been skipped and the series that it begins.
  /// - Parameters:
  ///   - skipped: the versions between the one before and this one that nothing has shown.
  ///   - isPresumed: whether it was, or would have been, told as skipped.
  ///   - isListed: whether a state lists it; the day is then that of the tag.
  mutating func tell(
    _ row: FeedRow, previous: KernelVersion?, skipped: [KernelVersion], isPresumed: Bool = false, isListed: Bool = true
  ) {
    if let series = row.version.series, series != "2.6.x",
      !known.entries.contains(where: { $0.version.series == series }),
      state.newest.map({ row.version.final > $0.final }) ?? true
    {
      result.events.append(
        ReleaseEvent(
          kind: .newSeries, id: "new_series:\(series)", version: row.version, series: series, channel: row.channel,
          day: row.day, observed: observed))
    }
    if !skipped.isEmpty {
      result.events.append(
        ReleaseEvent(
          kind: .skipped, id: "skipped:\(row.group):\(row.version)", version: row.version, series: row.version.series,
          channel: row.channel, previous: previous?.description, skipped: skipped, presumed: true, observed: observed))
      for version in skipped {
        if let evidence = state.evidence[version] {
          prove(version, evidence, channel: row.channel)
        } else {
          result.presumed.insert(version)
        }
      }
    }
    result.events.append(
      ReleaseEvent(
        kind: .release, id: "release:\(row.group):\(row.version)", version: row.version, series: row.version.series,
        channel: row.channel, day: row.day, previous: previous?.description, presumed: isPresumed, observed: observed))
    if isListed {
      result.releases.append(row)
      known.put(row.version, row.day)
    } else {
      result.provenReleases.append(row)
      known.put(row.version, nil)
    }
  }

  /// Tells a release that was skipped and that another source than a state proves.
  /// - Parameter channel: that of the release which showed the gap.
  mutating func prove(_ version: KernelVersion, _ evidence: Evidence, channel: Channel?) {
    let isMainline = version.kind == .final || (version.candidate != nil && !version.isStableCandidate)
    let day = evidence.announcedOn.flatMap { isPossible($0) ? $0 : nil }
    let row = FeedRow(
      channel: isMainline ? .mainline : channel ?? Channel(of: version, isLongterm: false), version: version, day: day)
    tell(row, previous: previousRelease(version), skipped: [], isPresumed: true, isListed: false)
  }

  /// A number behind the id of what has happened before: an end that moves to a day that it had already, a series that gets a
  /// name back.
  func newID(_ id: String) -> String {
    var count = 1
    while state.toldIDs.contains(count == 1 ? id : "\(id):\(count)") { count += 1 }
    return count == 1 ? id : "\(id):\(count)"
  }

  /// The newest known release before a version within the same final.
  func previousRelease(_ version: KernelVersion) -> KernelVersion? {
    known.newest(ofFinalOf: version, before: version)
  }

  /// The numbers between the newest known release of the same final and a new one; `versions` stays empty when they are
  /// more than are believed.
  func skippedNumbers(
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
}

extension FeedRow {
  static let linuxNextGroup = "linux-next"

  /// The series, or `linux-next`.
  package var group: String { version.series ?? Self.linuxNextGroup }
}
