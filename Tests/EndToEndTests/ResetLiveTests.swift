import FoundationEssentials
import TestSupport
import Testing

/// The plan of real Debian systems, which were changed as administrators change them, against what was changed.
///
/// Each release is made once, changed once, and planned from each kind of baseline.
@Suite struct ResetLiveTests {
  // MARK: What an administrator did

  /// Small packages that all the releases have; with what they depend on and recommend.
  private static let wanted = [
    "bc", "colordiff", "cowsay", "dma", "dos2unix", "ed", "expect", "figlet", "git", "htop", "jq", "lua5.3",
    "moreutils",
    "mtr-tiny", "ncdu", "nginx-light", "pigz", "pv", "rlwrap", "rsync", "ruby", "screen", "sl", "socat",
    "sqlite3", "sudo", "tcl", "tmux", "tree", "units", "unzip", "whois", "zip",
  ]
  /// Stock packages of priority important or standard that go; the last one with its configuration.
  private static let unwanted = ["nano", "bash-completion", "lsof"]
  private static let local = "local-notes"
  private static let held = "jq"
  /// An ordinary library of a second architecture, for releases whose lists of it are quickly had.
  private static let foreign = "zlib1g:i386"
  private static let releasesWithForeign = ["bullseye", "bookworm"]

  /// What was added and stays all the same, and why: the rule that keeps it, or what of the stock system asks for it.
  /// Names without an architecture are of the system's own.
  private static let exceptions = [
    "jq": "rule held", "libjq1": "rule held", "libonig5": "rule held", "sudo": "rule become-root",
    "dma": "cron recommends it",
  ]
  /// Likewise, for single releases.
  private static let moreExceptions = [
    "bookworm": ["libgpm2": "libncursesw6 recommends it"], "trixie": ["libgpm2": "libncursesw6 recommends it"],
  ]
  /// Likewise, where the second architecture is there: what dpkg and apt protect there, and what that needs.
  private static let foreignExceptions = [
    "bullseye": [
      "libgcc-s1:i386": "rule protected", "libcrypt1:i386": "rule protected", "gcc-10-base:i386": "rule protected",
      "libc6:i386": "rule c-library",
    ],
    "bookworm": [
      "libgcc-s1:i386": "rule protected", "gcc-12-base:i386": "rule protected", "libc6:i386": "rule c-library",
    ],
  ]

  /// A changed system, and what is true of it.
  private struct ChangedSystem {
    let root: LiveRoot
    let release: String
    let architecture: String
    /// `name:architecture` before and after.
    let stock: Set<String>
    let present: Set<String>
    /// dpkg's status and the packages with their versions, as they were before.
    let stockStatus: String
    let stockManifest: String

    var added: Set<String> { present.subtracting(stock) }
    var removed: Set<String> { stock.subtracting(present) }
  }

  private func change(_ root: LiveRoot, _ release: String) async throws -> ChangedSystem {
    let stock = try await root.installed()
    let status = try await root.run("cat", "/var/lib/dpkg/status")
    let manifest = try await root.run("dpkg-query", "-W", "-f", "${binary:Package}\t${Version}\n")
    // No service starts in a directory.
    try root.write("usr/sbin/policy-rc.d", text: "#!/bin/sh\nexit 101\n")
    try await root.run("chmod", "755", "/usr/sbin/policy-rc.d")

    let architecture = try await root.run("dpkg", "--print-architecture").filter { !$0.isWhitespace }
    let more = try await addForeignArchitecture(root, release, architecture) ? [Self.foreign] : []
    try await root.run(["apt-get", "install", "-qq", "-y"] + Self.wanted + more)
    try await root.run(["apt-get", "remove", "-qq", "-y"] + Self.unwanted.dropLast())
    try await root.run(["apt-get", "purge", "-qq", "-y"] + Self.unwanted.suffix(1))
    try root.write(
      "tmp/notes/DEBIAN/control",
      text: """
        Package: \(Self.local)
        Version: 1.0
        Architecture: all
        Maintainer: An Administrator <root@localhost>
        Depends: tree
        Description: what we know about this machine

        """)
    try root.write("tmp/notes/usr/share/doc/\(Self.local)/notes", text: "It is old.\n")
    try await root.run("dpkg-deb", "--build", "--root-owner-group", "/tmp/notes", "/tmp/notes.deb")
    try await root.run("dpkg", "--install", "/tmp/notes.deb")
    try await root.run("apt-mark", "hold", Self.held)
    try await root.run("useradd", "--create-home", "--shell", "/bin/bash", "anna")
    try await root.run("useradd", "--create-home", "--shell", "/bin/bash", "--groups", "sudo", "berta")
    try root.remove("usr/sbin/policy-rc.d")
    return ChangedSystem(
      root: root, release: release, architecture: architecture, stock: stock, present: try await root.installed(),
      stockStatus: status,
      stockManifest: manifest)
  }

