import ArgumentParser
import PerfReference
import TerminalOutput

/// `toolbox perf`: the one-page sheet, and the way to the rest of the reference.
struct Perf: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "perf", abstract: "The reference for Linux perf, one page or searched.",
    discussion: "Without a subcommand it prints the sheet: the commands people need most, on one page.",
    subcommands: [
      PerfSheet.self, PerfList.self, PerfSearch.self, PerfShow.self, PerfExplain.self, PerfPick.self, PerfRun.self,
      PerfDoctor.self, PerfCollapse.self, PerfFlameGraph.self, PerfReport.self, PerfCheck.self, PerfDiff.self,
      PerfConvert.self, PerfProfile.self,
      PerfBindings.self,
    ])

  @OptionGroup var output: OutputOptions

  var request: Request { Request(output: output.choice) }
}

extension Perf: RequestingCommand {
  struct Request: CommandRequest {
    var output = OutputChoice()

    func run() throws {
      let context = CommandContext.live(color: output.color)
      let book = try context.recipeBook()
      if output.json {
        try context.printJSON(RecipesDocument(try book.recipes().filter { $0.sheetLine != nil }))
      } else {
        context.standardOutput.lines(SheetText.lines(try book.sheet(), paint: Paint(context.terminal)))
      }
      try context.finish()
    }
  }
}
