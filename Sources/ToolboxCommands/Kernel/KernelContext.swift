import Configuration
import Curl
import HostSystem
import KernelReleases
import TerminalOutput

/// What the kernel commands share: opening the database, and telling what is odd on standard error.
extension CommandContext {
  /// A line on standard error that does not end the command.
  func note(_ text: String) { standardError.line("toolbox: \(text.harmless)") }

  /// The database that the command line names, else the configuration.
  func database(_ given: String?) -> String? { given ?? settings.kernelDatabase?.value }

  /// The feeds that the command line names, else the configuration, else the shipped list.
  func feeds(_ given: [String]) throws -> FeedSelection {
    try FeedCatalogue.selection(given.isEmpty ? settings.kernelFeeds.map(\.value) : given)
  }

  /// The shipped history and the database, for commands that only read.
  ///
  /// A damaged database is no reason to answer nothing: it is reported, and the shipped history answers.
  func kernelKnowledge(_ given: String?, needsHistory: Bool = true) throws -> KernelKnowledge {
    try kernelReading(given) { try KernelKnowledge.load($0, needsHistory: needsHistory) }
  }

  /// Answers from the database, or without one: the work gets nil where there is none.
  /// - Parameter tellsAbsence: false where a reading before this one has said that there is none.
  func kernelReading<Result>(
    _ given: String?, tellsAbsence: Bool = true, _ work: (ReleaseStore?) throws -> Result
  ) throws -> Result {
    let places = DatabaseLocation.readable(given: database(given), environment: environment, userID: userID)
    do {
      let store = try ReleaseStore.openForReading(places)
      if store == nil, tellsAbsence, let given = database(given) { note(StoreError.absent(given).message) }
      return try work(store)
    } catch let error as StoreError {
      guard case .corrupt = error else { throw error }
      note(error.message)
      return try work(nil)
    }
  }

  /// The database for a command that writes.
  func kernelStore(_ given: String?) throws -> ReleaseStore {
    guard
      let place = DatabaseLocation.own(given: database(given), environment: environment, userID: userID)
    else { throw KernelCommandError.noPlaceForDatabase }
    let store = try ReleaseStore.openForWriting(place, now: now())
    for notice in store.notices { note(notice) }
    return store
  }

  /// A client for the network. It keeps its connections for as long as it is kept itself.
  func httpClient() -> HTTPClient {
    var settings = HTTPClientSettings(
      userAgent: "toolbox/\(Toolbox.version) (+\(Toolbox.homepage))", environment: environment)
    settings.isStopped = { StopSignals.hasCome }
    return HTTPClient(settings)
  }

  /// A fetcher over the network.
  func feedFetcher(_ store: ReleaseStore, over client: HTTPClient) -> FeedFetcher {
    FeedFetcher(store: store, get: { client.get($0) }, now: now)
  }

  /// One round over the feeds, with what is odd told on standard error; new tracks begin.
  /// - Returns: the answers of the feeds that were reached, and the first failure that counts.
  func kernelRound(
    _ fetcher: FeedFetcher, _ selection: FeedSelection, store: ReleaseStore, isForced: Bool
  ) throws -> (answers: [FeedFetcher.Answer], failure: (any Error)?) {
    let answers = try fetcher.round(selection, isForced: isForced)
    var failure: (any Error)?
    for (index, answer) in answers.enumerated() {
      switch answer.report {
      case .success(let report): for notice in report.notices { note(notice) }
      case .failure(let error):
        guard let error = error as? any ReportableError else { throw error }
        if index < selection.required, failure == nil {
          failure = error
        } else if index < selection.required || failure == nil {
          note(error.message)
        }
      // A feed that only adds to the primary one says nothing of its own failure where that one failed too.
      }
    }
    try beginTracks(store)
    return (answers, failure)
  }

  /// Begins the usual tracks that nothing is stored of, so that what comes from now on is their news.
  func beginTracks(_ store: ReleaseStore) throws {
    let listed = Listing.merged(try store.listings())?.rows ?? []
    if listed.isEmpty { return }
    let known = try store.trackMarks().map(\.track)
    let new = Track.usual(listed: listed.map(\.version), channels: listed.map(\.channel)).filter { !known.contains($0) }
    if new.isEmpty { return }
    let knowledge = try KernelKnowledge.load(store, needsHistory: false)
    let number = try store.newestEventNumber()
    let mine = try runningSeries()
    try store.begin(
      new.map { track in
        TrackMark(
          track: track, origin: .usual, seenNumber: number,
          seenVersion: track.newest(in: knowledge, mine: mine)?.version, seenAt: now())
      })
  }

  /// The series of the running kernel; nil where it cannot be told.
  func runningSeries() throws -> String? {
    try MachineKernels.running(environment: environment)?.base?.series
  }

  /// The tracks that are followed, with what is new in each.
  func tracksDocument(_ store: ReleaseStore?, _ knowledge: KernelKnowledge) throws -> TracksDocument {
    try tracksDocument(store, knowledge, mine: try runningSeries())
  }

  /// The same for a kernel that is known already.
  /// - Parameter mine: its series.
  func tracksDocument(
    _ store: ReleaseStore?, _ knowledge: KernelKnowledge, mine: String?
  ) throws -> TracksDocument {
    TracksDocument(
      marks: try store?.trackMarks() ?? [], log: try store?.events(after: 0) ?? [], knowledge: knowledge, mine: mine)
  }
}

extension Toolbox {
  /// Named to the servers that are asked, so that their operators can find out who asks.
  static let homepage = "https://example.org/toolbox"
}
