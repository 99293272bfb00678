import HostSystem
import Testing

@testable import PerfReference

@Suite struct RecipeValuesTests {
  private let recipe: Recipe

  init() throws {
    let command = try CommandTemplate("perf stat -p {pid} -e {event} -- {command}")
    let next = try CommandTemplate("perf report -i {file} --pid {pid}")
    recipe = Recipe(
      id: "r", title: "t", group: "g", command: command,
      placeholders: [
        Placeholder(name: "pid", kind: .pid), Placeholder(name: "event", kind: .event, defaultValue: "cs"),
        Placeholder(name: "command", kind: .command), Placeholder(name: "file", kind: .file, defaultValue: "perf.data"),
      ], next: [next], needs: [], cost: .none, result: .counts,
      instead: nil, description: "d.", pitfalls: [], synonyms: [], answers: [], sheetLine: nil)
  }

  @Test func `values and defaults fill the gaps, each as one argument`() throws {
    let values = try RecipeValues(
      recipe, assignments: ["PID=1,2", "event=a=b 2;\n-x='\""], command: ["sh", "-c", "a b"])
    #expect(values.missing.isEmpty)
    #expect(try values.arguments() == ["perf", "stat", "-p", "1,2", "-e", "a=b 2;\n-x='\"", "--", "sh", "-c", "a b"])
    #expect(values.next() == [["perf", "report", "-i", "perf.data", "--pid", "1,2"]])
  }

  @Test func `a value may begin with a sign that joins the one before it`() throws {
    let recipe = try #require(try RecipeBook.bundled().recipe("count-subsystem"))
    let values = try RecipeValues(recipe, assignments: ["subsystem=\u{301}x", "duration=3"])
    #expect(try values.arguments() == ["perf", "stat", "-e", "\u{301}x:*", "-a", "--", "sleep", "3"])
  }

  @Test func `what is missing is known, and can be filled later`() throws {
    var values = try RecipeValues(recipe)
    #expect(values.open.map(\.name) == ["pid", "event", "command"])
    #expect(values.missing.map(\.name) == ["pid", "command"])
    #expect(values.draft() == ["perf", "stat", "-p", "PID", "-e", "cs", "--", "COMMAND"])
    let error = #expect(throws: FillError.self) { try values.arguments() }
    #expect(error?.message == "perf: r: pid=... -- COMMAND is missing")
    values.fill("pid", ["7"])
    values.fill("command", ["make", "-j4"])
    #expect(try values.arguments() == ["perf", "stat", "-p", "7", "-e", "cs", "--", "make", "-j4"])
    #expect(try RecipeValues(recipe, assignments: ["pid=7", "command=a b"]).arguments().suffix(2) == ["--", "a b"])
  }

  @Test(
    arguments: [
      (["pid"], [], "perf: r: \"pid\" is no NAME=VALUE; a command stands behind --"),
      (["=1"], [], "perf: r: \"=1\" is no NAME=VALUE; a command stands behind --"),
      (["pdi=1"], [], "perf: r: nothing is called \"pdi\"; there are pid, event, command, file"),
      (["pid=1", "pid=2"], [], "perf: r: \"pid\" is given twice"),
      (["pid=abc"], [], "perf: r: pid=abc: expected a process id, or several with commas"),
      (["pid="], [], "perf: r: pid=: expected a process id, or several with commas"),
      (["pid=1,"], [], "perf: r: pid=1,: expected a process id, or several with commas"),
      (["command=a"], ["b"], "perf: r: \"command\" is given twice"),
    ] as [([String], [String], String)])
  func `wrong words are told`(assignments: [String], command: [String], message: String) {
    let error = #expect(throws: FillError.self) {
      try RecipeValues(recipe, assignments: assignments, command: command)
    }
    #expect(error?.message == message)
    #expect(error?.failureKind == .usage)
  }

  @Test func `every default has the form of its gap`() throws {
    for recipe in try RecipeBook.bundled().recipes() {
      for gap in recipe.placeholders {
        guard let value = gap.defaultValue else { continue }
        #expect(throws: Never.self, "\(recipe.id): \(gap.name)=\(value)") {
          try RecipeValues(recipe, assignments: ["\(gap.name)=\(value)"])
        }
      }
    }
  }

  @Test func `a command for a recipe without a gap for one is refused`() throws {
    let list = try #require(try RecipeBook.bundled().recipe("list-events"))
    #expect(throws: FillError.takesNoCommand(recipe: "list-events")) { try RecipeValues(list, command: ["ls"]) }
    #expect(throws: FillError.unknownName(recipe: "list-events", "x", known: [])) {
      try RecipeValues(list, assignments: ["x=1"])
    }
  }

  @Test(arguments: [
    (["perf", "stat"], "perf stat"), (["a b", "it's"], "'a b' 'it'\\''s'"), (["a\nb\t'\\"], "$'a\\nb\\t\\'\\\\'"),
    (["\u{1B}[31m"], "$'\\x1b[31m'"), (["\u{202E}x"], "$'\\xe2\\x80\\xaex'"),
  ])
  func `a line for a terminal spells out what could steer it`(arguments: [String], line: String) {
    #expect(ShellText.visibleLine(arguments) == line)
  }
}
