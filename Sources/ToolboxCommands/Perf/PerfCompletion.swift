import PerfReference

/// What a shell offers for the words of `toolbox perf`. Nothing here may fail loudly: a completion that cannot be had is empty.
enum PerfCompletion {
  static func recipes() -> [String] { (try? RecipeBook.bundled().recipes().map(\.id)) ?? [] }

  static func groups() -> [String] { (try? RecipeBook.bundled().groups.map(\.id)) ?? [] }

  /// `NAME=` for the gaps of the recipe among the words so far.
  static func assignments(_ words: [String]) -> [String] {
    guard let book = try? RecipeBook.bundled() else { return [] }
    for word in words {
      if let recipe = try? book.recipe(word.lowercased()) { return recipe.placeholders.map { $0.name + "=" } }
    }
    return []
  }
}
