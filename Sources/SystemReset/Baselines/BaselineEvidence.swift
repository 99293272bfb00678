import FoundationEssentials
package import HostSystem

/// Everything that a system and the command line say about what is stock, read and not yet judged.
package struct BaselineEvidence: Sendable {
  /// The files that `--baseline` named, in their order, with those that belong to them.
  package var given: [BaselineFile] = []
  /// The baseline that toolbox saved.
  package var saved: BaselineFile?
  /// The installer's record of the finished installation.
  package var record: BaselineFile?
  /// Lists of the image that the system was installed from.
  package var image: [BaselineFile] = []
  /// The medium that the system was installed from.
  package var medium: MediaInfo?
  /// The medium that `image` was found on; nil where it is `medium`.
  package var imageMedium: MediaInfo?
  /// Whether a minimal installation was asked for; nil where nothing says.
  package var isMinimal: Bool?
  /// What makes an automatic reset doubtful here, with what showed it.
  package var situations: [Situation] = []
  /// What is there and could not be read.
  package var notices: [SystemSnapshot.Notice] = []

  /// A doubt about automatic resets, as `Data/reset/baseline-sources.yaml` defines it.
  package struct Situation: Sendable, Equatable {
    package let id: String
    package let reason: String
    /// What showed it: a path, or an option of the kernel.
    package let subject: String
    package let isOverridable: Bool
    /// The baselines for which it is only worth a note.
    package let trusted: [ResetPlan.BaselineSource]
  }

  /// No evidence at all.
  package init() {}
}

