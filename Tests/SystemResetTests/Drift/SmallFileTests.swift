import DebianPackages
import HostSystem
import Testing

@testable import SystemReset

/// The small files of dpkg, systemd, snapd, and of accounts and mounts.
@Suite struct SmallFileTests {
  @Test func `diversions of packages and of the administrator`() {
    let file = parsing("/bin/sh\n/bin/sh.distrib\ndash\n/usr/bin/x\n/usr/bin/x.mine\n:\n") {
      DpkgDiversion.parse($0, path: "d")
    }
    #expect(file.entries.map(\.package) == ["dash", nil])
    #expect(file.problems.isEmpty)
  }

  @Test(arguments: [
    (name: "diversions_cut", text: "/a\n/b\nc\n/d\n", problem: StateFileProblem.cut(path: "d", line: 4), count: 1),
    (
      name: "diversions_with_nul", text: "/a\0\n/a\n/b\n:\n", problem: .forbiddenByte(path: "d", line: 1), count: 1
    ),
    (
      name: "diversions_out_of_step", text: "a\n/b\nc\n",
      problem: .malformed(path: "d", line: 1, what: "expected two absolute paths and a package"), count: 0
    ),
    (
      name: "diversions_crlf", text: "/a\r\n/b\r\nc\r\n", problem: .carriageReturns(path: "d", line: 1), count: 1
    ),
  ])
  func `malformed diversions`(name: String, text: String, problem: StateFileProblem, count: Int) {
    let file = parsing(text) { DpkgDiversion.parse($0, path: "d") }
    #expect(file.problems == [problem], "\(name)")
    #expect(file.entries.count == count, "\(name)")
  }

