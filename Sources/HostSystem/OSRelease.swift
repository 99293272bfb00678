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
  ///
  /// Bytes are compared, not characters: a sign that joins the one before or behind it makes a quote another character.
  package init(parsing bytes: some Sequence<UInt8>) {
    var fields: [String: String] = [:]
    for line in Array(bytes).split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
      guard line.first != UInt8(ascii: "#"), let separator = line.firstIndex(of: UInt8(ascii: "=")) else { continue }
      let name = line[..<separator]
      guard !name.isEmpty, name.allSatisfy(Self.isNameByte) else { continue }
      fields[String(decoding: name, as: UTF8.self)] = Self.unquoted(line[(separator + 1)...])
    }
    self.fields = fields
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || byte == UInt8(ascii: "_")
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

  private static func unquoted(_ value: ArraySlice<UInt8>) -> String {
    var text = value
    while text.last == 0x20 || text.last == 0x09 { text.removeLast() }
    let (single, double, escape) = (UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "\\"))
    guard let quote = text.first, quote == double || quote == single, text.count >= 2, text.last == quote else {
      return String(decoding: text, as: UTF8.self)
    }
    text = text.dropFirst().dropLast()
    guard quote == double else { return String(decoding: text, as: UTF8.self) }
    var result: [UInt8] = []
    var isEscaped = false
    for byte in text {
      if !isEscaped, byte == escape {
        isEscaped = true
      } else {
        result.append(byte)
        isEscaped = false
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
