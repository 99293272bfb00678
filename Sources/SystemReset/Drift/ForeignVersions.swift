import DebianPackages

extension SystemAnalysis {
  /// Stock packages that somebody brought in a version that is not the distribution's, while the distribution has one.
  ///
  /// A version that an official archive offers is none of them, backports included. A version that nobody offers and that
  /// is older than the distribution's is only out of date.
  func foreignVersions() -> [ResetPlan.Drift.ForeignVersion] {
    var result: [ResetPlan.Drift.ForeignVersion] = []
    guard snapshot.profile != nil else { return [] }
    for (index, package) in graph.packages.enumerated() where stock.contains(index) {
      let candidates = snapshot.archive.candidates(named: package.id.name).filter {
        $0.id.architecture == package.id.architecture || $0.id.architecture == "all" || package.id.architecture == "all"
      }
      let official = candidates.filter { snapshot.isOfficial($0.origin) }
      guard !official.isEmpty, !official.contains(where: { $0.version == package.version }) else { continue }
      let usual = official.filter { !$0.origin.isNotAutomatic }
      guard let best = (usual.isEmpty ? official : usual).map(\.version).max() else { continue }
      let isOffered = candidates.contains { $0.version == package.version }
      guard isOffered || official.allSatisfy({ $0.version < package.version }) else { continue }
      result.append(
        .init(
          name: package.id.name, architecture: package.id.architecture, installed: package.version.text,
          official: best.text))
    }
    return result.sorted { ($0.name, $0.architecture) < ($1.name, $1.architecture) }
  }
}
