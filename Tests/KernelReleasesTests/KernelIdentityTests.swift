import DebianPackages
import TestSupport
import Testing

@testable import KernelReleases

/// What a running kernel says, and which upstream release that is.
@Suite struct KernelIdentityTests {
  private let vendors: VendorTable

  init() throws { vendors = try VendorTable.shipped() }

  /// What a test says of a kernel, and what is to be found: the upstream release (`6.8.x` for a series, `-` for none), how
  /// well it is known, whose it is, the base where there is no release, and `modified` and `guess`.
  struct Case: Sendable, CustomTestStringConvertible {
    let release: String
    var version = ""
    var banner = ""
    var signature = ""
    var distribution = ""
    let upstream: String
    let confidence: KernelIdentity.Confidence
    let vendor: String
    var base: String?
    var marks: Set<String> = []

    init(
      _ release: String, v version: String = "", banner: String = "", signature: String = "", os: String = "",
      _ upstream: String, _ confidence: KernelIdentity.Confidence, _ vendor: String, base: String? = nil,
      _ marks: String...
    ) {
      (self.release, self.version, self.banner, self.signature) = (release, version, banner, signature)
      (distribution, self.upstream, self.confidence) = (os, upstream, confidence)
      (self.vendor, self.base, self.marks) = (vendor, base, Set(marks))
    }

    var testDescription: String { "\(release) | \(version)\(banner)\(signature) \(distribution)" }
  }

