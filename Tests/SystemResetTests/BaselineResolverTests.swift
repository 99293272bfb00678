import DebianPackages
import HostSystem
import TestSupport
import Testing

@testable import SystemReset

/// Which record decides what is stock, how far it is trusted, and what stands against it.
@Suite struct BaselineResolverTests {
  /// A small system: a C library, an editor that came with it and a game that did not.
  private func system(
    osRelease: String = "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n", libc: String = "2.36-9+deb12u4"
  ) throws -> FixtureSystem {
    var system = try FixtureSystem(osRelease: osRelease)
    system.add("libc6", version: libc)
    system.add("editor")
    system.add("game")
    return system
  }

  private func status(_ packages: String..., libc: String = "2.36-9") -> String {
    packages.map {
      "Package: \($0)\nStatus: install ok installed\nArchitecture: amd64\nVersion: \($0 == "libc6" ? libc : "1")\n\n"
    }.joined()
  }

  private func saved(_ system: FixtureSystem, _ names: String..., versionID: String? = "12", id: String = "debian")
    throws
    -> String
  {
    let day = try #require(CalendarDay("2026-01-02"))
    var document = BaselineDocument(try system.snapshot(), day: day)
    document.system.versionId = versionID
    document.system.id = id
    document.packages = names.map { .init(name: $0, architecture: "amd64", version: "1", automatic: nil) }
    return String(decoding: try document.encoded(), as: UTF8.self)
  }

  private func resolve(_ system: FixtureSystem, files: String...) throws -> Baseline {
    try Baseline.resolve(try system.snapshot(), files: files)
  }

  private let record = "var/log/installer/initial-status"
  private let mediaInfo = "var/log/installer/media-info"

  // MARK: Order

  @Test func `a named file, a saved baseline, the installer's record, an image, the closure: in this order`() throws {
    let system = try system()
    let closure = try resolve(system)
    #expect(closure.source == .rootClosure)
    #expect(closure.members == nil)
    #expect(closure.blockers.isEmpty)

    try system.write("var/log/installer/filesystem.manifest", "base-files\t1\nlibc6\t2.36-9\neditor\t1\n")
    let image = try resolve(system)
    #expect(image.source == .imageManifest)
    #expect(image.confidence == .medium)
    #expect(image.path == system.directory("var/log/installer/filesystem.manifest"))

    try system.write(record, status("base-files", "libc6", "editor"))
    let installer = try resolve(system)
    #expect(installer.source == .installerRecord)
    #expect(installer.confidence == .high)

    try system.write("var/lib/toolbox/reset/baseline.json", try saved(system, "base-files", "libc6", "editor"))
    let own = try resolve(system)
    #expect(own.source == .saved)
    #expect(own.date == "2026-01-02")
    #expect(own.confidence == .high)

    let path = try system.directory.write("elsewhere/list.txt", text: "base-files\nlibc6\neditor\ngame\n")
    let given = try resolve(system, files: path)
    #expect(given.source == .file)
    #expect(given.path == path)
    #expect(given.members?.keys.sorted() == ["base-files", "editor", "game", "libc6"])
    #expect(given.blockers.isEmpty)
  }

  @Test func `the record decides what goes, and other sources that disagree are named`() throws {
    let system = try system()
    try system.write(record, status("base-files", "libc6", "editor"))
    try system.write("var/lib/toolbox/reset/baseline.json", try saved(system, "base-files", "libc6", "game"))
    let snapshot = try system.snapshot()
    let baseline = try Baseline.resolve(snapshot)
    #expect(try system.plan(baseline: baseline).removedNames == ["editor"])
    let note = baseline.notes.first { $0.contains("installer's record") }
    #expect(note?.hasSuffix("1 stock only by this baseline (game), 1 stock only by the other (editor)") == true)
  }