  /// Gives the system i386 beside its own architecture; false, with a line, when that cannot be had now.
  private func addForeignArchitecture(_ root: LiveRoot, _ release: String, _ native: String) async throws -> Bool {
    guard Self.releasesWithForeign.contains(release), native == "amd64" else { return false }
    try await root.run("dpkg", "--add-architecture", "i386")
    do {
      try await root.run("apt-get", "update", "-qq", "-o", "APT::Update::Error-Mode=any")
      return true
    } catch let failure as LiveRoot.Failure {
      let reason = failure.description.split(separator: "\n").last { $0.contains("E: ") } ?? "apt-get update failed"
      print("\(release): goes without \(Self.foreign): \(reason)")
      try await root.run("dpkg", "--remove-architecture", "i386")
      try await root.run("apt-get", "update", "-qq")
      return false
    }
  }

  // MARK: The plan

  private struct Plan: Decodable, Equatable {
    struct Package: Decodable, Hashable {
      let name: String
      let architecture: String
      let version: String
      var id: String { "\(name):\(architecture)" }
    }
    struct Removal: Decodable, Equatable {
      let name: String
      let architecture: String
      let `class`: String
      var id: String { "\(name):\(architecture)" }
    }
    struct Kept: Decodable, Equatable {
      let name: String
      let architecture: String
      let rule: String
    }
    struct Packages: Decodable, Equatable {
      let remove: [Removal]
      let install: [Package]
      let keep: [Kept]
    }
    struct User: Decodable, Equatable {
      let name: String
    }
    struct Users: Decodable, Equatable {
      let remove: [User]
      let keep: [User]
    }
    struct Baseline: Decodable, Equatable {
      let source: String
      let confidence: String
    }
    struct Notice: Decodable, Equatable {
      let id: String
      let message: String
      let subject: String
    }
    let baseline: Baseline
    let packages: Packages
    let users: Users
    let warnings: [Notice]
    let blockers: [Notice]

    var removed: Set<String> { Set(packages.remove.map(\.id)) }
  }

  private func plan(
    _ root: LiveRoot, _ options: [String], environment: [String: String] = [:], through wrapper: [String] = []
  ) async throws -> Plan {
    let command =
      wrapper + [ToolboxProcess.path, "reset", "--dry-run", "--json", "--verify", "--root", root.path] + options
    let outcome = try await ToolboxProcess.run(path: command[0], Array(command.dropFirst()), environment: environment)
    try #require(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.errors.isEmpty)
    return try JSONDecoder().decode(Plan.self, from: Data(outcome.output.utf8))
  }

