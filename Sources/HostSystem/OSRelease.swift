/// What a system says it is: the fields of its os-release file.
///
/// Source: os-release(5).
package struct OSRelease: Sendable, Equatable {
  /// Every assignment of the file; of two with one name the last counts, as for a shell.
  package let fields: [String: String]

  /// The places where the file may be, in the order in which they are tried.
  package static let paths = ["/etc/os-release", "/usr/lib/os-release"]

  package init(fields: [String: String]) { self.fields = fields }

  /// Reads assignments as a shell would, without expanding anything. Lines that are none are passed over.
  package init(parsing bytes: some Sequence<UInt8>) {
    var fields: [String: String] = [:]
    let text = String(decoding: Array(bytes), as: UTF8.self)
    for line in text.split(whereSeparator: \.isNewline) {
      guard !line.hasPrefix("#"), let separator = line.firstIndex(of: "=") else { continue }
      let name = line[..<separator]
      guard !name.isEmpty, name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }) else {
        continue
      }
      fields[String(name)] = Self.unquoted(line[line.index(after: separator)...])
    }
    self.fields = fields
  }

  /// What the system in `root` says; nil where it has no such file.
  /// - Throws: ``FileError``
  package static func read(_ root: RootDirectory) throws(FileError) -> OSRelease? {
    for path in paths {
      if let bytes = try root.readIfPresent(path, limit: 1 << 20) { return OSRelease(parsing: bytes) }
    }
    return nil
  }

  /// In lower case; `linux` where the file does not say, as its manual page demands.
  package var id: String {
    let id = fields["ID"] ?? ""
    return id.isEmpty ? "linux" : id.lowercased()
  }
  /// The systems that this one derives from, the nearest first, in lower case.
  package var like: [String] { (fields["ID_LIKE"] ?? "").lowercased().split(separator: " ").map(String.init) }
  package var name: String { fields["PRETTY_NAME"] ?? fields["NAME"] ?? "Linux" }
  package var versionID: String? { fields["VERSION_ID"] }
  package var codename: String? { fields["VERSION_CODENAME"] }

  /// The text that is meant for this system: by its id, by one that it derives from, or by the key `default`.
  /// - Parameter kind: a key that goes before them all.
  package func choice(from texts: [String: String], before kind: String? = nil) -> String? {
    let names = [kind].compactMap { $0 } + [id] + like.flatMap { [$0, String($0.prefix { $0 != "-" })] }
    // openSUSE calls its editions opensuse-leap and so on.
    let family = [String(id.prefix { $0 != "-" })]
    return (names + family + ["default"]).lazy.compactMap { texts[$0] }.first
  }

  private static func unquoted(_ value: Substring) -> String {
    var text = value[...]
    while text.last == " " || text.last == "\t" { text.removeLast() }
    guard let quote = text.first, quote == "\"" || quote == "'", text.count >= 2, text.last == quote else {
      return String(text)
    }
    text = text.dropFirst().dropLast()
    guard quote == "\"" else { return String(text) }
    var result = ""
    var isEscaped = false
    for character in text {
      if !isEscaped, character == "\\" {
        isEscaped = true
      } else {
        result.append(character)
        isEscaped = false
      }
    }
    return result
  }
}
