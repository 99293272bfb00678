import HostSystem
import Testing

@testable import SystemReset

@Suite struct AccountRetirementTests {
  private static let text: [AccountFile.Kind: String] = [
    .passwd:
      "root:x:0:0::/root:/bin/sh\nanna:x:1000:1000:Anna:/home/anna:/bin/bash\nbert:x:1001:1001::/home/bert:/bin/sh\n",
    .shadow: "root:*:1:0:9:7:::\nanna:$y$hash:20000:0:99999:7:30::\nbert:!:1:0:9:7:::\n",
    .group: "root:x:0:\nsudo:x:27:bert,anna\ndocker:x:100:anna\nanna:x:1000:\nbert:x:1001:anna,bert\n",
    .gshadow: "sudo:*:anna:bert,anna\nanna:!::\n",
    .subuid: "bert:100000:65536\nanna:165536:65536\n1000:300000:10\n",
    .subgid: "anna:165536:65536\nbert:100000:65536\n",
  ]

  private func database(_ changes: [AccountFile.Kind: (String, String)] = [:]) throws -> AccountDatabase {
    var files: [AccountFile.Kind: AccountFile] = [:]
    for (kind, text) in Self.text {
      let changed = changes[kind].map { text.replacing($0.0, with: $0.1) } ?? text
      files[kind] = try AccountFile(kind, Array(changed.utf8), path: kind.path)
    }
    return AccountDatabase(files)
  }

  private func record(_ name: String = "anna", _ database: AccountDatabase? = nil) throws -> RestoreRecord {
    try AccountRetirement.record(
      of: name, in: try database ?? self.database(), run: "r", since: "now", rules: .shipped)
  }

  private func text(_ database: AccountDatabase, _ kind: AccountFile.Kind) -> String {
    String(decoding: database[kind].bytes, as: UTF8.self)
  }

