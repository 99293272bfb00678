import HostSystem

/// What a fetch led to: the document `toolbox.kernel.fetch/1`.
package struct FetchDocument: Sendable, Encodable {
  private let address: String
  private let outcome: FeedFetcher.Outcome

  /// - Parameter address: the feed, as it was asked for.
  package init(address: String, outcome: FeedFetcher.Outcome) {
    self.address = address
    self.outcome = outcome
  }

  package func encode(to encoder: any Encoder) throws {
    enum Keys: String, CodingKey { case schema, address, outcome, events, releases, next }
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode("toolbox.kernel.fetch/1", forKey: .schema)
    try container.encode(address, forKey: .address)
    var name = "unchanged"
    var events: [ReleaseEvent] = []
    var releases: Int?
    var next: Instant?
    switch outcome {
    case .seeded(let count): (name, releases) = ("seeded", count)
    case .changed(let news): (name, events) = ("changed", news)
    case .unchanged: break
    case .notDue(_, let time): (name, next) = ("not_due", time)
    }
    try container.encode(name, forKey: .outcome)
    try container.encode(events, forKey: .events)
    try container.encode(releases, forKey: .releases)
    try container.encode(next?.description, forKey: .next)
  }
}
