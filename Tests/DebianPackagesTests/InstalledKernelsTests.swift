import Testing

@testable import DebianPackages

@Suite struct InstalledKernelsTests {
  private func package(_ name: String, state: InstalledPackage.State = .installed) -> InstalledPackage {
    InstalledPackage(
      id: PackageID(name: name, architecture: "amd64"), version: DebianVersion("1"), selection: .install,
      needsReinstallation: false, state: state)
  }

  private func kernels(
    _ names: [String], boot: [String] = [], modules: [String] = [], running: String? = nil
  ) -> InstalledKernels {
    InstalledKernels(packages: names.map { package($0) }, bootNames: boot, moduleNames: modules, running: running)
  }

  @Test(arguments: [
    // Debian
    ("linux-image-6.1.0-37-amd64", "6.1.0-37-amd64"), ("linux-image-6.1.0-37-amd64-unsigned", "6.1.0-37-amd64"),
    ("linux-image-6.1.0-37-cloud-amd64", "6.1.0-37-cloud-amd64"),
    ("linux-image-6.1.0-37-rt-amd64-unsigned", "6.1.0-37-rt-amd64"),
    ("linux-image-6.12.38+deb13-amd64", "6.12.38+deb13-amd64"), ("linux-image-6.16+deb14-amd64", "6.16+deb14-amd64"),
    ("linux-image-4.9.0-8-amd64", "4.9.0-8-amd64"), ("linux-image-6.12~rc1-amd64", "6.12~rc1-amd64"),
    // Ubuntu
    ("linux-image-6.8.0-40-generic", "6.8.0-40-generic"),
    ("linux-image-unsigned-6.9.0-060900-generic", "6.9.0-060900-generic"),
    ("linux-image-2.6.35-23-generic", "2.6.35-23-generic"), ("linux-image-6.8.0-1010-raspi", "6.8.0-1010-raspi"),
    ("linux-image-uc-6.8.0-40-generic", "6.8.0-40-generic"),
    // Pop!_OS, Proxmox, Raspberry Pi, deepin, Kali
    ("linux-image-6.18.7-76061807-generic", "6.18.7-76061807-generic"),
    ("proxmox-kernel-6.8.12-1-pve", "6.8.12-1-pve"), ("proxmox-kernel-6.8.12-1-pve-signed", "6.8.12-1-pve"),
    ("pve-kernel-5.15.143-1-pve", "5.15.143-1-pve"),
    ("linux-image-6.12.20+rpt-rpi-v8", "6.12.20+rpt-rpi-v8"),
    ("linux-image-6.12.20+rpt-rpi-2712", "6.12.20+rpt-rpi-2712"),
    ("linux-image-unsigned-4.15.0-30deepin-generic", "4.15.0-30deepin-generic"),
    ("linux-image-6.6.71-amd64-desktop-hwe", "6.6.71-amd64-desktop-hwe"),
    ("linux-image-6.17.10+kali-amd64", "6.17.10+kali-amd64"),
    // Made by hand
    ("linux-image-6.9.3", "6.9.3"), ("linux-image-6.9.3-custom", "6.9.3-custom"),
  ])
  func `an image package names its release`(name: String, release: String) {
    #expect(InstalledKernels.imageRelease(name) == release)
  }

  @Test(arguments: [
    "linux-image-amd64", "linux-image-cloud-amd64", "linux-image-generic", "linux-image-generic-hwe-22.04",
    "linux-image-lowlatency", "linux-image-virtual", "linux-image-oem-22.04", "linux-image-aws-6.8",
    "linux-image-deepin-amd64", "linux-image-rpi-v8", "linux-image-rpi-2712", "proxmox-kernel-6.8", "pve-kernel-5.15",
    "proxmox-kernel-helper", "proxmox-default-kernel", "pve-kernel-helper", "linux-image-6.1.0-37-amd64-dbg",
    "linux-image-unsigned-6.8.0-40-generic-dbgsym", "linux-image-extra-4.15.0-30-generic", "linux-generic",
    "linux-kernel-generic", "linux-system76", "linux-headers-6.1.0-37-amd64", "linux-modules-6.8.0-40-generic",
    "raspberrypi-kernel", "linux-image-", "linux-image-6", "linux-image-.", "linux-image--6.1.0-1", "",
  ])
  func `metapackages and what belongs to a kernel are no images`(name: String) {
    #expect(InstalledKernels.imageRelease(name) == nil)
  }

  @Test func `every package that carries the release belongs to the kernel`() throws {
    let own = [
      "linux-image-unsigned-6.8.0-40-generic", "linux-modules-6.8.0-40-generic", "linux-modules-extra-6.8.0-40-generic",
      "linux-headers-6.8.0-40-generic", "linux-headers-6.8.0-40", "linux-tools-6.8.0-40-generic",
      "linux-tools-6.8.0-40",
      "linux-hwe-6.8-tools-6.8.0-40", "linux-modules-nvidia-535-6.8.0-40-generic",
    ]
    let others = [
      "linux-headers-6.8.0-41-generic", "linux-headers-6.8.0-4", "linux-headers-6.8.0-40-generic-hwe",
      "linux-modules-6.8.0-40-lowlatency", "linux-image-generic", "linux-firmware", "my-6.8.0-40-generic",
      "linux-6.8.0-40",
    ]
    let kernel = try #require(kernels(own + others).kernels.first { $0.release == "6.8.0-40-generic" })
    #expect(kernel.packages.map(\.name) == own)
    #expect(!kernel.hasImage)
  }

