import HostSystem
import KernelReleases
import TerminalOutput

/// What is new, as text for people.
extension KernelText {
  func lines(of outcome: FeedFetcher.Outcome, from name: String, now: Instant) -> [String] {
    let address = name.harmless
    switch outcome {
    case .seeded(let count, let format):
      let noun = count == 1 ? "entry" : "entries"
      return [
        "First content of \(address): \(count) \(noun) stored (\(format.rawValue)).",
        "News is told from the next one on.",
      ]
    case .changed(let events) where events.isEmpty: return ["Nothing new at \(address)."]
    case .changed(let events): return events.map(line)
    case .unchanged: return ["Nothing new at \(address): it has not changed."]
    case .notDue(let last, let next):
      let age = spelledOut(seconds: max(0, now.secondsSinceEpoch - last.secondsSinceEpoch))
      return ["Fetched \(age) ago, so nothing was sent to \(address).", "It is due at \(next); --force asks now."]
    }
  }

  /// One event in one line.
  func line(of event: ReleaseEvent) -> String {
    let version = event.version?.description ?? ""
    let series = (event.series ?? event.channel?.rawValue ?? "").harmless
    let (label, role, text): (String, Paint.Role, String) =
      switch event.kind {
      case .release:
        (
          "release", .good,
          version + (event.channel.map { "  \($0.rawValue.harmless)" } ?? "")
            + "  \(event.day?.description ?? "day unknown")"
            + (event.previous.map { "  after \($0.harmless)" } ?? "")
        )
      case .skipped:
        (
          "skipped", .warning,
          "\(Self.ranges(event.skipped)), before \(version): came and went unseen"
        )
      case .newSeries: ("new series", .strong, "\(series) begins with \(version)")
      case .endOfLife: ("end of life", .bad, "\(series) has ended with \(version)")
      case .endOfLifeDate:
        ("end of life", .warning, "\(series) \(Self.end(event))")
      case .vanished: ("vanished", .bad, "\(series) is no longer listed; its last release was \(version)")
      case .moniker:
        ("moniker", .warning, "\(series) is now \((event.channel?.rawValue ?? "").harmless), \(was(event))")
      case .redated: ("redated", .warning, "\(version) is dated \(event.day?.description ?? "unknown"), \(was(event))")
      case .suspect: ("suspect", .warning, "\((event.detail ?? "").harmless): not taken over yet")
      }
    return paint(role, label.padded(to: 12)) + text
  }

  /// What an event says about a published end; the last word of its id tells an end without a day from none at all.
  private static func end(_ event: ReleaseEvent) -> String {
    let before =
      switch event.previous {
      case nil: "was unknown"
      case "none": "had no end announced"
      case "ended": "was said to have ended"
      case let day?: "was \(day.harmless)"
      }
    if let day = event.day { return "ends on \(day), \(before)" }
    return event.id.split(separator: ":").dropFirst(2).first == "ended"
      ? "is said to have ended, \(before)" : "has no end announced any more, \(before)"
  }

  /// Versions that follow each other as `6.1.91 to 6.1.185 (95 releases)`; one or two by name.
  static func ranges(_ versions: [KernelVersion]) -> String {
    var runs: [[KernelVersion]] = []
    for version in versions {
      if let last = runs.last?.last, last.isFollowed(by: version) {
        runs[runs.count - 1].append(version)
      } else {
        runs.append([version])
      }
    }
    return runs.map { run in
      run.count < 3
        ? run.map(\.description).joined(separator: ", ")
        : "\(run[0]) to \(run[run.count - 1]) (\(run.count) releases)"
    }.joined(separator: ", ")
  }

  private func was(_ event: ReleaseEvent) -> String { "was \((event.previous ?? "unknown").harmless)" }

  /// The log, with the time at which each event was found; a day is written once.
  func lines(of events: [ReleaseEvent]) -> [String] {
    if events.isEmpty { return ["Nothing happened yet."] }
    var day = ""
    return events.map { event in
      let found = CalendarDay(event.observed).description
      defer { day = found }
      return paint(.faint, found == day ? String(repeating: " ", count: 10) : found) + "  " + line(of: event)
    }
  }

  /// The tracks, with what is new in each.
  func lines(of tracks: [TrackReport], indent: Int = 0) -> [String] {
    var table = TextTable()
    let hasNews = tracks.contains { $0.unseen > 0 }
    for track in tracks {
      let name = track.track == .mine ? track.series.map { "mine (\($0))" } ?? "mine" : track.track.description
      var support = ""
      if let newest = track.newest, case .series = track.track { support = Self.support(newest) }
      let news = TextTable.Cell(track.unseen > 0 ? "\(track.unseen) new" : "", .warning)
      table.add(
        [
          .init(name, .name), .init(track.newest?.version.description ?? "nothing known"),
          .init(track.newest?.date?.day.description ?? ""),
        ] + (hasNews ? [news] : []) + [.init(support, .faint)])
    }
    return table.lines(width: width, indent: indent, paint: paint)
  }
}
