import Testing

@testable import DebianPackages

@Suite struct Deb822ScannerTests {
  private struct Stanza: Equatable {
    var line: Int
    var range: Range<Int>
    var fields: [String]
  }

  /// The stanzas of a text, each field as `line name=value`.
  private func scan(
    _ bytes: [UInt8], firstLine: Int = 1, allowsComments: Bool = false, allowsCarriageReturns: Bool = false
  ) throws(Deb822Error) -> [Stanza] {
    try withBytes(bytes) { (buffer) throws(Deb822Error) in
      var scanner = Deb822Scanner(
        buffer, path: "file", firstLine: firstLine, allowsComments: allowsComments,
        allowsCarriageReturns: allowsCarriageReturns)
      var stanzas: [Stanza] = []
      while true {
        var fields: [String] = []
        let place = try scanner.nextStanza { (field) throws(Deb822Error) in
          fields.append("\(field.line) \(field.nameText)=\(field.text)")
        }
        guard let place else { return stanzas }
        stanzas.append(Stanza(line: place.line, range: place.range, fields: fields))
      }
    }
  }

  private func scan(
    _ text: String, allowsComments: Bool = false, allowsCarriageReturns: Bool = false
  ) throws(Deb822Error) -> [Stanza] {
    try scan(Array(text.utf8), allowsComments: allowsComments, allowsCarriageReturns: allowsCarriageReturns)
  }

  @Test func `stanzas and fields come in order with their lines`() throws {
    let text = "\n\nA: 1\nLong:\n one\n two \n\n\nB:2\nEmpty:\n"
    #expect(
      try scan(text) == [
        Stanza(line: 3, range: 2..<25, fields: ["3 A=1", "4 Long=one\n two"]),
        Stanza(line: 9, range: 26..<37, fields: ["9 B=2", "10 Empty="]),
      ])
  }

  @Test(arguments: ["", "\n", "\n\n\n", "  \n\t\n"])
  func `a file without a stanza holds nothing`(text: String) throws {
    #expect(try scan(text) == [])
  }

  @Test func `a value may hold colons, leading colons and bytes that are no text`() throws {
    #expect(try scan("A: b: c\nB::\n")[0].fields == ["1 A=b: c", "2 B=:"])
    #expect(try scan(Array("Maintainer: J".utf8) + [0xF6, 0x72, 0x67, 0x0A])[0].fields == ["1 Maintainer=J\u{FFFD}rg"])
  }

  @Test func `a line of blanks does not end a stanza`() throws {
    #expect(try scan("A: 1\n \t\n x\nB: 2\n")[0].fields == ["1 A=1\n \t\n x", "4 B=2"])
  }

  @Test func `comments are passed over only where they are allowed`() throws {
    let text = "# first\nA: 1\n# inside\n more\n"
    #expect(try scan(text, allowsComments: true).map(\.fields) == [["2 A=1\n# inside\n more"]])
    #expect(throws: Deb822Error.notAField(path: "file", line: 1, text: "# first")) { try scan(text) }
  }

  @Test func `carriage returns are passed over only where they are allowed`() throws {
    let text = "A: 1\r\n\r\nB: 2\r\n"
    #expect(try scan(text, allowsCarriageReturns: true).map(\.fields) == [["1 A=1"], ["3 B=2"]])
    #expect(throws: Deb822Error.forbiddenByte(path: "file", line: 1, byte: 0x0D)) { try scan(text) }
  }

  @Test func `lines count from the one that is given`() throws {
    #expect(try scan(Array("\nA: 1\n".utf8), firstLine: 40).map(\.line) == [41])
  }

  @Test(arguments: [
    ("A: 1\nno colon\n", Deb822Error.notAField(path: "file", line: 2, text: "no colon")),
    ("A: 1\n: nameless\n", .notAField(path: "file", line: 2, text: ": nameless")),
    ("A B: 1\n", .notAField(path: "file", line: 1, text: "A B: 1")),
    ("-A: 1\n", .notAField(path: "file", line: 1, text: "-A: 1")),
    ("#A: 1\n", .notAField(path: "file", line: 1, text: "#A: 1")),
    ("Ä: 1\n", .notAField(path: "file", line: 1, text: "Ä: 1")),
    ("\u{1B}[2J\u{202E}\n", .notAField(path: "file", line: 1, text: "[2J")),
    ("\n x\n", .strayContinuation(path: "file", line: 2)),
    ("A: 1\n\n\tx\n", .strayContinuation(path: "file", line: 3)),
    ("A: 1", .cutInLine(path: "file", line: 1)),
    ("A: 1\n\nB: 2\n x", .cutInLine(path: "file", line: 4)),
    ("A: 1\n \0\n", .forbiddenByte(path: "file", line: 2, byte: 0)),
    ("A: 1\n x\n y\0z\n", .forbiddenByte(path: "file", line: 3, byte: 0)),
    ("A: \0\n", .forbiddenByte(path: "file", line: 1, byte: 0)),
  ])
  func `what is no stanza is refused where it stands`(text: String, expected: Deb822Error) {
    #expect(throws: expected) { try scan(text) }
  }

  @Test func `field names are compared without regard to letter case`() throws {
    try withBytes(Array("multi-ARCH: x\n".utf8)) { (buffer) throws(Deb822Error) in
      var scanner = Deb822Scanner(buffer, path: "file")
      _ = try scanner.nextStanza { (field) throws(Deb822Error) in
        #expect(field.isNamed("Multi-Arch"))
        #expect(!field.isNamed("Multi-Arc"))
        #expect(!field.isNamed("MultiZArch"))
      }
    }
  }

  @Test func `no damage to a document stops the scanner`() {
    let document = Array("# c\nA: 1\n b\n\nLong:\n one\n .\nB: é\n\n".utf8)
    var readable = 0
    forEachDamagedForm(of: document) { damaged in
      for allows in [false, true] {
        if (try? scan(damaged, allowsComments: true, allowsCarriageReturns: allows)) != nil { readable += 1 }
      }
    }
    #expect(readable > 0)
  }

  @Test func `a hundred thousand lines and a single huge one are read at once`() throws {
    let many = try scan("A:\n" + String(repeating: " x\n", count: 100_000))
    #expect(many.count == 1)
    let stanzas = try scan(String(repeating: "A: 1\n\n", count: 100_000))
    #expect(stanzas.count == 100_000)
    #expect(stanzas.last?.line == 199_999)
    #expect(try scan("A: " + String(repeating: "x", count: 1 << 20) + "\n").count == 1)
  }

  @Test func `messages name the file, the line and the way out`() {
    #expect(
      Deb822Error.cutInLine(path: "file", line: 7).message
        == "file:7: the file ends in the middle of a line; it was cut: restore it from a backup")
    #expect(
      Deb822Error.missingField(path: "file", line: 7, field: "Version", package: "a").message
        == "file:7: the stanza of 'a' has no field 'Version'; restore the file from a backup")
    #expect(
      Deb822Error.forbiddenByte(path: "file", line: 7, byte: 13).message
        == "file:7: byte 0xd is not text; restore the file from a backup")
  }
}
