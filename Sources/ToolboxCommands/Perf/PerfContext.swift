import PerfReference

/// What the perf commands share.
extension CommandContext {
  /// The whole reference.
  func recipeBook() throws -> RecipeBook { try RecipeBook.bundled() }
}
