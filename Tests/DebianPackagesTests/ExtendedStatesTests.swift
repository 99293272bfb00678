import Testing

@testable import DebianPackages

@Suite struct ExtendedStatesTests {
  private func parse(_ bytes: [UInt8]) throws(Deb822Error) -> ExtendedStates {
    try withBytes(bytes) { (buffer) throws(Deb822Error) in try ExtendedStates(parsing: buffer, path: "states") }
  }

  private func parse(_ text: String) throws(Deb822Error) -> ExtendedStates { try parse(Array(text.utf8)) }

  private func isAutomatic(_ states: ExtendedStates, _ name: String, _ architecture: String) -> Bool {
    states.isAutomatic(PackageID(name: name, architecture: architecture), nativeArchitecture: "amd64")
  }

  @Test func `a package is automatic only where its stanza says 1`() throws {
    let states = try parse(
      """
      Package: auto
      Architecture: amd64
      Auto-Installed: 1

      Package: manual
      Architecture: amd64
      Auto-Installed: 0

      Package: silent
      Architecture: amd64

      Package: other
      Architecture: i386
      Auto-Installed: 1

      """)
    #expect(isAutomatic(states, "auto", "amd64"))
    #expect(!isAutomatic(states, "auto", "i386"))
    #expect(!isAutomatic(states, "manual", "amd64"))
    #expect(!isAutomatic(states, "silent", "amd64"))
    #expect(!isAutomatic(states, "absent", "amd64"))
    #expect(isAutomatic(states, "other", "i386"))
    #expect(!isAutomatic(states, "other", "amd64"))
  }

  @Test func `packages for all architectures are filed under the native one`() throws {
    let states = try parse("Package: doc\nArchitecture: amd64\nAuto-Installed: 1\n")
    #expect(isAutomatic(states, "doc", "all"))
    let foreign = try parse("Package: doc\nArchitecture: i386\nAuto-Installed: 1\n")
    #expect(!isAutomatic(foreign, "doc", "all"))
  }

  @Test func `a stanza without architecture is for any`() throws {
    let states = try parse("Package: old\nAuto-Installed: 1\n")
    #expect(isAutomatic(states, "old", "amd64"))
    #expect(isAutomatic(states, "old", "all"))
  }

  @Test(arguments: ["", "\n"])
  func `an empty file marks nothing`(text: String) throws {
    #expect(!isAutomatic(try parse(text), "a", "amd64"))
    #expect(!isAutomatic(ExtendedStates(), "a", "amd64"))
  }

  @Test(arguments: [
    (
      "Architecture: amd64\nAuto-Installed: 1\n",
      Deb822Error.missingField(path: "states", line: 1, field: "Package", package: nil)
    ),
    ("\nPackage: a\nArch", .cutInLine(path: "states", line: 3)),
    ("Package: a\r\n", .forbiddenByte(path: "states", line: 1, byte: 0x0D)),
    ("1\n", .notAField(path: "states", line: 1, text: "1")),
    // Two stanzas without the empty line between them, and without the first line of the second.
    (
      "Package: a\nAuto-Installed: 1\nPackage: b\nAuto-Installed: 0\n",
      .duplicate(path: "states", line: 3, what: "field 'Package'", firstLine: 1)
    ),
    (
      "Package: a\nAuto-Installed: 0\nAuto-Installed: 1\n",
      .duplicate(path: "states", line: 3, what: "field 'Auto-Installed'", firstLine: 2)
    ),
  ])
  func `a malformed file is refused`(text: String, expected: Deb822Error) {
    #expect(throws: expected) { try parse(text) }
  }

  @Test func `no damage to a file stops the reader`() {
    var readable = 0
    forEachDamagedForm(of: Array("Package: a\nArchitecture: amd64\nAuto-Installed: 1\n\nPackage: b\n\n".utf8)) {
      damaged in
      if (try? parse(damaged)) != nil { readable += 1 }
    }
    #expect(readable > 0)
  }
}
