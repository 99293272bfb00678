import DebianPackages
import HostSystem

/// The facts that keep rules ask for, found by looking at a root's files.
///
/// | fact | holds when |
/// |---|---|
/// | `boots` | the system has a kernel of its own, so it is no container or chroot |
/// | `efi`, `bios` | it boots through UEFI, or not; both for a root that does not run, since that cannot be known |
/// | `filesystem:TYPE` | fstab names the type, or it is mounted |
/// | `crypttab`, `lvm`, `raid`, `multipath` | the file or directory of that layer has entries |
/// | `network` | the system runs |
/// | `network-manager`, `networkd`, `ifupdown`, `connman`, `resolvconf` | it runs or is configured on the running system |
/// | `netplan` | there is a netplan configuration, on the running system |
/// | `ssh-server` | an ssh server runs |
/// | `sudo-used` | the group of administrators has members, or sudoers names someone besides root |
enum SystemFacts {
  /// The facts that only a running system can have.
  static let ofRunningSystems: Set<String> = [
    "network", "network-manager", "networkd", "ifupdown", "connman", "resolvconf", "netplan", "ssh-server",
  ]

  /// Whether a source of fstab may be a logical volume: `/dev/mapper/NAME`, or `/dev/GROUP/NAME` of a volume group.
  private static func isVolume(_ source: Substring) -> Bool {
    let parts = source.split(separator: "/")
    guard source.hasPrefix("/dev/"), parts.count == 3 else { return false }
    return !["disk", "block", "loop", "md", "nvme", "cciss"].contains(parts[1])
  }

  static func read(
    root: RootDirectory, kernels: InstalledKernels, running: RunningSystem, hasAdministrators: Bool
  ) -> Set<String> {
    var facts: Set<String> = []
    func entries(_ path: String) -> [String] {
      // A directory that may not be read counts as one with nothing in it; what matters for a plan made by root is seen.
      ((try? root.names(in: path)).flatMap { $0 } ?? []).filter { !$0.hasPrefix(".") }
    }
    func lines(_ path: String) -> [[Substring]] {
      guard let bytes = try? root.readIfPresent(path) else { return [] }
      return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
        .map { $0.split(whereSeparator: { $0 == " " || $0 == "\t" }) }
        .filter { !$0.isEmpty && !$0[0].hasPrefix("#") }
    }

    if !kernels.kernels.isEmpty { facts.insert("boots") }
    if root.isHost {
      facts.insert(root.exists("/sys/firmware/efi") ? "efi" : "bios")
    } else {
      facts.formUnion(["efi", "bios"])
    }
    for fields in lines("/etc/fstab") where fields.count > 2 {
      facts.insert("filesystem:\(fields[2])")
      if isVolume(fields[0]) { facts.insert("lvm") }
      if fields[0].hasPrefix("/dev/md") { facts.insert("raid") }
    }
    if !lines("/etc/crypttab").isEmpty { facts.insert("crypttab") }
    if !entries("/etc/lvm/backup").isEmpty { facts.insert("lvm") }
    if lines("/etc/mdadm/mdadm.conf").contains(where: { $0[0].lowercased() == "array" }) { facts.insert("raid") }
    if root.exists("/etc/multipath.conf") { facts.insert("multipath") }
    if hasAdministrators { facts.insert("sudo-used") }
    guard root.isHost else { return facts }

    facts.insert("network")
    for fields in lines("/proc/mounts") where fields.count > 2 { facts.insert("filesystem:\(fields[2])") }
    if lines("/proc/mdstat").contains(where: { $0[0].hasPrefix("md") }) { facts.insert("raid") }
    if entries("/dev/mapper").contains(where: { $0 != "control" }) { facts.insert("lvm") }
    if running.processNames.contains("NetworkManager") { facts.insert("network-manager") }
    if running.processNames.contains("systemd-network") { facts.insert("networkd") }
    if running.processNames.contains("connmand") { facts.insert("connman") }
    if entries("/etc/netplan").contains(where: { $0.hasSuffix(".yaml") }) { facts.insert("netplan") }
    let interfaceFiles =
      ["/etc/network/interfaces"] + entries("/etc/network/interfaces.d").map { "/etc/network/interfaces.d/" + $0 }
    if interfaceFiles.contains(where: { file in
      lines(file).contains { $0[0] == "iface" && $0.count > 1 && $0[1] != "lo" }
    }) {
      facts.insert("ifupdown")
    }
    if let target = root.linkTarget("/etc/resolv.conf"), target.contains("/run/") { facts.insert("resolvconf") }
    if !running.processNames.isDisjoint(with: ["sshd", "dropbear", "sshd-session"]) { facts.insert("ssh-server") }
    return facts
  }
}