  @Test(
    .enabled(if: LiveRoot.obstacle == nil, "\(LiveRoot.obstacle ?? "")"), arguments: ["bullseye", "bookworm", "trixie"])
  func `the plan of a changed system takes back what was changed and nothing else`(release: String) async throws {
    let root: LiveRoot
    do {
      root = try await LiveRoot(variant: "standard", release: release)
    } catch let absence as LiveRoot.NotCarried {
      print("\(release): skipped: \(absence)")
      return
    }
    let system = try await change(root, release)
    #expect(system.added.count > 50)
    #expect(Set(system.removed.map { String($0.prefix { $0 != ":" }) }) == Set(Self.unwanted))

    // With no record at all, and with a list of the image given by hand.
    let manifest = try root.writeBeside("stock.manifest", system.stockManifest.utf8)
    let before = try await root.fingerprint()
    let closure = try await plan(root, [])
    let listed = try await plan(root, ["--baseline", manifest])
    let written = Set(try await root.fingerprint().split(separator: "\n"))
      .symmetricDifference(before.split(separator: "\n")).sorted()
    #expect(written == [], "a dry run wrote something")
    #expect(closure.baseline.source == "root_closure")
    #expect(listed.baseline.source == "file")
    try await expect(closure, of: system)
    try await expect(listed, of: system, ["--baseline", manifest])

    try await expectNoLeak(of: system, ["--baseline", manifest], listed)

    // With the installer's record.
    try await writeRecord(of: system)
    let withRecord = try await root.fingerprint()
    let recorded = try await plan(root, [])
    let changed = Set(try await root.fingerprint().split(separator: "\n"))
      .symmetricDifference(withRecord.split(separator: "\n")).sorted()
    #expect(changed == [], "a dry run wrote something")
    #expect(recorded.baseline == Plan.Baseline(source: "installer_record", confidence: "high"))
    try await expect(recorded, of: system)
  }

  /// What installers leave behind: the status of the fresh system, and the line that names the medium.
  private func writeRecord(of system: ChangedSystem) async throws {
    let version = ["bullseye": "11.11.0", "bookworm": "12.11.0", "trixie": "13.1.0"][system.release] ?? ""
    try system.root.write("var/log/installer/initial-status", text: system.stockStatus)
    try await system.root.run("gzip", "/var/log/installer/initial-status")
    let name = system.release.prefix(1).uppercased() + system.release.dropFirst()
    try system.root.write(
      "var/log/installer/media-info",
      text: "Debian GNU/Linux \(version) \"\(name)\" - Official amd64 NETINST with firmware 20250906-10:24\n")
  }

  /// Compares a plan with what was done, and has each exception explained.
  private func expect(_ plan: Plan, of system: ChangedSystem, _ options: [String] = []) async throws {
    let label = Comment(rawValue: "\(system.release), \(plan.baseline.source)")
    #expect(plan.removed.subtracting(system.added) == [], label)
    #expect(plan.removed.isDisjoint(with: system.stock), label)
    #expect(Set(plan.packages.install.map(\.id)) == system.removed, label)
    #expect(plan.packages.remove.first { $0.name == Self.local }?.class == "local", label)
    #expect(plan.users.remove.map(\.name) == ["anna"], label)
    #expect(plan.users.keep.map(\.name) == ["berta"], label)
    #expect(plan.blockers.filter { $0.id == "apt-disagrees" } == [], label)
    #expect(plan.warnings.filter { $0.id == "not-verified" } == [], label)

    try await expectExplanations(of: system.added.subtracting(plan.removed), in: system, options, label)
    try await expectAgreement(of: system, plan)
  }

  /// Each of the packages that were added and stay is a known exception, and `why` gives its reason.
  private func expectExplanations(
    of names: Set<String>, in system: ChangedSystem, _ options: [String], _ label: Comment
  ) async throws {
    var expected = Self.exceptions
    expected.merge(Self.moreExceptions[system.release] ?? [:]) { $1 }
    if system.present.contains(Self.foreign) {
      expected.merge(Self.foreignExceptions[system.release] ?? [:]) { $1 }
    }
    let outcome = try await ToolboxProcess.run(
      ["reset", "why", "--json", "--root", system.root.path] + options + names.sorted())
    var found: [String: String] = [:]
    for entry in try JSONValue(parsing: outcome.output)["packages"]?.elements ?? [] {
      let architecture = entry["architecture"]?.string ?? ""
      let isNative = architecture == system.architecture || architecture == "all"
      let name = (entry["name"]?.string ?? "") + (isNative ? "" : ":" + architecture)
      #expect(entry["verdict"]?.string == "stays", "\(name)")
      if let rule = entry["rule"]?.string {
        found[name] = "rule \(rule)"
        continue
      }
      let chain = entry["because"]?.elements ?? []
      let root = chain.first?["name"]?.string ?? "nothing"
      #expect(system.stock.contains { $0.hasPrefix(root + ":") }, "\(name): the chain starts at \(root)")
      found[name] = "\(chain.dropLast().last?["name"]?.string ?? "") \(chain.last?["how"]?.string ?? "") it"
    }
    #expect(found == expected, label)
  }

