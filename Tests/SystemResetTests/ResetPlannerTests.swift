import DebianPackages
import FoundationEssentials
import TestSupport
import Testing

@testable import SystemReset

/// What goes and what stays, on systems of a few packages each.
@Suite struct ResetPlannerTests {
  @Test func `an override of an account that is gone blocks, for dpkg would fail half-way`() throws {
    var system = try FixtureSystem()
    system.add("vim")
    try system.write("etc/passwd", "root:x:0:0::/root:/bin/sh\n")
    try system.write("etc/group", "root:x:0:\n")
    try system.write("var/lib/dpkg/statoverride", "root root 755 /bin/fine\nghost root 640 /etc/lost\n")
    let blockers = try system.plan().blockers.filter { $0.id == "lost-override" }
    #expect(blockers.map(\.subject) == ["/etc/lost"])
    #expect(blockers.first?.message.contains("user 'ghost' does not exist") == true)
  }

  @Test func `what a person chose goes with what only it needs, each with its chain`() throws {
    var system = try FixtureSystem()
    system.add("editor", "Depends: editor-data, libc")
    system.add("editor-data", "Recommends: spell", auto: true, architecture: "all")
    system.add("spell", auto: true)
    system.add("libc", "Priority: required", auto: true)
    system.add("forgotten", auto: true)
    for name in ["editor", "editor-data", "spell", "libc", "forgotten"] { system.offer(name) }
    let plan = try system.plan()
    #expect(plan.removedNames == ["editor", "editor-data", "forgotten", "spell"])
    #expect(plan.removal("editor")?.class == .userRoot)
    #expect(plan.removal("spell")?.class == .userDependency)
    #expect(plan.removal("spell")?.because == ["editor", "editor-data", "spell"])
    #expect(plan.removal("forgotten")?.because == [])
    #expect(plan.removal("forgotten")?.reason == "nothing needs it any more")
  }

  @Test func `a stock library keeps its place under a new name`() throws {
    var system = try FixtureSystem()
    system.add("task-desktop", "Recommends: browser")
    system.add("browser", "Depends: libnew15", auto: true)
    system.add("libnew15", auto: false)
    #expect(try system.plan().removedNames == [])
  }

  @Test func `a server chosen by a person beside the stock one does not become stock through an alternative`() throws {
    var system = try FixtureSystem()
    system.add("task-desktop", "Recommends: stock-mail | mail-server")
    system.add("stock-mail", "Provides: mail-server", auto: true)
    system.add("other-mail", "Provides: mail-server")
    #expect(try system.plan().removedNames == ["other-mail"])

    var alone = try FixtureSystem()
    alone.add("task-desktop", "Recommends: stock-mail | mail-server")
    alone.add("other-mail", "Provides: mail-server")
    #expect(try alone.plan().removedNames == [])
  }

  @Test func `a package on hold stays with what it needs, and nothing blocks`() throws {
    var system = try FixtureSystem()
    system.add("precious", "Depends: lib", "Recommends: extra", state: "hold ok installed")
    system.add("lib", auto: true)
    system.add("extra", auto: true)
    let plan = try system.plan()
    #expect(plan.removedNames == ["extra"])
    #expect(plan.kept("precious")?.rule == "held")
    #expect(plan.kept("lib")?.neededBy == "precious")
    #expect(!plan.blockers.contains { $0.subject.contains("precious") })
  }

  @Test func `what an essential package needs stays, its other alternative may go`() throws {
    var system = try FixtureSystem()
    system.add("findutils", "Essential: yes", "Depends: dpkg (>= 1.15.4) | install-info, essentialpkg")
    system.add("dpkg", "Essential: yes", version: "1.15.8")
    system.add("essentialpkg", auto: true)
    system.add("install-info")
    #expect(try system.plan().removedNames == ["install-info"])
  }

  @Test func `kernels, firmware and boot loader stay where a kernel is installed`() throws {
    var system = try FixtureSystem()
    system.add("linux-image-6.1.0-37-amd64")
    system.add("linux-image-6.1.0-38-amd64", "Depends: linux-base")
    system.add("linux-headers-6.1.0-38-amd64")
    system.add("linux-base", auto: true)
    system.add("grub-pc", "Depends: grub-common")
    system.add("grub-common", auto: true)
    system.add("firmware-iwlwifi")
    system.add("game")
    let plan = try system.plan()
    #expect(plan.removedNames == ["game"])
    #expect(plan.kernels.keep.map(\.release) == ["6.1.0-37-amd64", "6.1.0-38-amd64"])
    #expect(plan.kept("linux-image-6.1.0-37-amd64")?.rule == "kernels")
    #expect(plan.kept("firmware-iwlwifi")?.rule == "firmware")
    #expect(!plan.warnings.contains { $0.id == "no-kernel" })
  }

