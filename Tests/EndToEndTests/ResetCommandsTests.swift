import FoundationEssentials
import TestSupport
import Testing

/// The commands around the plan, on a small system made up for them.
@Suite struct ResetCommandsTests {
  private let root: TemporaryDirectory

  init() throws {
    root = try TemporaryDirectory()
    func package(_ name: String, _ fields: String = "") -> String {
      "Package: \(name)\nStatus: install ok installed\nPriority: optional\nArchitecture: amd64\nVersion: 1.0\n\(fields)Description: the \(name)\n\n"
    }
    let status =
      package("base", "Essential: yes\n") + package("editor", "Depends: words\n") + package("words")
      + package("reader", "Recommends: words\n")
    try root.write("var/lib/dpkg/status", text: status)
    try root.write(
      "var/lib/apt/extended_states", text: "Package: words\nArchitecture: amd64\nAuto-Installed: 1\n\n")
    try root.write("etc/os-release", text: "ID=debian\n")
    try root.write(
      "etc/passwd",
      text: "root:x:0:0::/root:/bin/sh\nanna:x:1000:1000::/home/anna:/bin/sh\nberta:x:1001:1001::/home/berta:/bin/sh\n")
    try root.write("etc/group", text: "sudo:x:27:anna,berta\n")
  }

  private func run(_ arguments: String...) async throws -> ToolboxProcess.Outcome {
    try await ToolboxProcess.run(["reset"] + arguments + ["--root", root.path])
  }

  private func list(_ name: String, _ arguments: String...) async throws -> [String] {
    let outcome = try await ToolboxProcess.run(
      ["reset", "--dry-run", "--list", name, "--root", root.path] + arguments)
    #expect(outcome.status == 0, "\(outcome.errors)")
    return outcome.output.split(separator: "\n").map(String.init)
  }

  @Test func `lists for scripts hold one item a line`() async throws {
    #expect(try await list("remove") == ["editor:amd64", "reader:amd64", "words:amd64"])
    #expect(try await list("users") == ["berta"])
    #expect(try await list("install") == [])
  }

  @Test func `options change what goes`() async throws {
    #expect(try await list("remove", "--keep", "editor") == ["reader:amd64"])
    #expect(try await list("remove", "--keep", "read*") == ["editor:amd64", "words:amd64"])
    #expect(try await list("remove", "--only", "users") == [])
    #expect(try await list("remove", "--only", "users", "--remove", "words") == ["editor:amd64", "words:amd64"])
    #expect(try await list("users", "--only", "packages") == [])
    #expect(try await list("users", "--keep-user", "anna") == ["berta"])
    #expect(try await list("users", "--keep-user", "berta") == ["anna"], "an administrator is left")
    #expect(try await list("users", "--keep-user", "berta", "--keep-user", "anna") == [])
    #expect(try await list("users", "--remove-user", "anna", "--keep-user", "berta") == ["anna"])
  }

  @Test func `what a rule protects is refused by name, and the plan says so and is printed`() async throws {
    let outcome = try await run(
      "--dry-run", "--json", "--remove", "base", "--remove-user", "root", "--remove-user", "nobody-here")
    #expect(outcome.status == 0)
    let plan = try JSONValue(parsing: outcome.output)
    let blockers = plan["blockers"]?.elements.compactMap { $0["subject"]?.string } ?? []
    #expect(blockers.contains("base"))
    #expect(blockers.contains("root"))
    #expect(blockers.contains("nobody-here"))
    #expect(plan["packages"]?["remove"]?.elements.contains { $0["name"]?.string == "base" } == false)
  }

  @Test func `the policy of the root counts, and each of its decisions names its line`() async throws {
    try root.write("etc/toolbox/reset.yaml", text: "# wishes\nkeep:\n  - editor\nprotect-users: [berta]\n")
    let plan = try JSONValue(parsing: try await run("--dry-run", "--json").output)
    let kept = plan["packages"]?["keep"]?.elements.first { $0["name"]?.string == "editor" }
    #expect(kept?["rule"]?.string == "chosen")
    #expect(kept?["reason"]?.string == "It was asked to stay (\(root.path)/etc/toolbox/reset.yaml:3).")
    let berta = plan["users"]?["keep"]?.elements.first { $0["name"]?.string == "berta" }
    #expect(berta?["reason"]?.string == "asked to stay (\(root.path)/etc/toolbox/reset.yaml:4)")
  }

  @Test func `a policy's baseline and kernels name their lines too`() async throws {
    let list = try root.write("list", text: "base\neditor\n")
    try root.write("etc/toolbox/reset.yaml", text: "baseline: \(list)\nkeep-kernels: 1\n")
    let outcome = try await run("--dry-run", "--json")
    #expect(try JSONSchema(fileNamed: "toolbox.reset.plan.1.json").violations(in: outcome.output) == [])
    let plan = try JSONValue(parsing: outcome.output)
    let notes = plan["baseline"]?["notes"]?.elements.compactMap(\.string) ?? []
    #expect(notes.contains("named in \(root.path)/etc/toolbox/reset.yaml:1"))
    #expect(plan["baseline"]?["path"]?.string == list)
    #expect(plan["selection"]?["keep_kernels_from"]?.string == "\(root.path)/etc/toolbox/reset.yaml:2")
    #expect(plan["packages"]?["remove"]?.elements.map { $0["name"]?.string } == ["reader"])
  }

  @Test func `a policy with a mistake is one line with its place, and no plan`() async throws {
    try root.write("etc/toolbox/reset.yaml", text: "keep: [a]\nkeepp: [b]\n")
    let outcome = try await run("--dry-run")
    #expect(outcome.status == 65)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.hasPrefix("toolbox: \(root.path)/etc/toolbox/reset.yaml:2:1: unknown key 'keepp'"))
  }

