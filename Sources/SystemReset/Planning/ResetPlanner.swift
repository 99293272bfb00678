package import DebianPackages
import HostSystem

/// Turns an analysis into a plan. Pure: no file, clock or environment is looked at here.
package struct ResetPlanner: Sendable {
  package let analysis: SystemAnalysis
  private var snapshot: SystemSnapshot { analysis.snapshot }
  private var graph: DependencyGraph { analysis.graph }
  private var selection: Selection { analysis.selection }

  package init(_ analysis: SystemAnalysis) {
    self.analysis = analysis
  }

  /// - Throws: ``Deb822Error``, when a list's stanza of a package to install is malformed.
  package func plan() throws(Deb822Error) -> ResetPlan {
    let removals = RemovalPlanning(analysis).removals()
    let (installations, missing) = try analysis.installations.get()
    var plan = ResetPlan(
      system: ResetPlan.System(
        id: snapshot.release.id, versionId: snapshot.release.versionID, codename: snapshot.release.codename,
        architecture: snapshot.architecture, root: snapshot.root.path, machineId: snapshot.machineID),
      baseline: baselineSummary(), selection: selection,
      packages: ResetPlan.Packages(
        remove: removals, install: installations, marks: plannedMarks(removals), missing: missing, keep: keptPackages()),
      kernels: plannedKernels(), users: analysis.users)
    let bundles = BundlePlanning(snapshot.drift, baseline: analysis.baseline.snaps, selection: selection)
    plan.snaps = bundles.snaps()
    plan.flatpaks = bundles.flatpaks()
    plan.drift = snapshot.drift.entries
    plan.drift.foreignVersions = analysis.foreignVersions()
    plan.packages.downgrade = plannedDowngrades()
    plan.summary = ResetPlan.Summary(
      remove: removals.count, install: installations.count, downgrade: plan.packages.downgrade.count,
      usersRemoved: plan.users.remove.count,
      freedBytes: removals.reduce(0) { $0 + $1.installedSizeBytes },
      downloadBytes: installations.reduce(0) { $0 + $1.downloadSizeBytes })
    plan.warnings = warnings() + dataWarnings(removals)
    plan.blockers = blockers(plan)
    return plan
  }

  // MARK: Baseline

  private func baselineSummary() -> ResetPlan.BaselineSummary {
    let baseline = analysis.baseline
    var notes = baseline.notes
    let explained = graph.packages.indices.filter { analysis.stock.contains($0) }.count
    var confidence = baseline.confidence
    if baseline.members == nil {
      let metapackages = analysis.stockRoots.filter { $0.value == .metapackage }.map { graph.packages[$0.key].id.name }
      notes.append(
        "stock is what the base system's priorities\(metapackages.isEmpty ? "" : " and metapackages") explain")
      if !metapackages.isEmpty {
        let names = metapackages.sorted()
        let shown = names.prefix(6).joined(separator: ", ")
        notes.append("metapackages: \(shown)\(names.count > 6 ? " and \(names.count - 6) more" : "")")
      }
      let isKnown = snapshot.profile != nil && !snapshot.archive.lists.isEmpty
      confidence = isKnown && !metapackages.isEmpty && explained * 2 >= graph.packages.count ? .medium : .low
    }
    if !analysis.marksTell {
      notes.append("the auto marks do not tell who chose a package; every installed alternative counts")
    }
    notes.append("\(explained) of \(graph.packages.count) installed packages are explained")
    return ResetPlan.BaselineSummary(
      source: baseline.source, path: baseline.path, files: baseline.files, date: baseline.date, confidence: confidence,
      notes: notes)
  }

  // MARK: What stays

  /// What stays only because a rule says so: not stock, or it would not need the rule.
  private func keptPackages() -> [ResetPlan.Kept] {
    var result: [ResetPlan.Kept] = []
    for (index, package) in graph.packages.enumerated()
    where analysis.kept.contains(index) && !analysis.stock.contains(index) {
      let chain = analysis.kept.chain(to: index)
      guard let root = chain.first(where: { analysis.ruleHits[$0] != nil }), let hit = analysis.ruleHits[root] else {
        continue
      }
      result.append(
        ResetPlan.Kept(
          name: package.id.name, architecture: package.id.architecture, rule: hit.id, reason: hit.reason,
          neededBy: root == index ? nil : graph.packages[root].id.name))
    }
    return result.sorted { ($0.name, $0.architecture) < ($1.name, $1.architecture) }
  }

  /// Stock packages in a version that is not the distribution's, brought back to it when that is asked for.
  private func plannedDowngrades() -> [ResetPlan.Downgrade] {
    guard selection.includes(.foreignVersions) else { return [] }
    return analysis.foreignVersions().compactMap { foreign in
      let id = PackageID(name: foreign.name, architecture: foreign.architecture)
      guard let index = graph.index(of: id), !graph.packages[index].isHeld else { return nil }
      let origin = snapshot.officialCandidates(foreign.name).first { $0.version.text == foreign.official }?.origin
        .origin
      return ResetPlan.Downgrade(
        name: foreign.name, architecture: foreign.architecture, from: foreign.installed, to: foreign.official,
        origin: origin ?? "")
    }
  }

  private func plannedKernels() -> ResetPlan.Kernels {
    let kernels = snapshot.kernels
    let newest = kernels.newestOther?.release
    let spare = Set(analysis.spareKernels.map(\.release))
    return ResetPlan.Kernels(
      remove: analysis.spareKernels.map {
        ResetPlan.RemovedKernel(release: $0.release, packages: $0.packages.map(\.name))
      },
      keep: kernels.kernels.filter { !spare.contains($0.release) }.map { kernel in
        ResetPlan.KeptKernel(
          release: kernel.release,
          reason: kernel.release == kernels.running
            ? "running"
            : kernel.release == newest
              ? "the newest one to fall back to"
              : selection.keepKernels == nil
                ? "old; goes only when asked for" : "among the newest that were asked to stay")
      })
  }

  /// The marks that differ from those of the baseline, for packages that stay.
  private func plannedMarks(_ removals: [ResetPlan.Removal]) -> [ResetPlan.Mark] {
    guard analysis.baseline.members != nil else { return [] }
    var result: [ResetPlan.Mark] = []
    for (index, package) in graph.packages.enumerated() where analysis.kept.contains(index) {
      let member = analysis.baseline.member(
        name: package.id.name, architecture: package.id.architecture, native: snapshot.architecture)
      guard let wasAutomatic = member?.isAutomatic, wasAutomatic == analysis.isManual(index) else { continue }
      result.append(
        ResetPlan.Mark(
          name: package.id.name, architecture: package.id.architecture, from: wasAutomatic ? .manual : .auto,
          to: wasAutomatic ? .auto : .manual))
    }
    return result.sorted { ($0.name, $0.architecture) < ($1.name, $1.architecture) }
  }

  // MARK: What to know, and what stands in the way

  private func warnings() -> [ResetPlan.Notice] {
    let notices = snapshot.notices.filter { !SystemSnapshot.Notice.blocking.contains($0.id) }
    var warnings = (notices + analysis.baseline.notices).map {
      ResetPlan.Notice(id: $0.id, message: $0.message, subject: $0.subject)
    }
    let serving = analysis.wouldServeWhenRunning.keys.map { graph.packages[$0].id.name }.sorted()
    if !serving.isEmpty, selection.includes(.packages) {
      warnings.append(
        ResetPlan.Notice(
          id: "reached-by-network",
          message:
            "these go, and this system may be reached or connected through them when it runs; keep them with --keep",
          subject: serving.joined(separator: " ")))
    }
    if !snapshot.facts.contains("boots") {
      warnings.append(
        ResetPlan.Notice(
          id: "no-kernel",
          message: "no kernel is installed: a container or a chroot; steps for kernels and booting are off",
          subject: snapshot.root.path))
    }
    return warnings
  }

  /// What stays although the packages that made it go, and what goes with them.
  private func dataWarnings(_ removals: [ResetPlan.Removal]) -> [ResetPlan.Notice] {
    var holders: [String: [String]] = [:]
    for removal in removals {
      for directory in snapshot.storedData.directories[removal.name] ?? [] {
        holders[directory, default: []].append(removal.name)
      }
    }
    var warnings = holders.sorted { $0.key < $1.key }.map { directory, names in
      let names = Set(names).sorted()
      let shown = names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " and \(names.count - 3) more" : "")
      return ResetPlan.Notice(
        id: "data-stays",
        message: "what \(shown) stored there stays"
          + (selection.purge
            ? ": a purge could delete it, so \(names.count > 1 ? "they are" : "it is") only removed" : ""),
        subject: snapshot.root.hostPath(directory))
    }
    for removal in removals where removal.purge {
      guard let trees = snapshot.storedData.deletedByPurge[removal.name] else { continue }
      warnings.append(
        ResetPlan.Notice(
          id: "purge-deletes", message: "its purge deletes \(trees.joined(separator: ", ")) with all that is in there",
          subject: removal.name))
    }
    return warnings
  }

  private func blockers(_ plan: ResetPlan) -> [ResetPlan.Blocker] {
    var blockers = analysis.refusals + analysis.baseline.blockers
    blockers += snapshot.notices.filter { SystemSnapshot.Notice.blocking.contains($0.id) }
      .map { ResetPlan.Blocker(id: $0.id, message: $0.message, subject: $0.subject, override: nil) }
    let broken = graph.packages.filter(\.isBroken).map(\.id.description)
    if !broken.isEmpty {
      blockers.append(
        ResetPlan.Blocker(
          id: "broken-packages", message: "dpkg has not finished with these packages; run 'dpkg --configure -a' first",
          subject: broken.sorted().joined(separator: " "), override: nil))
    }
    let changesPackages =
      !(plan.packages.remove.isEmpty && plan.packages.install.isEmpty && plan.packages.downgrade.isEmpty)
    for override in plan.drift.statoverrides where changesPackages {
      guard let problem = override.problem else { continue }
      blockers.append(
        ResetPlan.Blocker(
          id: "lost-override",
          message: "\(problem); take it out with 'dpkg-statoverride --remove' and the path, or make the account again",
          subject: override.path, override: nil))
    }
    if plan.baseline.confidence == .low {
      blockers.append(
        ResetPlan.Blocker(
          id: "low-confidence",
          message: "what is stock here is not known well enough to act without a look at every line",
          subject: "baseline", override: "--accept-baseline"))
    }
    if snapshot.accounts.includesForeign {
      blockers.append(
        ResetPlan.Blocker(
          id: "foreign-accounts", message: "lines with + or - bring in accounts from elsewhere",
          subject: snapshot.root.hostPath(Accounts.passwdPath), override: nil))
    }
    return blockers.filter { !(selection.acceptBaseline && $0.override == "--accept-baseline") }
  }
}