  /// The system's own apt, told the exact sets, must do just that.
  private func expectAgreement(of system: ChangedSystem, _ plan: Plan) async throws {
    func word(_ id: String) -> String { id.hasSuffix(":all") ? String(id.dropLast(4)) : id }
    let installations = plan.packages.install.map { "\(word($0.id))=\($0.version)" }
    let output = try await system.root.run(
      ["apt-get", "-s", "-y", "-o", "APT::Get::AutomaticRemove=0", "-o", "APT::Install-Recommends=0", "install"]
        + installations + plan.packages.remove.map { word($0.id) + "-" })
    let native = system.architecture
    func names(_ verb: String) -> Set<String> {
      Set(
        output.split(separator: "\n").filter { $0.hasPrefix(verb + " ") }.map { line in
          let name = String(line.split(separator: " ")[1])
          return name.hasSuffix(":" + native) ? String(name.dropLast(native.count + 1)) : name
        })
    }
    func expected(_ ids: some Sequence<String>) -> Set<String> {
      Set(ids.map { $0.hasSuffix(":" + native) ? String($0.dropLast(native.count + 1)) : word($0) })
    }
    #expect(names("Remv") == expected(plan.removed))
    #expect(names("Inst") == expected(plan.packages.install.map(\.id)))
  }

  // MARK: The administrator's settings

  /// The administrator's settings for apt, in the system and for the command itself, change nothing in the plan.
  private func expectNoLeak(of system: ChangedSystem, _ options: [String], _ undisturbed: Plan) async throws {
    let settings = """
      APT::Install-Recommends "true";
      APT::Install-Suggests "true";
      APT::Default-Release "nonexistent";
      APT::Get::AutomaticRemove "true";
      APT::Get::Purge "true";

      """
    let pin = "Package: \(Self.unwanted[0])\nPin: release *\nPin-Priority: -1\n"
    let root = system.root
    try root.write("etc/apt/apt.conf.d/99administrator", text: settings)
    try root.write("etc/apt/preferences.d/99administrator", text: pin)
    let asked = try await ToolboxProcess.run(
      path: "/usr/sbin/chroot", [root.path, "apt-get", "-s", "install", Self.unwanted[0]])
    #expect(asked.status != 0, "the settings have no effect, so the test says nothing")

    let file = try root.writeBeside("apt.conf", settings.utf8)
    #expect(try await plan(root, options, environment: ["APT_CONFIG": file]) == undisturbed)
    // The machine's own settings, too: put in place where only this one process sees them. In a chroot there is no root mount
    // that could be made private, and the machine's own files are not touched without that.
    let probe = try await ToolboxProcess.run(path: "/usr/bin/unshare", ["--mount", "/bin/true"])
    if probe.status == 0 {
      let script = """
        mount --bind "$1/etc/apt/apt.conf.d" /etc/apt/apt.conf.d &&
        mount --bind "$1/etc/apt/preferences.d" /etc/apt/preferences.d && shift && exec "$@"
        """
      let ownMounts = ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", script, "sh", root.path]
      #expect(try await plan(root, options, environment: ["APT_CONFIG": file], through: ownMounts) == undisturbed)
    } else {
      print("the machine's own apt settings: skipped: this machine allows no mount namespace")
    }
    try root.remove("etc/apt/apt.conf.d/99administrator")
    try root.remove("etc/apt/preferences.d/99administrator")
  }
}
