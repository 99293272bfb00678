import DebianPackages
import HostSystem
import TestSupport
import Testing

@testable import KernelReleases

/// The kernels of made-up roots.
@Suite struct MachineKernelsTests {
  private let directory: TemporaryDirectory
  private var root: RootDirectory { RootDirectory(directory.path) }

  init() throws {
    directory = try TemporaryDirectory()
    try directory.write("etc/os-release", text: "ID=debian\nVERSION_ID=\"12\"\n")
  }

  private static func stanza(
    _ name: String, _ version: String, depends: String = "", architecture: String = "amd64", installed: Bool = true
  ) -> String {
    "Package: \(name)\n" + (installed ? "Status: install ok installed\n" : "")
      + "Version: \(version)\nArchitecture: \(architecture)\n" + (depends.isEmpty ? "" : "Depends: \(depends)\n") + "\n"
  }

  private static func offer(_ name: String, _ version: String, depends: String = "", architecture: String = "amd64")
    -> String
  {
    stanza(name, version, depends: depends, architecture: architecture, installed: false)
  }

  /// A Debian machine that runs one kernel and has these packages.
  private func machine(
    running release: String, built version: String, _ stanzas: [String]
  ) throws {
    try directory.write("proc/sys/kernel/osrelease", text: release + "\n")
    try directory.write("proc/sys/kernel/version", text: "#1 SMP PREEMPT_DYNAMIC Debian \(version) (2025-05-22)\n")
    try directory.write(
      "var/lib/dpkg/status", text: Self.stanza("dpkg", "1.21.22") + Self.stanza("bash", "5.2") + stanzas.joined())
  }

  private func list(_ name: String, _ stanzas: String...) throws {
    try directory.write(
      "var/lib/apt/lists/\(name)_main_binary-amd64_Packages",
      text: Self.offer("bash", "5.2") + stanzas.joined() + Self.offer("zsh", "5.9"))
  }

  private func read(_ place: MachineKernels.Place = .host) throws -> MachineKernels {
    try MachineKernels.read(root: root, place: place)
  }

  // MARK: Installed kernels and the need to reboot

