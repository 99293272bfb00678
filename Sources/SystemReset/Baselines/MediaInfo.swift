import HostSystem

/// The line that names an installation medium: `Ubuntu 22.04.3 LTS "Jammy Jellyfish" - Release amd64 (20230807.2)`.
///
/// Source: what debian-cd and its like write to `.disk/info`; installers copy it to `/var/log/installer/media-info`.
package struct MediaInfo: Sendable, Equatable {
  package let text: String

  /// - Parameter bytes: the file; only its first line counts.
  package init?(parsing bytes: some Sequence<UInt8>) {
    let line = Array(bytes.prefix { $0 != 0x0A }.prefix(400))
    let text = String(decoding: line, as: UTF8.self).harmless
    guard text.contains(where: { !$0.isWhitespace }) else { return nil }
    self.text = text
  }

  /// `22.04.3`: the first word of digits and dots before the code name; nil where there is none (`testing`).
  package var version: String? {
    let words: [Substring] = text.prefix { $0 != "\"" }.split(separator: " ")
    return words.first { word in
      word.first?.isNumber == true && word.allSatisfy { $0.isNumber || $0 == "." } && word.count < 12
    }.map(String.init)
  }

  /// The first word of the code name, in lower case: `jammy`.
  package var codename: String? {
    let parts = text.split(separator: "\"", omittingEmptySubsequences: false)
    guard parts.count >= 3 else { return nil }
    return parts[1].split(whereSeparator: { $0 == " " || $0 == "_" }).first.map { $0.lowercased() }
  }

  /// The day of the image, `YYYY-MM-DD`, from a word like `20230807.2`.
  package var date: String? {
    for word in text.split(whereSeparator: { " ()".contains($0) }) {
      let digits = word.prefix(8)
      guard digits.count == 8, digits.allSatisfy({ $0.isASCII && $0.isNumber }),
        word.dropFirst(8).first?.isNumber != true
      else { continue }
      let dashed = "\(digits.prefix(4))-\(digits.dropFirst(4).prefix(2))-\(digits.suffix(2))"
      if let day = CalendarDay(dashed) { return day.description }
    }
    return nil
  }

  /// Whether the medium is of a release; nil where it does not say.
  func isOf(_ release: OSRelease) -> Bool? {
    if let version, let id = release.versionID {
      if version == id || version.hasPrefix(id + ".") || id.hasPrefix(version + ".") { return true }
      let names = [release.codename, release.fields["UBUNTU_CODENAME"], release.fields["DEBIAN_CODENAME"]]
      return codename.map { name in names.contains { $0?.lowercased() == name } } ?? false
    }
    if let codename, let name = release.codename { return codename == name.lowercased() }
    return nil
  }
}
