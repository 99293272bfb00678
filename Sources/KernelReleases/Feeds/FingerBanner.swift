import HostSystem

extension FeedFormat {
  /// kernel.org's `finger_banner`: a state, one line per live series.
  package static let fingerBanner = FeedFormat(rawValue: "finger-banner")
}

/// The reader of kernel.org's `finger_banner`, lines of text:
///
///     The latest longterm 6.6 version of the Linux kernel is:       6.6.30 (EOL)
///
/// Between "latest" and "version" stand the moniker and the series; both can be missing. Blanks and tabs count as one, lines end
/// in any way. The line without a series, "latest stable", repeats the newest release of another line and is a row of its
/// own only where no other line has it. The banner has no days; a snapshot of linux-next is named after its own.
enum FingerBanner: FeedFormatReader {
  static let format = FeedFormat.fingerBanner
  private static let opening = ["the", "latest"]
  private static let middle = ["version", "of", "the", "linux", "kernel", "is"]

  static func recognizes(_ body: FeedBody) -> Bool {
    guard case .text(let text) = body else { return false }
    return TextLines(text.utf8.prefix(16_384)).contains { sentence(words($0)) != nil }
  }

  static func read(_ body: FeedBody) throws(FeedError) -> FeedSnapshot {
    guard case .text(let text) = body else { throw .without("line about a version", format: format) }
    var count = 0
    var isComplete = true
    var found: [(row: FeedRow, isPointer: Bool)] = []
    var warnings = FeedWarnings()
    for line in TextLines(text.utf8) {
      let words = words(line)
      if words.isEmpty { continue }
      count += 1
      guard count <= FeedReader.mostRows else { throw .tooManyRows(count) }
      guard let sentence = sentence(words) else {
        warnings.append("\"\(words.joined(separator: " ").prefix(60))\" is no line of the banner and was left out")
        continue
      }
      guard let row = row(sentence, warnings: &warnings) else {
        isComplete = false
        continue
      }
      found.append(row)
    }
    let named = Set(found.lazy.filter { !$0.isPointer }.map(\.row.version))
    var rows: [FeedRow] = []
    for (row, isPointer) in found where !(isPointer && named.contains(row.version)) && !rows.contains(row) {
      rows.append(row)
    }
    guard !rows.isEmpty else { throw .noUsableRow(rows: count) }
    return FeedSnapshot(format: format, rows: rows, warnings: warnings.list, isComplete: isComplete)
  }

  /// The words of a line; of a line that is longer than any of the banner those of its beginning.
  private static func words(_ line: ArraySlice<UInt8>) -> [Substring] {
    line.prefix(400).text.split { $0.isWhitespace }
  }

  /// What stands in front of "version of the Linux kernel is:", and what stands behind it.
  private static func sentence(_ words: [Substring]) -> (subject: ArraySlice<Substring>, rest: ArraySlice<Substring>)? {
    let plain = words.map { $0.lowercased() }
    guard plain.starts(with: opening) else { return nil }
    let last = plain.count - middle.count
    guard last >= 2,
      let start = (2...last).first(where: {
        plain[$0..<$0 + 5].elementsEqual(middle[..<5]) && plain[$0 + 5].hasPrefix("is")
      })
    else { return nil }
    var rest = words[(start + 6)...]
    let colon = words[start + 5].dropFirst(2)
    if colon.hasPrefix(":") {
      // The blank behind the colon can be missing.
      let attached = colon.dropFirst()
      if !attached.isEmpty { rest = [attached] + rest }
    } else if colon.isEmpty, rest.first == ":" {
      rest = rest.dropFirst()
    } else {
      return nil
    }
    return (words[2..<start], rest)
  }

  private static func row(
    _ sentence: (subject: ArraySlice<Substring>, rest: ArraySlice<Substring>), warnings: inout FeedWarnings
  ) -> (FeedRow, isPointer: Bool)? {
    var subject = sentence.subject
    let name = subject.joined(separator: " ")
    let rest = sentence.rest.joined(separator: " ")
    let text = rest.prefix { $0 != "(" && $0 != " " }
    guard let version = KernelVersion(text) else {
      warnings.append(
        "the latest \(name.prefix(40)): \"\(text.prefix(40))\" is no kernel version; the line was left out")
      return nil
    }
    var series: Substring?
    if let last = subject.last, last.first?.isNumber ?? false {
      series = last
      subject.removeLast()
    }
    if let series, version.description != series, !version.description.hasPrefix("\(series)."),
      !version.description.hasPrefix("\(series)-")
    {
      warnings.append("the latest \(name.prefix(40)): \(version) is of another series; the version is taken")
    }
    let moniker = subject.joined(separator: " ").lowercased()
    let channel =
      moniker.isEmpty ? Channel(of: version, isLongterm: false) : Channel(rawValue: String(moniker.prefix(40)))
    let row = FeedRow(
      channel: channel, version: version, isEndOfLife: rest.lowercased().contains("(eol)"),
      day: version.snapshotDay)
    return (row, isPointer: series == nil && moniker == Channel.stable.rawValue)
  }
}