  @Test func `an account that goes is locked, expired, without a shell and out of its groups`() throws {
    var database = try database()
    try AccountRetirement.takeAway(try record(), in: &database)
    #expect(
      text(database, .passwd)
        == Self.text[.passwd]?.replacing("/home/anna:/bin/bash", with: "/home/anna:/usr/sbin/nologin"))
    #expect(
      text(database, .shadow)
        == Self.text[.shadow]?.replacing(
          "anna:$y$hash:20000:0:99999:7:30::", with: "anna:!$y$hash:20000:0:99999:7:30:1:"))
    #expect(text(database, .group) == "root:x:0:\nsudo:x:27:bert\ndocker:x:100:\nanna:x:1000:\nbert:x:1001:bert\n")
    #expect(text(database, .gshadow) == "sudo:*::bert\nanna:!::\n")
    #expect(text(database, .subuid) == "bert:100000:65536\n")
    #expect(text(database, .subgid) == "bert:100000:65536\n")
  }

  @Test func `and comes back byte for byte, from wherever it was cut off`() throws {
    let before = try database()
    let record = try record()
    var away = before
    try AccountRetirement.takeAway(record, in: &away)
    // Any of the files may have been written, or not.
    for mask in 0..<64 {
      var mixed = before
      for (index, kind) in AccountFile.Kind.allCases.enumerated() where mask & (1 << index) != 0 {
        mixed[kind] = away[kind]
      }
      var again = mixed
      try AccountRetirement.takeAway(record, in: &again)
      #expect(again == away)
      var back = mixed
      #expect(try AccountRetirement.giveBack(record, in: &back) == [])
      #expect(back == before)
    }
  }

  @Test func `a record survives its own JSON, bytes that are no text included`() throws {
    var database = try database()
    database[.passwd].replace(
      database[.passwd].line(of: "anna") ?? [], with: Array("anna:x:1000:1000:".utf8) + [0xFC] + Array(":/h:/b".utf8))
    let record = try record("anna", database)
    let read = try AccountDocuments.decode(
      RestoreRecord.self, schema: RestoreRecord.schema, try record.encoded(), path: "record")
    #expect(read == record)
    #expect(read.passwdLine == database[.passwd].line(of: "anna"))
  }

  @Test func `a locked account stays locked when it comes back`() throws {
    var database = try database()
    let record = try record("bert")
    try AccountRetirement.takeAway(record, in: &database)
    #expect(text(database, .shadow).contains("bert:!:1:0:9:7::1:\n"))
    try AccountRetirement.giveBack(record, in: &database)
    #expect(try database == self.database())
  }

  @Test func `who joined a group meanwhile stays in it`() throws {
    var database = try database()
    let record = try record()
    try AccountRetirement.takeAway(record, in: &database)
    database[.group].replace(Array("sudo:x:27:bert".utf8), with: Array("sudo:x:27:bert,carl".utf8))
    database[.group].remove(Array("docker:x:100:".utf8))
    #expect(try AccountRetirement.giveBack(record, in: &database) == ["docker"])
    #expect(text(database, .group).contains("sudo:x:27:bert,carl,anna\n"))
  }

  @Test func `the superuser, a shared id, a stranger and an account without a password line do not go`() throws {
    #expect(throws: AccountRefusal.superuser(name: "root")) { try record("root") }
    #expect(throws: AccountRefusal.notThere(name: "carl")) { try record("carl") }
    let shared = try database([.passwd: ("bert:x:1001", "bert:x:1000")])
    #expect(throws: AccountRefusal.sharedID(name: "anna", uid: 1000, other: "bert")) { try record("anna", shared) }
    let bare = try database([.shadow: ("anna:", "emma:")])
    #expect(throws: AccountRefusal.noPassword(name: "anna")) { try record("anna", bare) }
  }

  @Test func `every clash is named and nothing is given back over it`() throws {
    let record = try record()
    var away = try database()
    try AccountRetirement.takeAway(record, in: &away)
    func clash(_ change: (inout AccountDatabase) -> Void) -> RestoreClash? {
      var database = away
      change(&database)
      do {
        try AccountRetirement.giveBack(record, in: &database)
        return nil
      } catch {
        return error
      }
    }
    func line(_ text: String) -> [UInt8] { Array(text.utf8) }
    let passwd = away[.passwd].line(of: "anna") ?? []
    let shadow = away[.shadow].line(of: "anna") ?? []
    #expect(clash { $0[.passwd].append(line("emma:x:1000:5:::")) } == .uidTaken(name: "anna", uid: 1000, by: "emma"))
    #expect(
      clash { $0[.passwd].replace(passwd, with: line("anna:x:1005:1000:::")) } == .nameTaken(name: "anna", uid: 1005))
    #expect(
      clash { $0[.passwd].replace(passwd, with: passwd + line("x")) } == .lineChanged(name: "anna", file: "/etc/passwd")
    )
    #expect(
      clash { $0[.shadow].replace(shadow, with: shadow + line("x")) } == .lineChanged(name: "anna", file: "/etc/shadow")
    )
    #expect(
      clash { $0[.group].replace(line("anna:x:1000:"), with: line("emma:x:1000:")) }
        == .gidTaken(name: "anna", gid: 1000, by: "emma"))
    #expect(
      clash { $0[.group].replace(line("anna:x:1000:"), with: line("anna:x:1005:")) }
        == .gidTaken(name: "anna", gid: 1000, by: "anna"))
    #expect(
      clash { $0[.subuid].append(line("emma:231071:2")) }
        == .subordinateTaken(name: "anna", file: "/etc/subuid", by: "emma"))
    #expect(clash { $0[.subuid].append(line("emma:231072:2")) } == nil)
  }

  @Test func `an account whose lines somebody removed comes back whole`() throws {
    let record = try record()
    var database = try database()
    try AccountRetirement.takeAway(record, in: &database)
    for kind in [AccountFile.Kind.passwd, .shadow, .group, .gshadow] {
      if let line = database[kind].line(of: "anna") { database[kind].remove(line) }
    }
    try AccountRetirement.giveBack(record, in: &database)
    let before = try self.database()
    for kind in AccountFile.Kind.allCases { #expect(Set(database[kind].lines) == Set(before[kind].lines), "\(kind)") }
  }

  @Test func `what is freed is gone with its own group, and nothing else is`() throws {
    let record = try record()
    var database = try database()
    try AccountRetirement.takeAway(record, in: &database)
    try AccountRetirement.free(record, in: &database)
    #expect(text(database, .passwd) == "root:x:0:0::/root:/bin/sh\nbert:x:1001:1001::/home/bert:/bin/sh\n")
    #expect(text(database, .shadow) == "root:*:1:0:9:7:::\nbert:!:1:0:9:7:::\n")
    #expect(text(database, .group) == "root:x:0:\nsudo:x:27:bert\ndocker:x:100:\nbert:x:1001:bert\n")
    #expect(text(database, .gshadow) == "sudo:*::bert\n")
    let once = database
    try AccountRetirement.free(record, in: &database)
    #expect(database == once)
  }

  @Test func `an account that somebody unlocked is not freed, nor taken away by an old record`() throws {
    let record = try record()
    var database = try database()
    #expect(throws: RestoreClash.lineChanged(name: "anna", file: "/etc/shadow")) {
      try AccountRetirement.free(record, in: &database)
    }
    database = try self.database([.shadow: ("$y$hash", "$y$new")])
    #expect(throws: AccountRefusal.changed(name: "anna", file: "/etc/shadow")) {
      try AccountRetirement.takeAway(record, in: &database)
    }
  }
}
