import FoundationEssentials
import TestSupport
import Testing

/// `toolbox perf` and the commands of the reference, as an administrator meets them.
@Suite struct PerfReferenceCommandTests {
  @Test func `the sheet in a pipe is plain text that fits its page`() async throws {
    let outcome = try await ToolboxProcess.run(["perf"])
    #expect(outcome.status == 0)
    #expect(outcome.errors.isEmpty)
    let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    #expect(lines.count > 60)
    #expect(lines.count <= 100)
    for line in lines {
      #expect(line.utf8.count <= 80, "\(line)")
      #expect(!line.hasSuffix(" "), "\(line)")
    }
    #expect(outcome.output.utf8.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x0A })
  }

  @Test(arguments: [["perf"], ["perf", "list"], ["perf", "search", "disk"], ["perf", "show", "count-pid"]])
  func `colour on request changes nothing but colour`(arguments: [String]) async throws {
    let plain = try await ToolboxProcess.run(arguments)
    let coloured = try await ToolboxProcess.run(arguments + ["--color", "always"])
    #expect(coloured.output.contains("\u{1B}["))
    #expect(withoutEscapes(coloured.output) == plain.output)
    #expect(try await ToolboxProcess.run(arguments + ["--color", "never"]).output == plain.output)
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/usr/bin/script"), "script(1) is not installed"))
  func `on a terminal the sheet has colours unless the person refuses them`() async throws {
    let plain = try await ToolboxProcess.run(["perf"]).output
    func onTerminal(_ environment: [String: String]) async throws -> String {
      let command = "'\(ToolboxProcess.path)' perf"
      return try await ToolboxProcess.run(
        path: "/usr/bin/script", ["-qec", command, "/dev/null"], environment: environment
      ).output.replacing("\r\n", with: "\n")
    }
    let coloured = try await onTerminal(["TERM": "xterm"])
    #expect(coloured.contains("\u{1B}["))
    #expect(withoutEscapes(coloured) == plain)
    #expect(try await onTerminal(["TERM": "xterm", "NO_COLOR": "1"]) == plain)
    #expect(try await onTerminal(["TERM": "dumb"]) == plain)
    #expect(try await onTerminal(["TERM": "xterm", "NO_COLOR": ""]) == coloured)
  }

  @Test func `a reader that goes away ends the program quietly`() async throws {
    for command in ["perf", "perf list", "perf list --json"] {
      let outcome = try await ToolboxProcess.run(
        path: "/bin/sh", ["-c", "'\(ToolboxProcess.path)' \(command) | head -1"])
      #expect(outcome.status == 0)
      #expect(outcome.output.split(separator: "\n").count == 1)
      #expect(outcome.errors.isEmpty)
    }
  }

  @Test func `a full disk is told`() async throws {
    let outcome = try await ToolboxProcess.run(path: "/bin/sh", ["-c", "'\(ToolboxProcess.path)' perf >/dev/full"])
    #expect(outcome.status == 1)
    #expect(outcome.errors == "toolbox: standard output: cannot write: No space left on device\n")
  }

  @Test func `the list has every recipe, or those of a group or of the sheet`() async throws {
    let all = try await recipes(["perf", "list", "--json"])
    let text = try await ToolboxProcess.run(["perf", "list"]).output
    for recipe in all { #expect(text.contains("  \(recipe) "), "\(recipe)") }
    let counting = try await recipes(["perf", "list", "--group", "Counting", "--json"])
    #expect(counting.contains("count-command"))
    #expect(counting.allSatisfy(all.contains))
    #expect(counting.count < all.count)
    let sheet = try await recipes(["perf", "list", "--sheet", "--json"])
    #expect(sheet.count > 40)
    #expect(sheet == (try await recipes(["perf", "--json"])))
    let output = try await ToolboxProcess.run(["perf"]).output
    #expect(output.contains("\(all.count) recipes"))
  }

  @Test(arguments: [
    ["perf"], ["perf", "list"], ["perf", "list", "--group", "counting", "--sheet"],
    ["perf", "search", "where", "is", "my", "cpu", "time", "going"], ["perf", "search", "qqqqqqqq"],
  ])
  func `lists of recipes follow their schema`(arguments: [String]) async throws {
    let schema = try JSONSchema(fileNamed: "toolbox.perf.recipes.1.json")
    let document = try await ToolboxProcess.run(arguments + ["--json"]).output
    #expect(try schema.violations(in: document) == [])
  }

  @Test func `what the list says of this machine agrees with what can be run`() async throws {
    let document = try JSONValue(parsing: try await ToolboxProcess.run(["perf", "list", "--json"]).output)
    let recipes = try #require(document["recipes"]).elements
    for recipe in recipes {
      let isRunnable = recipe["runnable"] == .bool(true)
      #expect(isRunnable || recipe["runnable"] == .bool(false), "\(recipe)")
      #expect((recipe["why_not"] == .null) == isRunnable, "\(recipe)")
    }
    let runnable = try await ToolboxProcess.run(["perf", "list", "--runnable", "--json"])
    #expect(
      try JSONValue(parsing: runnable.output)["recipes"]?.elements
        == recipes.filter { $0["runnable"] == .bool(true) })
    let without = try await ToolboxProcess.run(["perf", "list", "--runnable"], environment: ["PATH": "/nonexistent"])
    #expect(without.status == 0)
  }

  @Test func `every recipe's document follows its schema`() async throws {
    let schema = try JSONSchema(fileNamed: "toolbox.perf.recipe.1.json")
    for id in try await recipes(["perf", "list", "--json"]) {
      let document = try await ToolboxProcess.run(["perf", "show", id, "--json"]).output
      #expect(try schema.violations(in: document) == [], "\(id)")
      #expect(try JSONValue(parsing: document)["id"] == .string(id))
    }
  }

  @Test func `a search prints the best recipes first, with their commands`() async throws {
    let outcome = try await ToolboxProcess.run(["perf", "search", "contxt", "switch", "--limit", "3"])
    #expect(outcome.status == 0)
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.count == 6)
    #expect(lines[0].hasPrefix("trace-context-switches  "))
    #expect(lines[1].hasPrefix("    perf record -e context-switches "))
  }

