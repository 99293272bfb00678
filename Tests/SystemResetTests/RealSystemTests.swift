import FoundationEssentials
import HostSystem
import TestSupport
import Testing

@testable import SystemReset

/// Real package states of other people's systems.
@Suite struct RealSystemTests {
  private func plan(_ name: String, osRelease: String, edit: (String) -> String = { $0 }) throws -> ResetPlan {
    let source = try #require(SharedCases.path("reset/" + name))
    let directory = try TemporaryDirectory()
    let bytes = try RootDirectory().read(source)
    try directory.write("var/lib/dpkg/status", text: edit(String(decoding: bytes, as: UTF8.self)))
    try directory.write("etc/os-release", text: osRelease)
    let snapshot = try SystemSnapshot.read(
      root: RootDirectory(directory.path), environment: [:], userID: 1000, executable: nil)
    return try ResetPlanner(
      SystemAnalysis(snapshot, baseline: .rootClosure, selection: Selection(), rules: try KeepRule.shipped())
    ).plan()
  }

  @Test(.enabled(if: SharedCases.isPresent("reset/apt-clone"), "\(SharedCases.reason)"))
  func `on an Ubuntu desktop of 2010 only the ssh server is the person's own`() throws {
    let plan = try plan("apt-clone/dpkg-status-ubuntu-maverick", osRelease: "ID=ubuntu\nVERSION_ID=\"10.10\"\n")
    #expect(plan.removedNames == ["openssh-server"])
    let kept = [
      "grub", "grub-common", "linux-firmware", "linux-image-2.6.35-23-generic", "linux-image-2.6.35-25-generic",
      "linux-image-generic", "os-prober", "wireless-crda",
    ]
    #expect(plan.packages.keep.filter { $0.neededBy == nil }.map(\.name).sorted() == kept)
    #expect(plan.kernels.keep.map(\.release) == ["2.6.35-23-generic", "2.6.35-25-generic"])
  }

  @Test(.enabled(if: SharedCases.isPresent("reset/apt"), "\(SharedCases.reason)"))
  func `what an essential package needs is never planned`() throws {
    let plan = try plan("apt/status-bug-601961-install-info", osRelease: "ID=debian\n")
    #expect(!plan.removedNames.contains("essentialpkg"))
    #expect(!plan.removedNames.contains("findutils"))
  }

  @Test(.enabled(if: SharedCases.isPresent("reset/apt"), "\(SharedCases.reason)"))
  func `a hold keeps the chain that it stands on`() throws {
    let name = "apt/status-bug-612557-garbage-upgrade"
    #expect(
      try plan(name, osRelease: "ID=debian\n").removedNames == [
        "openoffice.org-common", "openoffice.org-emailmerge", "python-uno",
      ])
    let held = try plan(name, osRelease: "ID=debian\n") {
      $0.replacing(
        "Package: openoffice.org-emailmerge\nStatus: install", with: "Package: openoffice.org-emailmerge\nStatus: hold")
    }
    #expect(held.removedNames == [])
    #expect(held.kept("openoffice.org-emailmerge")?.rule == "held")
  }

  @Test(.enabled(if: SharedCases.isPresent("reset/apt"), "\(SharedCases.reason)"))
  func `a base system has nothing of a person's own`() throws {
    let plan = try plan("apt/status-bug-lp1347721-dpkg-ordering", osRelease: "ID=ubuntu\nVERSION_ID=\"14.04\"\n")
    for name in ["initramfs-tools", "udev", "upstart", "mountall", "plymouth", "libpng12-0", "libdrm2"] {
      #expect(!plan.removedNames.contains(name), "\(name)")
    }
    #expect(plan.warnings.contains { $0.id == "no-kernel" })
  }

  @Test(
    .enabled(
      if: SharedCases.isPresent("reset/apt-clone") && FileManager.default.isExecutableFile(atPath: AptOracle.path),
      "the shared cases or apt-get are not here"),
    arguments: [
      ("apt-clone/dpkg-status-ubuntu-maverick", "i386"), ("apt/status-bug-601961-install-info", "i386"),
      ("apt/status-bug-612557-garbage-upgrade", "i386"), ("apt/status-bug-lp1347721-dpkg-ordering", "i386"),
    ])
  func `apt agrees with the plan of a real system, and with one that removes more`(
    name: String, architecture: String
  ) async throws {
    let source = try #require(SharedCases.path("reset/" + name))
    let directory = try TemporaryDirectory()
    try directory.write("var/lib/dpkg/status", try RootDirectory().read(source))
    try directory.write("var/lib/apt/lists/lock", text: "")
    try directory.write("etc/apt/sources.list", text: "")
    let snapshot = try SystemSnapshot.read(
      root: RootDirectory(directory.path), environment: [:], userID: 1000, executable: nil)
    let usual = try ResetPlanner(
      SystemAnalysis(snapshot, baseline: .rootClosure, selection: Selection(), rules: try KeepRule.shipped())
    ).plan()
    #expect(try AptOracle(usual, foreignArchitectures: snapshot.foreignArchitectures).blockers() == [])
    // A plan that takes a package with all that needs it must be what apt would do, too.
    var selection = Selection()
    selection.remove = [.init("*doc*", from: "--remove"), .init("python-uno", from: "--remove")]
    let larger = try ResetPlanner(
      SystemAnalysis(snapshot, baseline: .rootClosure, selection: selection, rules: try KeepRule.shipped())
    ).plan()
    #expect(try AptOracle(larger, foreignArchitectures: snapshot.foreignArchitectures).blockers() == [])
  }
}
