import FoundationEssentials
import TestSupport
import Testing

/// The plan of real systems, and what the command does with bad ones.
@Suite struct ResetPlanTests {
  private struct Plan: Decodable {
    struct Package: Decodable, Hashable { let name: String }
    struct Removal: Decodable {
      let name: String
      let architecture: String
      let `class`: String
      let because: [String]
    }
    struct Kept: Decodable {
      let name: String
      let rule: String
    }
    struct Packages: Decodable {
      let remove: [Removal]
      let install: [Package]
      let missing: [Package]
      let keep: [Kept]
    }
    struct User: Decodable {
      let name: String
      let reason: String
    }
    struct Users: Decodable {
      let remove: [User]
      let keep: [User]
    }
    let schema: String
    let packages: Packages
    let users: Users
  }

  @Test(.enabled(if: LiveRoot.obstacle == nil, "\(LiveRoot.obstacle ?? "")"))
  func `the plan of a changed system is what was changed, and making it writes nothing`() async throws {
    let root: LiveRoot
    do {
      root = try await LiveRoot(variant: "important")
    } catch let absence as LiveRoot.NotCarried {
      print("a real system: skipped: \(absence)")
      return
    }
    let stock = try await root.installedNames()
    try await root.run("apt-get", "update", "-qq")
    try await root.run("apt-get", "install", "-qq", "-y", "--no-install-recommends", "jq", "tree", "sqlite3")
    try await root.run("apt-get", "remove", "-qq", "-y", "nano")
    try await root.run("useradd", "--create-home", "--shell", "/bin/bash", "anna")
    try await root.run("useradd", "--create-home", "--shell", "/bin/bash", "--groups", "sudo", "berta")
    let added = try await root.installedNames().subtracting(stock)

    let before = try await root.fingerprint()
    let outcome = try await ToolboxProcess.run(["reset", "--dry-run", "--json", "--root", root.path])
    let text = try await ToolboxProcess.run(["reset", "--dry-run", "--root", root.path])
    let after = try await root.fingerprint()
    let changed = after.split(separator: "\n").filter { !before.contains($0) }
    #expect(after == before, "changed: \(changed.prefix(5))")

    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.errors.isEmpty)
    let plan = try JSONDecoder().decode(Plan.self, from: Data(outcome.output.utf8))
    #expect(plan.schema == "toolbox.reset.plan/1")
    #expect(Set(plan.packages.remove.map(\.name)) == added)
    #expect(Set(plan.packages.remove.filter { $0.class == "user_root" }.map(\.name)) == ["jq", "tree", "sqlite3"])
    #expect(plan.packages.remove.filter { $0.class == "user_dependency" }.allSatisfy { $0.because.count > 1 })
    #expect(plan.packages.install.map(\.name) == ["nano"])
    #expect(plan.users.remove.map(\.name) == ["anna"])
    #expect(plan.users.keep.map(\.reason) == ["the last account that can become root"])
    #expect(text.status == 0)
    // Nothing is cut in a pipe; long lists are folded, and say so.
    #expect(text.output.split(separator: "\n").allSatisfy { !$0.contains("…") || $0.hasSuffix("--all shows them") })

