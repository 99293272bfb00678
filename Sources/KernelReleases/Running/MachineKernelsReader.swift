import DebianPackages
package import HostSystem

extension MachineKernels {
  /// Reads the kernels of a root. What cannot be read becomes a note: an answer with a gap is better than none.
  /// - Parameter environment: `container` names the kind of a container.
  /// - Throws: ``TableError``
  package static func read(
    root: RootDirectory, environment: [String: String]
  ) throws(TableError) -> MachineKernels {
    try read(root: root, place: Place.of(root, environment: environment))
  }

  /// What the running kernel says of itself, without a look at the installed ones.
  /// - Returns: nil where /proc does not say it.
  /// - Throws: ``TableError``
  package static func running(environment: [String: String]) throws(TableError) -> KernelIdentity? {
    let root = RootDirectory()
    let isHost = Place.of(root, environment: environment) == .host
    return runningKernel(root, isHost ? OSRelease.read(from: root) : nil, try VendorTable.shipped())
  }

  /// The same for a root whose place is known.
  static func read(root: RootDirectory, place: Place) throws(TableError) -> MachineKernels {
    let vendors = try VendorTable.shipped()
    var notes: [String] = []
    let system = OSRelease.read(from: root)
    let running = place == .otherRoot ? nil : runningKernel(root, place == .host ? system : nil, vendors)
    var packages: [InstalledPackage] = []
    if root.exists(DpkgStatus.path) {
      do {
        packages = try StanzaSearch.installed(packagePrefixes, from: root)
      } catch let error as any ReportableError {
        notes.append(error.message)
      } catch {
        notes.append("\(root.hostPath(DpkgStatus.path)): \(error)")
      }
    }
    let kernels = InstalledKernels(
      packages: packages, bootNames: names(in: "/boot", root, &notes),
      moduleNames: names(in: "/lib/modules", root, &notes),
      running: place == .host ? running?.release : nil)
    let installed = kernels.kernels.filter { $0.hasImage || !$0.packages.isEmpty }.map {
      image($0, packages, root, vendors)
    }
    let candidate = readCandidate(packages, system, running, root, vendors, &notes)
    return MachineKernels(
      place: place, running: running, installed: installed,
      reboot: reboot(place: place, running: running, installed: installed, flag: rebootFlag(root)),
      candidate: candidate, notes: notes)
  }

  /// How the names begin of all packages that are asked for here: images, what leads to them, and dpkg for its architecture.
  private static let packagePrefixes = [
    "linux-", "proxmox-kernel-", "proxmox-default-kernel", "pve-kernel-", "kali-linux-image-", "dpkg\n",
  ]

