import DebianPackages
package import HostSystem

/// Everything that is known of why a package is there and what becomes of it: an item of `toolbox.reset.why/1`.
package struct PackageExplanation: Sendable, Codable, Equatable {
  package enum Verdict: String, Sendable, Codable { case stays, goes }

  package var name: String
  package var architecture: String
  package var version: String
  package var verdict: Verdict
  package var `class`: ResetPlan.PackageClass
  package var reason: String
  /// The rule that keeps it; null where none does.
  @Nullable package var rule: String?
  /// From what decides about it to the package itself.
  package var because: [Step]
  package var installedByName: Bool
  package var held: Bool
  /// What of the system needs or recommends it.
  package var neededBy: [Dependent]
  package var synopsis: String
  /// When and by which command it came first, and the last time; null where no log tells.
  @Nullable package var firstInstalled: Event?
  @Nullable package var lastInstalled: Event?

  /// An entry of dpkg's and apt's logs.
  package struct Event: Sendable, Codable, Equatable {
    /// `YYYY-MM-DD HH:MM:SS` in the machine's own time.
    package var time: String
    package var version: String
    /// apt's command line; null where only dpkg's log tells.
    @Nullable package var command: String?
    /// Who ran it; null where apt's log does not say.
    @Nullable package var user: String?

    init?(_ installation: PackageLog.Installation?) {
      guard let installation else { return nil }
      time = installation.time
      version = installation.version
      command = installation.command
      user = installation.requestedBy
    }
  }

  /// One step of a chain of reasons.
  package struct Step: Sendable, Codable, Equatable {
    package var name: String
    /// How the package before it asked for it: `depends`, `recommends`; for the first one why it is there at all.
    package var how: String
  }

  /// A package that names another one in its dependencies.
  package struct Dependent: Sendable, Codable, Equatable {
    package var name: String
    package var architecture: String
    /// `pre-depends`, `depends`, `recommends` or `suggests`.
    package var field: String
    /// Whether another installed package would satisfy it as well.
    package var hasAlternative: Bool
    package var verdict: Verdict
  }
}

/// The document of `toolbox reset why`.
package struct WhyDocument: Sendable, Codable, Equatable {
  package var schema = "toolbox.reset.why/1"
  package var packages: [PackageExplanation]

  package init(packages: [PackageExplanation]) { self.packages = packages }
}

/// The document of `toolbox reset dependents`.
package struct DependentsDocument: Sendable, Codable, Equatable {
  package var schema = "toolbox.reset.dependents/1"
  package var packages: [Entry]

  package struct Entry: Sendable, Codable, Equatable {
    package var name: String
    package var architecture: String
    package var neededBy: [PackageExplanation.Dependent]
    /// What could not stay without it, in turn; `name:architecture`.
    package var wouldGo: [String]
    package var freedBytes: Int
  }

  package init(packages: [Entry]) { self.packages = packages }
}

extension SystemAnalysis {
  /// The installed packages that a word of the command line names: `name`, `name:architecture`, or a pattern with `*`.
  package func packages(named word: String) -> [Int] {
    let parts = word.split(separator: ":", maxSplits: 1).map(String.init)
    let pattern = NamePattern(parts.first ?? word)
    return graph.packages.indices.filter { index in
      let id = graph.packages[index].id
      return pattern.matches(id.name) && (parts.count < 2 || parts[1] == id.architecture)
    }
  }

  /// Why a package stays or goes.
  /// - Parameter index: from ``packages(named:)``.
  package func explanation(of index: Int) -> PackageExplanation {
    let package = graph.packages[index]
    let stays = kept.contains(index)
    let history = snapshot.log.history(of: package.id.name)
    let (kind, reason, rule, because) = stays ? whyItStays(index) : whyItGoes(index)
    return PackageExplanation(
      name: package.id.name, architecture: package.id.architecture, version: package.version.text,
      verdict: stays ? .stays : .goes, class: kind, reason: reason, rule: rule, because: because,
      installedByName: isManual(index), held: package.isHeld, neededBy: dependents(on: index),
      synopsis: package.synopsis, firstInstalled: .init(history?.firstInstalled),
      lastInstalled: .init(history?.installed))
  }

  private typealias Reasons = (ResetPlan.PackageClass, String, String?, [PackageExplanation.Step])

