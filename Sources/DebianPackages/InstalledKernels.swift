import HostSystem

/// The kernels of a system: the images in `/boot` and the packages that belong to each.
package struct InstalledKernels: Sendable {
  /// A kernel and its packages, by the release that `uname -r` prints when it runs.
  package struct Kernel: Sendable, Equatable {
    package let release: String
    /// Image, modules, headers and whatever else carries the release in its name.
    package let packages: [PackageID]
    /// Whether `/boot` holds its image.
    package let hasImage: Bool
  }

  /// The oldest first.
  package let kernels: [Kernel]
  /// The release of the running kernel; nil for a root that does not run.
  package let running: String?

  /// - Parameter bootNames: the names in `/boot`.
  /// - Parameter moduleNames: the names in `/lib/modules`.
  /// - Parameter running: `uname -r`, when the packages are those of the running system.
  package init(
    packages: [InstalledPackage], bootNames: [String], moduleNames: [String], running: String?
  ) {
    var releases: Set<String> = []
    var withImage: Set<String> = []
    for name in bootNames {
      for prefix in ["vmlinuz-", "vmlinux-", "kernel-"] where name.hasPrefix(prefix) {
        let release = String(name.dropFirst(prefix.count))
        if release.first?.isNumber == true, !Self.leftoverEndings.contains(where: { release.hasSuffix($0) }) {
          releases.insert(release)
          withImage.insert(release)
        }
      }
    }
    let present = packages.filter(\.isPresent)
    for package in present {
      if let release = Self.imageRelease(package.id.name) { releases.insert(release) }
    }
    // Modules alone make a kernel only where the kernel runs: directories are often left behind by removed kernels.
    if let running, moduleNames.contains(running) || bootNames.contains("vmlinuz-" + running) {
      releases.insert(running)
    }
    let ordered = releases.sorted { left, right in
      let order = DebianVersion.compare(DebianVersion(left), DebianVersion(right))
      return order == 0 ? left < right : order < 0
    }
    kernels = ordered.map { release in
      let owned = present.filter { Self.belongs($0.id.name, to: release) }.map(\.id)
      return Kernel(release: release, packages: owned, hasImage: withImage.contains(release))
    }
    self.running = running
  }

  /// The prefixes of packages that hold a kernel image of one release. Source: the archives of Debian, Ubuntu, Proxmox,
  /// Raspberry Pi and deepin.
  private static let imagePrefixes = [
    "linux-image-unsigned-", "linux-image-uc-", "linux-image-", "proxmox-kernel-", "pve-kernel-", "kali-linux-image-",
  ]

  /// The ends of names that dpkg, `make install` and signing tools leave beside an image in `/boot`.
  private static let leftoverEndings = [
    ".old", ".bak", ".tmp", ".signed", ".dpkg-new", ".dpkg-old", ".dpkg-bak", ".dpkg-tmp", ".dpkg-dist",
  ]

  /// The release in the name of an image package; nil for metapackages such as `linux-image-amd64` and for all others.
  package static func imageRelease(_ name: String) -> String? {
    guard let prefix = imagePrefixes.first(where: { name.hasPrefix($0) }) else { return nil }
    var release = name.dropFirst(prefix.count)
    for suffix in ["-signed", "-unsigned", "-dbg", "-dbgsym"] where release.hasSuffix(suffix) {
      if suffix.hasPrefix("-dbg") { return nil }
      release = release.dropLast(suffix.count)
    }
    // A release begins with the version and says more than "6.12": that much is the name of a series' metapackage. A
    // kernel of one's own making may be just "6.12.3".
    let digits = release.prefix { $0.isNumber || $0 == "." }
    let dots = digits.count { $0 == "." }
    guard release.first?.isNumber == true, dots > 1 || (dots == 1 && release.count > digits.count) else { return nil }
    return String(release)
  }

  /// Whether a package's name carries the release as a whole word: `linux-headers-6.1.0-37-amd64` for `6.1.0-37-amd64`, and
  /// for the common headers `linux-headers-5.15.0-91` the release without its flavour.
  private static func belongs(_ name: String, to release: String) -> Bool {
    let families = ["linux-", "proxmox-", "pve-", "kali-linux-", "nvidia-", "zfs-modules-"]
    guard families.contains(where: { name.hasPrefix($0) }) else { return false }
    if carries(name, release) { return true }
    guard let flavour = release.lastIndex(of: "-"), name.contains("headers") || name.contains("tools") else {
      return false
    }
    let base = String(release[..<flavour])
    let common = base + "-common"
    return base.contains("-") && (name.hasSuffix("-" + base) || name.hasSuffix("-" + common))
  }

  private static func carries(_ name: String, _ release: String) -> Bool {
    guard let found = name.range(of: "-" + release) else { return false }
    let rest = name[found.upperBound...]
    return rest.isEmpty || rest == "-unsigned" || rest == "-signed" || rest == "-dbg" || rest == "-common"
  }

  /// The kernel that runs; nil when none of the installed ones does.
  package var runningKernel: Kernel? { kernels.first { $0.release == running } }

  /// The newest kernel that can be booted; another one than the running one where there is another.
  package var newestOther: Kernel? {
    let bootable = kernels.filter { $0.hasImage || !$0.packages.isEmpty }
    return bootable.last { $0.release != running } ?? bootable.last
  }
}

extension StringProtocol {
  /// The first place of a text, compared byte by byte.
  func range(of text: String) -> Range<Index>? {
    guard !text.isEmpty else { return nil }
    var start = startIndex
    while start < endIndex {
      if self[start...].utf8.starts(with: text.utf8) {
        return start..<self.utf8.index(start, offsetBy: text.utf8.count)
      }
      start = self.utf8.index(after: start)
    }
    return nil
  }
}
