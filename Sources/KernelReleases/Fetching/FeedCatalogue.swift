import BundledData
package import Curl
import DataTree
package import HostSystem

/// A feed: where it is and how often it may be asked.
package struct FeedSource: Sendable, Equatable {
  /// When a run that names no feed asks this one.
  package enum Occasion: String, Sendable {
    case always
    /// While something hardly true waits for a second opinion.
    case doubt = "on-doubt"
    /// While a release is known only because a number was skipped.
    case gap = "on-gap"
    /// Never: only when it is named.
    case request = "on-request"
  }

  /// The name in the shipped list; for any other address the address itself.
  package let name: String
  /// Where it is fetched from.
  package let address: WebAddress
  /// The format that it is expected to have; nil where nobody says. What arrives is recognized by its content.
  package let format: FeedFormat?
  /// In seconds; 0 for an address that is not in the shipped list, since whoever names it decides.
  package let minimumInterval: Int
  /// When it is asked.
  package let occasion: Occasion
  /// The versions that it speaks of begin so; empty for all.
  package let covers: String

  package init(
    name: String, address: WebAddress, format: FeedFormat? = nil, minimumInterval: Int,
    occasion: Occasion = .always, covers: String = ""
  ) {
    self.name = name
    self.address = address
    self.format = format
    self.minimumInterval = minimumInterval
    self.occasion = occasion
    self.covers = covers
  }
}

/// The feeds of a run: those to ask first, and those that depend on what they say.
package struct FeedSelection: Sendable, Equatable {
  /// Asked in every round.
  package let first: [FeedSource]
  /// Asked as their ``FeedSource/occasion`` says.
  package let further: [FeedSource]
  /// The feeds of ``first`` whose failure is the failure of the round: all that a person named, else the primary one.
  package let required: Int

  package init(first: [FeedSource], further: [FeedSource] = [], required: Int? = nil) {
    self.first = first
    self.further = further
    self.required = required ?? first.count
  }
}

/// The shipped list of feeds: `Data/kernel/feeds.yaml`.
package enum FeedCatalogue {
  /// The feeds in the order of the file; the first is the primary one.
  /// - Throws: ``TableError``
  package static func load() throws(TableError) -> [FeedSource] {
    var sources: [FeedSource] = []
    for (index, item) in items.enumerated() { sources.append(try source(item, line: index + 1)) }
    guard !sources.isEmpty else { throw TableError(table: "feeds.yaml", line: 0) }
    return sources
  }

  private static var items: [DataTree] { BundledFile.at("kernel/feeds.yaml")?.tree?["feeds"]?.items ?? [] }

  private static func source(_ item: DataTree, line: Int) throws(TableError) -> FeedSource {
    guard let name = item.string("name"), let text = item.string("address"),
      let interval = item.string("minimum_interval").flatMap({ seconds(from: $0) }),
      let kind = item.string("kind"),
      let occasion = item.string("asked").flatMap({ FeedSource.Occasion(rawValue: $0) })
    else { throw TableError(table: "feeds.yaml", line: line) }
    do throws(HTTPError) {
      return FeedSource(
        name: name, address: try WebAddress(text), format: FeedFormat(rawValue: kind), minimumInterval: interval,
        occasion: occasion, covers: item.string("covers") ?? "")
    } catch {
      throw TableError(table: "feeds.yaml", line: line)
    }
  }

  /// The feed that a name or an address means.
  /// - Throws: ``TableError``; ``FeedNameError`` for what is neither; ``HTTPError/badAddress(_:reason:)`` for an address
  ///   that cannot be fetched.
  package static func source(_ given: String) throws -> FeedSource {
    for (index, item) in items.enumerated() where item.string("name") == given || item.string("address") == given {
      return try source(item, line: index + 1)
    }
    guard given.utf8.contains(UInt8(ascii: ":")) else {
      throw FeedNameError(name: given, known: try load().map(\.name))
    }
    return FeedSource(name: given, address: try WebAddress(given), minimumInterval: 0)
  }

  /// The feeds that a run asks: the named ones, or the shipped ones by their occasions.
  /// - Throws: as ``source(_:)``
  package static func selection(_ given: [String]) throws -> FeedSelection {
    guard given.isEmpty else {
      var named: [FeedSource] = []
      for name in given where !named.contains(where: { $0.name == name }) { named.append(try source(name)) }
      return FeedSelection(first: named)
    }
    let sources = try load()
    return FeedSelection(
      first: sources.filter { $0.occasion == .always },
      further: sources.filter { $0.occasion == .doubt || $0.occasion == .gap }, required: 1)
  }
}

/// A word that is neither the name of a feed nor an address.
package struct FeedNameError: ReportableError, Equatable {
  /// The word.
  package let name: String
  /// The names that there are.
  package let known: [String]

  package var failureKind: FailureKind { .usage }
  package var message: String {
    "\"\(name)\" is no feed; give an address with http:// or https://, or one of \(known.joined(separator: ", "))"
  }
}