  private func check(_ example: Case) {
    let identity = KernelIdentity(
      KernelStrings(
        release: example.release, version: example.version, banner: example.banner, signature: example.signature,
        distribution: example.distribution), vendors: vendors)
    #expect(identity.upstreamText ?? "-" == example.upstream)
    #expect(identity.confidence == example.confidence)
    #expect(identity.vendor.id == example.vendor)
    if let base = example.base { #expect(identity.base?.description ?? "-" == base) }
    #expect(identity.isModified == example.marks.contains("modified"))
    #expect(identity.isGuess == example.marks.contains("guess"))
  }

  static let debian: [Case] = [
    Case(
      "6.1.0-37-amd64", v: "#1 SMP PREEMPT_DYNAMIC Debian 6.1.140-1 (2025-05-22)", "6.1.140", .exact, "debian",
      base: "6.1"
    ),
    Case(
      "6.1.0-37-cloud-amd64", v: "#1 SMP PREEMPT_DYNAMIC Debian 6.1.140-1 (2025-05-22)", "6.1.140", .exact, "debian"),
    Case("6.1.0-37-rt-amd64", v: "#1 SMP PREEMPT_RT Debian 6.1.140-1 (2025-05-22)", "6.1.140", .exact, "debian"),
    Case("6.12.33+deb13-amd64", v: "#1 SMP Debian 6.12.33-1 (2025-06-19)", "6.12.33", .exact, "debian"),
    Case("6.12.33+deb13-amd64", "6.12.33", .exact, "debian"),
    Case("6.12.33+deb13-cloud-arm64", "6.12.33", .exact, "debian"),
    Case("6.12.90+deb13.1-amd64", "6.12.90", .exact, "debian"),
    Case("6.12.74+deb13+1-arm64", "6.12.74", .exact, "debian"),
    Case("6.17+deb14-amd64", "6.17", .exact, "debian"),
    Case("6.16-rc7+deb14-amd64", "6.16-rc7", .exact, "debian"),
    Case("6.17.13+deb13-amd64", v: "#1 SMP Debian 6.17.13-1~bpo13+1 (2026-01-02)", "6.17.13", .exact, "debian"),
    Case(
      "6.1.0-0.deb11.13-amd64", v: "#1 SMP PREEMPT_DYNAMIC Debian 6.1.55-1~bpo11+1 (2023-10-08)", "6.1.55", .exact,
      "debian"
    ),
    Case(
      "6.1.0-13-amd64", v: "#1 SMP PREEMPT_DYNAMIC Debian 6.1.55-1+deb12u1 (2023-10-03)", "6.1.55", .exact, "debian"),
    Case(
      "6.1.0-0-amd64", v: "#1 SMP PREEMPT_DYNAMIC Debian 6.1~rc3-1~exp1 (2022-11-02)", "6.1-rc3", .exact, "debian"),
    Case(
      "6.1.0-0-amd64", v: "#1 SMP PREEMPT_DYNAMIC Debian 6.1~rc7-1~exp1 (2022-11-29)", "6.1-rc7", .exact, "debian"),
    Case("6.1.0-0-amd64", v: "#1 SMP PREEMPT_DYNAMIC Debian 6.1-1~exp1 (2022-12-13)", "6.1", .exact, "debian"),
    Case("6.11-amd64", v: "#1 SMP PREEMPT_DYNAMIC Debian 6.11-1~exp1 (2024-09-19)", "6.11", .exact, "debian"),
    Case("6.10.11-amd64", v: "#1 SMP PREEMPT_DYNAMIC Debian 6.10.11-1 (2024-09-22)", "6.10.11", .exact, "debian"),
    Case("6.10.11-amd64", os: "debian", "6.10.11", .exact, "custom", "guess"),
    Case("6.1.0-37-amd64", "6.1.x", .series, "debian", base: "6.1"),
    Case("6.1.0-37-686-pae", "6.1.x", .series, "debian"),
    Case("3.2.0-4-amd64", v: "#1 SMP Debian 3.2.65-1+deb7u1", "3.2.65", .exact, "debian"),
    Case(
      "3.16.0-4-amd64", v: "#1 SMP Debian 3.16.7-ckt25-2+deb8u3 (2016-07-02)", "3.16.7", .exact, "debian", "modified"),
    Case("4.19.0-27-amd64", v: "#1 SMP Debian 4.19.316-1 (2024-06-25)", "4.19.316", .exact, "debian"),
    Case(
      "2.6.32-5-amd64",
      banner:
        "Linux version 2.6.32-5-amd64 (Debian 2.6.32-48squeeze4) (dannf@debian.org) (gcc version 4.3.5 (Debian 4.3.5-4) ) #1 SMP Mon Sep 23 22:14:43 UTC 2013",
      "2.6.32.x", .series, "debian", base: "2.6.32"),
    Case(
      "",
      banner:
        "Linux version 6.1.0-37-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP PREEMPT_DYNAMIC Debian 6.1.140-1 (2025-05-22)",
      "6.1.140", .exact, "debian"),
    Case("6.1.0-37-amd64", v: "#1 SMP Debian 12.2.0-14 (2025-05-22)", "6.1.x", .series, "debian"),
    Case("6.6.9-amd64", v: "#1 SMP PREEMPT_DYNAMIC Kali 6.6.9-1kali1 (2024-01-08)", "6.6.9", .exact, "kali"),
    Case("6.12.0-kali1-amd64", v: "#1 SMP Kali 6.12.13-1kali1 (2025-02-11)", "6.12.13", .exact, "kali"),
    Case(
      "6.5.0-13parrot1-amd64", v: "#1 SMP PREEMPT_DYNAMIC Parrot 6.5.13-1parrot1 (2023-12-19)", "6.5.13", .exact,
      "parrot"
    ),
  ]

  static let ubuntu: [Case] = [
    Case("6.8.0-60-generic", signature: "Ubuntu 6.8.0-60.63-generic 6.8.12", "6.8.12", .exact, "ubuntu"),
    Case(
      "6.8.0-60-generic",
      banner:
        "Linux version 6.8.0-60-generic (buildd@lcy02-amd64-054) (x86_64-linux-gnu-gcc-13 (Ubuntu 13.3.0-6ubuntu2~24.04) 13.3.0, GNU ld (GNU Binutils for Ubuntu) 2.42) #63-Ubuntu SMP PREEMPT_DYNAMIC Tue Apr 15 19:04:15 UTC 2025 (Ubuntu 6.8.0-60.63-generic 6.8.12)",
      "6.8.12", .exact, "ubuntu"),
    Case(
      "6.8.0-60-generic", v: "#63-Ubuntu SMP PREEMPT_DYNAMIC Tue Apr 15 19:04:15 UTC 2025", "6.8.x", .series, "ubuntu"),
    Case(
      "6.5.0-15-generic", v: "#15~22.04.1-Ubuntu SMP PREEMPT_DYNAMIC Fri Jan 12 18:54:30 UTC 2",
      signature: "Ubuntu 6.5.0-15.15~22.04.1-generic 6.5.3", "6.5.3", .exact, "ubuntu"),
    Case("4.4.0-62-generic", v: "#43~16.04.1-Ubuntu SMP", "4.4.x", .series, "ubuntu"),
    Case("6.8.0-1029-aws", signature: "Ubuntu 6.8.0-1029.31-aws 6.8.12", "6.8.12", .exact, "ubuntu"),
    Case("6.8.0-1029-azure", v: "#34-Ubuntu SMP", "6.8.x", .series, "ubuntu"),
    Case("6.8.0-1030-gcp", "6.8.x", .series, "ubuntu"),
    Case("6.5.0-1024-oem", signature: "Ubuntu 6.5.0-1024.25-oem 6.5.13", "6.5.13", .exact, "ubuntu"),
    Case("5.15.0-91-lowlatency", "5.15.x", .series, "ubuntu"),
    Case("5.15.0-1034-raspi", v: "#37-Ubuntu SMP PREEMPT", "5.15.x", .series, "ubuntu"),
    Case("5.15.0-1034-oracle", v: "#40-Ubuntu SMP", "5.15.x", .series, "ubuntu"),
    Case("5.19.0-9-generic", signature: "Ubuntu 5.19.0-9.9-generic 5.19.0-rc5", "5.19-rc5", .exact, "ubuntu"),
    Case("2.6.24-23-server", signature: "Ubuntu 2.6.24-23.52-server", "2.6.24.x", .series, "ubuntu", base: "2.6.24"),
    Case("6.8.0-60-generic", signature: "Ubuntu 6.8.0-60.63-generic 12.8.1", "6.8.x", .series, "ubuntu"),
    Case("6.1.0-060100rc5-generic", "6.1-rc5", .exact, "ubuntu-mainline"),
    Case("6.0.0-060000-generic", v: "#202210022231 SMP PREEMPT_DYNAMIC", "6.0", .exact, "ubuntu-mainline"),
    Case("4.15.0-041500rc6-generic", "4.15-rc6", .exact, "ubuntu-mainline"),
    Case("4.15.0-041500-lowlatency", "4.15", .exact, "ubuntu-mainline"),
    Case("6.1.5-060105-generic", "6.1.5", .exact, "ubuntu-mainline"),
    Case("5.4.100-0504100-generic", "5.4.100", .exact, "ubuntu-mainline"),
    Case("6.1.140-0601140-generic-64k", "6.1.140", .exact, "ubuntu-mainline"),
    Case("3.0.0-0300rc7-generic", "3.0-rc7", .exact, "ubuntu-mainline"),
    Case("3.0.0-0300-generic", "3.0", .exact, "ubuntu-mainline"),
    Case("2.6.39-020639rc4-generic", "2.6.39-rc4", .exact, "ubuntu-mainline"),
    Case("2.6.39-02063903-generic", "2.6.39.3", .exact, "ubuntu-mainline"),
    Case("6.7.0-060700daily20240101-generic", "6.7.x", .series, "ubuntu-mainline", "modified"),
    Case("6.1.0-050100rc5-generic", "6.1.x", .series, "ubuntu-mainline"),
    Case("6.9.3-76060903-generic", v: "#202405300957~1726766035~22.04~4092a0e SMP", "6.9.3", .exact, "pop"),
    Case("6.8.0-107008-tuxedo", v: "#8tux1 SMP", "6.8.x", .series, "tuxedo"),
    Case(
      "5.15.0-91-generic", v: "#101-Ubuntu SMP", signature: "Ubuntu 5.15.0-91.101-generic 5.15.131", os: "linuxmint",
      "5.15.131", .exact, "ubuntu"),
  ]

  static let others: [Case] = [
    Case("6.14.8-2-pve", "6.14.8", .exact, "proxmox"), Case("6.8.12-2-pve", "6.8.12", .exact, "proxmox"),
    Case("4.15.18-30-pve", "4.15.18", .exact, "proxmox"),
    Case("6.14.8-2-bpo12-pve", "6.14.8", .exact, "proxmox"),
    Case("2.6.32-48-pve", "-", .vendor, "proxmox", base: "2.6.32"),
    Case("6.18.9-arch1-1", v: "#1 SMP PREEMPT_DYNAMIC", "6.18.9", .exact, "arch"),
    Case("6.17.0-arch1-1", "6.17", .exact, "arch"), Case("6.11.5-zen1-1-zen", "6.11.5", .exact, "arch"),
    Case("6.6.58-1-lts", "6.6.58", .exact, "arch"), Case("6.11.3-hardened1-1-hardened", "6.11.3", .exact, "arch"),
    Case("6.12.0-rc1-1-mainline", "6.12-rc1", .exact, "arch"),
    Case("6.6.54-2-MANJARO", "6.6.54", .exact, "manjaro"), Case("6.11.5-2-cachyos", "6.11.5", .exact, "cachyos"),
    Case("6.12.9-200.fc41.x86_64", "6.12.9", .exact, "fedora"), Case("6.11.0-63.fc41.x86_64", "6.11", .exact, "fedora"),
    Case("6.15.0-0.rc7.58.fc43.x86_64", "6.15-rc7", .exact, "fedora"),
    Case(
      "5.15.0-0.rc7.20211028git1fc596a56b33.56.fc36.x86_64", "5.15-rc7", .exact, "fedora", "modified"),
    Case("4.0.0-0.rc5.git4.1.fc22.x86_64", "4.0-rc5", .exact, "fedora", "modified"),
    Case("5.4.0-0.rc8.git0.1.fc32.x86_64", "5.4-rc8", .exact, "fedora"),
    Case("6.13.0-0.rc0.20241119git158f238aa69d.2.fc42.x86_64", "6.13.x", .series, "fedora", base: "6.13", "modified"),
    Case("6.12.0-0.rc3.31.eln144.x86_64", "6.12-rc3", .exact, "fedora"),
    Case("6.6.87.2-microsoft-standard-WSL2", "6.6.87", .exact, "wsl"),
    Case("4.19.128-microsoft-standard", "4.19.128", .exact, "wsl"),
    Case("5.15.153.1-microsoft-standard-WSL2+", "5.15.153", .exact, "wsl", "modified"),
    Case("4.4.0-19041-Microsoft", v: "#1237-Microsoft Sat Sep 11 14:32:00 PST 2021", "-", .vendor, "wsl", base: "-"),
    Case("4.4.0", v: "#1 SMP Sun Jan 10 15:06:54 PST 2016", "-", .vendor, "gvisor"),
    Case(
      "6.18.34+rpt-rpi-2712", v: "#1 SMP PREEMPT Debian 1:6.18.34-1+rpt1 (2026-06-10)", "6.18.34", .exact,
      "raspberry-pi"),
    Case("6.12.25+rpt-rpi-v8", "6.12.25", .exact, "raspberry-pi"),
    Case(
      "6.1.0-rpi7-rpi-v8", v: "#1 SMP PREEMPT Debian 1:6.1.63-1+rpt1 (2023-11-24)", "6.1.63", .exact, "raspberry-pi"),
    Case("6.1.0-rpi7-rpi-v8", "6.1.x", .series, "raspberry-pi"),
    Case(
      "6.1.21-v8+", v: "#1642 SMP PREEMPT Mon Apr  3 17:24:16 BST 2023", "6.1.21", .exact, "raspberry-pi", "modified"),
    Case("5.10.103-v7l+", "5.10.103", .exact, "raspberry-pi", "modified"),
    Case("5.10.103+", os: "raspbian", "5.10.103", .exact, "raspberry-pi", "modified"),
    Case("6.1.112-122.189.amzn2023.x86_64", "6.1.112", .exact, "amazon"),
    Case("4.14.355-275.570.amzn2.x86_64", "4.14.355", .exact, "amazon"),
    Case("6.11.5-1.el9.elrepo.x86_64", "6.11.5", .exact, "elrepo"),
    Case("6.12.6-1-default", "6.12.6", .exact, "suse"), Case("6.12.41-1-longterm", "6.12.41", .exact, "suse"),
    Case("6.12.0-rc3-1.g4d5f8d2-default", "6.12-rc3", .exact, "suse", "modified"),
    Case("6.12.rc3-1.g4d5f8d2-default", "6.12-rc3", .exact, "suse", "modified"),
    Case("6.6.58-0-lts", v: "#1-Alpine SMP PREEMPT_DYNAMIC 2024-10-22", "6.6.58", .exact, "alpine"),
    Case("5.15.53-2-virt", "5.15.53", .exact, "alpine"), Case("6.6.58_1", "6.6.58", .exact, "void"),
    Case("6.6.58-gentoo-r1", "6.6.58", .exact, "gentoo"), Case("6.6.58-gentoo-dist", "6.6.58", .exact, "gentoo"),
    Case("6.6.58", v: "#1-NixOS SMP PREEMPT_DYNAMIC Tue Oct 22", "6.6.58", .exact, "nixos"),
    Case("6.6.58", os: "nixos", "6.6.58", .exact, "nixos"),
    Case("5.15.19", os: "slackware", "5.15.19", .exact, "slackware"),
    Case(
      "5.10.157-android13-4-00001-g5b0cdc9e4d62-ab10381520", "5.10.157", .exact, "android", "modified"),
    Case("6.1.75-android14-11-g0a1b2c3d4e5f", "6.1.75", .exact, "android", "modified"),
    Case("4.14.117-perf+", "4.14.117", .exact, "android", "modified"),
    Case("5.15.108-18910-gab0e1cb584e1", os: "chromeos", "5.15.108", .exact, "chromeos", "modified"),
    Case("6.6.57.1-1.azl3", "6.6.57", .exact, "azure-linux"),
    Case("5.15.167.1-1.cm2", "5.15.167", .exact, "azure-linux"),
    Case("6.6.60-flatcar", "6.6.60", .exact, "flatcar"), Case("5.10.60-qnap", "5.10.60", .exact, "qnap"),
    Case(
      "4.4.302+", banner: "Linux version 4.4.302+ (root@build3) (gcc version 12.2.0 (GCC) ) #72806 SMP Thu Sep 5 2024",
      "4.4.302", .exact, "synology", "modified"),
    Case("6.10.14-linuxkit", "6.10.14", .exact, "linuxkit"), Case("6.6.9-x64v3-xanmod1", "6.6.9", .exact, "xanmod"),
    Case("6.12.8-1-liquorix-amd64", "6.12.8", .exact, "liquorix"),
    Case("6.6.58-desktop-1.mga9", "6.6.58", .exact, "mageia"), Case("6.10.12-302.current", "6.10.12", .exact, "solus"),
    Case("6.6.32-production+truenas", "6.6.32", .exact, "truenas"),
  ]

  static let frozen: [Case] = [
    Case("5.14.0-503.11.1.el9_5.x86_64", "-", .vendor, "rhel-like", base: "5.14"),
    Case("4.18.0-553.el8_10.x86_64", "-", .vendor, "rhel-like", base: "4.18"),
    Case("3.10.0-1160.119.1.el7.x86_64", "-", .vendor, "rhel-like", base: "3.10"),
    Case("6.12.0-55.9.1.el10_0.x86_64", "-", .vendor, "rhel-like", base: "6.12"),
    Case("5.14.0-503.el9.x86_64", os: "centos", "-", .vendor, "rhel-like", base: "5.14"),
    Case("2.6.32-754.el6.x86_64", "-", .vendor, "rhel-like", base: "2.6.32"),
    Case("5.15.0-209.161.7.2.el9uek.x86_64", "-", .vendor, "oracle", base: "5.15"),
    Case("6.12.0-100.28.2.el10uek.x86_64", "-", .vendor, "oracle", base: "6.12"),
    Case("6.4.0-150600.23.47-default", "-", .vendor, "suse", base: "6.4"),
    Case("4.12.14-122.231-default", "-", .vendor, "suse", base: "4.12"),
    Case("5.14.21-150400.14.72-azure", "-", .vendor, "suse", base: "5.14"),
    Case("3.0.101-108-default", "-", .vendor, "suse", base: "3.0"),
    Case("5.10.0-216.0.0.115.oe2203sp4.x86_64", "-", .vendor, "openeuler", base: "5.10"),
    Case("5.10.134-17.3.al8.x86_64", "-", .vendor, "anolis", base: "5.10"),
    Case("4.19.0+1", os: "xcp-ng", "-", .vendor, "rhel-like", base: "4.19"),
  ]

  static let own: [Case] = [
    Case("4.19.90-rt35-00011-g129e6749df31-dirty", "4.19.90", .exact, "custom", "modified", "guess"),
    Case("4.15.0-rc6-00012-gabcdef1-dirty", "4.15-rc6", .exact, "custom", "modified", "guess"),
    Case("6.12.3", "6.12.3", .exact, "custom", "guess"), Case("6.12.0", "6.12", .exact, "custom", "guess"),
    Case("6.1.0-rt5", "6.1", .exact, "custom", "modified", "guess"),
    Case("6.18.0-rc5-next-20251110-g1234567", "next-20251110", .exact, "custom", "modified", "guess"),
    Case(
      "6.18.44-fc-v657",
      banner:
        "Linux version 6.18.44-fc-v657 (builder@host) (gcc (GCC) 15.3.0, GNU ld (GNU Binutils) 2.46) #1 SMP PREEMPT_DYNAMIC @0",
      os: "debian", "6.18.44", .exact, "custom", "guess"),
    Case(
      "6.12.3-mine",
      banner:
        "Linux version 6.12.3-mine (me@box) (gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #3 SMP Sat Jan 4",
      "6.12.3", .exact, "custom", "guess"),
    Case(
      "6.12.3-mine",
      banner: "Linux version 6.12.3-mine (me@box) (gcc (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0) #3 SMP Sat Jan 4",
      "6.12.3", .exact, "custom", "guess"),
    // The personality that shows an old number to old programs.
    Case(
      "2.6.61-37-amd64",
      banner: "Linux version 6.1.0-37-amd64 (a@b) (gcc) #1 SMP PREEMPT_DYNAMIC Debian 6.1.140-1 (2025-05-22)",
      "6.1.140",
      .exact, "debian"),
    Case("2.6.39.4-custom", "2.6.39.4", .exact, "custom", "guess"),
    Case("2.6.32", "2.6.32", .exact, "custom", "guess"),
  ]

  static let nonsense: [Case] = [
    Case("", "-", .vendor, "custom"), Case("linux", "-", .vendor, "custom"), Case("6", "-", .vendor, "custom"),
    Case("6.", "-", .vendor, "custom"), Case(".6.1", "-", .vendor, "custom"), Case("0.0.0", "-", .vendor, "custom"),
    Case("99999999999999999999999.1.1", "-", .vendor, "custom"),
    Case("6.99999999999999999999.1", "-", .vendor, "custom"),
    Case("6.1.99999999999999999999", "6.1", .exact, "custom", "guess"),
    Case("-6.1", "-", .vendor, "custom"), Case("６.１.０", "-", .vendor, "custom"),
    Case("\u{1B}[31m6.1", "-", .vendor, "custom"), Case("6.1.0-rc0", "6.1", .exact, "custom", "guess"),
    Case("6.1.0-rc99999999999999999999", "6.1", .exact, "custom", "guess"),
    Case("6.1.0-0999999999999999999-generic", "6.1.x", .series, "ubuntu"),
    Case("x.el9.y", "-", .vendor, "rhel-like", base: "-"),
  ]

  @Test(arguments: debian) func `kernels of Debian name their release`(example: Case) { check(example) }
  @Test(arguments: ubuntu) func `kernels of Ubuntu name it in the signature`(example: Case) { check(example) }
  @Test(arguments: others) func `other kernels begin with it`(example: Case) { check(example) }
  @Test(arguments: frozen) func `a frozen base is no release`(example: Case) { check(example) }
  @Test(arguments: own) func `kernels of one's own making are taken at their word`(example: Case) { check(example) }
  @Test(arguments: nonsense) func `nonsense is no kernel`(example: Case) { check(example) }

  @Test(arguments: [
    ("6.1.0-37-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.140-1 (2025-05-22)", "", "6.1.140-1"),
    ("6.18.34+rpt-rpi-2712", "#1 SMP Debian 1:6.18.34-1+rpt1 (2026-06-10)", "", "1:6.18.34-1+rpt1"),
    ("6.5.0-15-generic", "", "Ubuntu 6.5.0-15.15~22.04.1-generic 6.5.3", "6.5.0-15.15~22.04.1"),
    ("6.8.12-2-pve", "#1 SMP PREEMPT_DYNAMIC PMX 6.8.12-2", "", "-"),
  ])
  func `the package that a kernel was built as is known where it says so`(
    release: String, version: String, signature: String, package: String
  ) {
    let identity = KernelIdentity(
      KernelStrings(release: release, version: version, signature: signature), vendors: vendors)
    #expect(identity.packageVersion?.text ?? "-" == package)
  }

  @Test func `long and strange texts are cut and do not take long`() {
    let long = String(repeating: "6.1-#*%", count: 100_000)
    let identity = KernelIdentity(
      KernelStrings(release: long, version: long, banner: long, signature: long, distribution: long), vendors: vendors)
    #expect(identity.release.utf8.count == 1024)
  }

  @Test(arguments: [
    ("*-pve", "6.8.12-2-pve", true), ("*-pve", "6.8.12-2-pve2", false), ("*", "", true), ("", "", true),
    ("", "a", false),
    ("#", "7", true), ("#", "a", false), ("*.el#*", "4.18.0-553.el8_10", true), ("a%c", "abc", true),
    ("a%c", "a bc", false), ("a%c*", "abcc d", true), ("%*%", "a b c", true), ("*a*b", "aab ab", true),
    ("*a#", "a1a", false),
  ])
  func `patterns know runs, words and digits`(pattern: String, text: String, fits: Bool) {
    #expect(LetterPattern(pattern).matches(text) == fits)
  }

  @Test func `a rule of the table that lacks something is an error`() {
    let broken: TreeLiteral = ["vendors": [["id": "x", "name": "X", "numbers": "debian"]]]
    #expect(throws: TableError(table: "vendors.yaml", line: 1)) { try VendorTable(broken.tree) }
    #expect(throws: TableError(table: "vendors.yaml", line: 0)) { try VendorTable(nil) }
  }

  @Test(
    arguments: [
      (["debian"], "amd64", "linux-image-amd64"), (["linuxmint", "ubuntu", "debian"], "amd64", "linux-image-generic"),
      (["debian"], "vax", "-"), ([], "amd64", "-"),
    ] as [([String], String, String)])
  func `every architecture has its metapackage`(distributions: [String], architecture: String, name: String) {
    #expect(vendors.metapackage(distributions: distributions, architecture: architecture) ?? "-" == name)
  }
}
