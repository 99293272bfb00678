import DebianPackages

/// Which stock packages come back, and which absent ones are only named.
struct InstallationPlanning {
  typealias Installations = (install: [ResetPlan.Installation], missing: [ResetPlan.Missing])

  private let analysis: SystemAnalysis
  private var snapshot: SystemSnapshot { analysis.snapshot }
  private var graph: DependencyGraph { analysis.graph }

  init(_ analysis: SystemAnalysis) { self.analysis = analysis }

  /// Stock packages that are not there. One is planned only where there is evidence that somebody took it away: a log, a
  /// baseline that names it, or a stock package that depends on it. The others are named for the person to decide.
  /// - Throws: ``Deb822Error``, when a list's stanza of a package to install is malformed.
  func installations() throws(Deb822Error) -> Installations {
    var wanted: [String: String] = [:]
    var missing: [String: String] = [:]
    if analysis.baseline.members == nil {
      collectBase(&wanted, &missing)
    } else {
      try collectMembers(&wanted, &missing)
    }
    collectDependencies(&wanted)
    for (name, reason) in missing {
      guard let choice = analysis.selection.install.matching(name) else { continue }
      wanted[name] = "\(reason); asked for (\(choice.from))"
    }
    for name in wanted.keys where analysis.selection.skip.matching(name) != nil {
      missing[name] = "\(wanted[name] ?? ""); not wanted"
      wanted[name] = nil
    }
    for (name, reason) in analysis.barred where wanted[name] != nil {
      wanted[name] = nil
      missing[name] = reason
    }
    if !analysis.selection.includes(.missing) {
      missing.merge(wanted) { $1 }
      wanted = [:]
    }
    for name in wanted.keys { missing[name] = nil }
    let resolved = try resolve(wanted)
    for (name, reason) in resolved.unavailable { missing[name] = reason }
    return (
      resolved.install.sorted { $0.name < $1.name },
      missing.map { ResetPlan.Missing(name: $0.key, reason: $0.value) }.sorted { $0.name < $1.name }
    )
  }

  /// Without a record: the archive's base system, by priority.
  private func collectBase(_ wanted: inout [String: String], _ missing: inout [String: String]) {
    let base = snapshot.archive.candidates { priority, isEssential, _, _ in
      isEssential || priority.map { $0 <= .standard } ?? false
    }
    for candidate in base
    where snapshot.isOfficial(candidate.origin) && snapshot.isNative(candidate.id) && !candidate.origin.isNotAutomatic {
      let name = candidate.id.name
      guard snapshot.isAbsent(name) else { continue }
      let priority = candidate.isEssential ? "essential" : candidate.priority.map { "priority \($0)" } ?? "stock"
      if let removal = snapshot.removals[name] {
        wanted[name] = "\(priority); removed on \(removal.time.prefix(10))"
      } else {
        missing[name] = "\(priority), and no log shows that it was ever there"
      }
    }
  }

  /// With a record: its members.
  private func collectMembers(_ wanted: inout [String: String], _ missing: inout [String: String]) throws(Deb822Error) {
    let judge = MissingMembers(snapshot, analysis.baseline)
    for (name, members) in analysis.baseline.members ?? [:] where snapshot.isAbsent(name) {
      switch try judge.verdict(name, members) {
      case .stale: continue
      case .wanted(let reason): wanted[name] = reason
      case .missing(let reason): missing[name] = reason
      }
    }
  }

  /// What stock packages depend on, or recommend and somebody removed.
  private func collectDependencies(_ wanted: inout [String: String]) {
    for (index, package) in graph.packages.enumerated() where analysis.stock.contains(index) {
      func open(_ groups: [[PackageRelation]]) -> [[PackageRelation]] {
        groups.filter { group in
          !group.contains { !graph.satisfiers(of: $0, architecture: package.id.architecture).isEmpty }
        }
      }
      for group in open(package.preDepends + package.depends) {
        if let name = group.first?.name { wanted[name] = wanted[name] ?? "\(package.id.name) depends on it" }
      }
      for group in open(package.recommends) {
        let found = group.lazy.compactMap { relation in snapshot.removals[relation.name].map { (relation.name, $0) } }
          .first
        if let (name, removal) = found {
          wanted[name] = wanted[name] ?? "\(package.id.name) recommends it; removed on \(removal.time.prefix(10))"
        }
      }
    }
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
      guard install[name] == nil, snapshot.isAbsent(name) else { continue }
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

  private func bestCandidate(_ name: String) -> Archive.Candidate? { snapshot.bestCandidate(name) }
}

extension SystemSnapshot {
  /// The version that the distribution's own archives would install; nil where they have none for this architecture.
  func bestCandidate(_ name: String) -> Archive.Candidate? {
    officialCandidates(name).filter { isNative($0.id) && !$0.origin.isNotAutomatic }.max { $0.version < $1.version }
  }
}
