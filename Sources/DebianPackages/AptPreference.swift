package import HostSystem

/// A pin of apt's preferences: which versions of which packages are liked how much.
package struct AptPreference: Sendable, Equatable {
  /// Names, globs or regular expressions of packages, as they stand there; `*` for all.
  package let package: String
  /// Which versions: `release a=stable`, `origin host`, `version 1.2*`.
  package let pin: String
  /// Below 0 no version is installed, above 1000 even an older one is.
  package let priority: Int
  /// The path inside the root.
  package let file: String
  /// The first line of the stanza, from 1.
  package let line: Int

  package static let path = "/etc/apt/preferences"
  package static let directory = "/etc/apt/preferences.d"

  /// Source: apt_preferences(5). Text of an `Explanation` and comments are nothing.
  package static func parse(_ bytes: UnsafeBufferPointer<UInt8>, path: String) -> ParsedFile<AptPreference> {
    var file = ParsedFile<AptPreference>()
    Deb822Scanner.readStanzas(bytes, path: path, into: &file) { fields, line, file in
      func value(_ name: String) -> String? {
        fields.last { $0.name == name }.map { $0.value.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
      }
      guard fields.contains(where: { $0.name != "explanation" }) else { return }
      guard let package = value("package"), !package.isEmpty, let pin = value("pin"), !pin.isEmpty else {
        let absent = (value("package") ?? "").isEmpty ? "Package" : "Pin"
        file.note(.malformed(path: path, line: line, what: "the stanza has no '\(absent)'"))
        return
      }
      guard let number = value("pin-priority"), let priority = Int(number) else {
        file.note(
          .malformed(
            path: path, line: line,
            what: "'Pin-Priority' must be a number, found '\((value("pin-priority") ?? "").prefix(40))'"))
        return
      }
      file.entries.append(AptPreference(package: package, pin: pin, priority: priority, file: path, line: line))
    }
    return file
  }
}
