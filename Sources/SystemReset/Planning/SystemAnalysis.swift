import DebianPackages
import HostSystem

/// What each package is to a system: stock, kept by a rule, or the person's own.
///
/// The way, in short: the packages that define the system (those of the baseline, or where there is no record those with the
/// flags and priorities of the base system and the distribution's metapackages) are closed over what they need and
/// recommend, so that a library whose name changed in an upgrade is stock without standing in any list. What keep rules
/// name, and what is on hold, stays with what it needs. The rest goes, as one set: since the kept set is closed, nothing
/// that stays can lose a dependency by it.
package struct SystemAnalysis: Sendable {
  let snapshot: SystemSnapshot
  let baseline: Baseline
  let selection: Selection
  let users: ResetPlan.Users
  /// The kernels that `selection.keepKernels` leaves no place for.
  let spareKernels: [InstalledKernels.Kernel]

  /// What the base system or the baseline explains.
  private(set) var stock: DependencyGraph.Closure
  /// Why a package is a root of `stock`.
  private(set) var stockRoots: [Int: StockRoot]
  /// Whether the auto marks say who chose a package. Some installers mark the whole system manual, and where the record is
  /// lost everything counts as manual: "manual" then is no evidence of a person's choice.
  let marksTell: Bool
  /// The rule that keeps a package by its own name, stock or not.
  let ruleHits: [Int: RuleHit]
  /// `stock` and everything that rules keep.
  private(set) var kept: DependencyGraph.Closure
  /// What comes back, and what is only named; or why that could not be told.
  private(set) var installations: Result<InstallationPlanning.Installations, Deb822Error> = .success(([], []))
  /// Packages that go because the person named them, or because they need one that was named.
  let forced: [Int: Forced]
  /// What was asked for and cannot be.
  let refusals: [ResetPlan.Blocker]
  /// Packages that nothing but a recommendation keeps and that may not be there beside one that comes back, with its name: one
  /// program for the time in the place of another, for one.
  private(set) var givingWay: [Int: String] = [:]
  /// Stock packages that cannot come back because of one that stays, with the reason.
  private(set) var barred: [String: String] = [:]
  /// Packages of a root that does not run which a rule might keep if it did, with the rule: the connection to the network, for
  /// one. They go by the plan, and a person should look at them.
  private(set) var wouldServeWhenRunning: [Int: String] = [:]

  enum StockRoot: Sendable, Equatable {
    case flag
    case priority(PackagePriority)
    case metapackage
    case baseline
    /// Needed or recommended by the named package, which is absent and comes back.
    case returning(String)

    var reason: String {
      switch self {
      case .flag: "essential or protected"
      case .priority(let priority): "priority \(priority)"
      case .metapackage: "a metapackage of the distribution"
      case .baseline: "in the baseline"
      case .returning(let name): "needed by \(name), which comes back"
      }
    }
  }

  struct RuleHit: Sendable, Equatable {
    let id: String
    let reason: String
  }

  struct Forced: Sendable, Equatable {
    /// The person's word.
    let choice: Selection.Choice
    /// The package that takes this one along; nil for the one that was named.
    let cause: Int?
  }

  var graph: DependencyGraph { snapshot.graph }

  /// The accounts that the plan would touch.
  package var plannedUsers: ResetPlan.Users { users }

  package init(_ snapshot: SystemSnapshot, baseline: Baseline, selection: Selection, rules: [KeepRule]) {
    self.snapshot = snapshot
    self.baseline = baseline
    self.selection = selection
    var refusals: [ResetPlan.Blocker] = []
    users = UserPlanning(snapshot, selection).users(&refusals)
    spareKernels = Self.spareKernels(snapshot.kernels, selection)
    let graph = snapshot.graph

    let spare = Set(spareKernels.flatMap(\.packages).compactMap { graph.index(of: $0) })
    let hits = Self.ruleHits(snapshot, selection, rules, users, spare: spare)
    let forced = Self.forced(snapshot, selection, hits, spare: spare, refusals: &refusals)
    let excluded = Set(forced.keys).union(spare)

    let roots = Self.stockRoots(snapshot, baseline).filter { !excluded.contains($0.key) }
    // First with every installed alternative; then, where the marks can be trusted, without those that a person chose.
    let wide = graph.closure(of: roots.keys.sorted(), withRecommends: true, excluding: excluded)
    let pulledIn = graph.packages.indices.filter { wide.contains($0) && roots[$0] == nil }
    marksTell = pulledIn.filter { Self.isManual($0, snapshot) }.count * 2 <= pulledIn.count
    (stock, kept) = (wide, wide)
    Self.noteUnmatched(selection, snapshot, &refusals)
    stockRoots = roots
    ruleHits = hits
    self.forced = forced
    self.refusals = refusals
    close(excluding: excluded)
    planInstallations(excluding: excluded)
    wouldServeWhenRunning = Self.wouldServe(snapshot, rules, kept)
  }

  /// Closes the roots of the stock set, and what rules keep.
  private mutating func close(excluding excluded: Set<Int>) {
    let (snapshot, trusts) = (snapshot, marksTell)
    let isChosen = { trusts && Self.isManual($0, snapshot) }
    stock = graph.closure(
      of: stockRoots.keys.sorted(), withRecommends: true, excluding: excluded, isChosenByPerson: isChosen)
    // What a rule keeps of the system's own architecture is part of the system like stock, with what came along as its
    // recommendation. What somebody holds or asked for, and what is of another architecture, stays with what it needs and no
    // more.
    let wished: Set<String> = ["held", "broken", "chosen"]
    let isPart = { (index: Int, hit: RuleHit) in
      !wished.contains(hit.id) && snapshot.isNative(snapshot.graph.packages[index].id)
    }
    let ruled = graph.closure(
      of: ruleHits.filter { isPart($0.key, $0.value) }.keys.sorted(), withRecommends: true,
      onlyUnchosenRecommends: true,
      extending: stock, excluding: excluded, isChosenByPerson: isChosen)
    kept = graph.closure(
      of: ruleHits.filter { !isPart($0.key, $0.value) }.keys.sorted(), withRecommends: false, extending: ruled,
      excluding: excluded, isChosenByPerson: isChosen)
  }

  /// Plans what comes back, and keeps what that needs of the installed packages: the library of a stock program is stock
  /// while the program is away, too. What conflicts with one that comes back gives way, or bars it.
  private mutating func planInstallations(excluding given: Set<Int>) {
    var excluded = given
    while true {
      do throws(Deb822Error) {
        installations = .success(try InstallationPlanning(self).installations())
        let needed = try neededToComeBack(excluding: excluded)
        stockRoots.merge(needed) { first, _ in first }
        if needed.isEmpty {
          let conflicts = try conflictsOfThoseToComeBack(excluding: excluded)
          if conflicts.isEmpty { return }
          for (index, name) in conflicts {
            if let reason = reasonToStay(index) {
              barred[name] = "conflicts with \(graph.packages[index].id.name), which \(reason)"
            } else {
              givingWay[index] = name
            }
          }
          excluded = given.union(givingWay.keys)
        }
      } catch {
        installations = .failure(error)
        return
      }
      close(excluding: excluded)
      // What stays must not lose what it needs.
      for (index, name) in givingWay where isNeeded(index) {
        givingWay[index] = nil
        barred[name] = "conflicts with \(graph.packages[index].id.name), which something that stays needs"
        excluded.remove(index)
        close(excluding: excluded)
      }
    }
  }

  /// Installed packages that may not be there beside one to install, with its name.
  private func conflictsOfThoseToComeBack(excluding excluded: Set<Int>) throws(Deb822Error) -> [Int: String] {
    var result: [Int: String] = [:]
    for item in try installations.get().install {
      guard let candidate = snapshot.bestCandidate(item.name) else { continue }
      for group in try snapshot.archive.details(of: candidate).conflicts {
        for index in group.flatMap({ graph.satisfiers(of: $0, architecture: snapshot.architecture) })
        where kept.contains(index) && !excluded.contains(index) && graph.packages[index].id.name != item.name {
          result[index] = item.name
        }
      }
    }
    return result
  }

  /// Why a package does not give way to one that comes back; nil when it does.
  private func reasonToStay(_ index: Int) -> String? {
    if let hit = ruleHits[index] { return "stays: \(hit.reason)" }
    if !selection.includes(.packages) { return "stays: packages are not touched" }
    switch stockRoots[index] {
    case .returning, nil: return nil
    case .some(let root): return "is \(root.reason)"
    }
  }

  /// Whether a package that stays depends on this one and on no other that stays.
  private func isNeeded(_ index: Int) -> Bool {
    graph.packages.indices.contains { dependent in
      guard kept.contains(dependent), dependent != index else { return false }
      let package = graph.packages[dependent]
      return (package.preDepends + package.depends).contains { group in
        let satisfiers = group.flatMap { graph.satisfiers(of: $0, architecture: package.id.architecture) }
        return satisfiers.contains(index) && !satisfiers.contains { $0 != index && kept.contains($0) }
      }
    }
  }

  /// The installed packages that those to install depend on or recommend, and that nothing keeps yet.
  private func neededToComeBack(excluding excluded: Set<Int>) throws(Deb822Error) -> [Int: StockRoot] {
    var result: [Int: StockRoot] = [:]
    let install = try installations.get().install
    let coming = Set(install.map(\.name))
    for item in install {
      guard let candidate = snapshot.bestCandidate(item.name) else { continue }
      let details = try snapshot.archive.details(of: candidate)
      for group in details.preDepends + details.depends + details.recommends
      where !group.contains(where: { coming.contains($0.name) }) {
        let satisfiers = group.flatMap { graph.satisfiers(of: $0, architecture: snapshot.architecture) }
          .filter { !excluded.contains($0) }
        if satisfiers.contains(where: { kept.contains($0) || result[$0] != nil }) { continue }
        let pulledIn = satisfiers.filter { !isManual($0) }
        for index in pulledIn.isEmpty ? satisfiers : pulledIn { result[index] = .returning(item.name) }
      }
    }
    return result
  }

  // MARK: Stock

  /// The packages that define the system. With a record these are its members; the base system's flags and `required`
  /// count beside it, since no baseline may cost a system its dpkg.
  ///
  /// A flag or a priority speaks for the system's own architecture: what it needs of `zlib1g` says nothing of a second one
  /// that somebody installed for another architecture. (Those with a flag stay all the same, by their keep rule.)
  static func stockRoots(_ snapshot: SystemSnapshot, _ baseline: Baseline) -> [Int: StockRoot] {
    var roots: [Int: StockRoot] = [:]
    let patterns = snapshot.profile?.roots ?? []
    for (index, package) in snapshot.graph.packages.enumerated() {
      let isNative = snapshot.isNative(package.id)
      if isNative, package.isEssential || package.isProtected || package.isImportant {
        roots[index] = .flag
      } else if isNative, package.priority == .required {
        roots[index] = .priority(.required)
      } else if baseline.members != nil {
        let id = package.id
        if baseline.member(name: id.name, architecture: id.architecture, native: snapshot.architecture) != nil {
          roots[index] = .baseline
        } else if let priority = basePriority(package, snapshot), priority <= .important {
          roots[index] = .priority(priority)
        }
      } else if patterns.contains(where: { $0.matches(package.id.name) }) {
        roots[index] = .metapackage
      } else if let priority = basePriority(package, snapshot) {
        roots[index] = .priority(priority)
      }
    }
    return roots
  }

  /// The priority that makes a package part of the base system; nil when it has none such.
  ///
  /// The archive's word counts before the package's own: priorities are corrected there. Without its lists, the profile's
  /// table stands in for it.
  private static func basePriority(_ package: InstalledPackage, _ snapshot: SystemSnapshot) -> PackagePriority? {
    guard snapshot.isNative(package.id) else { return nil }
    let official = snapshot.officialCandidates(package.id.name).filter { $0.id.architecture == package.id.architecture }
    let known: PackagePriority? = snapshot.profile?.base.contains(package.id.name) == true ? .standard : nil
    let priority = official.compactMap(\.priority).min() ?? [known, package.priority].compactMap { $0 }.min()
    return priority.flatMap { $0 <= .standard ? $0 : nil }
  }

  static func isManual(_ index: Int, _ snapshot: SystemSnapshot) -> Bool {
    !snapshot.marks.isAutomatic(snapshot.graph.packages[index].id, nativeArchitecture: snapshot.architecture)
  }

  func isManual(_ index: Int) -> Bool { Self.isManual(index, snapshot) }

  // MARK: What rules and people say

  private static func ruleHits(
    _ snapshot: SystemSnapshot, _ selection: Selection, _ rules: [KeepRule], _ users: ResetPlan.Users, spare: Set<Int>
  ) -> [Int: RuleHit] {
    let active = rules.filter { $0.applies(under: snapshot.facts) }
    let sets = packageSets(snapshot, users, spare: spare)
    var hits: [Int: RuleHit] = [:]
    for (index, package) in snapshot.graph.packages.enumerated() {
      if package.isHeld {
        hits[index] = RuleHit(id: "held", reason: "It is on hold: somebody decided that it stays as it is.")
      } else if package.isBroken {
        hits[index] = RuleHit(id: "broken", reason: "dpkg has not finished with it; repair it before it is judged.")
      } else if spare.contains(index) {
        continue
      } else if let rule = active.first(where: {
        $0.matches(package, isNative: snapshot.isNative(package.id), sets: sets)
      }) {
        hits[index] = RuleHit(id: rule.id, reason: rule.reason)
      } else if let choice = selection.keep.matching(package.id.name) {
        hits[index] = RuleHit(id: "chosen", reason: "It was asked to stay (\(choice.from)).")
      }
    }
    return hits
  }

  private static func wouldServe(
    _ snapshot: SystemSnapshot, _ rules: [KeepRule], _ kept: DependencyGraph.Closure
  ) -> [Int: String] {
    guard !snapshot.root.isHost else { return [:] }
    let candidates = rules.filter(\.needsRunningSystem)
    var result: [Int: String] = [:]
    for (index, package) in snapshot.graph.packages.enumerated() where !kept.contains(index) {
      result[index] =
        candidates.first { $0.matches(package, isNative: snapshot.isNative(package.id), sets: PackageSets()) }?.id
    }
    return result
  }

  /// A name that protects something and fits nothing is most likely mistyped, and what it should have protected would go. A
  /// pattern, or a policy that many machines share, may well fit nothing here.
  private static func noteUnmatched(
    _ selection: Selection, _ snapshot: SystemSnapshot, _ refusals: inout [ResetPlan.Blocker]
  ) {
    for choice in selection.keep + selection.skip where choice.pattern.isExact && choice.from.hasPrefix("--") {
      let isKnown =
        !snapshot.isAbsent(choice.value) || !snapshot.archive.candidates(named: choice.value).isEmpty
      if isKnown { continue }
      refusals.append(
        ResetPlan.Blocker(
          id: "unknown-package", message: "no package has this name (\(choice.from))", subject: choice.value,
          override: nil))
    }
    for choice in selection.install
    where snapshot.archive.candidates(named: choice.value).isEmpty && choice.pattern.isExact {
      refusals.append(
        ResetPlan.Blocker(
          id: "unknown-package", message: "no archive offers a package of this name (\(choice.from))",
          subject: choice.value,
          override: nil))
    }
    for choice in selection.keepUsers where choice.from.hasPrefix("--") {
      if snapshot.accounts.users.contains(where: { $0.name == choice.value }) { continue }
      refusals.append(
        ResetPlan.Blocker(
          id: "user", message: "there is no local account of this name (\(choice.from))", subject: choice.value,
          override: nil))
    }
  }

  private static func packageSets(_ snapshot: SystemSnapshot, _ users: ResetPlan.Users, spare: Set<Int>) -> PackageSets
  {
    var sets = PackageSets()
    let kernels = snapshot.kernels
    let graph = snapshot.graph
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

  /// The kernels beyond the newest `keepKernels`; never the running one, and never the last.
  private static func spareKernels(_ kernels: InstalledKernels, _ selection: Selection) -> [InstalledKernels.Kernel] {
    guard let count = selection.keepKernels else { return [] }
    let newest = Set(kernels.kernels.suffix(max(1, count)).map(\.release))
    return kernels.kernels.filter { kernel in
      !newest.contains(kernel.release) && kernel.release != kernels.running
        && kernel.release != kernels.newestOther?.release
    }
  }

  /// The packages that the person named to go, with those that cannot be without them. A choice that would take what a
  /// rule protects is refused as a whole.
  private static func forced(
    _ snapshot: SystemSnapshot, _ selection: Selection, _ hits: [Int: RuleHit], spare: Set<Int>,
    refusals: inout [ResetPlan.Blocker]
  ) -> [Int: Forced] {
    guard !selection.remove.isEmpty else { return [:] }
    let graph = snapshot.graph
    // What rules keep, they keep with what it needs.
    let protected = graph.closure(of: hits.keys.sorted(), withRecommends: false, excluding: spare)
    var result: [Int: Forced] = [:]
    for choice in selection.remove {
      let named = graph.packages.indices.filter { choice.pattern.matches(graph.packages[$0].id.name) }
      if named.isEmpty {
        refusals.append(
          ResetPlan.Blocker(
            id: "nothing-to-remove", message: "no installed package has this name (\(choice.from))",
            subject: choice.value,
            override: nil))
        continue
      }
      let causes = graph.dependents(ofRemoving: Set(named))
      let all = Set(named).union(causes.keys)
      if let guarded = all.sorted().first(where: { protected.contains($0) }) {
        let root = protected.chain(to: guarded).first ?? guarded
        let rule = hits[root].map { "rule '\($0.id)'" } ?? "a rule"
        let name = graph.packages[guarded].id.name
        refusals.append(
          ResetPlan.Blocker(
            id: "protected", message: "it would take \(name), which \(rule) keeps (\(choice.from))",
            subject: choice.value,
            override: nil))
        continue
      }
      for index in named { result[index] = Forced(choice: choice, cause: nil) }
      for (index, cause) in causes where result[index] == nil { result[index] = Forced(choice: choice, cause: cause) }
    }
    return result
  }
}

extension SystemSnapshot {
  /// The versions that the distribution's own archives offer.
  func officialCandidates(_ name: String) -> [Archive.Candidate] {
    archive.candidates(named: name).filter { isOfficial($0.origin) }
  }

  func isOfficial(_ origin: ArchiveOrigin) -> Bool { profile?.origins.contains(origin.origin) ?? false }

  func isNative(_ id: PackageID) -> Bool { id.architecture == "all" || id.architecture == architecture }

  /// Whether no package of this name is present.
  func isAbsent(_ name: String) -> Bool { graph.indices(named: name).isEmpty }
}