  @Test func `the installer's own environment is never a baseline, whatever its name`() throws {
    let system = try system()
    try system.write("var/log/installer/status", status("anna", "libc6-udeb", "kernel-image-6.1.0-37-amd64-di"))
    #expect(try resolve(system).source == .rootClosure)
    try system.write(record, status("anna", "libc6-udeb", "kernel-image-6.1.0-37-amd64-di"))
    #expect(throws: BaselineFileError.self) { try resolve(system) }
  }

  @Test(arguments: ["", "\0", "Package: libc6\nStatus: install ok inst", "<html></html>\n"])
  func `a record that would decide and is damaged is an error, beside a better one it is a notice`(text: String) throws
  {
    let system = try system()
    try system.write(record, text)
    let error = #expect(throws: BaselineFileError.self) { try resolve(system) }
    #expect(error?.message.hasPrefix(system.directory(record)) == true)
    try system.write("var/lib/toolbox/reset/baseline.json", try saved(system, "base-files", "libc6", "editor", "game"))
    let baseline = try resolve(system)
    #expect(baseline.source == .saved)
    #expect(baseline.notices.map(\.id) == ["unreadable-baseline"])
    #expect(try system.plan(baseline: baseline).warnings.contains { $0.subject == system.directory(record) })
  }

  @Test func `a named file that is not there or a folder is an error`() throws {
    let system = try system()
    #expect(throws: FileError.self) { try resolve(system, files: "/nonexistent/list") }
    #expect(throws: FileError.self) { try resolve(system, files: system.directory.path) }
  }

  // MARK: Images

  @Test func `removals beside a list and named after it are taken away`() throws {
    let system = try system()
    let list = try system.directory.write(
      "iso/filesystem.manifest", text: "base-files\nlibc6:amd64\neditor\ngame:amd64\n")
    try system.directory.write("iso/filesystem.manifest-remove", text: "# not installed\ngame\n")
    let beside = try resolve(system, files: list)
    #expect(beside.members?.keys.sorted() == ["base-files", "editor", "libc6"])
    #expect(beside.notes.contains { $0.contains("without the 1 packages") })

    let other = try system.directory.write("other/some-minimal-remove", text: "editor\n")
    let both = try resolve(system, files: list, other)
    #expect(both.members?.keys.sorted() == ["base-files", "libc6"])
    #expect(throws: BaselineError.onlyRemovals(path: other)) { try resolve(system, files: other) }
    let all = try system.directory.write("other/all-remove", text: "base-files\nlibc6\neditor\n")
    #expect(throws: BaselineError.nothingLeft(path: list)) { try resolve(system, files: list, all) }
  }

  @Test func `a layer is read with the layers below it`() throws {
    let system = try system()
    try system.directory.write("iso/minimal.manifest", text: "base-files\t1\nlibc6\t2.36-8\nold\t1\n")
    let layer = try system.directory.write(
      "iso/minimal.standard.manifest",
      text: "--- minimal\n+++ standard\n@@ -1,2 +1,2 @@\n-libc6\t2.36-8\n+libc6\t2.36-9\n-old\t1\n+editor\t1\n")
    let baseline = try resolve(system, files: layer)
    #expect(baseline.members?.keys.sorted() == ["base-files", "editor", "libc6"])
    #expect(baseline.members?["libc6"]?.map(\.version) == ["2.36-9"])
    #expect(baseline.blockers.isEmpty)

    let alone = try system.directory.write("alone/a.b.manifest", text: "+base-files\t1\n+libc6\t2.36-9\n+editor\t1\n")
    #expect(try resolve(system, files: alone).blockers.map(\.id) == ["layer-missing"])
  }

