package import DebianPackages
import HostSystem

/// The kernels of a machine, or of a root: the one that runs, those that are installed, and the one that could be.
package struct MachineKernels: Sendable {
  /// Where the root stands to the running kernel.
  package let place: Place
  /// The running kernel; nil where the root is not the running system, or says nothing.
  package let running: KernelIdentity?
  /// The installed kernels that can be booted, the oldest first.
  package let installed: [InstalledImage]
  /// Whether the machine has to be started anew to run what is installed.
  package let reboot: Reboot
  /// The newest kernel image that apt's lists offer; nil where they offer none.
  package let candidate: Candidate?
  /// What could not be found out, in sentences.
  package let notes: [String]

  package init(
    place: Place, running: KernelIdentity?, installed: [InstalledImage], reboot: Reboot, candidate: Candidate?,
    notes: [String] = []
  ) {
    self.place = place
    self.running = running
    self.installed = installed
    self.reboot = reboot
    self.candidate = candidate
    self.notes = notes
  }

  /// Where a root stands to the running kernel.
  package enum Place: Sendable, Equatable {
    /// The kernel was started from this system.
    case host
    /// A container, and its kind: the kernel is the host's.
    case container(String)
    /// The root of this process is not that of the system's first one.
    case chroot
    /// A root that was named.
    case otherRoot
  }

  /// An installed kernel.
  package struct InstalledImage: Sendable, Equatable {
    /// What `uname -r` prints when it runs.
    package let release: String
    /// The version of the package that holds its image; nil for an image without a package.
    package let packageVersion: DebianVersion?
    /// Which upstream release it is.
    package let identity: KernelIdentity

    package init(release: String, packageVersion: DebianVersion?, identity: KernelIdentity) {
      self.release = release
      self.packageVersion = packageVersion
      self.identity = identity
    }
  }

  /// A kernel image that apt's lists offer.
  package struct Candidate: Sendable, Equatable {
    /// The package that leads to it: `linux-image-amd64`.
    package let metapackage: String
    /// Whether that package is installed, so that an upgrade brings the image.
    package let isFollowed: Bool
    /// The version of the image's package.
    package let packageVersion: DebianVersion
    /// Which upstream release it is.
    package let identity: KernelIdentity

    package init(metapackage: String, isFollowed: Bool, packageVersion: DebianVersion, identity: KernelIdentity) {
      self.metapackage = metapackage
      self.isFollowed = isFollowed
      self.packageVersion = packageVersion
      self.identity = identity
    }
  }

  /// Whether a reboot is needed.
  package struct Reboot: Sendable, Equatable {
    /// nil where nothing can be said.
    package let isRequired: Bool?
    /// Why, as the part of a sentence.
    package let reason: String

    package init(isRequired: Bool?, reason: String) {
      self.isRequired = isRequired
      self.reason = reason
    }
  }

  /// The newest installed kernel.
  package var newestInstalled: InstalledImage? { installed.last }
}

// MARK: Flavours

extension MachineKernels {
  /// The part of a release that tells the kernels of one version apart: `cloud-amd64` of `6.1.0-37-cloud-amd64`, `amd64` of
  /// `6.12.33+deb13-amd64`, `pve` of `6.8.12-2-pve`; empty for `6.12.3`.
  static func flavour(of release: String) -> String {
    var words = release.split(separator: "-")[...]
    guard let first = words.popFirst() else { return "" }
    // Debian's new releases carry no number of their own behind the version, so that 686 is a flavour there.
    if !first.contains("+"), let next = words.first, next.first?.isNumber == true || next.hasPrefix("rc") {
      words.removeFirst()
    }
    return words.filter { word in
      !["bpo", "rpi", "kali"].contains { word.hasPrefix($0) && word.dropFirst($0.count).first?.isNumber == true }
    }.joined(separator: "-")
  }

