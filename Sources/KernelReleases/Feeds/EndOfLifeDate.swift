import HostSystem

extension FeedFormat {
  /// endoflife.date: how long series are supported.
  package static let endOfLifeDate = FeedFormat(rawValue: "endoflife")
}

/// The reader of what endoflife.date says of the kernel, in its three forms: the list `linux.json`; the document of the API's
/// version 1, `result.releases`; and the product's file in Markdown with `releases:` in its front matter, which is read line by
/// line, as its rows are plain.
///
/// An end is a day, or true (it has ended), or false (not announced). Days move. Its `latest` of a fresh final is "7.2.0".
/// The same forms describe hundreds of other products: what names another one is refused, and so is a list whose series began
/// on other days than the kernel's.
enum EndOfLifeDate: FeedFormatReader {
  static let format = FeedFormat.endOfLifeDate

  static func recognizes(_ body: FeedBody) -> Bool {
    switch body {
    case .json(.array(let items)): items.first?["cycle"] != nil
    case .json(let document): document["result"]?["releases"] != nil
    case .text(let text):
      text.hasPrefix("---")
        && TextLines(text.utf8.prefix(65_536)).contains { $0.elementsEqual("releases:".utf8) }
    case .xml: false
    }
  }

  static func read(_ body: FeedBody) throws(FeedError) -> FeedSnapshot {
    var product: String?
    let rows: [[String: JSONValue]]
    switch body {
    case .json(.array(let items)):
      rows = items.map {
        renamed($0, ["cycle": "name", "releaseDate": "day", "lts": "longterm", "eol": "end", "latest": "latest"])
      }
      if let link = items.lazy.compactMap({ $0["link"]?.string }).first {
        product = link.contains("kernel") ? "linux" : String(link.prefix(60))
      }
    case .json(let document):
      guard case .array(let items)? = document["result"]?["releases"] else {
        throw .without("list \"releases\"", format: format)
      }
      product = document["result"]?["name"]?.string
      rows = items.map(versionOne)
    case .text(let text): (product, rows) = try frontMatter(text)
    case .xml: throw .without("list of releases", format: format)
    }
    if let product, !["linux", "linux-kernel", "linuxkernel"].contains(product.lowercased()) {
      throw .without("series of the Linux kernel (it is of \(product.prefix(60)))", format: format)
    }
    guard rows.count <= FeedReader.mostRows else { throw .tooManyRows(rows.count) }
    var warnings = FeedWarnings()
    let support = rows.enumerated().compactMap { row($1, number: $0 + 1, warnings: &warnings) }
    guard !support.isEmpty else { throw .noUsableRow(rows: rows.count) }
    if product == nil, isOfAnotherProduct(support) {
      throw .without("series of the Linux kernel (they began on other days)", format: format)
    }
    return FeedSnapshot(format: format, content: .support(support), warnings: warnings.list)
  }

  /// Whether most of the series that the shipped table knows are said to have begun more than a week before or after.
  private static func isOfAnotherProduct(_ support: [SeriesSupport]) -> Bool {
    // A damaged table is told by every command that needs it; here nothing is known then.
    guard let table = try? ShippedHistory.seriesTable() else { return false }
    let distances = support.compactMap { row in
      table[row.series].flatMap { facts in row.finalDay.map { abs($0 - facts.finalDay) } }
    }
    return distances.count { $0 > 7 } > distances.count { $0 <= 7 }
  }

  private static func renamed(_ item: JSONValue, _ names: [String: String]) -> [String: JSONValue] {
    var result: [String: JSONValue] = [:]
    for (name, ours) in names { result[ours] = item[name] }
    return result
  }

  private static func versionOne(_ item: JSONValue) -> [String: JSONValue] {
    var result = renamed(item, ["name": "name", "releaseDate": "day", "isLts": "longterm", "isEol": "end"])
    result["latest"] = item["latest"]?["name"]
    if let day = item["eolFrom"], day.string != nil { result["end"] = day }
    return result
  }

