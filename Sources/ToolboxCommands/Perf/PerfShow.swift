import ArgumentParser
import PerfReference
import TerminalOutput

/// `toolbox perf show`: everything about one recipe.
struct PerfShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show everything about a recipe.")

  @Argument(help: ArgumentHelp("The recipe, by the name that list and search print.", valueName: "recipe"))
  var id: String

  @OptionGroup var output: OutputOptions

  func run() throws {
    let context = CommandContext.live(color: output.color)
    let book = try RecipeBook.bundled()
    guard let recipe = try book.recipe(id.lowercased()) else {
      throw LookupError.unknownRecipe(id, nearest: book.nearestIDs(to: id))
    }
    let vocabulary = try Vocabulary.bundled()
    if output.json {
      let example = try vocabulary.example(of: recipe.command, placeholders: recipe.placeholders)
      try context.printJSON(RecipeDocument(recipe, example: example))
    } else {
      let page = try RecipePage(recipe, in: book, vocabulary)
      context.standardOutput.lines(page.lines(width: context.textWidth, paint: Paint(context.terminal)))
    }
    try context.finish()
  }
}
