import FoundationEssentials
import TestSupport
import Testing

@testable import DebianPackages

@Suite struct DpkgStatusTests {
  private static let bash = """
    Package: bash
    Essential: yes
    Status: install ok installed
    Priority: required
    Section: shells
    Installed-Size: 7164
    Maintainer: Someone <someone@example.org>
    Architecture: amd64
    Multi-Arch: foreign
    Source: bash-source (5.2)
    Version: 5.2.15-2+b7
    Replaces: bash-doc (<= 2.05-1)
    Pre-Depends: libc6 (>= 2.36), libtinfo6 (>= 6)
    Depends: base-files (>= 2.1.12), debianutils (>= 5.6-0.1) | more
    Recommends: bash-completion (>= 20060301-0)
    Suggests: bash-doc
    Provides: shell, sh (= 5)
    Conffiles:
     /etc/bash.bashrc 89269e1298235f1b12b4c16e4065ad0d
     /etc/with  two spaces 0a 00112233445566778899aabbccddeeff obsolete
     /etc/going d41d8cd98f00b204e9800998ecf8427e remove-on-upgrade
     /etc/new newconffile
    Description: GNU Bourne Again SHell
     Bash is an sh-compatible command language interpreter.


    """

  @Test func `a stanza becomes a package`() throws {
    let status = try parseStatus(Self.bash)
    #expect(!status.endsAbruptly)
    let bash = try #require(status.packages.first)
    #expect(bash.id == PackageID(name: "bash", architecture: "amd64"))
    #expect(bash.version == DebianVersion("5.2.15-2+b7"))
    #expect(bash.selection == .install && bash.state == .installed && !bash.needsReinstallation)
    #expect(bash.isPresent && !bash.isBroken && !bash.isHeld)
    #expect(bash.isEssential && !bash.isProtected && !bash.isImportant)
    #expect(bash.priority == .required)
    #expect(bash.section == "shells")
    #expect(bash.source == "bash-source")
    #expect(bash.installedSizeBytes == 7164 * 1024)
    #expect(bash.multiArch == .foreign)
    #expect(bash.preDepends.map { $0.map(\.description) } == [["libc6 (>= 2.36)"], ["libtinfo6 (>= 6)"]])
    #expect(bash.depends.map { $0.map(\.name) } == [["base-files"], ["debianutils", "more"]])
    #expect(bash.recommends.map { $0.map(\.name) } == [["bash-completion"]])
    #expect(bash.suggests.map { $0.map(\.name) } == [["bash-doc"]])
    #expect(bash.provides.map(\.description) == ["shell", "sh (= 5)"])
    #expect(bash.synopsis == "GNU Bourne Again SHell")
    #expect(
      bash.conffiles == [
        .init(path: "/etc/bash.bashrc", digest: "89269e1298235f1b12b4c16e4065ad0d", isObsolete: false),
        .init(path: "/etc/with  two spaces 0a", digest: "00112233445566778899aabbccddeeff", isObsolete: true),
        .init(
          path: "/etc/going", digest: "d41d8cd98f00b204e9800998ecf8427e", isObsolete: false, isRemovedOnUpgrade: true),
        .init(path: "/etc/new", digest: "newconffile", isObsolete: false),
      ])
  }

  /// A stanza with only what dpkg itself needs, then more lines.
  private func stanza(
    _ name: String = "a", status: String = "install ok installed", version: String? = "1",
    architecture: String? = "amd64", _ more: String...
  ) -> String {
    (["Package: \(name)", "Status: \(status)"] + (version.map { ["Version: \($0)"] } ?? [])
      + (architecture.map { ["Architecture: \($0)"] } ?? []) + more).joined(separator: "\n") + "\n\n"
  }

  @Test(arguments: [
    ("install ok installed", true, false, false), ("hold ok installed", true, false, true),
    ("deinstall ok installed", true, false, false), ("purge ok config-files", false, false, false),
    ("deinstall ok config-files", false, false, false), ("install ok unpacked", true, true, false),
    ("install ok half-configured", true, true, false), ("install ok half-installed", true, true, false),
    ("hold reinstreq half-installed", true, true, true), ("install reinstreq installed", true, true, false),
    ("install ok triggers-awaited", true, false, false), ("install ok triggers-pending", true, false, false),
    ("unknown ok not-installed", false, false, false), ("install  ok  installed", true, false, false),
  ])
  func `the three words of Status are told apart`(
    status: String, isPresent: Bool, isBroken: Bool, isHeld: Bool
  ) throws {
    let package = try #require(try parseStatus(stanza(status: status)).packages.first)
    #expect(package.isPresent == isPresent)
    #expect(package.isBroken == isBroken)
    #expect(package.isHeld == isHeld)
  }

  @Test(arguments: [
    "install ok", "installed", "", "install ok installed twice", "wish ok installed", "install bad installed",
    "install ok gone", "Install ok installed", "install hold installed",
  ])
  func `a Status of unknown words is refused`(status: String) {
    #expect(throws: Deb822Error.badValue(path: "status", line: 2, field: "Status", value: status)) {
      try parseStatus(stanza(status: status))
    }
  }

  @Test func `a package of two architectures is two packages`() throws {
    let status = try parseStatus(
      stanza("lib") + stanza("lib", architecture: "i386") + stanza("doc", architecture: "all"))
    #expect(status.packages.map(\.id.description) == ["lib:amd64", "lib:i386", "doc:all"])
  }

  @Test func `what is not installed needs neither version nor architecture`() throws {
    let status = try parseStatus(stanza(status: "install ok not-installed", version: nil, architecture: nil))
    #expect(status.packages.map(\.id.description) == ["a:"])
    let residue = try parseStatus(stanza(status: "deinstall ok config-files", architecture: nil))
    #expect(residue.packages.map(\.state) == [.configFiles])
  }

  @Test func `fields that are not known are passed over, twice too`() throws {
    #expect(try parseStatus(stanza("a", "X-Mine: 1", "X-Mine: 2")).packages.count == 1)
  }

  @Test func `a maintainer's name that is no UTF-8 is no reason to stop`() throws {
    let bytes =
      Array("Package: a\nMaintainer: J".utf8) + [0xF6, 0x72, 0x67, 0xFF, 0xC0, 0x0A]
      + Array(stanza().utf8.dropFirst(11))
    #expect(try parseStatus(bytes).packages.map(\.id.name) == ["a"])
  }

  @Test(arguments: [
    "", "x", "-1", "1.5", "0x10", "4294967297", "9007199254740991", "9223372036854775807", "9223372036854775808",
    "99999999999999999999999", "-9223372036854775808",
  ])
  func `a size that cannot be counts as none`(size: String) throws {
    let package = try #require(try parseStatus(stanza("a", "Installed-Size: \(size)")).packages.first)
    #expect(package.installedSizeBytes == 0)
  }

  @Test func `the sum of the largest sizes is a number`() throws {
    let text = (0..<1000).map { stanza("a\($0)", "Installed-Size: 4294967296") }.joined()
    let sizes = try parseStatus(text).packages.map(\.installedSizeBytes)
    #expect(sizes.reduce(0, +) == 1000 << 42)
  }

  // MARK: Malformed records, by their malformation

  @Test func `status_crlf`() {
    let text = stanza().replacing("\n", with: "\r\n")
    #expect(throws: Deb822Error.forbiddenByte(path: "status", line: 1, byte: 0x0D)) { try parseStatus(text) }
  }

  @Test func `status_with_one_crlf`() {
    let text = stanza() + "Package: b\nStatus: install ok installed\r\nVersion: 1\nArchitecture: amd64\n\n"
    #expect(throws: Deb822Error.forbiddenByte(path: "status", line: 7, byte: 0x0D)) { try parseStatus(text) }
  }

  @Test func `status_without_final_newline`() {
    let text = String(stanza().dropLast(2))
    #expect(throws: Deb822Error.cutInLine(path: "status", line: 4)) { try parseStatus(text) }
  }

  @Test func `status_without_final_empty_line`() throws {
    let status = try parseStatus(String(stanza().dropLast()))
    #expect(status.packages.count == 1)
    #expect(status.endsAbruptly)
  }

  @Test func `record_cut_in_field`() {
    let text = stanza() + "Package: b\nStatus: install ok insta"
    #expect(throws: Deb822Error.cutInLine(path: "status", line: 7)) { try parseStatus(text) }
  }

  @Test func `record_cut_between_fields`() {
    let text = stanza() + "Package: b\nStatus: install ok installed\n"
    #expect(throws: Deb822Error.missingField(path: "status", line: 6, field: "Version", package: "b")) {
      try parseStatus(text)
    }
  }

  @Test(arguments: ["", "\n\n\n", " \n"])
  func `status_without_a_stanza`(text: String) {
    #expect(throws: Deb822Error.noStanza(path: "status")) { try parseStatus(text) }
  }

  @Test func `status_with_stray_continuation`() {
    #expect(throws: Deb822Error.strayContinuation(path: "status", line: 1)) { try parseStatus(" x\n" + stanza()) }
    #expect(throws: Deb822Error.strayContinuation(path: "status", line: 6)) { try parseStatus(stanza() + " x\n") }
  }

  @Test func `status_of_nul_bytes`() {
    // What a power loss leaves of a file that was not yet written out.
    #expect(throws: Deb822Error.cutInLine(path: "status", line: 1)) {
      try parseStatus([UInt8](repeating: 0, count: 4096))
    }
    #expect(throws: Deb822Error.notAField(path: "status", line: 1, text: "")) {
      try parseStatus([UInt8](repeating: 0, count: 4095) + [0x0A])
    }
  }

  @Test func `nul_byte_in_continuation`() {
    let text = stanza("a", "Description: x", " one", " t\0o")
    #expect(throws: Deb822Error.forbiddenByte(path: "status", line: 7, byte: 0)) { try parseStatus(text) }
  }

  @Test(arguments: [
    ("Package: a", 1, 5), ("Status: install ok installed", 2, 5), ("version: 2", 3, 5), ("Architecture: i386", 4, 5),
  ])
  func `duplicate_field`(line: String, first: Int, second: Int) {
    let name = String(line.prefix { $0 != ":" })
    #expect(throws: Deb822Error.duplicate(path: "status", line: second, what: "field '\(name)'", firstLine: first)) {
      try parseStatus(stanza("a", line))
    }
  }

  @Test(arguments: ["Depends", "Pre-Depends", "Recommends", "Provides", "Essential", "Conffiles", "Multi-Arch"])
  func `duplicate_field_of_dependencies`(name: String) {
    let value = ["Essential": "no", "Multi-Arch": "no"][name] ?? ""
    #expect(throws: Deb822Error.duplicate(path: "status", line: 6, what: "field '\(name)'", firstLine: 5)) {
      try parseStatus(stanza("a", "\(name): \(value)", "\(name): \(value)"))
    }
  }

  @Test func `duplicate_package`() {
    #expect(throws: Deb822Error.duplicate(path: "status", line: 11, what: "package 'a:amd64'", firstLine: 1)) {
      try parseStatus(stanza("a") + stanza("b") + stanza("a", status: "deinstall ok config-files"))
    }
  }

  @Test(arguments: ["Package", "Status", "Version", "Architecture"])
  func `stanza_without_field`(name: String) {
    let text =
      stanza("b") + stanza("a").split(separator: "\n").filter { !$0.hasPrefix(name) }.joined(separator: "\n") + "\n"
    let package = name == "Package" ? nil : "a"
    #expect(throws: Deb822Error.missingField(path: "status", line: 6, field: name, package: package)) {
      try parseStatus(text)
    }
  }

  @Test(arguments: [
    ("Package", ""), ("Package", "-a"), ("Package", "a b"), ("Package", "../a"), ("Package", "a:i386"),
    ("Version", ""), ("Version", "1 2"), ("Architecture", ""), ("Architecture", "amd64 i386"),
  ])
  func `field_that_cannot_be`(name: String, value: String) throws {
    let lines = stanza().split(separator: "\n", omittingEmptySubsequences: false)
    let line = try #require(lines.firstIndex { $0.hasPrefix(name) })
    var changed = lines.map(String.init)
    changed[line] = "\(name): \(value)"
    #expect(throws: Deb822Error.badValue(path: "status", line: line + 1, field: name, value: value)) {
      try parseStatus(changed.joined(separator: "\n"))
    }
  }

  @Test(arguments: [
    ("Multi-Arch", "sometimes"), ("Depends", "a |"), ("Depends", "a (>= )"), ("Depends", "(>= 1)"), ("Depends", "a b"),
    ("Pre-Depends", "a (>> 1"), ("Recommends", "a (=> 1)"), ("Provides", "| a"), ("Suggests", "a [amd64"),
    ("Conffiles", "/etc/only-a-path"), ("Conffiles", "obsolete"),
  ])
  func `malformed_relation_or_value`(name: String, value: String) {
    #expect(throws: Deb822Error.badValue(path: "status", line: 5, field: name, value: value)) {
      try parseStatus(stanza("a", "\(name): \(value)"))
    }
  }

  @Test func `the value in a message is short and harmless`() {
    let value = String(repeating: "x", count: 59) + "\u{1B}[31mred"
    #expect(
      throws: Deb822Error.badValue(
        path: "status", line: 5, field: "Multi-Arch", value: String(repeating: "x", count: 59))
    ) { try parseStatus(stanza("a", "Multi-Arch: \(value)")) }
  }

  @Test func `no damage to a record stops the reader`() {
    var readable = 0
    forEachDamagedForm(of: Array((Self.bash + stanza("b")).utf8)) { damaged in
      if let status = try? parseStatus(damaged) {
        readable += 1
        for package in status.packages { _ = (package.isBroken, package.installedSizeBytes + 1) }
      }
    }
    #expect(readable > 0)
  }

  @Test func `a hundred thousand packages are read at once`() throws {
    let text = (0..<100_000).map { stanza("package-\($0)") }.joined()
    #expect(try parseStatus(text).packages.count == 100_000)
  }

  // MARK: Records of real systems

  @Test(
    .enabled(
      if: SharedCases.isPresent("reset/apt-clone/dpkg-status-ubuntu-maverick"), Comment(rawValue: SharedCases.reason)))
  func `the record of a whole desktop`() throws {
    let path = try #require(SharedCases.path("reset/apt-clone/dpkg-status-ubuntu-maverick"))
    let status = try parseStatus([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
    #expect(status.packages.count == 1278)
    #expect(status.packages.allSatisfy { $0.state == .installed && $0.selection == .install })
    #expect(status.packages.filter(\.isEssential).count == 23)
    #expect(status.packages.filter { !$0.conffiles.isEmpty }.count == 229)
  }

  @Test(
    .enabled(if: SharedCases.isPresent("reset/apt"), Comment(rawValue: SharedCases.reason)),
    arguments: [
      ("status-bug-601961-install-info", 4, 2), ("status-bug-612557-garbage-upgrade", 3, 0),
      ("status-bug-lp1347721-dpkg-ordering", 80, 10),
    ])
  func `small records that broke other programs`(name: String, count: Int, essential: Int) throws {
    let path = try #require(SharedCases.path("reset/apt/\(name)"))
    let status = try parseStatus([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
    #expect(status.packages.count == count)
    #expect(status.packages.filter(\.isEssential).count == essential)
  }
}
