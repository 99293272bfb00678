import DebianPackages
import HostSystem
import Testing

@testable import SystemReset

/// Every keep rule, on a system where nothing else would keep its package.
@Suite struct KeepRuleTests {
  /// What makes a rule hold: facts of the system, and a package that a person installed by name.
  struct Case: Sendable, CustomTestStringConvertible {
    let rule: String
    let facts: Set<String>
    let package: String
    let fields: String
    var testDescription: String { rule }

    init(_ rule: String, _ package: String, when facts: Set<String> = [], fields: String = "") {
      self.rule = rule
      self.facts = facts
      self.package = package
      self.fields = fields
    }
  }

  static let cases: [Case] = [
    // Essential, protected and required packages are stock already; their rules keep them from being asked away.
    Case("essential", "bash", fields: "Essential: yes"),
    Case("protected", "grub-efi-amd64-signed", fields: "Protected: yes"),
    Case("required", "mawk", fields: "Priority: required"),
    Case("running-kernel", "linux-image-6.1.0-37-amd64"),
    Case("newest-kernel", "linux-image-6.1.0-38-amd64"),
    Case("kernels", "linux-image-6.1.0-35-amd64"),
    Case("toolbox", "linux-toolbox"),
    Case("package-management", "gnupg"),
    Case("archive-keys", "vendor-archive-keyring"),
    Case("init", "systemd-sysv"),
    Case("c-library", "usrmerge"),
    Case("initramfs", "dracut", when: ["boots"]),
    Case("boot-loader-efi", "shim-signed", when: ["efi"]),
    Case("boot-loader", "grub-pc", when: ["bios"]),
    Case("kernel-metapackage", "linux-generic-hwe-22.04", when: ["boots"]),
    Case("root-btrfs", "btrfs-progs", when: ["filesystem:btrfs"]),
    Case("root-ext", "e2fsprogs", when: ["filesystem:ext4"]),
    Case("root-xfs", "xfsprogs", when: ["filesystem:xfs"]),
    Case("root-f2fs", "f2fs-tools", when: ["filesystem:f2fs"]),
    Case("root-jfs", "jfsutils", when: ["filesystem:jfs"]),
    Case("root-vfat", "dosfstools", when: ["filesystem:vfat"]),
    Case("root-zfs", "zfs-initramfs", when: ["filesystem:zfs"]),
    Case("root-network", "nfs-common", when: ["filesystem:nfs4"]),
    Case("encrypted-disk", "cryptsetup-initramfs", when: ["crypttab"]),
    Case("logical-volumes", "lvm2", when: ["lvm"]),
    Case("disk-array", "mdadm", when: ["raid"]),
    Case("multipath", "multipath-tools", when: ["multipath"]),
    Case("network-manager", "network-manager", when: ["network-manager"]),
    Case("networkd", "networkd-dispatcher", when: ["networkd"]),
    Case("netplan", "netplan.io", when: ["netplan"]),
    Case("ifupdown", "isc-dhcp-client", when: ["ifupdown"]),
    Case("connman", "connman", when: ["connman"]),
    Case("resolver", "openresolv", when: ["resolvconf"]),
    Case("network-base", "iproute2", when: ["network"]),
    Case("ssh-server", "openssh-server", when: ["ssh-server"]),
    Case("become-root", "sudo", when: ["sudo-used"]),
    Case("firmware", "firmware-iwlwifi", when: ["boots"]),
    Case("driver", "nvidia-driver", when: ["boots"]),
    Case("platform", "qemu-guest-agent", when: ["boots"]),
    Case("keyboard-and-language", "console-setup", when: ["boots"]),
    Case("installer-traces", "laptop-detect", when: ["boots"]),
    Case("login-shell", "zsh"),
  ]

  @Test func `every shipped rule has a case here`() throws {
    #expect(Set(try KeepRule.shipped().map(\.id)) == Set(Self.cases.map(\.rule)))
  }

