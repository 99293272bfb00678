import ArgumentParser
import KernelReleases
import TerminalOutput

/// `toolbox kernel history [SERIES]`: cycles and series over the years, as a table, a chart or a picture.
struct KernelHistory: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "Show the cycles and the lives of all series, or every release of one.")

  @Argument(help: "A series, such as 6.1 or 2.6.39.")
  var series: String?

  @Flag(help: "Show every series, not only the newest.")
  var all = false

  @Option(help: ArgumentHelp("Show at most so many.", valueName: "number"))
  var limit: Int?

  @Flag(help: "Draw the length of each cycle.")
  var chart = false

  @Option(help: "Print text, or an SVG picture: text or svg.")
  var format: HistoryFormat = .text

  @OptionGroup var lookBack: LookBackOptions
  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  /// How many series are shown where nothing else is asked for.
  private static let usualLimit = 20

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit takes a number from 1 on") }
    if all, limit != nil { throw ValidationError("--all and --limit exclude each other") }
    if chart, series != nil { throw ValidationError("--chart draws cycles; it takes no series") }
    if [chart, output.json, format == .svg].filter({ $0 }).count > 1 {
      throw ValidationError("--chart, --json and --format svg exclude each other")
    }
  }

  func run() throws {
    let context = CommandContext.live(color: output.color)
    let knowledge = try context.kernelKnowledge(database.file, at: lookBack.at)
    let lives = SeriesLife.all(knowledge)
    if let series {
      guard let final = KernelVersion(series)?.final else { throw KernelCommandError.notAVersion(series) }
      guard let life = lives.first(where: { $0.final == final }) else {
        throw KernelCommandError.nothingKnown("series \(final)")
      }
      try show(HistoryDocument(life, limit: limit, at: knowledge.lookBack?.day), context) { TimelineSVG.document(life) }
    } else {
      let newest = Array(lives.prefix(all ? .max : limit ?? Self.usualLimit))
      // A picture of lives would be odd without the series that still live.
      let drawn = lives.filter { life in newest.contains { $0.final == life.final } || (life.isOut && !life.hasEnded) }
      try show(HistoryDocument(newest, at: knowledge.lookBack?.day), context) { LifelinesSVG.document(drawn) }
    }
    try context.finish()
  }

  private func show(_ document: HistoryDocument, _ context: CommandContext, svg: () -> String) throws {
    let text = HistoryText(context.terminal, environment: context.environment)
    if output.json {
      try context.printJSON(document)
    } else if format == .svg {
      context.standardOutput.write(svg())
    } else if chart {
      context.standardOutput.lines(text.chart(of: document.lives))
    } else {
      context.standardOutput.lines(text.lines(of: document))
    }
  }
}

/// What `toolbox kernel history` prints.
enum HistoryFormat: String, ExpressibleByArgument, CaseIterable {
  case text
  case svg
}
