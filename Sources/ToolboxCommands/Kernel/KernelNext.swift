import ArgumentParser
import HostSystem
import KernelReleases
import TerminalOutput

/// `toolbox kernel next`: what comes next in mainline, and when.
struct KernelNext: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "next", abstract: "Foretell the next mainline release and the next final.",
    discussion: """
      With every forecast it says how good such forecasts were: all cycles since 3.0 are foretold again, each from its own \
      past alone.
      """)

  @Flag(help: "Show how good the forecasts were, beside the rule of thumb.")
  var backtest = false

  @OptionGroup var lookBack: LookBackOptions
  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let context = CommandContext.live(color: output.color)
    let knowledge = try context.kernelKnowledge(database.file, at: lookBack.at)
    let text = ForecastText(context.terminal)
    if backtest {
      guard let document = BacktestDocument(knowledge) else { throw KernelCommandError.nothingKnown("mainline") }
      if output.json {
        try context.printJSON(document)
      } else {
        context.standardOutput.lines(text.lines(of: document))
      }
    } else {
      guard let document = NextDocument(knowledge) else { throw KernelCommandError.nothingKnown("mainline") }
      if output.json {
        try context.printJSON(document)
      } else {
        context.standardOutput.lines(text.lines(of: document))
      }
      let today = CalendarDay(context.now())
      if lookBack.at == nil, document.forecast.mostProbable.window.latest < today {
        context.note(
          "\(document.forecast.mostProbable.version) should be out by now: releases are known up to "
            + "\(document.forecast.day.spelledOut) only, `toolbox kernel fetch` gets newer ones")
      }
    }
    try context.finish()
  }
}
