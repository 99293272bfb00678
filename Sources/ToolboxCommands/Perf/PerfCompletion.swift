import PerfReference

/// What a shell offers for the words of `toolbox perf`. Nothing here may fail loudly: a completion that cannot be had is empty.
enum PerfCompletion {
  private static var book: RecipeBook? {
    let context = CommandContext.live()
    let own = OwnRecipes.read(environment: context.environment, userID: context.userID)
    return (try? RecipeBook.bundled())?.adding(own.files)
  }

  static func recipes() -> [String] { (try? book?.recipes().map(\.id)) ?? [] }

  static func groups() -> [String] { book?.groups.map(\.id) ?? [] }

  /// `NAME=` for the gaps of the recipe among the words so far.
  static func assignments(_ words: [String]) -> [String] {
    guard let book else { return [] }
    for word in words {
      if let recipe = try? book.recipe(word.lowercased()) { return recipe.placeholders.map { $0.name + "=" } }
    }
    return []
  }
}
