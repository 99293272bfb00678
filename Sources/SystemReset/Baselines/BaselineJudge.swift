import DebianPackages
import HostSystem

/// Whether a baseline is of this system: release, architecture, flavour, extent. Pure.
struct BaselineJudge: Sendable {
  private let snapshot: SystemSnapshot
  private let places = BaselinePlaces.shipped
  private let traits: ReleaseTraits
  /// The first installed version of a name.
  private let installed: [String: DebianVersion]

  init(_ snapshot: SystemSnapshot) {
    self.snapshot = snapshot
    traits = ReleaseTraits(snapshot.profile?.id)
    installed = Dictionary(
      snapshot.graph.packages.map { ($0.id.name, $0.version) }, uniquingKeysWith: { first, _ in first })
  }

  private var releaseName: String {
    [snapshot.release.id, snapshot.release.versionID].compactMap { $0 }.joined(separator: " ")
  }

  // MARK: Release

  /// A baseline that says of which system it is.
  func judgeSystem(_ result: inout Baseline, _ system: BaselineDocument.System) {
    let subject = result.path ?? ""
    if system.id != snapshot.release.id {
      result.doubt(
        "other-distribution", "it was saved on '\(system.id.harmless)', and this is '\(snapshot.release.id)'",
        subject: subject)
    } else if let saved = system.versionId, let now = snapshot.release.versionID, saved != now, !traits.isRolling {
      result.doubt(
        "upgraded-release", "it was saved on release \(saved.harmless), and this is release \(now)", subject: subject)
    }
    if system.architecture != snapshot.architecture {
      otherArchitecture(&result, system.architecture)
    }
  }

  /// A baseline whose release only its packages tell, or the medium of the installation.
  ///
  /// The C library speaks first where both have it: point releases change the medium's number and not the library.
  func judgeRelease(_ result: inout Baseline, medium: MediaInfo?, blocker: String) {
    guard !traits.isRolling, medium?.isOf(snapshot.release) != true else { return }
    if let medium, medium.isOf(snapshot.release) == false {
      if sameLibrary(result) == true, Self.firstNumber(medium.version) == Self.firstNumber(snapshot.release.versionID) {
        result.notes.append("the system was installed from '\(medium.text)' and has had a point release since")
        return
      }
      result.doubt(
        blocker, "it is of '\(medium.text)', and this is \(releaseName)", subject: result.path ?? "")
    } else if sameLibrary(result) == false, let name = library(result) {
      let there = result.members?[name]?.first?.version ?? ""
      result.doubt(
        blocker, "it is of another release: \(name) \(there) there, \(installed[name]?.text ?? "") here",
        subject: result.path ?? "")
    } else if sameLibrary(result) == nil, let (there, here) = otherReleaseName(result) {
      result.doubt(
        blocker, "it is of another release: \(there) there, \(here) here", subject: result.path ?? "")
    }
  }

  private static func firstNumber(_ version: String?) -> Substring? { version?.split(separator: ".").first }

  /// The C library, where baseline and system both have a version of it.
  private func library(_ baseline: Baseline) -> String? {
    places.releasePackages.first { installed[$0] != nil && baseline.members?[$0]?.first?.version != nil }
  }

  private func sameLibrary(_ baseline: Baseline) -> Bool? {
    guard let name = library(baseline), let there = baseline.members?[name]?.first?.version, let here = installed[name]
    else { return nil }
    return Self.upstream(there) == Self.upstream(here.text)
  }

  /// `2.36` of `2.36-9+deb12u4`, without an epoch and what a distribution adds.
  private static func upstream(_ version: String) -> Substring {
    let body = version.lastIndex(of: "-").map { version[..<$0] } ?? version[...]
    let withoutEpoch = body.firstIndex(of: ":").map { body[body.index(after: $0)...] } ?? body
    return withoutEpoch.prefix { $0.isNumber || $0 == "." }
  }

  /// For lists without versions: names that carry the version of a release, when at least two of them speak and none fits.
  private func otherReleaseName(_ baseline: Baseline) -> (there: String, here: String)? {
    guard let members = baseline.members else { return nil }
    var mismatches: [(String, String)] = []
    for pattern in places.releaseNames {
      let there = members.keys.filter { pattern.matches($0) && $0.contains(where: \.isNumber) }
      let here = installed.keys.filter { pattern.matches($0) && $0.contains(where: \.isNumber) }
      guard let first = there.min(), let second = here.min() else { continue }
      if !Set(there).isDisjoint(with: here) { return nil }
      mismatches.append((first, second))
    }
    return mismatches.count >= 2 ? mismatches[0] : nil
  }

  // MARK: Architecture and flavour

