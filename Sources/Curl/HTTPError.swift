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
  case tlsRefused(String, TLSProblem, detail: String)
  /// The connection ended before the answer was complete, or its encoding is broken.
  case cut(String, detail: String)
  /// The decoded answer is larger than the limit, in bytes.
  case tooLarge(String, limit: Int)
  /// The head of the answer is larger than the limit, in bytes, or has more fields than any server sends.
  case headersTooLarge(String, limit: Int)
  /// A redirect leads back to an address that has been asked; where it leads.
  case redirectLoop(String, target: String)
  /// More redirects than are followed.
  case tooManyRedirects(String, limit: Int)
  /// A redirect to something that must not be followed; the address, where it leads, and why not.
  case redirectRefused(String, target: String, reason: String)
  /// The program was told to stop.
  case stopped(String)
  /// The netrc file that was named cannot be used, or others can read or change it.
  case unsafeNetrc(String, reason: String)
  /// libcurl refused an option or could not go on; nothing that a server did.
  case unusableLibrary(String)
  /// libcurl reported something else; its name for it.
  case failed(String, detail: String)

  package var failureKind: FailureKind {
    switch self {
    case .badAddress: .usage
    case .tlsRefused: .tlsRefused
    case .cut, .tooLarge, .headersTooLarge: .badData
    case .redirectRefused, .unsafeNetrc: .refused
    case .stopped: .failed
    case .missingLibrary, .unreachable, .timedOut, .redirectLoop, .tooManyRedirects, .unusableLibrary, .failed:
      .unavailable
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
    case .tlsRefused(let address, let problem, let detail):
      "\(address): the TLS connection was refused: \(problem.finding) (\(detail)); nothing was stored, \(problem.advice)"
    case .cut(let address, let detail):
      "\(address): the answer is incomplete or broken (\(detail)); nothing was stored, try again later"
    case .tooLarge(let address, let limit):
      "\(address): the answer is larger than \(limit >> 20) MiB, which no feed is; nothing was stored, check the address"
    case .headersTooLarge(let address, let limit):
      "\(address): the head of the answer is larger than \(limit >> 10) KiB or \(HTTPHeaders.fieldLimit) fields, which no "
        + "feed's is; nothing was stored, check the address"
    case .redirectLoop(let address, let target):
      "\(address): redirects in a circle, back to \(target.excerpt); nothing was stored, check the address"
    case .tooManyRedirects(let address, let limit):
      "\(address): more than \(limit) redirects; nothing was stored, check the address"
    case .redirectRefused(let address, let target, let reason):
      "\(address): a redirect to \(target.excerpt) was refused: \(reason); nothing was stored, check the address"
    case .stopped(let address): "\(address): stopped while waiting for the answer; nothing was stored"
    case .unsafeNetrc(let file, let reason):
      "\(file): not used for passwords: \(reason); nothing was sent, correct it or unset TOOLBOX_NETRC"
    case .unusableLibrary(let detail): "libcurl cannot be used: \(detail)"
    case .failed(let address, let detail): "\(address): \(detail)"
    }
  }
}

/// What is wrong with a TLS connection, as far as that tells what to do about it.
package enum TLSProblem: Sendable, Equatable {
  /// The certificate's time is over.
  case expired
  /// The certificate's time has not come.
  case notYetValid
  /// Nobody who is trusted has signed the certificate.
  case unknownAuthority
  /// The certificate is someone else's.
  case wrongName
  /// The file with the certificates to trust cannot be read.
  case certificateFile
  /// Anything else.
  case other

  /// - Parameter result: what the TLS library says of the chain of a refused certificate: the codes of OpenSSL
  ///   (X509_STORE_CTX_get_error(3)). libcurl leaves it at 0 or 1 when the chain is right and the name is not.
  init(verifyResult result: Int) {
    self =
      switch result {
      case 0, 1, 62, 64: .wrongName
      case 9: .notYetValid
      case 10: .expired
      case 2, 18, 19, 20, 21: .unknownAuthority
      default: .other
      }
  }

  fileprivate var finding: String {
    switch self {
    case .expired: "the server's certificate has expired"
    case .notYetValid: "the server's certificate is not valid yet"
    case .unknownAuthority: "the server's certificate is not signed by an authority that this machine trusts"
    case .wrongName: "the server's certificate is for another name"
    case .certificateFile: "the file of trusted certificates cannot be used"
    case .other: "the server and this machine found no safe connection"
    }
  }

  fileprivate var advice: String {
    switch self {
    case .expired, .notYetValid: "look at this machine's clock"
    case .unknownAuthority: "look at the package ca-certificates, or name the authority's file in CURL_CA_BUNDLE"
    case .wrongName: "check the address"
    case .certificateFile: "look at CURL_CA_BUNDLE, SSL_CERT_FILE and the package ca-certificates"
    case .other: "check the address and the proxy settings"
    }
  }
}
