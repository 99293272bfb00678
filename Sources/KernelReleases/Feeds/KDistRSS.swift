import HostSystem

extension FeedFormat {
  /// kernel.org's `kdist.xml`: a state, one item per live series.
  package static let kdist = FeedFormat(rawValue: "kdist")
}

/// The reader of kernel.org's `kdist.xml`, RSS 2.0.
///
/// An item's guid is `kernel.org,MONIKER,VERSION,DAY`; its title, `VERSION: MONIKER`, is a second statement of the same, and the
/// only one of an item without a guid. `pubDate` is the time of the tag. That a series has ended stands in the description
/// alone, an HTML table: `VERSION (EOL)`. The source archive's address stands there too.
enum KDistRSS: FeedFormatReader {
  static let format = FeedFormat.kdist

  static func recognizes(_ body: FeedBody) -> Bool {
    guard case .xml(let root) = body else { return false }
    guard root.name.lowercased() == "rss" || root.name == "RDF" else { return false }
    if root.child("channel")?.child("title")?.text(upTo: 4096).trimmed == "Latest Linux Kernel Versions" { return true }
    return items(root).contains { item in
      item.child("guid")?.text(upTo: 4096).trimmed.hasPrefix("kernel.org,") ?? false || statement(title: item) != nil
    }
  }

  static func read(_ body: FeedBody) throws(FeedError) -> FeedSnapshot {
    guard case .xml(let root) = body else { throw .without("channel", format: format) }
    let items = items(root)
    guard items.count <= FeedReader.mostRows else { throw .tooManyRows(items.count) }
    var rows: [FeedRow] = []
    var warnings = FeedWarnings()
    var isComplete = true
    var contradicted: Set<KernelVersion> = []
    for (index, item) in items.enumerated() {
      guard let row = row(item, number: index + 1, warnings: &warnings, contradicted: &contradicted) else {
        isComplete = false
        continue
      }
      if !rows.contains(row) { rows.append(row) }
    }
    guard !rows.isEmpty else { throw .noUsableRow(rows: items.count) }
    return FeedSnapshot(
      format: format, rows: rows, warnings: warnings.list, isComplete: isComplete, contradicted: contradicted)
  }

  /// Inside the channel in RSS 0.91 and 2.0, beside it in RSS 0.9 and 1.0.
  private static func items(_ root: XMLElement) -> [XMLElement] {
    let containers = [root] + root.children.filter { $0.name == "channel" }
    return containers.flatMap { $0.children.filter { $0.name == "item" } }
  }

  /// What an item says about its release.
  private struct Statement: Equatable {
    var channel: Channel?
    var version: KernelVersion
    var day: CalendarDay?
    /// Whether what should be a day is none.
    var isDayBroken = false
  }

  private static func statement(guid item: XMLElement) -> Statement? {
    guard let guid = item.child("guid")?.text(upTo: 4096).trimmed else { return nil }
    let parts = guid.prefix(200).split(separator: ",", omittingEmptySubsequences: false).map(\.trimmed)
    guard parts.count >= 3, parts[0].hasSuffix("kernel.org"), let version = KernelVersion(parts[2]) else { return nil }
    let day = parts.count > 3 ? CalendarDay(parts[3]) : nil
    return Statement(
      channel: parts[1].isEmpty ? nil : Channel(rawValue: String(parts[1])), version: version, day: day,
      isDayBroken: day == nil)
  }

  private static func statement(title item: XMLElement) -> Statement? {
    guard let title = item.child("title")?.text(upTo: 4096).trimmed else { return nil }
    let parts = title.prefix(200).split(separator: ":", maxSplits: 1).map(\.trimmed)
    guard parts.count == 2, !parts[1].isEmpty, let version = KernelVersion(parts[0]) else { return nil }
    let channel = Channel(rawValue: String(parts[1]))
    // Titles such as "5.10: a review" are common elsewhere.
    return Channel.known.contains(channel) ? Statement(channel: channel, version: version) : nil
  }

  private static func row(
    _ item: XMLElement, number: Int, warnings: inout FeedWarnings, contradicted: inout Set<KernelVersion>
  ) -> FeedRow? {
    let title = statement(title: item)
    guard let guid = statement(guid: item) ?? title else {
      let text = item.child("guid")?.text(upTo: 4096) ?? item.child("title")?.text(upTo: 4096) ?? ""
      warnings.append(
        "item \(number): neither its guid nor its title names a kernel version; it was left out (\"\(text.trimmed.prefix(60))\")"
      )
      return nil
    }
    if let title, title.version != guid.version { contradicted.insert(guid.version) }
    if let title, title.version != guid.version || title.channel != guid.channel {
      warnings.append(
        "item \(number): its guid says \(guid.version) (\(guid.channel?.rawValue ?? "")) and its title "
          + "\(title.version) (\(title.channel?.rawValue ?? "")); the guid is taken")
    }
    let published = item.child("pubDate")?.text(upTo: 4096)
    let time = published.flatMap { FeedTime.rfc822($0) ?? FeedTime.rfc3339($0) }
    let timeDay = time.flatMap { FeedTime.day($0) }
    if guid.isDayBroken { warnings.append("\(guid.version): its guid has no day of release") }
    if let published, time == nil {
      warnings.append("\(guid.version): \"\(published.trimmed.prefix(40))\" is no time that can be read")
    }
    if let day = guid.day, let timeDay, day != timeDay {
      warnings.append("\(guid.version): its guid (\(day)) and its time (\(timeDay)) disagree; the guid is taken")
    }
    if guid.day == nil, timeDay == nil { warnings.append("\(guid.version) has no day of release") }
    let isAgreed = guid.day == nil || guid.day == timeDay
    let description = item.child("description")?.utf8(upTo: 16_384) ?? []
    return FeedRow(
      channel: guid.channel ?? Channel(of: guid.version, isLongterm: false), version: guid.version,
      isEndOfLife: isEndOfLife(description), day: guid.day ?? timeDay, time: isAgreed && timeDay != nil ? time : nil,
      archive: archive(description))
  }

  private static func isEndOfLife(_ description: ArraySlice<UInt8>) -> Bool {
    description.index(of: "(EOL)", from: description.startIndex) != nil
  }

  /// The first address of the description that is one of a source archive.
  private static func archive(_ description: ArraySlice<UInt8>) -> String? {
    var position = description.startIndex
    while let place = description.index(of: "href=", from: position) {
      position = place + 5
      guard position < description.endIndex, case let quote = description[position], quote == 0x22 || quote == 0x27
      else { continue }
      guard let end = description[(position + 1)...].firstIndex(of: quote) else { return nil }
      let address = description[(position + 1)..<end].text
      position = end
      let name = address.split(separator: "/").last ?? ""
      if name.hasPrefix("linux-"), name.contains(".tar."), !name.hasSuffix(".sign") { return address }
    }
    return nil
  }
}
