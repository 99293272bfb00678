package import HostSystem

/// How two records of packages differ: the document `toolbox.reset.baseline-comparison/1`, described in
/// `Data/schemas/toolbox.reset.baseline-comparison.1.json`.
package struct BaselineComparison: Sendable, Codable, Equatable {
  package var schema = "toolbox.reset.baseline-comparison/1"
  /// What the two sides are, for people: a path, or `installed`.
  package var left: String
  package var right: String
  /// Lists are sorted by name, then by architecture.
  package var onlyLeft: [Package]
  package var onlyRight: [Package]
  /// In both, in versions that are both known and not the same text.
  package var otherVersion: [Change]
  /// Names of snaps.
  package var snapsOnlyLeft: [String]
  package var snapsOnlyRight: [String]

  /// Whether the two are the same.
  package var isEmpty: Bool {
    onlyLeft.isEmpty && onlyRight.isEmpty && otherVersion.isEmpty && snapsOnlyLeft.isEmpty && snapsOnlyRight.isEmpty
  }

  /// A package of one side.
  package struct Package: Sendable, Codable, Equatable {
    package var name: String
    /// Null where the record does not say.
    @Nullable package var architecture: String?
    @Nullable package var version: String?
  }

  /// A package of both sides.
  package struct Change: Sendable, Codable, Equatable {
    package var name: String
    @Nullable package var architecture: String?
    package var left: String
    package var right: String
  }

  /// Compares two sets of packages.
  ///
  /// A package without an architecture, of `all` and of the native architecture is one and the same, since a package may
  /// turn from one into another; those of foreign architectures are packages of their own.
  /// - Parameter native: the architecture that a package without one is of, as dpkg names it.
  package init(_ left: Side, _ right: Side, native: String) {
    func keyed(_ members: [Baseline.Member]) -> [Key: Baseline.Member] {
      Dictionary(members.map { (Key($0, native: native), $0) }, uniquingKeysWith: { first, _ in first })
    }
    func packages(_ members: [Baseline.Member]) -> [Package] {
      members.map { Package(name: $0.name, architecture: $0.architecture, version: $0.version) }
        .sorted { ($0.name, $0.architecture ?? "") < ($1.name, $1.architecture ?? "") }
    }
    let (ours, theirs) = (keyed(left.members), keyed(right.members))
    self.left = left.title
    self.right = right.title
    onlyLeft = packages(ours.filter { theirs[$0.key] == nil }.map(\.value))
    onlyRight = packages(theirs.filter { ours[$0.key] == nil }.map(\.value))
    otherVersion = ours.compactMap { key, member in
      guard let before = member.version, let other = theirs[key], let after = other.version, before != after else {
        return nil
      }
      return Change(name: key.name, architecture: member.architecture ?? other.architecture, left: before, right: after)
    }.sorted { ($0.name, $0.architecture ?? "") < ($1.name, $1.architecture ?? "") }
    snapsOnlyLeft = left.snaps.subtracting(right.snaps).sorted()
    snapsOnlyRight = right.snaps.subtracting(left.snaps).sorted()
  }

  /// One of the two records.
  package struct Side: Sendable {
    let title: String
    let members: [Baseline.Member]
    let snaps: Set<String>

    /// The packages of a baseline that has a record; none for the root closure.
    package init(_ baseline: Baseline) {
      title = baseline.path ?? baseline.source.title
      members = (baseline.members ?? [:]).values.flatMap { $0 }
      snaps = baseline.snaps
    }

    /// The packages of one file.
    package init(_ file: BaselineFile) {
      title = file.path
      members = file.members
      snaps = Set(file.snaps.map(\.name))
    }

    /// What is installed now.
    /// - Parameter snaps: the names of the installed snaps.
    package init(installed snapshot: SystemSnapshot, snaps: Set<String> = []) {
      title = "installed"
      members = BaselineDocument.members(of: snapshot)
      self.snaps = snaps
    }
  }

  private struct Key: Hashable {
    let name: String
    /// Empty for everything that is not of a foreign architecture.
    let foreign: String

    init(_ member: Baseline.Member, native: String) {
      name = member.name
      foreign = member.architecture.flatMap { $0 == "all" || $0 == native ? nil : $0 } ?? ""
    }
  }
}
