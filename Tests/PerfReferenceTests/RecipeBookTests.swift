import HostSystem
import TestSupport
import Testing

@testable import PerfReference

@Suite struct RecipeBookTests {
  private let recipe: TreeLiteral = [
    "id": "count-pid", "title": "Count the events of a process", "sheet": "true", "short": "A process",
    "sheet_command": "perf stat -p PID", "command": "perf stat -p {pid} -- sleep {duration}",
    "placeholders": ["pid": ["type": "pid"], "duration": ["type": "duration", "default": "10"]],
    "next": ["perf report -p {pid}"], "needs": ["own-user", "kernel>=5.8", "perf>=6.0"], "cost": "none",
    "result": "counts", "description": "Attaches to all threads.", "synonyms": ["attach"],
  ]

  private func book(_ recipes: TreeLiteral..., head: (String, TreeLiteral?)? = nil) throws -> RecipeBook {
    var group: TreeLiteral = [
      "group": "counting", "title": "Counting events", "order": "20", "summary": "How often.",
      "recipes": .list(recipes),
    ]
    if let head { group = group.setting(head.0, to: head.1) }
    return try RecipeBook([.init(file: "counting.yaml", tree: try #require(group.tree))])
  }

  @Test func `a recipe is read with all its keys`() throws {
    let read = try #require(try book(recipe).recipe("count-pid"))
    #expect(read.group == "counting")
    #expect(
      read.placeholders == [
        Placeholder(name: "pid", kind: .pid), Placeholder(name: "duration", kind: .duration, defaultValue: "10"),
      ])
    #expect(
      read.needs == [
        .facility(.ownUser), .kernel(.init(major: 5, minor: 8)), .perf(.init(major: 6, minor: 0)),
      ])
    #expect(read.needs.map(\.name) == ["own-user", "kernel>=5.8", "perf>=6.0"])
    #expect(read.sheetLine == SheetLine(short: "A process", command: "perf stat -p PID"))
    #expect(read.cost == .none)
    #expect(read.instead == nil)
    #expect(try book(recipe).recipe("other") == nil)
  }

  @Test func `groups come in their order and the sheet leaves out what is not marked`() throws {
    func file(_ id: String, _ order: String, _ recipes: [TreeLiteral]) throws -> RecipeBook.Source {
      let tree: TreeLiteral = [
        "group": .string(id), "title": .string(id), "order": .string(order), "summary": "s", "recipes": .list(recipes),
      ]
      return .init(file: id, tree: try #require(tree.tree))
    }
    let unmarked = recipe.setting("sheet", to: nil)
    let sources = [
      try file("b", "100", [recipe]), try file("c", "30", [unmarked]), try file("a", "100", [recipe, recipe]),
    ]
    let book = try RecipeBook(sources)
    #expect(book.groups.map(\.id) == ["c", "a", "b"])
    let sheet = try book.sheet()
    #expect(sheet.sections.map(\.title) == ["a", "b"])
    #expect(sheet.sections.map(\.lines.count) == [2, 1])
    #expect(sheet.recipeCount == 4)
  }

  /// Every mistake that a file can hold, by the key that is changed, with the message that it brings.
  @Test(
    arguments: [
      ("titel", .string("x"), "perf: f: count-pid: unknown key titel; remove it or correct its spelling"),
      ("title", nil, "perf: f: count-pid: title is missing; give it a value"),
      ("title", .string(""), "perf: f: count-pid: title is missing; give it a value"),
      ("title", .list([]), "perf: f: count-pid: title is missing; give it a value"),
      ("id", nil, "perf: f: recipe 1: id is missing; give it a value"),
      ("short", nil, "perf: f: count-pid: short is missing; give it a value"),
      ("sheet", .string("yes"), "perf: f: count-pid: sheet is \"yes\"; use true or false"),
      ("cost", .string("free"), "perf: f: count-pid: cost is \"free\"; use one of none, low, medium, high"),
      ("needs", .list([]), "perf: f: count-pid: needs is missing; give it a value"),
      ("needs", .list([.list([])]), "perf: f: count-pid: needs is missing; give it a value"),
      ("instead", .string(""), "perf: f: count-pid: instead is missing; give it a value"),
      (
        "command", .string("perf stat | wc"),
        "perf: f: count-pid: command has a | outside single quotes, which a shell would interpret"
      ),
      ("command", .string("perf 'stat"), "perf: f: count-pid: command has a single quote without a partner"),
      ("next", .list([.string(" ")]), "perf: f: count-pid: next is empty"),
      ("command", .string("perf {gap}"), "perf: f: count-pid: {gap} is not declared; add it to placeholders"),
      ("command", .string("perf -p {pid}"), "perf: f: count-pid: placeholder duration stands in no command; remove it"),
      (
        "placeholders", .map([("pid", .string("pid"))]),
        "perf: f: count-pid: placeholders.pid.type is missing; give it a value"
      ),
      (
        "placeholders", .map([("pid", ["type": "pid", "standard": "1"])]),
        "perf: f: count-pid: unknown key placeholders.pid.standard; remove it or correct its spelling"
      ),
    ] as [(String, TreeLiteral?, String)])
  func `a mistake is told with file, recipe and key`(key: String, value: TreeLiteral?, message: String) throws {
    let book = try book(recipe.setting(key, to: value))
    let error = #expect(throws: RecipeError.self) { try book.recipes() }
    #expect(error?.message == message.replacing("perf: f:", with: "perf: counting.yaml:"))
    #expect(error?.failureKind == .badData)
  }

  @Test(arguments: ["gpu", "kernel>=5", "kernel>=5.x", "kernel>5.8", "perf>=6.0.1", "perf>=-1.0", ""])
  func `an unknown need is refused`(need: String) {
    #expect(Need(need) == nil)
  }

  @Test func `the head of a file is checked too`() throws {
    #expect(throws: RecipeError.unknownKey(RecipePlace(file: "counting.yaml"), key: "colour")) {
      try book(recipe, head: ("colour", "red")).recipes()
    }
    #expect(
      throws: RecipeError.unknownValue(
        RecipePlace(file: "counting.yaml"), key: "order", found: "first", expected: "a whole number")
    ) { try book(recipe, head: ("order", "first")) }
    #expect(throws: RecipeError.missingKey(RecipePlace(file: "counting.yaml"), key: "recipes")) {
      try book(recipe, head: ("recipes", nil))
    }
  }

  @Test func `an unknown group is answered with the groups there are`() throws {
    let error = #expect(throws: LookupError.self) { try book(recipe).group("count") }
    #expect(error?.message == "perf: no group \"count\"; there are counting")
    #expect(error?.failureKind == .usage)
  }

  @Test func `a misspelt id is answered with the nearest`() throws {
    let book = try RecipeBook.bundled()
    #expect(book.nearestIDs(to: "count-comand").first == "count-command")
    #expect(book.nearestIDs(to: "Cuont-Command").first == "count-command")
    #expect(book.nearestIDs(to: "profile-").count == 3)
    #expect(book.nearestIDs(to: "zzzzzzzz").isEmpty)
    #expect(book.nearestIDs(to: "").isEmpty)
  }
}