  @Test func `statoverrides with names, ids and blanks in paths`() {
    let file = parsing(
      "root ssl-cert 710 /etc/ssl/private\n#100 #101 02755 /srv/a b\nroot root 9 /x\nroot 7 /y\nr g 7777777 /z\n\n"
    ) { DpkgStatOverride.parse($0, path: "s") }
    #expect(file.entries.map(\.path) == ["/etc/ssl/private", "/srv/a b"])
    #expect(file.entries.map(\.user) == ["root", "#100"])
    #expect(
      file.problems.map(\.message) == [
        "s:3: expected USER GROUP MODE PATH; correct the line", "s:4: expected USER GROUP MODE PATH; correct the line",
        "s:5: expected USER GROUP MODE PATH; correct the line",
      ])
  }

  private func alternative(_ text: String) -> ParsedFile<DpkgAlternative> {
    parsing(text) { DpkgAlternative.parse($0, name: "editor", path: "/a/editor") }
  }

  @Test func `an alternative with followers, in manual mode`() {
    let file = alternative(
      """
      manual
      /usr/bin/editor
      editor.1.gz
      /usr/share/man/man1/editor.1.gz

      /bin/nano
      40
      /usr/share/man/man1/nano.1.gz
      /usr/bin/vim.basic
      30


      """)
    #expect(file.problems.isEmpty)
    #expect(file.entries.first?.isManual == true)
    #expect(file.entries.first?.choices.map(\.priority) == [40, 30])
    #expect(file.entries.first?.automaticChoice == "/bin/nano")
  }

  @Test(arguments: [
    (name: "alternative_empty", text: ""),
    (name: "alternative_of_one_line", text: "auto\n"),
    (name: "alternative_of_unknown_mode", text: "sometimes\n/x\n\n"),
    (name: "alternative_cut_in_followers", text: "auto\n/x\nfollower\n"),
    (name: "alternative_cut_in_choice", text: "auto\n/x\n\n/bin/a\n"),
    (name: "alternative_with_absurd_priority", text: "auto\n/x\n\n/bin/a\n99999999999999999999\n\n"),
    (name: "alternative_cut_before_follower", text: "auto\n/x\nf\n/f\n\n/bin/a\n1\n"),
  ])
  func `malformed alternatives`(name: String, text: String) {
    #expect(alternative(text).problems.count == 1, "\(name)")
  }

  @Test func `architectures`() {
    let file = parsing("amd64\ni386\namd64\nArm 64\n") { DpkgArchitectures.parse($0, path: "a") }
    #expect(file.entries == ["amd64", "i386"])
    #expect(file.problems.count == 1)
  }

  @Test func `mounts of fstab and of the kernel, with escapes`() {
    let table = parsing(
      "# fstab\nUUID=1 / ext4 defaults 0 1\n/dev/sdb1 /srv/a\\040b btrfs subvol=@\n\nbroken\n/dev/x\\999 none swap sw\n"
    ) { Mount.parse(table: $0, path: "/etc/fstab") }
    #expect(table.entries.map(\.point) == ["/", "/srv/a b", "none"])
    #expect(table.entries.last?.source == "/dev/x\\999")
    #expect(
      table.problems == [
        .malformed(path: "/etc/fstab", line: 5, what: "expected a source, a mount point and a type")
      ])
    let mounted = parsing(
      "22 1 8:1 / / rw,relatime shared:1 master:2 - ext4 /dev/sda1 rw\n23 22 0:5 / /dev rw - devtmpfs udev rw\nx - y\n"
    ) { Mount.parse(mounted: $0, path: "m") }
    #expect(mounted.entries.map(\.type) == ["ext4", "devtmpfs"])
    #expect(mounted.entries.map(\.point) == ["/", "/dev"])
    #expect(mounted.problems.count == 1)
  }

  @Test func `ranges of subordinate ids`() {
    let file = parsing("anna:100000:65536\n1001:165536:65536\nx:-1:5\ny:1\nz:99999999999:1\n") {
      SubordinateIDs.parse($0, path: "/etc/subuid")
    }
    #expect(file.entries.map(\.owner) == ["anna", "1001"])
    #expect(file.problems.count == 3)
  }

  @Test func `shadow tells what a password can do, and no hash is kept`() {
    let text = """
      root:*:19000:0:99999:7:::
      anna:$6$salt$secret:19000:0:99999:7:::
      locked:!$6$salt$secret:19000:0:99999:7:::
      fresh:!:19000::::::
      open::0:0:99999:7::0:
      old:$y$x:19000:0:99999:7::19999:
      far:$y$x:19000:0:99999:7::99999999999999999999:
      +nis::::::::
      short:x:1
      nul\0:x:1:1:1:1:1:1:

      """
    let file = parsing(text) { PasswordState.parse($0, path: "/etc/shadow") }
    #expect(file.entries.map(\.kind) == [.none, .usable, .locked, .none, .empty, .usable, .usable])
    #expect(file.entries[4].mustChange)
    #expect(file.entries[4].expiry?.description == "1970-01-01")
    #expect(file.entries[5].expiry?.description == "2024-10-03")
    #expect(file.entries[6].expiry == nil)
    #expect(file.entries[5].isExpired(on: CalendarDay(daysSinceEpoch: 19999)))
    #expect(!file.entries[5].isExpired(on: CalendarDay(daysSinceEpoch: 19998)))
    #expect(file.problems.map(\.message).allSatisfy { !$0.contains("secret") })
    #expect(!"\(file)".contains("secret"))
    #expect(file.problems.count == 2)
  }

  @Test func `presets: the first rule that matches decides`() {
    let rules = parsing(
      """
      # comment
      ; comment
      enable ssh.service
      disable ssh*
      enable getty@.service tty1 tty2
      ignore odd?.service
      disable [a-c]*.timer
      wrong
      enable

      """
    ) { UnitPresets.parse($0, path: "p") }
    #expect(rules.problems.count == 2)
    let presets = UnitPresets(rules: rules.entries)
    #expect(presets.decision(for: "ssh.service") == .enable)
    #expect(presets.decision(for: "ssh.socket") == .disable)
    #expect(presets.decision(for: "getty@tty1.service") == .enable)
    #expect(presets.decision(for: "getty@tty9.service") == .disable)
    #expect(presets.decision(for: "odd1.service") == .ignore)
    #expect(presets.decision(for: "apt-daily.timer") == .disable)
    #expect(presets.decision(for: "unknown.service") == .enable)
  }

  @Test(arguments: [
    ("*", "", true), ("*", "x", true), ("a*b*c", "a1b2c", true), ("a*b*c", "a1b2", false), ("?", "", false),
    ("[!a]x", "bx", true), ("[!a]x", "ax", false), ("[]x]", "]", true), ("[ab", "[ab", true), ("\\*", "*", true),
    ("\\*", "x", false), ("a\\", "a\\", true), ("", "", true), ("", "x", false), ("[z-a]", "b", false),
  ])
  func `patterns of the shell`(pattern: String, text: String, expected: Bool) {
    #expect(ShellPattern(pattern).matches(text) == expected)
  }

  @Test func `a pattern made to take for ever does not`() {
    let pattern = ShellPattern(String(repeating: "a*", count: 40) + "b")
    #expect(!pattern.matches(String(repeating: "a", count: 2000)))
  }

  @Test func `the seed's snaps`() {
    let file = parsing(
      """
      snaps:
        # the base
        -
          name: core22
          channel: stable
          file: core22_864.snap
        - name: "firefox"   # quoted
          unasserted: true
        - channel: x
          name: snap-store
      other:
        - name: not-a-snap
      """
    ) { SnapFiles.parse(seed: $0, path: "s") }
    #expect(file.entries == ["core22", "firefox", "snap-store"])
    #expect(file.problems.isEmpty)
    #expect(parsing("- a\n") { SnapFiles.parse(seed: $0, path: "s") }.problems.count == 1)
    #expect(parsing("") { SnapFiles.parse(seed: $0, path: "s") }.problems.count == 1)
    #expect(parsing("snaps: []\n") { SnapFiles.parse(seed: $0, path: "s") }.problems.isEmpty)
  }

  @Test func `a snap's metadata and file name`() {
    var snap = SystemDrift.InstalledSnap(name: "firefox")
    parsing(
      "name: firefox\nbase: core22\nplugs:\n  gnome:\n    default-provider: gnome-42-2204\n  t:\n    default-provider: gtk:s\n"
    ) { SnapFiles.take(metadata: $0, into: &snap) }
    #expect(snap.type == "app")
    #expect(snap.needs == ["core22", "gnome-42-2204", "gtk"])
    #expect(SnapFiles.name(ofFile: "gnome-42-2204_176.snap") == "gnome-42-2204")
    #expect(SnapFiles.name(ofFile: "a_b_x1.snap") == "a_b")
    #expect(SnapFiles.name(ofFile: "_1.snap") == nil)
    #expect(SnapFiles.name(ofFile: "x.snap.partial") == nil)
    #expect(SnapFiles.name(ofFile: "\u{1B}_1.snap") == nil)
  }

  @Test func `pip's list of files`() {
    #expect(
      parsing("a.py,sha256=x,100\n\"b,c.py\",sha256=y,20\nRECORD,,\nbad,,99999999999999999999\nnone\n") {
        PipRecord($0).count
      } == 5)
    #expect(parsing("a.py,sha256=x,100\n\"b,c.py\",,20\nbad,,-5\n") { PipRecord($0).sizeBytes } == 120)
  }

  @Test func `the shipped lists of generated files and of platform snaps are there`() {
    #expect(GeneratedFiles.shipped.isGenerated(file: "/etc/fstab"))
    #expect(GeneratedFiles.shipped.isGenerated(file: "/etc/ssh/ssh_host_rsa_key"))
    #expect(!GeneratedFiles.shipped.isGenerated(file: "/etc/ssh/sshd_config"))
    #expect(GeneratedFiles.shipped.isGenerated(unit: "snap.lxd.daemon.service"))
    var drift = SystemDrift()
    drift.snaps = ["bare", "core22", "snapd", "corectl"].map { SystemDrift.InstalledSnap(name: $0) }
    let plan = BundlePlanning(drift, baseline: [], selection: Selection()).snaps()
    #expect(plan == .init(remove: ["corectl"], keep: ["bare", "core22", "snapd"]))
  }

  @Test func `ucf's lines`() {
    let file = parsing("0123  /etc/a b\npkg \t /etc/c\nbad\n\n") { UcfLine.parse($0, path: "u") }
    #expect(file.entries == [UcfLine(word: "0123", path: "/etc/a b"), UcfLine(word: "pkg", path: "/etc/c")])
    #expect(file.problems.count == 1)
  }
}
