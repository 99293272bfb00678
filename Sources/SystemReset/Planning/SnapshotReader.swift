import Compression
import DebianPackages
package import HostSystem

extension SystemSnapshot {
  /// Reads a root. What a plan cannot do without is an error; what only makes it poorer becomes a notice.
  /// - Parameter environment: tells who became root; see ``RunningSystem``.
  /// - Parameter userID: the effective user id of this process.
  /// - Parameter executable: this program's own path, to find the package that it comes from.
  /// - Parameter readsPurgeScripts: whether the plan may purge, so that it should name what that deletes.
  /// - Throws: ``SnapshotError``, ``FileError``, ``Deb822Error``, ``AccountsError``
  package static func read(
    root: RootDirectory, environment: [String: String], userID: UInt32, executable: String?,
    readsPurgeScripts: Bool = false
  ) throws -> SystemSnapshot {
    guard root.exists("/") else { throw SnapshotError.noRoot(path: root.path) }
    guard root.exists(DpkgStatus.path) else { throw SnapshotError.noDpkg(path: root.hostPath(DpkgStatus.path)) }
    var notices: [Notice] = []
    let status = try root.map(DpkgStatus.path).withBytes { (bytes) in
      try DpkgStatus(parsing: bytes, path: root.hostPath(DpkgStatus.path))
    }
    if status.endsAbruptly {
      notices.append(
        Notice(
          id: "status-end", message: "dpkg's status does not end as dpkg writes it; packages at its end may be missing",
          subject: root.hostPath(DpkgStatus.path)))
    }
    noteIncompleteStatus(status, root, &notices)
    let release = try readRelease(root, &notices)
    let profile = DistributionProfile.of(
      release, installed: Set(status.packages.lazy.filter(\.isPresent).map(\.id.name)))
    if profile == nil {
      notices.append(
        Notice(
          id: "unknown-distribution", message: "no profile for this distribution: its metapackages are not known",
          subject: release.id))
    }
    let running = RunningSystem.read(root: root, environment: environment, userID: userID)
    let accounts = try readAccounts(root)
    if !accounts.users.isEmpty, accounts.groups.isEmpty {
      notices.append(
        Notice(
          id: Notice.noGroups,
          message: "it names no group, so nobody can tell who may become root; no account is planned for",
          subject: root.hostPath(Accounts.groupPath)))
    } else if accounts.users.isEmpty {
      notices.append(
        Notice(id: "no-accounts", message: "it names no account", subject: root.hostPath(Accounts.passwdPath)))
    }
    let kernels = InstalledKernels(
      packages: status.packages, bootNames: try optionalNames("/boot", root, &notices),
      moduleNames: try optionalNames("/lib/modules", root, &notices), running: running.kernelRelease)
    let group = profile?.administrators ?? "sudo"
    let hasAdministrators = !accounts.members(ofGroup: group).isEmpty || !accounts.members(ofGroup: "admin").isEmpty
    let archive = try Archive.read(from: root)
    // A list that is damaged would make its packages look foreign: no plan is better than that one.
    for (_, reason) in archive.unreadable where reason.failureKind == .badData {
      // A form that apt reads and this program does not is named below; nothing is wrong with the list itself.
      if case ArchiveListError.unknownForm = reason { continue }
      throw reason
    }
    for (path, reason) in archive.unreadable {
      notices.append(Notice(id: "unreadable-list", message: reason.message.harmless, subject: path))
    }
    if archive.lists.isEmpty {
      notices.append(
        Notice(
          id: "no-lists",
          message: "apt has no package lists: origins are unknown and nothing can be installed; run 'apt update'",
          subject: root.hostPath(Archive.directory)))
    }
    let humanIDs = UserIDRange(
      loginDefinitions: optionalFile("/etc/login.defs", root, &notices),
      adduserConfiguration: optionalFile("/etc/adduser.conf", root, &notices))
    let log = readLogs(root, &notices)
    let drift = SystemDriftReader.read(
      root: root, status: status, profile: profile, archive: archive, accounts: accounts)
    notices += drift.notices
    return SystemSnapshot(
      root: root, release: release, profile: profile, machineID: readMachineID(root), status: status,
      graph: DependencyGraph(status.packages, nativeArchitecture: readArchitecture(root, status)),
      marks: try readMarks(root), archive: archive, kernels: kernels, accounts: accounts,
      humanIDs: humanIDs,
      unownedSystemAccounts: SystemAccountOwners.unowned(accounts, people: humanIDs, root: root),
      homes: readHomes(accounts, humanIDs, root),
      running: running,
      facts: SystemFacts.read(root: root, kernels: kernels, running: running, hasAdministrators: hasAdministrators),
      removals: log.removals, log: log, drift: drift,
      storedData: StoredData.read(status.packages, root: root, readsScripts: readsPurgeScripts),
      ownPackage: owner(of: executable, root, status), notices: notices)
  }

