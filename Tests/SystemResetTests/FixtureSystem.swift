import FoundationEssentials
import HostSystem
import TestSupport

@testable import SystemReset

/// A small system made up for one test: stanzas of dpkg's status, auto marks, and lists of an archive.
struct FixtureSystem {
  let directory: TemporaryDirectory
  private var status = ""
  private var marks = ""
  private var lists: [String: String] = [:]

  /// A Debian with the essential packages that every plan needs.
  init(osRelease: String = "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian 12\"\n") throws {
    directory = try TemporaryDirectory()
    try directory.write("etc/os-release", text: osRelease)
    try directory.write("etc/passwd", text: "root:x:0:0:root:/root:/bin/bash\n")
    try directory.write("etc/group", text: "root:x:0:\nsudo:x:27:\n")
    add("base-files", "Essential: yes")
  }

  /// Adds an installed package.
  /// - Parameter fields: lines of its stanza besides name, state, architecture and version.
  mutating func add(
    _ name: String, _ fields: String..., auto: Bool = false, version: String = "1",
    state: String = "install ok installed",
    architecture: String = "amd64"
  ) {
    let priority = fields.contains { $0.hasPrefix("Priority:") } ? "" : "Priority: optional\n"
    status += "Package: \(name)\nStatus: \(state)\n\(priority)Architecture: \(architecture)\nVersion: \(version)\n"
    status += fields.map { $0 + "\n" }.joined() + "\n"
    if auto {
      let filed = architecture == "all" ? "amd64" : architecture
      marks += "Package: \(name)\nArchitecture: \(filed)\nAuto-Installed: 1\n\n"
    }
  }

  /// Adds a version that an archive offers.
  mutating func offer(_ name: String, _ fields: String..., version: String = "1", origin: String = "Debian") {
    lists[origin, default: ""] += "Package: \(name)\nArchitecture: amd64\nVersion: \(version)\nSize: 1000\n"
    lists[origin, default: ""] += fields.map { $0 + "\n" }.joined() + "\n"
  }

  func write(_ path: String, _ text: String) throws { try directory.write(path, text: text) }

  func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: directory(path)) }

  func snapshot(readsPurgeScripts: Bool = false) throws -> SystemSnapshot {
    try directory.write("var/lib/dpkg/status", text: status)
    try directory.write("var/lib/apt/extended_states", text: marks)
    for (origin, text) in lists {
      let stem = "var/lib/apt/lists/example_dists_\(origin.lowercased())_"
      try directory.write(stem + "main_binary-amd64_Packages", text: text)
      try directory.write(stem + "InRelease", text: "Origin: \(origin)\nSuite: stable\nSHA256:\n")
    }
    return try SystemSnapshot.read(
      root: RootDirectory(directory.path), environment: [:], userID: 1000, executable: nil,
      readsPurgeScripts: readsPurgeScripts)
  }

  func plan(_ selection: Selection = Selection(), baseline: Baseline = .rootClosure) throws -> ResetPlan {
    let analysis = SystemAnalysis(
      try snapshot(readsPurgeScripts: selection.purge), baseline: baseline, selection: selection,
      rules: try KeepRule.shipped())
    return try ResetPlanner(analysis).plan()
  }
}

extension ResetPlan {
  var removedNames: [String] { packages.remove.map(\.name) }
  func removal(_ name: String) -> Removal? { packages.remove.first { $0.name == name } }
  func kept(_ name: String) -> Kept? { packages.keep.first { $0.name == name } }
}
