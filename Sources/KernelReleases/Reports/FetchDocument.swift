import Curl
import HostSystem

/// What a round of fetches led to: the document `toolbox.kernel.fetch/1`. The keys of the first feed stand at the top.
package struct FetchDocument: Sendable, Encodable {
  private let feeds: [Feed]

  /// - Parameter outcomes: of every feed that answered, in order.
  package init(_ outcomes: [(source: FeedSource, outcome: FeedFetcher.Outcome)]) {
    feeds = outcomes.map { Feed(address: $0.source.address.text, outcome: $0.outcome) }
  }

  private struct Feed: Encodable {
    let address: String
    let outcome: FeedFetcher.Outcome

    enum Keys: String, CodingKey { case address, outcome, format, stored, events, next }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Keys.self)
      try container.encode(address, forKey: .address)
      var name = "unchanged"
      var events: [ReleaseEvent] = []
      var stored: Int?
      var format: String?
      var next: Instant?
      switch outcome {
      case .seeded(let count, let kind): (name, stored, format) = ("seeded", count, kind.rawValue)
      case .changed(let news): (name, events) = ("changed", news)
      case .unchanged: break
      case .notDue(_, let time): (name, next) = ("not_due", time)
      }
      try container.encode(name, forKey: .outcome)
      try container.encode(events, forKey: .events)
      try container.encode(stored, forKey: .stored)
      try container.encode(format, forKey: .format)
      try container.encode(next?.description, forKey: .next)
    }
  }

  package func encode(to encoder: any Encoder) throws {
    enum Keys: String, CodingKey { case schema, feeds }
    try feeds.first?.encode(to: encoder)
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode("toolbox.kernel.fetch/1", forKey: .schema)
    try container.encode(feeds, forKey: .feeds)
  }
}
