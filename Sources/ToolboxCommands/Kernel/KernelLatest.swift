import ArgumentParser
import KernelReleases
import TerminalOutput

/// `toolbox kernel latest [CHANNEL|SERIES]`: the newest release, bare for scripts.
struct KernelLatest: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "latest", abstract: "Print the newest release of a channel or a series.",
    discussion: "Without an argument it lists the newest release of every channel.")

  @Argument(help: "mainline, rc, stable, longterm, linux-next, or a series such as 6.1.")
  var channel: String?

  @OptionGroup var lookBack: LookBackOptions
  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  var request: Request {
    Request(channel: channel, lookBack: lookBack.at, database: database.file, output: output.choice)
  }
}

extension KernelLatest: RequestingCommand {
  struct Request: CommandRequest {
    var channel: String?
    var lookBack: String?
    var database: String?
    var output = OutputChoice()

    func run() throws {
      let context = CommandContext.live(color: output.color)
      // What the feed lists answers for its channels; candidates and series may need the whole history.
      let isListed = Channel.known.contains { $0.rawValue == channel } || channel == nil
      let knowledge = try context.kernelKnowledge(database, at: lookBack, needsHistory: !isListed)
      let reports = try channel.map { [try newest($0, knowledge)] } ?? knowledge.newestOfChannels
      if output.json {
        try context.printJSON(
          ReleasesDocument(releases: reports, fetched: knowledge.fetched, at: knowledge.lookBack?.day))
      } else if channel != nil {
        context.standardOutput.lines(reports.map(\.version.description))
      } else {
        context.standardOutput.lines(KernelText(context.terminal).lines(of: reports))
      }
      try context.finish()
    }

    private func newest(_ wanted: String, _ knowledge: KernelKnowledge) throws -> ReleaseReport {
      if let report = knowledge.latest(wanted) { return report }
      let isChannel = wanted == "rc" || Channel.known.contains { $0.rawValue == wanted }
      guard isChannel || wanted == "2.6.x" || KernelVersion(wanted)?.series != nil else {
        throw KernelCommandError.notAChannel(wanted)
      }
      throw KernelCommandError.nothingKnown(wanted)
    }
  }
}
