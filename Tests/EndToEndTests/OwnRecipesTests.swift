import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// Recipes that people write themselves.
@Suite struct OwnRecipesTests {
  /// A folder that root trusts: nobody else may write it or what is above it. /tmp is none; the checkout may be one.
  private func configuration(_ files: [String: String]) throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    for (name, text) in files { try directory.write("toolbox/perf/" + name, text: text) }
    return directory
  }

  /// As an ordinary user, whose own folder always counts.
  private func toolbox(_ arguments: [String], _ directory: TemporaryDirectory) async throws -> ToolboxProcess.Outcome {
    let environment = ["XDG_CONFIG_HOME": directory.path]
    guard geteuid() == 0 else { return try await ToolboxProcess.run(arguments, environment: environment) }
    let chowned = try await ToolboxProcess.run(path: "/bin/chmod", ["-R", "a+rX", directory.path])
    #expect(chowned.status == 0)
    let copy = directory("program")
    if !FileManager.default.fileExists(atPath: copy) {
      try FileManager.default.copyItem(atPath: ToolboxProcess.path, toPath: copy)
    }
    return try await ToolboxProcess.run(
      path: "/usr/bin/setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", copy] + arguments,
      environment: environment)
  }

  private let recipe = """
    group: mine
    recipes:
      - id: my-cycles
        title: Count what we watch
        command: perf stat -e cs -a -- sleep {seconds}
        placeholders:
          seconds: {type: duration, default: '3'}
        cost: none
        result: counts
        description: Ours.
        synonyms: [quux]

    """

  @Test func `own recipes are listed, found, shown and run`() async throws {
    let directory = try configuration(["ours.yaml": recipe])
    #expect(try await toolbox(["perf", "list", "--group", "mine"], directory).output.contains("  my-cycles  Count"))
    #expect(try await toolbox(["perf", "search", "quux"], directory).output.hasPrefix("my-cycles  "))
    let shown = try await toolbox(["perf", "show", "my-cycles"], directory)
    #expect(shown.status == 0)
    #expect(shown.errors.isEmpty)
    let run = try await toolbox(["perf", "run", "my-cycles", "seconds=1", "--dry-run"], directory)
    #expect(run.output == "perf stat -e cs -a -- sleep 1\n")
  }

  @Test func `an own recipe takes the place of a shipped one`() async throws {
    let own = recipe.replacing("my-cycles", with: "count-pid").replacing("mine", with: "counting")
    let directory = try configuration(["ours.yaml": own])
    #expect(
      try await toolbox(["perf", "show", "count-pid"], directory).output.hasPrefix("count-pid  Count what we watch"))
    let listed = try await toolbox(["perf", "list", "--group", "counting"], directory).output
    #expect(listed.split(separator: "\n").count { $0.hasPrefix("  count-pid ") } == 1)
  }

  @Test func `the sheet stays a page, however many are marked for it`() async throws {
    let many = (0..<120).map {
      """
        - id: many-\($0)
          title: Number \($0)
          sheet: true
          short: Number \($0)
          sheet_command: perf stat
          command: perf stat -- ls
          cost: low
          result: counts
          description: One of many.

      """
    }
    let directory = try configuration(["many.yaml": "group: many\ntitle: Many\norder: 1\nrecipes:\n" + many.joined()])
    let outcome = try await toolbox(["perf"], directory)
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.count == 100 && lines.allSatisfy { $0.count <= 80 }, "\(outcome.output)\(outcome.errors)")
    #expect(lines.contains { $0.contains("Number 0 ") } && lines.contains { $0.hasPrefix(" Whole machine for some") })
    #expect(lines.last?.contains("without room:") == true, "\(lines.last ?? "")")
  }

  @Test func `a bad file is told with line and column and breaks nothing else`() async throws {
    let directory = try configuration([
      "a.yaml": "group: [\n", "b.yaml": recipe,
      "c.yaml": recipe.replacing("my-cycles", with: "bad-one").replacing("cost: none", with: "cost: free")
        + "  - id: good-one\n    title: T\n    command: perf list\n    cost: none\n    result: list\n    description: D.\n"
        + "    synonyms: [x]\n",
      "d.yaml": "group: x\nrecipe: []\n", "e.yml": "not looked at: [", ".f.yaml": "hidden: [",
      "g.yaml": recipe.replacing("    title: Count", with: "    cost: low\n    title: Count"),
      "h.yaml": recipe.replacing("my-cycles", with: "no-perf").replacing("perf stat -e cs", with: "touch"),
    ])
    let outcome = try await toolbox(["perf", "list"], directory)
    #expect(outcome.status == 0)
    for id in ["my-cycles", "good-one", "count-pid"] { #expect(outcome.output.contains("  \(id) "), "\(id)") }
    #expect(!outcome.output.contains("bad-one"))
    let folder = directory.path + "/toolbox/perf"
    let lines = outcome.errors.split(separator: "\n").map(String.init)
    try #require(lines.count == 5, "\(outcome.errors)")
    #expect(lines[0].hasPrefix("toolbox: \(folder)/a.yaml:2:1: not YAML: "))
    #expect(
      lines[1]
        == "toolbox: perf: \(folder)/c.yaml:8:5: bad-one: cost is \"free\"; use one of none, low, medium, high")
    #expect(lines[2] == "toolbox: perf: \(folder)/d.yaml:2:1: unknown key recipe; remove it or correct its spelling")
    #expect(
      lines[3].hasPrefix("toolbox: \(folder)/g.yaml:4:5: not YAML: the key 'cost' stands here and again below it"))
    #expect(lines[4].hasPrefix("toolbox: perf: \(folder)/h.yaml:5:5: no-perf: command is "))
  }

  @Test(.enabled(if: geteuid() == 0, "only root distrusts files of others"))
  func `as root a file that others could have written is ignored with one line`() async throws {
    let directory = try configuration(["ours.yaml": recipe])
    let outcome = try await ToolboxProcess.run(
      ["perf", "search", "quux"], environment: ["XDG_CONFIG_HOME": directory.path])
    #expect(outcome.status == 1)
    let lines = outcome.errors.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(
      lines[0] == "toolbox: \(directory.path)/toolbox/perf/ours.yaml: ignored, since others than root may write /tmp")
  }
}
