import ArgumentParser
import HostSystem
import KernelReleases
import TerminalOutput

/// `toolbox kernel tracks`: what is followed, and how far it was seen.
struct KernelTracks: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tracks", abstract: "List, add and remove the tracks that are followed.",
    discussion: """
      A track is mainline, rc, stable, linux-next, mine (the series of the running kernel) or a series. Mainline, rc, \
      stable, mine and every longterm series are there from the start.
      """,
    subcommands: [KernelTracksList.self, KernelTracksAdd.self, KernelTracksRemove.self],
    defaultSubcommand: KernelTracksList.self)
}

struct KernelTracksList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the tracks, with what is new in each since it was acknowledged.")

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let context = CommandContext.live(color: output.color)
    let document = try context.kernelReading(database.file) { store in
      try context.tracksDocument(store, try KernelKnowledge.load(store))
    }
    if output.json {
      try context.printJSON(document)
    } else {
      context.standardOutput.lines(KernelText(context.terminal).lines(of: document.tracks))
    }
    try context.finish()
  }
}

struct KernelTracksAdd: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Follow a track; what was before is not its news.")

  @Argument(help: "A track, such as 6.1, linux-next or mine.")
  var track: [String]

  @OptionGroup var database: DatabaseOptions

  func run() throws {
    try CommandContext.live().markTracks(track, as: .added, database.file)
  }
}

struct KernelTracksRemove: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "remove", abstract: "No longer follow a track.")

  @Argument(help: "A track that is followed.")
  var track: [String]

  @OptionGroup var database: DatabaseOptions

  func run() throws {
    try CommandContext.live().markTracks(track, as: .removed, database.file)
  }
}

/// `toolbox kernel ack`: marks what is there as seen.
struct KernelAcknowledge: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ack", abstract: "Mark what is there as seen: of these tracks, or of all.")

  @Argument(help: "Tracks that are followed; all of them when none is named.")
  var track: [String] = []

  @OptionGroup var database: DatabaseOptions

  func run() throws {
    try CommandContext.live().markTracks(track, as: nil, database.file)
  }
}

extension CommandContext {
  /// Stores that tracks are followed, not followed, or seen up to now.
  /// - Parameters:
  ///   - names: empty for all that are followed.
  ///   - origin: nil leaves it as it is and only moves the mark.
  fileprivate func markTracks(_ names: [String], as origin: TrackMark.Origin?, _ database: String?) throws {
    let wanted = try names.map { name in
      guard let track = Track(name) else { throw KernelCommandError.notATrack(name) }
      return track
    }
    let store = try kernelStore(database)
    let knowledge = try KernelKnowledge.load(store)
    let followed = try tracksDocument(store, knowledge).tracks
    let mine = try runningSeries()
    let number = try store.newestEventNumber()
    let tracks = names.isEmpty ? followed.map(\.track) : wanted
    if origin != .added, let absent = tracks.first(where: { track in !followed.contains { $0.track == track } }) {
      throw KernelCommandError.absentTrack(absent.description)
    }
    let isFollowed = { (track: Track) in followed.contains { $0.track == track } }
    try store.store(
      tracks.filter { origin != .added || !isFollowed($0) }.map { track in
        TrackMark(
          track: track, origin: origin ?? followed.first { $0.track == track }?.origin ?? .usual, seenNumber: number,
          seenVersion: track.newest(in: knowledge, mine: mine)?.version, seenAt: now())
      })
    try finish()
  }
}
