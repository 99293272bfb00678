import DataTree

/// Reads the values of one recipe, or of the head of a file, and says precisely what is wrong with them.
struct RecipeReader {
  private let tree: DataTree
  private let file: String
  private let index: Int?

  /// - Parameter index: the recipe's place in the file, from 0; nil for the head of the file.
  init(_ tree: DataTree, file: String, index: Int? = nil) {
    self.tree = tree
    self.file = file
    self.index = index
  }

  /// Where the values stand, for the message of an error.
  var place: RecipePlace {
    RecipePlace(file: file, recipe: index.map { tree.string("id") ?? "recipe \($0 + 1)" })
  }

  private static let recipeKeys: Set<String> = [
    "id", "title", "sheet", "short", "sheet_command", "command", "placeholders", "next", "needs", "cost", "result",
    "instead", "description", "pitfalls", "synonyms", "answers",
  ]
  private static let groupKeys: Set<String> = ["group", "title", "order", "summary", "recipes"]

  /// The keys of the head are not held against the known ones, which would cost the sheet time; see ``checkHead()``.
  func group() throws(RecipeError) -> RecipeGroup {
    let order = try text("order")
    guard let number = Int(order) else {
      throw .unknownValue(place, key: "order", found: order, expected: "a whole number")
    }
    return RecipeGroup(id: try text("group"), title: try text("title"), order: number, summary: try text("summary"))
  }

  /// The head of somebody's own file: a group that is known needs no more than its id, and a new one gets a place at the end.
  func ownGroup() throws(RecipeError) -> RecipeGroup {
    try checkHead()
    let id = try text("group")
    guard tree["recipes"]?.kind == .list else { throw .missingKey(place, key: "recipes") }
    let order = try optionalText("order") ?? "\(Int.max)"
    guard let number = Int(order) else {
      throw .unknownValue(place, key: "order", found: order, expected: "a whole number")
    }
    return RecipeGroup(
      id: id, title: try optionalText("title") ?? id, order: number,
      summary: try optionalText("summary") ?? "Own recipes.")
  }

  func checkHead() throws(RecipeError) { try refuseUnknownKeys(Self.groupKeys) }

  func recipe(group: String) throws(RecipeError) -> Recipe {
    try refuseUnknownKeys(Self.recipeKeys)
    let command = try template(try text("command"), key: "command")
    // What runs it becomes perf, whatever the line begins with.
    guard command.words.first?.parts == [.text("perf")] else {
      throw .unknownValue(place, key: "command", found: command.source, expected: "a line that begins with perf")
    }
    var next: [CommandTemplate] = []
    for line in try texts("next") { next.append(try template(line, key: "next")) }
    let placeholders = try placeholders()
    try compare(placeholders, with: [command] + next)
    var needs: [Need] = []
    for name in try texts("needs") {
      guard let need = Need(name) else {
        throw .unknownValue(place, key: "needs", found: name, expected: Self.list(Need.Facility.self))
      }
      needs.append(need)
    }
    return Recipe(
      id: try text("id"), title: try text("title"), group: group, command: command, placeholders: placeholders,
      next: next, needs: needs, cost: try choice("cost"), result: try choice("result"),
      instead: try optionalText("instead"), description: try text("description"), pitfalls: try texts("pitfalls"),
      synonyms: try texts("synonyms"), answers: try texts("answers"), sheetLine: try sheetLine())
  }

  /// The line on the sheet; nil for a recipe that is not marked for it.
  func sheetLine() throws(RecipeError) -> SheetLine? {
    guard let mark = tree.string("sheet") else { return nil }
    switch mark {
    case "true": return SheetLine(short: try text("short"), command: try text("sheet_command"))
    case "false": return nil
    default: throw .unknownValue(place, key: "sheet", found: mark, expected: "true or false")
    }
  }

  func searchEntry() throws(RecipeError) -> SearchEntry {
    SearchEntry(
      id: try text("id"), title: try text("title"), synonyms: tree.strings("synonyms"), command: try text("command"),
      description: tree.string("description") ?? "")
  }

  private func placeholders() throws(RecipeError) -> [Placeholder] {
    guard let declared = tree["placeholders"] else { return [] }
    var result: [Placeholder] = []
    for (name, value) in declared.entries {
      for entry in value.entries where entry.key != "type" && entry.key != "default" {
        throw .unknownKey(place, key: "placeholders.\(name).\(entry.key)")
      }
      guard let type = value.string("type") else { throw .missingKey(place, key: "placeholders.\(name).type") }
      guard let kind = Placeholder.Kind(rawValue: type) else {
        throw .unknownValue(
          place, key: "placeholders.\(name).type", found: type, expected: Self.list(Placeholder.Kind.self))
      }
      result.append(Placeholder(name: name, kind: kind, defaultValue: value.string("default")))
    }
    return result
  }

  private func compare(_ placeholders: [Placeholder], with commands: [CommandTemplate]) throws(RecipeError) {
    let declared = placeholders.map(\.name)
    let used = commands.flatMap(\.placeholderNames)
    for name in used where !declared.contains(name) { throw .undeclaredPlaceholder(place, name: name) }
    for name in declared where !used.contains(name) { throw .unusedPlaceholder(place, name: name) }
  }

  private func template(_ text: String, key: String) throws(RecipeError) -> CommandTemplate {
    do {
      return try CommandTemplate(text)
    } catch {
      throw .malformedCommand(place, key: key, error)
    }
  }

  private func refuseUnknownKeys(_ known: Set<String>) throws(RecipeError) {
    for entry in tree.entries where !known.contains(entry.key) { throw .unknownKey(place, key: entry.key) }
  }

  private func text(_ key: StaticString) throws(RecipeError) -> String {
    guard let text = tree.string(key), !text.isEmpty else { throw .missingKey(place, key: "\(key)") }
    return text
  }

  private func optionalText(_ key: StaticString) throws(RecipeError) -> String? {
    tree[key] == nil ? nil : try text(key)
  }

  private func texts(_ key: StaticString) throws(RecipeError) -> [String] {
    guard let value = tree[key] else { return [] }
    let texts = tree.strings(key)
    guard !texts.isEmpty, !texts.contains(""), value.kind == .string || texts.count == value.items.count else {
      throw .missingKey(place, key: "\(key)")
    }
    return texts
  }

  private func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ key: StaticString
  ) throws(RecipeError) -> Choice {
    let found = try text(key)
    guard let choice = Choice(rawValue: found) else {
      throw .unknownValue(place, key: "\(key)", found: found, expected: Self.list(Choice.self))
    }
    return choice
  }

  /// The names to choose from, as part of a sentence.
  private static func list<Choice: RawRepresentable<String> & CaseIterable>(_ type: Choice.Type) -> String {
    "one of " + type.allCases.map(\.rawValue).joined(separator: ", ")
  }
}
