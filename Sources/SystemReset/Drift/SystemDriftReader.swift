import BundledData
import DataTree
package import DebianPackages
package import HostSystem

/// Reads everything of ``SystemDrift`` from a root: through its directory only, without running a program, without
/// following links out of it, and without writing.
///
/// Nothing here stops a plan. What cannot be read, or is malformed, is named in ``SystemDrift/notices``.
package struct SystemDriftReader {
  let root: RootDirectory
  let status: DpkgStatus
  let profile: DistributionProfile?
  let archive: Archive
  let accounts: Accounts
  let generated: GeneratedFiles
  var drift = SystemDrift()

  /// - Parameter profile: tells the distribution's own archives; nil where it is not known.
  package static func read(
    root: RootDirectory, status: DpkgStatus, profile: DistributionProfile?, archive: Archive, accounts: Accounts
  ) -> SystemDrift {
    var reader = SystemDriftReader(
      root: root, status: status, profile: profile, archive: archive, accounts: accounts,
      generated: GeneratedFiles.shipped)
    reader.readAll()
    return reader.drift
  }

  private mutating func readAll() {
    let diversions = readDiversions()
    readConffiles(diversions)
    let sources = readSources()
    let keys = keyringPaths()
    let pins = readPins()
    let installed = unownedCandidates()
    let modules = dkmsModules()

    var paths = Set(keys).union(pins.map(\.file)).union(installed.paths)
    for module in modules { paths.insert(Self.dkmsSource(module)) }
    var unreadable: [FileError] = []
    let owners = FileOwners.owners(of: paths, among: status.packages, in: root) { unreadable.append($0) }
    for error in unreadable.prefix(5) { note(error, subject: FileOwners.directory) }

    judgeRepositories(sources)
    judgeKeys(keys, sources, owners)
    drift.entries.pins = pins.filter { owners[$0.file] == nil }
    judgeUnowned(installed, owners)
    judgeDKMS(modules, owners)
    readServices()
    readAlternatives()
    readStatOverrides()
    readSnaps()
    readFlatpaks()
    readMounts()
    readAccountFiles()
  }

  // MARK: Reading

  mutating func note(_ error: some ReportableError, subject path: String) {
    drift.notices.append(.init(id: "unreadable", message: error.message.harmless, subject: root.hostPath(path)))
  }

  mutating func note(_ id: String, _ message: String, subject path: String) {
    drift.notices.append(.init(id: id, message: message.harmless, subject: root.hostPath(path)))
  }

  /// The content of a small file; nil when it is not there or cannot be read, which then is noted.
  mutating func content(_ path: String, limit: Int = 1 << 24) -> [UInt8]? {
    do throws(FileError) {
      return try root.readPlain(path, limit: limit)
    } catch {
      note(error, subject: path)
      return nil
    }
  }

  /// The names in a directory; none when it is not there or cannot be read, which then is noted.
  mutating func names(in path: String) -> [String] {
    do throws(FileError) {
      guard let directory = try root.directory(path) else { return [] }
      return try directory.names()
    } catch {
      note(error, subject: path)
      return []
    }
  }

  /// Reads a file with one of the small parsers; what is malformed in it is noted.
  mutating func parsed<Entry>(
    _ path: String, _ parse: (UnsafeBufferPointer<UInt8>, String) -> ParsedFile<Entry>
  ) -> [Entry] {
    guard let bytes = content(path) else { return [] }
    let file = bytes.withUnsafeBufferPointer { parse($0, path) }
    note(file.problems, of: path)
    return file.entries
  }

  mutating func note(_ problems: [StateFileProblem], of path: String) {
    for problem in problems {
      drift.notices.append(.init(id: "malformed", message: problem.message.harmless, subject: root.hostPath(path)))
    }
    if problems.count == ParsedFile<Int>.problemLimit {
      note("malformed", "only the first \(problems.count) problems are shown", subject: path)
    }
  }

  // MARK: dpkg's administration

  private mutating func readDiversions() -> [DpkgDiversion] {
    let diversions = parsed(DpkgDiversion.path, DpkgDiversion.parse)
    drift.entries.diversions = diversions.filter { $0.package == nil }.map { .init(from: $0.from, to: $0.to) }
    return diversions
  }

  private mutating func readStatOverrides() {
    let users = Set(accounts.users.map(\.name))
    let groups = Set(accounts.groups.map(\.name))
    drift.entries.statoverrides = parsed(DpkgStatOverride.path, DpkgStatOverride.parse).map { override in
      let missing = override.missingAccounts(users: users, groups: groups)
      return .init(
        path: override.path, user: override.user, group: override.group, mode: override.mode,
        problem: missing.isEmpty
          ? nil : "\(missing.joined(separator: " and ")) does not exist: every run of dpkg will fail")
    }
    drift.addedArchitectures = Array(parsed(DpkgArchitectures.path, DpkgArchitectures.parse).dropFirst())
  }

  private mutating func readAlternatives() {
    for name in names(in: DpkgAlternative.directory) where !name.hasPrefix(".") && !name.contains(".dpkg-") {
      let path = DpkgAlternative.directory + "/" + name
      for alternative in parsed(path, { DpkgAlternative.parse($0, name: name, path: $1) }) where alternative.isManual {
        drift.entries.alternatives.append(
          .init(
            name: name, value: root.linkTarget(DpkgAlternative.linkDirectory + "/" + name) ?? "",
            link: alternative.link, automatic: alternative.automaticChoice))
      }
    }
  }

  // MARK: Mounts and accounts

  private mutating func readMounts() {
    drift.mounts = parsed(Mount.tablePath, Mount.parse(table:path:))
    if root.isHost {
      // The kernel makes this text as it is read; it says that it is empty.
      drift.mounts += parsed(Mount.mountedPath, Mount.parse(mounted:path:))
    }
  }

  private mutating func readAccountFiles() {
    drift.subordinateUserIDs = parsed(SubordinateIDs.userPath, SubordinateIDs.parse)
    drift.subordinateGroupIDs = parsed(SubordinateIDs.groupPath, SubordinateIDs.parse)
    guard let bytes = content(PasswordState.path) else { return }
    let file = bytes.withUnsafeBufferPointer { PasswordState.parse($0, path: PasswordState.path) }
    note(file.problems, of: PasswordState.path)
    drift.passwords = file.entries
  }
}

/// Files and units that programs make from what a person answered, or anew on every system: they are never drift.
struct GeneratedFiles: Sendable {
  let files: [NamePattern]
  let units: [NamePattern]

  /// The list that this program ships, `Data/reset/generated-files.yaml`.
  static let shipped = GeneratedFiles(BundledFile.at("reset/generated-files.yaml")?.tree)

  private init(_ tree: DataTree?) {
    files = (tree?.strings("files") ?? []).map(NamePattern.init)
    units = (tree?.strings("units") ?? []).map(NamePattern.init)
  }

  func isGenerated(file path: String) -> Bool { files.contains { $0.matches(path) } }
  func isGenerated(unit name: String) -> Bool { units.contains { $0.matches(name) } }
}
