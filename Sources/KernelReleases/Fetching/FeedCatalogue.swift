import BundledData
package import Curl
import DataTree

/// A feed: where it is and how often it may be asked.
package struct FeedSource: Sendable, Equatable {
  /// The name in the shipped list; for any other address the address itself.
  package let name: String
  /// Where it is fetched from.
  package let address: WebAddress
  /// In seconds; 0 for an address that is not in the shipped list, since whoever names it decides.
  package let minimumInterval: Int

  package init(name: String, address: WebAddress, minimumInterval: Int) {
    self.name = name
    self.address = address
    self.minimumInterval = minimumInterval
  }
}

/// The shipped list of feeds: `Data/kernel/feeds.yaml`.
package enum FeedCatalogue {
  /// The feeds in the order of the file; the first is the primary one.
  /// - Throws: ``TableError``
  package static func load() throws(TableError) -> [FeedSource] {
    let items = BundledFile.at("kernel/feeds.yaml")?.tree?["feeds"]?.items ?? []
    var sources: [FeedSource] = []
    for (index, item) in items.enumerated() {
      guard let name = item.string("name"), let text = item.string("address"),
        let interval = item.string("minimum_interval").flatMap({ seconds(from: $0) }),
        item.string("kind").map({ FeedReader.formats.contains(FeedFormat(rawValue: $0)) }) == true
      else { throw TableError(table: "feeds.yaml", line: index + 1) }
      do throws(HTTPError) {
        sources.append(FeedSource(name: name, address: try WebAddress(text), minimumInterval: interval))
      } catch {
        throw TableError(table: "feeds.yaml", line: index + 1)
      }
    }
    guard !sources.isEmpty else { throw TableError(table: "feeds.yaml", line: 0) }
    return sources
  }

  /// The feed that a name or an address means; the primary one for nil.
  /// - Throws: ``TableError``; ``HTTPError/badAddress(_:reason:)`` for what is neither.
  package static func source(_ given: String?) throws -> FeedSource {
    let sources = try load()
    guard let given else { return sources[0] }
    if let listed = sources.first(where: { $0.name == given || $0.address.text == given }) { return listed }
    return FeedSource(name: given, address: try WebAddress(given), minimumInterval: 0)
  }
}