  @Test func `of the layers on a medium those of the live session do not count, nor fuller ones in a minimal system`()
    throws
  {
    let system = try system()
    try system.write("cdrom/.disk/info", "Debian GNU/Linux 12.5.0 \"Bookworm\" - Official amd64 DVD 20240210-11:28\n")
    try system.write("cdrom/casper/minimal.manifest", "--- /dev/null\n+base-files\t1\n+libc6\t2.36-9\n+editor\t1\n")
    try system.write("cdrom/casper/minimal.standard.manifest", "--- a\n+++ b\n+office\t1\nsnap:firefox\tstable\t1\n")
    try system.write("cdrom/casper/minimal.standard.live.manifest", "--- a\n+++ b\n+casper\t1\n")
    let full = try resolve(system)
    #expect(full.members?.keys.sorted() == ["base-files", "editor", "libc6", "office"])
    #expect(full.snaps == ["firefox"])
    #expect(full.date == "2024-02-10")
    try system.write("var/log/installer/telemetry", #"{"Minimal": true}"#)
    let minimal = try resolve(system)
    #expect(minimal.members?.keys.sorted() == ["base-files", "editor", "libc6"])
    #expect(minimal.blockers.isEmpty)
  }

  @Test func `what an installer adds to an image is stock where it is installed and never planned`() throws {
    var system = try system()
    system.add("cryptsetup-initramfs")
    system.add("hunspell-de-de")
    system.offer("lvm2")
    try system.write("var/log/installer/filesystem.manifest", "base-files\nlibc6\neditor\ncasper\n")
    let baseline = try resolve(system)
    let plan = try system.plan(baseline: baseline)
    #expect(plan.removedNames == ["game"])
    #expect(plan.packages.install.isEmpty)
    #expect(baseline.notes.contains { $0.hasSuffix("encryption (1), language (1)") })
  }

  @Test func `a minimal installation takes the removals of one, and without them is doubtful`() throws {
    let system = try system()
    try system.write("var/log/installer/filesystem.manifest", "base-files\nlibc6\neditor\ngame\n")
    try system.write("var/log/installer/telemetry", #"{"Minimal": true, "OEM": false, "Type": "GTK"}"#)
    #expect(try resolve(system).blockers.map(\.id) == ["minimal-installation"])
    try system.write("var/log/installer/filesystem.manifest-minimal-remove", "game\n")
    let baseline = try resolve(system)
    #expect(baseline.blockers.isEmpty)
    #expect(baseline.members?["game"] == nil)
    try system.write("var/log/installer/telemetry", "[]")
    #expect(try resolve(system).notices.map(\.id) == ["unknown-telemetry"])
  }

  @Test func `an image of another release is passed over`() throws {
    let system = try system()
    try system.write("cdrom/casper/filesystem.manifest", "base-files\t1\nlibc6\t2.41-1\neditor\t1\n")
    let baseline = try resolve(system)
    #expect(baseline.source == .rootClosure)
    #expect(baseline.notices.map(\.id) == ["other-image"])
  }

  // MARK: Doubts

  @Test(arguments: [
    (
      medium: "Debian GNU/Linux 12.5.0 \"Bookworm\" - Official amd64 DVD 20240210-11:28\n", libc: "2.36-9", doubt: false
    ),
    (medium: "Debian GNU/Linux 11.7.0 \"Bullseye\" - Official amd64 NETINST\n", libc: "2.31-13", doubt: true),
    (medium: "Debian GNU/Linux 11.7.0 \"Bullseye\" - Official amd64 NETINST\n", libc: "2.36-9", doubt: true),
    (medium: "", libc: "2.31-13+deb11u5", doubt: true),
    (medium: "", libc: "2.36-9+deb12u10", doubt: false),
    (medium: "Debian GNU/Linux testing \"Trixie\" - Unofficial amd64\n", libc: "2.36-9", doubt: true),
  ])
  func `a record from before an upgrade is doubtful`(medium: String, libc: String, doubt: Bool) throws {
    let system = try system()
    try system.write(record, status("base-files", "libc6", "editor", libc: libc))
    try system.write(mediaInfo, medium)
    let baseline = try resolve(system)
    #expect(baseline.source == .installerRecord)
    #expect(baseline.blockers.map(\.id) == (doubt ? ["upgraded-release"] : []))
    #expect(baseline.blockers.allSatisfy { $0.override == "--accept-baseline" })
    #expect(baseline.confidence == (doubt ? .medium : .high))
    var selection = Selection()
    selection.acceptBaseline = true
    #expect(!(try system.plan(selection, baseline: baseline).blockers.contains { $0.id == "upgraded-release" }))
  }

  @Test func `a point release of the same base is no upgrade`() throws {
    let mint = "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\nVERSION_ID=\"21.3\"\nVERSION_CODENAME=virginia\n"
    let system = try system(osRelease: mint, libc: "2.35-0ubuntu3.8")
    try system.write(record, status("base-files", "libc6", "editor", libc: "2.35-0ubuntu3.1"))
    try system.write(mediaInfo, "Linux Mint 21.2 \"Victoria\" - Release amd64 20230711\n")
    let baseline = try resolve(system)
    #expect(baseline.blockers.isEmpty)
    #expect(baseline.notes.contains { $0.contains("point release") })
  }

  @Test func `a list of another release is told by names that carry a version`() throws {
    var system = try system()
    for name in ["perl-modules-5.36", "libperl5.36", "python3.11-minimal"] { system.add(name, auto: true) }
    let old = try system.directory.write(
      "old", text: "base-files\nlibc6\neditor\ngame\nperl-modules-5.26\nlibperl5.26\npython3.6-minimal\n")
    #expect(try resolve(system, files: old).blockers.map(\.id) == ["other-release"])
    let same = try system.directory.write(
      "same", text: "base-files\nlibc6\neditor\nperl-modules-5.36\nlibperl5.26\npython3.6-minimal\n")
    #expect(try resolve(system, files: same).blockers.isEmpty)
  }

  @Test func `a saved baseline of another system or release is doubtful`() throws {
    let system = try system()
    let path = "var/lib/toolbox/reset/baseline.json"
    try system.write(path, try saved(system, "base-files", "libc6", "editor", versionID: "11"))
    #expect(try resolve(system).blockers.map(\.id) == ["upgraded-release"])
    try system.write(path, try saved(system, "base-files", "libc6", "editor", id: "ubuntu"))
    #expect(try resolve(system).blockers.map(\.id) == ["other-distribution"])
  }

  @Test func `a baseline of another architecture is doubtful, a foreign package in it is not`() throws {
    var system = try system()
    system.add("dpkg", "Essential: yes")
    let other = try system.directory.write("arm", text: "base-files\nlibc6:arm64\neditor\ndpkg\n")
    #expect(try resolve(system, files: other).blockers.isEmpty, "one of four is not most")
    let most = try system.directory.write("arm2", text: "base-files\nlibc6:arm64\neditor:arm64\ndpkg\n")
    #expect(try resolve(system, files: most).blockers.map(\.id) == ["other-architecture"])
    let mixed = try system.directory.write("mixed", text: "base-files\nlibc6:amd64\nlibc6:i386\nwine:i386\ndpkg\n")
    #expect(try resolve(system, files: mixed).blockers.isEmpty)
  }

  @Test func `the flavour is told by metapackages`() throws {
    var system = try system(osRelease: "ID=ubuntu\nVERSION_ID=\"24.04\"\n")
    system.add("kubuntu-desktop")
    let gnome = try system.directory.write("gnome", text: "base-files\nlibc6\neditor\nubuntu-desktop-minimal\n")
    let blocker = try resolve(system, files: gnome).blockers.first
    #expect(blocker?.id == "wrong-flavour")
    #expect(blocker?.message == "it is of Ubuntu, and installed is Kubuntu")
    let own = try system.directory.write("kde", text: "base-files\nlibc6\neditor\nkubuntu-desktop\nubuntu-desktop\n")
    #expect(try resolve(system, files: own).blockers.isEmpty)
    let server = try system.directory.write("server", text: "base-files\nlibc6\neditor\n")
    #expect(try resolve(system, files: server).blockers.isEmpty)
  }

  @Test func `a list without a base system, of much that is not there, or of little that is`() throws {
    var system = try system()
    system.add("dpkg", "Essential: yes")
    system.add("bash", "Essential: yes")
    let wishes = try system.directory.write("wishes", text: "editor\nlibc6\n")
    #expect(try resolve(system, files: wishes).blockers.map(\.id) == ["no-base-system"])
    let large = try system.directory.write(
      "large", text: "base-files\ndpkg\nbash\nlibc6\n" + (1...9).map { "desktop-\($0)\n" }.joined())
    #expect(try resolve(system, files: large).blockers.map(\.id) == ["other-system"])
    for index in 1...9 { system.add("added-\(index)") }
    let small = try system.directory.write("small", text: "base-files\ndpkg\nbash\nlibc6\n")
    let baseline = try resolve(system, files: small)
    #expect(baseline.blockers.isEmpty)
    #expect(baseline.confidence == .medium)
    #expect(baseline.notes.contains("it names only 4 of the 15 installed packages"))
  }

  @Test func `clouds, makers and immutable systems are told in any root`() throws {
    let system = try system()
    try system.write("var/lib/cloud/instance/datasource", "DataSourceNone: DataSourceNone\n")
    #expect(try resolve(system).blockers.isEmpty)
    try system.write("var/lib/cloud/instance/datasource", "DataSourceEc2Local: DataSourceEc2\n")
    try system.write("var/lib/ubuntu_dist_channel", "canonical-oem\n")
    let doubtful = try resolve(system)
    #expect(doubtful.blockers.map(\.id) == ["cloud-instance", "oem-system"])
    let path = try system.directory.write("list", text: "base-files\nlibc6\neditor\ngame\n")
    let trusted = try resolve(system, files: path)
    #expect(trusted.blockers.isEmpty)
    #expect(trusted.notes.count { $0.contains("DataSourceEc2Local") || $0.contains("ubuntu_dist_channel") } == 2)
    try system.write("ostree/repo/config", "")
    #expect(try resolve(system, files: path).blockers.map(\.override) == [nil])
  }

  @Test func `a chroot, container or live system named as a root is no doubt`() throws {
    let system = try system()
    for path in ["run/systemd/container", ".dockerenv", "etc/debian_chroot", "run/live/medium/x"] {
      try system.write(path, "x")
    }
    #expect(try resolve(system).blockers.isEmpty)
  }

  @Test func `a live system is a doubt whatever the baseline`() throws {
    let system = try system()
    var evidence = BaselineEvidence()
    evidence.situations = [
      .init(id: "live-system", reason: "This is live.", subject: "/rofs", isOverridable: true, trusted: [])
    ]
    evidence.given = [try BaselineFile(parsing: Array("base-files\nlibc6\neditor\ngame\n".utf8), path: "list")]
    let baseline = try BaselineResolver(try system.snapshot(), evidence).resolve()
    #expect(baseline.blockers.map(\.id) == ["live-system"])
    #expect(baseline.confidence == .medium)
  }

  @Test(arguments: [
    (
      text: "Ubuntu 22.04.3 LTS \"Jammy Jellyfish\" - Release amd64 (20230807.2)", version: "22.04.3" as String?,
      codename: "jammy" as String?, date: "2023-08-07" as String?
    ),
    (
      text: "Debian GNU/Linux 12.5.0 \"Bookworm\" - Official amd64 DVD Binary-1 20240210-11:28", version: "12.5.0",
      codename: "bookworm", date: "2024-02-10"
    ),
    (
      text: "Xubuntu-Core 24.04 LTS \"Noble_Numbat\" - Release amd64 20240424", version: "24.04", codename: "noble",
      date: "2024-04-24"
    ),
    (text: "something else 99999999999999999999", version: nil, codename: nil, date: nil),
  ])
  func `the line of a medium`(text: String, version: String?, codename: String?, date: String?) throws {
    let info = try #require(MediaInfo(parsing: text.utf8))
    #expect(info.version == version)
    #expect(info.codename == codename)
    #expect(info.date == date)
    #expect(MediaInfo(parsing: " \n".utf8) == nil)
  }

  // MARK: Data

  @Test func `the shipped data is whole`() {
    for classes in [NameClass.neverMissing, NameClass.imageAddbacks] {
      #expect(classes.count >= 7)
      #expect(
        classes.allSatisfy {
          !$0.id.isEmpty && !$0.reason.isEmpty && !($0.names.isEmpty && $0.patterns.isEmpty && $0.sets.isEmpty)
        })
      #expect(classes.allSatisfy { NameClass.knownSets.isSuperset(of: $0.sets) })
      #expect(Set(classes.map(\.id)).count == classes.count)
    }
    let places = BaselinePlaces.shipped
    #expect(!places.records.isEmpty && !places.media.isEmpty && !places.images.isEmpty && !places.releaseNames.isEmpty)
    #expect(places.situations.count == 7)
    #expect(places.situations.allSatisfy { !$0.id.isEmpty && $0.reason.hasSuffix(".") })
    #expect(ReleaseTraits("linuxmint").flavours.map(\.name).prefix(2) == ["Cinnamon", "MATE"])
    #expect(ReleaseTraits("linuxmint").flavours.contains { $0.name == "Kubuntu" })
    #expect(ReleaseTraits("kali").isRolling && !ReleaseTraits("ubuntu").isRolling && !ReleaseTraits(nil).isRolling)
  }

  @Test func `names that carry the release of a kernel`() {
    for name in [
      "linux-image-6.1.0-37-amd64", "linux-headers-5.15.0-91", "linux-image-unsigned-4.15.0-30deepin-generic",
      "linux-modules-extra-4.15.0-29-generic", "linux-hwe-5.15-headers-5.15.0-91", "linux-headers-6.12.9+bpo-common",
    ] { #expect(NameClass.carriesKernelRelease(name), "\(name)") }
    for name in [
      "linux-generic", "linux-generic-hwe-18.04", "linux-libc-dev", "linux-firmware", "linux-image-amd64", "python3.11",
    ] { #expect(!NameClass.carriesKernelRelease(name), "\(name)") }
  }

  // MARK: Comparing

  @Test func `two records and a system are compared by name, foreign architecture and version`() throws {
    let left = try BaselineFile(parsing: Array("a\t1\nb\t1\nc:i386\t1\nd\t1\nsnap:x\tstable\t1\n".utf8), path: "left")
    let right = try BaselineFile(parsing: Array("a:amd64\t2\nb:all\t1\nc:amd64\t1\ne\nd\n".utf8), path: "right")
    let comparison = BaselineComparison(.init(left), .init(right), native: "amd64")
    #expect(comparison.onlyLeft == [.init(name: "c", architecture: "i386", version: "1")])
    #expect(
      comparison.onlyRight == [
        .init(name: "c", architecture: "amd64", version: "1"), .init(name: "e", architecture: nil, version: nil),
      ])
    #expect(comparison.otherVersion == [.init(name: "a", architecture: "amd64", left: "1", right: "2")])
    #expect(comparison.snapsOnlyLeft == ["x"])

    let system = try system()
    let snapshot = try system.snapshot()
    let same = BaselineComparison(.init(installed: snapshot), .init(installed: snapshot), native: "amd64")
    #expect(same.onlyLeft.isEmpty && same.onlyRight.isEmpty && same.otherVersion.isEmpty)
    let path = try system.directory.write("list", text: "base-files\nlibc6\ngone\n")
    let other = BaselineComparison(
      .init(try Baseline.resolve(snapshot, files: [path])), .init(installed: snapshot), native: "amd64")
    #expect(other.onlyLeft.map(\.name) == ["gone"])
    #expect(other.onlyRight.map(\.name) == ["editor", "game"])
  }
}
