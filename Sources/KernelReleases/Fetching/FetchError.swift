package import HostSystem

/// Why a feed brought nothing although the network works.
package enum FetchError: ReportableError, Equatable {
  /// The server asked us earlier to wait, and the time is not over: nothing was sent.
  case waiting(String, until: Instant)
  /// The server failed lately, and it is left alone for a while: nothing was sent.
  case backingOff(String, until: Instant)
  /// The server asks us to wait: 429 or 503.
  case askedToWait(String, status: Int, until: Instant)
  /// Any other status that is no content.
  case status(String, Int)
  /// 304 although nothing was asked that could be answered so, twice.
  case uninvitedNotModified(String)
  /// The content is no feed, or none that can be used.
  case content(String, FeedError)

  package var failureKind: FailureKind {
    switch self {
    case .waiting, .backingOff, .askedToWait: .tryLater
    case .status, .uninvitedNotModified: .unavailable
    case .content(_, .malformedXML(let error)) where error.line == 0: .unavailable
    case .content: .badData
    }
  }

  package var message: String {
    switch self {
    case .waiting(let address, let until):
      "\(address): its server asked us to wait until \(until); nothing was sent, try again then"
    case .backingOff(let address, let until):
      "\(address): its server failed lately and is left alone until \(until); --force asks all the same"
    case .askedToWait(let address, let status, let until):
      "\(address): the server asks us to wait (HTTP \(status)); toolbox sends nothing there before \(until)"
    case .status(let address, let status):
      switch status {
      case 404, 410: "\(address): HTTP \(status), there is no such feed; nothing was stored, check the address"
      case 401, 403, 407: "\(address): HTTP \(status), the server does not let us in; nothing was stored"
      case 500...599: "\(address): HTTP \(status), the server failed; nothing was stored, try again later"
      default: "\(address): HTTP \(status), which is no answer to a feed reader; nothing was stored, check the address"
      }
    case .uninvitedNotModified(let address):
      "\(address): HTTP 304 to a request without conditions; nothing was stored, the server or a proxy is broken"
    case .content(let address, let error): "\(address): \(error.finding); nothing was stored"
    }
  }
}
