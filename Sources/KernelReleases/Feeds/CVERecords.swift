import HostSystem

extension FeedFormat {
  /// CVE records: vulnerabilities.
  package static let cve = FeedFormat(rawValue: "cve")
}

/// The reader of CVE records, version 5 of their schema: one record, a list of them, or one a line.
///
/// Only records of the Linux kernel are taken: those of the kernel's own authority (`assignerShortName` "Linux"), and of others
/// the blocks whose vendor and product are the kernel's. What a record says of commits (`versionType` "git") is left out, as
/// nothing here knows commits; what other parties add to a record (`adp`) too.
enum CVERecords: FeedFormatReader {
  static let format = FeedFormat.cve

  static func recognizes(_ body: FeedBody) -> Bool {
    switch body {
    case .json(.array(let items)): items.first.map(isRecord) ?? false
    case .json(let document): isRecord(document)
    case .xml, .text: false
    }
  }

  /// Whether a document has the mark of a record.
  static func isRecord(_ document: JSONValue) -> Bool {
    document["cveMetadata"] != nil || document["dataType"]?.string == "CVE_RECORD"
  }

  static func read(_ body: FeedBody) throws(FeedError) -> FeedSnapshot {
    guard case .json(let document) = body else { throw .without("\"cveMetadata\"", format: format) }
    var documents = [document]
    if case .array(let items) = document { documents = items }
    var warnings = FeedWarnings()
    var foreign = 0
    var records: [Vulnerability] = []
    for (index, document) in documents.enumerated() {
      let name = documents.count == 1 ? "the record" : "record \(index + 1)"
      guard let metadata = document["cveMetadata"], let id = metadata["cveId"]?.string, isID(id) else {
        if documents.count == 1 { throw .without("\"cveMetadata\" with a \"cveId\"", format: format) }
        warnings.append("\(name) has no id and was left out")
        continue
      }
      guard let record = record(id: id, metadata: metadata, document, warnings: &warnings) else {
        foreign += 1
        continue
      }
      records.append(record)
    }
    guard !records.isEmpty else { throw .without("record of the Linux kernel", format: format) }
    if foreign > 0 {
      warnings.append(
        foreign == 1
          ? "one record is not of the Linux kernel and was left out"
          : "\(foreign) records are not of the Linux kernel and were left out")
    }
    return FeedSnapshot(format: format, content: .vulnerabilities(records), warnings: warnings.list)
  }

  /// `CVE-` and a year and a number of at least four digits. Source: the schema of CVE records.
  private static func isID(_ text: String) -> Bool {
    let parts = text.utf8.split(separator: 0x2D, omittingEmptySubsequences: false)
    return parts.count == 3 && parts[0].elementsEqual("CVE".utf8) && parts[1].count == 4
      && (4...19).contains(parts[2].count)
      && parts[1...].allSatisfy { $0.allSatisfy { (0x30...0x39).contains($0) } }
  }

  /// - Returns: nil for a record of another program.
  private static func record(
    id: String, metadata: JSONValue, _ document: JSONValue, warnings: inout FeedWarnings
  ) -> Vulnerability? {
    let container = document["containers"]?["cna"]
    let isOfKernelAuthority = metadata["assignerShortName"]?.string == "Linux"
    var affected: [JSONValue] = []
    if case .array(let items)? = container?["affected"] {
      affected = items.filter { isOfKernelAuthority && $0["product"] == nil || isKernel($0) }
    }
    guard isOfKernelAuthority || !affected.isEmpty else { return nil }
    let published = metadata["datePublished"]?.string
    let isRejected = metadata["state"]?.string?.uppercased() == "REJECTED"
    let time = published.flatMap { FeedTime.rfc3339($0) }
    if let published, time == nil {
      warnings.append("\(id): \"\(published.prefix(40))\" is no time that can be read")
    }
    let blocks = affected.compactMap { block(id: id, $0, warnings: &warnings) }
    if blocks.isEmpty, !isRejected { warnings.append("\(id) says nothing of versions, perhaps of commits") }
    return Vulnerability(
      id: id, title: title(container), published: time, isRejected: isRejected, blocks: isRejected ? [] : blocks)
  }