  /// dpkg keeps a list of files for every package that it knows. Lists without a package mean that the status was cut
  /// between two stanzas, which nothing in the file itself shows.
  private static func noteIncompleteStatus(_ status: DpkgStatus, _ root: RootDirectory, _ notices: inout [Notice]) {
    guard let names = try? root.names(in: "/var/lib/dpkg/info") else { return }
    let known = Set(status.packages.map(\.id.name))
    let orphans = Set(
      names.filter { $0.hasSuffix(".list") }.compactMap { $0.dropLast(5).split(separator: ":").first.map(String.init) }
    ).subtracting(known).sorted()
    guard !orphans.isEmpty else { return }
    let shown = orphans.prefix(5).joined(separator: ", ") + (orphans.count > 5 ? " and \(orphans.count - 5) more" : "")
    notices.append(
      Notice(
        id: Notice.incompleteStatus,
        message:
          "dpkg has files of packages that its status lacks (\(shown)); the status was cut: restore it from /var/backups",
        subject: root.hostPath(DpkgStatus.path)))
  }

  private static func readRelease(_ root: RootDirectory, _ notices: inout [Notice]) throws -> OSRelease {
    if let release = try OSRelease.read(root) { return release }
    // Before os-release there was lsb-release; on Debian, a file with the version alone.
    if let bytes = try root.readIfPresent("/etc/lsb-release", limit: 1 << 20) {
      let fields = OSRelease(parsing: bytes).fields
      if let id = fields["DISTRIB_ID"] {
        return OSRelease(fields: [
          "ID": id, "VERSION_ID": fields["DISTRIB_RELEASE"] ?? "", "VERSION_CODENAME": fields["DISTRIB_CODENAME"] ?? "",
          "PRETTY_NAME": fields["DISTRIB_DESCRIPTION"] ?? id,
        ])
      }
    }
    if let bytes = try root.readIfPresent("/etc/debian_version", limit: 4096) {
      let version = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
      return OSRelease(fields: ["ID": "debian", "VERSION_ID": version, "PRETTY_NAME": "Debian \(version)"])
    }
    notices.append(
      Notice(
        id: "no-os-release", message: "the system does not say what it is", subject: root.hostPath(OSRelease.paths[0])))
    return OSRelease(fields: [:])
  }

  private static func readAccounts(_ root: RootDirectory) throws -> Accounts {
    try Accounts(
      passwd: try root.readIfPresent(Accounts.passwdPath) ?? [], passwdPath: root.hostPath(Accounts.passwdPath),
      group: try root.readIfPresent(Accounts.groupPath) ?? [], groupPath: root.hostPath(Accounts.groupPath))
  }

  private static func readHomes(
    _ accounts: Accounts, _ people: UserIDRange, _ root: RootDirectory
  ) -> [String: (home: FileStatus, parent: FileStatus?)] {
    var homes: [String: (home: FileStatus, parent: FileStatus?)] = [:]
    for account in accounts.users where people.contains(account.uid) && account.home.hasPrefix("/") {
      // A home that may not be looked at is looked at again, by root, before anything is done to it.
      guard let home = try? root.linkStatus(of: account.home) else { continue }
      let parent = account.home.split(separator: "/").dropLast().joined(separator: "/")
      homes[account.name] = (home, try? root.status(of: "/" + parent))
    }
    return homes
  }

