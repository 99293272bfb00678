import FoundationEssentials
import Glibc
import HostSystem
import TestSupport
import Testing

@testable import SystemReset

extension FixtureSystem {
  func link(_ path: String, to target: String) throws {
    let place = directory(path)
    let parent = place.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: target)
  }

  func drift() throws -> ResetPlan.Drift { try plan().drift }
}

/// What the reader finds on small roots, and what it does with hostile ones.
@Suite struct SystemDriftTests {
  // MARK: Configuration files

  @Test func `configuration files are compared with dpkg's sums`() throws {
    var system = try FixtureSystem()
    let abc = "900150983cd24fb0d6963f7d28e17f72"
    system.add(
      "a",
      "Conffiles:\n /etc/same \(abc)\n /etc/changed \(abc)\n /etc/missing \(abc)\n /etc/gone \(abc) obsolete\n"
        + " /etc/leaving \(abc) remove-on-upgrade\n /etc/new newconffile\n /etc/hostname \(abc)\n /etc/moved \(abc)\n"
        + " /etc/directory \(abc)\n /etc/with blank \(abc)")
    system.add("old", "Conffiles:\n /etc/old \(abc)", state: "deinstall ok config-files")
    for path in ["same", "with blank", "moved.real"] { try system.write("etc/\(path)", "abc") }
    try system.write("etc/changed", "abcd")
    try system.write("etc/hostname", "mine")
    try system.write("etc/moved", "other")
    try system.write("etc/directory/x", "")
    try system.write("var/lib/dpkg/diversions", "/etc/moved\n/etc/moved.real\nb\n")
    try system.write("var/lib/ucf/hashfile", "\(abc)  /etc/ucf\n\(abc)  /etc/ucf-same\n")
    try system.write("var/lib/ucf/registry", "web \t /etc/ucf\n")
    try system.write("etc/ucf", "changed")
    try system.write("etc/ucf-same", "abc")
    let found = try system.drift().conffiles
    #expect(
      found == [
        .init(path: "/etc/changed", package: "a", state: .changed),
        .init(path: "/etc/directory", package: "a", state: .changed),
        .init(path: "/etc/missing", package: "a", state: .missing),
        .init(path: "/etc/ucf", package: "web", state: .changed),
      ])
  }

  @Test func `a pipe where a configuration file was is a change and nothing waits`() throws {
    var system = try FixtureSystem()
    system.add("a", "Conffiles:\n /etc/pipe 900150983cd24fb0d6963f7d28e17f72")
    try system.write("etc/x", "")
    #expect(mkfifo(system.directory("etc/pipe"), 0o600) == 0)
    #expect(mkdir(system.directory("etc/apt"), 0o700) == 0)
    #expect(mkfifo(system.directory("etc/apt/sources.list"), 0o600) == 0)
    let plan = try system.plan()
    #expect(plan.drift.conffiles.map(\.state) == [.changed])
    #expect(plan.warnings.contains { $0.subject.hasSuffix("/etc/apt/sources.list") })
  }

  @Test(.enabled(if: geteuid() != 0, "root may read everything"))
  func `what may not be read is named`() throws {
    var system = try FixtureSystem()
    system.add("a", "Conffiles:\n /etc/secret 900150983cd24fb0d6963f7d28e17f72")
    try system.write("etc/secret", "abc")
    #expect(chmod(system.directory("etc/secret"), 0) == 0)
    let plan = try system.plan()
    #expect(plan.drift.conffiles.map(\.state) == [.unreadable])
    #expect(plan.warnings.contains { $0.id == "unreadable-conffiles" })
  }

  // MARK: apt

  @Test func `repositories are judged by origin, and by host where there is no Release file`() throws {
    var system = try FixtureSystem()
    system.offer("x")
    try system.write(
      "etc/apt/sources.list",
      """
      deb http://mirror.example/debian bookworm-other main
      deb http://mirror.example/debian bookworm main
      deb http://mirror.example/debian bookworm-updates main
      # deb https://me:secret@off.example/x stable main
      deb http://vendor.example/apt stable main
      deb cdrom:[Debian 12]/ bookworm main
      deb file:/srv/packages ./

      """)
    try system.write(
      "etc/apt/sources.list.d/more.sources",
      "Types: deb\nURIs: https://unknown.example\nSuites: ./\nSigned-By: /etc/apt/keyrings/unknown.asc\n")
    try system.write("etc/apt/sources.list.d/ignored.list.save", "deb http://no.example a b\n")
    let lists = "var/lib/apt/lists/"
    try system.write(lists + "mirror.example_debian_dists_bookworm_InRelease", "Origin: Debian\nSuite: stable\n")
    try system.write(lists + "vendor.example_apt_dists_stable_Release", "Origin: Vendor Inc\n")
    let found = try system.drift().repositories
    #expect(
      found.map(\.uri) == [
        "https://off.example/x", "http://vendor.example/apt", "file:/srv/packages", "https://unknown.example",
      ])
    #expect(found.map(\.enabled) == [false, true, true, true])
    #expect(found.map(\.line) == [4, 5, 7, 1])
    #expect(found.map(\.origin) == [nil, "Vendor Inc", nil, nil])
    #expect(found[1].reason == "its origin 'Vendor Inc' is not the distribution's")
  }

  @Test func `where no Release file tells of the distribution's archives none is judged`() throws {
    var system = try FixtureSystem()
    system.offer("x", origin: "Vendor Inc")
    try system.write("etc/apt/sources.list", "deb http://mirror.example/debian bookworm main\n")
    #expect(try system.drift().repositories.isEmpty)
    #expect(try system.plan().warnings.contains { $0.id == "repositories-not-judged" })
  }

  @Test func `on an unknown distribution no repository is accused`() throws {
    var system = try FixtureSystem(osRelease: "ID=strange\n")
    system.add("a")
    try system.write("etc/apt/sources.list", "deb http://a.example b c\n")
    let plan = try system.plan()
    #expect(plan.drift.repositories.isEmpty)
    #expect(plan.warnings.contains { $0.id == "repositories-not-judged" })
  }

  @Test func `keys and pins that packages brought are no drift`() throws {
    var system = try FixtureSystem()
    system.add("archive-keyring", "Multi-Arch: foreign")
    system.add("lib", "Multi-Arch: same")
    try system.write(
      "var/lib/dpkg/info/archive-keyring.list",
      "/.\n/usr/share/keyrings/archive.gpg\n/etc/apt/preferences.d/shipped.pref\n")
    try system.write("var/lib/dpkg/info/lib:amd64.list", "/.\n/usr/share/keyrings/lib.gpg")
    for path in [
      "usr/share/keyrings/archive.gpg", "usr/share/keyrings/lib.gpg", "usr/share/keyrings/vendor.gpg",
      "etc/apt/trusted.gpg.d/old.asc", "etc/apt/trusted.gpg.d/readme.txt", "etc/apt/keyrings/any",
      "etc/apt/trusted.gpg",
    ] { try system.write(path, "key") }
    try system.write("etc/apt/sources.list", "deb [signed-by=/etc/apt/keyrings/any] http://a.example b c\n")
    let pin = "Package: *\nPin: release a=x\nPin-Priority: 700\n"
    try system.write("etc/apt/preferences.d/shipped.pref", pin)
    try system.write("etc/apt/preferences.d/mine", "\n" + pin)
    try system.write("etc/apt/preferences.d/mine.bak", pin)
    let found = try system.drift()
    #expect(
      found.keys.map(\.path) == [
        "/etc/apt/trusted.gpg", "/etc/apt/trusted.gpg.d/old.asc", "/etc/apt/keyrings/any",
        "/usr/share/keyrings/vendor.gpg",
      ])
    #expect(found.keys[2].reason == "no installed package brought it; /etc/apt/sources.list:1 is signed by it")
    #expect(
      found.pins == [
        .init(file: "/etc/apt/preferences.d/mine", line: 2, package: "*", pin: "release a=x", priority: 700)
      ])
  }

  @Test func `a stock package in a foreign version is named with the version to go back to`() throws {
    var system = try FixtureSystem()
    for name in ["ahead", "offered", "behind", "current", "nowhere"] {
      system.add(name, "Priority: required", version: "2")
    }
    system.offer("ahead", version: "1")
    system.offer("ahead", version: "1.5")
    system.offer("offered", version: "3")
    system.offer("offered", version: "2", origin: "Vendor")
    system.offer("behind", version: "3")
    system.offer("current", version: "2")
    system.offer("current", version: "3")
    system.offer("nowhere", version: "2", origin: "Vendor")
    let found = try system.drift().foreignVersions
    #expect(found.map(\.name) == ["ahead", "offered"])
    #expect(found.map(\.official) == ["1.5", "3"])
  }

  // MARK: dpkg

  @Test func `alternatives in manual mode, local diversions, and overrides that break dpkg`() throws {
    let system = try FixtureSystem()
    try system.write(
      "var/lib/dpkg/alternatives/editor", "manual\n/usr/bin/editor\n\n/bin/nano\n40\n/usr/bin/vi\n30\n\n")
    try system.write("var/lib/dpkg/alternatives/pager", "auto\n/usr/bin/pager\n\n/bin/less\n1\n\n")
    try system.link("etc/alternatives/editor", to: "/usr/bin/vi")
    try system.write("var/lib/dpkg/diversions", "/bin/sh\n/bin/sh.distrib\ndash\n/bin/x\n/bin/x.orig\n:\n")
    try system.write("var/lib/dpkg/statoverride", "root root 755 /a\nghost sudo 4755 /b\n#5 #6 644 /c\n")
    try system.write("var/lib/dpkg/arch", "amd64\ni386\n")
    let found = try system.drift()
    #expect(
      found.alternatives == [
        .init(name: "editor", value: "/usr/bin/vi", link: "/usr/bin/editor", automatic: "/bin/nano")
      ])
    #expect(found.diversions == [.init(from: "/bin/x", to: "/bin/x.orig")])
    #expect(
      found.statoverrides.map(\.problem) == [nil, "user 'ghost' does not exist: every run of dpkg will fail", nil])
    #expect(try system.snapshot().drift.addedArchitectures == ["i386"])
  }

  // MARK: Services

  @Test func `units are judged by presets and by what their packages did`() throws {
    var system = try FixtureSystem()
    system.add("shipper", "Conffiles:\n /etc/systemd/system/shipped.service 900150983cd24fb0d6963f7d28e17f72")
    let packaged = "usr/lib/systemd/system/"
    for unit in [
      "cron", "debug", "masked", "maskedbypackage", "fine", "web", "getty@", "shipped", "leftoff", "leftoffandon",
    ] {
      try system.write("\(packaged)\(unit).service", "[Unit]\n")
    }
    try system.write("usr/lib/systemd/system-preset/90-x.preset", "disable debug.service\ndisable maskedby*\n")
    try system.write("etc/systemd/system-preset/90-x.preset", "disable debug.service\n")
    let etc = "etc/systemd/system/"
    let helper = "var/lib/systemd/deb-systemd-helper-"
    try system.link(etc + "multi-user.target.wants/debug.service", to: "/\(packaged)debug.service")
    try system.link(etc + "multi-user.target.wants/fine.service", to: "/\(packaged)fine.service")
    try system.link(etc + "multi-user.target.wants/lost.service", to: "/\(packaged)lost.service")
    try system.link(etc + "getty.target.wants/getty@tty1.service", to: "/\(packaged)getty@.service")
    for unit in ["cron", "fine", "purged", "leftoff", "leftoffandon"] {
      try system.write(helper + "enabled/\(unit).service.dsh-also", "/\(etc)multi-user.target.wants/\(unit).service\n")
    }
    for unit in ["cron", "fine", "purged"] {
      try system.write(helper + "enabled/multi-user.target.wants/\(unit).service", "")
    }
    try system.link(etc + "multi-user.target.wants/leftoffandon.service", to: "/\(packaged)leftoffandon.service")
    try system.link(etc + "masked.service", to: "/dev/null")
    try system.link(etc + "maskedbypackage.service", to: "/dev/null")
    try system.write(helper + "masked/maskedbypackage.service", "")
    try system.write(etc + "mine.service", "[Unit]\n")
    try system.write(etc + "shipped.service", "abc")
    try system.write(etc + "snap-core.mount", "[Unit]\n")
    try system.write(etc + "web.service.d/limits.conf", "[Service]\n")
    let found = try system.drift().services
    #expect(
      found.map { "\($0.unit) \($0.state.rawValue) \($0.preset)" } == [
        "cron.service disabled enable", "debug.service enabled disable",
        "leftoffandon.service enabled enable", "lost.service enabled enable",
        "masked.service masked enable", "mine.service local enable", "web.service extended enable",
      ])
  }

  // MARK: What no package brought

  @Test func `what stands in usr-local and opt is listed with count and size`() throws {
    var system = try FixtureSystem()
    system.add("vendor")
    try system.write("var/lib/dpkg/info/vendor.list", "/.\n/opt/google\n/opt/google/chrome\n/usr/local/bin/packaged\n")
    try system.write("opt/google/chrome/chrome", "xxxx")
    try system.write("opt/google/earth/earth", "xx")
    try system.write("opt/tool/a/b/c", "12345")
    try system.write("opt/tool/run.AppImage", "123")
    try system.write("usr/local/bin/packaged", "")
    try system.write("usr/local/bin/mine\u{1B}[31m", "1234")
    try system.write("usr/local/share/doc/x", "1")
    try system.write("usr/local/weird/x", "1")
    try FileManager.default.createDirectory(
      atPath: system.directory("usr/local/share/man"), withIntermediateDirectories: true)
    let found = try system.drift().unowned
    #expect(
      found == [
        .init(path: "/opt/google/earth", kind: .directory, count: 1, sizeBytes: 2, complete: true),
        .init(path: "/opt/tool", kind: .directory, count: 2, sizeBytes: 8, complete: true),
        .init(path: "/usr/local/bin/mine\u{1B}[31m", kind: .file, count: 1, sizeBytes: 4, complete: true),
        .init(path: "/usr/local/share/doc", kind: .directory, count: 1, sizeBytes: 1, complete: true),
        .init(path: "/usr/local/weird", kind: .directory, count: 1, sizeBytes: 1, complete: true),
        .init(path: "/opt/tool/run.AppImage", kind: .appimage, count: 1, sizeBytes: 3, complete: true),
      ])
  }

  @Test func `links in opt and in homes lead nowhere`() throws {
    let outside = try TemporaryDirectory()
    try outside.write("Applications/secret.AppImage", text: "secret")
    try outside.write("files/secret", text: "secret")
    let system = try FixtureSystem()
    try system.link("opt/escape", to: outside.path)
    try system.link("opt/tool/escape", to: "../../../../../../../.." + outside.path)
    try system.link("home/anna", to: outside.path)
    try system.link("home/berta/Applications", to: outside.path + "/Applications")
    try system.link("home/carla/Applications/out.AppImage", to: outside.path + "/Applications/secret.AppImage")
    try system.write("home/doris/Applications/tool.appimage", "123")
    try system.link("usr/local/lib/python3.11/dist-packages/x.dist-info", to: outside.path)
    let found = try system.drift().unowned
    #expect(
      found.map { "\($0.path) \($0.kind.rawValue) \($0.count)" } == [
        "/opt/escape link 1", "/opt/tool directory 1", "/usr/local/lib/python3.11 directory 1",
        "/home/doris/Applications/tool.appimage appimage 1",
      ])
  }

  @Test func `a link in the way of a file of the system stays inside the root`() throws {
    let outside = try TemporaryDirectory()
    try outside.write("sources.list", text: "deb http://outside.example a b\n")
    let system = try FixtureSystem()
    try system.link("etc/apt", to: outside.path)
    #expect(try system.drift().repositories.isEmpty)
  }

  @Test func `counting ends at the limit and says so`() throws {
    let system = try FixtureSystem()
    try system.write("opt/big/first", "")
    for index in 0..<(SystemDriftReader.countLimit + 5) {
      let file = open(system.directory("opt/big/\(index)"), O_CREAT | O_WRONLY, 0o600)
      #expect(file >= 0)
      close(file)
    }
    let plan = try system.plan()
    #expect(plan.drift.unowned.map(\.complete) == [false])
    #expect(plan.drift.unowned.first?.count == SystemDriftReader.countLimit)
    #expect(plan.warnings.contains { $0.id == "counted-in-part" })
  }

  @Test func `packages of pip and modules of DKMS`() throws {
    var system = try FixtureSystem()
    system.add("python3-yaml")
    system.add("broadcom-dkms")
    let modules = "usr/lib/python3/dist-packages/"
    try system.write(
      "var/lib/dpkg/info/python3-yaml.list", "/usr/lib/python3/dist-packages/PyYAML-6.0.dist-info\n")
    try system.write("var/lib/dpkg/info/broadcom-dkms.list", "/usr/src/broadcom-1\n")
    try system.write(modules + "PyYAML-6.0.dist-info/INSTALLER", "pip\n")
    try system.write(modules + "requests-2.dist-info/INSTALLER", "pip\n")
    try system.write(modules + "requests-2.dist-info/RECORD", "a.py,sha256=x,100\nRECORD,,\n")
    try system.write(modules + "other-1.dist-info/INSTALLER", "conda\n")
    try system.write("var/lib/dkms/broadcom/1/source", "")
    try system.write("var/lib/dkms/wifi/2/source", "")
    try system.write("usr/src/wifi-2/main.c", "12345")
    let snapshot = try system.snapshot()
    #expect(
      snapshot.drift.entries.unowned == [
        .init(
          path: "/usr/lib/python3/dist-packages/requests-2.dist-info", kind: .pip, count: 2, sizeBytes: 100,
          complete: true),
        .init(path: "/usr/src/wifi-2", kind: .dkms, count: 1, sizeBytes: 5, complete: true),
      ])
    #expect(
      snapshot.drift.dkmsModules == [
        .init(name: "broadcom", version: "1", package: "broadcom-dkms"),
        .init(name: "wifi", version: "2", package: nil),
      ])
  }

  // MARK: Snaps and flatpaks

  private func snapSystem(seed: String?) throws -> FixtureSystem {
    let system = try FixtureSystem()
    for name in ["firefox_1", "gnome-42-2204_2", "core22_3", "snapd_4", "lxd_5", "lxd_6", "oddbase_7"] {
      try system.write("var/lib/snapd/snaps/\(name).snap", "")
    }
    try system.write(
      "snap/firefox/4/meta/snap.yaml", "name: firefox\nbase: core22\n  default-provider: gnome-42-2204\n")
    try system.link("snap/firefox/current", to: "4")
    try system.write("snap/oddbase/7/meta/snap.yaml", "name: oddbase\ntype: base\n")
    try system.link("snap/oddbase/current", to: "7")
    if let seed { try system.write("var/lib/snapd/seed/seed.yaml", seed) }
    try system.write("var/lib/flatpak/app/org.gimp.GIMP/current", "")
    return system
  }

  @Test func `snaps of the seed stay with what they need`() throws {
    let plan = try snapSystem(seed: "snaps:\n  - name: firefox\n").plan()
    #expect(plan.snaps.remove == ["lxd"])
    #expect(plan.snaps.keep == ["core22", "firefox", "gnome-42-2204", "oddbase", "snapd"])
    #expect(plan.flatpaks == .init(keep: ["org.gimp.GIMP"]))
  }

  @Test func `without a seed snaps are the person's own, with a broken one none is touched`() throws {
    #expect(try snapSystem(seed: nil).plan().snaps.remove == ["firefox", "gnome-42-2204", "lxd"])
    let plan = try snapSystem(seed: "\0\0\0").plan()
    #expect(plan.snaps.remove.isEmpty)
    #expect(plan.warnings.contains { $0.subject.hasSuffix("seed.yaml") })
  }

  @Test func `classes that are not asked for go nowhere, flatpaks only when asked for`() throws {
    let system = try snapSystem(seed: "snaps:\n  - name: firefox\n")
    #expect(try system.plan(Selection(classes: [.packages])).snaps.remove.isEmpty)
    #expect(try system.plan(Selection(classes: [.flatpaks])).flatpaks.remove == ["org.gimp.GIMP"])
  }

  // MARK: The rest

  @Test func `mounts, ranges of ids and passwords are values of the snapshot`() throws {
    let system = try FixtureSystem()
    try system.write("etc/fstab", "/dev/sda1 / ext4 defaults 0 1\n")
    try system.write("etc/subuid", "anna:100000:65536\n")
    try system.write("etc/subgid", "anna:100000:65536\n")
    try system.write("etc/shadow", "root:!:1::::::\n")
    let drift = try system.snapshot().drift
    #expect(drift.mounts.map(\.point) == ["/"])
    #expect(drift.subordinateUserIDs == drift.subordinateGroupIDs)
    #expect(drift.passwords?.map(\.kind) == [.none])
    #expect(try FixtureSystem().snapshot().drift.passwords == nil)
  }

  @Test func `a system with nothing of its own has no drift`() throws {
    var system = try FixtureSystem()
    system.add("a")
    let snapshot = try system.snapshot()
    #expect(snapshot.drift == SystemDrift())
  }

  @Test func `malformed files of every kind become notices with their line, and the plan is made`() throws {
    let system = try FixtureSystem()
    try system.write("etc/apt/sources.list", "deb\n")
    try system.write("etc/apt/preferences", "Package: a\n")
    try system.write("var/lib/dpkg/diversions", "/a\n")
    try system.write("var/lib/dpkg/statoverride", "x\n")
    try system.write("var/lib/dpkg/alternatives/x", "odd\n/y\n")
    try system.write("etc/fstab", "x\n")
    try system.write("etc/subuid", "x\n")
    try system.write("etc/shadow", "x\n")
    try system.write("usr/lib/systemd/system-preset/1.preset", "x\n")
    try system.write("var/lib/snapd/seed/seed.yaml", "x\n")
    let plan = try system.plan()
    #expect(plan.warnings.filter { $0.id == "malformed" }.count == 10)
    #expect(plan.warnings.filter { $0.id == "malformed" }.allSatisfy { $0.message.contains(":1: ") })
  }

  @Test func `a hundred thousand records of each kind are read`() throws {
    let system = try FixtureSystem()
    let count = 100_000
    try system.write("var/lib/dpkg/diversions", String(repeating: "/a\n/b\n:\n", count: count))
    try system.write("var/lib/dpkg/statoverride", String(repeating: "root root 755 /a\n", count: count))
    try system.write("etc/shadow", String(repeating: "bad\n", count: count))
    let snapshot = try system.snapshot()
    #expect(snapshot.drift.entries.diversions.count == count)
    #expect(snapshot.drift.entries.statoverrides.count == count)
    #expect(snapshot.drift.notices.count == 21)
  }
}
