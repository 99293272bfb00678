/// Whether a system is stock, in figures: the document `toolbox.reset.check/1`.
package struct CheckDocument: Sendable, Codable, Equatable {
  package var schema = "toolbox.reset.check/1"
  /// Whether a reset would change nothing.
  package var isStock: Bool
  package var remove: Int
  package var install: Int
  package var downgrade: Int
  package var users: Int
  package var freedBytes: Int
  package var confidence: ResetPlan.Confidence
  /// The ids of what stands in the way.
  package var blockers: [String]

  package init(_ plan: ResetPlan) {
    remove = plan.summary.remove
    install = plan.summary.install
    downgrade = plan.summary.downgrade
    users = plan.summary.usersRemoved
    freedBytes = plan.summary.freedBytes
    confidence = plan.baseline.confidence
    blockers = plan.blockers.map(\.id)
    isStock = remove == 0 && install == 0 && downgrade == 0 && users == 0
  }
}