  /// Lists name the architecture of some packages; when most of those are of another one, so is the list.
  func judgeArchitecture(_ result: inout Baseline) {
    guard let members = result.members, !result.blockers.contains(where: { $0.id == "other-architecture" }) else {
      return
    }
    var counts: [String: Int] = [:]
    var total = 0
    for member in members.values.joined() {
      total += 1
      if let architecture = member.architecture, architecture != "all" { counts[architecture, default: 0] += 1 }
    }
    guard counts[snapshot.architecture] == nil, snapshot.architecture != "all",
      let most = counts.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }), most.value * 4 > total
    else { return }
    otherArchitecture(&result, most.key)
  }

  private func otherArchitecture(_ result: inout Baseline, _ architecture: String) {
    result.doubt(
      "other-architecture",
      "it is of architecture '\(architecture.harmless)', and this system is \(snapshot.architecture)",
      subject: result.path ?? "")
  }

  /// The metapackages of editions: a baseline of another edition would make the whole desktop foreign.
  func judgeFlavour(_ result: inout Baseline) {
    guard let members = result.members else { return }
    let there = traits.flavours(of: { members[$0] != nil })
    let here = traits.flavours(of: { installed[$0] != nil })
    guard !there.isEmpty, !here.isEmpty, Set(there).isDisjoint(with: here) else { return }
    result.doubt(
      "wrong-flavour",
      "it is of \(there.joined(separator: ", ")), and installed is \(here.joined(separator: ", "))",
      subject: result.path ?? "")
  }

  // MARK: Extent

  /// Whether the list is of a whole system, and of about this one.
  func judgeExtent(_ result: inout Baseline) {
    guard let members = result.members else { return }
    let packages = snapshot.graph.packages
    let essential = packages.filter(\.isEssential)
    let listed = essential.filter { members[$0.id.name] != nil }
    if listed.count * 2 < essential.count {
      result.doubt(
        "no-base-system",
        "it names \(listed.count) of the \(essential.count) essential packages: this is no list of a whole system",
        subject: result.path ?? "")
    }
    let present = members.keys.filter { installed[$0] != nil }.count
    if present * 2 < members.count {
      result.doubt(
        "other-system", "only \(present) of the \(members.count) packages that it names are installed",
        subject: result.path ?? "")
    }
    let known = packages.filter { contains(result, $0) }.count
    if known * 2 < packages.count {
      result.lowerConfidence()
      result.notes.append("it names only \(known) of the \(packages.count) installed packages")
    }
  }

  private func contains(_ baseline: Baseline, _ package: InstalledPackage) -> Bool {
    baseline.member(name: package.id.name, architecture: package.id.architecture, native: snapshot.architecture) != nil
  }

  // MARK: Disagreements

  /// Says on which installed packages another source disagrees.
  func compare(_ result: inout Baseline, with other: Baseline) {
    var (onlyHere, onlyThere): ([String], [String]) = ([], [])
    for package in snapshot.graph.packages {
      let isHere = contains(result, package)
      guard isHere != contains(other, package) else { continue }
      if isHere { onlyHere.append(package.id.name) } else { onlyThere.append(package.id.name) }
    }
    note(
      &result, onlyHere, onlyThere,
      "\(other.source.title)\(other.path.map { " (\($0))" } ?? "") disagrees on installed packages")
  }

  /// Says on which installed packages the root closure disagrees with what this baseline explains.
  func compareWithClosure(_ result: inout Baseline) {
    let graph = snapshot.graph
    func closure(_ baseline: Baseline) -> DependencyGraph.Closure {
      graph.closure(of: SystemAnalysis.stockRoots(snapshot, baseline).keys.sorted(), withRecommends: true)
    }
    let (own, base) = (closure(result), closure(.rootClosure))
    let onlyHere = graph.packages.indices.filter { own.contains($0) && !base.contains($0) }
    let onlyThere = graph.packages.indices.filter { !own.contains($0) && base.contains($0) }
    // Without metapackages the closure explains little of any system: then its silence says nothing.
    let listed = onlyHere.count * 2 < graph.packages.count ? onlyHere : []
    note(
      &result, listed.map { graph.packages[$0].id.name }, onlyThere.map { graph.packages[$0].id.name },
      "the closure of priorities and metapackages disagrees on installed packages")
  }

  private func note(_ result: inout Baseline, _ onlyHere: [String], _ onlyThere: [String], _ what: String) {
    if onlyHere.isEmpty, onlyThere.isEmpty { return }
    func shown(_ names: [String]) -> String {
      let sorted = Set(names).sorted()
      return sorted.prefix(5).joined(separator: ", ") + (sorted.count > 5 ? " and \(sorted.count - 5) more" : "")
    }
    var parts: [String] = []
    if !onlyHere.isEmpty { parts.append("\(onlyHere.count) stock only by this baseline (\(shown(onlyHere)))") }
    if !onlyThere.isEmpty { parts.append("\(onlyThere.count) stock only by the other (\(shown(onlyThere)))") }
    result.notes.append("\(what): \(parts.joined(separator: ", "))")
  }
}

extension ResetPlan.BaselineSource {
  /// The name for people.
  var title: String {
    switch self {
    case .file: "the named file"
    case .saved: "the saved baseline"
    case .installerRecord: "the installer's record"
    case .imageManifest: "the image's list"
    case .rootClosure: "what the base system explains"
    }
  }
}