  private func whyItStays(_ index: Int) -> Reasons {
    let isStock = stock.contains(index)
    let chain = (isStock ? stock : kept).chain(to: index)
    let steps = chain.enumerated().map { offset, member -> PackageExplanation.Step in
      let how =
        offset == 0
        ? stockRoots[member]?.reason ?? ruleHits[member].map { "rule '\($0.id)'" } ?? "kept"
        : describe((isStock ? stock : kept).links[member] ?? nil)
      return PackageExplanation.Step(name: graph.packages[member].id.name, how: how)
    }
    guard isStock else {
      let hit = chain.lazy.compactMap { self.ruleHits[$0] }.first
      let kind: ResetPlan.PackageClass =
        switch hit?.id {
        case "held": .held
        case "broken": .broken
        case "running-kernel", "newest-kernel", "kernels", "kernel-metapackage": .kernel
        case "firmware": .firmware
        case "driver": .driver
        case "keyboard-and-language": .language
        default: isManual(index) ? .userRoot : .userDependency
        }
      return (kind, hit?.reason ?? "It is needed by what stays.", hit?.id, steps)
    }
    let package = graph.packages[index]
    let kind: ResetPlan.PackageClass =
      package.isHeld
      ? .held : chain.count == 1 ? .stock : succeedsMember(package.id) ? .stockNewerABI : .stockDependency
    let root = chain.first.map { graph.packages[$0].id.name } ?? ""
    let reason =
      chain.count == 1
      ? "It is part of the base system: \(stockRoots[index]?.reason ?? "stock")."
      : "It came with \(root), which is stock."
    return (kind, reason, ruleHits[index]?.id, steps)
  }

  /// Whether a package outside the baseline has the name of one of its members but for numbers and the marks of a new
  /// binary interface (`libfoo5` and `libfoo6t64`): the same part of the system, under the name that an upgrade gave it.
  private func succeedsMember(_ id: PackageID) -> Bool {
    guard let members = baseline.members, members[id.name] == nil else { return false }
    let stem = Self.stem(id.name)
    return stem != id.name && members.keys.contains { Self.stem($0) == stem }
  }

  private static func stem(_ name: String) -> String {
    var text = name[...]
    for suffix in ["t64", "v5"] where text.hasSuffix(suffix) { text = text.dropLast(suffix.count) }
    return String(text.filter { !$0.isNumber && $0 != "." })
  }

  private func whyItGoes(_ index: Int) -> Reasons {
    let removals = RemovalPlanning(self)
    let closure = removals.chosenClosure(graph.packages.indices.filter { !kept.contains($0) })
    let chain = closure.chain(to: index)
    let names = chain.map { graph.packages[$0].id.name }
    let (kind, reason) = removals.classify(index, isRoot: isManual(index), chain: names)
    let steps = chain.enumerated().map { offset, member in
      PackageExplanation.Step(
        name: graph.packages[member].id.name,
        how: offset == 0 ? "installed by name" : describe(closure.links[member] ?? nil))
    }
    return (kind, "It is not part of the stock system: \(reason).", nil, steps)
  }

  private func describe(_ link: DependencyGraph.Link?) -> String {
    switch link {
    case .preDepends: "pre-depends"
    case .depends: "depends"
    case .recommends: "recommends"
    case .root, nil: "kept for itself"
    }
  }

  /// The installed packages that name this one, directly or through what it provides.
  package func dependents(on index: Int) -> [PackageExplanation.Dependent] {
    var result: [PackageExplanation.Dependent] = []
    for (other, package) in graph.packages.enumerated() where other != index {
      let fields = [
        ("pre-depends", package.preDepends), ("depends", package.depends), ("recommends", package.recommends),
        ("suggests", package.suggests),
      ]
      for (field, groups) in fields {
        let group = groups.lazy.map { group in
          group.flatMap { graph.satisfiers(of: $0, architecture: package.id.architecture) }
        }.first { $0.contains(index) }
        guard let group else { continue }
        result.append(
          PackageExplanation.Dependent(
            name: package.id.name, architecture: package.id.architecture, field: field,
            hasAlternative: group.contains { $0 != index }, verdict: kept.contains(other) ? .stays : .goes))
        break
      }
    }
    return result.sorted { ($0.name, $0.architecture) < ($1.name, $1.architecture) }
  }

  /// What needs a package, and what would go with it.
  package func dependentsEntry(of index: Int) -> DependentsDocument.Entry {
    let package = graph.packages[index]
    let going = graph.dependents(ofRemoving: [index]).keys.map { graph.packages[$0] }
    return DependentsDocument.Entry(
      name: package.id.name, architecture: package.id.architecture, neededBy: dependents(on: index),
      wouldGo: going.map(\.id).sorted().map(\.description),
      freedBytes: going.reduce(package.installedSizeBytes) { $0 + $1.installedSizeBytes })
  }
}
