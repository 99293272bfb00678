import HostSystem
import PerfReference
import TerminalOutput

/// Lets a person choose a recipe on a terminal: with fzf where it is installed, else by words and a number.
struct RecipePicker {
  private let context: CommandContext
  private let book: RecipeBook

  init(_ context: CommandContext, _ book: RecipeBook) {
    self.context = context
    self.book = book
  }

  /// The recipe with an id; without one a person chooses it.
  /// - Throws: ``LookupError``, ``RunError/nothingChosen``
  func recipe(_ id: String?) throws -> Recipe {
    guard let id else { return try pick() }
    guard let recipe = try book.recipe(id.lowercased()) else {
      throw LookupError.unknownRecipe(id, nearest: book.nearestIDs(to: id))
    }
    return recipe
  }

  /// - Parameter words: what to look for at the start.
  /// - Throws: ``RunError/nothingChosen``, ``LookupError/noRecipeNamed`` without a terminal.
  func pick(_ words: [String] = []) throws -> Recipe {
    guard Question.canAsk else { throw LookupError.noRecipeNamed }
    let id: String?
    if let finder = FuzzyFinder(environment: context.environment, userID: context.userID) {
      let lines = try book.recipes().map { recipe in
        (
          value: recipe.id,
          text: recipe.title + "\t" + ShellText.visibleLine(recipe.command.arguments { [$0.uppercased()] })
        )
      }
      id = try finder.choose(lines, prompt: "recipe> ", query: words.joined(separator: " "))
    } else {
      id = try typed(words)
    }
    guard let id, let recipe = try book.recipe(id) else { throw RunError.nothingChosen }
    return recipe
  }

  /// Asks for words until there is something to choose from, then for a number.
  private func typed(_ words: [String]) throws -> String? {
    let paint = Paint(TerminalFacts.of(2, color: context.color, environment: context.environment))
    let search = RecipeSearch(try book.searchEntries())
    let question = Question(context.standardError)
    var words = words
    while true {
      if words.isEmpty {
        guard let line = question.ask("What do you want to know? ") else { return nil }
        words = line.split(separator: " ").map(String.init)
        if words.isEmpty { return nil }
      }
      let found = try search.hits(words).prefix(9).compactMap { try book.recipe($0.id) }
      words = []
      for (index, recipe) in found.enumerated() {
        context.standardError.line("  \(index + 1)  " + paint(.name, recipe.id) + "  " + recipe.title)
      }
      if found.isEmpty {
        context.standardError.line("  nothing found")
        continue
      }
      guard let line = question.ask("Number, or other words: ") else { return nil }
      if let number = Int(line), found.indices.contains(number - 1) { return found[number - 1].id }
      words = line.split(separator: " ").map(String.init)
      if words.isEmpty { return nil }
    }
  }
}
