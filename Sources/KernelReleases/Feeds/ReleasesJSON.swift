import HostSystem

/// The reader of kernel.org's `releases.json`: an object with the list `releases`; each row has `moniker`, `version`, `iseol`,
/// `released.timestamp`, `released.isodate`, `source` and links. Keys stand in any order, any value can be null.
enum ReleasesJSON {
  /// - Throws: ``FeedError``. A row that cannot be used is no error: it is left out, with a warning.
  static func read(_ bytes: [UInt8]) throws(FeedError) -> FeedSnapshot {
    let document: JSONValue
    do throws(JSONError) {
      document = try JSONValue.parse(bytes)
    } catch {
      throw error.problem == .cut ? .cut(bytes: bytes.count) : .malformed(error)
    }
    guard case .array(let items)? = document["releases"] else { throw .withoutReleases }
    guard items.count <= FeedReader.mostRows else { throw .tooManyRows(items.count) }
    var rows: [FeedRow] = []
    var warnings: [String] = []
    for (index, item) in items.enumerated() {
      if let row = row(item, number: index + 1, warnings: &warnings), !rows.contains(row) { rows.append(row) }
    }
    guard !rows.isEmpty else { throw .noUsableRow(rows: items.count) }
    return FeedSnapshot(format: .releasesJSON, rows: rows, warnings: warnings)
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
