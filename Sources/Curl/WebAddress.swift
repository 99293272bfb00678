/// An http or https address, as far as a client has to judge it.
package struct WebAddress: Sendable, Hashable, CustomStringConvertible {
  /// The address as it was given.
  package let text: String
  /// Whether it is https.
  package let isEncrypted: Bool
  /// In lower case, without credentials and port.
  package let host: String
  /// As given, else that of the scheme.
  package let port: Int

  /// - Throws: ``HTTPError/badAddress(_:reason:)`` for another scheme, a missing host or white space.
  package init(_ text: String) throws(HTTPError) {
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
      throw .badAddress(text, reason: "it holds white space or control characters")
    }
    let lowered = text.lowercased()
    if lowered.hasPrefix("https://") {
      isEncrypted = true
    } else if lowered.hasPrefix("http://") {
      isEncrypted = false
    } else {
      throw .badAddress(text, reason: "only http:// and https:// are fetched")
    }
    let authority = lowered.dropFirst(isEncrypted ? 8 : 7).prefix { !"/?#".contains($0) }
    let place = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
    var host = place
    var port = isEncrypted ? 443 : 80
    let afterBracket = place.lastIndex(of: "]").map { place[$0...] } ?? place
    if let colon = afterBracket.lastIndex(of: ":") {
      guard let number = Int(place[place.index(after: colon)...]), (1...65_535).contains(number) else {
        throw .badAddress(text, reason: "its port is no number between 1 and 65535")
      }
      port = number
      host = place[..<colon]
    }
    guard !host.isEmpty else { throw .badAddress(text, reason: "it names no host") }
    self.text = text
    self.host = String(host)
    self.port = port
  }

  /// Scheme, host and port: what a server's request to wait is remembered for.
  package var origin: String { "\(isEncrypted ? "https" : "http")://\(host):\(port)" }

  package var description: String { text }
}