  @Test func `without a kernel the steps for booting are off and that is said`() throws {
    var system = try FixtureSystem()
    system.add("grub-common")
    let plan = try system.plan()
    #expect(plan.kernels.keep.isEmpty)
    #expect(plan.warnings.contains { $0.id == "no-kernel" })
  }

  @Test func `origins tell third-party, local and foreign versions apart`() throws {
    var system = try FixtureSystem()
    system.add("chrome", version: "5")
    system.offer("chrome", version: "5", origin: "Google LLC")
    system.add("selfmade")
    system.add("patched", version: "2+mine")
    system.offer("patched", version: "2")
    system.add("outdated", version: "1")
    system.offer("outdated", version: "1.1")
    let plan = try system.plan()
    #expect(plan.removal("chrome")?.class == .thirdParty)
    #expect(plan.removal("selfmade")?.class == .local)
    #expect(plan.removal("patched")?.class == .foreignVersion)
    #expect(plan.removal("outdated")?.class == .userRoot)
  }

  @Test func `an absent stock package comes back only with evidence`() throws {
    var system = try FixtureSystem()
    system.offer("nano", "Priority: important", "Depends: libncurses, libmissing | libchoice")
    system.offer("cron", "Priority: important")
    system.offer("libncurses")
    system.offer("libchoice")
    system.offer("experimental", "Priority: important", origin: "Somebody")
    try system.write(
      "var/log/dpkg.log",
      """
      2026-05-01 10:00:00 startup packages remove
      2026-05-01 10:00:01 remove nano:amd64 7.2-1 <none>
      2026-05-01 10:00:02 status config-files nano:amd64 7.2-1
      2026-05-02 10:00:01 remove cron:amd64 3 <none>
      2026-05-03 10:00:01 install cron:amd64 <none> 3

      """)
    let plan = try system.plan()
    #expect(plan.packages.install.map(\.name) == ["libchoice", "libncurses", "nano"])
    #expect(plan.packages.install.first { $0.name == "nano" }?.reason == "priority important; removed on 2026-05-01")
    #expect(plan.packages.install.first { $0.name == "libchoice" }?.reason == "nano needs it")
    #expect(plan.packages.missing.map(\.name) == ["cron"])
    #expect(plan.summary.downloadBytes == 3000)
  }

  @Test func `a broken package stays and blocks`() throws {
    var system = try FixtureSystem()
    system.add("halfway", state: "install ok half-configured")
    system.add("reinstate", state: "install reinstreq half-installed")
    let plan = try system.plan()
    #expect(plan.removedNames == [])
    #expect(plan.blockers.first { $0.id == "broken-packages" }?.subject == "halfway:amd64 reinstate:amd64")
  }

  @Test func `removed packages whose configuration is left are nothing to remove`() throws {
    var system = try FixtureSystem()
    system.add("old", state: "deinstall ok config-files")
    #expect(try system.plan().removedNames == [])
  }

  @Test func `a cycle of dependencies ends, kept or gone as a whole`() throws {
    var system = try FixtureSystem()
    system.add("a", "Depends: b")
    system.add("b", "Depends: a", auto: true)
    system.add("task-x", "Depends: c")
    system.add("c", "Depends: d", auto: true)
    system.add("d", "Depends: c", auto: true)
    #expect(try system.plan().removedNames == ["a", "b"])
  }

  @Test func `foreign architectures are packages of their own`() throws {
    var system = try FixtureSystem()
    system.add("dpkg", "Essential: yes")
    system.add("task-x", "Depends: lib")
    system.add("lib", "Multi-Arch: same", auto: true)
    system.add("wine", "Depends: lib", architecture: "i386")
    system.add("lib", "Multi-Arch: same", auto: true, architecture: "i386")
    let plan = try system.plan()
    #expect(plan.packages.remove.map { "\($0.name):\($0.architecture)" } == ["lib:i386", "wine:i386"])
  }

