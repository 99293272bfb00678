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
