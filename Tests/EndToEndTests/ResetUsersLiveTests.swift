import Foundation
import TestSupport
import Testing

/// Accounts of a real Debian system with PAM, su and sudo: logins before, while and after, and the account for the person.
@Suite(.enabled(if: obstacle == nil, Comment(rawValue: obstacle ?? "")))
struct ResetUsersLiveTests {
  private static let password = "an old Secret: \u{FC}"

  /// What is mounted below a directory; other tests mount elsewhere at the same time.
  private static func mounts(below directory: String) throws -> [String] {
    let table = try String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)
    return table.split(separator: "\n").map(String.init).filter {
      $0.contains(" \(directory)/") || $0.contains(" \(directory) ")
    }
  }

  @Test func `a user comes back with a working login, and the account for the person is proved`() async throws {
    let root: LiveRoot
    do {
      root = try await LiveRoot(variant: "apt")
      try await root.run("apt-get", "install", "-qq", "-y", "--no-install-recommends", "sudo", "cron", "at")
    } catch let reason as LiveRoot.NotCarried {
      print("accounts of a real system: skipped: \(reason.description)")
      return
    }
    try await root.run("useradd", "-m", "-s", "/bin/bash", "-G", "sudo,cdrom", "-c", "Anna", "anna")
    try await AccountRoot.shell(#"printf 'anna:%s\n' "$2" | chroot "$1" chpasswd"#, root.path, Self.password)
    try await root.run("useradd", "-m", "-s", "/bin/bash", "bert")
    try await AccountRoot.shell(
      #"""
      cd "$1"; mkdir -p home/anna/docs; echo text > home/anna/docs/a; chown -R 1000:1000 home/anna
      setfacl -m u:1001:r home/anna/docs/a; setfattr -n user.note -v kept home/anna/docs/a; setcap cap_net_raw+ep home/anna/docs/a || true
      echo '* * * * * true' | chroot . crontab -u anna -; echo mail > var/mail/anna; chown 1000:8 var/mail/anna
      """#, root.path)
    try await restoring(root)
    try await rescuing(root)
  }

  private func helper(_ root: LiveRoot, _ words: String...) async throws -> ToolboxProcess.Outcome {
    try await ToolboxProcess.run(path: AccountRoot.helper, [root.path, "r1"] + words)
  }

  /// Logs in through su on a terminal, from an account without rights.
  private func login(_ root: LiveRoot, _ name: String, _ password: String) async throws -> ToolboxProcess.Outcome {
    try await ToolboxProcess.run(
      path: "/bin/sh",
      [
        "-c", #"printf %s "$4" | "$1" "$2" r1 login "$3" 'id; pwd'"#, "sh", AccountRoot.helper, root.path, name,
        password,
      ])
  }

  private func tree(_ root: LiveRoot, _ path: String) async throws -> String {
    try await AccountRoot.shell(
      #"""
      cd "$1/$2"; find . -printf '%p %y %u %g %m %T@ %l\n' | LC_ALL=C sort
      find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum; getfattr -R -h -P -d -m - -e hex .
      """#, root.path, path)
  }

  /// The walk-through's case.
  private func restoring(_ root: LiveRoot) async throws {
    let before = try await login(root, "anna", Self.password)
    #expect(before.status == 0 && before.output.contains("uid=1000(anna)"), "\(before.output)")
    #expect(try await login(root, "anna", "another").status == 1)
    let files = ["passwd", "shadow", "group", "gshadow", "subuid", "subgid"]
    func accounts() throws -> [Data] {
      try files.map { try Data(contentsOf: URL(fileURLWithPath: root.path + "/etc/" + $0)) }
    }
    let (lines, home) = (try accounts(), try await tree(root, "home/anna"))
    let retired = try await helper(root, "retire", "anna")
    #expect(retired.status == 0, "\(retired.errors)")
    #expect(try await tree(root, "home/.toolbox-reset/r1/anna") == home)
    let refused = try await login(root, "anna", Self.password)
    #expect(refused.status == 1, "\(refused.output)")
    #expect(try await root.run("id", "anna").contains("uid=1000(anna) gid=1000(anna) groups=1000(anna)"))
    #expect(try await root.run("pwck", "-r", "-q") == "")
    let back = try await ToolboxProcess.run(["reset", "users", "restore", "anna", "--root", root.path])
    #expect(back.status == 0, "\(back.errors)")
    #expect(try accounts() == lines)
    #expect(try await tree(root, "home/anna") == home)
    let after = try await login(root, "anna", Self.password)
    #expect(
      after.status == 0 && after.output.contains("uid=1000(anna)") && after.output.contains("/home/anna"),
      "\(after.output)")
    #expect(after.output.contains("27(sudo)"), "\(after.output)")
    #expect(try await root.run("crontab", "-u", "anna", "-l") == "* * * * * true\n")
    try await root.run("grpck", "-r")
  }

  private func rescuing(_ root: LiveRoot) async throws {
    let made = try await helper(root, "rescue", "rescue", "sudo")
    #expect(made.status == 0, "\(made.errors)")
    let mounts = try Self.mounts(below: root.path)
    // What the program runs, with all arguments and the whole environment, and whatever it writes.
    let secret = root.path + ".password"
    let trace = root.path + ".trace"
    defer { for path in [secret, trace] { try? FileManager.default.removeItem(atPath: path) } }
    let changed = try await ToolboxProcess.run(
      path: "/bin/sh",
      [
        "-c",
        #"umask 077; "$1" reset users password rescue --json --backup-password-fd 3 --root "$2" 3> "$3""#, "sh",
        ToolboxProcess.path, root.path, secret,
      ])
    #expect(changed.status == 0, "\(changed.errors)")
    #expect(try JSONSchema(fileNamed: "toolbox.reset.users-change.1.json").violations(in: changed.output) == [])
    let first = try text(secret)
    #expect(first.utf8.count == 23 && first != "")
    let again = try await ToolboxProcess.run(
      path: "/bin/sh",
      [
        "-c",
        #"""
        umask 077; strace -f -q -v -s 100000 -e trace=execve -o "$4" \
          "$1" reset users password rescue --backup-password-fd 3 --root "$2" 3> "$3"
        """#, "sh", ToolboxProcess.path, root.path, secret, trace,
      ])
    #expect(again.status == 0, "\(again.errors)")
    let last = try text(secret)
    let started = try text(trace)
    #expect(started.contains("/usr/bin/su") && started.contains("/usr/bin/sudo"))
    #expect(!started.contains(first) && !started.contains(last))
    #expect(last.utf8.count == 23 && last != first)
    for output in [changed.output, changed.errors, again.output, again.errors, made.output, made.errors] {
      #expect(!output.contains(first) && !output.contains(last))
    }
    let found = try await AccountRoot.shell(
      #"grep -rlF --exclude-dir=proc --exclude-dir=sys -e "$2" -e "$3" "$1" || true"#, root.path, first, last)
    #expect(found == "", "\(found)")
    #expect(try Self.mounts(below: root.path) == mounts)
    #expect(try await AccountRoot.shell(#"find "$1/dev/pts" "$1/proc" -mindepth 1 | head -1"#, root.path) == "")

    // Expired for the first login: su asks for another password before anything else.
    #expect(try await root.run("chage", "-l", "rescue").contains("password must be changed"))
    let login = try await login(root, "rescue", last)
    #expect(login.status != 0 && !login.output.contains("uid="), "\(login.output)")
    #expect(try await root.run("id", "rescue").contains("27(sudo)"))
    #expect(
      try await root.run("stat", "-c", "%U %a", "/home/rescue", "/home/rescue/.profile") == "rescue 700\nrescue 644\n")
    try await root.run("grpck", "-r")
    try await root.run("pwck", "-r", "-q")

    // A system that lets nobody become root does not prove anything.
    try await AccountRoot.shell(#"sed -i 's/^%sudo/#%sudo/' "$1/etc/sudoers""#, root.path)
    let powerless = try await helper(root, "password", "rescue")
    #expect(powerless.status == 3 && powerless.errors.contains("sudo -l"), "\(powerless.errors)")
  }

  private func text(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self).replacing("\n", with: "")
  }
}

/// Why no real system can be made here; nil when one can.
private let obstacle = LiveRoot.obstacle ?? AccountRoot.obstacle