  private func analysis(_ example: Case, holds: Bool) throws -> (SystemAnalysis, Int) {
    var system = try FixtureSystem()
    system.add(example.package, example.fields)
    if ["running-kernel", "newest-kernel", "kernels"].contains(example.rule) {
      for release in ["6.1.0-35", "6.1.0-37", "6.1.0-38"] where example.package != "linux-image-\(release)-amd64" {
        system.add("linux-image-\(release)-amd64")
      }
    }
    try system.write("etc/passwd", "root:x:0:0:root:/root:/usr/bin/zsh\n")
    var snapshot = try system.snapshot()
    snapshot.facts = holds ? example.facts : []
    if example.rule == "running-kernel" {
      snapshot.kernels = InstalledKernels(
        packages: snapshot.graph.packages, bootNames: ["vmlinuz-6.1.0-37-amd64"], moduleNames: [],
        running: "6.1.0-37-amd64")
    }
    let analysis = SystemAnalysis(
      snapshot, baseline: .rootClosure, selection: Selection(), rules: try KeepRule.shipped())
    let index = try #require(snapshot.graph.indices(named: example.package).first)
    return (analysis, index)
  }

  @Test(arguments: cases)
  func `a rule keeps its package where its facts hold`(example: Case) throws {
    let (analysis, index) = try analysis(example, holds: true)
    #expect(analysis.ruleHits[index]?.id == example.rule)
    #expect(analysis.kept.contains(index))
    #expect(!RemovalPlanning(analysis).removals().contains { $0.name == example.package })
  }

  @Test(arguments: cases.filter { !$0.facts.isEmpty })
  func `a rule keeps nothing where its facts do not hold`(example: Case) throws {
    let (analysis, index) = try analysis(example, holds: false)
    #expect(analysis.ruleHits[index]?.id != example.rule)
  }

  @Test(arguments: cases)
  func `what a rule keeps cannot be asked away`(example: Case) throws {
    let (base, _) = try analysis(example, holds: true)
    var selection = Selection()
    selection.remove = [Selection.Choice(example.package, from: "--remove")]
    let analysis = SystemAnalysis(
      base.snapshot, baseline: .rootClosure, selection: selection, rules: try KeepRule.shipped())
    #expect(analysis.refusals.map(\.id) == ["protected"])
    #expect(!RemovalPlanning(analysis).removals().contains { $0.name == example.package })
  }

  @Test func `of several kernels the running one and the newest stay, and others go only when asked for`() throws {
    var system = try FixtureSystem()
    for number in 30...38 { system.add("linux-image-6.1.0-\(number)-amd64", auto: true) }
    system.add("linux-headers-6.1.0-31-amd64")
    #expect(try system.plan().packages.remove.isEmpty)
    var selection = Selection()
    selection.keepKernels = 2
    var snapshot = try system.snapshot()
    snapshot.kernels = InstalledKernels(
      packages: snapshot.graph.packages, bootNames: [], moduleNames: ["6.1.0-33-amd64"], running: "6.1.0-33-amd64")
    let plan = try ResetPlanner(
      SystemAnalysis(snapshot, baseline: .rootClosure, selection: selection, rules: try KeepRule.shipped())
    ).plan()
    #expect(plan.kernels.keep.map(\.release) == ["6.1.0-33-amd64", "6.1.0-37-amd64", "6.1.0-38-amd64"])
    #expect(plan.packages.remove.allSatisfy { $0.class == .kernel })
    #expect(plan.removedNames.contains("linux-headers-6.1.0-31-amd64"))
    #expect(plan.packages.remove.count == 7)
  }

  @Test func `this program's own package stays under any name`() throws {
    var system = try FixtureSystem()
    system.add("own-build")
    var snapshot = try system.snapshot()
    snapshot.ownPackage = PackageID(name: "own-build", architecture: "amd64")
    let analysis = SystemAnalysis(
      snapshot, baseline: .rootClosure, selection: Selection(), rules: try KeepRule.shipped())
    #expect(try ResetPlanner(analysis).plan().kept("own-build")?.rule == "toolbox")
  }

  @Test func `the account that runs the command and those logged in stay`() throws {
    let system = try FixtureSystem()
    try system.write(
      "etc/passwd",
      "root:x:0:0::/root:/bin/sh\nanna:x:1000:1000::/home/anna:/bin/sh\nberta:x:1001:1001::/home/berta:/bin/sh\ncleo:x:1002:1002::/home/cleo:/bin/sh\n"
    )
    var snapshot = try system.snapshot()
    snapshot.running.usersByID[1000] = "runs this command through sudo"
    snapshot.running.usersByName["berta"] = "is logged in"
    let analysis = SystemAnalysis(
      snapshot, baseline: .rootClosure, selection: Selection(), rules: try KeepRule.shipped())
    #expect(analysis.users.remove.map(\.name) == ["cleo"])
    #expect(analysis.users.keep.map(\.reason).sorted() == ["is logged in", "runs this command through sudo"])
  }
}
