import BundledData
import DataTree
import Testing

@testable import PerfReference

/// The reference that is shipped, read in full and held to rules that a reader at start never checks.
@Suite struct BundledRecipesTests {
  private let book: RecipeBook
  private let recipes: [Recipe]

  init() throws {
    book = try RecipeBook.bundled()
    recipes = try book.recipes()
  }

  @Test func `the reference is large enough`() {
    #expect(recipes.count >= 130)
    #expect(book.groups.count >= 16)
    #expect(recipes.count == book.recipeCount)
  }

  @Test func `groups are named as their files, with an order of their own`() {
    let files = BundledFile.inside("perf/recipes").map { "\($0.path)" }
    #expect(Set(files) == Set(book.groups.map { "perf/recipes/\($0.id).yaml" }))
    #expect(Set(book.groups.map(\.order)).count == book.groups.count)
    for group in book.groups {
      #expect(group.title.count <= 40, "\(group.id)")
      #expect(group.summary.hasSuffix("."), "\(group.id)")
    }
  }

  @Test func `ids are unique and made of lower-case words with hyphens`() {
    #expect(Set(recipes.map(\.id)).count == recipes.count)
    for recipe in recipes {
      let words = recipe.id.split(separator: "-", omittingEmptySubsequences: false)
      let isPlain = words.allSatisfy { word in
        !word.isEmpty && word.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
      }
      #expect(isPlain, "\(recipe.id)")
      #expect(recipe.id.count <= 30, "\(recipe.id)")
    }
  }

  @Test func `every command is perf's and says all that a reader needs`() {
    for recipe in recipes {
      #expect(recipe.command.source.hasPrefix("perf "), "\(recipe.id)")
      #expect(recipe.title.count <= 60, "\(recipe.id)")
      #expect(!recipe.title.hasSuffix("."), "\(recipe.id)")
      #expect(recipe.description.hasSuffix("."), "\(recipe.id)")
      #expect(!recipe.synonyms.isEmpty, "\(recipe.id)")
      #expect(Set(recipe.synonyms).count == recipe.synonyms.count, "\(recipe.id)")
      #expect(Set(recipe.needs).count == recipe.needs.count, "\(recipe.id)")
    }
  }

  @Test func `the published one-liners have their counterparts`() {
    let answers = recipes.flatMap(\.answers)
    #expect(answers.count >= 102)
    #expect(Set(answers).count == answers.count)
    for answer in answers { #expect(answer.contains("perf "), "\(answer)") }
  }

  @Test func `a command to run stands alone, so that it can become several arguments`() {
    for recipe in recipes {
      for name in recipe.placeholders.filter({ $0.kind == .command }).map(\.name) {
        for template in [recipe.command] + recipe.next where template.placeholderNames.contains(name) {
          #expect(template.standaloneNames.contains(name), "\(recipe.id): \(template.source)")
        }
      }
    }
  }

  @Test func `each says what goes wrong with it`() {
    for recipe in recipes { #expect(!recipe.pitfalls.isEmpty, "\(recipe.id)") }
  }

  @Test func `an alternative exists, is another recipe and leads nowhere in circles`() {
    let alternatives = Dictionary(uniqueKeysWithValues: recipes.map { ($0.id, $0.instead) })
    for recipe in recipes {
      var seen: Set<String> = [recipe.id]
      var next = recipe.instead
      while let id = next {
        #expect(alternatives[id] != nil, "\(recipe.id): \(id)")
        if !seen.insert(id).inserted {
          Issue.record("\(recipe.id): alternatives come back to \(id)")
          break
        }
        next = alternatives[id] ?? nil
      }
    }
  }

  @Test func `lines of the sheet keep their widths, and only the sheet's recipes have one`() throws {
    for recipe in recipes {
      guard let line = recipe.sheetLine else { continue }
      #expect(line.short.count <= 34, "\(recipe.id)")
      #expect(line.command.count <= 43, "\(recipe.id)")
      #expect(line.command.hasPrefix("perf "), "\(recipe.id)")
    }
    for file in BundledFile.inside("perf/recipes") {
      for tree in try #require(file.tree)["recipes"]?.items ?? [] where tree.string("sheet") != "true" {
        #expect(tree["short"] == nil && tree["sheet_command"] == nil, "\(tree.string("id") ?? "?")")
      }
    }
  }

  @Test func `all text is ASCII without control characters`() throws {
    for file in BundledFile.inside("perf/recipes") + [try #require(BundledFile.at("perf/vocabulary.yaml"))] {
      for text in texts(of: try #require(file.tree)) {
        #expect(text.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "\(file.path): \(text)")
      }
    }
  }

  @Test func `the vocabulary has words for every name, and no others`() throws {
    let tree = try #require(BundledFile.at("perf/vocabulary.yaml")?.tree)
    func names(_ section: StaticString) -> [String] { tree[section]?.entries.map(\.key) ?? [] }
    #expect(names("needs").sorted() == Need.Facility.allCases.map(\.rawValue).sorted())
    #expect(names("placeholders").sorted() == Placeholder.Kind.allCases.map(\.rawValue).sorted())
    #expect(names("examples").sorted() == Placeholder.Kind.allCases.map(\.rawValue).sorted())
    #expect(names("costs") == Recipe.Cost.allCases.map(\.rawValue))
    #expect(names("results") == Recipe.ResultKind.allCases.map(\.rawValue))
    #expect(tree.entries.map(\.key) == ["needs", "placeholders", "examples", "costs", "results", "events"])
    #expect(texts(of: tree).allSatisfy { !$0.isEmpty })
  }

  @Test func `every recipe has an example without a gap left`() throws {
    let vocabulary = try Vocabulary.bundled()
    for recipe in recipes {
      for template in [recipe.command] + recipe.next {
        let example = try vocabulary.example(of: template, placeholders: recipe.placeholders)
        #expect(example.hasPrefix("perf "), "\(recipe.id): \(example)")
        for name in template.placeholderNames {
          #expect(!example.contains("{\(name)}"), "\(recipe.id): \(example)")
        }
      }
      for need in recipe.needs { #expect(try !vocabulary.meaning(of: need).isEmpty) }
    }
  }

  private func texts(of tree: DataTree) -> [String] {
    switch tree.kind {
    case .string: [tree.string ?? ""]
    case .list: tree.items.flatMap(texts)
    case .map: tree.entries.flatMap { [$0.key] + texts(of: $0.value) }
    }
  }
}
