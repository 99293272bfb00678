import Curl
import HostSystem
import KernelReleases
import TerminalOutput

/// What the kernel commands share: opening the database, and telling what is odd on standard error.
extension CommandContext {
  /// A line on standard error that does not end the command.
  func note(_ text: String) { standardError.line("toolbox: \(text.harmless)") }

  /// The shipped history and the database, for commands that only read.
  ///
  /// A damaged database is no reason to answer nothing: it is reported, and the shipped history answers.
  func kernelKnowledge(_ options: DatabaseOptions, needsHistory: Bool = true) throws -> KernelKnowledge {
    let places = DatabaseLocation.readable(given: options.database, environment: environment, userID: userID)
    do {
      let store = try ReleaseStore.openForReading(places)
      if store == nil, let given = options.database { note(StoreError.absent(given).message) }
      return try KernelKnowledge.load(store, needsHistory: needsHistory)
    } catch let error as StoreError {
      guard case .corrupt = error else { throw error }
      note(error.message)
      return try KernelKnowledge.load(nil)
    }
  }

  /// The database for a command that writes.
  func kernelStore(_ options: DatabaseOptions) throws -> ReleaseStore {
    guard
      let place = DatabaseLocation.own(given: options.database, environment: environment, userID: userID)
    else { throw KernelCommandError.noPlaceForDatabase }
    let store = try ReleaseStore.openForWriting(place, now: now())
    for notice in store.notices { note(notice) }
    return store
  }

  /// A fetcher over the network.
  func feedFetcher(_ store: ReleaseStore) -> FeedFetcher {
    var settings = HTTPClientSettings(
      userAgent: "toolbox/\(Toolbox.version) (+\(Toolbox.homepage))", environment: environment)
    settings.isStopped = { StopSignals.hasCome }
    let client = HTTPClient(settings)
    return FeedFetcher(store: store, get: client.get, now: now)
  }
}

extension Toolbox {
  /// Named to the servers that are asked, so that their operators can find out who asks.
  static let homepage = "https://example.org/toolbox"
}
