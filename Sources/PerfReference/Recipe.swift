/// One entry of the reference: a perf command for a purpose.
package struct Recipe: Sendable, Equatable {
  /// Unique in the whole book: lower-case words joined with hyphens.
  package let id: String
  /// What it is for, in plain words, as a phrase without a final stop.
  package let title: String
  /// The id of its ``RecipeGroup``.
  package let group: String
  /// The command line, `perf` its first word.
  package let command: CommandTemplate
  /// The gaps of `command` and `next`, in the order of the file.
  package let placeholders: [Placeholder]
  /// What one usually runs afterwards.
  package let next: [CommandTemplate]
  /// Sorted as in the file; empty when perf alone is enough.
  package let needs: [Need]
  /// What running it costs the machine.
  package let cost: Cost
  /// What comes out of it.
  package let result: ResultKind
  /// The recipe to take where this one cannot run.
  package let instead: String?
  /// What it shows and how to read it, in sentences.
  package let description: String
  /// What goes wrong or misleads, a sentence each.
  package let pitfalls: [String]
  /// Words and phrases that people search for.
  package let synonyms: [String]
  /// Published command lines that this recipe is today's spelling of.
  package let answers: [String]
  /// Its line on the sheet; nil for a recipe that is not on it.
  package let sheetLine: SheetLine?

  /// What running the command costs the machine.
  package enum Cost: String, Sendable, CaseIterable {
    case none, low, medium, high
  }

  /// What comes out of it.
  package enum ResultKind: String, Sendable, CaseIterable {
    case list, counts, recording, report, stream, live, probe, text, file, config
  }
}

/// A recipe's line on the sheet.
package struct SheetLine: Sendable, Equatable {
  /// At most 34 columns.
  package let short: String
  /// At most 43 columns; capitals stand for what the reader fills in.
  package let command: String

  /// Both texts are one line of ASCII.
  package init(short: String, command: String) {
    self.short = short
    self.command = command
  }
}

/// A chapter of the reference; one file of `Data/perf/recipes/`.
package struct RecipeGroup: Sendable, Equatable {
  /// The name of its file without the ending; unique.
  package let id: String
  /// At most 40 columns.
  package let title: String
  /// Its place among the groups; lower numbers come first.
  package let order: Int
  /// One sentence.
  package let summary: String
}

/// The one-page sheet: the recipes that are marked for it.
package struct Sheet: Sendable, Equatable {
  /// A group with at least one line.
  package struct Section: Sendable, Equatable {
    /// The id of the group.
    package let group: String
    /// The title of the group.
    package let title: String
    /// At least one, in the order of the file.
    package let lines: [SheetLine]

    /// A group's part of the sheet.
    package init(group: String = "", title: String, lines: [SheetLine]) {
      self.group = group
      self.title = title
      self.lines = lines
    }
  }

  /// The groups in order.
  package let sections: [Section]
  /// How many recipes the whole book has.
  package let recipeCount: Int
  /// How many of somebody's own recipes are marked for it and found no room.
  package let leftOutCount: Int

  /// The most lines of recipes and titles of groups: with what stands around them, a hundred lines.
  package static let mostRows = 97

  /// A sheet made of these sections.
  package init(sections: [Section], recipeCount: Int, leftOutCount: Int = 0) {
    self.sections = sections
    self.recipeCount = recipeCount
    self.leftOutCount = leftOutCount
  }
}
