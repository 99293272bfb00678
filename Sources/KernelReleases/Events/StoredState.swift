package import HostSystem

/// What is stored, as far as a feed's news depends on it.
package struct StoredState: Sendable, Equatable {
  /// Whether a state was ever stored. Before that nothing is news.
  package var isSeeded: Bool
  /// The rows that the last accepted state of the same format had.
  package var listed: [FeedRow]
  /// The stored releases of every series in ``listed`` and in the snapshot.
  package var known: KnownReleases
  /// Doubts that wait for a second fetch: what, and when it was first seen.
  package var suspicions: [String: Instant]
  /// A second opinion: the rows of the states of other formats, as far as they were confirmed after the last fetch of this
  /// one.
  package var others: [FeedRow] = []
  /// The doubts that feeds of other formats gave in the last day.
  package var doubtsOfOthers: Set<String> = []
  /// Versions that were told as skipped and that nothing has proven yet.
  package var presumed: Set<KernelVersion> = []
  /// Versions that mails announce or lists of files name, in the series of ``known``.
  package var evidence: [KernelVersion: Evidence] = [:]
  /// The newest stored release.
  package var newest: KernelVersion?
  /// The newest day of a stored release.
  package var newestDay: CalendarDay?
  /// The published ends of series that are stored; empty before the first feed of that kind.
  package var support: [String: SeriesSupport] = [:]
  /// The ids of the events that can come again: ends that moved, and names that changed.
  package var toldIDs: Set<String> = []
  /// The name that every series got with the last event of that kind.
  package var lastMonikers: [String: Channel] = [:]

  package init(
    isSeeded: Bool = false, listed: [FeedRow] = [], known: KnownReleases = KnownReleases(),
    suspicions: [String: Instant] = [:]
  ) {
    self.isSeeded = isSeeded
    self.listed = listed
    self.known = known
    self.suspicions = suspicions
  }
}

/// What speaks for the existence of a version besides a state that lists it.
package struct Evidence: Sendable, Equatable {
  /// The day of the mail that announced it; nil where no mail did.
  package var announcedOn: CalendarDay?
  /// Whether a mail announced it.
  package var isAnnounced: Bool
  /// Whether a list of published files names it.
  package var isPublished: Bool

  package init(announcedOn: CalendarDay? = nil, isAnnounced: Bool = false, isPublished: Bool = false) {
    self.announcedOn = announcedOn
    self.isAnnounced = isAnnounced
    self.isPublished = isPublished
  }
}

/// What follows from a snapshot: everything that is to be stored in one transaction.
package struct Derivation: Sendable, Equatable {
  /// In the order of their versions; empty for the first snapshot of all.
  package var events: [ReleaseEvent] = []
  /// The rows that are now the accepted state; nil where the snapshot is no state.
  package var listed: [FeedRow]?
  /// Those of ``listed`` that the snapshot itself does not have: they stay from the state before, for a doubt's sake, and
  /// are no second opinion for other feeds.
  package var held: Set<FeedRow> = []
  /// Releases to add or to correct; of a version only the row with the first channel.
  package var releases: [FeedRow] = []
  /// Releases that other sources than a state prove; their days are inferred.
  package var provenReleases: [FeedRow] = []
  /// Versions that were skipped and that nothing proves yet.
  package var presumed: Set<KernelVersion> = []
  /// The doubts that are open now.
  package var suspicions: [String: Instant] = [:]
  /// Mails to keep.
  package var announcements: [Announcement] = []
  /// Versions that a list of files names.
  package var published: [KernelVersion] = []
  /// Published ends to keep.
  package var support: [SeriesSupport] = []
  /// Records of vulnerabilities to keep.
  package var vulnerabilities: [Vulnerability] = []
  /// What the feed left out or had odd.
  package var warnings: [String] = []

  package init() {}

  /// How many things the snapshot had to store, for the first fetch.
  package var count: Int {
    releases.count + announcements.count + published.count + support.count + vulnerabilities.count
  }

  /// The state after it was stored; for replays without a database.
  package func applied(to state: StoredState) -> StoredState {
    var after = state
    after.isSeeded = state.isSeeded || listed != nil
    after.listed = listed ?? state.listed
    after.suspicions = suspicions
    for row in releases { after.known.put(row.version, row.day) }
    for row in provenReleases where after.known[row.version] == nil { after.known.put(row.version, nil) }
    after.presumed.formUnion(presumed)
    after.presumed.subtract(after.known.entries.map(\.version))
    for mail in announcements {
      after.evidence[mail.version, default: Evidence()].isAnnounced = true
      after.evidence[mail.version]?.announcedOn = mail.time.map { CalendarDay($0) }
    }
    for version in published { after.evidence[version, default: Evidence()].isPublished = true }
    for row in support { after.support[row.series] = row }
    for event in events where event.kind == .moniker || event.kind == .endOfLifeDate {
      after.toldIDs.insert(event.id)
      if event.kind == .moniker, let series = event.series { after.lastMonikers[series] = event.channel }
    }
    let new = releases + provenReleases
    after.newest = ([state.newest] + new.map(\.version).filter { $0.line == .releases }).compactMap { $0 }.max()
    after.newestDay = ([state.newestDay] + new.map(\.day)).compactMap { $0 }.max()
    return after
  }
}