  private static func isKernel(_ block: JSONValue) -> Bool {
    let vendor = block["vendor"]?.string?.lowercased() ?? ""
    let product = (block["product"]?.string?.lowercased() ?? "").replacing("_", with: " ").replacing("-", with: " ")
    return ["linux", "kernel.org", "linux kernel", "the linux kernel organization", "n/a", ""].contains(vendor)
      && (product == "linux kernel" || vendor != "n/a" && !vendor.isEmpty && ["linux", "kernel"].contains(product))
  }

  private static func title(_ container: JSONValue?) -> String {
    var text = container?["title"]?.string ?? ""
    for key in ["descriptions", "rejectedReasons"] where text.trimmed.isEmpty {
      guard case .array(let items)? = container?[key] else { continue }
      let chosen = items.first { $0["lang"]?.string?.hasPrefix("en") ?? false } ?? items.first
      let lines = chosen?["value"]?.string?.prefix(4096).split(whereSeparator: \.isNewline) ?? []
      text = lines.first { !$0.trimmed.isEmpty }.map(String.init) ?? ""
    }
    return String(text.prefix(1000).split { $0.isWhitespace }.joined(separator: " ").prefix(200))
  }

  /// - Returns: nil for a block that speaks of commits alone, or of nothing.
  private static func block(id: String, _ item: JSONValue, warnings: inout FeedWarnings) -> AffectedBlock? {
    let defaultStatus = status(item["defaultStatus"])
    guard case .array(let items)? = item["versions"], !items.isEmpty else {
      return item["defaultStatus"] == nil ? nil : AffectedBlock(defaultStatus: defaultStatus, ranges: [])
    }
    var ranges: [VersionRange] = []
    var unreadable = 0
    for item in items where item["versionType"]?.string?.lowercased() != "git" {
      if let range = range(item) { ranges.append(range) } else { unreadable += 1 }
    }
    if ranges.isEmpty, unreadable == 0 { return nil }
    if unreadable > 0 { warnings.append("\(id): \(unreadable) of its ranges have versions that cannot be read") }
    return AffectedBlock(defaultStatus: defaultStatus, ranges: ranges, hasUnreadableRanges: unreadable > 0)
  }

  private static func status(_ value: JSONValue?) -> Vulnerability.Status {
    value?.string.flatMap { Vulnerability.Status(rawValue: $0.lowercased()) } ?? .unknown
  }

  private static func range(_ item: JSONValue) -> VersionRange? {
    guard let text = version(item["version"]) else { return nil }
    var start: KernelVersion?
    if text != "0", text != "*" {
      guard let version = KernelVersion(text), version.line == .releases else { return nil }
      start = version
    }
    guard let end = end(item, start: start, isAll: text == "*") else { return nil }
    var changes: [VersionRange.Change] = []
    if case .array(let items)? = item["changes"] {
      for item in items {
        guard let at = version(item["at"]).flatMap({ KernelVersion($0) }) else { return nil }
        changes.append(VersionRange.Change(at: at, status: status(item["status"])))
      }
    }
    return VersionRange(
      start: start, end: end, status: status(item["status"]),
      isMainlineFix: item["versionType"]?.string == "original_commit_for_fix", changes: changes)
  }

  private static func end(_ item: JSONValue, start: KernelVersion?, isAll: Bool) -> VersionRange.End? {
    if let text = version(item["lessThan"]) {
      return stars(text) ?? KernelVersion(text).map { .before($0) }
    }
    if let text = version(item["lessThanOrEqual"]) {
      return stars(text) ?? KernelVersion(text).map { .upTo($0) }
    }
    if isAll { return .upToAll([]) }
    return start == nil ? nil : .itself
  }

  /// `*`, `6.*`, `6.1.*`
  private static func stars(_ text: String) -> VersionRange.End? {
    guard text.hasSuffix("*") else { return nil }
    let parts = text.dropLast().split(separator: ".")
    let numbers = parts.compactMap { $0.utf8.count <= 18 ? Int($0) : nil }
    return parts.count == numbers.count && parts.count <= 3 ? .upToAll(numbers) : nil
  }

  private static func version(_ value: JSONValue?) -> String? {
    switch value {
    case .string(let text): text.isEmpty ? nil : String(text.trimmed)
    case .number(let text): text
    default: nil
    }
  }
}
