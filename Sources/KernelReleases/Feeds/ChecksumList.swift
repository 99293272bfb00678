extension FeedFormat {
  /// kernel.org's `sha256sums.asc`: versions whose files are published.
  package static let sha256sums = FeedFormat(rawValue: "sha256sums")
}

/// The reader of kernel.org's `sha256sums.asc`: a clear-signed text, or the same without a signature, with lines of 64
/// hexadecimal digits, two blanks and a name.
///
/// A version is proven by `linux-VERSION.tar.*`, `patch-VERSION.*` or `ChangeLog-VERSION`; of an incremental patch,
/// `patch-6.1.1-2.xz`, by the version that it leads to. Other names mean nothing here. The signature is NOT verified: that is
/// gpg's work, and what is taken from the list is no more than that a version exists. Text outside of the signed part is left
/// out all the same. Source of the form: RFC 4880, section 7.
enum ChecksumList: FeedFormatReader {
  static let format = FeedFormat.sha256sums
  private static let begin: StaticString = "-----BEGIN PGP SIGNED MESSAGE-----"
  private static let signature: StaticString = "-----BEGIN PGP SIGNATURE-----"

  static func recognizes(_ body: FeedBody) -> Bool {
    guard case .text(let text) = body else { return false }
    return TextLines(text.utf8.prefix(16_384)).contains { name(of: $0) != nil }
  }

  static func read(_ body: FeedBody) throws(FeedError) -> FeedSnapshot {
    guard case .text(let text) = body else { throw .without("checksum", format: format) }
    var warnings = FeedWarnings()
    var versions: Set<KernelVersion> = []
    var place = TextLines(text.utf8).contains { $0.starts(with: begin) } ? Place.before : .unsigned
    for var line in TextLines(text.utf8) {
      place = place.next(line)
      if place == .inside, line.starts(with: [0x2D, 0x20]) { line = line.dropFirst(2) }
      switch (place, name(of: line)) {
      case (.inside, let name?), (.unsigned, let name?):
        if let version = version(of: name) { versions.insert(version) }
      case (.before, _?), (.after, _?):
        warnings.append("\"\(line.prefix(100).text)\" is not in the signed text and was left out")
      case (.inside, nil), (.unsigned, nil):
        if line.contains(where: { $0 > 0x20 }) {
          warnings.append("\"\(line.prefix(60).text)\" is no checksum and was left out")
        }
      case (.before, nil), (.head, _), (.after, nil): break
      }
    }
    if place == .inside || place == .head { warnings.append("it ends before its signature: the list may be cut") }
    guard !versions.isEmpty else { throw .without("kernel file", format: format) }
    return FeedSnapshot(format: format, content: .versions(versions.sorted()), warnings: warnings.list)
  }

  /// Where in a clear-signed message a line is.
  private enum Place {
    case unsigned, before, head, inside, after

    /// The place of the line behind one at this place.
    func next(_ line: ArraySlice<UInt8>) -> Place {
      switch self {
      case .unsigned, .after: return self
      case .before: return line.starts(with: begin) ? .head : .before
      case .head, .inside:
        if line.starts(with: signature) { return .after }
        // The head has lines such as `Hash: SHA256`; the empty line behind it was skipped.
        let isField = line.firstIndex(of: 0x3A).map { line[..<$0].allSatisfy { $0 > 0x20 && $0 < 0x7F } } ?? false
        return self == .head && isField ? .head : .inside
      }
    }
  }

  /// The file's name on a line with a checksum, without directories.
  private static func name(of line: ArraySlice<UInt8>) -> Substring? {
    let end = line.startIndex + 64
    guard line.endIndex > end, line[end] == 0x20 || line[end] == 0x09, line[..<end].allSatisfy(isHexadecimal) else {
      return nil
    }
    // A star marks a file that was read as it is.
    let path = line[end...].withoutBlanks.drop { $0 == 0x2A }
    let name = path.lastIndex(of: 0x2F).map { path[($0 + 1)...] } ?? path
    return name.isEmpty ? nil : Substring(name.text)
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
  }

  private static func version(of name: Substring) -> KernelVersion? {
    if name.hasPrefix("linux-") {
      guard let tar = name.firstRange(of: ".tar") else { return nil }
      return release(name[..<tar.lowerBound].dropFirst(6))
    }
    if name.hasPrefix("ChangeLog-") { return release(withoutSuffix(name).dropFirst(10)) }
    guard name.hasPrefix("patch-") else { return nil }
    let range = withoutSuffix(name).dropFirst(6)
    if let version = release(range) { return version }
    // `6.1.1-2`, or `6.1-rc1-rc2`.
    guard let dash = range.lastIndex(of: "-"), let from = release(range[..<dash]) else { return nil }
    let target = range[range.index(after: dash)...]
    if target.hasPrefix("rc") {
      return Int(target.dropFirst(2)).flatMap { $0 > 0 ? from.withCandidate($0) : nil }
    }
    return Int(target).flatMap { $0 > from.stableNumber ? from.withStableNumber($0) : nil }
  }

  private static func release(_ text: Substring) -> KernelVersion? {
    KernelVersion(text).flatMap { $0.line == .releases ? $0 : nil }
  }

  private static func withoutSuffix(_ name: Substring) -> Substring {
    for suffix in [".xz", ".gz", ".bz2", ".zst", ".lz", ".sign", ".asc"] where name.hasSuffix(suffix) {
      return withoutSuffix(name.dropLast(suffix.count))
    }
    return name
  }
}
