import ArgumentParser
import PerfReference
import TerminalOutput

/// `toolbox perf search`: recipes by words, best first.
struct PerfSearch: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search", abstract: "Find recipes by words, the best first.",
    discussion: "Plain words do: toolbox perf search where is my cpu time going. Misspelt words are found too.")

  static let usualLimit = 10

  @Argument(help: ArgumentHelp("What to look for.", valueName: "words"))
  var words: [String]

  @Option(help: ArgumentHelp("Print at most this many recipes.", valueName: "count"))
  var limit = Self.usualLimit

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard limit > 0 else { throw ValidationError("--limit takes a number of 1 or more, not \(limit).") }
  }

  var request: Request { Request(words: words, limit: limit, output: output.choice) }
}

extension PerfSearch: RequestingCommand {
  struct Request: CommandRequest {
    var words: [String]
    var limit = PerfSearch.usualLimit
    var output = OutputChoice()

    func run() throws {
      let context = CommandContext.live(color: output.color)
      let book = try context.recipeBook()
      let found = try RecipeSearch(try book.searchEntries()).hits(words).prefix(limit).compactMap { hit in
        try book.recipe(hit.id).map { (recipe: $0, score: Int?.some(hit.score)) }
      }
      if output.json {
        try context.printJSON(RecipesDocument(found))
      } else {
        context.standardOutput.lines(
          RecipeText.found(found.map(\.recipe), width: context.textWidth, paint: Paint(context.terminal)))
      }
      try context.finish()
      if found.isEmpty { throw LookupError.nothingFound(words: words) }
    }
  }
}
