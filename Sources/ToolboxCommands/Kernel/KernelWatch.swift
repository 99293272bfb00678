import ArgumentParser
import Configuration
import Curl
import Glibc
import HostSystem
import KernelReleases
import TerminalOutput

/// `toolbox kernel watch`: fetches now and then and tells what is new, each event at least once.
struct KernelWatch: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Fetch now and then, and tell what is new.",
    discussion: """
      What was told is remembered in the database, so that an event that a killed run stored and did not tell is told by \
      the next one. SIGTERM and SIGINT end the command with 0.
      """)

  @Flag(help: "Fetch once and end.")
  var once = false

  @Option(
    help: ArgumentHelp(
      "End when this release is out: a final (not its candidates), a candidate or a stable release.",
      valueName: "version"))
  var until: String?

  @Option(help: ArgumentHelp("With --until: give up after this time and end with 75.", valueName: "time"))
  var timeout: String?

  @Option(help: ArgumentHelp("Fetch this often: 30s, 15m, 1h, 1d; 1h unless configured.", valueName: "time"))
  var interval: String?

  @Option(
    help: ArgumentHelp(
      "Run this program for every event, with the event in its arguments and its environment.", valueName: "program"))
  var exec: String?

  @Option(help: ArgumentHelp("End the program of --exec after this time.", valueName: "time"))
  var execTimeout = "1m"

  @Option(
    help: ArgumentHelp(
      "Tell only events of this track: mainline, rc, stable, linux-next, mine, or a series. Can be given several times.",
      valueName: "track"))
  var track: [String] = []

  @Option(
    help: ArgumentHelp("Remember what was told under this name, apart from other watches.", valueName: "name"))
  var reader = "watch"

  @Option(help: ArgumentHelp("Keep a copy of the database here that everybody may read.", valueName: "file"))
  var publish: String?

  @Flag(help: "With --once: end with 2 when something was new.")
  var exitCode = false

  @OptionGroup var feed: FeedOptions
  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if exitCode, !once { throw ValidationError("--exit-code needs --once") }
    if timeout != nil, until == nil { throw ValidationError("--timeout needs --until") }
    if once, until != nil { throw ValidationError("--once and --until exclude each other") }
    if reader.isEmpty { throw ValidationError("--reader takes a name") }
  }

  func run() throws {
    let context = CommandContext.live(color: output.color)
    let period = try Self.time(interval ?? context.settings.kernelInterval?.value ?? "1h")
    let goal = try until.map { text in
      guard let version = KernelVersion(text) else { throw KernelCommandError.notAVersion(text) }
      return version
    }
    if let goal, try tellWhetherOut(goal, context) { return try context.finish() }
    let round = KernelWatchRound(
      context: context, selection: try context.feeds(feed.feed), isForced: feed.force, database: database.file,
      isJSON: output.json, reader: reader, tracks: try tracks(), hook: try hook(context), publishedPath: publish,
      client: context.httpClient())
    try StopSignals.noteFromNowOn()
    // Letting go of a database wakes the runtime's pool of threads, which may not set their priorities but as root, and would write
    // that into the system's log at every round.
    setenv("LIBDISPATCH_LOG", "NO", 0)
    if once {
      let count = try countOfOneRound(round)
      try context.finish()
      if exitCode, count > 0 { throw ExitStatus.pending.exitCode }
    } else {
      try watch(round, every: period, until: goal, context)
      try context.finish()
    }
  }

  private func countOfOneRound(_ round: KernelWatchRound) throws -> Int {
    do {
      return try round.run()
    } catch {
      guard StopSignals.hasCome else { throw error }
      // It did not fail: it was told to end. What it has stored and not told is told by the next run.
      return 0
    }
  }

  private func watch(
    _ round: KernelWatchRound, every period: Int, until goal: KernelVersion?, _ context: CommandContext
  ) throws {
    let limit = try timeout.map { try Self.time($0) }
    let start = StopSignals.uptimeMilliseconds
    while true {
      do {
        _ = try round.run()
      } catch let error as any ReportableError {
        if StopSignals.hasCome { return }
        guard Self.mayPass(error) else { throw error }
        context.note(error.message)
      }
      context.standardError.flush()
      if context.standardOutput.failure != nil { return }
      if let goal, try tellWhetherOut(goal, context) { return }
      let left = limit.map { $0 * 1000 - (StopSignals.uptimeMilliseconds - start) } ?? period * 1000
      if left > 0, StopSignals.wait(milliseconds: min(period * 1000, left)) { return }
      if let limit, let goal, StopSignals.uptimeMilliseconds - start >= limit * 1000 {
        throw KernelCommandError.notYetOut(goal, waited: limit)
      }
    }
  }

  /// Whether a version is out, as far as is known; says so when it is.
  private func tellWhetherOut(_ goal: KernelVersion, _ context: CommandContext) throws -> Bool {
    let knowledge = try context.kernelKnowledge(database.file)
    guard let proof = knowledge.history.proof(of: goal) else { return false }
    if !output.json {
      let day = proof.date.map { ", \($0.day.spelledOut)" } ?? ""
      context.standardOutput.line(
        proof.version == goal ? "\(goal) is out\(day)" : "\(goal) is out: \(proof.version) follows it\(day)")
    }
    return true
  }

  private func tracks() throws -> [Track] {
    try track.map { name in
      guard let track = Track(name) else { throw KernelCommandError.notATrack(name) }
      return track
    }
  }

  private func hook(_ context: CommandContext) throws -> KernelHook? {
    guard let exec else { return nil }
    return try KernelHook(path: absolutePath(exec), seconds: try Self.time(execTimeout), context: context)
  }

  private static func time(_ text: String) throws -> Int {
    guard let value = seconds(from: text), value > 0 else { throw KernelCommandError.notATime(text) }
    return value
  }

  /// Whether the next round can go better without anybody doing something.
  private static func mayPass(_ error: any ReportableError) -> Bool {
    if case .missingLibrary? = error as? HTTPError { return false }
    return switch error.failureKind {
    case .badData, .unavailable, .tryLater, .tlsRefused, .failed: true
    case .usage, .noPermission, .newerDatabase, .refused: false
    }
  }
}
