import DebianPackages
import HostSystem

/// What may stand somewhere that packages do not write to, found before it is known whom it belongs to.
struct UnownedCandidates {
  /// Names directly in /opt, and in those of them that are directories.
  var vendor: [(path: String, children: [String])] = []
  /// Names in /usr/local that are not of the standard directories, and names in those.
  var local: [String] = []
  /// Directories that pip left behind.
  var pip: [String] = []

  /// All paths whose owners must be known.
  var paths: Set<String> {
    Set(vendor.map(\.path)).union(vendor.flatMap(\.children)).union(local).union(pip)
  }
}

extension SystemDriftReader {
  /// How many names below one path, and below all together, are looked at before a count is left incomplete.
  static let countLimit = 2_000
  static let totalCountLimit = 6_000
  /// How many names of one directory are listed.
  private static let nameLimit = 500

  private static let standardLocal = [
    "bin", "etc", "games", "include", "lib", "libexec", "sbin", "share", "src",
  ]

  mutating func unownedCandidates() -> UnownedCandidates {
    var result = UnownedCandidates()
    for (name, kind) in entries(in: "/opt") {
      let path = "/opt/" + name
      let children = kind == .directory ? entries(in: path).map { path + "/" + $0.name } : []
      result.vendor.append((path, children))
    }
    for (name, kind) in entries(in: "/usr/local") {
      let path = "/usr/local/" + name
      if Self.standardLocal.contains(name) {
        if kind == .directory { result.local += entries(in: path).map { path + "/" + $0.name } }
      } else if !(name == "man" && kind == .link) {
        result.local.append(path)
      }
    }
    result.pip = pipRecords()
    return result
  }

  /// The names in a directory with what each is; links are named and never followed.
  private mutating func entries(in path: String) -> [(name: String, kind: DirectoryHandle.Kind)] {
    do throws(FileError) {
      guard let directory = try root.directory(path) else { return [] }
      let names = try directory.names(limit: Self.nameLimit)
      if names.count == Self.nameLimit {
        note("too-many-names", "only \(Self.nameLimit) of its names are looked at", subject: path)
      }
      return names.compactMap { name in directory.attributes(of: name).map { (name, $0.kind) } }
    } catch {
      note(error, subject: path)
      return []
    }
  }

  /// Lists what no package brought, with the number and size of the files below it.
  mutating func judgeUnowned(_ candidates: UnownedCandidates, _ owners: [String: String]) {
    var paths = candidates.local.filter { owners[$0] == nil }
    for (path, children) in candidates.vendor {
      // A directory that a package shares may hold more than the package's own.
      if owners[path] == nil { paths.append(path) } else { paths += children.filter { owners[$0] == nil } }
    }
    var count = FileCount(total: Self.totalCountLimit)
    for path in paths.sorted() {
      guard let entry = count.unowned(path, in: root) else { continue }
      drift.entries.unowned.append(entry)
    }
    for image in count.images + homeImages() {
      drift.entries.unowned.append(
        .init(path: image.path, kind: .appimage, count: 1, sizeBytes: image.size, complete: true))
    }
    for error in count.errors.prefix(5) {
      drift.notices.append(.init(id: "unreadable", message: error.message.harmless, subject: error.path))
    }
    for path in candidates.pip where owners[path] == nil { judgePip(path) }
    if drift.entries.unowned.contains(where: { !$0.complete }) {
      note(
        "counted-in-part",
        "no more than \(Self.countLimit) names in one place and \(Self.totalCountLimit) in all are counted",
        subject: "/opt and /usr/local")
    }
  }

  /// AppImages where people keep them. A home is its owner's: no link in it is followed.
  private mutating func homeImages() -> [(path: String, size: Int)] {
    var result: [(path: String, size: Int)] = []
    var closed: [String] = []
    do throws(FileError) {
      guard let homes = try root.directory("/home") else { return [] }
      for name in try homes.names(limit: Self.nameLimit) where homes.attributes(of: name)?.kind == .directory {
        do throws(FileError) {
          let home = try homes.directory(name)
          guard home.attributes(of: "Applications")?.kind == .directory else { continue }
          let applications = try home.directory("Applications")
          for file in try applications.names(limit: Self.nameLimit) where Self.isImage(file) {
            guard let attributes = applications.attributes(of: file), attributes.kind == .file else { continue }
            result.append(("/home/\(name)/Applications/\(file)", attributes.size))
          }
        } catch {
          closed.append(name)
        }
      }
    } catch {
      note(error, subject: "/home")
    }
    if !closed.isEmpty {
      let names = closed.prefix(5).joined(separator: ", ") + (closed.count > 5 ? " and \(closed.count - 5) more" : "")
      note("closed-homes", "AppImages in these homes cannot be seen: \(names); run as root to look", subject: "/home")
    }
    return result
  }

