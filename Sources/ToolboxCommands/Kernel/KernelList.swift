import ArgumentParser
import KernelReleases
import TerminalOutput

/// `toolbox kernel list`: the current releases, or all that are known.
struct KernelList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the current releases, or all of them, newest first.")

  @Flag(help: "List every release that is known.")
  var all = false

  @Option(help: ArgumentHelp("List every release of one series, such as 6.1.", valueName: "series"))
  var series: String?

  @Option(help: ArgumentHelp("List at most so many.", valueName: "number"))
  var limit: Int?

  @OptionGroup var lookBack: LookBackOptions
  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit takes a number from 1 on") }
  }

  var request: Request {
    Request(
      all: all, series: series, limit: limit, lookBack: lookBack.at, database: database.file, output: output.choice)
  }
}

extension KernelList: RequestingCommand {
  struct Request: CommandRequest {
    var all = false
    var series: String?
    var limit: Int?
    var lookBack: String?
    var database: String?
    var output = OutputChoice()

    func run() throws {
      let context = CommandContext.live(color: output.color)
      let knowledge = try context.kernelKnowledge(database, at: lookBack, needsHistory: all || series != nil)
      let reports = Array(try releases(knowledge).prefix(limit ?? .max))
      if output.json {
        try context.printJSON(
          ReleasesDocument(releases: reports, fetched: knowledge.fetched, at: knowledge.lookBack?.day))
      } else {
        context.standardOutput.lines(KernelText(context.terminal).lines(of: reports))
      }
      try context.finish()
    }

    private func releases(_ knowledge: KernelKnowledge) throws -> [ReleaseReport] {
      if let series {
        guard series == "2.6.x" || KernelVersion(series)?.series != nil else {
          throw KernelCommandError.notASeries(series)
        }
        let found = knowledge.history.releases(inSeries: series)
        guard !found.isEmpty else { throw KernelCommandError.nothingKnown("series \(series)") }
        return found.reversed().map { knowledge.report($0) }
      }
      return all ? knowledge.history.releases.reversed().map { knowledge.report($0) } : knowledge.current
    }
  }
}
