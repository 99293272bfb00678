package import HostSystem

/// Where this machine's kernel stands: the document `toolbox.kernel.status/1`. What is not known is null.
package struct StatusDocument: Sendable, Encodable {
  /// What `uname -r` says; nil where the system does not say it.
  package let runningRelease: String?
  /// What is known of releases.
  package let knowledge: KernelKnowledge
  /// The time of the answer.
  package let now: Instant

  /// After this many seconds without a confirmed fetch the answer is called stale.
  package static let staleAfter = 2 * 86_400

  package init(runningRelease: String?, knowledge: KernelKnowledge, now: Instant) {
    self.runningRelease = runningRelease
    self.knowledge = knowledge
    self.now = now
  }

  /// Whether the answer is older than ``staleAfter``, or was never fetched.
  package var isStale: Bool {
    guard let fetched = knowledge.fetched else { return true }
    return now.secondsSinceEpoch - fetched.time.secondsSinceEpoch > Self.staleAfter
  }

  private enum Keys: String, CodingKey {
    case schema, running, behind, series, installedNewest, candidate, rebootRequired, tracks, next, fetchedAt, stale
    case source, shippedUntil, suspicions
  }

  private struct Running: Encodable {
    let release: String?

    enum Keys: String, CodingKey { case release, upstream, vendor, confidence }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Keys.self)
      try container.encode(release, forKey: .release)
      // The way from a distribution's release string to an upstream version is not known here yet.
      try container.encodeNil(forKey: .upstream)
      try container.encodeNil(forKey: .vendor)
      try container.encodeNil(forKey: .confidence)
    }
  }

  private struct Track: Encodable {
    let name: String
    let version: KernelVersion
    let date: String?

    enum Keys: String, CodingKey { case name, version, date }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Keys.self)
      try container.encode(name, forKey: .name)
      try container.encode(version, forKey: .version)
      try container.encode(date, forKey: .date)
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode("toolbox.kernel.status/1", forKey: .schema)
    try container.encode(Running(release: runningRelease), forKey: .running)
    for key in [Keys.behind, .series, .installedNewest, .candidate, .rebootRequired, .next] {
      try container.encodeNil(forKey: key)
    }
    let tracks = knowledge.newestOfChannels.map {
      Track(name: $0.channel.rawValue, version: $0.version, date: $0.date?.day.description)
    }
    try container.encode(tracks, forKey: .tracks)
    try container.encode(knowledge.fetched?.time.description, forKey: .fetchedAt)
    try container.encode(isStale, forKey: .stale)
    try container.encode(knowledge.fetched?.address ?? Release.shipped, forKey: .source)
    try container.encode(knowledge.shippedUntil?.description, forKey: .shippedUntil)
    try container.encode(knowledge.suspicions, forKey: .suspicions)
  }
}