  @Test func `a newer kernel of the same flavour asks for a reboot`() throws {
    try machine(
      running: "6.1.0-35-amd64", built: "6.1.137-1",
      [
        Self.stanza("linux-image-6.1.0-35-amd64", "6.1.137-1"), Self.stanza("linux-image-6.1.0-37-amd64", "6.1.140-1"),
        Self.stanza("linux-image-6.1.0-37-cloud-amd64", "6.1.140-1"),
      ])
    let kernels = try read()
    #expect(kernels.running?.upstream == KernelVersion("6.1.137"))
    #expect(kernels.reboot == .init(isRequired: true, reason: "6.1.0-37-amd64 is installed and newer"))
    #expect(kernels.newestInstalled?.identity.upstream == KernelVersion("6.1.140"))
    #expect(
      kernels.notes == ["apt has no package lists, so no candidate is known; run 'apt update'"] || kernels.notes == [])
  }

  @Test func `a newer kernel of another flavour does not`() throws {
    try machine(
      running: "6.1.0-35-amd64", built: "6.1.137-1",
      [
        Self.stanza("linux-image-6.1.0-35-amd64", "6.1.137-1"),
        Self.stanza("linux-image-6.1.0-37-cloud-amd64", "6.1.140-1"),
        Self.stanza("linux-image-6.1.0-37-rt-amd64", "6.1.140-1"),
      ])
    #expect(try read().reboot.isRequired == false)
  }

  @Test func `the same release built anew asks for a reboot and one signed anew does not`() throws {
    try machine(
      running: "6.1.0-37-amd64", built: "6.1.140-1", [Self.stanza("linux-image-6.1.0-37-amd64", "6.1.140-2")])
    #expect(try read().reboot.isRequired == true)
    try machine(
      running: "6.1.0-37-amd64", built: "6.1.140-1", [Self.stanza("linux-image-6.1.0-37-amd64", "6.1.140-1+1")])
    #expect(try read().reboot.isRequired == false)
  }

  @Test func `packages that asked for a reboot are named`() throws {
    try machine(
      running: "6.1.0-37-amd64", built: "6.1.140-1", [Self.stanza("linux-image-6.1.0-37-amd64", "6.1.140-1")])
    try directory.write("run/reboot-required", text: "*** System restart required ***\n")
    try directory.write("run/reboot-required.pkgs", text: "libc6\ndbus\nlibc6\n")
    #expect(try read().reboot == .init(isRequired: true, reason: "asked for by libc6, dbus"))
  }

  @Test(arguments: [
    (MachineKernels.Place.container("docker"), "container (docker)"), (.chroot, "chroot"),
    (.otherRoot, "not that of this root"),
  ])
  func `where the kernel is another system's nothing is said of a reboot`(
    place: MachineKernels.Place, reason: String
  ) throws {
    try machine(
      running: "6.1.0-35-amd64", built: "6.1.137-1", [Self.stanza("linux-image-6.1.0-37-amd64", "6.1.140-1")])
    try directory.write("run/reboot-required", text: "")
    let kernels = try read(place)
    #expect(kernels.reboot.isRequired == nil)
    #expect(kernels.reboot.reason.contains(reason))
    #expect((kernels.running == nil) == (place == .otherRoot))
    #expect(kernels.newestInstalled?.release == "6.1.0-37-amd64")
  }

  @Test func `a kernel from outside says so`() throws {
    try machine(running: "6.18.44-fc-v657", built: "x", [])
    let kernels = try read()
    #expect(kernels.reboot.isRequired == nil)
    #expect(kernels.reboot.reason.contains("from outside"))
    #expect(kernels.installed.isEmpty)
  }

  @Test(arguments: [
    ("6.1.0-37-amd64", "amd64"), ("6.1.0-37-cloud-amd64", "cloud-amd64"), ("6.1.0-37-686-pae", "686-pae"),
    ("6.12.33+deb13-amd64", "amd64"), ("6.12.74+deb13+1-arm64", "arm64"), ("6.12.33+deb13-686-pae", "686-pae"),
    ("6.8.0-60-generic", "generic"), ("6.8.0-1029-aws", "aws"), ("6.8.12-2-pve", "pve"), ("6.14.8-2-bpo12-pve", "pve"),
    ("6.18.34+rpt-rpi-2712", "rpi-2712"), ("6.1.0-rpi7-rpi-v8", "rpi-v8"), ("6.1.0-0.deb11.13-amd64", "amd64"),
    ("6.12.3", ""), ("", ""), ("6.12.0-kali1-amd64", "amd64"),
  ])
  func `the flavour is what stands behind version and build`(release: String, flavour: String) {
    #expect(MachineKernels.flavour(of: release) == flavour)
  }

  @Test func `an image says what its package does not`() throws {
    try machine(running: "6.12.3-mine", built: "x", [])
    try directory.write(
      "boot/vmlinuz-6.1.0-37-amd64", KernelImageHeaderTests.image(KernelImageHeaderTests.text))
    // The name of one kernel, the header of another: the name counts.
    try directory.write("boot/vmlinuz-6.12.3-mine", KernelImageHeaderTests.image(KernelImageHeaderTests.text))
    let kernels = try read()
    #expect(kernels.installed.map(\.release) == ["6.1.0-37-amd64", "6.12.3-mine"])
    #expect(kernels.installed[0].identity.upstream == KernelVersion("6.1.140"))
    #expect(kernels.installed[0].packageVersion == nil)
    #expect(kernels.installed[1].identity.upstream == KernelVersion("6.12.3"))
  }

  @Test(arguments: [
    ("6.1.0-37-amd64", "6.1.140-1", "6.1.140"), ("6.1.0-0-amd64", "6.1~rc3-1~exp1", "6.1-rc3"),
    ("6.18.34+rpt-rpi-v8", "1:6.18.34-1+rpt1", "6.18.34"), ("6.1.0-rpi7-rpi-v8", "1:6.1.63-1+rpt1", "6.1.63"),
    ("6.8.0-60-generic", "6.8.0-60.63", "6.8.x"), ("6.8.12-2-pve", "6.8.12-2", "6.8.12"),
    ("6.12.3", "6.12.3-1", "6.12.3"),
    ("6.10.11-amd64", "6.10.11-1", "6.10.11"), ("6.6.9-amd64", "6.6.9-1kali1", "6.6.9"),
    ("5.14.0-503.el9.x86_64", "5.14.0-503", "-"), ("6.1.0-37-amd64", "nonsense", "6.1.x"),
    ("6.1.0-37-amd64", "5.10.3-1", "6.1.x"), ("2.6.32-5-amd64", "2.6.32-48squeeze4", "2.6.32.x"),
  ])
  func `a package's version tells its upstream release`(release: String, version: String, upstream: String) throws {
    let identity = KernelIdentity(
      release: release, packageVersion: DebianVersion(version), vendors: try VendorTable.shipped())
    #expect(identity.upstreamText ?? "-" == upstream)
  }

  // MARK: Candidates

  private static let image37 = offer("linux-image-6.1.0-37-amd64", "6.1.140-1")
  private static let meta37 = offer(
    "linux-image-amd64", "6.1.140-1", depends: "linux-image-6.1.0-37-amd64 (= 6.1.140-1)")

  @Test func `the candidate is what the installed metapackage leads to`() throws {
    try machine(
      running: "6.1.0-35-amd64", built: "6.1.137-1",
      [
        Self.stanza("linux-image-6.1.0-35-amd64", "6.1.137-1"),
        Self.stanza("linux-image-amd64", "6.1.137-1", depends: "linux-image-6.1.0-35-amd64 (= 6.1.137-1)"),
        Self.stanza("linux-image-cloud-amd64", "6.1.137-1", depends: "linux-image-6.1.0-35-cloud-amd64 (= 6.1.137-1)"),
      ])
    try list("a", Self.image37, Self.meta37, Self.offer("linux-image-6.1.0-35-amd64", "6.1.137-1"))
    try list(
      "b", Self.offer("linux-image-amd64", "6.1.137-1", depends: "linux-image-6.1.0-35-amd64 (= 6.1.137-1)"),
      Self.offer("linux-image-cloud-amd64", "6.1.150-1", depends: "linux-image-6.1.0-40-cloud-amd64 (= 6.1.150-1)"))
    let candidate = try #require(try read().candidate)
    #expect(candidate.metapackage == "linux-image-amd64")
    #expect(candidate.isFollowed)
    #expect(candidate.identity.release == "6.1.0-37-amd64")
    #expect(candidate.packageVersion.text == "6.1.140-1")
    #expect(candidate.identity.upstream == KernelVersion("6.1.140"))
  }

  @Test func `without a kernel the architecture's metapackage is asked`() throws {
    try machine(running: "6.18.44-fc-v657", built: "x", [])
    try list("a", Self.image37, Self.meta37)
    let candidate = try #require(try read().candidate)
    #expect(candidate.metapackage == "linux-image-amd64")
    #expect(!candidate.isFollowed)
  }

  @Test func `backports count only for who has the kernel from there`() throws {
    let backport = Self.offer(
      "linux-image-amd64", "6.12.30-1~bpo12+1", depends: "linux-image-6.12.30+deb12-amd64 (= 6.12.30-1~bpo12+1)")
    try directory.write("var/lib/apt/lists/bpo_InRelease", text: "Origin: Debian Backports\nNotAutomatic: yes\n")
    try list("a", Self.image37, Self.meta37)
    try list("bpo", backport, Self.offer("linux-image-6.12.30+deb12-amd64", "6.12.30-1~bpo12+1"))
    try machine(running: "6.1.0-37-amd64", built: "6.1.140-1", [])
    #expect(try read().candidate?.identity.release == "6.1.0-37-amd64")
    try machine(
      running: "6.12.20+deb12-amd64", built: "6.12.20-1~bpo12+1",
      [
        Self.stanza(
          "linux-image-amd64", "6.12.20-1~bpo12+1", depends: "linux-image-6.12.20+deb12-amd64 (= 6.12.20-1~bpo12+1)")
      ])
    #expect(try read().candidate?.identity.upstream == KernelVersion("6.12.30"))
  }

  @Test func `a damaged list is noted and the others count`() throws {
    try machine(running: "6.1.0-37-amd64", built: "6.1.140-1", [])
    try list("a", Self.image37, Self.meta37)
    try directory.write("var/lib/apt/lists/b_main_binary-amd64_Packages.lz4", [0x04, 0x22, 0x4D, 0x18, 1, 2, 3, 4, 5])
    try directory.write("var/lib/apt/lists/c_main_binary-amd64_Packages", text: "Package: linux-image-cut\nVersion")
    let kernels = try read()
    #expect(kernels.candidate?.identity.release == "6.1.0-37-amd64")
    #expect(kernels.notes.count == 2)
    #expect(kernels.notes.allSatisfy { $0.contains("apt update") })
  }

  @Test func `a damaged record of dpkg is noted`() throws {
    try machine(
      running: "6.1.0-37-amd64", built: "6.1.140-1", ["Package: linux-image-6.1.0-37-amd64\nStatus: what\n\n"])
    let kernels = try read()
    #expect(kernels.running?.upstream == KernelVersion("6.1.140"))
    #expect(kernels.notes.contains { $0.contains("dpkg/status:12") }, "\(kernels.notes)")
  }

  @Test func `an empty root has no kernels and no complaints`() throws {
    let kernels = try read(.otherRoot)
    #expect(kernels.installed.isEmpty)
    #expect(kernels.candidate == nil)
    #expect(kernels.running == nil)
    #expect(kernels.notes.isEmpty)
  }
}