  @Test func `what a package that comes back needs of the installed ones stays`() throws {
    var system = try FixtureSystem()
    system.add("dpkg", "Essential: yes")
    system.add("liblsof0", auto: true)
    system.add("lsof-doc", auto: true)
    system.add("mine", auto: true)
    system.add("other-mailer", "Provides: mailer")
    system.offer(
      "lsof", "Priority: standard", "Depends: liblsof0 (= 1), mailer | stock-mailer", "Recommends: lsof-doc")
    system.offer("stock-mailer", "Priority: standard")
    try system.write(
      "var/log/dpkg.log",
      """
      2026-11-20 10:00:00 remove lsof:amd64 1 <none>
      2026-11-20 10:00:01 remove stock-mailer:amd64 1 <none>

      """)
    let plan = try system.plan()
    #expect(plan.packages.install.map(\.name) == ["lsof", "stock-mailer"])
    #expect(plan.removedNames == ["mine", "other-mailer"])
    #expect(
      try system.plan(Selection(classes: [.packages])).removedNames == ["liblsof0", "lsof-doc", "mine", "other-mailer"])
  }

  @Test func `a priority speaks for the system's own architecture only, and a flag keeps without recommendations`()
    throws
  {
    var system = try FixtureSystem()
    system.add("dpkg", "Essential: yes", "Depends: zlib1g, libgcc")
    system.add("zlib1g", "Priority: required", "Multi-Arch: same")
    system.add("libgcc", "Protected: yes", "Multi-Arch: same", "Depends: libc6")
    system.add("libc6", "Multi-Arch: same")
    system.add("zlib1g", "Priority: required", "Multi-Arch: same", "Depends: libc6", architecture: "i386")
    system.add("libgcc", "Protected: yes", "Multi-Arch: same", "Depends: libc6", auto: true, architecture: "i386")
    system.add("libc6", "Multi-Arch: same", "Recommends: libidn", auto: true, architecture: "i386")
    system.add("libidn", "Multi-Arch: same", auto: true, architecture: "i386")
    for baseline in [
      Baseline.rootClosure, Baseline(source: .file, confidence: .high, members: ["dpkg": [.init(name: "dpkg")]]),
    ] {
      let plan = try system.plan(baseline: baseline)
      #expect(plan.packages.remove.map { "\($0.name):\($0.architecture)" } == ["libidn:i386", "zlib1g:i386"])
      #expect(plan.kept("libgcc")?.rule == "protected")
      #expect(plan.kept("libgcc")?.architecture == "i386")
    }
  }

  @Test func `people's accounts go, services and the last administrator stay`() throws {
    let system = try FixtureSystem()
    try system.write(
      "etc/passwd",
      """
      root:x:0:0:root:/root:/bin/bash
      man:x:6:12:man:/var/cache/man:/usr/sbin/nologin
      anna:x:1000:1000::/home/anna:/bin/bash
      berta:x:1001:1001::/home/berta:/bin/zsh
      service:x:1002:1002::/srv/x:/usr/sbin/nologin
      nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin

      """)
    try system.write("etc/group", "sudo:x:27:anna\n")
    let plan = try system.plan()
    #expect(plan.users.remove.map(\.name) == ["berta"])
    #expect(plan.users.remove[0].homeAction == .quarantine)
    #expect(plan.users.keep.map(\.name).sorted() == ["anna", "service"])
    #expect(plan.users.create.map(\.groups) == [["sudo"]])
  }

  @Test func `the range of people's ids follows the system's own files`() throws {
    let system = try FixtureSystem()
    try system.write("etc/passwd", "old:x:500:500::/home/old:/bin/bash\nnew:x:70000:1::/home/new:/bin/bash\n")
    #expect(try system.plan().users.remove.isEmpty)
    try system.write("etc/login.defs", "# ids\nUID_MIN\t\t  500\nUID_MAX 60000\n")
    #expect(try system.plan().users.remove.map(\.name) == ["old"])
  }

  @Test func `an account whose id or home is also somebody else's is left alone and named`() throws {
    let system = try FixtureSystem()
    try system.write(
      "etc/passwd",
      """
      root:x:0:0:root:/root:/bin/bash
      anna:x:1000:1000::/home/anna:/bin/bash
      twin:x:1001:1001::/home/twin1:/bin/bash
      twix:x:1001:1001::/home/twin2:/bin/bash
      shared:x:1002:1002::/srv/both:/bin/bash
      sharing:x:1003:1003::/srv/both/:/bin/bash
      above:x:1004:1004::/srv/above:/bin/bash
      below:x:1005:1005::/srv/above/below:/bin/bash
      system:x:1006:1006::/var/lib:/bin/bash
      slash:x:1007:1007::/:/bin/bash
      dots:x:1008:1008::/home/../etc:/bin/bash
      data:x:1011:1011::/var/lib/mysql:/bin/bash
      link:x:1009:1009::/home/link:/bin/bash
      stolen:x:1010:1010::/home/stolen:/bin/bash

      """)
    try system.write("home/stolen/file", "")
    try FileManager.default.createSymbolicLink(
      atPath: system.directory("home/link"), withDestinationPath: "/etc")
    let plan = try system.plan()
    #expect(plan.users.remove.map(\.name) == ["anna", "below"])
    let reasons = Dictionary(uniqueKeysWithValues: plan.users.keep.map { ($0.name, $0.reason) })
    #expect(reasons["twin"] == "shares its id with twix")
    #expect(reasons["sharing"] == "shares its home with shared")
    #expect(reasons["above"] == "its home holds that of below")
    #expect(reasons["slash"] == "its home / is a directory of the system")
    #expect(reasons["system"] == "its home /var/lib is a directory of the system")
    #expect(reasons["link"] == "its home /home/link is a symbolic link")
    #expect(reasons["stolen"]?.hasPrefix("its home /home/stolen belongs to user id ") == true)
    #expect(reasons["data"] == "its home /var/lib/mysql is below /var, where the system keeps its own files")
    #expect(reasons["dots"] == "its home '/home/../etc' is no absolute path")
  }

  @Test func `system accounts that no package made are named and go only when asked for`() throws {
    let system = try FixtureSystem()
    try system.write(
      "etc/passwd",
      """
      root:x:0:0:root:/root:/bin/bash
      daemon:x:1:1::/usr/sbin:/usr/sbin/nologin
      messagebus:x:100:100::/nonexistent:/usr/sbin/nologin
      _chrony:x:101:101::/var/lib/chrony:/usr/sbin/nologin
      myservice:x:102:102::/srv/mine:/usr/sbin/nologin
      chron:x:103:103::/srv/chron:/usr/sbin/nologin

      """)
    try system.write("usr/lib/sysusers.d/dbus.conf", "u messagebus - -\n")
    try system.write("var/lib/dpkg/info/chrony.postinst", "adduser --system --home /var/lib/chrony _chrony || true\n")
    #expect(try system.plan().users.remove.isEmpty)
    #expect(try system.plan().users.keep.map(\.name) == ["myservice", "chron"])
    var selection = Selection()
    selection.systemUsers = true
    #expect(try system.plan(selection).users.remove.map(\.name) == ["myservice", "chron"])
  }

  @Test func `a status that was cut between two packages is found by the lists of files`() throws {
    let system = try FixtureSystem()
    try system.write("var/lib/dpkg/info/base-files.list", "/.\n")
    #expect(try system.plan().blockers.allSatisfy { $0.id != "status-incomplete" })
    try system.write("var/lib/dpkg/info/lost:amd64.list", "/.\n")
    let blocker = try system.plan().blockers.first { $0.id == "status-incomplete" }
    #expect(blocker?.message.contains("(lost)") == true)
  }

  @Test func `a system that does not say what it is is told by older files, or by what it has`() throws {
    var system = try FixtureSystem(osRelease: "")
    system.add("ubuntu-minimal", "Depends: helper")
    system.add("helper")
    #expect(try system.snapshot().profile?.id == "ubuntu")
    #expect(try system.plan().removedNames == [])
    try system.write("etc/lsb-release", "DISTRIB_ID=LinuxMint\nDISTRIB_RELEASE=17.3\nDISTRIB_CODENAME=rosa\n")
    try system.remove("etc/os-release")
    #expect(try system.snapshot().profile?.id == "linuxmint")
    #expect(try system.plan().system.codename == "rosa")

    var raspberry = try FixtureSystem()
    raspberry.add("raspberrypi-sys-mods")
    #expect(try raspberry.snapshot().profile?.id == "raspbian")
  }

  @Test func `what came along with a kept package stays with it, what a person chose does not`() throws {
    var system = try FixtureSystem()
    system.add("linux-image-6.1.0-38-amd64", "Recommends: apparmor, chosen-helper")
    system.add("apparmor", auto: true)
    system.add("chosen-helper")
    system.add("one", auto: true)
    system.add("two", "Depends: one")
    #expect(try system.plan().removedNames == ["chosen-helper", "one", "two"])
  }

  @Test func `a mistyped name that should protect something stands in the way`() throws {
    var system = try FixtureSystem()
    system.add("htop")
    var selection = Selection()
    selection.keep = [.init("htpo", from: "--keep"), .init("nv*", from: "--keep"), .init("x", from: "/etc/p.yaml:1")]
    selection.skip = [.init("nonsuch", from: "--skip")]
    selection.install = [.init("nosuch", from: "--install")]
    selection.keepUsers = [.init("bbo", from: "--keep-user")]
    let subjects = try system.plan(selection).blockers.filter { $0.id != "low-confidence" }.map(\.subject)
    #expect(subjects == ["htpo", "nonsuch", "nosuch", "bbo"])
  }

  @Test(arguments: ["/dev/mapper/vg-root", "/dev/vg/root"])
  func `a root on a logical volume keeps what opens it`(source: String) throws {
    var system = try FixtureSystem()
    system.add("lvm2")
    try system.write("etc/fstab", "\(source) / ext4 defaults 0 1\n")
    #expect(try system.plan().kept("lvm2")?.rule == "logical-volumes")
    try system.write("etc/fstab", "/dev/sda1 / ext4 defaults 0 1\n/dev/disk/by-uuid/1 /x ext4 defaults 0 1\n")
    #expect(try system.plan().removedNames == ["lvm2"])
  }

  @Test func `without a group file no account is planned for`() throws {
    let system = try FixtureSystem()
    try system.write("etc/passwd", "root:x:0:0::/root:/bin/sh\nanna:x:1000:1000::/home/anna:/bin/sh\n")
    try system.remove("etc/group")
    let plan = try system.plan()
    #expect(plan.users.remove.isEmpty)
    #expect(plan.users.keep.map(\.name) == ["anna"])
    #expect(plan.blockers.contains { $0.id == "no-groups" })
  }

  @Test func `what connects a system that does not run is named when it goes`() throws {
    var system = try FixtureSystem()
    system.add("openssh-server")
    system.add("game")
    let plan = try system.plan()
    #expect(plan.removedNames == ["game", "openssh-server"])
    #expect(plan.warnings.first { $0.id == "reached-by-network" }?.subject == "openssh-server")
  }

  @Test func `a damaged package list gives no plan`() throws {
    var system = try FixtureSystem()
    system.offer("x")
    try system.write("var/lib/apt/lists/cut_dists_x_main_binary-amd64_Packages", "Package: y\nVersion: 1\nArchi")
    #expect(throws: ArchiveListError.self) { try system.plan() }
  }

  @Test func `a foreign version of a stock package is brought back only when that is asked for`() throws {
    var system = try FixtureSystem()
    system.add("task-x", "Depends: tool")
    system.add("tool", auto: true, version: "2+vendor")
    system.offer("tool", version: "1")
    system.offer("tool", version: "2+vendor", origin: "Vendor")
    #expect(try system.plan().packages.downgrade.isEmpty)
    #expect(try system.plan().drift.foreignVersions.map(\.name) == ["tool"])
    var selection = Selection(classes: ActionClass.automatic.union([.foreignVersions]))
    let planned = try system.plan(selection)
    #expect(planned.packages.downgrade.map(\.to) == ["1"])
    #expect(planned.summary.downgrade == 1)
    selection.classes = []
    #expect(try system.plan(selection).packages.downgrade.isEmpty)
  }

  @Test func `classes tell an obsolete package and a new interface from others`() throws {
    var system = try FixtureSystem()
    system.offer("x")
    system.add("left-over", auto: true)
    system.add("own")
    system.add("app", "Depends: libparts6t64")
    system.add("libparts6t64", auto: true)
    #expect(try system.plan().removal("left-over")?.class == .obsolete)
    #expect(try system.plan().removal("own")?.class == .local)
    let baseline = Baseline(
      source: .file, confidence: .high, members: ["app": [.init(name: "app")], "libparts5": [.init(name: "libparts5")]])
    let analysis = SystemAnalysis(
      try system.snapshot(), baseline: baseline, selection: Selection(), rules: try KeepRule.shipped())
    let index = try #require(analysis.packages(named: "libparts6t64").first)
    #expect(analysis.explanation(of: index).class == .stockNewerABI)
  }
}
