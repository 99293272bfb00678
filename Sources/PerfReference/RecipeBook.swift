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
    var recipes: [Entry]
  }

  /// A recipe where it stands in its file.
  private struct Entry: Sendable {
    let file: String
    let index: Int
    let tree: DataTree
  }

  private let chapters: [Chapter]

  /// Reads the heads of the files and puts the groups in their order.
  package init(_ sources: [Source]) throws(RecipeError) {
    var chapters: [Chapter] = []
    for source in sources {
      let reader = RecipeReader(source.tree, file: source.file)
      guard let recipes = source.tree["recipes"] else { throw .missingKey(reader.place, key: "recipes") }
      chapters.append(
        Chapter(
          group: try reader.group(), file: source.file, head: source.tree,
          recipes: Self.entries(recipes, file: source.file)))
    }
    self.chapters = chapters.sorted { ($0.group.order, $0.group.id) < ($1.group.order, $1.group.id) }
  }

  /// How the files of the reference are called.
  private static let bundledPrefix = "Data/"

  /// The reference that was compiled in.
  package static func bundled() throws(RecipeError) -> RecipeBook {
    var sources: [Source] = []
    for file in BundledFile.inside("perf/recipes") {
      if let tree = file.tree { sources.append(Source(file: bundledPrefix + file.path.description, tree: tree)) }
    }
    return try RecipeBook(sources)
  }

  private init(chapters: [Chapter]) {
    self.chapters = chapters.sorted { ($0.group.order, $0.group.id) < ($1.group.order, $1.group.id) }
  }

  private static func entries(_ recipes: DataTree, file: String) -> [Entry] {
    recipes.items.enumerated().map { Entry(file: file, index: $0, tree: $1) }
  }

  /// The same reference with recipes of somebody's own: they join their group, or make a new one, and take the place of those
  /// with the same id.
  /// - Parameter own: recipes that can be read; the later ones take the place of the earlier.
  package func adding(_ own: [OwnRecipes]) -> RecipeBook {
    var chapters = chapters
    for file in own {
      let ids = Set(file.entries.compactMap { $0.tree.string("id") })
      for index in chapters.indices {
        chapters[index].recipes.removeAll { ids.contains($0.tree.string("id") ?? "") }
      }
      let entries = file.entries.map { Entry(file: file.file, index: $0.index, tree: $0.tree) }
      if let index = chapters.firstIndex(where: { $0.group.id == file.group.id }) {
        chapters[index].recipes += entries
      } else {
        chapters.append(Chapter(group: file.group, file: file.file, head: file.head, recipes: entries))
      }
    }
    return RecipeBook(chapters: chapters)
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

  /// The one-page sheet: groups in order, recipes as they stand in the files. Of somebody's own recipes the last stay away that would
  /// make it longer than a page.
  package func sheet() throws(RecipeError) -> Sheet {
    var found: [(group: RecipeGroup, lines: [(line: SheetLine, isOwn: Bool)])] = []
    for chapter in chapters {
      var lines: [(line: SheetLine, isOwn: Bool)] = []
      for entry in chapter.recipes {
        if let line = try reader(entry).sheetLine() { lines.append((line, !entry.file.hasPrefix(Self.bundledPrefix))) }
      }
      if !lines.isEmpty { found.append((chapter.group, lines)) }
    }
    // A section has a line of its own.
    var excess = found.reduce(0) { $0 + 1 + $1.lines.count } - Sheet.mostRows
    var leftOut = 0
    for index in found.indices.reversed() where excess > 0 {
      while excess > 0, let place = found[index].lines.lastIndex(where: \.isOwn) {
        found[index].lines.remove(at: place)
        leftOut += 1
        excess -= found[index].lines.isEmpty ? 2 : 1
      }
    }
    return Sheet(
      sections: found.filter { !$0.lines.isEmpty }.map {
        Sheet.Section(group: $0.group.id, title: $0.group.title, lines: $0.lines.map(\.line))
      }, recipeCount: recipeCount, leftOutCount: leftOut)
  }

  /// All recipes in the order of the sheet, decoded and checked in full.
  package func recipes() throws(RecipeError) -> [Recipe] {
    var result: [Recipe] = []
    for chapter in chapters {
      try RecipeReader(chapter.head, file: chapter.file).checkHead()
      for entry in chapter.recipes {
        result.append(try reader(entry).recipe(group: chapter.group.id))
      }
    }
    return result
  }

  /// The recipe with an id; nil when there is none.
  package func recipe(_ id: String) throws(RecipeError) -> Recipe? {
    for chapter in chapters {
      for entry in chapter.recipes where entry.tree.string("id") == id {
        return try reader(entry).recipe(group: chapter.group.id)
      }
    }
    return nil
  }

  /// What a search looks at, of every recipe in order.
  package func searchEntries() throws(RecipeError) -> [SearchEntry] {
    var result: [SearchEntry] = []
    result.reserveCapacity(recipeCount)
    for chapter in chapters {
      for entry in chapter.recipes {
        result.append(try reader(entry).searchEntry())
      }
    }
    return result
  }

  /// The ids that are nearest to a misspelt one, the nearest first; at most three.
  package func nearestIDs(to wanted: String) -> [String] {
    let ids = chapters.flatMap { $0.recipes.compactMap { $0.tree.string("id") } }
    let limit = max(2, wanted.utf8.count / 3)
    let word = Array(wanted.lowercased().utf8)
    let scored = ids.enumerated().compactMap { place, id -> (distance: Int, place: Int, id: String)? in
      if word.count >= 3, id.hasPrefix(wanted.lowercased()) { return (0, place, id) }
      return wordDistance(word, Array(id.utf8), limit: limit).map { ($0, place, id) }
    }
    return scored.sorted { ($0.distance, $0.place) < ($1.distance, $1.place) }.prefix(3).map(\.id)
  }

  private func reader(_ entry: Entry) -> RecipeReader {
    RecipeReader(entry.tree, file: entry.file, index: entry.index)
  }
}
