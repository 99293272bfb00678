import PerfReference
import TerminalOutput
import TestSupport
import Testing

@testable import ToolboxCommands

@Suite struct PerfTextTests {
  private let sheet = Sheet(
    sections: [
      .init(
        title: "Counting events",
        lines: [
          SheetLine(short: "A command", command: "perf stat CMD"),
          SheetLine(short: "A process for a while", command: "perf stat -p PID -- sleep SECONDS"),
        ]),
      .init(title: "Live view", lines: [SheetLine(short: "By process", command: "perf top -s comm")]),
    ], recipeCount: 5)

  @Test func `the sheet in a pipe is plain and aligned`() {
    let text = SheetText.lines(sheet, paint: Paint(isOn: false)).joined(separator: "\n")
    #expect(
      text == """
        PERF ON ONE PAGE                                 CAPITALS are for you to fill in
        Counting events ----------------------------------------------------------------
         A command              perf stat CMD
         A process for a while  perf stat -p PID -- sleep SECONDS
        Live view ----------------------------------------------------------------------
         By process             perf top -s comm
        --------------------------------------------------------------------------------
        5 recipes: toolbox perf search WORDS | show RECIPE | list
        """)
  }

  @Test func `colour changes nothing but colour`() {
    let lines = SheetText.lines(sheet, paint: Paint(isOn: true))
    #expect(lines[2] == " A command              \u{1B}[32mperf stat \u{1B}[0m\u{1B}[1mCMD\u{1B}[0m")
    #expect(lines[5] == " By process             \u{1B}[32mperf top -s comm\u{1B}[0m")
    #expect(lines[1].hasPrefix("\u{1B}[1;36mCounting events\u{1B}[0m \u{1B}[2m---"))
    #expect(lines.map(withoutEscapes) == SheetText.lines(sheet, paint: Paint(isOn: false)))
  }

  @Test func `the shipped sheet fits its page`() throws {
    let lines = SheetText.lines(try RecipeBook.bundled().sheet(), paint: Paint(isOn: false))
    #expect(lines.count <= 100)
    for line in lines { #expect(line.columns <= 80, "\(line)") }
  }

  private func book() throws -> RecipeBook {
    let tree: TreeLiteral = [
      "group": "counting", "title": "Counting events", "order": "1", "summary": "s",
      "recipes": [
        [
          "id": "count-pid", "title": "Count the events of a process",
          "command": "perf stat -p {pid} -- sleep {duration}",
          "placeholders": [
            "pid": ["type": "pid"], "duration": ["type": "duration", "default": "10"],
            "file": ["type": "file", "default": "perf.data"],
          ],
          "next": ["perf report -i {file} --pid {pid}"], "needs": ["pmu", "kernel>=5.8"], "cost": "none",
          "result": "counts",
          "instead": "count",
          "description": "Attaches to all threads of the process and counts until the given time is over.",
          "pitfalls": ["Only own processes."], "synonyms": ["attach"],
        ],
        [
          "id": "count", "title": "Count", "command": "perf stat -e 'sched:*'", "cost": "low", "result": "counts",
          "description": "Counts.", "synonyms": ["x"],
        ],
      ],
    ]
    return try RecipeBook([.init(file: "counting.yaml", tree: try #require(tree.tree))])
  }

  private func vocabulary() throws -> Vocabulary {
    let tree: TreeLiteral = [
      "needs": ["pmu": "hardware counters"], "placeholders": ["pid": "a process id", "duration": "seconds"],
      "examples": ["pid": "4711", "duration": "1"], "costs": ["none": "none to speak of", "low": "low"],
      "results": ["counts": "counters"],
    ]
    return Vocabulary(try #require(tree.tree), file: "vocabulary.yaml")
  }

  @Test func `a recipe's page says everything`() throws {
    let book = try book()
    let recipe = try #require(try book.recipe("count-pid"))
    let text = try RecipePage(recipe, in: book, vocabulary()).lines(width: 60, paint: Paint(isOn: false))
    #expect(
      text.joined(separator: "\n") == """
        count-pid  Count the events of a process

          perf stat -p PID -- sleep DURATION

          PID       a process id
          DURATION  seconds [10]

        Attaches to all threads of the process and counts until the
        given time is over.

        Example   perf stat -p 4711 -- sleep 10
        Next      perf report -i perf.data --pid 4711
        Gives     counters
        Cost      none to speak of
        Needs     - hardware counters
                  - Linux 5.8 or later
        Beware    Only own processes.
        Instead   count: Count
        Group     counting: Counting events
        """)
  }

  @Test func `a page without gaps, needs and pitfalls is short`() throws {
    let book = try book()
    let recipe = try #require(try book.recipe("count"))
    let text = try RecipePage(recipe, in: book, vocabulary()).lines(width: nil, paint: Paint(isOn: false))
    #expect(
      text.joined(separator: "\n") == """
        count  Count

          perf stat -e 'sched:*'

        Counts.

        Gives     counters
        Cost      low
        Group     counting: Counting events
        """)
  }

  @Test func `lists are cut on a terminal and never in a pipe`() throws {
    let book = try book()
    let recipes = try book.recipes()
    let plain = Paint(isOn: false)
    #expect(
      RecipeText.list(recipes, groups: book.groups, width: nil, paint: plain) == [
        "counting: Counting events", "  count-pid  Count the events of a process", "  count      Count",
      ])
    #expect(
      RecipeText.list(recipes, groups: book.groups, width: 24, paint: plain) == [
        "counting: Counting events", "  count-pid  Count the …", "  count      Count",
      ])
    #expect(RecipeText.list([], groups: book.groups, width: nil, paint: plain).isEmpty)
    #expect(
      RecipeText.found(recipes, width: nil, paint: plain) == [
        "count-pid  Count the events of a process", "    perf stat -p PID -- sleep 10", "count      Count",
        "    perf stat -e 'sched:*'",
      ])
  }

  private func withoutEscapes(_ line: String) -> String {
    line.split(separator: "\u{1B}[", omittingEmptySubsequences: false).enumerated().map { index, piece in
      index == 0 ? String(piece) : String(piece.drop { $0 != "m" }.dropFirst())
    }.joined()
  }
}
