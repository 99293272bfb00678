import FoundationEssentials
import TestSupport
import Testing

/// What counts as stock, as the commands show, save and compare it.
@Suite struct ResetBaselineTests {
  private let root: TemporaryDirectory

  init() throws {
    root = try TemporaryDirectory()
    try write(status: ["base": "1.0", "libc6": "2.36", "editor": "3.1"])
    try root.write("etc/os-release", text: "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n")
  }

  private func write(status packages: [String: String]) throws {
    let stanzas = packages.sorted { $0.key < $1.key }.map { name, version in
      "Package: \(name)\nStatus: install ok installed\n\(name == "base" ? "Essential: yes\n" : "")Architecture: amd64\nVersion: \(version)\n\n"
    }
    try root.write("var/lib/dpkg/status", text: stanzas.joined())
  }

  private func run(_ arguments: String...) async throws -> ToolboxProcess.Outcome {
    try await ToolboxProcess.run(["reset"] + arguments + ["--root", root.path])
  }

  @Test func `a saved baseline is found by the next plan and explains what was there`() async throws {
    let saved = try await run("baseline", "save")
    #expect(saved.status == 0, "\(saved.errors)")
    let path = root("var/lib/toolbox/reset/baseline.json")
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    #expect(try JSONSchema(fileNamed: "toolbox.reset.baseline.1.json").violations(in: text) == [])

    try write(status: ["base": "1.0", "libc6": "2.36", "editor": "3.2", "game": "1"])
    let plan = try await run("--dry-run", "--list", "remove")
    #expect(plan.output == "game:amd64\n")
    let shown = try await run("baseline", "show", "--json")
    #expect(try JSONSchema(fileNamed: "toolbox.reset.baseline-summary.1.json").violations(in: shown.output) == [])
    #expect(try JSONValue(parsing: shown.output)["baseline"]?["source"]?.string == "saved")

    let compared = try await run("baseline", "compare", path, "--exit-code")
    #expect(compared.status == 2)
    #expect(compared.output == "+ game:amd64 1\n~ editor 3.1 -> 3.2\n")
    let json = try await run("baseline", "compare", path, "--json")
    #expect(try JSONSchema(fileNamed: "toolbox.reset.baseline-comparison.1.json").violations(in: json.output) == [])
    let same = try await run("baseline", "compare", path, path, "--exit-code")
    #expect(same.status == 0)
    #expect(same.output == "no difference\n")
  }

  @Test(arguments: [
    "base 1.0\nlibc6 2.36\n", "base\tinstall\nlibc6\tinstall\n", "base:amd64\r\nlibc6:amd64\r\n",
    "\u{FEFF}# stock\nbase\nlibc6\n",
  ])
  func `a list of any form is a baseline`(text: String) async throws {
    let list = try root.write("list", text: text)
    let plan = try await run("--dry-run", "--list", "remove", "--baseline", list)
    #expect(plan.status == 0, "\(plan.errors)")
    #expect(plan.output == "editor:amd64\n")
  }

  @Test(arguments: ["", "<html></html>\n", "\0\0\0", "Package: udeb-udeb\n\n"])
  func `what is no baseline is one line and no plan`(text: String) async throws {
    let list = try root.write("list", text: text)
    let plan = try await run("--dry-run", "--baseline", list)
    #expect(plan.status == 65)
    #expect(plan.output.isEmpty)
    #expect(plan.errors.hasPrefix("toolbox: \(list)"))
    #expect(plan.errors.split(separator: "\n").count == 1)
  }

  @Test func `a baseline that is not there is an error and not an empty one`() async throws {
    let plan = try await run("--dry-run", "--baseline", root("nowhere"))
    #expect(plan.status == 1)
    #expect(plan.output.isEmpty)
  }

  @Test func `the place of the saved baseline is not reached through a link`() async throws {
    try FileManager.default.createDirectory(atPath: root("elsewhere"), withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: root("var/lib/toolbox"), withDestinationPath: root("elsewhere"))
    #expect(try await run("baseline", "save").status == 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: root("elsewhere")).isEmpty)
  }
}
