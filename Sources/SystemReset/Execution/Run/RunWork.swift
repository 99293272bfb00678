import FoundationEssentials
import Glibc
import HostSystem

/// What a run works with: its directory, its journal, its log and its tools.
final class RunWork {
  let run: String
  let directory: SecureDirectory
  let journal: Journal
  /// A descriptor.
  let log: Int32
  let tools: PackageTools
  private let store: RunStore
  private let root: RootDirectory

  private static let policyName = "policy-rc.d"
  private static let unavailableName = "unavailable.json"
  /// Source: invoke-rc.d's policy interface, /usr/share/doc/init-system-helpers/README.policy-rc.d.gz: 101 forbids.
  private static let policy =
    "#!/bin/sh\n# Shown by toolbox while it works below this root: no service starts.\nexit 101\n"

  /// - Throws: ``PreflightError/policyIsLink(_:)``, ``FileError``
  init(_ store: RunStore, _ run: String, _ root: RootDirectory) throws {
    self.store = store
    self.run = run
    self.root = root
    try Preflight.checkPolicy(root)
    directory = try store.made(run)
    _ = try directory.directoryMade("archives").directoryMade("partial")
    try directory.replace(
      Self.policyName, with: Array(Self.policy.utf8), temporary: ".toolbox-new",
      ownership: .init(userID: 0, groupID: 0, mode: 0o755))
    journal = try Journal(directory)
    log = try AccountArchive(root: root).made(RunLog.directory, trusted: 2).openForAppending("reset-\(run).log")
    tools = PackageTools(
      RootedProcess(
        root: root, environment: PackageTools.environment, policy: RunStore.path(run) + "/" + Self.policyName),
      run: run)
  }

  deinit { close(log) }

  /// The empty file that policy-rc.d was shown over, where the root has none of its own.
  func removePolicyPlace() throws {
    guard !root.isHost, let directory = try SecureDirectory.open(following: "/usr/sbin", in: root),
      let place = try directory.place(of: "policy-rc.d")
    else { return }
    if place.kind == .file, place.sizeBytes == 0, place.mode & 0o111 == 0, place.userID == 0 {
      try directory.remove("policy-rc.d")
    }
  }

  /// The plan as it was approved, for people.
  func writePlan(_ plan: ResetPlan) throws {
    try directory.replace(RunStore.planName, with: try SavedPlan.encoded(plan), temporary: ".toolbox-new")
  }

  func writeUnavailable(_ ids: Set<String>) throws {
    try directory.replace(
      Self.unavailableName, with: Array(try JSONEncoder().encode(ids.sorted())), temporary: ".toolbox-new")
  }

  /// Packages that no archive has, as they were found when the run began.
  func unavailable() -> Set<String> {
    guard let bytes = try? directory.read(Self.unavailableName),
      let ids = try? JSONDecoder().decode([String].self, from: Data(bytes))
    else { return [] }
    return Set(ids)
  }

  /// Removes what a run that was refused has made.
  func discard() throws {
    try AccountArchive(root: root).found(AccountArchive.base, trusted: 2)?.removeTree(run)
    try AccountArchive(root: root).found(RunLog.directory, trusted: 2)?.remove("reset-\(run).log")
  }
}
