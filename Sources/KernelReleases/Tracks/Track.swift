package import HostSystem

/// What somebody follows: a channel, a series, or the series that this machine runs.
package enum Track: Sendable, Hashable, CustomStringConvertible {
  /// Linus Torvalds' candidates and finals.
  case mainline
  /// The candidates alone.
  case candidates
  /// What kernel.org lists as stable.
  case stable
  /// The daily snapshots.
  case linuxNext
  /// One series, such as `6.1`.
  case series(String)
  /// The series of the running kernel.
  case mine

  /// - Parameter name: `mainline`, `rc`, `stable`, `linux-next`, `mine`, or a series; nil for anything else.
  package init?(_ name: String) {
    switch name {
    case "mainline": self = .mainline
    case "rc": self = .candidates
    case "stable": self = .stable
    case "linux-next": self = .linuxNext
    case "mine": self = .mine
    default:
      guard let version = KernelVersion(name), version.kind == .final, let series = version.series, name == series
      else {
        return nil
      }
      self = .series(series)
    }
  }

  /// The name that ``init(_:)`` reads.
  package var description: String {
    switch self {
    case .mainline: "mainline"
    case .candidates: "rc"
    case .stable: "stable"
    case .linuxNext: "linux-next"
    case .series(let name): name
    case .mine: "mine"
    }
  }

  /// Whether an event is news of this track.
  /// - Parameter mine: the series of the running kernel; nil where it is not known.
  package func covers(_ event: ReleaseEvent, mine: String?) -> Bool {
    switch self {
    case .mainline:
      if let version = event.version, version.line == .releases { return version.isMainline }
      return event.channel == .mainline
    case .candidates: return event.version.map { $0.isMainline && $0.candidate != nil } ?? false
    case .stable: return event.channel == .stable
    case .linuxNext: return event.version?.line == .linuxNext
    case .series(let name): return event.series == name
    case .mine: return mine != nil && event.series == mine
    }
  }

  /// The newest release of this track.
  /// - Returns: nil where nothing of it is known.
  package func newest(in knowledge: KernelKnowledge, mine: String?) -> ReleaseReport? {
    switch self {
    case .mine: mine.flatMap { knowledge.latest($0) }
    default: knowledge.latest(description)
    }
  }
}

extension Track {
  /// The series that a track is; nil for channels.
  fileprivate func series(mine: String?) -> String? {
    switch self {
    case .series(let name): name
    case .mine: mine
    case .mainline, .candidates, .stable, .linuxNext: nil
    }
  }
}

extension KernelVersion {
  /// Whether it is a candidate or a final of Linus Torvalds.
  package var isMainline: Bool { line == .releases && stableNumber == 0 }
}

/// A track and how far somebody has seen it.
package struct TrackMark: Sendable, Equatable {
  /// Why a track is there.
  package enum Origin: String, Sendable {
    /// Everybody has it.
    case usual = "default"
    /// Somebody asked for it.
    case added
    /// Somebody does not want it.
    case removed
  }

  /// The track.
  package let track: Track
  /// Why it is there.
  package let origin: Origin
  /// Events with higher numbers are not seen yet.
  package let seenNumber: Int64
  /// The newest release when it was last acknowledged; nil where none was known.
  package let seenVersion: KernelVersion?
  /// When that was.
  package let seenAt: Instant

  package init(track: Track, origin: Origin, seenNumber: Int64, seenVersion: KernelVersion?, seenAt: Instant) {
    self.track = track
    self.origin = origin
    self.seenNumber = seenNumber
    self.seenVersion = seenVersion
    self.seenAt = seenAt
  }
}

/// A track as lists show it and as `toolbox.kernel.tracks/1` has it.
package struct TrackReport: Sendable, Equatable, Encodable {
  /// The track.
  package let track: Track
  /// Why it is there.
  package let origin: TrackMark.Origin
  /// The series of a track that is one; nil for others and where the running kernel's series is not known.
  package let series: String?
  /// The newest release; nil where nothing of it is known.
  package let newest: ReleaseReport?
  /// What was the newest when it was last acknowledged.
  package let seenVersion: KernelVersion?
  /// When it was last acknowledged, or when it began; nil where nothing is stored of it yet.
  package let seenAt: Instant?
  /// How many events came since.
  package let unseen: Int

  package func encode(to encoder: any Encoder) throws {
    enum Keys: String, CodingKey { case name, origin, series, version, date, seen, seenAt, unseen }
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(track.description, forKey: .name)
    try container.encode(origin.rawValue, forKey: .origin)
    try container.encode(series, forKey: .series)
    try container.encode(newest?.version, forKey: .version)
    try container.encode(newest?.date?.day.description, forKey: .date)
    try container.encode(seenVersion, forKey: .seen)
    try container.encode(seenAt?.description, forKey: .seenAt)
    try container.encode(unseen, forKey: .unseen)
  }
}

/// The document `toolbox.kernel.tracks/1`.
package struct TracksDocument: Sendable, Encodable {
  /// The name and version of the document.
  package let schema = "toolbox.kernel.tracks/1"
  /// In the order in which they are shown.
  package let tracks: [TrackReport]

  package init(tracks: [TrackReport]) { self.tracks = tracks }

  /// Puts the tracks together: the usual ones, those that were added, less those that were removed.
  /// - Parameters:
  ///   - marks: what is stored.
  ///   - log: the events, to count those that nobody has seen.
  ///   - mine: the series of the running kernel; nil where it is not known.
  package init(marks: [TrackMark], log: [LoggedEvent], knowledge: KernelKnowledge, mine: String?) {
    let stored = Dictionary(marks.map { ($0.track, $0) }, uniquingKeysWith: { $1 })
    let usual = Track.usual(listed: knowledge.current.map(\.version), channels: knowledge.current.map(\.channel))
    let added = marks.filter { $0.origin == .added }.map(\.track).filter { !usual.contains($0) }
    tracks = (usual + added).filter { stored[$0]?.origin != .removed }.map { track in
      let mark = stored[track]
      return TrackReport(
        track: track, origin: mark?.origin ?? .usual, series: track.series(mine: mine),
        newest: track.newest(in: knowledge, mine: mine), seenVersion: mark?.seenVersion, seenAt: mark?.seenAt,
        unseen: log.count { entry in
          mark.map { entry.number > $0.seenNumber } ?? false && track.covers(entry.event, mine: mine)
        })
    }
  }
}

extension Track {
  /// The tracks that everybody has: mainline, its candidates, stable, the running series, and every longterm series that is
  /// listed.
  /// - Parameters:
  ///   - listed: the current releases, and …
  ///   - channels: … the channel of each.
  package static func usual(listed: [KernelVersion], channels: [Channel]) -> [Track] {
    let longterm = zip(listed, channels).filter { $0.1 == .longterm }.compactMap { $0.0.series }
    var result: [Track] = [.mainline, .candidates, .stable, .mine]
    for series in longterm where !result.contains(.series(series)) { result.append(.series(series)) }
    return result
  }
}
