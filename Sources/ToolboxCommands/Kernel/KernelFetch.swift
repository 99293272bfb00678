import ArgumentParser
import Curl
import KernelReleases
import Synchronization
import TerminalOutput

/// `toolbox kernel fetch`: asks the feeds once and stores what they say.
struct KernelFetch: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fetch", abstract: "Fetch the feeds of releases and store them.")

  @OptionGroup var feed: FeedOptions
  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  var request: Request {
    Request(feeds: feed.feed, isForced: feed.force, database: database.file, output: output.choice)
  }
}

extension KernelFetch: RequestingCommand {
  struct Request: CommandRequest {
    var feeds: [String] = []
    var isForced = false
    var database: String?
    var output = OutputChoice()

    func run() throws {
      let context = CommandContext.live(color: output.color)
      let selection = try context.feeds(feeds)
      let store = try context.kernelStore(database)
      let client = context.httpClient()
      WorkOfFetch.keep(store, client)
      let (answers, failure) = try context.kernelRound(
        context.feedFetcher(store, over: client), selection, store: store, isForced: isForced)
      let outcomes = answers.compactMap { answer in
        (try? answer.report.get()).map { (source: answer.source, outcome: $0.outcome) }
      }
      if failure == nil, outcomes.allSatisfy({ $0.outcome.isConfirmation }) { WorkOfFetch.leave() }
      if output.json {
        if failure == nil { try context.printJSON(FetchDocument(outcomes)) }
      } else {
        let text = KernelText(context.terminal)
        for (source, outcome) in outcomes {
          context.standardOutput.lines(text.lines(of: outcome, from: source.address.text, now: context.now()))
        }
      }
      try context.finish()
      if let failure { throw failure }
    }
  }
}

/// What a fetch works with, which is not let go of before the process ends: the queue of its database would start a thread for its
/// own end, which takes as long as the request, and libcurl would free what the system takes back at once. A watch, which works in
/// rounds, lets go of all of it.
enum WorkOfFetch {
  private struct Kept {
    let store: ReleaseStore
    let client: HTTPClient
    var isLeft = false
  }

  private static let kept = Mutex<Kept?>(nil)

  static func keep(_ store: ReleaseStore, _ client: HTTPClient) {
    kept.withLock { $0 = Kept(store: store, client: client) }
  }

  /// Has the database left as it is at the end. To close it takes several waits for the disk, until all that stands in the file beside
  /// it is in the database and safe from a loss of power; when a server last said that nothing is new is not worth them.
  static func leave() { kept.withLock { $0?.isLeft = true } }

  /// Closes the database. One that cannot be closed is said; it is as a kill would leave it, which the next run mends.
  static func end() {
    kept.withLock { kept in
      guard let kept, !kept.isLeft else { return }
      do {
        try kept.store.close()
      } catch {
        let context = CommandContext.live()
        context.note("closing the database: \(error)")
        context.standardError.flush()
      }
    }
  }
}
