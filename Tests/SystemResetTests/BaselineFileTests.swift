import FoundationEssentials
import HostSystem
import TestSupport
import Testing

@testable import SystemReset

/// What a file says is stock, in every form that such files have, and what is refused.
@Suite struct BaselineFileTests {
  private func read(_ text: String, path: String = "base.manifest") throws -> BaselineFile {
    try BaselineFile(parsing: Array(text.utf8), path: path)
  }

  private func names(_ text: String) throws -> [String] { try read(text).members.map(\.name) }

  private func error(_ bytes: some Sequence<UInt8>) -> BaselineFileError? {
    #expect(throws: BaselineFileError.self) { try BaselineFile(parsing: Array(bytes), path: "file") }
  }

  // MARK: Forms

  @Test func `names, some with an architecture`() throws {
    let file = try read("base-files\nlibc6:amd64\nwine:i386\nany:any\n")
    #expect(file.format == .names)
    #expect(
      file.members == [
        .init(name: "base-files"), .init(name: "libc6", architecture: "amd64"),
        .init(name: "wine", architecture: "i386"), .init(name: "any"),
      ])
    #expect(file.notes.isEmpty)
  }

  @Test func `names and versions are split at the first blanks only, since versions hold colons`() throws {
    let file = try read("dash\t0.5.12-2\nlibgcc-s1:amd64\t12.2.0-14\nvim    2:9.0.1378-2+deb12u2\n")
    #expect(file.format == .versions)
    #expect(file.members[1] == .init(name: "libgcc-s1", architecture: "amd64", version: "12.2.0-14"))
    #expect(file.members[2] == .init(name: "vim", version: "2:9.0.1378-2+deb12u2"))
  }

  @Test func `rows of snaps are snaps`() throws {
    let file = try read("bash\t5.2\nsnap:firefox\tstable/ubuntu-24.04\t4173\nsnap:bare\n")
    #expect(file.members.map(\.name) == ["bash"])
    #expect(
      file.snaps == [
        .init(name: "firefox", channel: "stable/ubuntu-24.04", revision: "4173"),
        .init(name: "bare", channel: nil, revision: nil),
      ])
  }

  @Test func `selections count when they mean that the package is there`() throws {
    let file = try read("bash\t\t\tinstall\nkept:amd64\thold\ngone\tdeinstall\nfar\tpurge\n")
    #expect(file.format == .selections)
    #expect(file.members.map(\.name) == ["bash", "kept"])
    #expect(file.notes == ["base.manifest: 2 of its packages are marked as removed"])
  }

  @Test func `a layer is a difference`() throws {
    let file = try read(
      """
      --- minimal.manifest\t2024-04-23
      +++ minimal.standard.manifest\t2024-04-23
      @@ -1,3 +1,4 @@
       bash\t5.2
      -gone\t1:2
      -upgraded\t1
      +upgraded\t2
      +added:amd64\t1:3
      \\ No newline at end of file
      """)
    #expect(file.format == .layer)
    #expect(file.members.map(\.name) == ["bash", "upgraded", "added"])
    #expect(file.members[2].version == "1:3")
    #expect(file.withdrawn == ["gone"])
  }

  private let status = """
    Package: bash
    Status: install ok installed
    Architecture: amd64
    Version: 5.2
    Description: a shell
     with more lines

    Package: held
    Status: hold ok installed
    Architecture: all
    Version: 1

    Package: removed
    Status: deinstall ok config-files
    Architecture: amd64
    Version: 1

    Package: leaving
    Status: deinstall ok installed
    Architecture: amd64
    Version: 1

    Package: known
    Status: unknown ok not-installed


    """

  @Test(arguments: [false, true]) func `a dpkg status, whatever its line ends`(isFromElsewhere: Bool) throws {
    let file = try read(isFromElsewhere ? "\u{FEFF}" + status.replacing("\n", with: "\r\n") : status)
    #expect(file.format == .status)
    #expect(
      file.members == [
        .init(name: "bash", architecture: "amd64", version: "5.2"),
        .init(name: "held", architecture: "all", version: "1"),
      ])
    #expect(file.notes == ["base.manifest: 3 of its packages were removed when it was written"])
  }

  @Test(arguments: [
    "H4sIAAAAAAACA0tKLE7VTcvMSS3mSkoszuACAPJ0KRoQAAAA",
    "/Td6WFoAAATm1rRGAgAhARwAAAAQz1jMAQAPYmFzZS1maWxlcwpiYXNoCgBpNc5pAllp0gABKBDlC2xgH7bzfQEAAAAABFla",
    "BCJNGGRApxAAAIBiYXNlLWZpbGVzCmJhc2gKAAAAACHtx50=", "KLUv/SQQgQAAYmFzZS1maWxlcwpiYXNoCgm2VyQ=",
    "H4sICNmBOGYCA3QudHh0AEtKLE7VTcvMSS3mSkoszuACAPJ0KRoQAAAA",
  ])
  func `compressed forms, and the day of a packing that has one`(base64: String) throws {
    let bytes = Array(try #require(Data(base64Encoded: base64)))
    let file = try BaselineFile(parsing: bytes, path: "file")
    #expect(file.members.map(\.name) == ["base-files", "bash"])
    #expect(file.date == (base64.hasPrefix("H4sICN") ? "2024-05-06" : nil))
    for length in [bytes.count / 2, bytes.count - 4] {
      guard case .compressed(path: "file", reason: _) = error(bytes.prefix(length)) else {
        Issue.record("cut at \(length) of \(bytes.count)")
        continue
      }
    }
  }

  @Test func `what editors and other systems add does not matter`() throws {
    let text = "\u{FEFF}# stock of our machines – 2026\r\n\r\nbash  \t\r\n  dash # the shell\r\nbash\r\n"
    let file = try read(text)
    #expect(file.members.map(\.name) == ["bash", "dash"])
    #expect(file.notes == ["base.manifest:5: 1 of its lines name a package a second time"])
    #expect(try names("bash\ndash") == ["bash", "dash"])
  }

  @Test func `a saved baseline comes back as it was`() throws {
    var system = try FixtureSystem()
    system.add("editor")
    system.add("lib", auto: true)
    system.add("old", state: "deinstall ok config-files")
    let day = try #require(CalendarDay("2026-11-23"))
    let document = BaselineDocument(try system.snapshot(), day: day, snaps: ["firefox", "bare", "bare"])
    #expect(document.packages.map(\.name) == ["base-files", "editor", "lib"])
    let file = try BaselineFile(parsing: try document.encoded(), path: "saved.json")
    #expect(file.format == .saved)
    #expect(file.date == "2026-11-23")
    #expect(file.system == document.system)
    #expect(file.members.map(\.isAutomatic) == [false, false, true])
    #expect(file.snaps.map(\.name) == ["bare", "firefox"])

    var unmarked = try FixtureSystem()
    unmarked.add("editor")
    #expect(BaselineDocument(try unmarked.snapshot(), day: day).packages.allSatisfy { $0.automatic == nil })
  }

  @Test func `the saved document is as its schema says`() throws {
    let schema = try #require(
      FileManager.default.contents(atPath: SharedCases.projectDirectory + "/Data/schemas/toolbox.reset.baseline.1.json")
    )
    struct Shape: Decodable {
      struct Properties: Decodable {
        struct Key: Decodable { var items: Items? }
        struct Items: Decodable { var required: [String]? }
        var packages: Key
      }
      var required: [String]
      var properties: Properties
    }
    let shape = try JSONDecoder().decode(Shape.self, from: schema)
    let document = BaselineDocument(try FixtureSystem().snapshot(), day: CalendarDay(daysSinceEpoch: 0))
    let text = String(decoding: try document.encoded(), as: UTF8.self)
    for key in shape.required + (shape.properties.packages.items?.required ?? []) {
      #expect(text.contains("\"\(key)\" :"), "\(key)")
    }
    #expect(text.hasSuffix("}\n"))
  }

  // MARK: What cannot be a baseline

  @Test(arguments: [
    (name: "empty", text: "", message: "file: is empty"),
    (name: "blank_lines_and_comments_only", text: "\n\n# nothing\n \n", message: "file: is empty"),
    (name: "only_snaps", text: "snap:firefox\tstable\t1\n", message: "file: names no installed package"),
    (name: "only_deselected", text: "bash\tdeinstall\n", message: "file: names no installed package"),
    (name: "nul_byte", text: "bash\nda\0sh\n", message: "file:2: a NUL byte"),
    (name: "nul_bytes_only", text: "\0\0\0", message: "file:1: a NUL byte"),
    (name: "control_character", text: "bash\n\u{1B}[31mdash\n", message: "file:2: byte 0x1b is not text"),
    (name: "carriage_returns_only", text: "bash\rdash\rzsh", message: "file:1: byte 0x0d is not text"),
    (name: "html", text: "\n<!DOCTYPE html>\n<html>\n", message: "file:2: is a page of HTML"),
    (name: "xml", text: "<?xml version=\"1.0\"?>\n", message: "file:1: is a page of HTML or XML"),
    (
      name: "prose", text: "These are the packages\nthat we like best\n",
      message: "file:1: 'These are the packages' is not the name of a package (2 such lines of 2)"
    ),
    (
      name: "names_with_a_path_among_them", text: "bash\n../../etc/passwd\n",
      message: "file:2: '../../etc/passwd' is not the name of a package; "
    ),
    (name: "two_words", text: "bash shell\n", message: "file:1: 'bash shell' is not"),
    (name: "architecture_missing", text: "bash:\n", message: "file:1: expected"),
    (
      name: "archive_list",
      text: "Package: bash\nVersion: 5.2\nArchitecture: amd64\nFilename: pool/b/bash.deb\nSize: 3\n\n",
      message: "file:1: 'bash' has no Status: this lists what an archive offers"
    ),
    (
      name: "status_without_status", text: "Package: bash\nVersion: 5.2\n\n",
      message: "file:1: the stanza of 'bash' has no field 'Status'"
    ),
    (
      name: "status_cut_in_line", text: "Package: bash\nStatus: install ok inst",
      message: "file:2: the file ends in the middle of a line"
    ),
    (
      name: "status_with_unknown_state", text: "Package: bash\nStatus: install ok shiny\n\n",
      message: "file:2: field 'Status' cannot be 'install ok shiny'"
    ),
    (
      name: "status_without_the_empty_line_between_two_stanzas",
      text: "Package: bash\nStatus: install ok installed\nPackage: dash\nStatus: install ok installed\n\n",
      message: "file:3: field 'Package' stands there a second time (first in line 1)"
    ),
    (
      name: "status_without_the_first_line_of_a_stanza",
      text: "Package: bash\nStatus: deinstall ok config-files\nStatus: install ok installed\n\n",
      message: "file:3: field 'Status' stands there a second time (first in line 2)"
    ),
    (
      name: "status_with_an_architecture_of_two_lines",
      text: "Package: bash\nStatus: install ok installed\nArchitecture: amd64\n /etc/bash.bashrc\n\n",
      message: "file:3: field 'Architecture' cannot be"
    ),
    (
      name: "status_with_a_version_of_two_words",
      text: "Package: bash\nStatus: install ok installed\nVersion: 5.2 5.3\n\n",
      message: "file:3: field 'Version' cannot be '5.2 5.3'"
    ),
    (
      name: "status_of_removed_packages", text: "Package: bash\nStatus: deinstall ok config-files\n\n",
      message: "file: names no installed package"
    ),
    (
      name: "release_file", text: "Origin: Debian\nSuite: stable\n\n",
      message: "file:1: the stanza has no field 'Package'"
    ),
    (
      name: "installer_environment",
      text: "Package: anna\nStatus: install ok installed\n\nPackage: kernel-image-6.1.0-37-amd64-di\n"
        + "Status: install ok unpacked\n\n",
      message: "file:4: 'kernel-image-6.1.0-37-amd64-di' is a part of the installer"
    ),
    (
      name: "names_of_the_installer_environment", text: "anna\nlibc6-udeb\nbase-installer\n",
      message: "file:2: 'libc6-udeb' is a part of the installer"
    ),
    (
      name: "dpkg_listing", text: "Desired=Unknown/Install\n||/ Name\nii  bash\n",
      message: "file:1: this is a listing of"
    ),
    (
      name: "apt_listing", text: "Listing...\nbash/stable 5.2 amd64 [installed]\n",
      message: "file:1: this is a listing of"
    ),
    (name: "signed", text: "-----BEGIN PGP SIGNED MESSAGE-----\n", message: "file:1: this is a signed message"),
    (name: "json_without_schema", text: "{}", message: "file:1: this is JSON without a schema"),
    (
      name: "saved_plan", text: #"{"schema": "toolbox.reset.plan/1"}"#,
      message: "file:1: this is a document 'toolbox.reset.plan/1', not a baseline"
    ),
    (
      name: "saved_by_a_later_version", text: #"{"schema": "toolbox.reset.baseline/2"}"#,
      message: "file: has the schema 'toolbox.reset.baseline/2'"
    ),
    (
      name: "saved_and_cut", text: #"{"schema": "toolbox.reset.baseline/1", "#,
      message: "file:1: no baseline saved by toolbox: the JSON is cut or malformed"
    ),
    (
      name: "saved_without_packages",
      text:
        #"{"schema": "toolbox.reset.baseline/1", "date": "2026-01-01", "snaps": [], "system": {"id": "debian", "version_id": null, "codename": null, "architecture": "amd64"}}"#,
      message: "file:1: no baseline saved by toolbox: packages is missing"
    ),
    (
      name: "saved_with_no_packages",
      text:
        #"{"schema": "toolbox.reset.baseline/1", "date": "2026-01-01", "snaps": [], "packages": [], "system": {"id": "debian", "version_id": null, "codename": null, "architecture": "amd64"}}"#,
      message: "file: names no installed package"
    ),
    (
      name: "saved_with_a_path_for_a_name",
      text:
        #"{"schema": "toolbox.reset.baseline/1", "date": "2026-01-01", "snaps": [], "packages": [{"name": "../x", "architecture": "all", "version": "1", "automatic": null}], "system": {"id": "debian", "version_id": null, "codename": null, "architecture": "amd64"}}"#,
      message: "file:1: no baseline saved by toolbox: '../x:all' is not a package"
    ),
  ])
  func `what cannot be a baseline is said with its place and kind`(name: String, text: String, message: String) {
    let error = error(text.utf8)
    let found = error?.message ?? ""
    #expect(error?.failureKind == .badData, "\(name)")
    #expect(name == "architecture_missing" || found.hasPrefix(message), "\(name): \(found)")
    #expect(!found.contains("\n") && !found.contains("\u{1B}"), "\(name)")
  }

  @Test func `bytes of another encoding are refused with their line`() {
    #expect(error([0x62, 0x0A, 0x23, 0xE9, 0x0A]) == .notUTF8(path: "file", line: 2))
    #expect(error([0xFF, 0xFE, 0x62, 0x00]) == .notUTF8(path: "file", line: 1))
    guard case .nulByte = error([0x7F, 0x45, 0x4C, 0x46, 0, 0, 0x0A]) else {
      Issue.record("an ELF file")
      return
    }
  }

  @Test func `a few bad lines among many are passed over and named, more are an error`() throws {
    let good = (1...100).map { "package-\($0)\n" }.joined()
    let file = try read(good + "what is this\n")
    #expect(file.members.count == 100)
    #expect(file.notes == ["base.manifest:101: 'what is this' is not the name of a package; passed over"])
    let bad = String(repeating: "what is this\n", count: 6)
    #expect(
      error((good + bad).utf8) == .malformedLines(path: "file", line: 101, text: "what is this", count: 6, of: 106))
  }

  @Test func `a hundred thousand lines, long lines and no line at all end well`() throws {
    let many = (0..<100_000).map { "package-\($0):amd64\t1:\($0)-1\n" }.joined()
    #expect(try read(many).members.count == 100_000)
    let long = String(repeating: "a", count: 1 << 20)
    guard case .malformedLines(path: "file", line: 1, text: _, count: 1, of: 1) = error(long.utf8) else {
      Issue.record("a name of a megabyte")
      return
    }
    let deep = String(repeating: "[", count: 100_000)
    #expect(error(deep.utf8)?.failureKind == .badData)
  }

  @Test func `no change of some bytes of a good file ends the program`() throws {
    let document = try BaselineDocument(try FixtureSystem().snapshot(), day: CalendarDay(daysSinceEpoch: 0)).encoded()
    let packed = try #require(Data(base64Encoded: "H4sICNmBOGYCA3QudHh0AEtKLE7VTcvMSS3mSkoszuACAPJ0KRoQAAAA"))
    let layer = "--- a\n+++ b\n@@ -1 +1 @@\n-x\t1\n+bash:amd64\t1:5.2~rc1-2+b1\nsnap:a\tb\tc\n"
    var random: UInt64 = 42
    func next(_ limit: Int) -> Int {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(random >> 33) % limit
    }
    for good in [document, Array(packed), Array(layer.utf8), Array(status.utf8)] {
      for _ in 0..<400 {
        var bytes = good
        for _ in 0...next(4) {
          let place = next(bytes.count)
          switch next(4) {
          case 0: bytes[place] = UInt8(next(256))
          case 1: bytes[place] = Array("\n\t :#+-@{[<\"\0".utf8)[next(13)]
          case 2: bytes.insert(contentsOf: bytes[place...].prefix(next(20)), at: next(bytes.count))
          default: bytes.removeSubrange(place..<min(bytes.count, place + 1 + next(30)))
          }
          if bytes.isEmpty { bytes = [0x0A] }
        }
        do {
          let file = try BaselineFile(parsing: bytes, path: "file")
          #expect(!file.members.isEmpty || !file.withdrawn.isEmpty)
        } catch {
          #expect(error.message.hasPrefix("file"))
        }
      }
    }
  }

  @Test(.enabled(if: SharedCases.isPresent("reset/resetter/manifests"), "\(SharedCases.reason)"))
  func `real manifests give a package for every line`() throws {
    let directory = try #require(SharedCases.path("reset/resetter/manifests"))
    let names = try #require(try RootDirectory().names(in: directory))
    #expect(names.count == 5)
    for name in names {
      let bytes = try RootDirectory().read(directory + "/" + name)
      let file = try BaselineFile(parsing: bytes, path: name)
      #expect(file.members.count == bytes.count { $0 == 0x0A }, "\(name)")
      #expect(file.notes.isEmpty, "\(name)")
    }
  }

  @Test(.enabled(if: SharedCases.isPresent("reset/apt-clone"), "\(SharedCases.reason)"))
  func `a real status of 2010 is a baseline, a real list of an archive is not`() throws {
    let status = try #require(SharedCases.path("reset/apt-clone/dpkg-status-ubuntu-maverick"))
    #expect(try BaselineFile(parsing: try RootDirectory().read(status), path: status).members.count == 1278)
    let list = try #require(SharedCases.path("reset/apt/Packages-bug-lp1347721-dpkg-ordering"))
    guard case .archiveList = error(try RootDirectory().read(list)) else {
      Issue.record("a list of an archive")
      return
    }
  }
}
