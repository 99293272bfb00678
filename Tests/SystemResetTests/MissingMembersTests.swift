import DebianPackages
import HostSystem
import TestSupport
import Testing

@testable import SystemReset

/// Which absent members of a baseline are put back, which are only named, and which names are stale.
@Suite struct MissingMembersTests {
  private func baseline(
    _ names: [String], automatic: Bool? = nil, source: ResetPlan.BaselineSource = .file, listsImage: Bool = false,
    plansUnmarked: Bool = true
  ) -> Baseline {
    var result = Baseline(
      source: source, confidence: .high,
      members: Dictionary(
        grouping: (["base-files"] + names).map { Baseline.Member(name: $0, isAutomatic: automatic) }, by: \.name))
    result.listsImage = listsImage
    result.plansUnmarked = plansUnmarked
    return result
  }

  private func removalLog(_ names: String...) -> String {
    names.map { "2026-05-01 10:00:01 remove \($0):amd64 1 <none>\n" }.joined()
  }

  private func reason(_ name: String, _ plan: ResetPlan) -> String? {
    plan.packages.missing.first { $0.name == name }?.reason
  }

  @Test func `without marks, what people use comes back and what others bring does not`() throws {
    var system = try FixtureSystem()
    system.offer("editor", "Section: editors")
    system.offer("locales", "Section: localization", "Priority: standard")
    system.offer("libfoo1", "Section: libs")
    system.offer("gir1.2-foo", "Section: universe/introspection")
    system.offer("desktop-all", "Section: metapackages")
    system.offer("elsewhere", "Section: editors", origin: "Somebody")
    let names = ["editor", "locales", "libfoo1", "gir1.2-foo", "desktop-all", "elsewhere", "nowhere"]
    let plan = try system.plan(baseline: baseline(names))
    #expect(plan.packages.install.map(\.name) == ["editor", "locales"])
    #expect(plan.packages.missing.map(\.name) == ["desktop-all", "elsewhere", "gir1.2-foo", "libfoo1", "nowhere"])
    #expect(reason("libfoo1", plan) == "in the baseline, but of section libs: others bring it when they need it")
    #expect(reason("nowhere", plan) == "in the baseline, but no archive of the distribution offers it")
    #expect(try system.plan(baseline: baseline(names, plansUnmarked: false)).packages.install.isEmpty)
  }

  @Test func `a library comes back when stock depends on it`() throws {
    var system = try FixtureSystem()
    system.add("editor", "Depends: libfoo1")
    system.offer("libfoo1", "Section: libs")
    let plan = try system.plan(baseline: baseline(["editor", "libfoo1"]))
    #expect(plan.packages.install.map(\.name) == ["libfoo1"])
    #expect(plan.packages.missing.isEmpty)
  }

  @Test func `a removal in the log and a mark are evidence, for what others bring too`() throws {
    var system = try FixtureSystem()
    for name in ["libremoved1", "libkept1"] { system.offer(name, "Section: libs") }
    try system.write("var/log/dpkg.log", removalLog("libremoved1"))
    let automatic = try system.plan(baseline: baseline(["libremoved1", "libkept1"], automatic: true))
    #expect(automatic.packages.install.map(\.reason) == ["in the baseline; removed on 2026-05-01"])
    #expect(reason("libkept1", automatic) == "in the baseline only because others needed it")
    let manual = try system.plan(baseline: baseline(["libkept1"], automatic: false))
    #expect(manual.packages.install.map(\.reason) == ["in the baseline, installed by name there"])
  }