  @Test func `a search that finds nothing says so`() async throws {
    let outcome = try await ToolboxProcess.run(["perf", "search", "qqqqqqqq", "zzzz"])
    #expect(outcome.status == 1)
    #expect(outcome.output.isEmpty)
    #expect(
      outcome.errors == """
        toolbox: perf: nothing found for "qqqqqqqq zzzz"; try fewer or other words, or "toolbox perf list"

        """)
  }

  @Test func `a recipe is shown whatever the case of its name`() async throws {
    let outcome = try await ToolboxProcess.run(["perf", "show", "Count-PID"])
    #expect(outcome.status == 0)
    #expect(outcome.output.hasPrefix("count-pid  "))
    for part in ["perf stat -p PID -- sleep DURATION", "PID ", "Example ", "Cost ", "Needs ", "Beware ", "Group "] {
      #expect(outcome.output.contains(part), "\(part)")
    }
  }

  @Test(arguments: [
    (["show", "count-comand"], "toolbox: perf: no recipe \"count-comand\"; did you mean count-command?\n"),
    (["show", "qqqqqqqq"], "toolbox: perf: no recipe \"qqqqqqqq\"; \"toolbox perf list\" names them all\n"),
    (["show", "a\u{1B}[31m\nb"], "toolbox: perf: no recipe \"a[31m b\"; \"toolbox perf list\" names them all\n"),
  ])
  func `an unknown recipe is answered in one line`(arguments: [String], message: String) async throws {
    let outcome = try await ToolboxProcess.run(["perf"] + arguments)
    #expect(outcome.status == 64)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors == message)
  }

  @Test func `an unknown group is answered with those there are`() async throws {
    let outcome = try await ToolboxProcess.run(["perf", "list", "--group", "count"])
    #expect(outcome.status == 64)
    #expect(outcome.errors.hasPrefix("toolbox: perf: no group \"count\"; there are listing, counting, "))
    #expect(outcome.errors.split(separator: "\n").count == 1)
  }

  @Test(arguments: [
    ["show"], ["search"], ["show", "count-pid", "more"], ["search", "x", "--limit", "0"], ["--color", "blue"],
    ["nonsense"],
  ])
  func `wrong words end with the usage code`(arguments: [String]) async throws {
    let outcome = try await ToolboxProcess.run(["perf"] + arguments)
    #expect(outcome.status == 64)
    #expect(outcome.output.isEmpty)
    #expect(!outcome.errors.isEmpty)
  }

  @Test func `the binary alone, elsewhere and without an environment, knows everything`() async throws {
    let directory = try TemporaryDirectory()
    let copy = directory("elsewhere")
    try FileManager.default.copyItem(atPath: ToolboxProcess.path, toPath: copy)
    for arguments in [["perf"], ["perf", "show", "count-pid"], ["perf", "search", "disk", "--json"]] {
      let alone = try await ToolboxProcess.run(
        path: "/usr/bin/env", ["-i", copy] + arguments, workingDirectory: directory.path)
      #expect(alone.status == 0)
      #expect(alone.output == (try await ToolboxProcess.run(arguments)).output)
      #expect(alone.errors.isEmpty)
    }
  }

  @Test func `the examples of the manual page work`() async throws {
    let page = SharedCases.projectDirectory + "/man/toolbox-perf.1"
    let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: page)), as: UTF8.self)
    let examples = text.split(separator: "\n").compactMap { line -> [String]? in
      guard let start = line.firstRange(of: "$ toolbox ") else { return nil }
      return line[start.upperBound...].prefix { $0 != "|" }.split(separator: " ").map(String.init)
    }
    #expect(examples.count >= 5)
    for arguments in examples {
      #expect(try await ToolboxProcess.run(arguments).status == 0, "\(arguments)")
    }
  }

  private func recipes(_ arguments: [String]) async throws -> [String] {
    let outcome = try await ToolboxProcess.run(arguments)
    #expect(outcome.status == 0)
    return try #require(try JSONValue(parsing: outcome.output)["recipes"]).elements.compactMap { $0["id"]?.string }
  }

  private func withoutEscapes(_ text: String) -> String {
    text.split(separator: "\u{1B}[", omittingEmptySubsequences: false).enumerated().map { index, piece in
      index == 0 ? String(piece) : String(piece.drop { $0 != "m" }.dropFirst())
    }.joined()
  }
}
