/// What is taken for stock, and how sure that is.
package struct Baseline: Sendable, Equatable {
  /// A package of the baseline.
  package struct Member: Sendable, Equatable {
    package let name: String
    /// nil where the record does not say: the native architecture or `all`.
    package let architecture: String?
    package let version: String?
    /// Whether it was installed only because others need it; nil where the record does not say.
    package let isAutomatic: Bool?

    package init(name: String, architecture: String? = nil, version: String? = nil, isAutomatic: Bool? = nil) {
      self.name = name
      self.architecture = architecture
      self.version = version
      self.isAutomatic = isAutomatic
    }
  }

  package var source: ResetPlan.BaselineSource
  /// The file that it was read from.
  package var path: String?
  /// All that were named: the list, its layers and removals, as absolute paths of the host in their order; empty for other sources.
  package var files: [String] = []
  /// The day of the record, `YYYY-MM-DD`.
  package var date: String?
  package var confidence: ResetPlan.Confidence
  package var notes: [String]
  /// The packages by name; nil for the root closure, which has no record and is found from the system's state.
  package var members: [String: [Member]]?
  /// The names of snaps that are part of it.
  package var snaps: Set<String>
  /// What forbids to act on this baseline without a look.
  package var blockers: [ResetPlan.Blocker]
  /// What could not be read and might have told more.
  package var notices: [SystemSnapshot.Notice] = []
  /// Whether it lists an image rather than a system: names for other hardware and languages stand there too.
  package var listsImage = false
  /// Whether a member may be planned for installation though no mark and no log speaks for it; not where the list may name
  /// more than was ever installed.
  package var plansUnmarked = true

  package init(
    source: ResetPlan.BaselineSource, path: String? = nil, date: String? = nil, confidence: ResetPlan.Confidence,
    notes: [String] = [], members: [String: [Member]]? = nil, snaps: Set<String> = [],
    blockers: [ResetPlan.Blocker] = []
  ) {
    self.source = source
    self.path = path
    self.date = date
    self.confidence = confidence
    self.notes = notes
    self.members = members
    self.snaps = snaps
    self.blockers = blockers
  }

  /// The baseline where there is no record: what defines the system, as far as it explains itself. The planner judges how
  /// much that is and sets the confidence.
  package static let rootClosure = Baseline(source: .rootClosure, confidence: .medium)

  /// The member that an installed package is; nil when the record does not have it.
  func member(name: String, architecture: String, native: String) -> Member? {
    members?[name]?.first { member in
      guard let recorded = member.architecture else { return architecture == native || architecture == "all" }
      if recorded == architecture { return true }
      // A package may turn from one architecture into `all`, or back, in an upgrade.
      return (recorded == "all" && architecture == native) || (recorded == native && architecture == "all")
    }
  }
}
