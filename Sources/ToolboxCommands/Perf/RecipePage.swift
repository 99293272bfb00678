import HostSystem
import PerfReference
import TerminalOutput

/// Everything about a recipe, with the words for people beside its short names.
struct RecipePage {
  private let recipe: Recipe
  private let groupTitle: String
  private let example: String
  private let next: [String]
  private let gaps: [(name: String, meaning: String)]
  private let needs: [String]
  private let cost: String
  private let result: String
  private let alternative: String?
  private let here: RecipeHere?

  /// - Parameter here: nil where nothing was probed.
  init(_ recipe: Recipe, in book: RecipeBook, _ vocabulary: Vocabulary, here: RecipeHere? = nil) throws {
    self.recipe = recipe
    self.here = here
    groupTitle = try book.group(recipe.group).title
    example = try vocabulary.example(of: recipe.command, placeholders: recipe.placeholders)
    next = try recipe.next.map { try vocabulary.example(of: $0, placeholders: recipe.placeholders) }
    // What only the next commands need is filled there.
    let names = recipe.command.placeholderNames
    gaps = try recipe.placeholders.filter { names.contains($0.name) }.map { placeholder in
      let meaning = try vocabulary.meaning(of: placeholder.kind)
      let value = placeholder.defaultValue.map { " [\($0)]" } ?? ""
      return (placeholder.name.uppercased(), meaning + value)
    }
    needs = try recipe.needs.map { try vocabulary.meaning(of: $0) }
    cost = try vocabulary.meaning(of: recipe.cost)
    result = try vocabulary.meaning(of: recipe.result)
    alternative = try recipe.instead.map { id in
      try book.recipe(id).map { "\(id): \($0.title)" } ?? id
    }
  }

  /// - Parameter width: nil for a pipe; prose is wrapped at 80 columns or the width, commands never.
  func lines(width: Int?, paint: Paint) -> [String] {
    let textWidth = min(width ?? 80, 80)
    var lines = [paint(.name, recipe.id) + "  " + paint(.strong, recipe.title), ""]
    lines.append("  " + paint.command(recipe.command.shellText()))
    if !gaps.isEmpty {
      lines.append("")
      let nameWidth = gaps.map(\.name.columns).max() ?? 0
      for gap in gaps {
        lines += labelled(gap.name.padded(to: nameWidth), [gap.meaning], indent: 2, textWidth, paint)
      }
    }
    lines.append("")
    lines += recipe.description.wrapped(to: textWidth)
    lines.append("")
    func field(_ label: String, _ texts: [String], mark: String = "") {
      lines += labelled(label.padded(to: 8), texts, mark: mark, textWidth, paint)
    }
    if !gaps.isEmpty { lines.append(command("Example", example, paint)) }
    for (index, line) in next.enumerated() { lines.append(command(index == 0 ? "Next" : "", line, paint)) }
    field("Gives", [result])
    field("Cost", [cost])
    if !needs.isEmpty { field("Needs", needs, mark: "- ") }
    if !recipe.pitfalls.isEmpty { field("Beware", recipe.pitfalls, mark: "- ") }
    if let here { field("Here", [here.whyNot.map { "cannot run: \($0.harmless)" } ?? "can run"]) }
    if let alternative { field("Instead", [alternative]) }
    field("Group", ["\(recipe.group): \(groupTitle)"])
    return lines
  }

  private func command(_ label: String, _ line: String, _ paint: Paint) -> String {
    paint(.heading, label.padded(to: 8)) + "  " + paint.command(line)
  }

  /// A label with text beside it, wrapped; several texts each begin a line of their own.
  private func labelled(
    _ label: String, _ texts: [String], mark: String = "", indent: Int = 0, _ width: Int, _ paint: Paint
  ) -> [String] {
    let marks = texts.count > 1 ? mark : ""
    let blank = String(repeating: " ", count: label.columns)
    let room = max(20, width - indent - label.columns - 2 - marks.columns)
    let wrapped = texts.flatMap { text in
      text.wrapped(to: room).enumerated().map { number, line in
        (number == 0 ? marks : String(repeating: " ", count: marks.columns)) + line
      }
    }
    return wrapped.enumerated().map { number, line in
      String(repeating: " ", count: indent) + (number == 0 ? paint(.heading, label) : blank) + "  " + line
    }
  }
}
