import Foundation
import TestSupport
import Testing

/// The package on a system that systemd has booted: its units, and a reset of the system itself.
@Suite(
  .serialized, .enabled(if: ResetRunRoot.obstacle == nil, Comment(rawValue: ResetRunRoot.obstacle ?? "")),
  .enabled(if: BuiltPackage.path != nil, "the package is not built: make deb"),
  .enabled(if: Nginx.obstacle == nil, "nginx is not installed"))
struct SystemdTests {
  private struct Machine: Sendable {
    let root: ResetRunRoot
    let system: BootedRoot
  }

  /// What the package needs besides systemd itself.
  private static let packages = [
    "systemd", "systemd-sysv", "dbus", "procps", "libsqlite3-0", "libexpat1", "liblz4-1", "liblzma5", "libzstd1",
    "zlib1g", "libcurl4",
  ]

  private static let machine = Once {
    let root = try await ResetRunRoot(including: packages)
    try await AccountRoot.shell(
      #"cp "$1" "$2/toolbox.deb"; chroot "$2" dpkg -i /toolbox.deb > /dev/null; rm "$2/toolbox.deb"; cp "$3" "$2/root""#,
      try #require(BuiltPackage.path), root.path, root.directory("stock.manifest"))
    return Machine(root: root, system: try await BootedRoot(root.path))
  }

  /// A feed of one release.
  private static func feed(_ version: String, _ date: String) -> String {
    #"{"releases":[{"moniker":"stable","version":"\#(version)","iseol":false,"released":{"isodate":"\#(date)"}}]}"#
  }

  /// Whether a hook was run for a version, as a user that systemd made for the service.
  /// Source: systemd.exec(5), DynamicUser=, for the numbers.
  private func isByOwnUser(_ log: String, _ version: String) -> Bool {
    log.split(separator: "\n").contains { line in
      let words = line.split(separator: " ")
      return words.dropLast() == ["hook:", Substring(version), "as"]
        && (61_184...65_519).contains(words.last.flatMap { Int($0) } ?? 0)
    }
  }

  @Test func `the units fetch, tell, run hooks and stop as the user they are given`() async throws {
    let system = try await Self.machine.value().system
    let nginx = try Nginx()
    try nginx.write("releases.json", text: Self.feed("7.2.3", "2026-09-05"))
    // nginx tells contents apart by second and size, so each has another size. The administrator's own feed, and a hook that says what it was called for and as whom.
    try await system.shell(
      #"""
      printf 'kernel:\n  feeds:\n    - %s\n' "$1" > /etc/toolbox/config.yaml
      mkdir -p /usr/local/sbin
      printf '%s\n' '#!/bin/sh' 'echo "hook: $TOOLBOX_VERSION as $(id -u)"' > /usr/local/sbin/tell-release
      chmod 755 /usr/local/sbin/tell-release
      for unit in toolbox-kernel toolbox-kernel-watch; do
        mkdir -p /etc/systemd/system/$unit.service.d
        start=$(sed -n 's/^ExecStart=//p' /usr/lib/systemd/system/$unit.service)
        printf '[Service]\nExecStart=\nExecStart=%s --force --exec /usr/local/sbin/tell-release\n' "$start" \
          > /etc/systemd/system/$unit.service.d/hook.conf
      done
      sed -i 's/--force/--interval 1s &/' /etc/systemd/system/toolbox-kernel-watch.service.d/hook.conf
      systemctl daemon-reload
      """#, nginx.address())
    func log(_ unit: String) async throws -> String {
      try await system.shell(#"journalctl --sync; journalctl --quiet -o cat -u "$1""#, unit)
    }

    try await system.shell("systemctl start toolbox-kernel.service")
    let first = try await log("toolbox-kernel")
    #expect(first.contains("1 releases stored"), "\(first)")
    try nginx.write("releases.json", text: Self.feed("7.2.4", "2026-09-12") + "\n")
    try await system.shell("systemctl start toolbox-kernel.service")
    let said = try await log("toolbox-kernel")
    #expect(said.contains("7.2.4"), "\(said)")
    #expect(isByOwnUser(said, "7.2.4"), "\(said)")
    // What the runtime would like and may not have is no business of the administrator's.
    #expect(!said.contains("priority"), "\(said)")
    // What the service has stored is root's to read; systemd keeps it from everybody else, and they get the shipped history.
    #expect(try await system.shell("toolbox kernel list").contains("7.2.4 "))
    let asNobody = "setpriv --reuid nobody --regid nogroup --clear-groups env HOME=/nonexistent toolbox kernel list"
    let listed = try await system.shell(asNobody)
    #expect(listed.contains("longterm") && !listed.contains("7.2.4 "), "\(listed)")
    // A feed that is not there is no failed unit: the timer comes again.
    try nginx.write("releases.json", text: "")
    let broken = try await system.run("/bin/systemctl", "start", "toolbox-kernel.service")
    #expect(broken.status != 0, "what is no feed is a failure that somebody should see")

    try await system.shell(
      "systemctl reset-failed; systemctl start toolbox-kernel.timer; systemctl is-active toolbox-kernel.timer")
    // The process that stays takes the timer's place, tells in time and ends when it is asked to.
    try nginx.write("releases.json", text: Self.feed("7.2.5", "2026-09-19") + "\n\n")
    try await system.shell("systemctl start toolbox-kernel-watch.service")
    #expect(try await system.run("/bin/systemctl", "is-active", "toolbox-kernel.timer").status != 0)
    let told = try await system.shell(
      #"""
      for try in $(seq 200); do
        journalctl --sync
        if journalctl --quiet -o cat -u toolbox-kernel-watch | grep 'hook: 7.2.5'; then break; fi
        sleep 0.1
      done
      """#)
    let watched = try await log("toolbox-kernel-watch")
    #expect(isByOwnUser(told, "7.2.5"), "\(watched)")
    #expect(!watched.contains("priority"), "\(watched)")
    // The one that stays has a copy for everybody, as soon as its round is over.
    let copied = try await system.shell(
      "for try in $(seq 200); do \(asNobody) | grep '^7.2.5 ' && break; sleep 0.1; done; ls -A /run/toolbox-kernel")
    #expect(copied.contains("7.2.5") && copied.hasSuffix("\nkernel.sqlite\n"), "\(copied)")
    try await system.shell("systemctl stop toolbox-kernel-watch.service")
    let ended = try await system.shell("systemctl show -p Result -p ExecMainStatus toolbox-kernel-watch.service")
    #expect(ended == "Result=success\nExecMainStatus=0\n")
  }

  @Test func `a reset of the running system outlives the session it was begun in, and is undone`() async throws {
    let machine = try await Self.machine.value()
    let (root, system) = (machine.root, machine.system)
    let before = try await root.state()
    let begun = try await system.shell(
      #"""
      cd /root; umask 077
      toolbox reset plan --baseline stock.manifest --with conffiles --with repositories -o plan.json > /dev/null
      touch /srv/postrm-waits
      systemd-run --quiet --scope --unit=session sh -c '"$@"; echo "ended with $?"' sh toolbox reset apply \
        /root/plan.json --yes --allow users --allow conffiles --allow repositories --backup-password-fd 9 9> password > said 2>&1 < /dev/null &
      for try in $(seq 600); do
        if pgrep -f "[a]dded-fails.postrm" > /dev/null; then break; fi
        sleep 0.1
      done
      systemd-inhibit --list --no-pager | grep ^toolbox
      # What logging out does.
      systemctl stop session.scope
      systemd-inhibit --list --no-pager | grep -c ^toolbox || true
      systemctl --check-inhibitors=yes reboot 2>&1 || echo refused
      pgrep -x toolbox | wc -l
      rm /srv/postrm-waits
      for try in $(seq 600); do
        if ! pgrep -x toolbox > /dev/null; then break; fi
        sleep 0.1
      done
      systemd-inhibit --list --no-pager | grep -c ^toolbox || true
      systemctl list-units --all --no-legend 'toolbox-reset-*' | wc -l
      """#)
    let lines = begun.split(separator: "\n")
    let said = try String(contentsOfFile: root.path + "/root/said", encoding: .utf8)
    try #require(lines.count > 6, "\(begun)\(said)")
    #expect(lines[0].contains("shutdown:sleep") && lines[0].contains("block"), "\(lines[0])")
    #expect(lines[1] == "1", "\(begun)")
    #expect(lines[2...].contains { $0.contains(#"inhibited by "toolbox""#) }, "\(begun)")
    #expect(lines.suffix(4) == ["refused", "1", "0", "0"], "\(begun)")
    #expect(said.contains("Take it back  toolbox reset undo"), "\(said)")

    let after = try await root.state()
    #expect(after != before)
    #expect(!after.contains("added-01:all 1.0 install installed"))
    #expect(try await system.shell("dpkg --audit") == "")
    try await system.shell("toolbox reset undo --yes > /dev/null")
    let left = try await difference(root, from: before)
    #expect(left.isEmpty)
  }

  /// What is killed in which script of a package, and what is done then.
  struct Outage: Sendable, CustomTestStringConvertible {
    let command: String
    let script: String
    let then: String
    var testDescription: String { "\(command), in a \(script), then \(then)" }
  }

  @Test(arguments: [
    Outage(command: "apply", script: "preinst", then: "resume"),
    Outage(command: "apply", script: "postinst", then: "resume"),
    Outage(command: "apply", script: "postrm", then: "resume"),
    Outage(command: "apply", script: "preinst", then: "undo"),
    Outage(command: "apply", script: "prerm", then: "undo"),
    Outage(command: "apply", script: "postrm", then: "undo"),
    Outage(command: "undo", script: "preinst", then: "resume"),
  ])
  func `power that goes while dpkg works costs nothing`(outage: Outage) async throws {
    let machine = try await Self.machine.value()
    let (root, system) = (machine.root, machine.system)
    let before = try await root.state()
    let begun = try await system.shell(
      #"""
      cd /root; umask 077
      apply() {
        setsid toolbox reset apply /root/plan.json --yes --allow users --allow conffiles --allow repositories \
          --backup-password-fd 9 9> password > said 2>&1 < /dev/null
      }
      undo() { setsid toolbox reset undo --yes > said 2>&1 < /dev/null; }
      toolbox reset plan --baseline stock.manifest --with conffiles --with repositories -o plan.json > /dev/null
      if [ "$1" = undo ]; then apply; fi
      touch "/srv/$2-waits"
      $1 & run=$!
      for try in $(seq 600); do
        if pgrep -f "/var/lib/dpkg/.*[.i/]$2 " > /dev/null || ! kill -0 $run; then break; fi
        sleep 0.1
      done
      for name in toolbox apt-get dpkg; do pkill -KILL -x $name || true; done
      pkill -KILL -f "/var/lib/dpkg/.*[.i/]$2 " || true
      rm "/srv/$2-waits"; wait || true
      dpkg-query -W -f '${db:Status-Status}\n' | sort | uniq -c
      """#, outage.command, outage.script)
    let said = try String(contentsOfFile: root.path + "/root/said", encoding: .utf8)
    #expect(begun.contains("half-"), "\(begun)\(said)")
    // Another run is not begun on such a system.
    let another = try await system.run("/usr/bin/toolbox", "reset", "apply", "/root/plan.json", "--yes")
    #expect([3, 64].contains(another.status), "\(another.errors)")
    if outage.then == "resume" {
      let resumed = try await system.shell(
        "cd /root; umask 077; setsid toolbox reset resume --backup-password-fd 9 9> password")
      #expect(resumed.contains("done"), "\(resumed)")
      #expect(try await system.shell("dpkg --audit") == "")
    }
    if outage.command == "apply" { try await system.shell("toolbox reset undo --yes") }
    #expect(try await system.shell("dpkg --audit") == "")
    let left = try await difference(root, from: before)
    #expect(left.isEmpty)
  }

  /// What an undo left different. The account that was made stays, and with it its place among the administrators.
  private func difference(_ root: ResetRunRoot, from before: String) async throws -> [Substring] {
    Set(try await root.state().split(separator: "\n")).symmetricDifference(before.split(separator: "\n"))
      .filter { !$0.contains("rescue") && !$0.hasPrefix("sudo:") }.sorted()
  }
}
