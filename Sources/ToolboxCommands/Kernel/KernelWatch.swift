import ArgumentParser
import Curl
import HostSystem
import KernelReleases
import TerminalOutput

/// `toolbox kernel watch`: fetches now and then and prints what is new, each event at least once.
struct KernelWatch: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Fetch now and then, and print what is new.",
    discussion: """
      What was printed is remembered in the database, so that an event that a killed run stored and did not print is
      printed by the next one. SIGTERM and SIGINT end the command with 0.
      """)

  @Flag(help: "Fetch once and end.")
  var once = false

  @Option(help: ArgumentHelp("Fetch this often: 30s, 15m, 1h, 1d.", valueName: "time"))
  var interval = "1h"

  @Flag(help: "With --once: end with 2 when something was new.")
  var exitCode = false

  @OptionGroup var feed: FeedOptions
  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  /// The reader of the event log that this command is.
  private static let reader = "watch"

  func validate() throws {
    if exitCode, !once { throw ValidationError("--exit-code needs --once") }
  }

  func run() throws {
    let context = CommandContext.live(color: output.color)
    let source = try FeedCatalogue.source(feed.feed)
    guard let period = seconds(from: interval), period > 0 else { throw KernelCommandError.notATime(interval) }
    if once {
      let count = try round(source, context)
      try context.finish()
      if exitCode, count > 0 { throw ExitStatus.pending.exitCode }
      return
    }
    try StopSignals.noteFromNowOn()
    repeat {
      do {
        _ = try round(source, context)
      } catch let error as any ReportableError {
        if StopSignals.hasCome { break }
        guard Self.mayPass(error) else { throw error }
        context.note(error.message)
      }
      context.standardError.flush()
      if context.standardOutput.failure != nil { break }
    } while !StopSignals.wait(seconds: period)
    try context.finish()
  }

  /// Whether the next round can go better without anybody doing something.
  private static func mayPass(_ error: any ReportableError) -> Bool {
    if case .missingLibrary? = error as? HTTPError { return false }
    return switch error.failureKind {
    case .badData, .unavailable, .tryLater, .tlsRefused, .failed: true
    case .usage, .noPermission, .newerDatabase, .refused: false
    }
  }

  /// Fetches once and prints what this reader has not seen, also when the fetch fails.
  /// - Returns: how many events were printed.
  private func round(_ source: FeedSource, _ context: CommandContext) throws -> Int {
    let store = try context.kernelStore(database)
    // Before the fetch: what it brings is then news, even if this run is killed in between.
    let seen = try store.cursor(Self.reader)
    let outcome = Result { try context.feedFetcher(store).fetch(source, isForced: feed.force) }
    if case .success(let report) = outcome {
      for notice in report.notices { context.note(notice) }
      if case .seeded(let count) = report.outcome {
        context.note("first fetch: \(count) releases stored; news is told from the next fetch on")
      }
    }
    let events = try store.events(after: seen)
    let text = KernelText(context.terminal)
    for logged in events {
      if output.json {
        try context.printJSONLine(logged.event)
      } else {
        context.standardOutput.line(text.line(of: logged.event))
      }
    }
    context.standardOutput.flush()
    if let last = events.last, context.standardOutput.failure == nil { try store.advance(Self.reader, to: last.number) }
    _ = try outcome.get()
    return events.count
  }
}
