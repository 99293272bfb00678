import DebianPackages

/// Which packages go, what each of them is, and why.
struct RemovalPlanning {
  private let analysis: SystemAnalysis
  private var snapshot: SystemSnapshot { analysis.snapshot }
  private var graph: DependencyGraph { analysis.graph }

  init(_ analysis: SystemAnalysis) { self.analysis = analysis }

  func removals() -> [ResetPlan.Removal] {
    let spare = Set(analysis.spareKernels.flatMap(\.packages).compactMap { graph.index(of: $0) })
    let going = graph.packages.indices.filter { index in
      guard !analysis.kept.contains(index) else { return false }
      return analysis.selection.includes(.packages) || analysis.forced[index] != nil || spare.contains(index)
    }
    // Chains start at what somebody chose: by its mark, or by naming it now.
    let roots = going.filter {
      analysis.isManual($0) || analysis.forced[$0]?.cause == nil && analysis.forced[$0] != nil
    }
    let chosen = graph.closure(of: roots, withRecommends: true)
    var result = going.map { index -> ResetPlan.Removal in
      let package = graph.packages[index]
      let chain = chosen.chain(to: index).map { graph.packages[$0].id.name }
      let (kind, reason) =
        spare.contains(index)
        ? (.kernel, "belongs to an old kernel" + (analysis.selection.keepKernelsFrom.map { " (\($0))" } ?? ""))
        : classify(index, isRoot: analysis.isManual(index), chain: chain)
      return ResetPlan.Removal(
        name: package.id.name, architecture: package.id.architecture, version: package.version.text, class: kind,
        reason: reason, because: chain, installedSizeBytes: package.installedSizeBytes,
        purge: analysis.selection.purge && !snapshot.storedData.isEndangered(byPurgeOf: package.id.name))
    }
    if analysis.selection.purge, analysis.selection.includes(.packages) {
      result += leftConfiguration()
    }
    return result.sorted { ($0.name, $0.architecture) < ($1.name, $1.architecture) }
  }

  /// What goes, closed from what somebody chose: by its mark, or by naming it now.
  func chosenClosure(_ going: [Int]) -> DependencyGraph.Closure {
    let roots = going.filter { index in
      analysis.isManual(index) || analysis.forced[index].map { $0.cause == nil } ?? false
    }
    return graph.closure(of: roots, withRecommends: true)
  }

  /// Packages that were removed and whose configuration files are still there.
  private func leftConfiguration() -> [ResetPlan.Removal] {
    snapshot.status.packages.filter {
      $0.state == .configFiles && !$0.isHeld && !snapshot.storedData.isEndangered(byPurgeOf: $0.id.name)
        && analysis.selection.keep.matching($0.id.name) == nil
    }
    .map { package in
      ResetPlan.Removal(
        name: package.id.name, architecture: package.id.architecture, version: package.version.text,
        class: .configFiles,
        reason: "removed earlier; its configuration is left", because: [package.id.name], installedSizeBytes: 0,
        purge: true)
    }
  }

  func classify(_ index: Int, isRoot: Bool, chain: [String]) -> (ResetPlan.PackageClass, String) {
    let package = graph.packages[index]
    let candidates = snapshot.archive.candidates(named: package.id.name).filter {
      $0.id.architecture == package.id.architecture || $0.id.architecture == "all" || package.id.architecture == "all"
    }
    let sameVersion = candidates.filter { $0.version == package.version }
    let how: String
    if let forced = analysis.forced[index] {
      how =
        forced.cause.map { "needs \(graph.packages[$0].id.name), which goes" } ?? "asked for (\(forced.choice.from))"
    } else if let name = analysis.givingWay[index] {
      how = "gives way to \(name), which comes back"
    } else {
      how = isRoot ? "installed by name" : chain.isEmpty ? "nothing needs it any more" : "needed only by \(chain[0])"
    }
    let usual: ResetPlan.PackageClass = isRoot ? .userRoot : .userDependency
    if snapshot.archive.lists.isEmpty { return (usual, how) }
    if candidates.isEmpty {
      // apt marks automatic only what came out of an archive: that one no longer has it.
      return analysis.isManual(index)
        ? (.local, "\(how); no archive offers it") : (.obsolete, "\(how); its archive no longer offers it")
    }
    if let other = sameVersion.first, !sameVersion.contains(where: { snapshot.isOfficial($0.origin) }) {
      let origin = other.origin.origin.isEmpty ? other.origin.site : other.origin.origin
      return (.thirdParty, "\(how); from \(origin)")
    }
    if sameVersion.isEmpty, candidates.allSatisfy({ $0.version < package.version }) {
      return (.foreignVersion, "\(how); no archive offers version \(package.version)")
    }
    return (usual, how)
  }
}
