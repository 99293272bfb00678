package import HostSystem

/// What is stored, as far as a feed's news depends on it.
package struct StoredState: Sendable, Equatable {
  /// Whether a feed was ever stored. Before that nothing is news.
  package var isSeeded: Bool
  /// The rows that the last accepted state of a feed of the same format had.
  package var listed: [FeedRow]
  /// The stored releases of every series in ``listed`` and in the snapshot, with their days.
  package var known: [KernelVersion: CalendarDay?]
  /// Doubts that wait for a second fetch: what, and when it was first seen.
  package var suspicions: [String: Instant]

  package init(
    isSeeded: Bool = false, listed: [FeedRow] = [], known: [KernelVersion: CalendarDay?] = [:],
    suspicions: [String: Instant] = [:]
  ) {
    self.isSeeded = isSeeded
    self.listed = listed
    self.known = known
    self.suspicions = suspicions
  }
}

/// What follows from a snapshot: everything that is to be stored in one transaction.
package struct Derivation: Sendable, Equatable {
  /// In the order of their versions; empty for the first snapshot of all.
  package var events: [ReleaseEvent] = []
  /// The rows that are now the accepted state.
  package var listed: [FeedRow] = []
  /// Releases to add or to correct; of a version only the row with the first channel.
  package var releases: [FeedRow] = []
  /// The doubts that are open now.
  package var suspicions: [String: Instant] = [:]
  /// What the feed left out or had odd.
  package var warnings: [String] = []

  package init() {}

  /// The state after it was stored; for replays without a database.
  package func applied(to state: StoredState) -> StoredState {
    var known = state.known
    for row in releases { known[row.version] = .some(row.day) }
    return StoredState(isSeeded: true, listed: listed, known: known, suspicions: suspicions)
  }
}
