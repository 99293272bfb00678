import BundledData
package import DataTree

/// The whole reference, opened and not yet read: recipes are decoded when they are asked for.
///
/// The sheet reads three keys of the recipes that are on it, a search five of all; so `toolbox perf` costs little more
/// than starting the program.
package struct RecipeBook: Sendable {
  /// A file of recipes and how messages call it.
  package struct Source: Sendable {
    /// The file's name for messages.
    package let file: String
    /// The document of the file: a map with `group`, `title`, `order`, `summary` and `recipes`.
    package let tree: DataTree

    /// A document and the name to call it by.
    package init(file: String, tree: DataTree) {
      self.file = file
      self.tree = tree
    }
  }

  private struct Chapter: Sendable {
    let group: RecipeGroup
    let file: String
    let head: DataTree
    let recipes: [DataTree]
  }

  private let chapters: [Chapter]

  /// Reads the heads of the files and puts the groups in their order.
  package init(_ sources: [Source]) throws(RecipeError) {
    var chapters: [Chapter] = []
    for source in sources {
      let reader = RecipeReader(source.tree, file: source.file)
      guard let recipes = source.tree["recipes"] else { throw .missingKey(reader.place, key: "recipes") }
      chapters.append(
        Chapter(group: try reader.group(), file: source.file, head: source.tree, recipes: recipes.items))
    }
    self.chapters = chapters.sorted { ($0.group.order, $0.group.id) < ($1.group.order, $1.group.id) }
  }

  /// The reference that was compiled in.
  package static func bundled() throws(RecipeError) -> RecipeBook {
    var sources: [Source] = []
    for file in BundledFile.inside("perf/recipes") {
      if let tree = file.tree { sources.append(Source(file: "Data/" + file.path.description, tree: tree)) }
    }
    return try RecipeBook(sources)
  }

  /// All groups in order.
  package var groups: [RecipeGroup] { chapters.map(\.group) }

  /// The group with an id.
  /// - Throws: ``LookupError/unknownGroup(_:known:)``
  package func group(_ id: String) throws(LookupError) -> RecipeGroup {
    for chapter in chapters where chapter.group.id == id { return chapter.group }
    throw .unknownGroup(id, known: groups.map(\.id))
  }

  /// How many recipes there are in all groups.
  package var recipeCount: Int { chapters.reduce(0) { $0 + $1.recipes.count } }

  /// The one-page sheet: groups in order, recipes as they stand in the files.
  package func sheet() throws(RecipeError) -> Sheet {
    var sections: [Sheet.Section] = []
    for chapter in chapters {
      var lines: [SheetLine] = []
      for (index, tree) in chapter.recipes.enumerated() {
        if let line = try reader(chapter, index, tree).sheetLine() { lines.append(line) }
      }
      if !lines.isEmpty { sections.append(Sheet.Section(title: chapter.group.title, lines: lines)) }
    }
    return Sheet(sections: sections, recipeCount: recipeCount)
  }

  /// All recipes in the order of the sheet, decoded and checked in full.
  package func recipes() throws(RecipeError) -> [Recipe] {
    var result: [Recipe] = []
    for chapter in chapters {
      try RecipeReader(chapter.head, file: chapter.file).checkHead()
      for (index, tree) in chapter.recipes.enumerated() {
        result.append(try reader(chapter, index, tree).recipe(group: chapter.group.id))
      }
    }
    return result
  }

  /// The recipe with an id; nil when there is none.
  package func recipe(_ id: String) throws(RecipeError) -> Recipe? {
    for chapter in chapters {
      for (index, tree) in chapter.recipes.enumerated() where tree.string("id") == id {
        return try reader(chapter, index, tree).recipe(group: chapter.group.id)
      }
    }
    return nil
  }

  /// What a search looks at, of every recipe in order.
  package func searchEntries() throws(RecipeError) -> [SearchEntry] {
    var result: [SearchEntry] = []
    result.reserveCapacity(recipeCount)
    for chapter in chapters {
      for (index, tree) in chapter.recipes.enumerated() {
        result.append(try reader(chapter, index, tree).searchEntry())
      }
    }
    return result
  }

  /// The ids that are nearest to a misspelt one, the nearest first; at most three.
  package func nearestIDs(to wanted: String) -> [String] {
    let ids = chapters.flatMap { $0.recipes.compactMap { $0.string("id") } }
    let limit = max(2, wanted.utf8.count / 3)
    let word = Array(wanted.lowercased().utf8)
    let scored = ids.enumerated().compactMap { place, id -> (distance: Int, place: Int, id: String)? in
      if word.count >= 3, id.hasPrefix(wanted.lowercased()) { return (0, place, id) }
      return wordDistance(word, Array(id.utf8), limit: limit).map { ($0, place, id) }
    }
    return scored.sorted { ($0.distance, $0.place) < ($1.distance, $1.place) }.prefix(3).map(\.id)
  }

  private func reader(_ chapter: Chapter, _ index: Int, _ tree: DataTree) -> RecipeReader {
    RecipeReader(tree, file: chapter.file, index: index)
  }
}
