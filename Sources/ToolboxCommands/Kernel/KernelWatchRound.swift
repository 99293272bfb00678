import Curl
import HostSystem
import KernelReleases
import TerminalOutput

/// One round of `watch`: fetch, tell, run the hook. What one part could not do does not keep the others from their work.
struct KernelWatchRound {
  let context: CommandContext
  let selection: FeedSelection
  let isForced: Bool
  let database: String?
  let isJSON: Bool
  /// The name under which it is remembered what was told.
  let reader: String
  /// Empty for all events.
  let tracks: [Track]
  let hook: KernelHook?
  /// Where everybody may read a copy of the database; nil for nowhere.
  let publishedPath: String?
  /// Kept from round to round, so that a connection that is still open is used again.
  let client: HTTPClient

  /// - Returns: how many events were told.
  /// - Throws: what the fetch failed with, after everything that is stored was told.
  func run() throws -> Int {
    let store = try context.kernelStore(database)
    // Before the fetch: what it brings is then news, even if this run is killed in between.
    let seen = try store.cursor(reader)
    if let hook { _ = try store.cursor(hook.reader) }
    let outcome = Result {
      try context.kernelRound(context.feedFetcher(store, over: client), selection, store: store, isForced: isForced)
    }
    if case .success(let round) = outcome { noteSeeds(round.answers) }
    let count = try tell(store, after: seen)
    var hookFailure: KernelCommandError?
    if let hook { hookFailure = try hook.run(store, covers: covers) }
    let publishing = Result { try publish(store) }
    if let failure = try outcome.get().failure { throw failure }
    if let hookFailure { throw hookFailure }
    try publishing.get()
    return count
  }

  private func publish(_ store: ReleaseStore) throws {
    guard let path = publishedPath.map({ absolutePath($0) }) else { return }
    let bytes = try store.bytes()
    if try RootDirectory().readIfPresent(path, limit: bytes.count + 1) == bytes { return }
    try PrivateFile.write(bytes, to: path, mode: 0o644)
  }

  private func noteSeeds(_ answers: [FeedFetcher.Answer]) {
    for answer in answers {
      if case .success(let report) = answer.report, case .seeded(let count, _) = report.outcome {
        context.note(
          "first fetch of \(answer.source.address): \(count) releases stored; news is told from the next fetch on")
      }
    }
  }

  private func covers(_ event: ReleaseEvent, mine: String?) -> Bool {
    tracks.isEmpty || tracks.contains { $0.covers(event, mine: mine) }
  }

  /// Prints what this reader has not seen, also when the fetch failed.
  private func tell(_ store: ReleaseStore, after seen: Int64) throws -> Int {
    let events = try store.events(after: seen)
    let mine = try context.runningSeries()
    let told = events.filter { covers($0.event, mine: mine) }
    let text = KernelText(context.terminal)
    for logged in told {
      if isJSON {
        try context.printJSONLine(logged.event)
      } else {
        context.standardOutput.line(text.line(of: logged.event))
      }
    }
    context.standardOutput.flush()
    if let last = events.last, context.standardOutput.failure == nil { try store.advance(reader, to: last.number) }
    return told.count
  }
}