  private static func runningKernel(
    _ root: RootDirectory, _ system: OSRelease?, _ vendors: VendorTable
  ) -> KernelIdentity? {
    func text(_ path: String) -> String {
      (try? root.readIfPresent(path, limit: 1 << 16)).flatMap { $0 }.map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
    let strings = KernelStrings(
      release: text("/proc/sys/kernel/osrelease"), version: text("/proc/sys/kernel/version"),
      banner: text("/proc/version"), signature: text("/proc/version_signature"),
      distribution: system?.fields["ID"] == nil ? "" : system?.id ?? "")
    return strings.release.isEmpty ? nil : KernelIdentity(strings, vendors: vendors)
  }

  /// An installed kernel, by the header of its image; where that says nothing, by its package.
  private static func image(
    _ kernel: InstalledKernels.Kernel, _ packages: [InstalledPackage], _ root: RootDirectory, _ vendors: VendorTable
  ) -> InstalledImage {
    let version = packages.first {
      $0.isPresent && InstalledKernels.imageRelease($0.id.name) == kernel.release
    }?.version
    var identity: KernelIdentity
    if let version {
      identity = KernelIdentity(release: kernel.release, packageVersion: version, vendors: vendors)
    } else {
      identity = KernelIdentity(KernelStrings(release: kernel.release), vendors: vendors)
    }
    // A file of another release behind the name says nothing of this one.
    if let strings = KernelImageHeader.read("/boot/vmlinuz-" + kernel.release, of: root),
      strings.release == kernel.release
    {
      let told = KernelIdentity(strings, vendors: vendors)
      if told.confidence == .exact || identity.confidence != .exact { identity = told }
    }
    return InstalledImage(release: kernel.release, packageVersion: version, identity: identity)
  }

  private static func readCandidate(
    _ packages: [InstalledPackage], _ system: OSRelease?, _ running: KernelIdentity?, _ root: RootDirectory,
    _ vendors: VendorTable, _ notes: inout [String]
  ) -> Candidate? {
    guard root.exists(Archive.directory) else { return nil }
    let architecture = packages.first { $0.id.name == "dpkg" && $0.isPresent }?.id.architecture
    guard let architecture else {
      notes.append("dpkg's architecture is not known, so apt's lists were not searched")
      return nil
    }
    let installed = metapackages(among: packages).filter { $0.id.architecture == architecture }
    let flavour = running.map { Self.flavour(of: $0.release) }
    func leads(_ package: InstalledPackage) -> (isSameFlavour: Bool, release: DebianVersion) {
      let release =
        image(in: package.preDepends + package.depends).flatMap { InstalledKernels.imageRelease($0.name) } ?? ""
      return (Self.flavour(of: release) == flavour, DebianVersion(release))
    }
    let followed = installed.max { left, right in
      let (left, right) = (leads(left), leads(right))
      return left.isSameFlavour == right.isSameFlavour ? left.release < right.release : right.isSameFlavour
    }
    let distributions = system.map { [$0.id] + $0.like } ?? []
    guard
      let metapackage = followed?.id.name
        ?? vendors.metapackage(distributions: distributions, architecture: architecture)
    else {
      notes.append("no package is known here that always depends on the newest kernel")
      return nil
    }
    // All images of a family begin alike: one search finds the metapackage and what it leads to.
    let family =
      ["linux-image-", "kali-linux-image-", "proxmox-", "pve-"].first { metapackage.hasPrefix($0) } ?? metapackage
    do {
      let search = try StanzaSearch.offers(
        ofPackages: family == metapackage ? [metapackage, "linux-image-"] : [family], architecture: architecture,
        from: root)
      notes += search.problems
      if search.listCount == 0, search.problems.isEmpty {
        notes.append("apt has no package lists, so no candidate is known; run 'apt update'")
      }
      return candidate(
        metapackage: metapackage, installed: followed?.version, offers: search.offers, vendors: vendors)
    } catch {
      notes.append(error.message)
      return nil
    }
  }

  private static func names(in path: String, _ root: RootDirectory, _ notes: inout [String]) -> [String] {
    do {
      return try root.names(in: path) ?? []
    } catch {
      notes.append(error.message)
      return []
    }
  }

  /// The packages that asked for a reboot; nil where none did. Debian's and Ubuntu's maintainer scripts leave the two files.
  private static func rebootFlag(_ root: RootDirectory) -> [String]? {
    guard root.exists("/run/reboot-required") else { return nil }
    let list = (try? root.readIfPresent("/run/reboot-required.pkgs", limit: 1 << 16)).flatMap { $0 } ?? []
    var seen: Set<String> = []
    return String(decoding: list, as: UTF8.self).split(whereSeparator: \.isWhitespace).map(String.init).filter {
      seen.insert($0).inserted
    }
  }
}

extension MachineKernels.Place {
  /// Finds out whether the running kernel was started from a root.
  /// - Parameter environment: `container` names the kind of a container, for what runs as its first process.
  static func of(_ root: RootDirectory, environment: [String: String]) -> MachineKernels.Place {
    guard root.isHost else { return .otherRoot }
    func word(_ path: String) -> String? {
      let bytes = (try? root.readIfPresent(path, limit: 4096)).flatMap { $0 } ?? []
      let text = String(decoding: bytes, as: UTF8.self).filter { $0.isLetter || $0.isNumber || $0 == "-" }
      return text.isEmpty ? nil : text
    }
    if let kind = environment["container"] ?? word("/run/systemd/container") {
      return .container(String(kind.harmless.prefix(40)))
    }
    if root.exists("/run/.containerenv") { return .container("podman") }
    if root.exists("/.dockerenv") { return .container("docker") }
    // Only root may look where the first process has its root.
    if let own = try? root.status(of: "/"), let first = try? root.status(of: "/proc/1/root"),
      own.device != first.device || own.inode != first.inode
    {
      return .chroot
    }
    return .host
  }
}

extension OSRelease {
  /// What a root says it is; nil when it does not.
  static func read(from root: RootDirectory) -> OSRelease? {
    paths.lazy.compactMap { (try? root.readIfPresent($0, limit: 1 << 20)).flatMap { $0 } }.first.map {
      OSRelease(parsing: $0)
    }
  }
}
