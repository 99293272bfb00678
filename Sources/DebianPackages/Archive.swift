import Compression
package import HostSystem

/// What can be installed: all of apt's package lists together, found by name.
package struct Archive: Sendable {
  package let lists: [ArchiveList]
  /// Lists that are there and could not be read, with the reason of each.
  package let unreadable: [(path: String, reason: any ReportableError)]
  /// The number of versions in all lists.
  package let count: Int

  /// Chains of entries by the hash of their names: `heads` by hash, `next` by entry, both one-based with 0 for the end.
  private let heads: [UInt32]
  private let next: [UInt32]
  /// The first entry number of each list.
  private let starts: [Int]

  package static let directory = "/var/lib/apt/lists"

  package init(_ lists: [ArchiveList], unreadable: [(path: String, reason: any ReportableError)] = []) {
    self.lists = lists
    self.unreadable = unreadable
    var starts: [Int] = []
    var count = 0
    for list in lists {
      starts.append(count)
      count += list.entries.count
    }
    self.starts = starts
    self.count = count
    var size = 1024
    while size < count * 2 { size *= 2 }
    var heads = [UInt32](repeating: 0, count: size)
    var next = [UInt32](repeating: 0, count: count)
    for (listIndex, list) in lists.enumerated() {
      list.withBytes { bytes in
        for (entryIndex, entry) in list.entries.enumerated() {
          let number = starts[listIndex] + entryIndex
          let slot = Self.hash(bytes[Int(entry.name.lowerBound)..<Int(entry.name.upperBound)]) & (size - 1)
          next[number] = heads[slot]
          heads[slot] = UInt32(number + 1)
        }
      }
    }
    self.heads = heads
    self.next = next
  }

  /// FNV-1a.
  private static func hash(_ bytes: some Sequence<UInt8>) -> Int {
    var value: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return Int(truncatingIfNeeded: value ^ (value >> 32)) & Int.max
  }

  /// A version of a package that an archive offers.
  package struct Candidate: Sendable {
    let list: Int
    let entry: Int
    package let id: PackageID
    package let version: DebianVersion
    package let priority: PackagePriority?
    package let isEssential: Bool
    package let origin: ArchiveOrigin
  }

  /// Every version of a package that the lists offer, for any architecture.
  package func candidates(named name: String) -> [Candidate] {
    var result: [Candidate] = []
    var number = Int(heads[Self.hash(name.utf8) & (heads.count - 1)])
    while number != 0 {
      let index = number - 1
      number = Int(next[index])
      let list = listIndex(ofEntry: index)
      if let found = candidate(list, index - starts[list], named: name) { result.append(found) }
    }
    return result
  }

  /// Every version for which a test of its few fields holds; the whole of the lists is gone through.
  package func candidates(
    where test: (_ priority: PackagePriority?, _ isEssential: Bool, _ hasTask: Bool, _ hasProvides: Bool) -> Bool
  ) -> [Candidate] {
    var result: [Candidate] = []
    for (listIndex, list) in lists.enumerated() {
      for (entryIndex, entry) in list.entries.enumerated()
      where test(entry.priority, entry.isEssential, entry.hasTask, entry.hasProvides) {
        if let found = candidate(listIndex, entryIndex, named: nil) { result.append(found) }
      }
    }
    return result
  }

  private func listIndex(ofEntry index: Int) -> Int {
    var list = starts.count - 1
    while starts[list] > index || lists[list].entries.isEmpty { list -= 1 }
    return list
  }

  private func candidate(_ listIndex: Int, _ entryIndex: Int, named name: String?) -> Candidate? {
    let list = lists[listIndex]
    let entry = list.entries[entryIndex]
    return list.withBytes { bytes in
      let nameBytes = bytes[Int(entry.name.lowerBound)..<Int(entry.name.upperBound)]
      if let name, !nameBytes.elementsEqual(name.utf8) { return nil }
      func text(_ range: Range<UInt32>) -> String {
        String(decoding: bytes[Int(range.lowerBound)..<Int(range.upperBound)], as: UTF8.self)
      }
      return Candidate(
        list: listIndex, entry: entryIndex,
        id: PackageID(name: name ?? text(entry.name), architecture: text(entry.architecture)),
        version: DebianVersion(text(entry.version)), priority: entry.priority, isEssential: entry.isEssential,
        origin: list.origin)
    }
  }

  /// The fields of a version that only a few packages are asked for.
  package struct Details: Sendable {
    package var preDepends: [[PackageRelation]] = []
    package var depends: [[PackageRelation]] = []
    package var recommends: [[PackageRelation]] = []
    package var provides: [PackageRelation] = []
    /// Of Conflicts and of Breaks: what may not be there beside it.
    package var conflicts: [[PackageRelation]] = []
    package var tasks: [String] = []
    package var section = ""
    package var multiArch: InstalledPackage.MultiArch = .no
    /// What is downloaded, in bytes.
    package var sizeBytes = 0
    /// What it takes on disk, in bytes.
    package var installedSizeBytes = 0
    package var synopsis = ""
  }

  /// - Throws: ``Deb822Error``, when the stanza does not hold what its fields must hold.
  package func details(of candidate: Candidate) throws(Deb822Error) -> Details {
    let list = lists[candidate.list]
    let entry = list.entries[candidate.entry]
    let result: Result<Details, Deb822Error> = list.withBytes { bytes in
      let start = Int(entry.stanza.lowerBound)
      let stanza = UnsafeBufferPointer(rebasing: bytes[start..<Int(entry.stanza.upperBound)])
      func parsed(firstLine: Int) -> Result<Details, Deb822Error> {
        do throws(Deb822Error) {
          return .success(try Self.parse(stanza, path: list.path, firstLine: firstLine))
        } catch {
          return .failure(error)
        }
      }
      // The lines before the stanza are counted only for the message of an error: lists are long.
      let result = parsed(firstLine: 1)
      if case .success = result { return result }
      return parsed(firstLine: ArchiveList.lineNumber(bytes, start))
    }
    return try result.get()
  }

  private static func parse(
    _ bytes: UnsafeBufferPointer<UInt8>, path: String, firstLine: Int
  ) throws(Deb822Error) -> Details {
    var scanner = Deb822Scanner(bytes, path: path, firstLine: firstLine)
    var details = Details()
    func relations(_ field: Deb822Scanner.Field) throws(Deb822Error) -> [[PackageRelation]] {
      guard let groups = PackageRelation.groups(field.value) else {
        throw .badValue(
          path: path, line: field.line, field: field.nameText, value: String(field.text.prefix(60)).harmless)
      }
      return groups
    }
    _ = try scanner.nextStanza { (field) throws(Deb822Error) in
      if field.isNamed("Pre-Depends") {
        details.preDepends = try relations(field)
      } else if field.isNamed("Depends") {
        details.depends = try relations(field)
      } else if field.isNamed("Recommends") {
        details.recommends = try relations(field)
      } else if field.isNamed("Provides") {
        details.provides = try relations(field).flatMap { $0 }
      } else if field.isNamed("Conflicts") || field.isNamed("Breaks") {
        details.conflicts += try relations(field)
      } else if field.isNamed("Task") {
        details.tasks = field.text.split(whereSeparator: { $0 == "," || $0 == " " }).map(String.init)
      } else if field.isNamed("Section") {
        details.section = field.text
      } else if field.isNamed("Multi-Arch") {
        details.multiArch = InstalledPackage.MultiArch(rawValue: field.text) ?? .no
      } else if field.isNamed("Size") {
        details.sizeBytes = InstalledPackage.size(field.text, unit: 1)
      } else if field.isNamed("Installed-Size") {
        details.installedSizeBytes = InstalledPackage.size(field.text, unit: 1024)
      } else if field.isNamed("Description") {
        details.synopsis = String(decoding: field.value.prefix { $0 != 0x0A }, as: UTF8.self)
      }
    }
    return details
  }

  /// Reads every package list of a root. A list that cannot be read is named in ``unreadable`` and left out.
  /// - Throws: ``FileError``, when the directory itself is there and cannot be read.
  package static func read(from root: RootDirectory) throws -> Archive {
    let names = try root.names(in: directory) ?? []
    var unreadable: [(path: String, reason: any ReportableError)] = []
    let releases = readReleases(among: names, of: root, &unreadable)
    var lists: [ArchiveList] = []
    var seen: Set<String> = []
    for name in names {
      guard let stem = packagesStem(of: name), seen.insert(stem).inserted else { continue }
      let origin = origin(ofList: stem, releases) ?? ArchiveOrigin(origin: "", site: stem)
      do {
        lists.append(try ArchiveList(reading: directory + "/" + name, of: root, origin: origin))
      } catch let error as any ReportableError {
        unreadable.append((root.hostPath(directory + "/" + name), error))
      }
    }
    // Passed over in silence they would make their packages look as if no archive had them.
    for name in names {
      guard let ending = [".bz2", ".lzma"].first(where: { name.hasSuffix("_Packages" + $0) }),
        !seen.contains(String(name.dropLast(ending.count)))
      else { continue }
      let path = root.hostPath(directory + "/" + name)
      unreadable.append((path, ArchiveListError.unknownForm(path: path)))
    }
    return Archive(lists, unreadable: unreadable)
  }

  /// What the Release files say, each with the beginning of the names of its lists.
  static func readReleases(
    among names: [String], of root: RootDirectory, _ unreadable: inout [(path: String, reason: any ReportableError)]
  ) -> [(prefix: String, origin: ArchiveOrigin)] {
    var releases: [(prefix: String, origin: ArchiveOrigin)] = []
    for name in names {
      guard let suffix = ["_InRelease", "_Release"].first(where: { name.hasSuffix($0) }) else { continue }
      let prefix = String(name.dropLast(suffix.count - 1))
      if releases.contains(where: { $0.prefix == prefix }) { continue }
      do {
        let file = try root.map(directory + "/" + name)
        releases.append((prefix, file.withBytes { ArchiveOrigin(parsingRelease: $0, site: prefix) }))
      } catch {
        unreadable.append((root.hostPath(directory + "/" + name), error))
      }
    }
    return releases
  }

  /// The origin of a list: of the Release file whose name begins it, the longest where several do.
  static func origin(
    ofList stem: String, _ releases: [(prefix: String, origin: ArchiveOrigin)]
  ) -> ArchiveOrigin? {
    releases.filter { stem.hasPrefix($0.prefix) }.max { $0.prefix.count < $1.prefix.count }?.origin
  }

  /// The name of a list without the ending of its compression; nil for files that are no package lists.
  static func packagesStem(of name: String) -> String? {
    let stem = name.dropLast(CompressionFormat(endingOf: name)?.fileEnding.count ?? 0)
    return stem.hasSuffix("_Packages") ? String(stem) : nil
  }
}
