import PerfReference
import TerminalOutput

/// Lists of recipes as text.
enum RecipeText {
  /// One line a recipe, under the heading of its group; groups without a recipe are left out.
  static func list(_ recipes: [Recipe], groups: [RecipeGroup], width: Int?, paint: Paint) -> [String] {
    let idWidth = recipes.map(\.id.columns).max() ?? 0
    var lines: [String] = []
    for group in groups {
      let members = recipes.filter { $0.group == group.id }
      guard !members.isEmpty else { continue }
      if !lines.isEmpty { lines.append("") }
      lines.append(paint(.heading, group.id) + paint(.faint, ": \(group.title)"))
      for recipe in members {
        let room = width.map { max(1, $0 - idWidth - 4) }
        let title = room.map { recipe.title.truncated(to: $0) } ?? recipe.title
        lines.append("  " + paint(.name, recipe.id.padded(to: idWidth)) + "  " + title)
      }
    }
    return lines
  }

  /// Two lines a recipe: what it is, and its command; in the order given.
  static func found(_ recipes: [Recipe], width: Int?, paint: Paint) -> [String] {
    let idWidth = recipes.map(\.id.columns).max() ?? 0
    return recipes.flatMap { recipe in
      let room = width.map { max(1, $0 - idWidth - 2) }
      let title = room.map { recipe.title.truncated(to: $0) } ?? recipe.title
      return [
        paint(.name, recipe.id.padded(to: idWidth)) + "  " + title,
        "    " + paint.command(recipe.command.shellText { name in defaults(of: recipe)[name] }),
      ]
    }
  }

  /// What stands in a gap when nobody says.
  private static func defaults(of recipe: Recipe) -> [String: [String]] {
    var result: [String: [String]] = [:]
    for placeholder in recipe.placeholders {
      if let value = placeholder.defaultValue { result[placeholder.name] = [value] }
    }
    return result
  }
}

extension CommandContext {
  /// The width that text is cut or wrapped to; nil in a pipe, where nothing is cut.
  var textWidth: Int? { terminal.isTerminal ? terminal.columns : nil }
}
