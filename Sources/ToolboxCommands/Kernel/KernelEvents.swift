import ArgumentParser
import KernelReleases
import TerminalOutput

/// `toolbox kernel events`: the log of what happened.
struct KernelEvents: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events", abstract: "Print the log of what the feeds showed, oldest first.")

  @Option(help: ArgumentHelp("Print what came after the event with this id.", valueName: "id"))
  var since: String?

  @Option(help: ArgumentHelp("Print only events of this track. Can be given several times.", valueName: "track"))
  var track: [String] = []

  @Option(help: ArgumentHelp("Print at most so many, the newest.", valueName: "number"))
  var limit: Int?

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit takes a number from 1 on") }
  }

  func run() throws {
    let context = CommandContext.live(color: output.color)
    let tracks = try track.map { name in
      guard let track = Track(name) else { throw KernelCommandError.notATrack(name) }
      return track
    }
    let mine = try context.runningSeries()
    let events = try context.kernelReading(database.file) { store in
      // Asked without a store too: whoever remembers an event of a log that was lost is to hear of it.
      let number = try number(in: store)
      return try store?.events(after: number).map(\.event) ?? []
    }
    .filter { event in tracks.isEmpty || tracks.contains { $0.covers(event, mine: mine) } }
    .suffix(limit ?? .max)
    if output.json {
      for event in events { try context.printJSONLine(event) }
    } else {
      context.standardOutput.lines(KernelText(context.terminal).lines(of: Array(events)))
    }
    try context.finish()
  }

  private func number(in store: ReleaseStore?) throws -> Int64 {
    guard let since else { return 0 }
    guard let number = try store?.number(ofEvent: since) else { throw KernelCommandError.unknownEvent(since) }
    return number
  }
}
