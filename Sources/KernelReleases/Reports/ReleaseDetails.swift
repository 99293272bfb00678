import HostSystem

/// One release and its place in the kernel's history: the document `toolbox.kernel.release/1`.
package struct ReleaseDetails: Sendable, Equatable {
  /// The release itself.
  package let release: ReleaseReport
  /// The release directly before it; for a first candidate the final before.
  package let before: Neighbour?
  /// The release directly behind it; nil while none is known.
  package let after: Neighbour?
  /// For candidates and finals: the way to the final. For stable releases the same, of their final.
  package let cycle: Cycle?
  /// For stable releases: the newest of the same series.
  package let newestOfSeries: Neighbour?
  /// The mail that announced it, where a feed of mails was stored.
  package let announcement: Announcement?
  /// Whether nothing but that mail speaks for it.
  package let isAnnouncedOnly: Bool

  /// Where in its cycle a release stands.
  package struct Cycle: Sendable, Equatable {
    /// The final that the cycle leads to; its day is nil while it is not out.
    package let final: Neighbour
    /// Whether the final is out; the number of candidates is then final too.
    package let isComplete: Bool
    /// The number behind `-rc`; nil when the release is no candidate.
    package let position: Int?
    /// The highest candidate number so far.
    package let candidates: Int
    /// The first candidate; nil where no source gives its day.
    package let first: Neighbour?
    /// The final that the cycle began after.
    package let previousFinal: Neighbour?
    /// From the day of the first candidate to the day of this release.
    package let daysSinceFirst: Int?
    /// From the day of this release to the day of the final; negative behind it.
    package let daysToFinal: Int?
  }

  /// Looks a version up.
  /// - Parameter announcement: the mail that announced it; nil where none is stored.
  /// - Returns: nil when nothing is known of it. A candidate whose day no source gives is known all the same where a later
  ///   one of its cycle is.
  package static func find(
    _ version: KernelVersion, in knowledge: KernelKnowledge, announcement: Announcement? = nil
  ) -> ReleaseDetails? {
    let history = knowledge.history
    let cycle = history.cycle(of: version)
    let release: Release
    if let known = history[version] {
      release = known
    } else if let number = version.candidate, !version.isStableCandidate, number < cycle?.candidateCount ?? 0 {
      release = Release(
        version: version, date: nil, channel: Channel(of: version, isLongterm: false), source: Release.shipped)
    } else if let announcement {
      release = Release(
        version: version, date: announcement.time.map { ReleaseDate(CalendarDay($0), .inferred) },
        channel: Channel(of: version, isLongterm: history.series[version.series]?.isLongterm ?? false),
        source: announcement.link ?? "a mail")
    } else {
      return nil
    }
    let day = release.date?.day
    let finalRelease = cycle?.finalRelease
    let finalDay = finalRelease?.date?.day
    return ReleaseDetails(
      release: knowledge.report(release), before: history.before(version), after: history.after(version),
      cycle: cycle.map { cycle in
        Cycle(
          final: Neighbour(version: cycle.final, date: finalRelease?.date), isComplete: finalRelease != nil,
          position: version.isStableCandidate ? nil : version.candidate, candidates: cycle.candidateCount,
          first: cycle.candidates.first { $0.version.candidate == 1 }.map { Neighbour($0) },
          previousFinal: cycle.previousFinal.map { Neighbour($0) },
          daysSinceFirst: day.flatMap { day in cycle.firstDay.map { day - $0 } },
          daysToFinal: day.flatMap { day in finalDay.map { $0 - day } })
      },
      newestOfSeries: version.kind == .stable ? history.relatives(of: version).last.map { Neighbour($0) } : nil,
      announcement: announcement, isAnnouncedOnly: history[version] == nil && announcement != nil)
  }
}

extension ReleaseDetails: Encodable {
  package func encode(to encoder: any Encoder) throws {
    enum Keys: String, CodingKey { case schema, before, after, cycle, newestOfSeries, announcement, announcedOnly }
    try release.encode(to: encoder)
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode("toolbox.kernel.release/1", forKey: .schema)
    try container.encode(before, forKey: .before)
    try container.encode(after, forKey: .after)
    try container.encode(cycle, forKey: .cycle)
    try container.encode(newestOfSeries, forKey: .newestOfSeries)
    try container.encode(announcement, forKey: .announcement)
    try container.encode(isAnnouncedOnly, forKey: .announcedOnly)
  }
}

extension Announcement: Encodable {
  package func encode(to encoder: any Encoder) throws {
    enum Keys: String, CodingKey { case author, time, paragraph, link }
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(author, forKey: .author)
    try container.encode(time?.description, forKey: .time)
    try container.encode(paragraph, forKey: .paragraph)
    try container.encode(link, forKey: .link)
  }
}

extension ReleaseDetails.Cycle: Encodable {
  package func encode(to encoder: any Encoder) throws {
    enum Keys: String, CodingKey {
      case final, complete, position, candidates, first, previousFinal, daysSinceFirst, daysToFinal
    }
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(final, forKey: .final)
    try container.encode(isComplete, forKey: .complete)
    try container.encode(position, forKey: .position)
    try container.encode(candidates, forKey: .candidates)
    try container.encode(first, forKey: .first)
    try container.encode(previousFinal, forKey: .previousFinal)
    try container.encode(daysSinceFirst, forKey: .daysSinceFirst)
    try container.encode(daysToFinal, forKey: .daysToFinal)
  }
}

extension Neighbour: Encodable {
  package func encode(to encoder: any Encoder) throws {
    enum Keys: String, CodingKey { case version, date, dateConfidence }
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(version, forKey: .version)
    try container.encode(date?.day.description, forKey: .date)
    try container.encode(date?.confidence, forKey: .dateConfidence)
  }
}