  /// Whether a reboot would bring another kernel.
  /// - Parameter flag: the packages that asked for a reboot (`/run/reboot-required.pkgs`); nil where none did.
  static func reboot(
    place: Place, running: KernelIdentity?, installed: [InstalledImage], flag: [String]?
  ) -> Reboot {
    switch place {
    case .container(let kind):
      return Reboot(isRequired: nil, reason: "this is a container (\(kind)): the kernel is the host's")
    case .chroot: return Reboot(isRequired: nil, reason: "this is a chroot: the kernel is that of the system around it")
    case .otherRoot: return Reboot(isRequired: nil, reason: "the running kernel is not that of this root")
    case .host: break
    }
    guard let running, !running.release.isEmpty else {
      return Reboot(isRequired: nil, reason: "the running kernel does not say what it is")
    }
    let flavour = flavour(of: running.release)
    let version = DebianVersion(running.release)
    let relatives = installed.filter { Self.flavour(of: $0.release) == flavour }
    if let newest = relatives.last(where: { DebianVersion.compare(DebianVersion($0.release), version) > 0 }) {
      return Reboot(isRequired: true, reason: "\(newest.release) is installed and newer")
    }
    let same = relatives.first { $0.release == running.release }
    if let built = running.packageVersion, let package = same?.packageVersion,
      DebianVersion.compare(plain(package), plain(built)) > 0
    {
      return Reboot(
        isRequired: true, reason: "\(running.release) was built anew since: \(package) is installed, \(built) runs")
    }
    if let flag {
      let names = flag.prefix(3).joined(separator: ", ") + (flag.count > 3 ? " and \(flag.count - 3) more" : "")
      return Reboot(isRequired: true, reason: "asked for by " + (names.isEmpty ? "/run/reboot-required" : names))
    }
    if same != nil { return Reboot(isRequired: false, reason: "the newest installed kernel of its kind is running") }
    return Reboot(
      isRequired: installed.isEmpty ? nil : false,
      reason: installed.isEmpty
        ? "no kernel is installed here: it came from outside" : "no newer kernel of its kind is installed")
  }

  /// Without the `+1` of a package that was only signed anew.
  private static func plain(_ version: DebianVersion) -> DebianVersion {
    guard let plus = version.text.lastIndex(of: "+"), version.text[plus...].dropFirst().allSatisfy(\.isNumber) else {
      return version
    }
    return DebianVersion(String(version.text[..<plus]))
  }
}

// MARK: Candidates

extension MachineKernels {
  /// The packages that lead to the newest image of their flavour: those without an image of their own that depend on one.
  static func metapackages(among packages: [InstalledPackage]) -> [InstalledPackage] {
    packages.filter { package in
      package.isPresent && InstalledKernels.imageRelease(package.id.name) == nil
        && image(in: package.preDepends + package.depends) != nil
    }
  }

  /// The image that a package depends on.
  static func image(in groups: [[PackageRelation]]) -> PackageRelation? {
    groups.lazy.compactMap { $0.first { InstalledKernels.imageRelease($0.name) != nil } }.first
  }

  /// The newest image that the lists offer through a metapackage.
  /// - Parameter installed: the version of the metapackage that is installed; nil where it is not.
  static func candidate(
    metapackage: String, installed: DebianVersion?, offers: [StanzaSearch.Offer], vendors: VendorTable
  ) -> Candidate? {
    let found = offers.filter { $0.id.name == metapackage }
    let automatic = found.filter { !$0.isNotAutomatic }.map(\.version).max()
    // What came from backports is upgraded from there; nothing else is taken from such an archive.
    let isAbove = installed.map { installed in automatic.map { $0 < installed } ?? true } ?? false
    guard let offer = found.filter({ !$0.isNotAutomatic || isAbove }).max(by: { $0.version < $1.version }),
      let relation = image(in: offer.depends), let release = InstalledKernels.imageRelease(relation.name)
    else { return nil }
    let images = offers.filter { offer in
      offer.id.name == relation.name && relation.constraint.map { $0.accepts(offer.version) } ?? true
    }
    let version = images.map(\.version).max() ?? relation.constraint?.version ?? offer.version
    return Candidate(
      metapackage: metapackage, isFollowed: installed != nil, packageVersion: version,
      identity: KernelIdentity(release: release, packageVersion: version, vendors: vendors))
  }
}

extension KernelIdentity {
  /// Finds out what the kernel of a package is. An image that is not running has no more to say than its release and the
  /// version of its package.
  package init(release: String, packageVersion: DebianVersion, vendors: VendorTable) {
    let identity = KernelIdentity(KernelStrings(release: release), vendors: vendors)
    guard identity.isGuess || identity.confidence == .series,
      vendors.rules.first(where: { $0.id == identity.vendor.id })?.numbers ?? .debian == .debian,
      let finding = Finding(debianVersion: packageVersion), finding.base == identity.base
    else {
      self = identity
      return
    }
    self.init(
      release: release, upstream: finding.upstream, base: finding.base, vendor: identity.vendor,
      confidence: finding.confidence, isModified: identity.isModified || finding.isModified, isGuess: false,
      note: finding.note ?? identity.note, packageVersion: packageVersion)
  }
}
