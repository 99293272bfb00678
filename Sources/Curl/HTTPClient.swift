import CCurl
import Glibc
import Synchronization

/// Fetches over HTTP with libcurl. TLS is always verified; there is no switch for it.
///
/// A client keeps its connections from one call to the next, at most two to a host, and closes them when it ends. It may be
/// used from several threads: calls wait for each other, and the requests of one call run at the same time.
package final class HTTPClient: Sendable {
  private let settings: HTTPClientSettings
  /// Made by the first request. Nothing of libcurl is touched outside this lock, so no thread meets another in it.
  private let pool = Mutex<ConnectionPool?>(nil)

  package init(_ settings: HTTPClientSettings) { self.settings = settings }

  /// Asks once and follows redirects, at most ``HTTPClientSettings/redirectLimit`` of them, each judged by
  /// ``Redirection``. Headers of the request go along with every step, those of ``Redirection/confined`` only on the origin
  /// that was asked.
  /// - Throws: ``HTTPError``. A status like 404 or 500 is an answer, not an error.
  package func get(_ request: HTTPRequest) throws(HTTPError) -> HTTPResponse { try get([request])[0].get() }

  /// The same for several requests at once; the outcomes are in the order of the requests. The time limit holds for each,
  /// from the start of the call, and the failure of one leaves the others alone.
  package func get(_ requests: [HTTPRequest]) -> [HTTPOutcome] {
    pool.withLock { pool in
      do throws(HTTPError) {
        var netrc: NetrcFile?
        if let file = settings.netrc { netrc = try NetrcFile(file) }
        let connections = if let pool { pool } else { try ConnectionPool(settings) }
        pool = connections
        var round = Round(requests, settings: settings, pool: connections, netrc: netrc)
        return round.run()
      } catch {
        return requests.map { _ in .failed(error) }
      }
    }
  }
}

/// One call of ``HTTPClient/get(_:)-([HTTPRequest])``: every request on its way from redirect to redirect.
private struct Round {
  private let settings: HTTPClientSettings
  private let pool: ConnectionPool
  private let netrc: NetrcFile?
  private var journeys: [Journey]
  /// A handful at most.
  private var running: [(transfer: Transfer, journey: Int)] = []

  /// A request on its way.
  private struct Journey {
    let request: HTTPRequest
    let deadline: Duration
    var address: WebAddress
    /// A handful at most.
    var visited: [WebAddress]
    var permanent: WebAddress?
    var isPermanent = true
    var outcome: HTTPOutcome?

    /// The headers for the step that comes next.
    var headers: [(name: String, value: [UInt8])] {
      if address.origin == request.address.origin { return request.headers }
      return request.headers.filter { !Redirection.confined.contains($0.name.lowercased()) }
    }
  }

  /// How long libcurl is left alone at most, so that a stop and a deadline are noticed.
  private static let patience = 200
  /// libcurl watches the time itself and says more about it: it comes first.
  private static let grace = Duration.milliseconds(300)

  init(_ requests: [HTTPRequest], settings: HTTPClientSettings, pool: ConnectionPool, netrc: NetrcFile?) {
    self.settings = settings
    self.pool = pool
    self.netrc = netrc
    let deadline = monotonicTime() + .seconds(settings.totalTimeout)
    journeys = requests.map {
      Journey(request: $0, deadline: deadline, address: $0.address, visited: [$0.address])
    }
  }

  mutating func run() -> [HTTPOutcome] {
    for index in journeys.indices { begin(index) }
    while !running.isEmpty {
      do throws(HTTPError) {
        try pool.perform()
        while let (handle, code) = pool.nextFinished() { end(handle, code) }
        giveUpWhatTakesTooLong()
        if !running.isEmpty { try pool.wait(milliseconds: Self.patience) }
      } catch {
        giveUp { _ in error }
      }
    }
    // Every journey that is not running any more has its outcome.
    return journeys.map { $0.outcome ?? .failed(.failed($0.address.text, detail: "the request was lost")) }
  }

  /// Sends the next step of a journey.
  private mutating func begin(_ index: Int) {
    let journey = journeys[index]
    do throws(HTTPError) {
      let left = journey.deadline - monotonicTime()
      guard left > .zero else { throw timeIsOver(journey) }
      let transfer = try Transfer(
        address: journey.address, headers: journey.headers, settings: settings, limit: left, netrc: netrc)
      try pool.add(transfer)
      running.append((transfer, index))
    } catch {
      journeys[index].outcome = .failed(error)
    }
  }

  /// Takes the outcome of a step, and sends the next one after a redirect.
  private mutating func end(_ handle: Transfer.Handle, _ code: CURLcode) {
    guard let place = running.firstIndex(where: { $0.transfer.handle == handle }) else { return }
    let (transfer, index) = running.remove(at: place)
    defer { pool.remove(transfer) }
    do throws(HTTPError) {
      let answer = try transfer.answer(code)
      if let target = answer.redirectTarget, Redirection.statuses.contains(answer.status) {
        try follow(answer.status, to: target, index)
        begin(index)
      } else {
        let journey = journeys[index]
        journeys[index].outcome = .answered(
          HTTPResponse(
            status: answer.status, headers: answer.headers, body: answer.body, finalAddress: journey.address,
            retryAfter: answer.retryAfter, permanentRedirect: journey.permanent))
      }
    } catch {
      journeys[index].outcome = .failed(error)
    }
  }

  private mutating func follow(_ status: Int, to target: String, _ index: Int) throws(HTTPError) {
    let journey = journeys[index]
    let next = try Redirection.step(from: journey.address, to: target)
    guard !journey.visited.contains(next) else {
      throw .redirectLoop(journey.request.address.text, target: next.text)
    }
    // The first address is no redirect.
    guard journey.visited.count <= settings.redirectLimit else {
      throw .tooManyRedirects(journey.request.address.text, limit: settings.redirectLimit)
    }
    journeys[index].visited.append(next)
    journeys[index].address = next
    journeys[index].isPermanent = journey.isPermanent && (status == 301 || status == 308)
    if journeys[index].isPermanent { journeys[index].permanent = next }
  }

  private mutating func giveUpWhatTakesTooLong() {
    if settings.isStopped() { giveUp { .stopped($0.request.address.text) } }
    let now = monotonicTime()
    for (transfer, index) in running where now > journeys[index].deadline + Self.grace {
      giveUp(transfer, index, timeIsOver(journeys[index]))
    }
  }

  private mutating func giveUp(_ error: (Journey) -> HTTPError) {
    for (transfer, index) in running { giveUp(transfer, index, error(journeys[index])) }
  }

  private mutating func giveUp(_ transfer: Transfer, _ index: Int, _ error: HTTPError) {
    running.removeAll { $0.transfer === transfer }
    pool.remove(transfer)
    journeys[index].outcome = .failed(error)
  }

  private func timeIsOver(_ journey: Journey) -> HTTPError {
    .timedOut(journey.request.address.text, detail: "no whole answer within \(settings.totalTimeout) seconds")
  }
}

/// The clock that nobody sets.
private func monotonicTime() -> Duration {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}
