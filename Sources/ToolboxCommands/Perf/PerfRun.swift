import ArgumentParser
import HostSystem
import PerfProbes
import PerfReference
import TerminalOutput

/// `toolbox perf run`: fills a recipe, proves that it can work here, and becomes perf.
struct PerfRun: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run a recipe.",
    usage: "toolbox perf run [<options>] [<recipe>] [<name>=<value> ...] [-- <command> ...]",
    discussion: """
      On a terminal it asks for what is missing. What the recipe needs is probed first. The command line is said on \
      standard error; then this program becomes perf.
      """)

  @Argument(
    help: ArgumentHelp("The recipe, by the name that list and search print.", valueName: "recipe"),
    completion: .custom { _, _, _ in PerfCompletion.recipes() })
  var id: String?

  @Argument(
    help: ArgumentHelp(
      "Values for the recipe's gaps; behind -- the command to run under perf.", valueName: "name=value"),
    completion: .custom { words, _, _ in PerfCompletion.assignments(words) })
  var words: [String] = []

  @Flag(name: [.customShort("n"), .long], help: "Print the command, quoted for a shell, and do not run it.")
  var dryRun = false

  @Flag(help: "Ask for all values, also for those with a default.")
  var ask = false

  @Flag(help: "Run it although a probe says that it cannot work here.")
  var force = false

  @Option(help: ArgumentHelp("Use this perf instead of the one in PATH.", valueName: "path"), completion: .file())
  var perf: String?

  @Option(help: "Colour the output: auto, always or never.")
  var color: ColorChoice?

  func run() throws {
    let context = CommandContext.live(color: color)
    let book = try context.recipeBook()
    let given = GivenWords(id: id, words: words, processArguments: currentArguments())
    let recipe = try RecipePicker(context, book).recipe(given.id)
    let questions = GapQuestions(context, try Vocabulary.bundled())
    if dryRun {
      let arguments = try filled(recipe, given, questions).arguments()
      let words = perf.map { [$0] + arguments.dropFirst() } ?? arguments
      let line = context.terminal.isTerminal ? ShellText.visibleLine(words) : ShellText.line(words)
      context.standardOutput.line(line)
      return try context.finish()
    }
    let facts = try PerfProbe.live(
      .commands, perf: perf, environment: context.environment, userID: context.userID)
    let judge = MachineJudge(facts, try DoctorWords.bundled())
    if let why = try judge.obstacle(to: recipe) {
      guard force, facts.perf != nil else {
        throw RunError.cannotRun(
          recipe: recipe.id, why: why, alternative: try judge.alternative(to: recipe, in: book)?.id)
      }
      context.note("perf: \(recipe.id): \(why); running it all the same")
    }
    let values = try filled(recipe, given, questions)
    let arguments = try values.arguments()
    context.standardError.lines(
      RunText.lines(
        arguments, next: values.next(), estimate: RecordingEstimate(arguments: arguments, cpuCount: facts.cpuCount),
        freeBytes: PerfProbe.freeBytes(in: "."),
        paint: Paint(TerminalFacts.of(2, color: context.color, environment: context.environment))))
    try context.finish()
    guard let path = facts.perf?.path, let name = arguments.first else { throw RunError.nothingChosen }
    try ProgramStart.become(path, name: name, Array(arguments.dropFirst()))
  }

  private func filled(
    _ recipe: Recipe, _ given: GivenWords, _ questions: GapQuestions
  ) throws -> RecipeValues {
    var result = try RecipeValues(recipe, assignments: given.assignments, command: given.command)
    guard Question.canAsk else { return result }
    for gap in ask ? result.open : result.missing {
      result.fill(gap.name, try questions.answer(for: gap))
    }
    return result
  }
}

/// The words of `run`, told apart. The parser joins what stands before and behind `--`, so the place of that is looked up in
/// the arguments of the process.
struct GivenWords: Equatable {
  let id: String?
  let assignments: [String]
  let command: [String]

  /// - Parameter processArguments: those that the parser was given, from the program's name on or without it.
  init(id: String?, words: [String], processArguments: [String]) {
    let all = (id.map { [$0] } ?? []) + words
    let behind = processArguments.firstIndex(of: "--").map { processArguments.count - $0 - 1 } ?? 0
    let before = all.dropLast(behind)
    self.id = before.first
    assignments = Array(before.dropFirst())
    command = Array(all.suffix(behind))
  }
}
