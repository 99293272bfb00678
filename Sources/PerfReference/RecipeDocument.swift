import HostSystem

/// A list of recipes for programs: `toolbox.perf.recipes/1`.
package struct RecipesDocument: Encodable, Sendable {
  /// The name and version of the form, for readers.
  package let schema = "toolbox.perf.recipes/1"
  /// In the order of the book, or the best first in the answer to a search.
  package let recipes: [Item]

  /// One recipe in short.
  package struct Item: Encodable, Sendable {
    let id: String
    let title: String
    let group: String
    let command: String
    let placeholders: [PlaceholderDocument]
    let needs: [String]
    /// Only in the answer to a search.
    let score: Int?
    let here: RecipeHere?

    private enum CodingKeys: CodingKey {
      case id, title, group, command, placeholders, needs, score, runnable, whyNot
    }

    /// `runnable` and `why_not` are absent where nothing was probed.
    package func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(id, forKey: .id)
      try container.encode(title, forKey: .title)
      try container.encode(group, forKey: .group)
      try container.encode(command, forKey: .command)
      try container.encode(placeholders, forKey: .placeholders)
      try container.encode(needs, forKey: .needs)
      try container.encodeIfPresent(score, forKey: .score)
      if let here {
        try container.encode(here.whyNot == nil, forKey: .runnable)
        try container.encode(here.whyNot, forKey: .whyNot)
      }
    }
  }

  /// Recipes that no search has scored.
  /// - Parameter here: what stands in the way of each on this machine; nil where nothing was probed.
  package init(_ recipes: [Recipe], here: [RecipeHere]? = nil) {
    self.recipes = recipes.enumerated().map { index, recipe in
      Self.item(recipe, score: nil, here: here.map { $0[index] })
    }
  }

  /// - Parameter scored: recipes with their score in a search.
  package init(_ scored: [(recipe: Recipe, score: Int?)]) {
    recipes = scored.map { recipe, score in Self.item(recipe, score: score, here: nil) }
  }

  private static func item(_ recipe: Recipe, score: Int?, here: RecipeHere?) -> Item {
    Item(
      id: recipe.id, title: recipe.title, group: recipe.group, command: recipe.command.source,
      placeholders: recipe.placeholders.map { PlaceholderDocument($0) }, needs: recipe.needs.map(\.name),
      score: score, here: here)
  }
}

/// Whether a recipe can run on this machine.
package struct RecipeHere: Sendable, Equatable {
  /// What stands in its way; nil where it can run.
  package let whyNot: String?

  package init(whyNot: String?) { self.whyNot = whyNot }
}

/// Everything about one recipe for programs: `toolbox.perf.recipe/1`.
package struct RecipeDocument: Encodable, Sendable {
  /// The name and version of the form, for readers.
  package let schema = "toolbox.perf.recipe/1"
  let id: String
  let title: String
  let group: String
  let command: String
  let example: String
  let placeholders: [PlaceholderDocument]
  let next: [String]
  let needs: [String]
  let runnable: Bool
  @Nullable var whyNot: String?
  let cost: String
  let result: String
  let instead: String?
  let description: String
  let pitfalls: [String]
  let synonyms: [String]
  let answers: [String]

  /// - Parameter example: the command with every gap filled.
  package init(_ recipe: Recipe, example: String, here: RecipeHere) {
    runnable = here.whyNot == nil
    whyNot = here.whyNot
    id = recipe.id
    title = recipe.title
    group = recipe.group
    command = recipe.command.source
    self.example = example
    placeholders = recipe.placeholders.map { PlaceholderDocument($0) }
    next = recipe.next.map(\.source)
    needs = recipe.needs.map(\.name)
    cost = recipe.cost.rawValue
    result = recipe.result.rawValue
    instead = recipe.instead
    description = recipe.description
    pitfalls = recipe.pitfalls
    synonyms = recipe.synonyms
    answers = recipe.answers
  }
}

/// A gap of a command for programs.
package struct PlaceholderDocument: Encodable, Sendable {
  private let placeholder: Placeholder

  init(_ placeholder: Placeholder) { self.placeholder = placeholder }

  private enum CodingKeys: CodingKey {
    case name, type, `default`
  }

  /// A gap without a default says so with null.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(placeholder.name, forKey: .name)
    try container.encode(placeholder.kind.rawValue, forKey: .type)
    try container.encode(placeholder.defaultValue, forKey: .default)
  }
}