    // apt, told to remove exactly that, must see nothing more and nothing less.
    let names = plan.packages.remove.map { $0.architecture == "all" ? $0.name : "\($0.name):\($0.architecture)" }
    let simulated = try await ToolboxProcess.run(
      path: "/usr/sbin/chroot", [root.path, "apt-get", "-s", "-o", "APT::Get::AutomaticRemove=false", "remove"] + names)
    let lines = simulated.output.split(separator: "\n")
    let removed = Set(lines.filter { $0.hasPrefix("Remv ") }.map { String($0.split(separator: " ")[1]) })
    #expect(removed == added)
    #expect(!lines.contains { $0.hasPrefix("Inst ") })
  }

  @Test func `the plan of this machine needs no rights and is made without writing`() async throws {
    let outcome = try await ToolboxProcess.run(["reset", "--dry-run", "--json"])
    guard outcome.status == 0 else {
      #expect(outcome.status == 69, "neither a plan nor a system without dpkg: \(outcome.errors)")
      return
    }
    let plan = try JSONDecoder().decode(Plan.self, from: Data(outcome.output.utf8))
    let going = Set(plan.packages.remove.map(\.name))
    #expect(going.isDisjoint(with: ["apt", "dpkg", "bash", "libc6", "base-files", "coreutils"]))
    #expect(going.isDisjoint(with: plan.packages.keep.map(\.name)))
  }

  @Test func `without a terminal to confirm on nothing is carried out`() async throws {
    let outcome = try await ToolboxProcess.run(["reset"])
    #expect(outcome.status == 64)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.contains("reset plan -o"))
    #expect(outcome.errors.contains("apply FILE --yes"))
  }

  /// A root whose dpkg status has one good package and then something else.
  private func outcome(ofStatus status: String, at path: String = "var/lib/dpkg/status") async throws -> (
    ToolboxProcess.Outcome, String
  ) {
    let root = try TemporaryDirectory()
    try root.write(path, text: status)
    let outcome = try await ToolboxProcess.run(["reset", "--dry-run", "--root", root.path])
    return (outcome, root.path)
  }

  private let good = """
    Package: good
    Status: install ok installed
    Architecture: amd64
    Version: 1


    """

  @Test func `a good small status gives a plan`() async throws {
    let (outcome, _) = try await outcome(ofStatus: good)
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  @Test(arguments: [
    (name: "status_cut_in_line", text: "Package: bad\nStatus: install ok inst", line: 7),
    (
      name: "status_without_version", text: "Package: bad\nStatus: install ok installed\nArchitecture: amd64\n\n",
      line: 6
    ),
    (name: "status_with_a_line_without_colon", text: "Package: bad\nnonsense\n\n", line: 7),
    (name: "status_with_unknown_state", text: "Package: bad\nStatus: install ok shiny\nVersion: 1\n\n", line: 7),
    (name: "status_with_crlf", text: "Package: bad\r\n", line: 6),
    (name: "status_with_nul", text: "Package: b\0ad\n\n", line: 6),
    (
      name: "status_with_malformed_dependency",
      text: "Package: bad\nStatus: install ok installed\nVersion: 1\nArchitecture: all\nDepends: a (>=\n\n", line: 10
    ),
    (
      name: "status_with_a_package_twice",
      text: "Package: good\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n", line: 6
    ),
  ])
  func `a status that cannot be trusted is one line with the place, and no plan`(
    name: String, text: String, line: Int
  ) async throws {
    let (outcome, root) = try await outcome(ofStatus: good + text)
    #expect(outcome.status == 65, "\(name): \(outcome.errors)")
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.split(separator: "\n").count == 1)
    #expect(outcome.errors.hasPrefix("toolbox: \(root)/var/lib/dpkg/status:\(line): "), "\(name): \(outcome.errors)")
  }

  @Test func `an empty status is bad data and a root without one is no Debian`() async throws {
    let (empty, _) = try await outcome(ofStatus: "")
    #expect(empty.status == 65)
    let (absent, _) = try await outcome(ofStatus: "", at: "etc/hostname")
    #expect(absent.status == 69)
    #expect(absent.errors.contains("--root"))
    let nowhere = try await ToolboxProcess.run(["reset", "--dry-run", "--root", "/nonexistent/root"])
    #expect(nowhere.status == 64)
  }

  @Test(.enabled(if: LiveRoot.obstacle == nil, "\(LiveRoot.obstacle ?? "")"))
  func `a status that may not be read says so with the code for missing rights`() async throws {
    let root = try TemporaryDirectory()
    try root.write("var/lib/dpkg/status", text: good)
    _ = try await ToolboxProcess.run(path: "/bin/chmod", ["755", root.path])
    _ = try await ToolboxProcess.run(path: "/bin/chmod", ["000", root("var/lib/dpkg/status")])
    let outcome = try await ToolboxProcess.run(
      path: "/usr/bin/setpriv",
      [
        "--reuid=65534", "--regid=65534", "--clear-groups", ToolboxProcess.path, "reset", "--dry-run", "--root",
        root.path,
      ])
    #expect(outcome.status == 77, "\(outcome.errors)")
    #expect(outcome.errors.contains("/var/lib/dpkg/status"))
  }

  @Test func `names with escape sequences reach the terminal harmless`() async throws {
    let root = try TemporaryDirectory()
    try root.write("var/lib/dpkg/status", text: good)
    try root.write(
      "etc/passwd", text: "root:x:0:0::/root:/bin/bash\nan\u{1B}[31mna:x:1000:1000::/home/a\u{202E}b:/bin/bash\n")
    let outcome = try await ToolboxProcess.run(["reset", "--dry-run", "--root", root.path])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(!outcome.output.contains("\u{1B}"))
    #expect(!outcome.output.contains("\u{202E}"))
    #expect(outcome.output.contains("an[31mna"))
  }
}
