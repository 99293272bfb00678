import DebianPackages
import Glibc
import HostSystem

/// dpkg's status: every `Package:` line is a package of the result, and whole stanzas at the beginning read the same alone.
@Sendable func fuzzDpkgStatus(_ bytes: UnsafeBufferPointer<UInt8>) {
  guard let status = try? DpkgStatus(parsing: bytes, path: "status") else { return }
  require(status.packages.count == packageLines(bytes), "a package is lost")
  require(Set(status.packages.map(\.id)).count == status.packages.count, "a package stands there twice")
  for package in status.packages {
    require(!package.id.name.isEmpty && package.installedSizeBytes >= 0)
    require(!package.isPresent || !package.version.text.isEmpty && !package.id.architecture.isEmpty)
  }
  if let first = wholeStanzas(bytes), let part = try? DpkgStatus(parsing: first, path: "status") {
    require(status.packages.map(\.id).starts(with: part.packages.map(\.id)), "the beginning reads otherwise")
  }
}

/// apt's marks: each mark that a stanza sets is there, and none is there that no stanza sets.
@Sendable func fuzzExtendedStates(_ bytes: UnsafeBufferPointer<UInt8>) {
  guard let states = try? ExtendedStates(parsing: bytes, path: "states") else { return }
  guard let stanzas = PlainStanza.all(bytes) else { return }
  var marked: Set<PackageID> = []
  var named: Set<PackageID> = []
  for stanza in stanzas {
    require(stanza.values("package").count == 1, "a package is lost")
    let id = PackageID(
      name: stanza.values("package")[0], architecture: stanza.values("architecture").last ?? "")
    named.insert(id)
    if stanza.values("auto-installed").last == "1" { marked.insert(id) }
  }
  for id in named {
    let isMarked = marked.contains(id) || marked.contains(PackageID(name: id.name, architecture: ""))
    require(states.isAutomatic(id, nativeArchitecture: id.architecture) == isMarked, "a mark is wrong")
  }
}

/// The one file that the lists are written into, since they are read from a root only.
private let listFile: (root: RootDirectory, descriptor: Int32) = {
  var template = Array("/tmp/toolbox-fuzz-XXXXXX".utf8CString)
  guard let directory = mkdtemp(&template) else {
    perror("mkdtemp")
    exit(71)
  }
  let path = String(cString: directory)
  let descriptor = open(path + "/list", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
  guard descriptor >= 0 else {
    perror(path)
    exit(71)
  }
  atexit {
    unlink(listFile.root.path + "/list")
    rmdir(listFile.root.path)
  }
  return (RootDirectory(path), descriptor)
}()

/// A list of apt, plain or compressed: every `Package:` line is a version of the archive, and is found by its name.
@Sendable func fuzzArchiveList(_ bytes: UnsafeBufferPointer<UInt8>) {
  let (root, descriptor) = listFile
  guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, bytes.baseAddress, bytes.count, 0) == bytes.count else {
    perror("list")
    exit(71)
  }
  guard let list = try? ArchiveList(reading: "/list", of: root, origin: ArchiveOrigin(origin: "Fuzz")) else { return }
  let archive = Archive([list])
  let all = archive.candidates { _, _, _, _ in true }
  require(all.count == archive.count)
  if let stanzas = PlainStanza.all(bytes) { require(all.count == stanzas.count, "a stanza is lost") }
  for candidate in all.prefix(50) {
    require(!candidate.id.name.isEmpty && !candidate.version.text.isEmpty && !candidate.id.architecture.isEmpty)
    if !candidate.id.name.unicodeScalars.contains("\u{FFFD}") {
      require(
        archive.candidates(named: candidate.id.name).contains { $0.id == candidate.id }, "a package is not found")
    }
    if let details = try? archive.details(of: candidate) {
      require(details.sizeBytes >= 0 && details.installedSizeBytes >= 0)
    }
  }
  _ = ArchiveOrigin(parsingRelease: bytes, site: "site")
}

/// A dependency field: written out and read again it is the same.
@Sendable func fuzzRelations(_ bytes: UnsafeBufferPointer<UInt8>) {
  guard let groups = PackageRelation.groups(bytes) else { return }
  require(groups.allSatisfy { !$0.isEmpty })
  require(groups.count <= bytes.count { $0 == 0x2C } + 1)
  var text = groups.map { $0.map(\.description).joined(separator: " | ") }.joined(separator: ", ")
  let again = text.withUTF8 { PackageRelation.groups($0) }
  require(again == groups, "written out it reads otherwise")
  for relation in groups.joined() {
    guard let constraint = relation.constraint else { continue }
    let acceptsItself = constraint.accepts(constraint.version)
    require(acceptsItself == (constraint.relation != .earlier && constraint.relation != .later))
  }
}

/// Versions, one a line: they are in one order, whichever of them are compared.
@Sendable func fuzzDebianVersions(_ bytes: UnsafeBufferPointer<UInt8>) {
  let lines = bytes.split(separator: 0x0A, maxSplits: 2, omittingEmptySubsequences: false)
  let versions = lines.map { UnsafeBufferPointer(rebasing: $0) }
  requireOrder(versions) { DebianVersion.compare($0, $1).signum() }
  for version in versions {
    // A tilde sorts before everything, the end included.
    let earlier = Array(version) + [0x7E]
    earlier.withUnsafeBufferPointer { require(DebianVersion.compare($0, version) < 0, "a tilde is not before it") }
    guard let text = String(validating: version, as: UTF8.self) else { continue }
    require(DebianVersion(text) == DebianVersion(version) && DebianVersion(text).text == text)
    require(text.hasPrefix(DebianVersion(text).withoutRevision))
    for other in versions {
      guard let otherText = String(validating: other, as: UTF8.self) else { continue }
      require(
        DebianVersion.compare(DebianVersion(text), DebianVersion(otherText)) == DebianVersion.compare(version, other))
    }
  }
}

/// The laws of an order: everything equals itself, two values stand the same way from both sides, and of three no circle.
/// - Parameter compare: -1, 0 or 1.
func requireOrder<Value>(_ values: [Value], _ compare: (Value, Value) -> Int) {
  for a in values {
    require(compare(a, a) == 0, "it does not equal itself")
    for b in values {
      require(compare(a, b) == -compare(b, a), "the two sides disagree")
      for c in values where compare(a, b) <= 0 && compare(b, c) <= 0 {
        require(compare(a, c) <= 0, "the order goes in a circle")
        require(compare(a, c) < 0 || compare(a, b) == 0 && compare(b, c) == 0, "equals are not interchangeable")
      }
    }
  }
}

/// dpkg's log: the same whether it comes in one file or in two, and taken in twice.
@Sendable func fuzzPackageLog(_ bytes: UnsafeBufferPointer<UInt8>) {
  var log = PackageLog()
  log.take(dpkgLog: bytes)
  for removal in log.removals.values { require(removal.time.utf8.count == 19 || removal.time.contains("\u{FFFD}")) }
  var twice = log
  twice.take(dpkgLog: bytes)
  require(twice.removals == log.removals, "the same log says something else the second time")
  guard let half = bytes[(bytes.count / 2)...].firstIndex(of: 0x0A) else { return }
  var rotated = PackageLog()
  rotated.take(dpkgLog: UnsafeBufferPointer(rebasing: bytes[..<half]))
  rotated.take(dpkgLog: UnsafeBufferPointer(rebasing: bytes[half...]))
  require(rotated.removals == log.removals, "a log in two files says something else")
}
