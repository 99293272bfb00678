import DebianPackages
package import HostSystem

/// Where this machine's kernel stands: the document `toolbox.kernel.status/1`. What is not known is null.
package struct StatusDocument: Sendable, Encodable {
  /// The kernels of the machine.
  package let machine: MachineKernels
  /// Where the running one stands among the releases.
  package let standing: KernelStanding
  /// What is known of releases.
  package let knowledge: KernelKnowledge
  /// The tracks that are followed.
  package let tracks: [TrackReport]
  /// The candidate or final that is expected next; nil where nothing is known of mainline.
  package let next: Expectation?
  /// The time of the answer.
  package let now: Instant

  /// A release that is expected, in a range of days.
  package struct Expectation: Sendable, Equatable {
    /// What comes.
    package let version: KernelVersion
    /// The first day of the range.
    package let earliest: CalendarDay
    /// Its last day.
    package let latest: CalendarDay
    /// How probable it is that it is this one, from 0 to 1.
    package let probability: Double

    package init(version: KernelVersion, earliest: CalendarDay, latest: CalendarDay, probability: Double) {
      self.version = version
      self.earliest = earliest
      self.latest = latest
      self.probability = probability
    }
  }

  /// After this many seconds without a confirmed fetch the answer is called stale.
  package static let staleAfter = 2 * 86_400

  /// - Parameter tracks: empty where they are not asked for.
  package init(machine: MachineKernels, knowledge: KernelKnowledge, tracks: [TrackReport] = [], now: Instant) {
    self.machine = machine
    self.knowledge = knowledge
    self.tracks = tracks
    self.now = now
    next = knowledge.knownUntil.flatMap { day in
      Forecaster(MainlineCycles(knowledge.history), at: day).forecast().map { forecast in
        let best = forecast.mostProbable
        return Expectation(
          version: best.version, earliest: best.window.earliest, latest: best.window.latest,
          probability: (best.probability * 10_000).rounded() / 10_000)
      }
    }
    standing = KernelStanding(of: machine.running, in: knowledge, today: CalendarDay(now))
  }

  /// Whether the answer is older than ``staleAfter``, or was never fetched.
  package var isStale: Bool {
    guard let fetched = knowledge.fetched else { return true }
    return now.secondsSinceEpoch - fetched.time.secondsSinceEpoch > Self.staleAfter
  }

  /// Whether the running kernel's series may have gone on since the answer was fetched.
  package var mayLag: Bool { isStale && !(standing.series?.hasEnded ?? false) }

  private enum Keys: String, CodingKey {
    case schema, running, behind, series, installedNewest, candidate, rebootRequired, tracks, next, fetchedAt, stale
    case place, installedNewestUpstream, candidateUpstream, candidatePackage, candidatePackageVersion, rebootReason
    case finalsSinceBase, notes, source, shippedUntil, suspicions, disagreements
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode("toolbox.kernel.status/1", forKey: .schema)
    try container.encode(RunningKernelObject(identity: machine.running), forKey: .running)
    try container.encode(standing.behind, forKey: .behind)
    try container.encode(standing.series, forKey: .series)
    if case .ownBase(_, let count) = standing.comparison {
      try container.encode(count, forKey: .finalsSinceBase)
    } else {
      try container.encodeNil(forKey: .finalsSinceBase)
    }
    try container.encode(machine.place.name, forKey: .place)
    let newest = machine.newestInstalled
    try container.encode(newest?.release.harmless, forKey: .installedNewest)
    try container.encode(newest?.identity.upstreamText, forKey: .installedNewestUpstream)
    let candidate = machine.candidate
    try container.encode(candidate?.identity.release.harmless, forKey: .candidate)
    try container.encode(candidate?.identity.upstreamText, forKey: .candidateUpstream)
    try container.encode(candidate?.metapackage.harmless, forKey: .candidatePackage)
    try container.encode(candidate?.packageVersion.text.harmless, forKey: .candidatePackageVersion)
    try container.encode(machine.reboot.isRequired, forKey: .rebootRequired)
    try container.encode(machine.reboot.reason.harmless, forKey: .rebootReason)
    try container.encode(tracks.filter { $0.newest != nil }, forKey: .tracks)
    try container.encode(next, forKey: .next)
    try container.encode(knowledge.fetched?.time.description, forKey: .fetchedAt)
    try container.encode(isStale, forKey: .stale)
    try container.encode(machine.notes.map(\.harmless), forKey: .notes)
    try container.encode(knowledge.fetched?.address ?? Release.shipped, forKey: .source)
    try container.encode(knowledge.shippedUntil?.description, forKey: .shippedUntil)
    try container.encode(knowledge.suspicions, forKey: .suspicions)
    try container.encode(knowledge.disagreements, forKey: .disagreements)
  }
}

/// The running kernel as the documents show it; every value is null where none is known.
struct RunningKernelObject: Encodable {
  let identity: KernelIdentity?

  enum Keys: String, CodingKey {
    case release, upstream, vendor, vendorName, confidence, base, modified, guess, note, packageVersion
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(identity?.release.harmless, forKey: .release)
    try container.encode(identity?.upstreamText, forKey: .upstream)
    try container.encode(identity?.vendor.id, forKey: .vendor)
    try container.encode(identity?.vendor.name, forKey: .vendorName)
    try container.encode(identity?.confidence, forKey: .confidence)
    try container.encode(identity?.base, forKey: .base)
    try container.encode(identity?.isModified, forKey: .modified)
    try container.encode(identity?.isGuess, forKey: .guess)
    try container.encode(identity?.note, forKey: .note)
    try container.encode(identity?.packageVersion?.text.harmless, forKey: .packageVersion)
  }
}

extension MachineKernels.Place {
  /// The word of the documents.
  var name: String {
    switch self {
    case .host: "host"
    case .container: "container"
    case .chroot: "chroot"
    case .otherRoot: "root"
    }
  }
}

extension KernelStanding.Behind: Encodable {
  package func encode(to encoder: any Encoder) throws {
    enum Keys: String, CodingKey { case releases, days, newest }
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(releases, forKey: .releases)
    try container.encode(days, forKey: .days)
    try container.encode(newest.version, forKey: .newest)
  }
}

extension KernelStanding.Series: Encodable {
  package func encode(to encoder: any Encoder) throws {
    enum Keys: String, CodingKey { case name, longterm, endOfLife, endOfLifeDate, daysLeft, newest, successor }
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(name, forKey: .name)
    try container.encode(isLongterm, forKey: .longterm)
    try container.encode(hasEnded, forKey: .endOfLife)
    try container.encode(endDay?.description, forKey: .endOfLifeDate)
    try container.encode(daysLeft, forKey: .daysLeft)
    try container.encode(newest?.version, forKey: .newest)
    try container.encode(successor?.version, forKey: .successor)
  }
}

extension StatusDocument.Expectation: Encodable {
  package func encode(to encoder: any Encoder) throws {
    enum Keys: String, CodingKey { case version, earliest, latest, probability }
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(version, forKey: .version)
    try container.encode(earliest.description, forKey: .earliest)
    try container.encode(latest.description, forKey: .latest)
    try container.encode(probability, forKey: .probability)
  }
}
