import ArgumentParser
import PerfReference
import TerminalOutput

/// `toolbox perf show`: everything about one recipe.
struct PerfShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show everything about a recipe.")

  @Argument(
    help: ArgumentHelp("The recipe, by the name that list and search print.", valueName: "recipe"),
    completion: .custom { _, _, _ in PerfCompletion.recipes() })
  var id: String?

  @OptionGroup var output: OutputOptions

  var request: Request { Request(id: id, output: output.choice) }
}

extension PerfShow: RequestingCommand {
  struct Request: CommandRequest {
    var id: String?
    var output = OutputChoice()

    func run() throws {
      let context = CommandContext.live(color: output.color)
      let book = try context.recipeBook()
      let recipe = try RecipePicker(context, book).recipe(id)
      let vocabulary = try Vocabulary.bundled()
      let here = RecipeHere(whyNot: try context.machineJudge().obstacle(to: recipe))
      if output.json {
        let example = try vocabulary.example(of: recipe.command, placeholders: recipe.placeholders)
        try context.printJSON(RecipeDocument(recipe, example: example, here: here))
      } else {
        let page = try RecipePage(recipe, in: book, vocabulary, here: here)
        context.standardOutput.lines(page.lines(width: context.textWidth, paint: Paint(context.terminal)))
      }
      try context.finish()
    }
  }
}
