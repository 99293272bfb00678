/// An http or https address, as far as a client has to judge it.
///
/// A user name and a password in it (`https://name:secret@host/`) are kept apart: they go to that origin and nowhere else, and
/// are in no text that a message, a file or the database could show.
package struct WebAddress: Sendable, Hashable, CustomStringConvertible {
  /// The address as it was given, without user name and password.
  package let text: String
  /// Whether it is https.
  package let isEncrypted: Bool
  /// In lower case, without credentials and port.
  package let host: String
  /// As given, else that of the scheme.
  package let port: Int
  /// `name:secret` as it was given, percent signs and all; nil where there is none.
  private var credentials: String?

  /// In bytes. Some servers sign their addresses; none needs as many as this.
  static let lengthLimit = 4096

  /// - Throws: ``HTTPError/badAddress(_:reason:)`` for another scheme, a missing host or white space.
  package init(_ given: String) throws(HTTPError) {
    func bad(_ reason: String) -> HTTPError {
      .badAddress(Self.withoutCredentials(given).excerpt, reason: reason)
    }
    guard given.utf8.count <= Self.lengthLimit else { throw bad("it is longer than \(Self.lengthLimit) bytes") }
    guard given.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
      throw bad("it holds white space or control characters")
    }
    let lowered = given.lowercased()
    if lowered.hasPrefix("https://") {
      isEncrypted = true
    } else if lowered.hasPrefix("http://") {
      isEncrypted = false
    } else {
      throw bad("only http:// and https:// are fetched")
    }
    let scheme = given.utf8.prefix(isEncrypted ? 8 : 7)
    let rest = given[scheme.endIndex...]
    let authority = rest.prefix { !"/?#".contains($0) }
    let at = authority.lastIndex(of: "@")
    let place = at.map { authority[authority.index(after: $0)...] } ?? authority
    var host = place
    var port = isEncrypted ? 443 : 80
    let afterBracket = place.lastIndex(of: "]").map { place[$0...] } ?? place
    if let colon = afterBracket.lastIndex(of: ":") {
      guard let number = Int(place[place.index(after: colon)...]), (1...65_535).contains(number) else {
        throw bad("its port is no number between 1 and 65535")
      }
      port = number
      host = place[..<colon]
    }
    guard !host.isEmpty else { throw bad("it names no host") }
    text = at == nil ? given : String(scheme)! + given[place.startIndex...]
    credentials = at.map { String(authority[..<$0]) }
    self.host = host.lowercased()
    self.port = port
  }

  /// Scheme, host and port: what a server's request to wait is remembered for.
  package var origin: String { "\(isEncrypted ? "https" : "http")://\(host):\(port)" }

  package var description: String { text }

  /// For libcurl and nobody else.
  var textWithCredentials: String {
    guard let credentials else { return text }
    let scheme = isEncrypted ? 8 : 7
    return "\(text.prefix(scheme))\(credentials)@\(text.dropFirst(scheme))"
  }

  /// The same address with another's user name and password, or with none.
  func withCredentials(of other: WebAddress?) -> WebAddress {
    var address = self
    address.credentials = other?.credentials
    return address
  }

  /// Foreign text, in which whatever stands before an `@` in a word is left out: it could be a password.
  static func withoutCredentials(_ words: String) -> String {
    words.split(omittingEmptySubsequences: false) { " '\"".contains($0) }.reduce(into: "") { text, word in
      if !text.isEmpty || word.startIndex != words.startIndex {
        text.append(words[words.index(before: word.startIndex)])
      }
      guard let at = word.lastIndex(of: "@") else { return text += word }
      let scheme = word.firstRange(of: "://").map { word[..<$0.upperBound] } ?? ""
      text += scheme + "***" + word[at...]
    }
  }
}

extension String {
  /// The start of a foreign text, long enough for a message.
  var excerpt: String { count <= 200 ? self : prefix(200) + "…" }
}