  static let imageEnding = ".appimage"

  static func isImage(_ name: String) -> Bool { name.lowercased().hasSuffix(imageEnding) }

  // MARK: pip

  private mutating func pipRecords() -> [String] {
    var result: [String] = []
    for base in ["/usr/lib", "/usr/local/lib"] {
      for version in names(in: base) where version.hasPrefix("python3") {
        for packages in ["dist-packages", "site-packages"] {
          let path = "\(base)/\(version)/\(packages)"
          result += names(in: path).filter { $0.hasSuffix(".dist-info") }.map { path + "/" + $0 }
        }
      }
    }
    return result
  }

  private mutating func judgePip(_ path: String) {
    guard let installer = content(path + "/INSTALLER", limit: 4096),
      String(decoding: installer, as: UTF8.self).split(whereSeparator: \.isWhitespace) == ["pip"]
    else { return }
    let record = content(path + "/RECORD").map { bytes in bytes.withUnsafeBufferPointer { PipRecord($0) } }
    drift.entries.unowned.append(
      .init(
        path: path, kind: .pip, count: record?.count ?? 0, sizeBytes: record?.sizeBytes ?? 0, complete: record != nil))
  }

  // MARK: DKMS

  static let dkmsDirectory = "/var/lib/dkms"

  mutating func dkmsModules() -> [(name: String, version: String)] {
    var result: [(name: String, version: String)] = []
    for (name, kind) in entries(in: Self.dkmsDirectory) where kind == .directory {
      for (version, kind) in entries(in: Self.dkmsDirectory + "/" + name)
      where kind == .directory && version != "original_module" {
        result.append((name, version))
      }
    }
    return result
  }

  static func dkmsSource(_ module: (name: String, version: String)) -> String {
    "/usr/src/\(module.name)-\(module.version)"
  }

  mutating func judgeDKMS(_ modules: [(name: String, version: String)], _ owners: [String: String]) {
    var count = FileCount(total: Self.totalCountLimit)
    for module in modules {
      let source = Self.dkmsSource(module)
      drift.dkmsModules.append(.init(name: module.name, version: module.version, package: owners[source]))
      guard owners[source] == nil, var entry = count.unowned(source, in: root) else { continue }
      entry.kind = .dkms
      drift.entries.unowned.append(entry)
    }
  }
}

/// The list of files that pip keeps of a package: `path,hash,size` a line. Source: PEP 376.
struct PipRecord: Equatable {
  let count: Int
  /// What the list says; files without a size count nothing.
  let sizeBytes: Int

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    var count = 0
    var size = 0
    var lines = LineReader(bytes)
    while let line = lines.next() {
      if line.isEmpty { continue }
      count += 1
      let digits = line[(line.lastIndex(of: 0x2C).map { $0 + 1 } ?? line.endIndex)...]
      if digits.count < 16, let value = Int(String(decoding: digits, as: UTF8.self)), value > 0 {
        size = size.addingReportingOverflow(value).overflow ? Int.max : size + value
      }
    }
    self.count = count
    sizeBytes = size
  }
}

/// Counts files below paths, within one limit for all of them.
struct FileCount {
  /// How many more names may be looked at in all.
  private var left: Int
  /// AppImages that were met on the way.
  private(set) var images: [(path: String, size: Int)] = []
  private(set) var errors: [FileError] = []

  init(total: Int) { left = total }

  /// - Returns: nil for a path that is not there, and for a directory without a single file.
  mutating func unowned(_ path: String, in root: RootDirectory) -> ResetPlan.Drift.Unowned? {
    guard let slash = path.lastIndex(of: "/") else { return nil }
    let name = String(path[path.index(after: slash)...])
    do throws(FileError) {
      guard let parent = try root.directory(slash == path.startIndex ? "/" : String(path[..<slash])),
        let attributes = parent.attributes(of: name)
      else { return nil }
      guard attributes.kind == .directory else {
        let kind: ResetPlan.Drift.Unowned.Kind =
          switch attributes.kind {
          case .file: SystemDriftReader.isImage(name) ? .appimage : .file
          case .link: .link
          default: .other
          }
        return .init(path: path, kind: kind, count: 1, sizeBytes: attributes.size, complete: true)
      }
      let walk = DirectoryWalk(
        below: try parent.directory(name), limit: min(left, SystemDriftReader.countLimit),
        findingFilesEnding: SystemDriftReader.imageEnding)
      left -= walk.looked
      images += walk.found.map { (path + $0.path, $0.size) }
      errors += walk.errors
      if walk.count == 0, walk.isComplete { return nil }
      return .init(
        path: path, kind: .directory, count: walk.count, sizeBytes: walk.sizeBytes, complete: walk.isComplete)
    } catch {
      errors.append(error)
      return .init(path: path, kind: .directory, count: 0, sizeBytes: 0, complete: false)
    }
  }
}
