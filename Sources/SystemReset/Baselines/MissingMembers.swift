import DebianPackages

/// Judges the members of a baseline that are not installed: what to put back, what only to name, and which names are stale.
///
/// Lists name more than a machine needs, and names change. So a member is put back only where something speaks for it: a log
/// that shows its removal, a mark that says that it was chosen by name, or, where the record has no marks, that it is of
/// the base system or the kind of package that people use rather than one that others bring along.
struct MissingMembers {
  enum Verdict: Equatable {
    /// To be planned, for this reason.
    case wanted(String)
    /// Only to be named, with the reason.
    case missing(String)
    /// The name has a successor, or its package became empty: nothing is missing.
    case stale
  }

  private let snapshot: SystemSnapshot
  private let baseline: Baseline
  /// Names that an installed package both provides and replaces.
  private let takenOver: Set<String>
  /// Installed names without the numbers in them.
  private let installedStems: Set<String>

  init(_ snapshot: SystemSnapshot, _ baseline: Baseline) {
    self.snapshot = snapshot
    self.baseline = baseline
    var takenOver: Set<String> = []
    var stems: Set<String> = []
    for package in snapshot.graph.packages {
      stems.insert(Self.stem(package.id.name))
      for provided in package.provides where package.replaces.contains(provided.name) {
        takenOver.insert(provided.name)
      }
    }
    self.takenOver = takenOver
    installedStems = stems
  }

  /// A name without its digits and the mark of the time_t transition: the libraries of two ABIs have the same.
  private static func stem(_ name: String) -> String {
    let name = name.hasSuffix("t64") ? name.dropLast(3) : name[...]
    return String(decoding: name.utf8.filter { !(0x30...0x39).contains($0) && $0 != 0x2E }, as: UTF8.self)
  }

  /// Sections of packages that others bring along, or that are a matter of the machine.
  private static let sectionsOfOthers: Set<String> = [
    "libs", "oldlibs", "kernel", "localization", "translations", "debug", "introspection", "libdevel",
  ]
  private static let sectionsOfMetapackages: Set<String> = ["metapackages", "tasks"]

  /// - Parameter members: those of the name, which is not installed in any architecture.
  /// - Throws: ``Deb822Error``, when a list's stanza of the package is malformed.
  func verdict(_ name: String, _ members: [Baseline.Member]) throws(Deb822Error) -> Verdict {
    if takenOver.contains(name) || isRenamed(name) { return .stale }
    let removal = snapshot.removals[name]
    let isChosen = members.contains { $0.isAutomatic == false }
    guard let candidate = snapshot.bestCandidate(name) else {
      return withoutCandidate(name, members, removal != nil || isChosen)
    }
    let details = try snapshot.archive.details(of: candidate)
    let section = details.section.split(separator: "/").last.map(String.init) ?? ""
    if section == "oldlibs" || Self.isTransitional(details.synopsis) { return .stale }

    let never = NameClass.neverMissing.first { $0.matches(name) }
    if let never, never.isAbsolute || baseline.listsImage || (removal == nil && !isChosen) {
      return .missing("in the baseline, but \(never.reason)")
    }
    if Self.sectionsOfMetapackages.contains(section) {
      return .missing(
        "in the baseline, but a metapackage\(removal.map { ", removed on \($0.time.prefix(10))" } ?? ""):"
          + " perhaps it went on purpose, with a part of it")
    }
    if let removal { return .wanted("in the baseline; removed on \(removal.time.prefix(10))") }
    if isChosen { return .wanted("in the baseline, installed by name there") }
    if members.contains(where: { $0.isAutomatic != nil }) {
      return .missing("in the baseline only because others needed it")
    }
    if !baseline.plansUnmarked { return .missing("in the baseline, which may name more than was installed") }
    if candidate.isEssential || candidate.priority.map({ $0 <= .standard }) ?? false {
      return .wanted("in the baseline and of the base system, and not there")
    }
    if Self.sectionsOfOthers.contains(section) {
      return .missing("in the baseline, but of section \(section): others bring it when they need it")
    }
    return .wanted("in the baseline, and not there")
  }

  /// A name that the distribution's archives do not have for this architecture (any more).
  private func withoutCandidate(_ name: String, _ members: [Baseline.Member], _ hasEvidence: Bool) -> Verdict {
    if let foreign = members.first(where: { member in
      member.architecture.map { $0 != "all" && $0 != snapshot.architecture } ?? false
    }) {
      return .missing("in the baseline, for architecture \(foreign.architecture ?? "")")
    }
    // An archive that is known and has dropped the name, and a relation with another number: a newer ABI took its place.
    if !snapshot.archive.lists.isEmpty, name.utf8.contains(where: { (0x30...0x39).contains($0) }),
      installedStems.contains(Self.stem(name))
    {
      return .stale
    }
    if let never = NameClass.neverMissing.first(where: { $0.matches(name) }), never.isAbsolute || !hasEvidence {
      return .missing("in the baseline, but \(never.reason)")
    }
    let known = hasEvidence ? "in the baseline and removed since" : "in the baseline"
    return .missing(
      snapshot.archive.lists.isEmpty
        ? "\(known), and apt has no lists to find it in" : "\(known), but no archive of the distribution offers it")
  }

  /// `libcurl4` is `libcurl4t64` since the time_t transition, and its sisters.
  private func isRenamed(_ name: String) -> Bool {
    name.hasSuffix("t64") ? !snapshot.isAbsent(String(name.dropLast(3))) : !snapshot.isAbsent(name + "t64")
  }

  /// An empty package that only leads to another, or to a snap.
  private static func isTransitional(_ synopsis: String) -> Bool {
    let text = synopsis.lowercased()
    return text.contains("transitional") && (text.contains("package") || text.contains("dummy"))
  }
}
