/// The packages that are present on a system, and which of them satisfies which dependency.
package struct DependencyGraph: Sendable {
  /// Present packages only, in the order of dpkg's status.
  package let packages: [InstalledPackage]
  package let nativeArchitecture: String
  private let byName: [String: [Int]]
  private let providers: [String: [Provider]]
  private let indexByID: [PackageID: Int]

  private struct Provider: Sendable {
    let index: Int
    /// The version of `Provides: name (= version)`; nil without one.
    let version: DebianVersion?
  }

  package init(_ packages: [InstalledPackage], nativeArchitecture: String) {
    self.packages = packages.filter(\.isPresent)
    self.nativeArchitecture = nativeArchitecture
    var byName: [String: [Int]] = [:]
    var providers: [String: [Provider]] = [:]
    var indexByID: [PackageID: Int] = [:]
    for (index, package) in self.packages.enumerated() {
      byName[package.id.name, default: []].append(index)
      indexByID[package.id] = index
      for provided in package.provides {
        providers[provided.name, default: []].append(Provider(index: index, version: provided.constraint?.version))
      }
    }
    self.byName = byName
    self.providers = providers
    self.indexByID = indexByID
  }

  /// The package's place in ``packages``; nil when it is not present.
  package func index(of id: PackageID) -> Int? { indexByID[id] }

  /// The places of all present packages of a name, one per architecture.
  package func indices(named name: String) -> [Int] { byName[name] ?? [] }

  /// The present packages that satisfy a relation of a package of some architecture: by name, then through `Provides`.
  ///
  /// Source: Debian Policy 7.5 for versioned `Provides`; the multi-arch specification for architectures. `all` counts as
  /// the native architecture.
  package func satisfiers(of relation: PackageRelation, architecture: String) -> [Int] {
    var result: [Int] = []
    for index in byName[relation.name] ?? [] {
      let candidate = packages[index]
      if let constraint = relation.constraint, !constraint.accepts(candidate.version) { continue }
      if fits(candidate, relation, architecture) { result.append(index) }
    }
    // A package stands behind itself when it provides a name more than once, and its own name rarely.
    let named = result.count
    for provider in providers[relation.name] ?? []
    where result.last != provider.index && !result[..<named].contains(provider.index) {
      if let constraint = relation.constraint {
        guard let version = provider.version, constraint.accepts(version) else { continue }
      }
      if fits(packages[provider.index], relation, architecture) { result.append(provider.index) }
    }
    return result
  }

  private func fits(_ candidate: InstalledPackage, _ relation: PackageRelation, _ architecture: String) -> Bool {
    let own = resolved(candidate.id.architecture)
    return switch relation.architecture {
    case nil: own == resolved(architecture) || candidate.multiArch == .foreign
    case "any": own == resolved(architecture) || candidate.multiArch == .allowed || candidate.multiArch == .foreign
    case "native": own == nativeArchitecture
    case .some(let wanted): own == resolved(wanted)
    }
  }

  private func resolved(_ architecture: String) -> String { architecture == "all" ? nativeArchitecture : architecture }

  /// Why a package is in a closure: who asked for it, and through which field.
  package enum Link: Sendable, Equatable {
    case root
    case preDepends(of: Int)
    case depends(of: Int)
    case recommends(of: Int)

    package var parent: Int? {
      switch self {
      case .root: nil
      case .preDepends(let index), .depends(let index), .recommends(let index): index
      }
    }
  }

  /// A set of packages with everything they need.
  package struct Closure: Sendable {
    /// For each package of the graph, how it came in; nil for those outside.
    package fileprivate(set) var links: [Link?]

    package func contains(_ index: Int) -> Bool { links[index] != nil }

    /// The packages from a root to this one, the root first; empty for a package outside.
    package func chain(to index: Int) -> [Int] {
      guard links[index] != nil else { return [] }
      var result = [index]
      var current = index
      while let parent = links[current]?.parent {
        result.append(parent)
        current = parent
      }
      return result.reversed()
    }
  }

  /// Closes a set of packages over what they need.
  ///
  /// Where several present packages satisfy a group of alternatives, those that stand in the closure anyway count, with
  /// those that `isChosenByPerson` does not claim; a package that a person chose comes in only when nothing else satisfies
  /// the group. So a mail server that an administrator added beside the stock one does not become stock by it.
  /// - Parameter roots: places in ``packages``.
  /// - Parameter withRecommends: whether `Recommends` count as `Depends` do.
  /// - Parameter onlyUnchosenRecommends: with it, whether a recommendation brings in only what nobody chose.
  /// - Parameter previous: a closure that this one adds to.
  /// - Parameter excluded: packages that stay outside whatever asks for them.
  /// - Parameter isChosenByPerson: whether a package was installed by name rather than pulled in.
  package func closure(
    of roots: some Sequence<Int>, withRecommends: Bool, onlyUnchosenRecommends: Bool = false,
    extending previous: Closure? = nil,
    excluding excluded: Set<Int> = [],
    isChosenByPerson: (Int) -> Bool = { _ in false }
  ) -> Closure {
    var links: [Link?] = previous?.links ?? Array(repeating: nil, count: packages.count)
    var queue: [Int] = []
    var head = 0
    /// Groups that several packages satisfy: those that were just met, and those that only chosen packages satisfy.
    var met: [Choice] = []
    var open: [Choice] = []
    var openHead = 0
    var distinct = DistinctIndices(count: packages.count)

    func add(_ index: Int, _ link: Link) {
      guard links[index] == nil, !excluded.contains(index) else { return }
      links[index] = link
      queue.append(index)
    }
    func follow(
      _ groups: [[PackageRelation]], _ link: Link, _ architecture: String, exceptChosen: Bool = false
    ) {
      for group in groups {
        var firstNamed: Int?
        distinct.begin()
        for relation in group {
          for index in self.satisfiers(of: relation, architecture: architecture)
          where !excluded.contains(index) && !(exceptChosen && isChosenByPerson(index)) && distinct.insert(index) {
            if firstNamed == nil, packages[index].id.name == relation.name { firstNamed = index }
          }
        }
        switch distinct.indices.count {
        case 0: continue
        case 1: add(distinct.indices[0], link)
        default: met.append(Choice(satisfiers: distinct.indices, link: link, firstNamed: firstNamed))
        }
      }
    }

    for root in roots { add(root, .root) }
    while true {
      while head < queue.count {
        let index = queue[head]
        head += 1
        let package = packages[index]
        follow(package.preDepends, .preDepends(of: index), package.id.architecture)
        follow(package.depends, .depends(of: index), package.id.architecture)
        if withRecommends {
          follow(
            package.recommends, .recommends(of: index), package.id.architecture, exceptChosen: onlyUnchosenRecommends)
        }
      }
      // First what nobody chose: it came with the system, or because a package of the closure asked for it.
      if !met.isEmpty {
        for group in met {
          var isDecided = false
          for index in group.satisfiers where !isChosenByPerson(index) {
            isDecided = true
            add(index, group.link)
          }
          if !isDecided { open.append(group) }
        }
        met = []
        continue
      }
      // Then one choice at a time, since it may decide other groups.
      guard openHead < open.count else { return Closure(links: links) }
      let group = open[openHead]
      openHead += 1
      if group.satisfiers.contains(where: { links[$0] != nil }) { continue }
      if let first = group.firstNamed {
        add(first, group.link)
      } else {
        for index in group.satisfiers { add(index, group.link) }
      }
    }
  }

  /// A group of alternatives that several present packages satisfy.
  private struct Choice {
    let satisfiers: [Int]
    let link: Link
    /// The first alternative that stands in the group by its own name.
    let firstNamed: Int?
  }

  /// Collects places without repeating any, in the order in which they come.
  private struct DistinctIndices {
    private(set) var indices: [Int] = []
    /// The round in which each place was last met.
    private var rounds: [Int]
    private var round = 0

    init(count: Int) { rounds = Array(repeating: 0, count: count) }

    mutating func begin() {
      round += 1
      indices = []
    }

    /// - Returns: whether the place is new in this round.
    mutating func insert(_ index: Int) -> Bool {
      guard rounds[index] != round else { return false }
      rounds[index] = round
      indices.append(index)
      return true
    }
  }

  /// The present packages whose hard dependencies break when a set of packages goes, directly or in turn.
  /// - Returns: places in ``packages`` outside `removed`, each with the package that takes it along.
  package func dependents(ofRemoving removed: Set<Int>) -> [Int: Int] {
    // What each group of alternatives still has to stand on, and the groups that a package holds up.
    var remaining: [Int] = []
    var owners: [Int] = []
    var causes: [Int] = []
    var heldUp: [[Int]] = Array(repeating: [], count: packages.count)
    var distinct = DistinctIndices(count: packages.count)
    for (index, package) in packages.enumerated() where !removed.contains(index) {
      for group in package.preDepends + package.depends {
        distinct.begin()
        for relation in group {
          for satisfier in satisfiers(of: relation, architecture: package.id.architecture) {
            _ = distinct.insert(satisfier)
          }
        }
        // What nothing satisfies is broken already.
        guard let first = distinct.indices.first else { continue }
        for satisfier in distinct.indices { heldUp[satisfier].append(remaining.count) }
        remaining.append(distinct.indices.count)
        owners.append(index)
        causes.append(first)
      }
    }
    var cause: [Int: Int] = [:]
    var queue = removed.sorted()
    var head = 0
    while head < queue.count {
      let index = queue[head]
      head += 1
      for group in heldUp[index] {
        remaining[group] -= 1
        let owner = owners[group]
        guard remaining[group] == 0, cause[owner] == nil else { continue }
        cause[owner] = causes[group]
        queue.append(owner)
      }
    }
    return cause
  }
}