/// Reads ``BaselineEvidence`` from a root and from files of the host. It judges nothing.
package struct BaselineReader {
  private let root: RootDirectory
  private let places = BaselinePlaces.shipped
  private var evidence = BaselineEvidence()

  /// Reads all evidence of a system.
  ///
  /// A file that was named, or that would decide, must be readable as a baseline; what only stands beside a better one
  /// becomes a notice. What may not be read for want of rights becomes a notice too: the next in the order decides then.
  /// - Parameter files: what `--baseline` named: paths of the host, not of the root.
  /// - Parameter release: what the system says that it is.
  /// - Throws: ``FileError``, ``BaselineFileError``
  package static func read(root: RootDirectory, release: OSRelease, files: [String]) throws -> BaselineEvidence {
    var reader = BaselineReader(root: root)
    try reader.readGiven(files)
    reader.evidence.medium = reader.medium(at: reader.places.media)
    let telemetry = reader.readTelemetry()
    reader.evidence.isMinimal = telemetry.minimal
    try reader.readSaved()
    try reader.readRecord()
    try reader.readImage()
    reader.evidence.situations = SituationReader(root: root, release: release, isFromMaker: telemetry.maker == true)
      .situations(reader.places.situations)
    return reader.evidence
  }

  private init(root: RootDirectory) { self.root = root }

  private var hasDecided: Bool { !evidence.given.isEmpty || evidence.saved != nil || evidence.record != nil }

  // MARK: Files that were named

  private mutating func readGiven(_ files: [String]) throws {
    let host = RootDirectory()
    for file in files {
      let parsed = try BaselineFile(parsing: try host.read(file, limit: Self.sizeLimit), path: file)
      evidence.given.append(parsed)
      for neighbour in Self.neighbours(of: file, parsed.format) where !files.contains(neighbour) {
        guard let bytes = try host.readIfPresent(neighbour, limit: Self.sizeLimit) else { continue }
        evidence.given.append(try BaselineFile(parsing: bytes, path: neighbour))
      }
    }
  }

  private static let sizeLimit = 256 << 20

  /// The files that complete one: removals, and the layers below a layer.
  static func neighbours(of path: String, _ format: BaselineFile.Format) -> [String] {
    guard path.hasSuffix(".manifest") || path.hasSuffix(".packages") else { return [] }
    if format != .layer { return [path + "-remove"] }
    var result: [String] = []
    let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    var stem = path[slash...].dropLast(".manifest".count)
    while let dot = stem.lastIndex(of: ".") {
      stem = stem[..<dot]
      result.append("\(path[..<slash])\(stem).manifest")
    }
    return result
  }

  // MARK: What the system keeps

  private mutating func readSaved() throws {
    evidence.saved = try readKept(BaselineDocument.path)
  }

  private mutating func readRecord() throws {
    for path in places.records where evidence.record == nil { evidence.record = try readKept(path) }
  }

  /// Reads a file of the root; nil when it is not there, or when something better is and it can only be reported.
  private mutating func readKept(_ path: String) throws -> BaselineFile? {
    let bytes: [UInt8]?
    do {
      bytes = try root.readIfPresent(path, limit: Self.sizeLimit)
    } catch {
      guard hasDecided || error.failureKind == .noPermission else { throw error }
      evidence.notices.append(
        SystemSnapshot.Notice(id: "unreadable-baseline", message: error.message, subject: root.hostPath(path)))
      return nil
    }
    guard let bytes else { return nil }
    do {
      return try BaselineFile(parsing: bytes, path: root.hostPath(path))
    } catch {
      guard hasDecided else { throw error }
      evidence.notices.append(
        SystemSnapshot.Notice(id: "unreadable-baseline", message: error.message, subject: root.hostPath(path)))
      return nil
    }
  }

  private mutating func readImage() throws {
    for place in places.images {
      let names: [String]
      do {
        names = try root.names(in: place.folder) ?? []
      } catch {
        evidence.notices.append(
          SystemSnapshot.Notice(
            id: "unreadable-baseline", message: error.message, subject: root.hostPath(place.folder)))
        continue
      }
      guard
        let found = place.names.lazy.map({ pattern in names.filter(pattern.matches) }).first(where: { !$0.isEmpty })
      else { continue }
      for name in found where isInstalledLayer(name) {
        let path = place.folder + "/" + name
        guard let file = try readKept(path) else { continue }
        evidence.image.append(file)
        for ending in evidence.isMinimal == true ? ["-remove", "-minimal-remove"] : ["-remove"] {
          if names.contains(name + ending), let removals = try readKept(path + ending) {
            evidence.image.append(removals)
          }
        }
      }
      if evidence.image.isEmpty { continue }
      evidence.imageMedium = place.medium.flatMap { medium(at: [$0]) }
      return
    }
  }

  /// Whether a list is not one of those that only the live session or a fuller installation has.
  private func isInstalledLayer(_ name: String) -> Bool {
    let words = name.split(whereSeparator: { $0 == "." || $0 == "-" }).map(String.init)
    let layers = Set(name.split(separator: ".").map(String.init))
    if !places.liveLayers.isDisjoint(with: layers) { return false }
    return !(evidence.isMinimal == true && !places.fullLayers.isDisjoint(with: words))
  }

  private mutating func medium(at paths: [String]) -> MediaInfo? {
    for path in paths {
      do {
        if let bytes = try root.readIfPresent(path, limit: 1 << 16), let info = MediaInfo(parsing: bytes) {
          return info
        }
      } catch {
        evidence.notices.append(
          SystemSnapshot.Notice(id: "unreadable-baseline", message: error.message, subject: root.hostPath(path)))
      }
    }
    return nil
  }

  /// What the installer was asked for. The file is its maker's telemetry: other forms are met, and say nothing here.
  private mutating func readTelemetry() -> (minimal: Bool?, maker: Bool?) {
    struct Telemetry: Decodable {
      var minimal: Bool?
      var maker: Bool?
      private enum CodingKeys: String, CodingKey {
        case minimal = "Minimal"
        case maker = "OEM"
      }
    }
    for path in places.telemetry {
      do {
        guard let bytes = try root.readIfPresent(path, limit: 1 << 20) else { continue }
        let telemetry = try JSONDecoder().decode(Telemetry.self, from: Data(bytes))
        return (telemetry.minimal, telemetry.maker)
      } catch let error as FileError {
        evidence.notices.append(
          SystemSnapshot.Notice(id: "unreadable-baseline", message: error.message, subject: root.hostPath(path)))
      } catch {
        evidence.notices.append(
          SystemSnapshot.Notice(
            id: "unknown-telemetry", message: "the installer's telemetry has a form that is not known",
            subject: root.hostPath(path)))
      }
    }
    return (nil, nil)
  }
}