  @Test func `why tells the chain both ways`() async throws {
    let goes = try await run("why", "words", "--json")
    #expect(try JSONSchema(fileNamed: "toolbox.reset.why.1.json").violations(in: goes.output) == [])
    let entry = try JSONValue(parsing: goes.output)["packages"]?.elements.first
    #expect(entry?["verdict"]?.string == "goes")
    #expect(entry?["because"]?.elements.map { $0["name"]?.string } == ["editor", "words"])
    #expect(entry?["needed_by"]?.elements.map { $0["field"]?.string } == ["depends", "recommends"])
    let stays = try JSONValue(parsing: try await run("why", "base", "--json").output)["packages"]?.elements.first
    #expect(stays?["verdict"]?.string == "stays")
    #expect(stays?["rule"]?.string == "essential")
    let unknown = try await run("why", "nothing")
    #expect(unknown.status == 64)
    #expect(unknown.errors.contains("'nothing'"))
  }

  @Test func `dependents name who needs a package and what would go`() async throws {
    let outcome = try await run("dependents", "words", "--json")
    #expect(try JSONSchema(fileNamed: "toolbox.reset.dependents.1.json").violations(in: outcome.output) == [])
    let entry = try JSONValue(parsing: outcome.output)["packages"]?.elements.first
    #expect(entry?["would_go"]?.elements.map(\.string) == ["editor:amd64"])
    let text = try await run("dependents", "words")
    #expect(text.output.contains("without it 1 package would have to go"))
  }

  @Test func `check speaks to scripts and to monitoring`() async throws {
    let plain = try await run("check")
    #expect(plain.status == 0)
    #expect(plain.output.hasPrefix("not stock: 3 packages to remove"))
    #expect(try await run("check", "--exit-code").status == 2)
    let nagios = try await run("check", "--format", "nagios")
    #expect(nagios.status == 1)
    #expect(nagios.output.hasPrefix("RESET WARNING - "))
    #expect(nagios.output.contains(" | remove=3 "))
    let json = try await run("check", "--json")
    #expect(try JSONSchema(fileNamed: "toolbox.reset.check.1.json").violations(in: json.output) == [])
    let stock = try await run("check", "--exit-code", "--keep", "*", "--keep-user", "berta", "--keep-user", "anna")
    #expect(stock.status == 0)
    #expect(stock.output == "stock\n")
    let unknown = try await ToolboxProcess.run(["reset", "check", "--format", "nagios", "--root", "/nonexistent"])
    #expect(unknown.status == 3)
    #expect(unknown.output.hasPrefix("RESET UNKNOWN - "))
  }

  @Test func `a saved plan is private, valid, and equal to itself`() async throws {
    let file = root("plan.json")
    let saved = try await run("plan", "-o", file)
    #expect(saved.status == 0)
    #expect(saved.output.isEmpty)
    let attributes = try FileManager.default.attributesOfItem(atPath: file)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: file)), as: UTF8.self)
    #expect(try JSONSchema(fileNamed: "toolbox.reset.plan.1.json").violations(in: text) == [])
    let inputs = try JSONValue(parsing: text)["inputs"]?.elements.compactMap { $0["path"]?.string }
    #expect(inputs == ["/var/lib/dpkg/status", "/var/lib/apt/extended_states", "/etc/passwd", "/etc/group"])
    let same = try await run("plan", "--against", file, "--exit-code")
    #expect(same.status == 0)
    #expect(same.output == "the plans are equal\n")
    let other = try await run("plan", "--against", file, "--exit-code", "--keep", "editor")
    #expect(other.status == 2)
    #expect(other.output.contains("- removal editor:amd64: 1.0, user_root, installed by name"))
    #expect(other.output.contains("+ kept package words:amd64: chosen"))
  }

  @Test(arguments: ["", "{", "[]", "{\"schema\": \"toolbox.reset.plan/2\"}", "\0\0"])
  func `what is no saved plan is refused`(text: String) async throws {
    let file = try root.write("other.json", text: text)
    let outcome = try await run("plan", "--against", file)
    #expect(outcome.status == 65)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.split(separator: "\n").count == 1)
  }

  @Test func `a plan is not written through a link`() async throws {
    let target = try root.write("target", text: "untouched")
    try FileManager.default.createSymbolicLink(atPath: root("plan.json"), withDestinationPath: target)
    let refused = try await run("plan", "-o", root("plan.json"))
    #expect(refused.status == 3)
    #expect(refused.errors.contains("a symbolic link stands there"))
    #expect(try await run("plan", "-o", "/dev/null").status == 3)
    #expect(try Data(contentsOf: URL(fileURLWithPath: target)) == Data("untouched".utf8))
    #expect(try await run("plan", "-o", root("nowhere/plan.json")).status == 1)
  }

  @Test func `dialogues want a terminal`() async throws {
    let outcome = try await run("--dry-run", "--custom")
    #expect(outcome.status == 64)
    #expect(outcome.errors.contains("terminal"))
  }

  @Test(arguments: [
    ["--keep-kernels", "0"], ["--backup-user", "a", "--no-backup-user"], ["--backup-user", "Bad Name"],
    ["--only", "everything"],
    ["--list", "all"],
  ])
  func `options that make no sense are refused`(arguments: [String]) async throws {
    let outcome = try await ToolboxProcess.run(["reset", "--dry-run", "--root", root.path] + arguments)
    #expect(outcome.status == 64)
    #expect(outcome.output.isEmpty)
  }
}
