package import HostSystem

/// Where in the reference something is: a file, and mostly a recipe in it.
package struct RecipePlace: Sendable, Equatable, CustomStringConvertible {
  /// The file as its reader knows it, `Data/perf/recipes/counting.yaml` for one.
  package let file: String
  /// The recipe's id, or its place in the file where it has no id; nil for the head of the file.
  package let recipe: String?

  /// A place in a file, or the file as a whole.
  package init(file: String, recipe: String? = nil) {
    self.file = file
    self.recipe = recipe
  }

  /// `counting.yaml: count-pid`, as messages have it.
  package var description: String { recipe.map { "\(file): \($0)" } ?? file }
}

/// What is wrong in a file of recipes.
package enum RecipeError: ReportableError, Equatable {
  /// A key that every recipe or group has is absent, empty or no text.
  case missingKey(RecipePlace, key: String)
  /// A key that nobody reads: mostly a misspelt one.
  case unknownKey(RecipePlace, key: String)
  /// A value that is none of those that the key may have.
  case unknownValue(RecipePlace, key: String, found: String, expected: String)
  /// A command that is no list of words.
  case malformedCommand(RecipePlace, key: String, CommandTemplateError)
  /// A gap in a command that `placeholders` does not declare.
  case undeclaredPlaceholder(RecipePlace, name: String)
  /// A declared gap that stands in no command.
  case unusedPlaceholder(RecipePlace, name: String)

  /// The way to the value below its recipe or the head of its file; the last steps may lead to nothing.
  var keyPath: [String] {
    switch self {
    case .missingKey(_, let key), .unknownKey(_, let key), .unknownValue(_, let key, _, _),
      .malformedCommand(_, let key, _):
      key.split(separator: ".").map(String.init)
    case .undeclaredPlaceholder: ["command"]
    case .unusedPlaceholder(_, let name): ["placeholders", name]
    }
  }

  /// Always bad data: the file has to be mended.
  package var failureKind: FailureKind { .badData }

  /// The file, the recipe, the key, and what to do about it.
  package var message: String {
    switch self {
    case .missingKey(let place, let key): "perf: \(place): \(key) is missing; give it a value"
    case .unknownKey(let place, let key): "perf: \(place): unknown key \(key); remove it or correct its spelling"
    case .unknownValue(let place, let key, let found, let expected):
      "perf: \(place): \(key) is \"\(found)\"; use \(expected)"
    case .malformedCommand(let place, let key, let error): "perf: \(place): \(key) \(error.reason)"
    case .undeclaredPlaceholder(let place, let name):
      "perf: \(place): {\(name)} is not declared; add it to placeholders"
    case .unusedPlaceholder(let place, let name):
      "perf: \(place): placeholder \(name) stands in no command; remove it"
    }
  }
}

/// A question that the reference cannot answer.
package enum LookupError: ReportableError, Equatable {
  /// No recipe has this id.
  case unknownRecipe(String, nearest: [String])
  /// No group has this id.
  case unknownGroup(String, known: [String])
  /// Nobody named a recipe, and nobody can be asked.
  case noRecipeNamed
  /// No recipe matches the words of a search.
  case nothingFound(words: [String])

  /// A name that is not there is a mistake of the command line; a search without an answer is none.
  package var failureKind: FailureKind {
    switch self {
    case .unknownRecipe, .unknownGroup, .noRecipeNamed: .usage
    case .nothingFound: .failed
    }
  }

  /// What was asked for, and the nearest thing there is.
  package var message: String {
    switch self {
    case .unknownRecipe(let id, let nearest) where nearest.isEmpty:
      "perf: no recipe \"\(id)\"; \"toolbox perf list\" names them all"
    case .unknownRecipe(let id, let nearest):
      "perf: no recipe \"\(id)\"; did you mean \(nearest.joined(separator: ", "))?"
    case .unknownGroup(let id, let known): "perf: no group \"\(id)\"; there are \(known.joined(separator: ", "))"
    case .noRecipeNamed: "perf: no recipe is named; \"toolbox perf list\" names them all"
    case .nothingFound(let words):
      "perf: nothing found for \"\(words.prefix(12).joined(separator: " "))\(words.count > 12 ? " ..." : "")\"; try fewer or other words, or \"toolbox perf list\""
    }
  }
}
