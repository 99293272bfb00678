package import HostSystem

/// An entry of apt's sources: what one line of `sources.list`, or one stanza of a `.sources` file, says.
package struct AptSource: Sendable, Equatable {
  /// Whether packages or their sources are fetched.
  package enum Kind: String, Sendable { case binary = "deb", source = "deb-src" }

  /// What the entry's `Signed-By` names.
  package enum SignedBy: Sendable, Equatable {
    /// Keyring files, or fingerprints of keys in apt's own keyrings, as they stand there.
    case names([String])
    /// The key itself, in the file.
    case inlineKey
  }

  package let kinds: [Kind]
  /// As they stand there; they may hold a password. ``withoutCredentials(_:)`` is for showing them.
  package let uris: [String]
  package let suites: [String]
  /// Empty for a flat archive, whose suite ends in a slash.
  package let components: [String]
  /// The options of the entry with names in lower case, `Signed-By` not among them.
  package let options: [String: String]
  /// nil where every key that apt trusts will do.
  package let signedBy: SignedBy?
  /// Not so for `Enabled: no` and for a `deb` line that is commented out.
  package let isEnabled: Bool
  /// The path inside the root.
  package let file: String
  /// The line, or the first line of the stanza, from 1.
  package let line: Int

  package static let listPath = "/etc/apt/sources.list"
  package static let directory = "/etc/apt/sources.list.d"

  /// Reads a `.list` file: `deb [option=value ...] URI SUITE [COMPONENT ...]`, `#` for comments.
  ///
  /// Source: sources.list(5), "one-line-style format". A `deb` line that is commented out is an entry that is not enabled;
  /// any other comment is nothing.
  package static func parse(list bytes: UnsafeBufferPointer<UInt8>, path: String) -> ParsedFile<AptSource> {
    var file = ParsedFile<AptSource>()
    var lines = LineReader(bytes)
    while let text = lines.nextText(path, &file) {
      var rest = Substring(text.trimmingSpaces)
      let isComment = rest.hasPrefix("#")
      while let first = rest.first, first == "#" || first == " " || first == "\t" { rest.removeFirst() }
      guard !rest.isEmpty else { continue }
      switch entry(rest, isEnabled: !isComment, path: path, line: lines.line) {
      case .success(let source): file.entries.append(source)
      case .failure(let failure) where !isComment:
        file.note(.malformed(path: path, line: lines.line, what: failure.what))
      case .failure: continue
      }
    }
    return file
  }

  private struct Failure: Error { let what: String }

  private static func entry(
    _ text: Substring, isEnabled: Bool, path: String, line: Int
  ) -> Result<AptSource, Failure> {
    // A comment behind the entry. Fragments of addresses do not follow a blank.
    var rest = text[..<(comment(in: text) ?? text.endIndex)]
    guard let kind = takeWord(&rest).flatMap({ Kind(rawValue: $0) }) else {
      return .failure(Failure(what: "expected 'deb' or 'deb-src' at the beginning"))
    }
    skipBlanks(&rest)
    var options: [String: String] = [:]
    if rest.hasPrefix("[") {
      guard let end = rest.firstIndex(of: "]") else { return .failure(Failure(what: "the options have no ']'")) }
      for word in rest[rest.index(after: rest.startIndex)..<end].words {
        guard let separator = word.firstIndex(of: "="), separator != word.startIndex else {
          return .failure(Failure(what: "the option '\(word.prefix(40))' is not of the form name=value"))
        }
        // `name+=value` and `name-=value` change a default.
        let name = word[..<separator].lowercased().trimming("+-")
        options[name] = String(word[word.index(after: separator)...])
      }
      rest = rest[rest.index(after: end)...]
    }
    guard let uri = takeWord(&rest), uri.contains(":") else {
      return .failure(Failure(what: "expected the archive's URI"))
    }
    guard let suite = takeWord(&rest) else { return .failure(Failure(what: "expected a suite behind the URI")) }
    var components: [String] = []
    while let word = takeWord(&rest) { components.append(word) }
    guard suite.hasSuffix("/") == components.isEmpty else {
      return .failure(
        Failure(
          what: components.isEmpty
            ? "expected a component behind the suite" : "a suite that ends in '/' takes no components"))
    }
    let signedBy = options.removeValue(forKey: "signed-by").map { value in
      SignedBy.names(value.split(separator: ",").map(String.init))
    }
    return .success(
      AptSource(
        kinds: [kind], uris: [uri], suites: [suite], components: components, options: options, signedBy: signedBy,
        isEnabled: isEnabled, file: path, line: line))
  }

  private static func comment(in text: Substring) -> Substring.Index? {
    var previous: Character = " "
    for index in text.indices {
      if text[index] == "#", previous == " " || previous == "\t" { return index }
      previous = text[index]
    }
    return nil
  }

  private static func skipBlanks(_ text: inout Substring) {
    while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
  }

  /// The next word; blanks inside quotation marks and brackets do not end it (`cdrom:[Debian 12 amd64]/`).
  private static func takeWord(_ text: inout Substring) -> String? {
    skipBlanks(&text)
    guard !text.isEmpty else { return nil }
    var word = ""
    var isQuoted = false
    var isBracketed = false
    while let first = text.first, isQuoted || isBracketed || (first != " " && first != "\t") {
      text.removeFirst()
      switch first {
      case "\"": isQuoted.toggle()
      case "[": isBracketed = true
      case "]": isBracketed = false
      default: break
      }
      if first != "\"" { word.append(first) }
    }
    return word.isEmpty ? nil : word
  }

  /// Reads a `.sources` file. A stanza may have several types, URIs and suites; `Enabled: no` switches it off.
  ///
  /// Source: sources.list(5), "deb822-style format".
  package static func parse(stanzas bytes: UnsafeBufferPointer<UInt8>, path: String) -> ParsedFile<AptSource> {
    var file = ParsedFile<AptSource>()
    Deb822Scanner.readStanzas(bytes, path: path, into: &file) { fields, line, file in
      var values: [String: String] = [:]
      for field in fields {
        // Comment lines may stand between the lines of a value.
        values[field.name] = field.value.split(separator: "\n").filter { !$0.hasPrefix("#") }.joined(separator: "\n")
      }
      func list(_ name: String) -> [String] {
        (values.removeValue(forKey: name) ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
      }
      let types = list("types")
      let kinds = types.compactMap(Kind.init)
      let (uris, suites, components) = (list("uris"), list("suites"), list("components"))
      let switchWord = values.removeValue(forKey: "enabled")?.lowercased() ?? "yes"
      let signedBy = values.removeValue(forKey: "signed-by").map { value in
        value.contains("-----BEGIN")
          ? SignedBy.inlineKey
          : .names(value.split(whereSeparator: { $0.isWhitespace || $0 == "," }).map(String.init))
      }
      guard !types.isEmpty, kinds.count == types.count else {
        file.note(.malformed(path: path, line: line, what: "'Types' must name deb, deb-src or both"))
        return
      }
      guard !uris.isEmpty, !suites.isEmpty else {
        file.note(
          .malformed(path: path, line: line, what: "the stanza has no '\(uris.isEmpty ? "URIs" : "Suites")'"))
        return
      }
      file.entries.append(
        AptSource(
          kinds: kinds, uris: uris, suites: suites, components: components, options: values, signedBy: signedBy,
          isEnabled: !["no", "false", "without", "off", "disable", "0"].contains(switchWord), file: path, line: line))
    }
    return file
  }

  /// A URI without the name and the password that may stand before its host.
  package static func withoutCredentials(_ uri: String) -> String {
    guard let scheme = uri.firstRange(of: "//") else { return uri }
    let rest = uri[scheme.upperBound...]
    let end = rest.firstIndex(of: "/") ?? rest.endIndex
    guard let at = rest[..<end].lastIndex(of: "@") else { return uri }
    return String(uri[..<scheme.upperBound] + rest[rest.index(after: at)...])
  }

  /// The host of a URI, in lower case, without port and credentials; nil where it names none (`file:`, `cdrom:`).
  package static func host(of uri: String) -> String? {
    let plain = withoutCredentials(uri)
    guard let scheme = plain.firstRange(of: "//") else { return nil }
    let host = plain[scheme.upperBound...].prefix { $0 != "/" && $0 != ":" }
    return host.isEmpty ? nil : host.lowercased()
  }

  /// The beginning of the names that apt gives to the files of an archive's suite in its directory of lists, up to where
  /// `InRelease` follows. Source: apt, `URItoFileName`: no scheme, no credentials, odd bytes as `%xx`, slashes as `_`.
  package static func listPrefix(uri: String, suite: String) -> String {
    var plain = withoutCredentials(uri)
    if let scheme = plain.firstRange(of: "://") {
      plain = String(plain[scheme.upperBound...])
    } else if let colon = plain.firstIndex(of: ":") {
      plain = String(plain[plain.index(after: colon)...])
    }
    if !plain.hasSuffix("/") { plain += "/" }
    if suite.hasSuffix("/") {
      plain += suite == "/" ? "" : suite
    } else {
      plain += "dists/\(suite)/"
    }
    var name: [UInt8] = []
    let digits = Array("0123456789abcdef".utf8)
    for byte in plain.utf8 {
      if byte == 0x2F {
        name.append(0x5F)
      } else if byte <= 0x20 || byte >= 0x7F || quoted.contains(byte) {
        name += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      } else {
        name.append(byte)
      }
    }
    return String(decoding: name, as: UTF8.self)
  }

  private static let quoted = Set("\\|{}[]<>\"^~_=!@#$%^&*".utf8)
}

extension String {
  fileprivate func trimming(_ characters: String) -> String {
    var text = self[...]
    while let last = text.last, characters.contains(last) { text.removeLast() }
    return String(text)
  }
}
