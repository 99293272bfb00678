import HostSystem

extension FeedFormat {
  /// kernel.org's `releases.json`: a state, one row per live series.
  package static let releasesJSON = FeedFormat(rawValue: "releases-json")
}

/// The reader of kernel.org's `releases.json`: an object with the list `releases`; each row has `moniker`, `version`, `iseol`,
/// `released.timestamp`, `released.isodate`, `source` and links. Keys stand in any order, any value can be null.
enum ReleasesJSON: FeedFormatReader {
  static let format = FeedFormat.releasesJSON

  static func recognizes(_ body: FeedBody) -> Bool {
    guard case .json(let document) = body else { return false }
    return document["releases"] != nil || document["latest_stable"] != nil
  }

  static func read(_ body: FeedBody) throws(FeedError) -> FeedSnapshot {
    guard case .json(let document) = body, case .array(let items)? = document["releases"] else {
      throw .without("list \"releases\"", format: format)
    }
    guard items.count <= FeedReader.mostRows else { throw .tooManyRows(items.count) }
    var rows: [FeedRow] = []
    var warnings: [String] = []
    var isComplete = true
    var unnamed: Set<KernelVersion> = []
    for (index, item) in items.enumerated() {
      guard let row = row(item, number: index + 1, warnings: &warnings) else {
        isComplete = false
        continue
      }
      if item["moniker"]?.string == nil { unnamed.insert(row.version) }
      if !rows.contains(row) { rows.append(row) }
    }
    guard !rows.isEmpty else { throw .noUsableRow(rows: items.count) }
    return FeedSnapshot(format: format, rows: rows, warnings: warnings, isComplete: isComplete, unnamed: unnamed)
  }

  private static func row(_ item: JSONValue, number: Int, warnings: inout [String]) -> FeedRow? {
    guard case .object = item else {
      warnings.append("row \(number) is no object and was left out")
      return nil
    }
    guard let text = item["version"]?.string, !text.isEmpty else {
      warnings.append("row \(number) has no version and was left out")
      return nil
    }
    guard let version = KernelVersion(text) else {
      warnings.append("row \(number): \"\(text.prefix(40))\" is no kernel version; the row was left out")
      return nil
    }
    let time = item["released"]?["timestamp"]?.integer.map { Instant(secondsSinceEpoch: $0) }
    let written = item["released"]?["isodate"]?.string.flatMap { CalendarDay($0) }
    // Outside of the years 1 to 9999 there is no day that a text can show.
    let counted = time.flatMap {
      (-62_135_596_800...253_402_300_799).contains($0.secondsSinceEpoch) ? CalendarDay($0) : nil
    }
    if let written, let counted, written != counted {
      warnings.append("\(version): isodate \(written) and timestamp (\(counted)) disagree; isodate is taken")
    }
    if written == nil, counted == nil { warnings.append("\(version) has no day of release") }
    let isAgreed = written == nil || written == counted
    return FeedRow(
      channel: item["moniker"]?.string.map { Channel(rawValue: $0) } ?? Channel(of: version, isLongterm: false),
      version: version, isEndOfLife: item["iseol"]?.truth ?? false, day: written ?? counted,
      time: isAgreed && counted != nil ? time : nil, archive: item["source"]?.string)
  }
}
