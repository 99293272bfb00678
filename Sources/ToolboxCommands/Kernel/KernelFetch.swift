import ArgumentParser
import Curl
import KernelReleases
import TerminalOutput

/// `toolbox kernel fetch`: asks the feed once and stores what it says.
struct KernelFetch: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fetch", abstract: "Fetch the feed of releases and store it.")

  @OptionGroup var feed: FeedOptions
  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let context = CommandContext.live(color: output.color)
    let source = try FeedCatalogue.source(feed.feed)
    let store = try context.kernelStore(database)
    let report = try context.feedFetcher(store).fetch(source, isForced: feed.force)
    for notice in report.notices { context.note(notice) }
    if output.json {
      try context.printJSON(FetchDocument(address: source.address.text, outcome: report.outcome))
    } else {
      context.standardOutput.lines(
        KernelText(context.terminal).lines(of: report.outcome, from: source, now: context.now()))
    }
    try context.finish()
  }
}
