import ArgumentParser
import PerfReference
import TerminalOutput

/// `toolbox perf list`: the recipes by group, with their ids.
struct PerfList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the recipes, by group.")

  @Option(
    help: ArgumentHelp("Only this group.", valueName: "group"),
    completion: .custom { _, _, _ in PerfCompletion.groups() })
  var group: String?

  @Flag(help: "Only the recipes that are on the sheet.")
  var sheet = false

  @Flag(help: "Only the recipes that can run on this machine.")
  var runnable = false

  @OptionGroup var output: OutputOptions

  func run() throws {
    let context = CommandContext.live(color: output.color)
    let book = try context.recipeBook()
    let groups = try group.map { [try book.group($0.lowercased())] } ?? book.groups
    let ids = Set(groups.map(\.id))
    var recipes = try book.recipes().filter { ids.contains($0.group) && (!sheet || $0.sheetLine != nil) }
    var here: [RecipeHere]?
    if runnable || output.json {
      let judge = try context.machineJudge()
      var judged = try recipes.map { (recipe: $0, here: RecipeHere(whyNot: try judge.obstacle(to: $0))) }
      if runnable { judged.removeAll { $0.here.whyNot != nil } }
      recipes = judged.map(\.recipe)
      here = judged.map(\.here)
    }
    if output.json {
      try context.printJSON(RecipesDocument(recipes, here: here))
    } else {
      let lines = RecipeText.list(recipes, groups: groups, width: context.textWidth, paint: Paint(context.terminal))
      context.standardOutput.lines(lines)
    }
    try context.finish()
  }
}