  private static func row(
    _ item: [String: JSONValue], number: Int, warnings: inout FeedWarnings
  ) -> SeriesSupport? {
    let name = item["name"].flatMap(text) ?? ""
    guard let version = KernelVersion(name), version.kind == .final else {
      warnings.append("row \(number): \"\(name.prefix(40))\" is no series of the kernel; it was left out")
      return nil
    }
    let series = version.cycleName
    guard let end = end(item["end"]) else {
      warnings.append("\(series): its end of life cannot be read; it was left out")
      return nil
    }
    let latest = item["latest"].flatMap(text)
    if let latest, KernelVersion(latest) == nil {
      warnings.append("\(series): its latest release \"\(latest.prefix(40))\" is no kernel version")
    }
    let day = item["day"]?.string.flatMap { CalendarDay($0) }
    if day == nil { warnings.append("\(series) has no day of release") }
    return SeriesSupport(
      series: series, isLongterm: longterm(item["longterm"]), end: end, finalDay: day,
      latest: latest.flatMap { KernelVersion($0) })
  }

  /// `6.10` without quotation marks is a number in YAML and JSON; as it stands in the text it is still right.
  private static func text(_ value: JSONValue) -> String? {
    switch value {
    case .string(let text), .number(let text): text
    default: nil
    }
  }

  private static func end(_ value: JSONValue?) -> SeriesFacts.PublishedEnd.Value? {
    if let day = value?.string.flatMap({ CalendarDay($0.prefix(10)) }) { return .day(day) }
    switch value {
    case nil, .null: return nil
    default: return value?.truth.map { $0 ? .endedWithoutDay : .notAnnounced }
    }
  }

  /// A day says since when.
  private static func longterm(_ value: JSONValue?) -> Bool? {
    if let day = value?.string, CalendarDay(day.prefix(10)) != nil { return true }
    return value?.truth
  }

  /// The keys of the front matter's rows, and the product's name.
  private static func frontMatter(_ text: String) throws(FeedError) -> (product: String?, [[String: JSONValue]]) {
    let names = [
      "releaseCycle": "name", "releaseDate": "day", "lts": "longterm", "eol": "end", "latest": "latest",
    ]
    var product: String?
    var rows: [[String: JSONValue]] = []
    var isInside = false
    for (index, bytes) in TextLines(text.utf8).enumerated() {
      if index > 0, bytes.starts(with: "---") { break }
      var line = bytes.withoutBlanks
      let isTop = line.startIndex == bytes.startIndex && line.first != 0x2D && line.first != 0x23
      if isTop {
        isInside = line.starts(with: "releases:")
        if line.starts(with: "permalink:") {
          product = scalar(line.prefix(2000).dropFirst(10)).string.map { String($0.drop { $0 == "/" }) }
        }
        continue
      }
      guard isInside else { continue }
      if line.starts(with: "- ") {
        line = line.dropFirst(2).withoutBlanks
        guard rows.count <= FeedReader.mostRows else { throw .tooManyRows(rows.count) }
        rows.append([:])
      }
      guard !rows.isEmpty, let colon = line.prefix(20).firstIndex(of: 0x3A), let name = names[line[..<colon].text]
      else {
        continue
      }
      rows[rows.count - 1][name] = scalar(line.prefix(2000)[(colon + 1)...])
    }
    return (product, rows)
  }

  /// A plain or quoted value, without the comment behind it.
  private static func scalar(_ bytes: ArraySlice<UInt8>) -> JSONValue {
    let text = bytes.text.trimmed
    if let quote = text.first, quote == "\"" || quote == "'" {
      return .string(String(text.dropFirst().prefix { $0 != quote }))
    }
    let value = (text.firstRange(of: " #").map { text[..<$0.lowerBound] } ?? text).trimmed
    return value.isEmpty ? .null : .string(String(value))
  }
}
