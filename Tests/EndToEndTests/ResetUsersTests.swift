import Foundation
import TestSupport
import Testing

/// Accounts that go and come back, on roots of files alone.
@Suite(.enabled(if: AccountRoot.obstacle == nil, Comment(rawValue: AccountRoot.obstacle ?? "")))
struct ResetUsersTests {
  private func expect(_ outcome: ToolboxProcess.Outcome, _ status: Int32, _ text: String = "") {
    #expect(outcome.status == status, "\(outcome.output)\(outcome.errors)")
    #expect(text.isEmpty || (outcome.output + outcome.errors).contains(text), "\(outcome.output)\(outcome.errors)")
  }

  // MARK: There and back

  @Test func `an account goes and comes back with everything as it was`() async throws {
    let root = try await AccountRoot()
    let home = try await root.fingerprint(in: "home/anna")
    let all = try await root.fingerprint(times: false)
    let others = try await root.fingerprint("home/bert var/mail/bert var/spool/cron/atjobs/a2")

    expect(try await root.call("retire", "anna"), 0)
    #expect(
      try await root.shell("ls -A home var/mail var/spool/cron/crontabs var/spool/cron/atjobs").contains("anna")
        == false)
    #expect(
      try await root.shell("stat -c '%u %g %a' home/.toolbox-reset home/.toolbox-reset/r1") == "0 0 700\n0 0 700\n")
    #expect(try await root.shell("stat -c '%u %a' var/lib/toolbox/reset/r1/accounts/anna/record.json") == "0 600\n")
    #expect(
      try await root.shell("grep anna etc/passwd etc/shadow etc/group etc/gshadow etc/subuid etc/subgid || true")
        == """
        etc/passwd:anna:x:1000:1000:Anna,,,:/home/anna:/usr/sbin/nologin
        etc/shadow:anna:!$y$j9T$x:19000:0:99999:7::1:
        etc/group:anna:x:1000:
        etc/gshadow:anna:!::

        """)
    #expect(try await root.fingerprint(in: "home/.toolbox-reset/r1/anna") == home)
    #expect(try await root.fingerprint("home/bert var/mail/bert var/spool/cron/atjobs/a2") == others)

    let list = try await root.users("list", "--json")
    #expect(try JSONSchema(fileNamed: "toolbox.reset.users.1.json").violations(in: list.output) == [])
    let entry = try JSONValue(parsing: list.output)["accounts"]?.elements.first
    #expect(entry?["name"]?.string == "anna" && entry?["state"]?.string == "kept")
    #expect(entry?["belongings"]?.elements.count == 6 && entry?["home"]?.string == "/home/anna")
    expect(try await root.users("list"), 0, "/home/.toolbox-reset/r1/anna")

    let back = try await root.users("restore", "anna", "--json")
    expect(back, 0)
    #expect(try JSONSchema(fileNamed: "toolbox.reset.users-change.1.json").violations(in: back.output) == [])
    #expect(try await root.fingerprint(in: "home/anna") == home)
    #expect(try await root.fingerprint(times: false, without: "var/lib/toolbox") == all)
    expect(try await root.users("list"), 0, "no account is kept")
    expect(try await root.users("restore", "anna"), 64, "no account 'anna' is kept here")
  }

  @Test func `an account with an odd name and home goes, is listed without harm, and comes back`() async throws {
    let root = try await AccountRoot()
    let before = try await root.fingerprint("home etc", times: false)
    expect(try await root.call("retire", "carl d;rm"), 0)
    #expect(try await root.shell("ls home/.toolbox-reset/r1") == "carl%20d%3Brm\n")
    expect(try await root.users("restore", "carl d;rm"), 0, "carl d;rm is back")
    #expect(try await root.fingerprint("home etc", times: false) == before)
  }

  @Test func `what is purged is gone, its id is free, and what its links led to is not`() async throws {
    let root = try await AccountRoot()
    let others = try await root.fingerprint("etc/skel home/bert var/mail/bert root usr", times: true)
    expect(try await root.call("retire", "anna"), 0)
    let unasked = try await root.users("purge", "anna")
    expect(unasked, 64, "give --yes")
    let done = try await root.users("purge", "anna", "--yes", "--json")
    expect(done, 0)
    #expect(try JSONSchema(fileNamed: "toolbox.reset.users-change.1.json").violations(in: done.output) == [])
    #expect(try await root.shell("grep -r anna etc || true") == "")
    #expect(try await root.shell("find home var -name '*anna*' -o -name '.toolbox-reset' -o -name 'r1'") == "")
    #expect(try await root.shell("grep -c . etc/passwd etc/shadow") == "etc/passwd:4\netc/shadow:4\n")
    #expect(try await root.fingerprint("etc/skel home/bert var/mail/bert root usr", times: true) == others)
  }

  @Test func `a home that was deleted by name does not come back, and its account does`() async throws {
    let root = try await AccountRoot()
    expect(try await root.call("retire", "anna"), 0)
    expect(try await root.call("delete-home", "anna"), 0)
    #expect(try await root.shell("find home -path '*anna*'") == "")
    expect(try await root.users("restore", "anna"), 0, "its home /home/anna was deleted")
    #expect(try await root.shell("grep anna etc/shadow") == "anna:$y$j9T$x:19000:0:99999:7:::\n")
  }

  // MARK: Clashes

  @Test(arguments: [
    ("mkdir home/anna", "/home/anna is there again"), ("echo 'emma:x:1000:1:::' >> etc/passwd", "belongs to emma now"),
    ("sed -i '/^anna/d' etc/passwd; echo 'anna:x:1009:1:::' >> etc/passwd", "user id 1009 is there now"),
    ("sed -i 's/^anna:x:1000/emma:x:1000/' etc/group", "belongs to the group emma now"),
    ("echo 'emma:165600:10' >> etc/subuid", "subordinate ids belong to emma"),
    ("echo new > var/mail/anna", "/var/mail/anna is there"),
    ("sed -i 's/^anna:!/anna:/' etc/shadow", "/etc/shadow was changed"),
    ("rm -r home/.toolbox-reset/r1/anna", "is not there"),
    ("mv home real; ln -s real home", "Not a directory"), ("chmod 755 home/.toolbox-reset", "others may enter"),
    ("chown 1001 home/.toolbox-reset", "belongs to user id 1001"),
    ("echo '+::::::' >> etc/passwd", "NIS"), ("echo 'bert:x:5:5:::' >> etc/passwd", "a second time"),
    ("echo broken >> etc/shadow", "expected 9 fields"),
  ])
  func `a clash is named and nothing is changed`(change: String, message: String) async throws {
    let root = try await AccountRoot()
    expect(try await root.call("retire", "anna"), 0)
    try await root.shell(change)
    let before = try await root.fingerprint()
    let outcome = try await root.users("restore", "anna")
    #expect([1, 3, 65].contains(outcome.status), "\(outcome.errors)")
    expect(outcome, outcome.status, message)
    #expect(try await root.fingerprint() == before)
  }

  // MARK: Homes that stay

  /// What is done to a root, by mounts or without, and what is then said of anna.
  private static let refusals: [(change: String, mount: String, message: String)] = [
    ("rm -r home/anna; ln -s /etc home/anna", "", "symbolic link"),
    ("mv home/anna home/real; ln -s real home/anna", "", "symbolic link"),
    ("mv home real; ln -s real home", "", "symbolic link"),
    ("", "mount --bind etc home/anna/docs", "contains a mount point"),
    ("", "mount --bind home/anna home/anna", "mount point"),
    ("", "mount --bind home/bert home/anna", "mount point"),
    ("", "mount -t tmpfs none home/anna/.ssh", "contains a mount point"),
    ("sed -i 's#:/home/bert:#:/home/anna:#' etc/passwd", "", "is the home of bert too"),
    ("sed -i 's#:/home/bert:#:/home/link:#' etc/passwd; ln -s anna home/link", "", "is the home of bert too"),
    ("sed -i 's#:/home/bert:#:/home/anna/docs:#' etc/passwd", "", "holds the home of bert"),
    ("sed -i 's#:/home/bert:#:/home/link/docs:#' etc/passwd; ln -s anna home/link", "", "holds the home of bert"),
    ("chown 1001 home/anna", "", "belongs to user id 1001"),
    ("chown 1001 home", "", "which user id 1001 or others may change"),
    ("chmod 777 home", "", "which user id 0 or others may change"),
    ("sed -i 's#:/home/anna:#:/:#' etc/passwd", "", "directory of the system"),
    ("sed -i 's#:/home/anna:#:/root:#' etc/passwd", "", "directory of the system"),
    ("sed -i 's#:/home/anna:#:/home/../etc:#' etc/passwd", "", "no absolute path"),
    ("rm -r home/anna; echo x > home/anna", "", "is no directory"), ("mkdir home/anna/.ecryptfs", "", "eCryptfs"),
    ("mkdir -p home/.ecryptfs/anna", "", "eCryptfs"), ("echo x > home/anna/.identity", "", "systemd-homed"),
    ("sed -i 's/^bert:x:1001/bert:x:1000/' etc/passwd", "", "shares the user id 1000 with bert"),
    ("sed -i '/^anna/d' etc/shadow", "", "no line in /etc/shadow"), ("echo +:: >> etc/group", "", "NIS"),
    ("sed -i 's/^anna:x:1000/anna:x:0/' etc/passwd", "", "superuser"),
    ("mv etc/passwd etc/p; ln -s p etc/passwd", "", "no plain file"), ("ln etc/shadow etc/other", "", "no plain file"),
  ]

  @Test(arguments: refusals.indices)
  func `an account whose home or line is not plainly its own is left wholly as it is`(index: Int) async throws {
    let (change, mount, message) = Self.refusals[index]
    let root = try await AccountRoot()
    try await root.shell(change.isEmpty ? "true" : change)
    let before = try await root.fingerprint()
    let outcome = try await root.call("retire", "anna", mounting: mount.isEmpty ? "true" : mount)
    #expect(outcome.status == 3, "\(outcome.errors)")
    #expect(outcome.errors.contains(message), "\(outcome.errors)")
    #expect(try await root.fingerprint() == before)
  }

  @Test func `processes in the root keep an account where it is`() async throws {
    let root = try await AccountRoot()
    try await root.shell(
      "cp /bin/sleep bin/sleep; ldd /bin/sleep | grep -o '/[^ ]*' | while read -r f; do cp --parents -L \"$f\" .; done")
    let script = #"""
      setpriv --reuid "$3" --regid "$3" --clear-groups chroot --skip-chdir / true 2>/dev/null
      chroot --userspec="$3:$3" "$1" /bin/sleep 30 & process=$!; sleep 0.5
      "$2" "$1" r1 retire anna; code=$?; kill $process; exit $code
      """#
    for (uid, message) in [("1000", "of its processes run"), ("165537", "run in its containers")] {
      let outcome = try await ToolboxProcess.run(
        path: "/bin/sh", ["-c", script, "sh", root.path, AccountRoot.helper, uid])
      expect(outcome, 3, message)
    }
    expect(try await root.call("retire", "anna"), 0)
  }

  // MARK: The lock

  @Test func `the lock of the account files is waited for, named and never removed`() async throws {
    let root = try await AccountRoot()
    let inode = try await root.shell("stat -c %i etc/.pwd.lock")
    let before = try await root.fingerprint()
    // As lckpwdf(3) does it: a lock of fcntl(2) on the whole file.
    let holder = #"""
      /usr/bin/perl -e 'use Fcntl; open(F, "+<", $ARGV[0]) or die; $l = pack("s s x4 l! l! i x4", F_WRLCK, 0, 0, 0, 0);
        fcntl(F, F_SETLK, $l) or die $!;
        print "held\n"; close STDOUT; sleep $ARGV[1];' "$1/etc/.pwd.lock" "$3" > "$1.held" & process=$!
      for _ in 1 2 3 4 5 6 7 8 9 10; do [ -s "$1.held" ] || sleep 0.2; done
      "$2" "$1" r1 retire anna; code=$?; kill $process 2>/dev/null; exit $code
      """#
    let long = try await ToolboxProcess.run(path: "/bin/sh", ["-c", holder, "sh", root.path, AccountRoot.helper, "20"])
    expect(long, 1, "locked by process")
    #expect(try await root.fingerprint() == before)
    let short = try await ToolboxProcess.run(path: "/bin/sh", ["-c", holder, "sh", root.path, AccountRoot.helper, "2"])
    expect(short, 0)
    #expect(try await root.shell("stat -c %i etc/.pwd.lock") == inode)
  }

  // MARK: Settings

  @Test func `the settings of one user are moved aside and back, and nothing else is`() async throws {
    let root = try await AccountRoot()
    let before = try await root.fingerprint(". -mindepth 1", in: "home/anna")
    let account = try await root.fingerprint("etc")
    expect(try await root.call("settings-aside", "anna"), 0)
    #expect(try await root.shell("ls -A home/anna | grep '^[.]'") == ".ssh\n")
    #expect(try await root.shell("ls -A 'home/.toolbox-reset/r1/anna%settings'") == ".bashrc\n.config\n")
    #expect(try await root.fingerprint("etc") == account)
    try await root.shell("echo new > home/anna/.bashrc")
    let kept = try await root.call("settings-back", "anna")
    expect(kept, 0)
    #expect(kept.output == ".bashrc\n")
    try await root.shell("rm home/anna/.bashrc")
    expect(try await root.call("settings-back", "anna"), 0)
    #expect(try await root.fingerprint(". -mindepth 1", in: "home/anna") == before)
    #expect(try await root.shell("ls -A home").contains(".toolbox-reset") == false)
  }

  // MARK: Passwords

  @Test func `a password is shown nowhere but where it may be`() async throws {
    let root = try await AccountRoot()
    for (arguments, message) in [
      (["--backup-password-fd", "1"], "may be logged"), (["--backup-password-fd", "77"], "not open for writing"),
      ([], "no terminal to show the password on"),
    ] {
      let outcome = try await ToolboxProcess.run(
        path: "/usr/bin/setsid",
        ["--wait", ToolboxProcess.path, "reset", "users", "password", "rescue", "--root", root.path] + arguments)
      expect(outcome, 64, message)
    }
    let file = root.directory("password")
    let open = try await AccountRoot.shell(
      #": > "$2"; chmod 644 "$2"; "$1" reset users password rescue --backup-password-fd 3 --root "$3" 3>"$2" 2>&1 || true"#,
      ToolboxProcess.path, file, root.path)
    #expect(open.contains("others may read the file"))
    let foreign = try await AccountRoot.shell(
      #"chmod 600 "$2"; "$1" reset users password anna --backup-password-fd 3 --root "$3" 3>"$2" 2>&1 || true"#,
      ToolboxProcess.path, file, root.path)
    #expect(foreign.contains("is no account that toolbox made"))
  }
}
