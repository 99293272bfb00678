import Glibc
import HostSystem

/// What an undo needs, and a person who has to repair something by hand: records and configuration as they were, and the packages
/// that no archive has.
struct BackupBundle {
  let root: RootDirectory
  let run: String
  let tools: PackageTools

  static let name = "bundle"
  private static let unfinished = "bundle.part"
  /// Paths inside of a root that are copied one by one; what is not there is left out.
  private static let records = [
    "/var/lib/dpkg/status", "/var/lib/dpkg/diversions", "/var/lib/dpkg/statoverride", "/var/lib/apt/extended_states",
    "/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow", "/etc/subuid", "/etc/subgid",
  ]

  /// The path inside the root of what a run's bundle keeps of dpkg's overrides.
  static func overrides(of run: String) -> String { RunStore.path(run) + "/" + name + "/var-lib-dpkg-statoverride" }

  private var path: String { RunStore.path(run) + "/" + Self.unfinished }

  /// Makes the bundle and reads it back; one that is there whole stays. A half-made one is made again.
  /// - Parameter unavailable: packages that cannot be downloaded again.
  /// - Returns: what a person should know of it.
  /// - Throws: ``BackupError``, ``RootedProcess/Failure``, ``FileError``
  func make(
    in directory: SecureDirectory, unavailable: [PackageTransaction.Item], states: PackageStates, log: Int32
  ) throws -> [String] {
    if try directory.place(of: Self.name) != nil { return [] }
    try directory.removeTree(Self.unfinished)
    let bundle = try directory.makeDirectory(Self.unfinished, mode: 0o700)
    for record in Self.records {
      guard let bytes = try root.readIfPresent(record, limit: 1 << 30) else { continue }
      try write(bytes, pathComponents(record).joined(separator: "-"), bundle)
    }
    let selections = try tools.output(["/usr/bin/dpkg", "--get-selections"])
    try write(Array(selections.output.utf8), "selections", bundle)
    let notes = try saveConfiguration(log: log) + savePackages(unavailable, states: states, bundle, log: log)
    try writeManifest(bundle)
    try bundle.sync()
    if let damaged = try Self.damagedParts(of: bundle).first {
      throw BackupError.notReadable(bundle.path(of: damaged))
    }
    try directory.move(Self.unfinished, to: directory, as: Self.name)
    return notes
  }

  private func write(_ bytes: [UInt8], _ name: String, _ directory: SecureDirectory) throws {
    try directory.replace(name, with: bytes, temporary: ".toolbox-new")
  }

  /// The whole of /etc with owners, modes, lists of access and attributes, and with what is mounted below it.
  /// - Returns: what is not in it.
  private func saveConfiguration(log: Int32) throws -> [String] {
    let archive = path + "/etc.tar"
    func make(_ options: [String]) throws -> Int32 {
      try tools.run(
        ["/bin/tar", "--acls", "--xattrs", "--numeric-owner"] + options + ["-C", "/", "-cf", archive, "etc"], log: log)
    }
    var notes: [String] = []
    var made = try make([])
    if made > 1 {
      // What is mounted there may be a share that does not answer, or that not even root may read.
      made = try make(["--one-file-system"])
      notes.append("what is mounted below /etc is not in the backup of /etc: it could not be read")
    }
    // 1: a file changed while it was read, which a mail alias or a lease may do at any time.
    guard made == 0 || made == 1 else { throw BackupError.notMade(what: "the archive of /etc", status: made) }
    let read = try tools.output(["/bin/tar", "-tf", archive])
    guard read.status == 0, read.output.hasPrefix("etc/") else {
      throw BackupError.notReadable(root.hostPath(archive))
    }
    return notes
  }

  /// The package files of what no archive has: apt's own copy where there is one, else one made of the installed files.
  private func savePackages(
    _ items: [PackageTransaction.Item], states: PackageStates, _ bundle: SecureDirectory, log: Int32
  ) throws -> [String] {
    guard !items.isEmpty else { return [] }
    let packages = try bundle.makeDirectory("packages", mode: 0o700)
    var notes: [String] = []
    var failures: [String] = []
    for item in items where states.isPresent(item.id) {
      let name = Self.fileName(item)
      if let cached = try SecureDirectory.open(following: "/var/cache/apt/archives", in: root)?.read(
        name, limit: 1 << 31)
      {
        try write(cached, name, packages)
        continue
      }
      do {
        try repack(item, log: log)
        notes.append("\(item.id) \(item.version) is in no archive; it was packed again from its installed files")
      } catch let error as BackupError {
        failures.append("\(item.id) (\(error.message))")
      }
    }
    // What would be lost for good is not taken away.
    guard failures.isEmpty else { throw BackupError.notSaved(failures) }
    return notes
  }

