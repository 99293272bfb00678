import Foundation
import TestSupport
import Testing

/// Plans carried out on real systems: to the end, killed everywhere, with faults, and taken back.
@Suite(.serialized, .enabled(if: ResetRunRoot.obstacle == nil, Comment(rawValue: ResetRunRoot.obstacle ?? "")))
struct ResetRunTests {
  /// What the plan may leave different from stock: what is on hold, the account that was made, and those that were kept.
  private static let lastingly = [
    "sudo:", "added-held", "rescue", "anna", "berta", "carl", "dora", "policy-rc.d", "vendor",
  ]

  private func lines(_ text: String) -> Set<Substring> { Set(text.split(separator: "\n")) }

  @Test func `a changed system comes back to stock, and by undo to what it was`() async throws {
    let system = try await ResetRunRoot(copyOf: try await ResetRunRoot.changed.value())
    let before = try await system.state()
    try await system.savePlan()
    let done = try await system.apply()
    try #require(done.status == 0, "\(done.errors)\n\(done.output)")
    #expect(done.errors.isEmpty, "\(done.errors)")

    // A removed package may leave its configuration, so these lines are not compared.
    let stock = try await system.state(
      of: try await ResetRunRoot.changed.value().directory("stock"), leavingOut: Self.lastingly + ["config-files"])
    let after = try await system.state(leavingOut: Self.lastingly + ["config-files"])
    let left = lines(after).subtracting(lines(stock)).filter {
      !$0.contains("etc/added-") && !$0.contains("etc/clock-two")
    }
    #expect(left.isEmpty)
    #expect(lines(stock).subtracting(lines(after)) == [])
    let packages = try await AccountRoot.shell(
      #"chroot "$1" dpkg --audit; chroot "$1" dpkg -l local-notes | tail -1"#, system.path)
    #expect(!packages.contains("ii "), "\(packages)")
    #expect(!FileManager.default.fileExists(atPath: system.path + "/usr/sbin/policy-rc.d"))

    // The password was shown where it was to go, logs in, and stands nowhere else.
    let password = try String(contentsOfFile: system.directory("password"), encoding: .utf8).filter { !$0.isWhitespace }
    #expect(password.count >= 20)
    let found = try await AccountRoot.shell(
      #"grep -rlF -- "$2" "$1/var" "$1/etc" "$1/home" "$1/root" || true"#, system.path, password)
    #expect(found.isEmpty, "\(found)")
    #expect(!done.output.contains(password))

    let again = try await system.reset("--dry-run", "--json", "--baseline", system.directory("stock.manifest"))
    let plan = try JSONValue(parsing: again.output)
    for list in ["remove", "install", "downgrade", "marks"] {
      #expect(plan["packages"]?[list]?.elements.isEmpty == true, "\(list)")
    }
    #expect(plan["users"]?["remove"]?.elements.isEmpty == true)
    #expect(plan["users"]?["create"]?.elements.isEmpty == true)

    let runs = try await system.reset("runs", "--json")
    #expect(try JSONSchema(fileNamed: "toolbox.reset.runs.1.json").violations(in: runs.output) == [])
    let undone = try await system.reset("undo", "--yes", "--json")
    try #require(undone.status == 0, "\(undone.errors)\n\(undone.output)")
    for line in undone.output.split(separator: "\n") {
      let name = line.contains("toolbox.reset.report/1") ? "toolbox.reset.report.1.json" : "toolbox.reset.step.1.json"
      #expect(try JSONSchema(fileNamed: name).violations(in: String(line)) == [])
    }
    let back = try await system.state(leavingOut: ["rescue"])
    let wanted = before.split(separator: "\n").filter { !$0.contains("rescue") }.joined(separator: "\n")
    // The account that was made stays, and with it its place among the administrators.
    let differs = lines(back).symmetricDifference(lines(wanted)).filter { !$0.hasPrefix("sudo:") }
    #expect(differs.isEmpty)
    print(
      "reset: end to end, lines of state (packages, marks, accounts, /etc, homes): stock \(lines(stock).count), changed "
        + "\(lines(before).count) with \(lines(before).symmetricDifference(lines(stock)).count) other than stock; after the reset "
        + "\(left.count + lines(stock).subtracting(lines(after)).count) other than stock, after the undo \(differs.count) other than changed"
    )
    let login = try await AccountRoot.shell(
      #"chroot "$1" getent shadow anna | cut -d: -f2 | cut -c1-3"#, system.path)
    #expect(login == "$y$\n")

    // What came back can go again, a package that no archive has above all, and come back again.
    try await system.savePlan()
    let twice = try await system.apply()
    try #require(twice.status == 0, "\(twice.errors)")
    #expect(try await system.reset("undo", "--yes").status == 0)
    #expect(try await lines(system.state(leavingOut: ["rescue"])).symmetricDifference(lines(back)).isEmpty)
  }

  @Test func `without a terminal a public key opens the new account`() async throws {
    let system = try await ResetRunRoot(copyOf: try await ResetRunRoot.changed.value())
    try await system.savePlan()
    let key = system.directory("key")
    let blob = Data([0, 0, 0, 11] + Array("ssh-ed25519".utf8) + [0, 0, 0, 32] + [UInt8](repeating: 7, count: 32))
    let line = "ssh-ed25519 \(blob.base64EncodedString()) anna@desk"
    let apply = ["reset", "apply", system.plan, "--yes", "--root", system.path] + ResetRunRoot.allowed
    // Neither a terminal, a descriptor nor a key; and what is no key.
    for (text, status, says) in [
      (nil, Int32(64), "--backup-key"), ("-----BEGIN OPENSSH PRIVATE KEY-----\n", 65, "a private ssh key"),
      (#"command="sh" "# + line + "\n", 65, "no public ssh key"), (line + "\n" + line + "\n", 65, "2 lines"),
    ] {
      try text?.write(toFile: key, atomically: true, encoding: .utf8)
      let words = apply + (text == nil ? [] : ["--backup-key", key])
      let refused = try await ToolboxProcess.run(path: "/usr/bin/setsid", ["--wait", ToolboxProcess.path] + words)
      #expect(refused.status == status, "\(refused.errors)")
      #expect(refused.errors.contains(says), "\(refused.errors)")
    }
    try ("# mine\n" + line + "\n").write(toFile: key, atomically: true, encoding: .utf8)
    let done = try await ToolboxProcess.run(
      path: "/usr/bin/setsid", ["--wait", ToolboxProcess.path] + apply + ["--backup-key", "key"],
      workingDirectory: system.directory.path)
    try #require(done.status == 0, "\(done.errors)\n\(done.output)")
    let home = system.path + "/home/rescue/.ssh"
    #expect(try String(contentsOfFile: home + "/authorized_keys", encoding: .utf8) == line + "\n")
    let found = try await AccountRoot.shell(
      #"""
      cd "$1"; stat -c '%a %U' home/rescue/.ssh | sed 's/[^ ]*$//'; stat -c %a home/rescue/.ssh/authorized_keys
      [ "$(stat -c %u home/rescue/.ssh/authorized_keys)" = "$(chroot . id -u rescue)" ] && echo own
      [ "$(chroot . getent shadow rescue | cut -d: -f3)" -gt 0 ] && echo lasting
      chroot . visudo -c > /dev/null && echo lawful
      chroot . su - rescue -c 'sudo -n -l' | grep -c 'NOPASSWD: /usr/bin/passwd rescue$'
      chroot . su - rescue -c 'printf "Fresh-4711\nFresh-4711\n" | sudo -n passwd rescue' 2> /dev/null && echo set
      chroot . su - rescue -c 'sudo -n id' 2> /dev/null || echo no more than that
      """#, system.path)
    #expect(found == "700 \n600\nown\nlasting\nlawful\n1\nset\nno more than that\n")

    // Somebody who was taken away with all the rest comes back alone: with the files, the owner, and the old password.
    let login = #"printf before | "$2" "$1" r1 login anna 'id -un; cat letter; stat -c "%U %a" .'"#
    let refused = try await AccountRoot.shell(login + " || true", system.path, AccountRoot.helper)
    #expect(!refused.contains("letter"), "\(refused)")
    let back = try await system.reset("users", "restore", "anna")
    try #require(back.status == 0, "\(back.errors)")
    let inside = try await AccountRoot.shell(login, system.path, AccountRoot.helper)
    #expect(inside.replacing("\r\n", with: "\n").contains("\nanna\nletter\nanna 700\n"), "\(inside)")
  }

  @Test func `a postrm that fails stops the run, and resume or undo go on`() async throws {
    let changed = try await ResetRunRoot.changed.value()
    for goesBack in [false, true] {
      let system = try await ResetRunRoot(copyOf: changed)
      let before = try await system.state()
      try await system.savePlan()
      try Data().write(to: URL(fileURLWithPath: system.path + "/srv/postrm-fails"))
      let failed = try await system.apply()
      #expect(failed.status == 1, "\(failed.errors)")
      #expect(failed.errors.contains("reset resume"))
      let status = try await system.reset("status", "--json")
      #expect(try JSONValue(parsing: status.output)["runs"]?.elements.first?["outcome"]?.string == "failed")
      // Another run is refused while this one is not over.
      let other = try await system.apply()
      #expect(other.status == 3, "\(other.errors)")
      try FileManager.default.removeItem(atPath: system.path + "/srv/postrm-fails")
      if goesBack {
        let undone = try await system.reset("undo", "--yes")
        #expect(undone.status == 0, "\(undone.errors)\(undone.output)")
        let differs = lines(try await system.state()).symmetricDifference(lines(before))
        #expect(differs.isEmpty)
        ResetRunRoot.row("a postrm that exits 1", "\(failed.status), then undone: \(differs.count) differences")
      } else {
        let resumed = try await system.resume()
        #expect(resumed.status == 0, "\(resumed.errors)\(resumed.output)")
        #expect(try await !system.state().contains("added-fails:all 1.0 install"))
        ResetRunRoot.row("a postrm that exits 1", "\(failed.status), then resumed: \(resumed.status)")
      }
    }
  }

  @Test func `an archive that is gone, or has something else, stops the run before anything is changed`() async throws {
    let changed = try await ResetRunRoot.changed.value()
    for fault in ["gone", "wrong"] {
      let system = try await ResetRunRoot(copyOf: changed)
      let before = try await system.state()
      try await system.savePlan()
      let archive = system.path + "/srv/debian"
      if fault == "gone" {
        try FileManager.default.moveItem(atPath: archive, toPath: archive + ".away")
      } else {
        try await AccountRoot.shell(#"cp "$1/stock-a_1.0_all.deb" "$1/stock-b_1.0_all.deb""#, archive)
      }
      let failed = try await system.apply()
      #expect(failed.status == 69, "\(fault): \(failed.status) \(failed.errors)")
      #expect(lines(try await system.state()).symmetricDifference(lines(before)).isEmpty, "\(fault)")
      let undone = try await system.reset("undo", "--yes")
      #expect(undone.status == 0, "\(fault): \(undone.errors)")
      let differs = lines(try await system.state()).symmetricDifference(lines(before))
      #expect(differs.isEmpty, "\(fault)")
      ResetRunRoot.row(
        fault == "gone" ? "mirror gone before the download" : "a download with a wrong hash",
        "refused with \(failed.status), \(differs.count) differences")
    }
  }

  @Test func `a plan that was edited, or that the system left behind, is refused with every difference`() async throws {
    let system = try await ResetRunRoot(copyOf: try await ResetRunRoot.changed.value())
    try await system.savePlan()
    let text = try String(contentsOfFile: system.plan, encoding: .utf8)
    let before = try await system.state()
    func refused(_ edited: String, _ word: String) async throws {
      #expect(edited != text, "\(word)")
      try edited.write(toFile: system.plan, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: system.plan)
      let outcome = try await system.apply()
      #expect(outcome.status == 3, "\(word): \(outcome.errors)")
      #expect(outcome.errors.contains(word), "\(outcome.errors)")
    }
    try await refused(text.replacing(#""name" : "added-03""#, with: #""name" : "bash""#), "bash")
    try await refused(text.replacing(#""home_action" : "quarantine""#, with: #""home_action" : "delete""#), "delete")
    try text.write(toFile: system.plan, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: system.plan)
    let writable = try await system.apply()
    #expect(writable.status == 3 && writable.errors.contains("others may write it"), "\(writable.errors)")
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: system.plan)
    // Without a word for what it touches.
    let bare = try await system.reset("apply", system.plan, "--yes")
    #expect(bare.status == 64 && bare.errors.contains("--allow users"), "\(bare.errors)")
    #expect(lines(try await system.state()) == lines(before))
    // The system moves on.
    try await AccountRoot.shell(#"chroot "$1" apt-get -qq -y remove added-05 > /dev/null"#, system.path)
    let drifted = try await system.apply()
    #expect(drifted.status == 3 && drifted.errors.contains("added-05"), "\(drifted.errors)")
    #expect(!FileManager.default.fileExists(atPath: system.path + "/var/lib/toolbox/reset"))
  }

  @Test func `a purge takes configuration and leaves what people stored`() async throws {
    let system = try await ResetRunRoot(copyOf: try await ResetRunRoot.changed.value())
    // Two packages whose purge deletes a directory: a database, and one that nobody knows. The other also deletes an account that
    // dpkg is told of for a file of the first.
    try await AccountRoot.shell(
      #"""
      set -e; cd "$1"; export DEBIAN_FRONTEND=noninteractive
      for pair in redis-server:redis added-state:added-state; do
        name=${pair%:*}; data=/var/lib/${pair#*:}; d=tmp/made; mkdir -p $d/DEBIAN $d/etc .$data
        printf 'Package: %s\nVersion: 1.0\nArchitecture: all\nMaintainer: Nobody <root@localhost>\nDescription: x\n' $name > $d/DEBIAN/control
        printf '#!/bin/sh\nif [ "$1" = purge ]; then rm -rf %s; [ %s = redis-server ] || { userdel ghost; userdel gone; }; fi\n' $data $name > $d/DEBIAN/postrm; chmod 755 $d/DEBIAN/postrm
        [ $name = redis-server ] || printf '#!/bin/sh\nid ghost >/dev/null 2>&1 || useradd -r -s /usr/sbin/nologin ghost\n' > $d/DEBIAN/postinst
        [ $name = redis-server ] || chmod 755 $d/DEBIAN/postinst
        echo setting > $d/etc/$name.conf; echo /etc/$name.conf > $d/DEBIAN/conffiles; echo work > .$data/work
        chroot . dpkg-deb -Znone --root-owner-group --build /$d /tmp/made.deb > /dev/null
        chroot . dpkg -i /tmp/made.deb > /dev/null; rm -r $d tmp/made.deb
      done
      chroot . useradd -r -s /usr/sbin/nologin gone
      chroot . dpkg-statoverride --update --add ghost root 640 /etc/redis-server.conf
      chroot . dpkg-statoverride --add gone root 2750 '/srv/of one'
      """#, system.path)
    // With a second list: it is read again when the plan is carried out.
    try "added-25\n".write(toFile: system.directory("installer-remove"), atomically: true, encoding: .utf8)
    try await system.savePlan("--purge", "--baseline", "installer-remove")
    let shown = try await system.reset("--dry-run", "--purge", "--baseline", system.directory("stock.manifest"))
    // As one line: it is filled to the width of the terminal.
    let text = shown.output.split { $0.isWhitespace }.joined(separator: " ")
    #expect(text.contains("/var/lib/redis: what redis-server stored there stays"), "\(shown.output)")
    #expect(text.contains("added-state: its purge deletes /var/lib/added-state"), "\(shown.output)")
    // Not allowed by the others.
    let refused = try await system.apply()
    #expect(refused.status == 64 && refused.errors.contains("--allow purge"), "\(refused.errors)")
    let done = try await system.apply("--allow", "purge")
    try #require(done.status == 0, "\(done.errors)\n\(done.output)")
    let left = try await AccountRoot.shell(
      #"""
      cd "$1"; cat var/lib/redis/work etc/redis-server.conf; ls -d var/lib/added-state etc/added-01.conf etc/added-state.conf 2>&1 | grep -c 'No such'
      chroot . dpkg-query -W -f '${Package} ${db:Status-Status}\n' 'redis-server' 'added-*' | grep -v added-held
      """#, system.path)
    #expect(left == "work\nsetting\n3\nredis-server config-files\n", "\(left)")
    #expect(done.output.contains("/etc/redis-server.conf: dpkg's override of its owner (ghost:root) is taken out"))
    let overrides = #"cat "$1/var/lib/dpkg/statoverride"; chroot "$1" stat -c '%U %G %a' /etc/redis-server.conf"#
    #expect(try await !AccountRoot.shell(overrides, system.path).contains("ghost"))
    let undone = try await system.reset("undo", "--yes")
    #expect(undone.status == 0, "\(undone.errors)")
    // The account that a package makes is back, and with it the override; the other account nobody makes.
    let back = try await AccountRoot.shell(overrides, system.path)
    #expect(back.contains("ghost root 640 /etc/redis-server.conf\n") && back.hasSuffix("ghost root 640\n"), "\(back)")
    #expect(
      !back.contains("gone")
        && undone.output.contains(
          "/srv/of one: dpkg's override of its owner (gone:root) does not come back: the purge deleted user 'gone'"),
      "\(undone.output)")
    #expect(undone.output.contains("the configuration of added-01:all, which was purged"), "\(undone.output)")
    #expect(
      try await AccountRoot.shell(#"cat "$1/var/lib/redis/work" "$1/etc/redis-server.conf""#, system.path)
        == "work\nsetting\n")
  }

  @Test func `the settings of an account go aside and come back`() async throws {
    let system = try await ResetRunRoot(copyOf: try await ResetRunRoot.changed.value())
    let before = try await system.state()
    let shown = try await system.reset("--only", "user-config", "--user", "anna", "--dry-run")
    #expect(shown.status == 0 && shown.output.contains("anna: .bashrc"), "\(shown.errors)")
    let moved = try await system.reset("--only", "user-config", "--user", "anna", "--yes")
    #expect(moved.status == 0, "\(moved.errors)")
    let names = try FileManager.default.contentsOfDirectory(atPath: system.path + "/home/anna")
    #expect(names == ["letter"])
    let undone = try await system.reset("undo", "--yes")
    #expect(undone.status == 0, "\(undone.errors)")
    #expect(lines(try await system.state()).symmetricDifference(lines(before)).isEmpty)
  }
}

/// A value that is made once, by whoever asks first.
actor Once<Value: Sendable> {
  private let make: @Sendable () async throws -> Value
  private var task: Task<Value, any Error>?

  init(_ make: @escaping @Sendable () async throws -> Value) { self.make = make }

  func value() async throws -> Value {
    if let task { return try await task.value }
    let task = Task { try await make() }
    self.task = task
    return try await task.value
  }
}
