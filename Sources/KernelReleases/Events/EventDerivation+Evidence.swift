import HostSystem

/// What mails and lists of published files say. One of them alone proves a release that a state was seen to have skipped;
/// a release that is ahead of every state takes both.
extension EventDerivation {
  mutating func weigh(_ mails: [Announcement]) {
    var seen: Set<KernelVersion> = []
    for mail in mails.sorted(by: { $0.version < $1.version }) where seen.insert(mail.version).inserted {
      if state.evidence[mail.version]?.isAnnounced == true { continue }
      result.announcements.append(mail)
      var evidence = state.evidence[mail.version] ?? Evidence()
      evidence.isAnnounced = true
      evidence.announcedOn = mail.time.map { CalendarDay($0) }
      weigh(mail.version, evidence)
      // A list of files proved it, or a banner listed it: neither has days.
      if let stored = known[mail.version], stored.day == nil,
        !result.provenReleases.contains(where: { $0.version == mail.version }),
        let day = evidence.announcedOn, isPossible(day)
      {
        let channel = channelOfSeries(mail.version) ?? Channel(of: mail.version, isLongterm: false)
        result.provenReleases.append(FeedRow(channel: channel, version: mail.version, day: day))
      }
    }
  }

  mutating func weigh(_ versions: [KernelVersion]) {
    for version in versions {
      var evidence = state.evidence[version] ?? Evidence()
      if evidence.isPublished { continue }
      result.published.append(version)
      evidence.isPublished = true
      weigh(version, evidence)
    }
  }

  private mutating func weigh(_ version: KernelVersion, _ evidence: Evidence) {
    guard state.isSeeded, version.line == .releases, known[version] == nil else { return }
    if state.presumed.contains(version) {
      prove(version, evidence, channel: channelOfSeries(version))
    } else if evidence.isAnnounced, evidence.isPublished, isNews(version, day: evidence.announcedOn) {
      let previous = previousRelease(version)
      let gap = skippedNumbers(before: version, previous: previous)
      guard gap.count <= Self.widestGap else { return }
      let day = evidence.announcedOn.flatMap { isPossible($0) ? $0 : nil }
      let channel = channelOfSeries(version) ?? Channel(of: version, isLongterm: false)
      tell(
        FeedRow(channel: channel, version: version, day: day), previous: previous, skipped: gap.versions,
        isPresumed: true, isListed: false)
    }
  }

  /// The channel under which the states list a stable series; nil where none does.
  private func channelOfSeries(_ version: KernelVersion) -> Channel? {
    guard version.kind == .stable || version.isStableCandidate else { return .mainline }
    return (state.listed + state.others).first { $0.version.series == version.series && $0.channel != .mainline }?
      .channel
  }
}
