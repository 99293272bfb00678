import HostSystem
import Testing

@testable import SystemReset

/// The small decisions about accounts that need no system.
@Suite struct AccountRulesTests {
  private func account(_ name: String, _ home: String, line: Int = 1) -> Account {
    Account(name: name, uid: 1000, gid: 1000, comment: "", home: home, shell: "/bin/sh", line: line)
  }

  private func obstacle(_ home: String, _ others: [String: String] = [:]) -> HomeObstacle? {
    let others = others.sorted { $0.key < $1.key }.enumerated().map { account($1.key, $1.value, line: $0 + 2) }
    do {
      _ = try HomePath(account("anna", home), others: others, rules: .shipped)
      return nil
    } catch AccountRefusal.home(_, _, let obstacle) {
      return obstacle
    } catch {
      Issue.record(error)
      return nil
    }
  }

  @Test func `the shipped rules are all there`() {
    let rules = AccountRules.shipped
    #expect(rules.systemDirectories.isSuperset(of: ["", "/", "/root", "/etc", "/home"]))
    #expect(
      rules.systemTrees.allSatisfy { $0.hasPrefix("/") && $0.hasSuffix("/") } && rules.systemTrees.contains("/var/"))
    #expect(
      ["nfs4", "autofs", "cifs", "fuse.sshfs"].allSatisfy { type in
        rules.foreignFilesystems.contains { $0.matches(type) }
      })
    #expect(
      !["ext4", "btrfs", "xfs", "tmpfs", "overlay"].contains { type in
        rules.foreignFilesystems.contains { $0.matches(type) }
      })
    #expect(rules.homeKeepers.allSatisfy { !$0.path.isEmpty && !$0.path.contains("/") && !$0.reason.isEmpty })
    #expect(
      rules.belongings.count == 6 && rules.belongings.allSatisfy { $0.directory.hasPrefix("/var/") && !$0.kind.isEmpty }
    )
    #expect(rules.lockedShell == "/usr/sbin/nologin" && rules.rescueShells == ["/bin/bash", "/bin/sh"])
    #expect(rules.softResetKeep.contains(".ssh"))
  }

  @Test(arguments: [
    "/", "//", "/.", "/root", "/root/", "/etc", "/home", "/usr/local", "/var/lib/postgresql", "/root/x", "/dev/shm/x",
  ])
  func `no directory of the system is a home that moves`(home: String) {
    guard case .systemDirectory = obstacle(home) else {
      Issue.record("\(home): \(String(describing: obstacle(home)))")
      return
    }
  }

  @Test func `relative paths and ways up are no homes`() {
    #expect(obstacle("home/anna") == .noAbsolutePath)
    #expect(obstacle("/home/../etc") == .noAbsolutePath)
    #expect(obstacle("/home/anna/..") == .noAbsolutePath)
    #expect(obstacle("") == nil)
    #expect(obstacle("/nonexistent") == nil)
  }

  @Test func `a home is compared with those of all others`() {
    #expect(obstacle("/home/anna", ["bert": "/home//anna/"]) == .sharedWith("bert"))
    #expect(obstacle("/home/anna", ["bert": "/home/anna/sub"]) == .holdsHomeOf("bert"))
    #expect(obstacle("/home/anna", ["bert": "/home/annabert", "carl": "/", "dora": ""]) == nil)
  }

  @Test func `a combining mark behind a slash hides no step of a path`() throws {
    let home = try HomePath(account("anna", "/home/\u{301}x/y"), others: [], rules: .shipped)
    #expect(home?.components == ["home", "\u{301}x", "y"])
    #expect(isPath("/home/a/\u{301}x", below: "/home/a"))
    #expect(obstacle("/home/a", ["bert": "/home/a/\u{301}x"]) == .holdsHomeOf("bert"))
  }

  @Test(arguments: [
    ("anna", "anna"), ("an.na-1_", "an.na-1_"), ("..", "%2E."), ("-rf", "%2Drf"), ("a b;c", "a%20b%3Bc"),
    ("a/b", "a%2Fb"),
    ("%2E", "%252E"), ("\u{1B}[2J", "%1B%5B2J"), ("\u{E9}", "%C3%A9"), ("e\u{301}", "e%CC%81"),
  ])
  func `a name becomes one harmless step of a path`(name: String, step: String) {
    #expect(AccountArchive.step(name) == step)
  }

  @Test func `no step for nothing or too much, and no run of another name`() {
    #expect(AccountArchive.step("") == nil)
    #expect(AccountArchive.step(String(repeating: " ", count: 80)) == nil)
    for run in ["", "..", "a/b", "-x", ".x", "a b"] {
      #expect(throws: AccountRecordError.badRun(run)) { try AccountArchive.check(run: run) }
    }
    #expect(throws: Never.self) { try AccountArchive.check(run: "2026-11-25T10.00.00Z-1a") }
  }

  @Test func `directories of root's own begin behind those of the system`() {
    #expect(AccountArchive.trustedSteps("/home/.toolbox-reset/r/anna") == 1)
    #expect(AccountArchive.trustedSteps("/.toolbox-reset/r/anna") == 0)
    #expect(AccountArchive.trustedSteps("/var/lib/toolbox/reset/r/accounts") == 2)
    #expect(AccountArchive.trustedSteps("/home/anna") == 2)
  }

  @Test func `a process is told by its ids, and one that has ended is none`() {
    let status = "Name:\tbash\nState:\tS (sleeping)\nUid:\t1000\t1000\t0\t1000\nGid:\t1\t1\t1\t1\n"
    #expect(AccountUse.process(status)?.name == "bash")
    #expect(AccountUse.process(status)?.ids == [1000, 1000, 0, 1000])
    #expect(AccountUse.process(status.replacing("S (sleeping)", with: "Z (zombie)")) == nil)
    #expect(AccountUse.process("") == nil)
  }

  // MARK: The account for the person

  @Test func `a password has four groups of letters that nobody takes for others, and no two are alike`() throws {
    var seen: Set<[UInt8]> = []
    for _ in 0..<200 {
      let bytes = try FreshPassword().withBytes { Array($0) }
      let groups = bytes.split(separator: 0x2D)
      #expect(groups.map(\.count) == [5, 5, 5, 5])
      #expect(groups.joined().allSatisfy(FreshPassword.alphabet.contains))
      seen.insert(bytes)
    }
    #expect(seen.count == 200)
    #expect(!FreshPassword.alphabet.contains { Array("0Oo1liIzZyY".utf8).contains($0) })
    #expect("\(try FreshPassword())" == "(a password)")
  }

  @Test(arguments: ["$y$", "$6$"]) func `a password has a hash of the wanted method, another one each time`(
    prefix: String
  ) throws {
    let password = try FreshPassword()
    let (first, second) = (try password.hash(prefix), try password.hash(prefix))
    #expect(first.hasPrefix(prefix) && second.hasPrefix(prefix) && first != second)
    #expect(!first.contains(":") && first.utf8.count > 40)
  }

  @Test func `a method that libcrypt does not know is an error`() {
    #expect(throws: RescueError.methodUnknown("$nothing$")) { try FreshPassword().hash("$nothing$") }
  }

  @Test func `the method is the one that the system's own passwords have`() {
    func prefix(_ pam: String, _ login: String = "") -> String {
      RescueLines.hashPrefix(commonPassword: pam, loginDefinitions: login)
    }
    #expect(prefix("password [success=1] pam_unix.so obscure yescrypt\n") == "$y$")
    #expect(prefix("password [success=1] pam_unix.so obscure sha512\n") == "$6$")
    #expect(prefix("# yescrypt is better\n") == "$6$")
    #expect(prefix("", "ENCRYPT_METHOD YESCRYPT\n") == "$y$")
    #expect(prefix("") == "$6$")
  }

  @Test(arguments: [
    ("User x may run the following commands on h:\r\n    (ALL : ALL) ALL\r\n", true), ("    (ALL) ALL\n", true),
    ("    (ALL : ALL) NOPASSWD: ALL\n", true), ("    (root) ALL\n", false), ("    (ALL : ALL) /usr/bin/id\n", false),
    ("    (ALL) ALL, !/bin/sh\n", false), ("User x is not allowed to run sudo on h.\n", false), ("", false),
    ("(ALL", false),
  ])
  func `only a list of everything counts as becoming root`(output: String, isAll: Bool) {
    #expect(RescueLines.allowsAll(output) == isAll)
  }

  @Test(arguments: ["rescue", "_x", "a-1", String(repeating: "a", count: 32)])
  func `names of accounts`(name: String) { #expect(RescueLines.isName(name)) }

  @Test(arguments: [
    "", "Rescue", "1a", "-a", "a b", "a:b", "a\nb", "r\u{E9}", String(repeating: "a", count: 33), "a/b", "$(id)",
  ])
  func `no names of accounts`(name: String) { #expect(!RescueLines.isName(name)) }

  @Test func `an id is above those that people have, and free for a group too`() throws {
    func database(_ passwd: String, _ group: String) throws -> AccountDatabase {
      AccountDatabase([
        .passwd: try AccountFile(.passwd, Array(passwd.utf8), path: "p"),
        .group: try AccountFile(.group, Array(group.utf8), path: "g"),
      ])
    }
    let range = UserIDRange(loginDefinitions: Array("UID_MIN 1000\nUID_MAX 1003\n".utf8), adduserConfiguration: nil)
    #expect(RescueLines.freeID(in: try database("", ""), range: range) == 1000)
    #expect(
      RescueLines.freeID(in: try database("a:x:1000:1:::\nn:x:65534:1:::\n", "g:x:1001:\n"), range: range) == 1002)
    #expect(RescueLines.freeID(in: try database("a:x:1003:1:::\n", ""), range: range) == 1000)
    #expect(
      RescueLines.freeID(in: try database("a:x:1000:1:::\nb:x:1003:1:::\n", "g:x:1001:\nh:x:1002:\n"), range: range)
        == nil)
  }
}
