/// Which redirects are followed. Pure.
package enum Redirection {
  /// The statuses that ask to go elsewhere.
  package static let statuses: Set<Int> = [301, 302, 303, 307, 308]

  /// Header fields, in lower case, that never leave the origin they were meant for.
  static let confined: Set<String> = ["authorization", "cookie", "proxy-authorization"]

  /// The address that a redirect leads to. A user name and a password go along inside one origin (scheme, host and port) and
  /// nowhere else, and those that the server itself puts into the target are dropped.
  /// - Parameter target: absolute; libcurl has resolved it.
  /// - Throws: ``HTTPError/redirectRefused(_:target:reason:)`` from https to http, and to anything but these two.
  package static func step(from address: WebAddress, to target: String) throws(HTTPError) -> WebAddress {
    let next: WebAddress
    do throws(HTTPError) {
      next = try WebAddress(target)
    } catch {
      guard case .badAddress(let target, let reason) = error else { throw error }
      throw .redirectRefused(address.text, target: target, reason: reason)
    }
    if address.isEncrypted, !next.isEncrypted {
      throw .redirectRefused(address.text, target: next.text, reason: "it leaves the encrypted connection")
    }
    return next.withCredentials(of: next.origin == address.origin ? address : nil)
  }
}
