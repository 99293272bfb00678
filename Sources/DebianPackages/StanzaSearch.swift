import Compression
package import HostSystem

/// The stanzas of a few packages out of files that hold tens of thousands, found without reading the others.
///
/// The lists of an archive hold fifty megabytes; a command that asks for the kernels alone cannot wait until every package
/// of them is known.
package enum StanzaSearch {
  /// A package that apt's lists offer.
  package struct Offer: Sendable, Equatable {
    package let id: PackageID
    package let version: DebianVersion
    /// Pre-Depends and Depends.
    package let depends: [[PackageRelation]]
    /// Whether nothing is installed from its archive unless asked for.
    package let isNotAutomatic: Bool
  }

  /// What apt's lists offer under some names, and why some of the lists could not be read.
  package struct Offers: Sendable {
    package var offers: [Offer] = []
    package var problems: [String] = []
    /// The number of lists that were searched.
    package var listCount = 0
  }

  /// The most that a compressed list may open to, in bytes.
  private static let sizeLimit = 1 << 30
  /// No stanza is longer, in bytes.
  private static let stanzaLimit = 16 << 20

  /// Searches apt's lists of one architecture.
  /// - Parameter prefixes: how the names begin that are wanted.
  /// - Throws: ``FileError``, when the directory of the lists is there and cannot be read.
  package static func offers(
    ofPackages prefixes: [String], architecture: String, from root: RootDirectory
  ) throws(FileError) -> Offers {
    let names = try root.names(in: Archive.directory) ?? []
    var result = Offers()
    var unreadable: [(path: String, reason: any ReportableError)] = []
    let releases = Archive.readReleases(among: names, of: root, &unreadable)
    result.problems = unreadable.map(\.reason.message)
    var seen: Set<String> = []
    for name in names {
      guard let stem = Archive.packagesStem(of: name), concerns(stem, architecture), seen.insert(stem).inserted else {
        continue
      }
      let path = Archive.directory + "/" + name
      let isNotAutomatic = Archive.origin(ofList: stem, releases)?.isNotAutomatic ?? false
      do {
        for stanza in try stanzas(ofPackages: prefixes, in: path, of: root) {
          if let offer = try offer(stanza, isNotAutomatic, path: root.hostPath(path)) { result.offers.append(offer) }
        }
        result.listCount += 1
      } catch {
        result.problems.append((error as? any ReportableError)?.message ?? "\(root.hostPath(path)): \(error)")
      }
    }
    return result
  }

  /// Whether a list can hold packages of an architecture; flat archives do not say.
  private static func concerns(_ stem: String, _ architecture: String) -> Bool {
    guard let place = stem.range(of: "_binary-") else { return true }
    let rest = stem[place.upperBound...]
    return rest.hasPrefix(architecture + "_") || rest.hasPrefix("all_")
  }

  private static func offer(
    _ stanza: [UInt8], _ isNotAutomatic: Bool, path: String
  ) throws(Deb822Error) -> Offer? {
    let result: Result<Offer?, Deb822Error> = stanza.withUnsafeBufferPointer { bytes in
      do throws(Deb822Error) {
        var scanner = Deb822Scanner(bytes, path: path)
        var (name, version, architecture) = ("", "", "")
        var depends: [[PackageRelation]] = []
        _ = try scanner.nextStanza { (field) throws(Deb822Error) in
          if field.isNamed("Package") {
            name = field.text
          } else if field.isNamed("Version") {
            version = field.text
          } else if field.isNamed("Architecture") {
            architecture = field.text
          } else if field.isNamed("Depends") || field.isNamed("Pre-Depends") {
            depends += PackageRelation.groups(field.value) ?? []
          }
        }
        if name.isEmpty || version.isEmpty || architecture.isEmpty { return .success(nil) }
        return .success(
          Offer(
            id: PackageID(name: name, architecture: architecture), version: DebianVersion(version), depends: depends,
            isNotAutomatic: isNotAutomatic))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// The packages of dpkg's record whose names begin in one of some ways.
  ///
  /// What is wrong in other stanzas goes unnoticed; `toolbox reset check` is there for that.
  /// - Throws: ``FileError``, ``Deb822Error``
  package static func installed(
    _ prefixes: [String], from root: RootDirectory
  ) throws -> [InstalledPackage] {
    let found = try stanzas(ofPackages: prefixes, in: DpkgStatus.path, of: root)
    guard !found.isEmpty else { return [] }
    var bytes: [UInt8] = []
    for stanza in found { bytes += stanza + [0x0A] }
    let path = root.hostPath(DpkgStatus.path)
    do {
      return try bytes.withUnsafeBufferPointer { try DpkgStatus(parsing: $0, path: path).packages }
    } catch {
      // The whole file gives the error its line.
      return try root.map(DpkgStatus.path).withBytes { try DpkgStatus(parsing: $0, path: path).packages }
    }
  }

  // MARK: Finding

  /// The bytes of every stanza of a file, plain or compressed, whose package's name begins in one of some ways.
  static func stanzas(ofPackages prefixes: [String], in path: String, of root: RootDirectory) throws -> [[UInt8]] {
    let needles = prefixes.map { Array("Package: \($0)".utf8) }
    let file = try root.map(path)
    let shown = root.hostPath(path)
    return try file.withBytes { bytes in
      guard let format = CompressionFormat(magicOf: bytes) else {
        if let format = CompressionFormat(endingOf: path) {
          throw ArchiveListError.compressed(
            path: shown, bytes.count < 6 ? .cut(format) : .damaged(format, "no such data"))
        }
        guard bytes.isEmpty || bytes[bytes.count - 1] == 0x0A else {
          throw ArchiveListError.malformed(
            path: shown, line: ArchiveList.lineNumber(bytes, bytes.count), what: "the list ends in the middle of a line"
          )
        }
        return search(bytes, needles)
      }
      var found: [[UInt8]] = []
      // What was opened and not yet searched: it goes on until the empty line behind a stanza.
      var open: [UInt8] = []
      var total = 0
      do throws(CompressionError) {
        try Decompression.stream(bytes, format) { (piece) throws(CompressionError) in
          total += piece.count
          open += piece
          guard total <= sizeLimit, open.count <= stanzaLimit + piece.count else {
            throw .tooLarge(format, limit: total <= sizeLimit ? stanzaLimit : sizeLimit)
          }
          open.withUnsafeBufferPointer { buffer in
            let end = endOfLastStanza(buffer)
            found += search(UnsafeBufferPointer(rebasing: buffer[..<end]), needles)
          }
          open.removeFirst(open.withUnsafeBufferPointer(endOfLastStanza))
        }
      } catch {
        throw ArchiveListError.compressed(path: shown, error)
      }
      return found + open.withUnsafeBufferPointer { search($0, needles) }
    }
  }

  /// Behind the last empty line; 0 when there is none.
  private static func endOfLastStanza(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    var end = bytes.count
    while end >= 2 {
      if bytes[end - 1] == 0x0A, bytes[end - 2] == 0x0A { return end }
      end -= 1
    }
    return 0
  }

  private static func search(_ bytes: UnsafeBufferPointer<UInt8>, _ needles: [[UInt8]]) -> [[UInt8]] {
    guard let base = bytes.baseAddress else { return [] }
    // Where each stanza that was found ends, by where it begins.
    var ends: [Int: Int] = [:]
    var found: [[UInt8]] = []
    for needle in needles {
      var position = 0
      while let offset = bytes.firstIndex(of: needle, from: position) {
        position = offset + needle.count
        guard offset == 0 || base[offset - 1] == 0x0A else { continue }
        var start = offset
        while start > 0, !(base[start - 1] == 0x0A && (start == 1 || base[start - 2] == 0x0A)) { start -= 1 }
        if let end = ends[start] {
          position = end
          continue
        }
        var end = position
        while end < bytes.count, !(base[end - 1] == 0x0A && base[end] == 0x0A) { end += 1 }
        found.append(Array(bytes[start..<end]))
        ends[start] = end
        position = end
      }
    }
    return found
  }
}
