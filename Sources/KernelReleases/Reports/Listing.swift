package import HostSystem

/// The accepted state of the feeds of one format: which releases are current.
package struct Listing: Sendable, Equatable {
  /// The format.
  package let format: FeedFormat
  /// The feed that was confirmed last, as it was asked for.
  package let address: String
  /// When that was.
  package let fetchedAt: Instant
  /// In the feed's order.
  package var rows: [FeedRow]
  /// Where other feeds of about the same time say something else, in words.
  package var disagreements: [String] = []

  package init(format: FeedFormat, address: String, fetchedAt: Instant, rows: [FeedRow]) {
    self.format = format
    self.address = address
    self.fetchedAt = fetchedAt
    self.rows = rows
  }

  /// How far apart two fetches may be to be compared, in seconds.
  private static let span = 86_400

  /// One state from those of all formats: kernel.org's JSON, which says most, unless another one is newer by more than a
  /// day; and in it every release that another feed of about the same time already lists.
  /// - Returns: nil for no listings.
  package static func merged(_ listings: [Listing]) -> Listing? {
    let filled = listings.filter { !$0.rows.isEmpty }
    guard let newest = filled.map(\.fetchedAt).max() else { return nil }
    let recent = filled.filter { newest.secondsSinceEpoch - $0.fetchedAt.secondsSinceEpoch <= span }
    guard let main = recent.first(where: { $0.format == .releasesJSON }) ?? recent.max(by: { $0.days < $1.days }) else {
      return nil
    }
    var rows = main.rows
    var disagreements: [String] = []
    for other in recent where other.format != main.format {
      var behind: [String] = []
      var ahead: [String] = []
      for (group, newer) in other.newestOfGroups {
        guard let index = rows.firstIndex(where: { $0.group == group && $0.channel == newer.channel }) else { continue }
        let row = rows[index]
        if newer.version == row.version || row.version.line == .linuxNext { continue }
        if newer.version < row.version {
          behind.append(group)
        } else {
          ahead.append(group)
          rows[index] = newer
        }
      }
      func note(_ groups: [String], _ slow: FeedFormat, _ fast: FeedFormat) {
        guard !groups.isEmpty else { return }
        disagreements.append(
          "\(slow.rawValue) lags behind \(fast.rawValue) in \(groups.sorted().joined(separator: ", "))")
      }
      note(behind, other.format, main.format)
      note(ahead, main.format, other.format)
    }
    var result = Listing(format: main.format, address: main.address, fetchedAt: main.fetchedAt, rows: rows)
    result.disagreements = disagreements.sorted()
    return result
  }

  /// How many rows have a day.
  private var days: Int { rows.count { $0.day != nil } }

  private var newestOfGroups: [String: FeedRow] {
    Dictionary(rows.map { ($0.group, $0) }, uniquingKeysWith: { $0.version < $1.version ? $1 : $0 })
  }
}
