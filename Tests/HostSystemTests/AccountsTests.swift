import Testing

@testable import HostSystem

@Suite struct AccountsTests {
  private func parse(_ passwd: String, group: String = "") throws(AccountsError) -> Accounts {
    try Accounts(passwd: passwd.utf8, passwdPath: "passwd", group: group.utf8, groupPath: "group")
  }

  @Test func `accounts and groups come with their fields`() throws {
    let accounts = try parse(
      "root:x:0:0:root:/root:/bin/bash\n\nanna:x:1000:1000:Anna Ölund,,,:/home/anna:/bin/zsh\nempty::5:6:::",
      group: "root:x:0:\nsudo:x:27:anna,root\nanna:x:1000:anna\nodd:x:9:,a,,b,")
    #expect(
      accounts.users == [
        Account(name: "root", uid: 0, gid: 0, comment: "root", home: "/root", shell: "/bin/bash", line: 1),
        Account(
          name: "anna", uid: 1000, gid: 1000, comment: "Anna Ölund,,,", home: "/home/anna", shell: "/bin/zsh", line: 3),
        Account(name: "empty", uid: 5, gid: 6, comment: "", home: "", shell: "", line: 4),
      ])
    #expect(accounts.groups.map(\.members) == [[], ["anna", "root"], ["anna"], ["a", "b"]])
    #expect(!accounts.includesForeign)
    #expect(accounts.user(1000)?.name == "anna")
    #expect(accounts.user(1001) == nil)
    #expect(accounts.members(ofGroup: "sudo") == ["anna", "root"])
    #expect(accounts.members(ofGroup: "anna") == ["anna"])
    #expect(accounts.members(ofGroup: "root") == ["root"])
    #expect(accounts.members(ofGroup: "absent") == [])
  }

  @Test func `a combining mark behind a comma does not glue two members together`() throws {
    let accounts = try parse("", group: "sudo:x:27:anna,\u{301}bert,carl\n")
    #expect(accounts.groups.map(\.members) == [["anna", "\u{301}bert", "carl"]])
  }

  @Test func `names with capitals are names of their own, and several may share an id`() throws {
    let accounts = try parse("Debian-gdm:x:120:120::/:/bin/false\ndebian-gdm:x:120:121::/:/bin/false\n")
    #expect(accounts.user(120)?.name == "Debian-gdm")
    #expect(accounts.users.count == 2)
  }

  @Test func `empty files hold nobody`() throws {
    #expect(try parse("").users.isEmpty)
    #expect(try parse("\n\n", group: "\n").groups.isEmpty)
  }

  @Test(arguments: ["+", "+::::::", "-guest::::::", "+@admins::::::"])
  func `lines that bring in accounts from elsewhere are seen and passed over`(line: String) throws {
    let accounts = try parse("root:x:0:0::/root:/bin/sh\n\(line)\n", group: "root:x:0:\n+:::\n")
    #expect(accounts.includesForeign)
    #expect(accounts.users.map(\.name) == ["root"])
    #expect(accounts.groups.map(\.name) == ["root"])
  }

  @Test(arguments: [
    ("a", "expected 7 fields, found 1"), ("a:x:1:1:::/bin/sh:more", "expected 7 fields, found 8"),
    ("a:x:1:1::/home", "expected 7 fields, found 6"), (" ", "expected 7 fields, found 1"),
    ("# comment", "expected 7 fields, found 1"), (":x:1:1:::", "the name is empty"),
    ("a:x::1:::", "the user and group id are numbers"), ("a:x:1::::", "the user and group id are numbers"),
    ("a:x:-1:1:::", "the user and group id are numbers"), ("a:x:+1:1:::", "the user and group id are numbers"),
    ("a:x:-0:1:::", "the user and group id are numbers"), ("a:x: 1:1:::", "the user and group id are numbers"),
    ("a:x:0x1:1:::", "the user and group id are numbers"), ("a:x:١:1:::", "the user and group id are numbers"),
    ("a:x:4294967296:1:::", "the user and group id are numbers"),
    ("a:x:1:99999999999999999999999:::", "the user and group id are numbers"),
    ("a:x:1:1:::/bin/sh\r", "a control character stands in the line"),
    ("a\0b:x:1:1:::", "a control character stands in the line"),
  ])
  func `a malformed line of passwd is refused`(line: String, what: String) {
    #expect(throws: AccountsError.malformedLine(path: "passwd", line: 2, what: what)) {
      try parse("root:x:0:0::/root:/bin/sh\n\(line)\nlast:x:2:2:::\n")
    }
  }

  @Test(arguments: [
    ("a:x:1", "expected 4 fields, found 3"), ("a:x:1::", "expected 4 fields, found 5"), (":x:1:", "the name is empty"),
    ("a:x::", "the group id is a number"), ("a:x:-0:", "the group id is a number"),
    ("a:x:4294967296:", "the group id is a number"), ("a:x:1:b\r", "a control character stands in the line"),
  ])
  func `a malformed line of group is refused`(line: String, what: String) {
    #expect(throws: AccountsError.malformedLine(path: "group", line: 3, what: what)) {
      try parse("", group: "root:x:0:\n\n\(line)\n")
    }
  }

  @Test func `the largest id is one`() throws {
    #expect(try parse("a:x:4294967295:0004294967295:::").users.map(\.gid) == [.max])
  }

  @Test func `a name that stands there twice is refused`() {
    #expect(throws: AccountsError.duplicateName(path: "passwd", line: 3, name: "a", firstLine: 1)) {
      try parse("a:x:1:1:::\nb:x:2:2:::\na:x:3:3:::\n")
    }
    #expect(throws: AccountsError.duplicateName(path: "group", line: 2, name: "a", firstLine: 1)) {
      try parse("", group: "a:x:1:\na:x:2:")
    }
  }

  @Test func `messages name the line and the program that checks the file`() {
    #expect(
      AccountsError.duplicateName(path: "passwd", line: 3, name: "a", firstLine: 1).message
        == "passwd:3: 'a' stands there a second time (first in line 1); check the file with pwck(8) or grpck(8)")
    #expect(
      AccountsError.malformedLine(path: "group", line: 2, what: "the name is empty").message
        == "group:2: the name is empty; check the file with pwck(8) or grpck(8)")
  }

  @Test func `no damage to a file stops the reader`() {
    let document = Array("root:x:0:0:r:/root:/bin/sh\nanna:x:1000:1000::/home/anna:/bin/sh\n".utf8)
    var readable = 0
    for index in document.indices {
      for byte in [UInt8(0), 0x0A, 0x0D, 0x2B, 0x2D, 0x3A, 0x80, 0xFF] {
        var changed = document
        changed[index] = byte
        if (try? Accounts(passwd: changed, group: changed)) != nil { readable += 1 }
        if (try? Accounts(passwd: changed, group: [])) != nil { readable += 1 }
        if (try? Accounts(passwd: document[..<index], group: [])) != nil { readable += 1 }
      }
    }
    #expect(readable > 0)
  }

  @Test func `a hundred thousand accounts in one group are read at once`() throws {
    let names = (0..<100_000).map { "u\($0)" }
    let accounts = try parse(
      names.enumerated().map { "\($1):x:\($0):7:::\n" }.joined(), group: "g:x:7:\(names.joined(separator: ","))\n")
    #expect(accounts.members(ofGroup: "g").count == 100_000)
  }
}