  /// As dpkg and apt name package files.
  static func fileName(_ item: PackageTransaction.Item) -> String {
    "\(item.name)_\(item.version.replacing(":", with: "%3a"))_\(item.architecture).deb"
  }

  static func repackedName(_ item: PackageTransaction.Item) -> String {
    "\(item.name)_\(item.version.replacing(":", with: "%3a"))_\(item.architecture).repacked.deb"
  }

  /// Packs a package again: its files as they are installed, its maintainer scripts, its stanza.
  private func repack(_ item: PackageTransaction.Item, log: Int32) throws {
    let place = path + "/repack"
    let parent = try SecureDirectory.open(path, in: root)
    try parent?.removeTree("repack")
    guard let tree = try parent?.makeDirectory("repack", mode: 0o755) else { return }
    let control = try tree.makeDirectory("DEBIAN", mode: 0o755)
    let information = "/var/lib/dpkg/info/"
    let prefix = [item.id, item.name].first { root.exists(information + $0 + ".list") } ?? item.name
    guard let list = try root.readIfPresent(information + prefix + ".list") else {
      throw BackupError.noFileList(item.id)
    }
    let stanza = try tools.output(["/usr/bin/dpkg-query", "-s", item.word])
    guard stanza.status == 0 else { throw BackupError.noFileList(item.id) }
    try control.replace(
      "control", with: Array(Self.control(stanza.output).utf8), temporary: ".toolbox-new",
      ownership: .init(userID: 0, groupID: 0, mode: 0o644))
    for (file, mode) in [
      ("preinst", 0o755), ("postinst", 0o755), ("prerm", 0o755), ("postrm", 0o755), ("config", 0o755),
      ("conffiles", 0o644),
      ("templates", 0o644), ("triggers", 0o644), ("shlibs", 0o644), ("symbols", 0o644), ("md5sums", 0o644),
    ] as [(String, UInt32)] {
      guard let bytes = try root.readIfPresent(information + prefix + "." + file) else { continue }
      try control.replace(
        file, with: bytes, temporary: ".toolbox-new", ownership: .init(userID: 0, groupID: 0, mode: mode))
    }
    // Names as tar takes them from a file, each ended by a NUL: whatever is in them stays in them.
    let names = list.split(separator: 0x0A).map { $0.drop { $0 == 0x2F } }.filter { !$0.isEmpty && $0 != [0x2E] }
    let present = names.filter { name in
      // A name that is no UTF-8 cannot be asked for; tar says when it is not there, and then nothing is packed.
      String(validating: name, as: UTF8.self).map { root.existsUnfollowed("/" + $0) } ?? true
    }
    guard let parent else { return }
    try parent.replace(
      "repack.list", with: Array(present.joined(separator: [0])) + [0], temporary: ".toolbox-new")
    let packed = try tools.run(
      [
        "/bin/tar", "--acls", "--xattrs", "--numeric-owner", "--no-recursion", "--null", "--verbatim-files-from", "-C",
        "/",
        "-cf", path + "/repack.tar", "-T", path + "/repack.list",
      ], log: log)
    guard packed == 0 else { throw BackupError.notMade(what: "a copy of the files of \(item.id)", status: packed) }
    let unpacked = try tools.run(
      ["/bin/tar", "--acls", "--xattrs", "--numeric-owner", "-p", "-C", place, "-xf", path + "/repack.tar"], log: log)
    guard unpacked == 0 else { throw BackupError.notMade(what: "a copy of the files of \(item.id)", status: unpacked) }
    let target = path + "/packages/" + Self.repackedName(item)
    let built = try tools.run(["/usr/bin/dpkg-deb", "-Znone", "--build", place, target], log: log)
    try parent.removeTree("repack")
    try parent.remove("repack.list")
    try parent.remove("repack.tar")
    guard built == 0 else { throw BackupError.notMade(what: "a package of \(item.id)", status: built) }
    let read = try tools.output(["/usr/bin/dpkg-deb", "-f", target, "Version"])
    guard read.status == 0, read.output.split(separator: "\n").first.map(String.init) == item.version else {
      throw BackupError.notReadable(root.hostPath(target))
    }
  }

