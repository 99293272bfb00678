import Testing

@testable import SystemReset

@Suite struct AccountFileTests {
  private func file(_ kind: AccountFile.Kind, _ text: String) throws(AccountFileError) -> AccountFile {
    try AccountFile(kind, Array(text.utf8), path: "file")
  }

  @Test(arguments: [
    "", "\n", "root:x:0:0:root:/root:/bin/bash\n", "root:x:0:0:root:/root:/bin/bash",
    "root:x:0:0:root:/root:/bin/bash\n\n\nanna:x:1000:1000:Anna Ölund,,,:/home/anna:/bin/zsh\n\n",
  ])
  func `what is read is written back byte for byte`(text: String) throws {
    #expect(try file(.passwd, text).bytes == Array(text.utf8))
  }

  @Test func `bytes that are no text stay what they are`() throws {
    let bytes: [UInt8] = Array("anna:x:1:1:".utf8) + [0xFC, 0xFF] + Array(":/home/anna:/bin/sh\n".utf8)
    var file = try AccountFile(.passwd, bytes, path: "file")
    #expect(file.bytes == bytes)
    file.append(Array("bert:x:2:2:::".utf8))
    #expect(file.bytes == bytes + Array("bert:x:2:2:::\n".utf8))
  }

  @Test func `a line is added behind a last one without an end`() throws {
    var file = try file(.group, "root:x:0:")
    file.append(Array("anna:x:1000:".utf8))
    #expect(String(decoding: file.bytes, as: UTF8.self) == "root:x:0:\nanna:x:1000:\n")
  }

  @Test(
    arguments: [
      (AccountFile.Kind.passwd, "a:x:1:1:::/bin/sh:more", "expected 7 fields, found 8"),
      (.passwd, "a:x:1:1::/home", "expected 7 fields, found 6"), (.passwd, ":x:1:1:::", "the name is empty"),
      (.passwd, "a:x:-1:1:::", "an id is no number"),
      (.passwd, "a:x:1:1:::\r", "a control character stands in the line"),
      (.passwd, "a:x:1:1:\u{1B}[2J::", "a control character stands in the line"),
      (.passwd, "a:x:99999999999:1:::", "an id is no number"), (.passwd, "# comment", "expected 7 fields, found 1"),
      (.shadow, "a:!:1:2:3:4:5:6", "expected 9 fields, found 8"), (.group, "a:x:b:", "an id is no number"),
      (.gshadow, "a:!:", "expected 4 fields, found 3"), (.subuid, "a:100000", "expected 3 fields, found 2"),
      (.subgid, "a:x:65536", "an id is no number"),
    ] as [(AccountFile.Kind, String, String)])
  func `a malformed line is refused`(kind: AccountFile.Kind, line: String, what: String) {
    #expect(throws: AccountFileError.malformed(path: "file", line: 2, what: what)) { try file(kind, "\n\(line)\n") }
  }

  @Test(arguments: ["+::::::", "-guest::::::", "+@admins::::::", "+"])
  func `lines of NIS are refused`(line: String) {
    #expect(throws: AccountFileError.foreignAccounts(path: "file", line: 1)) { try file(.passwd, line + "\n") }
  }

  @Test func `a name that stands there twice is refused, but for ranges of ids`() throws {
    #expect(throws: AccountFileError.duplicate(path: "file", line: 2, name: "a", firstLine: 1)) {
      try file(.group, "a:x:1:\na:x:2:\n")
    }
    #expect(try file(.subuid, "# ours\na:1:2\na:5:2\n").entries.count == 2)
  }

  @Test func `names are told apart by byte`() throws {
    let file = try file(.group, "\u{E9}:x:1:\ne\u{301}:x:2:\n")
    #expect(file.line(of: "\u{E9}") == Array("\u{E9}:x:1:".utf8))
    #expect(file.line(of: "e\u{301}") == Array("e\u{301}:x:2:".utf8))
  }

  @Test(arguments: [
    ("anna", ""), ("anna,bert", "bert"), ("bert,anna", "bert"), ("bert,anna,carl", "bert,carl"),
    ("annabert", "annabert"),
    ("bert,,anna", "bert,"), ("bert", "bert"), ("anna,anna", ""),
  ])
  func `a member leaves and everybody else stays`(field: String, rest: String) {
    #expect(AccountFile.without("anna", in: Array(field.utf8)) == Array(rest.utf8))
  }

  @Test(arguments: [("", "anna"), ("bert", "bert,anna"), ("anna", "anna")])
  func `a member joins once`(field: String, rest: String) {
    #expect(AccountFile.with("anna", in: Array(field.utf8)) == Array(rest.utf8))
  }
}