@Suite struct UserIDRangeTests {
  private func range(_ login: String?, _ adduser: String?) -> [UInt32] {
    let range = UserIDRange(
      loginDefinitions: login.map { Array($0.utf8) }, adduserConfiguration: adduser.map { Array($0.utf8) })
    return [range.first, range.last]
  }

  @Test func `the range covers both files`() {
    #expect(range(nil, nil) == [1000, 60_000])
    #expect(range("", "") == [1000, 60_000])
    #expect(range("UID_MIN 500\nUID_MAX\t 40000 \n", nil) == [500, 40_000])
    #expect(range("UID_MIN 1000\n", "FIRST_UID=500\nLAST_UID=\"50000\"\n") == [500, 50_000])
    #expect(range("UID_MIN 1000\nUID_MAX 30000", "FIRST_UID=2000\nLAST_UID=59999") == [1000, 59_999])
  }

  @Test func `comments, other names and what is no number do not count`() {
    #expect(
      range("#UID_MIN 500\n # UID_MIN 500\nSYS_UID_MIN 100\nUID_MIN many\nUID_MIN\n", "FIRST_UID=-1") == [1000, 60_000])
    #expect(range("UID_MIN 99999999999999999999", nil) == [1000, 60_000])
  }

  @Test func `ids of the base system and of services are never a person's`() {
    #expect(range("UID_MIN 0\nUID_MAX 4294967295\n", nil) == [100, 60_000])
  }

  @Test func `a range that is turned round holds nobody`() {
    let range = UserIDRange(loginDefinitions: Array("UID_MIN 70000\nUID_MAX 5\n".utf8), adduserConfiguration: nil)
    for uid in [0, 5, 1000, 60_000, 70_000, UInt32.max] { #expect(!range.contains(uid)) }
  }

  @Test func `both ends belong to the range`() {
    let range = UserIDRange(loginDefinitions: nil, adduserConfiguration: nil)
    #expect([999, 1000, 60_000, 60_001].map { range.contains($0) } == [false, true, true, false])
  }
}