  private static func readMarks(_ root: RootDirectory) throws -> ExtendedStates {
    guard let bytes = try root.readIfPresent(ExtendedStates.path) else { return ExtendedStates() }
    return try bytes.withUnsafeBufferPointer {
      try ExtendedStates(parsing: $0, path: root.hostPath(ExtendedStates.path))
    }
  }

  private static func readMachineID(_ root: RootDirectory) -> String? {
    guard let bytes = try? root.readIfPresent("/etc/machine-id", limit: 4096) else { return nil }
    let text = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
    return text.count == 32 && text.allSatisfy(\.isHexDigit) ? text : nil
  }

  /// dpkg's own first architecture, else that of the package dpkg itself, else of most packages.
  private static func readArchitecture(_ root: RootDirectory, _ status: DpkgStatus) -> String {
    if let dpkg = status.packages.first(where: { $0.id.name == "dpkg" && $0.isPresent }) { return dpkg.id.architecture }
    var counts: [String: Int] = [:]
    for package in status.packages where package.isPresent && package.id.architecture != "all" {
      counts[package.id.architecture, default: 0] += 1
    }
    return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? "all"
  }

  private static func optionalNames(
    _ path: String, _ root: RootDirectory, _ notices: inout [Notice]
  ) throws -> [String] {
    do {
      return try root.names(in: path) ?? []
    } catch {
      notices.append(Notice(id: "unreadable", message: error.message, subject: root.hostPath(path)))
      return []
    }
  }

  private static func optionalFile(_ path: String, _ root: RootDirectory, _ notices: inout [Notice]) -> [UInt8]? {
    do {
      return try root.readIfPresent(path)
    } catch {
      notices.append(Notice(id: "unreadable", message: error.message, subject: root.hostPath(path)))
      return nil
    }
  }

  /// Reads dpkg's and apt's logs, the oldest first.
  private static func readLogs(_ root: RootDirectory, _ notices: inout [Notice]) -> PackageLog {
    var log = PackageLog()
    for (directory, name) in [("/var/log", "dpkg.log"), ("/var/log/apt", "history.log")] {
      do {
        for file in PackageLog.files(of: name, among: try root.names(in: directory) ?? []) {
          try readLog("\(directory)/\(file)", root, &notices) { bytes in
            name == "dpkg.log" ? log.take(dpkgLog: bytes) : log.take(aptHistory: bytes)
          }
        }
      } catch {
        notices.append(Notice(id: "unreadable-log", message: error.message, subject: root.hostPath(directory)))
      }
    }
    return log
  }

  /// Hands over the content of a log, compressed or not. One that cannot be read is noted.
  private static func readLog(
    _ path: String, _ root: RootDirectory, _ notices: inout [Notice], _ take: (UnsafeBufferPointer<UInt8>) -> Void
  ) throws(FileError) {
    do {
      guard let bytes = try root.readPlain(path, limit: 256 << 20) else { return }
      let content = try bytes.withUnsafeBufferPointer { try Decompression.open($0, limit: 256 << 20) }
      content.withUnsafeBufferPointer(take)
    } catch let error as any ReportableError {
      notices.append(Notice(id: "unreadable-log", message: error.message, subject: root.hostPath(path)))
    } catch {
      notices.append(Notice(id: "unreadable-log", message: "\(error)", subject: root.hostPath(path)))
    }
  }

  /// The package whose file list names this program.
  private static func owner(of executable: String?, _ root: RootDirectory, _ status: DpkgStatus) -> PackageID? {
    guard root.isHost, let executable else { return nil }
    let names = ["linux-toolbox", "toolbox"]
    return status.packages.first { package in
      guard package.isPresent, names.contains(package.id.name),
        let list = try? root.readIfPresent("/var/lib/dpkg/info/\(package.id.name).list")
      else { return false }
      return String(decoding: list, as: UTF8.self).split(separator: "\n").contains { $0 == executable }
    }?.id
  }
}
