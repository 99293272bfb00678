/// What counts as stock on a system: the document `toolbox.reset.baseline-summary/1`.
package struct BaselineSummaryDocument: Sendable, Codable, Equatable {
  package var schema = "toolbox.reset.baseline-summary/1"
  package var baseline: ResetPlan.BaselineSummary
  /// What forbids to act on it without a look.
  package var blockers: [ResetPlan.Blocker]

  /// - Parameter plan: a plan of the system.
  package init(_ plan: ResetPlan) {
    baseline = plan.baseline
    blockers = plan.blockers
  }
}

extension ResetPlan.BaselineSummary {
  /// What was taken for stock, for people.
  package var title: String { source.title + (path.map { " \($0)" } ?? "") }
}
