import Compression
import FoundationEssentials
import HostSystem
import TestSupport
import Testing

@testable import DebianPackages

@Suite struct ArchiveTests {
  private static let base = "var/lib/apt/lists/"
  private static let plain = """
    Package: bash
    Essential: yes
    Priority: required
    Section: shells
    Version: 5.2
    Architecture: amd64
    Pre-Depends: libc6 (>= 2.36)
    Depends: base-files
    Recommends: bash-completion
    Provides: sh (= 5)
    Size: 1500
    Installed-Size: 7000
    Multi-Arch: foreign
    Description: GNU Bourne Again SHell
     more

    Package: editor-all
    Priority: optional
    Version: 1
    Architecture: all
    Task: desktop, minimal
    Size: -1
    Installed-Size: 9223372036854775807


    """

  private func archive(_ directory: TemporaryDirectory) throws -> Archive {
    try Archive.read(from: RootDirectory(directory.path))
  }

  private func compress(_ path: String, with format: CompressionFormat) async throws -> Bool {
    let programs = ["/usr/bin/", "/bin/"].map { $0 + format.rawValue }
    guard let program = programs.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
      print("skipped: \(format.rawValue) is not installed")
      return false
    }
    let more: [String] = format == .lz4 ? ["-m", "--rm"] : format == .zstd ? ["--rm"] : []
    let outcome = try await ToolboxProcess.run(path: program, ["-q"] + more + [path])
    try #require(outcome.status == 0)
    return true
  }

  @Test func `a plain list is read from the root`() throws {
    let directory = try TemporaryDirectory()
    try directory.write(Self.base + "site_dists_stable_main_binary-amd64_Packages", text: Self.plain)
    let archive = try archive(directory)
    #expect(archive.count == 2)
    #expect(archive.unreadable.isEmpty)
    let bash = try #require(archive.candidates(named: "bash").first)
    #expect(bash.id == PackageID(name: "bash", architecture: "amd64"))
    #expect(bash.version == DebianVersion("5.2"))
    #expect(bash.priority == .required && bash.isEssential)
    #expect(bash.origin == ArchiveOrigin(origin: "", site: "site_dists_stable_main_binary-amd64_Packages"))
    let details = try archive.details(of: bash)
    #expect(details.preDepends.map { $0.map(\.description) } == [["libc6 (>= 2.36)"]])
    #expect(details.depends.map { $0.map(\.name) } == [["base-files"]])
    #expect(details.recommends.map { $0.map(\.name) } == [["bash-completion"]])
    #expect(details.provides.map(\.description) == ["sh (= 5)"])
    #expect(details.sizeBytes == 1500)
    #expect(details.installedSizeBytes == 7000 * 1024)
    #expect(details.section == "shells")
    #expect(details.multiArch == .foreign)
    #expect(details.synopsis == "GNU Bourne Again SHell")
    let editor = try #require(archive.candidates(named: "editor-all").first)
    #expect(editor.id.architecture == "all")
    let more = try archive.details(of: editor)
    #expect(more.tasks == ["desktop", "minimal"])
    #expect(more.sizeBytes == 0 && more.installedSizeBytes == 0)
    #expect(archive.candidates(named: "bas").isEmpty && archive.candidates(named: "").isEmpty)
    #expect(archive.candidates { priority, _, _, _ in priority == .required }.map(\.id.name) == ["bash"])
    #expect(archive.candidates { _, isEssential, _, _ in isEssential }.map(\.id.name) == ["bash"])
    #expect(archive.candidates { _, _, hasTask, _ in hasTask }.map(\.id.name) == ["editor-all"])
    #expect(archive.candidates { _, _, _, hasProvides in hasProvides }.map(\.id.name) == ["bash"])
  }

  @Test(arguments: CompressionFormat.allCases)
  func `a compressed list is read, and a cut one is named`(format: CompressionFormat) async throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write(Self.base + "site_main_Packages", text: Self.plain)
    guard try await compress(path, with: format) else { return }
    let name = "site_main_Packages" + format.fileEnding
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: directory(Self.base + name))))
    #expect(!FileManager.default.fileExists(atPath: path))
    let archive = try archive(directory)
    #expect(archive.count == 2)
    #expect(try archive.details(of: try #require(archive.candidates(named: "bash").first)).sizeBytes == 1500)

    for length in [0, 1, 3, 5, bytes.count / 2, bytes.count - 1] {
      try directory.write(Self.base + name, bytes[..<length])
      let cut = try self.archive(directory)
      #expect(cut.lists.isEmpty && cut.count == 0)
      #expect(cut.unreadable.map(\.path) == [directory("var/lib/apt/lists/" + name)])
      #expect(
        cut.unreadable.first?.reason as? ArchiveListError
          == .compressed(path: directory(Self.base + name), .cut(format)), "\(length) bytes")
    }
    try directory.write(Self.base + name, text: Self.plain)
    #expect(
      try self.archive(directory).unreadable.first?.reason as? ArchiveListError
        == .compressed(path: directory(Self.base + name), .damaged(format, "no such data")))
  }

  @Test func `a list belongs to the Release file of the longest name`() throws {
    let directory = try TemporaryDirectory()
    func release(_ name: String, _ text: String) throws { try directory.write(Self.base + name, text: text) }
    try release("deb_dists_stable_Release", "Origin: Debian\nSuite: stable\nCodename: bookworm\nSHA256:\n a b c\n")
    try release("deb_dists_stable-backports_Release", "Origin: Debian Backports\nNotAutomatic: yes\n")
    try release(
      "vendor_InRelease",
      "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nOrigin:  Vendor \nLabel: L\nMD5Sum:\nOrigin: Evil\n")
    try release("vendor_Release", "Origin: Other\n")
    let stanza = "Package: a\nVersion: 1\nArchitecture: amd64\n\n"
    for list in [
      "deb_dists_stable_main_binary-amd64_Packages", "deb_dists_stable_contrib_binary-amd64_Packages",
      "deb_dists_stable-backports_main_binary-amd64_Packages", "vendor_Packages", "unknown_Packages",
    ] { try directory.write(Self.base + list, text: stanza) }
    let found = try archive(directory).candidates(named: "a").map(\.origin)
    #expect(
      Set(found) == [
        ArchiveOrigin(origin: "Debian", suite: "stable", codename: "bookworm", site: "deb_dists_stable_"),
        ArchiveOrigin(origin: "Debian Backports", isNotAutomatic: true, site: "deb_dists_stable-backports_"),
        ArchiveOrigin(origin: "Vendor", label: "L", site: "vendor_"),
        ArchiveOrigin(origin: "", site: "unknown_Packages"),
      ])
    #expect(found.count == 5)
  }

  @Test func `versions of several lists and architectures are found by name`() throws {
    let directory = try TemporaryDirectory()
    func stanza(_ name: String, _ version: String, _ architecture: String) -> String {
      "Package: \(name)\nVersion: \(version)\nArchitecture: \(architecture)\n\n"
    }
    try directory.write(
      Self.base + "a_Packages", text: stanza("x", "1", "amd64") + stanza("x", "2", "amd64") + stanza("y", "1", "all"))
    try directory.write(Self.base + "b_Packages", text: "")
    try directory.write(Self.base + "c_Packages", text: stanza("x", "1", "i386"))
    try directory.write(Self.base + "d_Packages", text: "\n\n")
    let archive = try archive(directory)
    #expect(archive.count == 4)
    #expect(
      Set(archive.candidates(named: "x").map { "\($0.id) \($0.version)" })
        == ["x:amd64 1", "x:amd64 2", "x:i386 1"])
    #expect(archive.candidates(named: "y").map { "\($0.id)" } == ["y:all"])
    #expect(archive.candidates { _, _, _, _ in true }.count == 4)
  }

  @Test func `files that are no lists are passed over, and of one list one form counts`() throws {
    let directory = try TemporaryDirectory()
    let stanza = "Package: a\nVersion: 1\nArchitecture: amd64\n\n"
    for name in [
      "lock", "x_Sources", "x_Packages.diff_Index", "x_i18n_Translation-en", "x_Packages.txt", "Packages", ".gz",
    ] {
      try directory.write(Self.base + name, text: stanza)
    }
    try directory.write(Self.base + "partial/x_Packages", text: stanza)
    #expect(try archive(directory).lists.isEmpty)
    try directory.write(Self.base + "x_Packages", text: stanza)
    try directory.write(Self.base + "x_Packages.gz", text: "")
    let both = try archive(directory)
    #expect(both.count == 1 && both.unreadable.isEmpty)
  }

  @Test func `a root without lists has an empty archive`() throws {
    let directory = try TemporaryDirectory()
    let archive = try archive(directory)
    #expect(archive.count == 0 && archive.lists.isEmpty && archive.unreadable.isEmpty)
    #expect(archive.candidates(named: "a").isEmpty)
    #expect(archive.candidates { _, _, _, _ in true }.isEmpty)
  }

  @Test(arguments: [
    (
      "list_without_final_newline", "Package: a\nVersion: 1\nArchitecture: amd64", 3,
      "the list ends in the middle of a line"
    ),
    (
      "stanza_without_version", "\nPackage: a\nArchitecture: amd64\n", 2,
      "the stanza lacks Package, Version or Architecture"
    ),
    (
      "stanza_without_name", "Version: 1\nArchitecture: amd64\n", 1, "the stanza lacks Package, Version or Architecture"
    ),
    (
      "second_stanza_with_empty_architecture",
      "Package: a\nVersion: 1\nArchitecture: amd64\n\n\nPackage: a\nVersion: 1\nArchitecture:\n", 6,
      "the stanza lacks Package, Version or Architecture"
    ),
    (
      "empty_line_between_stanzas_is_lost",
      "Package: a\nVersion: 1\nArchitecture: amd64\nPackage: b\nVersion: 1\nArchitecture: amd64\n", 4,
      "two packages without an empty line between them"
    ),
    (
      "first_line_of_a_stanza_is_lost", "Package: a\nVersion: 1\nArchitecture: amd64\nVersion: 2\n", 4,
      "two packages without an empty line between them"
    ),
    ("stray_continuation", " x\n\n", 1, "the stanza lacks Package, Version or Architecture"),
    (
      "list_crlf", "Package: a\r\nVersion: 1\r\nArchitecture: amd64\r\n\r\nPackage: b\r\n", 4, "expected 'Field: value'"
    ),
    ("binary_line", "Package: a\n\0\0\n", 2, "expected 'Field: value'"),
    ("page_of_a_captive_portal", "<!DOCTYPE html>\n<html>\n", 1, "expected 'Field: value'"),
  ])
  func `a malformed list is named with its line`(name: String, text: String, line: Int, what: String) throws {
    let directory = try TemporaryDirectory()
    try directory.write(Self.base + "x_Packages", text: text)
    let archive = try archive(directory)
    #expect(archive.lists.isEmpty, "\(name)")
    #expect(
      archive.unreadable.first?.reason as? ArchiveListError
        == .malformed(path: directory(Self.base + "x_Packages"), line: line, what: what))
  }

  @Test func `a list in a form that is not read is named where it is the only one`() throws {
    let directory = try TemporaryDirectory()
    try directory.write(Self.base + "x_Packages", text: Self.plain)
    try directory.write(Self.base + "x_Packages.bz2", text: "")
    try directory.write(Self.base + "y_Packages.lzma", text: "")
    let archive = try archive(directory)
    #expect(archive.count == 2)
    #expect(
      archive.unreadable.map { $0.reason as? ArchiveListError }
        == [.unknownForm(path: directory(Self.base + "y_Packages.lzma"))])
  }

  @Test func `a list that is no file is named`() throws {
    let directory = try TemporaryDirectory()
    try directory.write(Self.base + "x_Packages/inside", text: "")
    let archive = try archive(directory)
    #expect(archive.unreadable.map(\.path) == [directory(Self.base + "x_Packages")])
  }

  @Test func `an error in a field that is read later names its line in the file`() throws {
    let directory = try TemporaryDirectory()
    try directory.write(
      Self.base + "x_Packages",
      text: "Package: a\nVersion: 1\nArchitecture: amd64\n\nPackage: b\nVersion: 1\nArchitecture: all\nDepends: c |\n")
    let archive = try archive(directory)
    let candidate = try #require(archive.candidates(named: "b").first)
    #expect(
      throws: Deb822Error.badValue(path: directory(Self.base + "x_Packages"), line: 8, field: "Depends", value: "c |")
    ) { try archive.details(of: candidate) }
    #expect(throws: Never.self) { try archive.details(of: try #require(archive.candidates(named: "a").first)) }
  }

  @Test func `no damage to a list stops its reader`() throws {
    let directory = try TemporaryDirectory()
    let root = RootDirectory(directory.path)
    let document = Array(
      "Package: a\nVersion: 1\nArchitecture: amd64\nDepends: b | c\nTask: x\n y\n\nPackage: d\nVersion: 2\nArchitecture: all\nEssential: yes\n\n"
        .utf8)
    var readable = 0
    var failure: (any Error)?
    forEachDamagedForm(of: document) { damaged in
      do {
        try directory.write("list", damaged)
        let list = try ArchiveList(reading: "/list", of: root, origin: ArchiveOrigin(origin: ""))
        readable += 1
        let archive = Archive([list])
        for candidate in archive.candidates(where: { _, _, _, _ in true }) { _ = try archive.details(of: candidate) }
      } catch is ArchiveListError {
      } catch is Deb822Error {
      } catch {
        failure = error
      }
    }
    #expect(failure == nil)
    #expect(readable > 0)
  }

  @Test func `no damage to a Release file stops its reader`() {
    var named = 0
    forEachDamagedForm(of: Array("Origin: Debian\nSuite: stable\nNotAutomatic: yes\nSHA256:\n a\n".utf8)) { damaged in
      let origin = withBytes(damaged) { (buffer) throws(Never) in ArchiveOrigin(parsingRelease: buffer, site: "s") }
      if origin.origin == "Debian" { named += 1 }
    }
    #expect(named > 0)
  }

  @Test(.enabled(if: SharedCases.isPresent("reset/apt"), Comment(rawValue: SharedCases.reason)))
  func `a real list holds every version of a package`() throws {
    let path = try #require(SharedCases.path("reset/apt/Packages-bug-lp1347721-dpkg-ordering"))
    let directory = try TemporaryDirectory()
    try directory.write(Self.base + "x_Packages", try Data(contentsOf: URL(fileURLWithPath: path)))
    let archive = try archive(directory)
    #expect(archive.unreadable.isEmpty)
    #expect(archive.count == 17)
    #expect(archive.candidates(named: "udev").count == 2)
    #expect(archive.candidates(named: "libudev1").count == 2)
    for candidate in archive.candidates(where: { _, _, hasTask, _ in hasTask }) {
      #expect(try archive.details(of: candidate).tasks.contains("minimal"))
    }
  }
}
