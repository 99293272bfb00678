package import DebianPackages
import HostSystem

/// Turns a snapshot into a plan. Pure: no file, clock or environment is looked at here.
///
/// The way, in short: the packages that define the system (by flag, priority and metapackage) are closed over what they
/// need and recommend, so that a library whose name changed in an upgrade is stock without standing in any list. What
/// keep rules name, and what is on hold, stays with what it needs. The rest goes, as one set: since the kept set is closed,
/// nothing that stays can lose a dependency by it.
package struct ResetPlanner: Sendable {
  private let snapshot: SystemSnapshot
  private let rules: [KeepRule]
  private var graph: DependencyGraph { snapshot.graph }

  package init(_ snapshot: SystemSnapshot, rules: [KeepRule]) {
    self.snapshot = snapshot
    self.rules = rules
  }

  /// - Throws: ``Deb822Error``, when a list's stanza of a package to install is malformed.
  package func plan() throws(Deb822Error) -> ResetPlan {
    let stock = stockClosure()
    let users = UserPlanning(snapshot).users()
    let kept = keptClosure(stock, users)
    let removals = plannedRemovals(kept)
    let (installations, missing) = try plannedInstallations(stock)
    var plan = ResetPlan(
      system: ResetPlan.System(
        id: snapshot.release.id, versionId: snapshot.release.versionID, codename: snapshot.release.codename,
        architecture: snapshot.architecture, root: snapshot.root.path, machineId: snapshot.machineID),
      baseline: baselineSummary(stock), selection: ResetPlan.Selection(),
      packages: ResetPlan.Packages(remove: removals, install: installations, missing: missing, keep: kept.reasons),
      kernels: plannedKernels(), users: users)
    plan.summary = ResetPlan.Summary(
      remove: removals.count, install: installations.count, usersRemoved: users.remove.count,
      freedBytes: removals.reduce(0) { $0 + $1.installedSizeBytes },
      downloadBytes: installations.reduce(0) { $0 + $1.downloadSizeBytes })
    plan.warnings = snapshot.notices.map { ResetPlan.Notice(id: $0.id, message: $0.message, subject: $0.subject) }
    if !snapshot.facts.contains("boots") {
      plan.warnings.append(
        ResetPlan.Notice(
          id: "no-kernel",
          message: "no kernel is installed: a container or a chroot; steps for kernels and booting are off",
          subject: snapshot.root.path))
    }
    plan.blockers = blockers(plan)
    return plan
  }

  // MARK: Stock

  /// The packages that define the system, and everything they need or recommend.
  private struct StockClosure {
    let closure: DependencyGraph.Closure
    /// Whether the auto marks say who chose a package. Some installers mark the whole system manual, and where the record is
    /// lost everything counts as manual: "manual" then is no evidence of a person's choice.
    let marksTell: Bool
    /// The metapackages of the profile that are installed.
    let metapackages: [String]
  }

  private func stockClosure() -> StockClosure {
    var roots: [Int] = []
    var metapackages: [String] = []
    let patterns = snapshot.profile?.roots ?? []
    for (index, package) in graph.packages.enumerated() {
      if patterns.contains(where: { $0.matches(package.id.name) }) {
        metapackages.append(package.id.name)
        roots.append(index)
      } else if package.isEssential || package.isProtected || package.isImportant || isBasePriority(package) {
        roots.append(index)
      }
    }
    // First with every installed alternative; then, where the marks can be trusted, without those that a person chose.
    let wide = graph.closure(of: roots, withRecommends: true)
    let isRoot = Set(roots)
    let pulledIn = graph.packages.indices.filter { wide.contains($0) && !isRoot.contains($0) }
    let marksTell = pulledIn.filter { isManual($0) }.count * 2 <= pulledIn.count
    let closure =
      marksTell ? graph.closure(of: roots, withRecommends: true, isChosenByPerson: { isManual($0) }) : wide
    return StockClosure(closure: closure, marksTell: marksTell, metapackages: metapackages)
  }

  /// Whether the archive, or where it does not know the package its own record, gives it a priority of the base system.
  ///
  /// The archive's word counts before the package's own: ftpmasters correct priorities there. `required` counts from
  /// either, since a package that dpkg needs is never worth the risk.
  private func isBasePriority(_ package: InstalledPackage) -> Bool {
    if package.priority == .required { return true }
    let official = officialCandidates(package.id.name).filter { $0.id.architecture == package.id.architecture }
    if let priority = official.compactMap(\.priority).min() { return priority <= .standard }
    return package.priority.map { $0 <= .standard } ?? false
  }

  private func isManual(_ index: Int) -> Bool {
    !snapshot.marks.isAutomatic(graph.packages[index].id, nativeArchitecture: snapshot.architecture)
  }

  private func officialCandidates(_ name: String) -> [Archive.Candidate] {
    snapshot.archive.candidates(named: name).filter { isOfficial($0.origin) }
  }

  private func isOfficial(_ origin: ArchiveOrigin) -> Bool {
    snapshot.profile?.origins.contains(origin.origin) ?? false
  }

  private func baselineSummary(_ stock: StockClosure) -> ResetPlan.BaselineSummary {
    var notes = [
      "stock is what the base system's priorities\(stock.metapackages.isEmpty ? "" : " and metapackages") explain"
    ]
    if !stock.metapackages.isEmpty {
      let names = stock.metapackages.sorted()
      let shown = names.prefix(6).joined(separator: ", ")
      notes.append("metapackages: \(shown)\(names.count > 6 ? " and \(names.count - 6) more" : "")")
    }
    if !stock.marksTell {
      notes.append("the auto marks do not tell who chose a package; every installed alternative counts")
    }
    let explained = graph.packages.indices.filter { stock.closure.contains($0) }.count
    notes.append("\(explained) of \(graph.packages.count) installed packages are explained")
    let isKnown = snapshot.profile != nil && !snapshot.archive.lists.isEmpty
    let confidence: ResetPlan.Confidence =
      isKnown && !stock.metapackages.isEmpty && explained * 2 >= graph.packages.count ? .medium : .low
    return ResetPlan.BaselineSummary(source: .rootClosure, path: nil, date: nil, confidence: confidence, notes: notes)
  }

  // MARK: What stays

  private struct KeptClosure {
    let closure: DependencyGraph.Closure
    /// What stays only because a rule says so: not stock, or it would not need the rule.
    let reasons: [ResetPlan.Kept]
  }

  private func keptClosure(_ stock: StockClosure, _ users: ResetPlan.Users) -> KeptClosure {
    let active = rules.filter { $0.applies(under: snapshot.facts) }
    let sets = packageSets(users)
    var ruleOf: [Int: (id: String, reason: String)] = [:]
    for (index, package) in graph.packages.enumerated() {
      if package.isHeld {
        ruleOf[index] = ("held", "It is on hold: somebody decided that it stays as it is.")
      } else if package.isBroken {
        ruleOf[index] = ("broken", "dpkg has not finished with it; repair it before it is judged.")
      } else if let rule = active.first(where: { $0.matches(package, sets: sets) }) {
        ruleOf[index] = (rule.id, rule.reason)
      }
    }
    let closure = graph.closure(
      of: ruleOf.keys.sorted(), withRecommends: false, extending: stock.closure,
      isChosenByPerson: { stock.marksTell && isManual($0) })
    var reasons: [ResetPlan.Kept] = []
    for (index, package) in graph.packages.enumerated()
    where closure.contains(index) && !stock.closure.contains(index) {
      let chain = closure.chain(to: index)
      guard let root = chain.first(where: { ruleOf[$0] != nil }), let rule = ruleOf[root] else { continue }
      reasons.append(
        ResetPlan.Kept(
          name: package.id.name, architecture: package.id.architecture, rule: rule.id, reason: rule.reason,
          neededBy: root == index ? nil : graph.packages[root].id.name))
    }
    return KeptClosure(
      closure: closure, reasons: reasons.sorted { ($0.name, $0.architecture) < ($1.name, $1.architecture) })
  }

  private func packageSets(_ users: ResetPlan.Users) -> PackageSets {
    var sets = PackageSets()
    let kernels = snapshot.kernels
    sets.members["running-kernel"] = Set(kernels.runningKernel?.packages ?? [])
    sets.members["newest-kernel"] = Set(kernels.newestOther?.packages ?? [])
    sets.members["kernels"] = Set(kernels.kernels.flatMap(\.packages))
    sets.members["self"] = Set([snapshot.ownPackage].compactMap { $0 })
    let removed = Set(users.remove.map(\.name))
    let shells = snapshot.accounts.users.filter { !removed.contains($0.name) && !UserPlanning.isNoLogin($0.shell) }
      .compactMap { $0.shell.split(separator: "/").last.map(String.init) }
    sets.members["login-shells"] = Set(shells.flatMap { graph.indices(named: $0) }.map { graph.packages[$0].id })
    return sets
  }

  // MARK: What goes

  private func plannedRemovals(_ kept: KeptClosure) -> [ResetPlan.Removal] {
    let going = graph.packages.indices.filter { !kept.closure.contains($0) }
    let roots = going.filter { isManual($0) }
    let chosen = graph.closure(of: roots, withRecommends: true)
    return going.map { index -> ResetPlan.Removal in
      let package = graph.packages[index]
      let chain = chosen.chain(to: index).map { graph.packages[$0].id.name }
      let (kind, reason) = classify(package, isRoot: isManual(index), chain: chain)
      return ResetPlan.Removal(
        name: package.id.name, architecture: package.id.architecture, version: package.version.text, class: kind,
        reason: reason, because: chain, installedSizeBytes: package.installedSizeBytes, purge: false)
    }.sorted { ($0.name, $0.architecture) < ($1.name, $1.architecture) }
  }

  private func classify(
    _ package: InstalledPackage, isRoot: Bool, chain: [String]
  ) -> (ResetPlan.PackageClass, String) {
    let candidates = snapshot.archive.candidates(named: package.id.name)
      .filter {
        $0.id.architecture == package.id.architecture || $0.id.architecture == "all" || package.id.architecture == "all"
      }
    let sameVersion = candidates.filter { $0.version == package.version }
    let how =
      isRoot
      ? "installed by name" : chain.isEmpty ? "nothing needs it any more" : "needed only by \(chain[0])"
    if snapshot.archive.lists.isEmpty { return (isRoot ? .userRoot : .userDependency, how) }
    if candidates.isEmpty { return (.local, "\(how); no archive offers it") }
    if let other = sameVersion.first, !sameVersion.contains(where: { isOfficial($0.origin) }) {
      let origin = other.origin.origin.isEmpty ? other.origin.site : other.origin.origin
      return (.thirdParty, "\(how); from \(origin)")
    }
    if sameVersion.isEmpty, candidates.allSatisfy({ $0.version < package.version }) {
      return (.foreignVersion, "\(how); no archive offers version \(package.version)")
    }
    return (isRoot ? .userRoot : .userDependency, how)
  }

  private func plannedKernels() -> ResetPlan.Kernels {
    let kernels = snapshot.kernels
    let newest = kernels.newestOther?.release
    return ResetPlan.Kernels(
      keep: kernels.kernels.map { kernel in
        ResetPlan.KeptKernel(
          release: kernel.release,
          reason: kernel.release == kernels.running
            ? "running" : kernel.release == newest ? "the newest one to fall back to" : "old; goes only when asked for")
      })
  }

  // MARK: What comes back

  /// Stock packages that are not there. One is planned only where there is evidence that somebody took it away: a log, or
  /// a stock package that depends on it. The others are named for the person to decide.
  private func plannedInstallations(
    _ stock: StockClosure
  ) throws(Deb822Error) -> (install: [ResetPlan.Installation], missing: [ResetPlan.Missing]) {
    var wanted: [String: String] = [:]
    var missing: [String: String] = [:]
    let base = snapshot.archive.candidates { priority, isEssential, _, _ in
      isEssential || priority.map { $0 <= .standard } ?? false
    }
    for candidate in base where isOfficial(candidate.origin) && isNative(candidate.id) {
      let name = candidate.id.name
      guard isAbsent(name) else { continue }
      if let removal = snapshot.removals[name] {
        wanted[name] = "priority \(priorityName(candidate)); removed on \(removal.time.prefix(10))"
      } else {
        missing[name] = "priority \(priorityName(candidate)), and no log shows that it was ever there"
      }
    }
    for (index, package) in graph.packages.enumerated() where stock.closure.contains(index) {
      for (field, groups) in [("depends", package.preDepends + package.depends), ("recommends", package.recommends)] {
        for group in groups {
          let isSatisfied = group.contains {
            !graph.satisfiers(of: $0, architecture: package.id.architecture).isEmpty
          }
          guard !isSatisfied, let name = group.first?.name else { continue }
          if field == "depends" {
            wanted[name] = wanted[name] ?? "\(package.id.name) depends on it"
          } else if let removal = group.lazy.compactMap({ relation in
            snapshot.removals[relation.name].map { (relation.name, $0) }
          }).first {
            wanted[removal.0] =
              wanted[removal.0] ?? "\(package.id.name) recommends it; removed on \(removal.1.time.prefix(10))"
          }
        }
      }
    }
    for name in wanted.keys { missing[name] = nil }
    let resolved = try resolve(wanted)
    for (name, reason) in resolved.unavailable { missing[name] = reason }
    return (
      resolved.install.sorted { $0.name < $1.name },
      missing.map { ResetPlan.Missing(name: $0.key, reason: $0.value) }.sorted { $0.name < $1.name }
    )
  }

  /// The versions to install for some names, with what they need that is not there.
  private func resolve(
    _ wanted: [String: String]
  ) throws(Deb822Error) -> (install: [ResetPlan.Installation], unavailable: [(String, String)]) {
    var install: [String: ResetPlan.Installation] = [:]
    var unavailable: [(String, String)] = []
    var queue = wanted.sorted { $0.key < $1.key }.map { (name: $0.key, reason: $0.value) }
    var head = 0
    while head < queue.count {
      let (name, reason) = queue[head]
      head += 1
      guard install[name] == nil, isAbsent(name) else { continue }
      guard let candidate = bestCandidate(name) else {
        unavailable.append((name, "\(reason), but no archive of the distribution offers it"))
        continue
      }
      let details = try snapshot.archive.details(of: candidate)
      install[name] = ResetPlan.Installation(
        name: name, architecture: candidate.id.architecture, version: candidate.version.text,
        origin: candidate.origin.origin, reason: reason, downloadSizeBytes: details.sizeBytes,
        installedSizeBytes: details.installedSizeBytes)
      for group in details.preDepends + details.depends {
        if group.contains(where: { !graph.satisfiers(of: $0, architecture: snapshot.architecture).isEmpty }) {
          continue
        }
        if group.contains(where: { install[$0.name] != nil }) { continue }
        if let first = group.first(where: { bestCandidate($0.name) != nil }) ?? group.first {
          queue.append((first.name, "\(name) needs it"))
        }
      }
    }
    return (Array(install.values), unavailable)
  }

  private func bestCandidate(_ name: String) -> Archive.Candidate? {
    officialCandidates(name).filter { isNative($0.id) && !$0.origin.isNotAutomatic }.max { $0.version < $1.version }
  }

  private func isNative(_ id: PackageID) -> Bool {
    id.architecture == "all" || id.architecture == snapshot.architecture
  }

  private func isAbsent(_ name: String) -> Bool { graph.indices(named: name).isEmpty }

  private func priorityName(_ candidate: Archive.Candidate) -> String {
    candidate.isEssential ? "essential" : candidate.priority.map { "\($0)" } ?? "unknown"
  }

  // MARK: What stands in the way

  private func blockers(_ plan: ResetPlan) -> [ResetPlan.Blocker] {
    var blockers: [ResetPlan.Blocker] = []
    let broken = graph.packages.filter(\.isBroken).map(\.id.description)
    if !broken.isEmpty {
      blockers.append(
        ResetPlan.Blocker(
          id: "broken-packages", message: "dpkg has not finished with these packages; run 'dpkg --configure -a' first",
          subject: broken.sorted().joined(separator: " "), override: nil))
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
    return blockers
  }
}
