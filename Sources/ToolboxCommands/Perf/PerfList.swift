import ArgumentParser
import PerfReference
import TerminalOutput

/// `toolbox perf list`: the recipes by group, with their ids.
struct PerfList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the recipes, by group.")

  @Option(help: ArgumentHelp("Only this group.", valueName: "group"))
  var group: String?

  @Flag(help: "Only the recipes that are on the sheet.")
  var sheet = false

  @OptionGroup var output: OutputOptions

  func run() throws {
    let context = CommandContext.live(color: output.color)
    let book = try RecipeBook.bundled()
    let groups = try group.map { [try book.group($0.lowercased())] } ?? book.groups
    let ids = Set(groups.map(\.id))
    let recipes = try book.recipes().filter { ids.contains($0.group) && (!sheet || $0.sheetLine != nil) }
    if output.json {
      try context.printJSON(RecipesDocument(recipes))
    } else {
      let lines = RecipeText.list(recipes, groups: groups, width: context.textWidth, paint: Paint(context.terminal))
      context.standardOutput.lines(lines)
    }
    try context.finish()
  }
}