  /// Of a package that came back once, dpkg's status has it too.
  private static let repackedField = "X-Repacked-By"

  /// A stanza of dpkg's status as the control file of a package, with a field that says where it comes from.
  static func control(_ stanza: String) -> String {
    var result: [Substring] = []
    var isLeftOut = false
    for line in stanza.split(separator: "\n", omittingEmptySubsequences: true) {
      if let first = line.first, first != " ", first != "\t" {
        let field = line.prefix { $0 != ":" }.lowercased()
        isLeftOut = [
          "status", "conffiles", "config-version", "triggers-pending", "triggers-awaited", repackedField.lowercased(),
        ].contains(field)
      }
      if !isLeftOut { result.append(line) }
    }
    return result.joined(separator: "\n") + "\n\(repackedField): toolbox from the installed files\n"
  }

  /// Where a bundle may have the file of a package, inside of it.
  static func places(of item: PackageTransaction.Item) -> [String] {
    [fileName(item), repackedName(item)].map { "packages/" + $0 }
  }

  /// The path inside the root of a package file that the bundle of a run has; nil where it has none that is whole.
  /// - Parameter damage: of ``damage(in:)``.
  static func packageFile(
    _ item: PackageTransaction.Item, run: String, root: RootDirectory, damage: [String]
  ) -> String? {
    let place = RunStore.path(run) + "/" + name + "/"
    return places(of: item).filter { !damage.contains($0) }.map { place + $0 }.first { root.exists($0) }
  }

  // MARK: Whether it is whole

  private static let manifest = "SHA256SUMS"

  /// Digests of everything, so that damage is told from what was meant.
  private func writeManifest(_ bundle: SecureDirectory) throws {
    let lines = try Self.digests(of: bundle).sorted { $0.key < $1.key }.map { "\($0.value)  \($0.key)" }
    try write(Array((lines.joined(separator: "\n") + "\n").utf8), Self.manifest, bundle)
  }

  /// By their paths inside of the bundle.
  private static func digests(of bundle: SecureDirectory) throws -> [String: String] {
    var result: [String: String] = [:]
    func add(_ directory: SecureDirectory, _ above: String) throws {
      for name in try directory.names() where above + name != manifest {
        guard let place = try directory.place(of: name) else { continue }
        if place.kind == .directory {
          try add(try directory.directory(name), above + name + "/")
        } else if let bytes = try directory.read(name, limit: 1 << 31) {
          result[above + name] = hexadecimal(sha256(bytes))
        }
      }
    }
    try add(bundle, "")
    return result
  }

  /// What is not as it was written: paths inside of the bundle, sorted. The list of the digests itself, where that is not there.
  private static func damagedParts(of bundle: SecureDirectory) throws -> [String] {
    guard let bytes = try bundle.read(manifest) else { return [manifest] }
    let present = try digests(of: bundle)
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
      let (digest, path) = (String(line.prefix(64)), String(line.dropFirst(66)))
      return present[path] == digest ? nil : path
    }.sorted()
  }

  /// What of a run's bundle is not as it was written, or the whole of it where it is gone: paths inside of the bundle.
  /// - Throws: ``FileError``
  static func damage(in directory: SecureDirectory) throws -> [String] {
    guard let bundle = try directory.directoryIfPresent(name) else { return [name] }
    return try damagedParts(of: bundle)
  }
}

/// Bytes in hexadecimal.
func hexadecimal(_ bytes: [UInt8]) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

/// A bundle that could not be made; nothing else was changed.
enum BackupError: ReportableError, Equatable {
  /// A program did not do its part.
  case notMade(what: String, status: Int32)
  /// What was written cannot be read back.
  case notReadable(String)
  /// Packages that no archive has, each with the reason why no copy of it could be made.
  case notSaved([String])
  /// dpkg has no list of the package's files.
  case noFileList(String)

  var failureKind: FailureKind { .failed }
  var message: String {
    switch self {
    case .notMade(let what, let status): "\(what) could not be made (it ended with \(status)); the log says more"
    case .notReadable(let path): "\(path): cannot be read back"
    case .notSaved(let packages):
      "no archive has \(packages.joined(separator: ", ")), and no copy could be made, so nothing was changed; "
        + "end this run with 'toolbox reset undo', and keep such packages with --keep, or remove them yourself"
    case .noFileList(let id): "dpkg has no list of the files of \(id)"
    }
  }
}
