import HostSystem

/// Who uses an account right now: its processes, those in its containers, its session.
struct AccountUse {
  let root: RootDirectory

  /// - Parameter subordinate: the ids of its containers.
  /// - Throws: ``AccountRefusal`` when somebody does, or when it cannot be told; ``FileError``.
  func refuse(_ account: Account, subordinate: [SubordinateIDs]) throws {
    let proc = RootDirectory()
    if root.isHost, try root.linkStatus(of: "/run/systemd/users/\(account.uid)") != nil {
      throw AccountRefusal.session(name: account.name)
    }
    guard let names = try proc.names(in: "/proc"), names.contains("self") else {
      throw AccountRefusal.processesUnknown(name: account.name)
    }
    let own = root.isHost ? nil : try SecureDirectory.root(root).kernelPath
    var (running, contained): ([String], [String]) = ([], [])
    for name in names where name.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
      // It ended while it was looked at.
      guard let bytes = try? proc.read("/proc/\(name)/status", limit: 1 << 16),
        let process = Self.process(String(decoding: bytes, as: UTF8.self))
      else { continue }
      if let own {
        guard let inside = proc.linkTarget("/proc/\(name)/root"), inside == own || inside.hasPrefix(own + "/") else {
          continue
        }
      }
      if process.ids.contains(account.uid) { running.append("\(process.name), \(name)") }
      if process.ids.contains(where: { id in subordinate.contains { $0.contains(id) } }) {
        contained.append("\(process.name), \(name)")
      }
    }
    if let first = running.first {
      throw AccountRefusal.processes(name: account.name, count: running.count, example: first)
    }
    if let first = contained.first {
      throw AccountRefusal.containers(name: account.name, count: contained.count, example: first)
    }
  }

  /// The name of a process and the ids that it has, of proc(5)'s status; nil for one that has ended and waits for its parent.
  static func process(_ status: String) -> (name: String, ids: [UInt32])? {
    var (name, ids): (String, [UInt32]) = ("", [])
    for line in status.split(separator: "\n") {
      let words = line.split(separator: "\t", maxSplits: 1)
      guard words.count == 2 else { continue }
      switch words[0] {
      case "Name:": name = String(words[1])
      case "State:": if words[1].hasPrefix("Z") || words[1].hasPrefix("X") { return nil }
      case "Uid:": ids = words[1].split(separator: "\t").compactMap { UInt32($0) }
      default: break
      }
    }
    return ids.isEmpty ? nil : (name, ids)
  }
}

extension SubordinateIDs {
  fileprivate func contains(_ id: UInt32) -> Bool { id >= first && UInt64(id) < UInt64(first) + UInt64(count) }
}