  @Test func `common headers of Debian belong to the kernel`() {
    let found = kernels([
      "linux-image-6.1.0-37-amd64", "linux-headers-6.1.0-37-amd64", "linux-headers-6.1.0-37-common",
      "linux-headers-6.1.0-35-common",
    ])
    #expect(
      found.kernels.map { $0.packages.map(\.name) } == [
        ["linux-image-6.1.0-37-amd64", "linux-headers-6.1.0-37-amd64", "linux-headers-6.1.0-37-common"]
      ])
  }

  @Test func `kernels stand from the oldest to the newest`() {
    let found = kernels(
      [
        "linux-image-6.1.0-9-amd64", "linux-image-6.12.38+deb13-amd64", "linux-image-6.1.0-37-amd64",
        "linux-image-amd64",
      ],
      boot: [
        "vmlinuz-6.1.0-37-amd64", "vmlinuz-5.10.0-8-amd64", "initrd.img-6.1.0-37-amd64", "grub", "vmlinuz",
        "kernel8.img",
      ],
      modules: ["4.19.0-1-amd64"], running: "6.1.0-37-amd64")
    #expect(
      found.kernels.map(\.release)
        == ["5.10.0-8-amd64", "6.1.0-9-amd64", "6.1.0-37-amd64", "6.12.38+deb13-amd64"])
    #expect(found.kernels.map(\.hasImage) == [true, false, true, false])
    #expect(found.runningKernel?.packages.map(\.name) == ["linux-image-6.1.0-37-amd64"])
    #expect(found.newestOther?.release == "6.12.38+deb13-amd64")
  }

  @Test func `releases that dpkg holds for equal always stand in one order`() {
    let boot = ["vmlinuz-6.1.0-1", "vmlinuz-6.1.0-01", "vmlinuz-6.01.0-1", "vmlinuz-6.1.00-1"]
    for _ in 0..<20 {
      #expect(
        kernels([], boot: boot.shuffled()).kernels.map(\.release) == ["6.01.0-1", "6.1.0-01", "6.1.0-1", "6.1.00-1"])
    }
  }

  @Test(arguments: [
    "vmlinuz-6.1.0-37-amd64.old", "vmlinuz-6.1.0-37-amd64.dpkg-bak", "vmlinuz-6.1.0-37-amd64.dpkg-tmp",
    "vmlinuz-6.8.0-40-generic.efi.signed", "vmlinuz-6.1.0-37-amd64.bak",
  ])
  func `copies beside an image are no kernels`(name: String) {
    #expect(kernels([], boot: [name]).kernels.isEmpty)
  }

  @Test func `a kernel that runs without a package is known by its modules`() {
    let found = kernels(
      ["raspberrypi-kernel"], boot: ["kernel8.img"], modules: ["6.1.21-v8+", "6.1.20-v8+"], running: "6.1.21-v8+")
    #expect(found.kernels == [.init(release: "6.1.21-v8+", packages: [], hasImage: false)])
    #expect(found.runningKernel?.release == "6.1.21-v8+")
    #expect(found.newestOther == nil)
  }

  @Test func `a container has no kernel`() {
    let found = kernels(["bash", "linux-libc-dev"], modules: ["6.1.0-37-amd64"], running: "6.8.0-40-generic")
    #expect(found.kernels.isEmpty)
    #expect(found.runningKernel == nil)
    #expect(found.newestOther == nil)
  }

  @Test func `the only kernel is its own fall-back`() {
    let found = kernels(["linux-image-6.1.0-37-amd64"], running: "6.1.0-37-amd64")
    #expect(found.newestOther?.release == "6.1.0-37-amd64")
  }

  @Test func `packages that left only their configuration behind do not count`() {
    let found = InstalledKernels(
      packages: [package("linux-image-6.1.0-37-amd64", state: .configFiles)], bootNames: [], moduleNames: [],
      running: nil)
    #expect(found.kernels.isEmpty)
  }

  @Test func `names of any letters can be searched`() {
    #expect("linux-ä-6.1".range(of: "-6.1") != nil)
    #expect("äöü".range(of: "ü") != nil)
    #expect("ä".range(of: "a") == nil)
    #expect("a".range(of: "") == nil)
    #expect("".range(of: "a") == nil)
    #expect("ab".range(of: "abc") == nil)
    #expect(kernels(["linux-image-6.1.0-é", "linux-modules-6.1.0-é"]).kernels.map(\.packages.count) == [2])
  }
}
