import BundledData
import DataTree
import DebianPackages

/// A class of packages that `Data/reset/never-missing.yaml` or `image-addbacks.yaml` defines by names.
struct NameClass: Sendable, Equatable {
  let id: String
  let reason: String
  /// Whether no evidence outweighs it.
  let isAbsolute: Bool
  /// The names without `*`.
  let names: Set<String>
  let patterns: [NamePattern]
  let sets: [String]

  /// Packages of a baseline that are not put back where they are absent.
  static let neverMissing = shipped("reset/never-missing.yaml")
  /// Packages that an installer adds to those of its image.
  static let imageAddbacks = shipped("reset/image-addbacks.yaml")

  /// The sets of names that are computed.
  static let knownSets: Set<String> = ["kernel-abi"]

  private static func shipped(_ path: String) -> [NameClass] {
    (BundledFile.at(path)?.tree?["classes"]?.items ?? []).map { entry in
      let names = entry.strings("names").map(NamePattern.init)
      return NameClass(
        id: entry.string("id") ?? "", reason: entry.string("reason") ?? "", isAbsolute: entry.string("always") == "yes",
        names: Set(names.filter(\.isExact).map(\.text)), patterns: names.filter { !$0.isExact },
        sets: entry.strings("sets"))
    }
  }

  func matches(_ name: String) -> Bool {
    if names.contains(name) || patterns.contains(where: { $0.matches(name) }) { return true }
    return sets.contains("kernel-abi") && Self.carriesKernelRelease(name)
  }

  /// Whether a name carries the release of one kernel: `linux-headers-5.15.0-91`, but not `linux-generic-hwe-18.04`.
  static func carriesKernelRelease(_ name: String) -> Bool {
    if InstalledKernels.imageRelease(name) != nil { return true }
    guard ["linux-", "proxmox-", "pve-"].contains(where: { name.hasPrefix($0) }) else { return false }
    return name.split(separator: "-").contains { word in
      let numbers = word.split(separator: ".", omittingEmptySubsequences: false)
      guard numbers.count >= 3, let last = numbers.dropFirst(2).first?.first, last.isNumber else { return false }
      return numbers.prefix(2).allSatisfy { !$0.isEmpty && $0.allSatisfy(\.isNumber) }
    }
  }
}

/// What is known of a distribution's editions and releases beside its ``DistributionProfile``.
struct ReleaseTraits: Sendable {
  /// An edition, and the metapackages of which each marks it.
  struct Flavour: Sendable, Equatable {
    let name: String
    let packages: Set<String>
  }

  /// Those of the distribution, then those of its bases.
  var flavours: [Flavour] = []
  /// The release in os-release moves with updates, so a difference there means nothing.
  var isRolling = false

  /// - Parameter id: of the distribution's profile; nil for an unknown one, of which nothing is known.
  init(_ id: String?) {
    var next = id
    var depth = 0
    while depth < 4, let id = next, let tree = BundledFile.at("distributions/\(id).yaml")?.tree {
      flavours += (tree["flavours"]?.items ?? []).map {
        Flavour(name: $0.string("name") ?? "", packages: Set($0.strings("packages")))
      }
      if depth == 0 { isRolling = tree.string("rolling") == "yes" }
      next = tree.string("base")
      depth += 1
    }
  }

  /// The flavours that some packages mark.
  func flavours(of names: (String) -> Bool) -> [String] {
    flavours.filter { $0.packages.contains(where: names) }.map(\.name)
  }
}

/// Where a system keeps what tells its stock set: `Data/reset/baseline-sources.yaml`.
struct BaselinePlaces: Sendable {
  struct Images: Sendable {
    let folder: String
    let names: [NamePattern]
    let medium: String?
  }

  /// What makes an automatic reset doubtful.
  struct Situation: Sendable {
    let id: String
    let reason: String
    let isOfHostOnly: Bool
    let isOverridable: Bool
    /// The baselines for which it is only worth a note.
    let trusted: [ResetPlan.BaselineSource]
    let paths: [String]
    let kernelOptions: Set<String>
    let mounts: [NamePattern]
    let releaseIDs: Set<String>
    let facts: Set<String>
  }

  let records: [String]
  let media: [String]
  let telemetry: [String]
  let images: [Images]
  let liveLayers: Set<String>
  let fullLayers: Set<String>
  let livePackages: Set<String>
  let releasePackages: [String]
  let releaseNames: [NamePattern]
  let situations: [Situation]

  static let shipped = BaselinePlaces(BundledFile.at("reset/baseline-sources.yaml")?.tree)

  private init(_ tree: DataTree?) {
    func strings(_ key: StaticString) -> [String] { tree?.strings(key) ?? [] }
    records = strings("records")
    media = strings("media")
    telemetry = strings("telemetry")
    liveLayers = Set(strings("live_layers"))
    fullLayers = Set(strings("full_layers"))
    livePackages = Set(strings("live_packages"))
    releasePackages = strings("release_packages")
    releaseNames = strings("release_names").map(NamePattern.init)
    images = (tree?["images"]?.items ?? []).map {
      Images(
        folder: $0.string("folder") ?? "", names: $0.strings("names").map(NamePattern.init),
        medium: $0.string("medium"))
    }
    situations = (tree?["situations"]?.items ?? []).map { entry in
      Situation(
        id: entry.string("id") ?? "", reason: entry.string("reason") ?? "",
        isOfHostOnly: entry.string("host_only") == "yes", isOverridable: entry.string("override") != "no",
        trusted: entry.strings("trusted").compactMap(ResetPlan.BaselineSource.init(rawValue:)),
        paths: entry.strings("paths"), kernelOptions: Set(entry.strings("kernel_options")),
        mounts: entry.strings("mounts").map(NamePattern.init), releaseIDs: Set(entry.strings("release_ids")),
        facts: Set(entry.strings("facts")))
    }
  }
}
