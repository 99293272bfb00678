package import HostSystem

/// Why a request brought no usable answer. None of these is an HTTP status: those are answers.
package enum HTTPError: ReportableError, Equatable {
  /// libcurl is not installed, or cannot be opened; what the loader said.
  case missingLibrary(name: String, detail: String)
  /// The address cannot be fetched at all.
  case badAddress(String, reason: String)
  /// The name is unknown, or nobody answers there.
  case unreachable(String, detail: String)
  /// It took too long.
  case timedOut(String, detail: String)
  /// The certificate or the TLS connection was refused.
  case tlsRefused(String, detail: String)
  /// The connection ended before the answer was complete, or its encoding is broken.
  case cut(String, detail: String)
  /// The decoded answer is larger than the limit, in bytes.
  case tooLarge(String, limit: Int)
  /// More redirects than are followed.
  case tooManyRedirects(String, limit: Int)
  /// A redirect to something that must not be followed; the address, where it leads, and why not.
  case redirectRefused(String, target: String, reason: String)
  /// The program was told to stop.
  case stopped(String)
  /// libcurl refused an option or reported something else; its name for it.
  case failed(String, detail: String)

  package var failureKind: FailureKind {
    switch self {
    case .badAddress: .usage
    case .tlsRefused: .tlsRefused
    case .cut, .tooLarge: .badData
    case .redirectRefused: .refused
    case .stopped: .failed
    case .missingLibrary, .unreachable, .timedOut, .tooManyRedirects, .failed: .unavailable
    }
  }

  package var message: String {
    switch self {
    case .missingLibrary(let name, let detail):
      "cannot open \(name) (\(detail)): install the package libcurl4 (`apt install libcurl4`); everything that needs no "
        + "network works without it"
    case .badAddress(let address, let reason): "\(address): cannot be fetched: \(reason)"
    case .unreachable(let address, let detail):
      "\(address): cannot be reached (\(detail)); look at the network, the name and the proxy settings"
    case .timedOut(let address, let detail): "\(address): gave up waiting (\(detail)); try again later"
    case .tlsRefused(let address, let detail):
      "\(address): the TLS connection was refused (\(detail)); look at this machine's clock and the package "
        + "ca-certificates, or name a CA file in CURL_CA_BUNDLE"
    case .cut(let address, let detail):
      "\(address): the answer is incomplete or broken (\(detail)); nothing was stored, try again later"
    case .tooLarge(let address, let limit):
      "\(address): the answer is larger than \(limit >> 20) MiB, which no feed is; nothing was stored, check the address"
    case .tooManyRedirects(let address, let limit):
      "\(address): more than \(limit) redirects; nothing was stored, check the address"
    case .redirectRefused(let address, let target, let reason):
      "\(address): a redirect to \(target) was refused: \(reason); nothing was stored, check the address"
    case .stopped(let address): "\(address): stopped while waiting for the answer; nothing was stored"
    case .failed(let address, let detail): "\(address): \(detail)"
    }
  }
}