  @Test func `a metapackage that is gone stays gone, even with a log`() throws {
    var system = try FixtureSystem()
    system.offer("ubuntu-desktop", "Section: metapackages")
    try system.write("var/log/dpkg.log", removalLog("ubuntu-desktop"))
    let plan = try system.plan(baseline: baseline(["ubuntu-desktop"], automatic: false))
    #expect(plan.packages.install.isEmpty)
    #expect(
      reason("ubuntu-desktop", plan)?.hasPrefix("in the baseline, but a metapackage, removed on 2026-05-01") == true)
    var selection = Selection()
    selection.install = [.init("ubuntu-desktop", from: "--install")]
    let asked = try system.plan(selection, baseline: baseline(["ubuntu-desktop"]))
    #expect(asked.packages.install.map(\.name) == ["ubuntu-desktop"])
  }

  @Test(arguments: [
    "linux-image-6.1.0-9-amd64", "linux-headers-5.15.0-91", "casper", "live-tools", "ubiquity-slideshow-ubuntu",
    "calamares", "debian-installer-launcher", "resetter",
  ])
  func `kernels of one release, live sessions and installers never come back`(name: String) throws {
    var system = try FixtureSystem()
    system.offer(name, "Section: utils")
    try system.write("var/log/dpkg.log", removalLog(name))
    for automatic in [nil, false, true] as [Bool?] {
      let plan = try system.plan(baseline: baseline([name], automatic: automatic))
      #expect(plan.packages.install.isEmpty)
      #expect(plan.packages.missing.map(\.name) == [name])
    }
  }

  @Test(arguments: [
    "language-pack-de", "firefox-esr-l10n-ast", "hunspell-fr", "spice-vdagent", "grub-pc", "grub-efi-amd64-signed",
  ])
  func `what one machine needs comes back only with evidence, and never from the list of an image`(name: String) throws
  {
    var system = try FixtureSystem()
    system.offer(name, "Section: utils")
    #expect(try system.plan(baseline: baseline([name])).packages.install.isEmpty)
    try system.write("var/log/dpkg.log", removalLog(name))
    #expect(try system.plan(baseline: baseline([name])).packages.install.map(\.name) == [name])
    let image = try system.plan(baseline: baseline([name], listsImage: true))
    #expect(image.packages.install.isEmpty)
    #expect(image.packages.missing.map(\.name) == [name])
  }

  @Test func `a name that has a successor is neither missing nor planned`() throws {
    var system = try FixtureSystem()
    system.add("libcurl4t64", "Section: libs")
    system.add("newtool", "Provides: oldtool (= 2)", "Replaces: oldtool (<< 2)")
    system.add("provider", "Provides: editor")
    system.add("libicu72")
    system.add("chromium-snap-stub")
    system.offer("libcurl4")
    system.offer("oldtool")
    system.offer("editor")
    system.offer("emptied", "Section: oldlibs")
    system.offer("firefox", "Section: web", "Description: Transitional package - firefox -> firefox snap")
    system.offer("unrelated", "Section: web")
    let names = ["libcurl4", "oldtool", "editor", "libicu67", "emptied", "firefox"]
    let installed = ["libcurl4t64", "newtool", "provider", "libicu72", "chromium-snap-stub"]
    let plan = try system.plan(baseline: baseline(names + installed))
    #expect(plan.packages.install.map(\.name) == ["editor"])
    #expect(plan.packages.missing.isEmpty)
  }

  @Test func `members of a foreign architecture are only named`() throws {
    var system = try FixtureSystem()
    system.offer("unrelated")
    var foreign = baseline([])
    foreign.members?["wine"] = [.init(name: "wine", architecture: "i386")]
    let plan = try system.plan(baseline: foreign)
    #expect(reason("wine", plan) == "in the baseline, for architecture i386")
  }

  @Test func `without lists of an archive nothing is planned, and that is the reason`() throws {
    let plan = try FixtureSystem().plan(baseline: baseline(["editor"], automatic: false))
    #expect(plan.packages.install.isEmpty)
    #expect(reason("editor", plan) == "in the baseline and removed since, and apt has no lists to find it in")
  }

  // MARK: Real manifests

  private static let manifests = [
    (file: "Ubuntu_18.04_ubuntu:GNOME_64bit_.manifest", id: "ubuntu"),
    (file: "LinuxMint_19.1_X-Cinnamon_64bit_.manifest", id: "linuxmint"),
    (file: "Debian_9.6_GNOME_64bit_.manifest", id: "debian"),
    (file: "elementary_5.0_Pantheon_64bit_.manifest", id: "elementary"),
    (file: "Deepin_15.10_Deepin_64bit_.manifest", id: "deepin"),
  ]

  @Test(
    .enabled(if: SharedCases.isPresent("reset/resetter/manifests"), "\(SharedCases.reason)"),
    arguments: manifests.map(\.file), ["", "and a stale kernel, a live session and a language gone"])
  func `every package of the distribution's own manifest stays, and nothing comes`(file: String, change: String) throws
  {
    let path = try #require(SharedCases.path("reset/resetter/manifests/" + file))
    let id = try #require(Self.manifests.first { $0.file == file }?.id)
    let list = try BaselineFile(parsing: try RootDirectory().read(path), path: path)
    let gone: (String) -> Bool = { name in
      !change.isEmpty
        && (NameClass.carriesKernelRelease(name) || name.hasPrefix("casper") || name.hasPrefix("live-")
          || name.hasPrefix("language-pack-") || name.contains("-l10n-") || name == "resetter")
    }
    let directory = try TemporaryDirectory()
    try directory.write("etc/os-release", text: "ID=\(id)\n")
    var (status, offers) = ("", "")
    for member in list.members {
      let stanza =
        "Package: \(member.name)\nArchitecture: \(member.architecture ?? "amd64")\nVersion: 1\nSection: web\n"
      if !gone(member.name) { status += stanza + "Status: install ok installed\nPriority: optional\n\n" }
      offers += stanza + "\n"
    }
    try directory.write("var/lib/dpkg/status", text: status)
    let origin = ["ubuntu": "Ubuntu", "debian": "Debian", "deepin": "Deepin"][id] ?? "Ubuntu"
    try directory.write("var/lib/apt/lists/example_dists_x_main_binary-amd64_Packages", text: offers)
    try directory.write("var/lib/apt/lists/example_dists_x_InRelease", text: "Origin: \(origin)\nSuite: x\nSHA256:\n")
    let snapshot = try SystemSnapshot.read(
      root: RootDirectory(directory.path), environment: [:], userID: 1000, executable: nil)
    let baseline = try Baseline.resolve(snapshot, files: [path])
    let plan = try ResetPlanner(
      SystemAnalysis(snapshot, baseline: baseline, selection: Selection(), rules: try KeepRule.shipped())
    ).plan()
    #expect(plan.removedNames == [])
    #expect(plan.packages.install.map(\.name) == [])
    #expect(plan.packages.missing.isEmpty == change.isEmpty)
    #expect(!plan.blockers.contains { $0.override == "--accept-baseline" }, "\(plan.blockers)")
  }
}
