import BundledData
package import DataTree

/// The words for people behind the short names that recipes use: `Data/perf/vocabulary.yaml`.
package struct Vocabulary: Sendable {
  private let tree: DataTree
  private let place: RecipePlace

  /// The words of a document; `file` is its name for messages.
  package init(_ tree: DataTree, file: String) {
    self.tree = tree
    place = RecipePlace(file: file)
  }

  /// The words that were compiled in.
  package static func bundled() throws(RecipeError) -> Vocabulary {
    let path = "perf/vocabulary.yaml"
    guard let tree = BundledFile.at(path)?.tree else { throw .missingKey(RecipePlace(file: "Data"), key: path) }
    return Vocabulary(tree, file: "Data/\(path)")
  }

  /// What a need asks for, as a phrase.
  package func meaning(of need: Need) throws(RecipeError) -> String {
    switch need {
    case .facility(let facility): try word(facility.rawValue, in: "needs")
    case .kernel(let version): "Linux \(version) or later"
    case .perf(let version): "perf \(version) or later"
    }
  }

  /// What goes into a gap, as a phrase.
  package func meaning(of kind: Placeholder.Kind) throws(RecipeError) -> String {
    try word(kind.rawValue, in: "placeholders")
  }

  /// A value of the kind, for examples.
  package func example(of kind: Placeholder.Kind) throws(RecipeError) -> String {
    try word(kind.rawValue, in: "examples")
  }

  /// What a cost means, as a phrase.
  package func meaning(of cost: Recipe.Cost) throws(RecipeError) -> String { try word(cost.rawValue, in: "costs") }

  /// What comes out, as a phrase.
  package func meaning(of result: Recipe.ResultKind) throws(RecipeError) -> String {
    try word(result.rawValue, in: "results")
  }

  /// Events that perf knows without looking at the machine, the usual ones first.
  package var events: [String] { tree.strings("events") }

  /// A command with every gap filled, by its default or an example, ready to be copied to a prompt.
  package func example(of command: CommandTemplate, placeholders: [Placeholder]) throws(RecipeError) -> String {
    var values: [String: [String]] = [:]
    for placeholder in placeholders {
      var value = placeholder.defaultValue ?? ""
      if placeholder.defaultValue == nil { value = try example(of: placeholder.kind) }
      values[placeholder.name] =
        placeholder.kind == .command ? value.split(separator: " ").map(String.init) : [value]
    }
    return command.shellText { values[$0] }
  }

  private func word(_ name: String, in section: StaticString) throws(RecipeError) -> String {
    for entry in tree[section]?.entries ?? [] where entry.key == name {
      if let text = entry.value.string, !text.isEmpty { return text }
    }
    throw .missingKey(place, key: "\(section).\(name)")
  }
}
