import BundledData
import DataTree
import Glibc
package import HostSystem

/// What is at work on a system that is about to be reset: programs that change packages, configuration managers, people who are
/// logged in; and the snapshots that could be made first.
package struct MachineActivity {
  private let root: RootDirectory

  package init(_ root: RootDirectory) { self.root = root }

  private static let tree = BundledFile.at("reset/activity.yaml")?.tree
  private static let sessions = "/run/systemd/users"
  private static let logins = ["/run/utmp", "/var/run/utmp"]
  private static let timeshift = "/etc/timeshift/timeshift.json"

  /// What the person should know before they go on. One line each; nothing of it forbids a run.
  package func cautions() -> [String] {
    var found: [String] = []
    let running = programs()
    for manager in Self.tree?["managers"]?.items ?? [] {
      guard let name = manager.string("name") else { continue }
      let wanted = Set(manager.strings("programs"))
      let isEnabled = manager.strings("units").contains { unit in
        ["multi-user", "timers"].contains { root.linkTarget("/etc/systemd/system/\($0).target.wants/\(unit)") != nil }
      }
      if isEnabled || running.contains(where: { !wanted.isDisjoint(with: $0.names) }) {
        found.append("\(name) manages this system and may bring back what the reset takes away; stop it first")
      }
    }
    for kind in snapshotKinds() {
      if let words = Self.tree?["snapshots"]?.entries.first(where: { $0.key == kind })?.value.string {
        found.append(words)
      }
    }
    return found
  }

  /// A program at work that changes packages by itself; nil where there is none.
  func updater() -> (name: String, process: Int32)? {
    let wanted = Set(Self.tree?.strings("updaters") ?? [])
    for program in programs() {
      if let name = program.names.first(where: wanted.contains) { return (name, program.process) }
    }
    return nil
  }

  /// Which of these accounts are logged in, on a terminal, over the network or in a session of systemd.
  /// - Parameter userIDs: of the accounts, by name.
  func loggedIn(_ userIDs: [String: UInt32]) throws(FileError) -> [String] {
    var found = Set<String>()
    for path in Self.logins {
      guard let bytes = try root.readIfPresent(path, limit: 1 << 24) else { continue }
      found.formUnion(Self.users(inRecords: bytes).filter { userIDs[$0] != nil })
      break
    }
    for (name, number) in userIDs {
      guard let bytes = try root.readIfPresent("\(Self.sessions)/\(number)", limit: 1 << 16) else { continue }
      let state = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("STATE=") }
      if state == "STATE=active" || state == "STATE=online" { found.insert(name) }
    }
    return found.sorted()
  }

  /// The users of the records of type USER_PROCESS whose process lives. Source: utmp(5), the layout of Linux on 64 bits.
  static func users(inRecords bytes: [UInt8]) -> Set<String> {
    let size = 384
    var found = Set<String>()
    for start in stride(from: 0, through: bytes.count - size, by: size) {
      let type = Int16(bytes[start]) | Int16(bytes[start + 1]) << 8
      guard type == 7 else { continue }
      let process = (0..<4).reduce(Int32(0)) { $0 | Int32(bytes[start + 4 + $1]) << (8 * Int32($1)) }
      guard process > 0, kill(process, 0) == 0 || errno == EPERM else { continue }
      let name = bytes[(start + 44)..<(start + 76)].prefix { $0 != 0 }
      found.insert(String(decoding: name, as: UTF8.self))
    }
    return found
  }

  private struct Program {
    let process: Int32
    /// The file names of its first two words: an interpreter and its script.
    let names: [String]
  }

  /// The processes whose root directory is this root.
  private func programs() -> [Program] {
    let host = RootDirectory()
    let ours = root.isHost ? "/" : realPath(root.path) ?? root.path
    // A process that ends while it is looked at is not at work any more.
    return ((try? host.names(in: "/proc")) ?? nil ?? []).compactMap { name in
      guard let process = Int32(name), host.linkTarget("/proc/\(name)/root") == ours,
        let line = (try? host.readIfPresent("/proc/\(name)/cmdline", limit: 1 << 16)) ?? nil
      else { return nil }
      let words = line.split(separator: 0, maxSplits: 2).prefix(2)
      return Program(
        process: process,
        names: words.map { String(decoding: $0.split(separator: UInt8(ascii: "/")).last ?? [], as: UTF8.self) })
    }
  }

  private func snapshotKinds() -> [String] {
    var found: [String] = []
    if let mount = mountOfRoot() {
      if mount.type == "btrfs" || mount.type == "zfs" { found.append(mount.type) }
      // The name of a logical volume is a link to the device; its kind stands with the device.
      if let device = realPath(mount.source)?.split(separator: "/").last,
        let identity = (try? RootDirectory().readIfPresent("/sys/block/\(device)/dm/uuid", limit: 4096)) ?? nil,
        identity.starts(with: "LVM-".utf8)
      {
        found.append("lvm")
      }
    }
    if root.exists(Self.timeshift) { found.append("timeshift") }
    return found
  }

  /// The mount that the root directory is on.
  private func mountOfRoot() -> Mount? {
    let host = RootDirectory()
    guard let path = realPath(root.path),
      let table = (try? host.readIfPresent(Mount.mountedPath, limit: 1 << 24)) ?? nil
    else { return nil }
    let mounts = table.withUnsafeBufferPointer { Mount.parse(mounted: $0, path: Mount.mountedPath) }.entries
    return mounts.filter { isPath(path, below: $0.point) || path == $0.point || $0.point == "/" }
      .max { $0.point.utf8.count < $1.point.utf8.count }
  }
}

/// The path without symbolic links; nil where it is not there.
private func realPath(_ path: String) -> String? {
  guard let pointer = realpath(path, nil) else { return nil }
  defer { free(pointer) }
  return String(cString: pointer)
}
