package import Curl
package import HostSystem

/// Fetches a feed, compares it with what is stored and stores the outcome: the one place where network and database meet.
package struct FeedFetcher {
  private let store: ReleaseStore
  private let get: (HTTPRequest) throws(HTTPError) -> HTTPResponse
  private let now: () -> Instant
  private let jitter: (Int) -> Int

  /// - Parameters:
  ///   - get: the client's request; tests give their own.
  ///   - jitter: a number from 0 up to the given one, so that many machines do not come back in one second.
  package init(
    store: ReleaseStore, get: @escaping (HTTPRequest) throws(HTTPError) -> HTTPResponse,
    now: @escaping () -> Instant, jitter: @escaping (Int) -> Int = { Int.random(in: 0...max($0, 0)) }
  ) {
    self.store = store
    self.get = get
    self.now = now
    self.jitter = jitter
  }

  /// What a fetch led to, and what an administrator should hear beside it; foreign text in the notices is as it came.
  package struct Report: Sendable, Equatable {
    /// What became of the stored state.
    package var outcome: Outcome
    /// Lines for standard error.
    package var notices: [String]
  }

  /// What became of the stored state.
  package enum Outcome: Sendable, Equatable {
    /// The first content of all: nothing in it is news.
    case seeded(releases: Int)
    /// New content, and what follows from it; the list can be empty.
    case changed([ReleaseEvent])
    /// The server confirmed what is stored (304), or sent the same bytes.
    case unchanged
    /// Asked not long ago; nothing was sent.
    case notDue(lastFetch: Instant, next: Instant)
  }

  /// Validators are not used for longer, in seconds: a server that confuses them is found out.
  static let validatorLifetime = 8 * 86_400
  /// The longest wait that is obeyed, in seconds.
  static let longestWait = 86_400

  /// - Parameter isForced: asks although the minimum interval is not over; a server's request to wait is obeyed even so.
  /// - Throws: ``StoreError``, `HTTPError`, ``FetchError``; the stored releases, state and events are then as before.
  package func fetch(_ source: FeedSource, isForced: Bool) throws -> Report {
    let arrival = now()
    return try FetchLock.holding(database: store.path) {
      let record = try store.feed(source.address.text)
      try respectRequests(of: source, record: record, isForced: isForced)
      var notices: [String] = []
      if let record, let outcome = notDue(source, record: record, arrival: arrival) {
        guard isForced, record.fetchedAt <= arrival else { return Report(outcome: outcome, notices: []) }
        notices.append("\(source.address): asked before its interval is over, since --force says so")
      }
      var report = try ask(source, record: record)
      report.notices = notices + report.notices
      return report
    }
  }

  private func respectRequests(of source: FeedSource, record: FeedRecord?, isForced: Bool) throws {
    var origins = [source.address.origin]
    if let record { origins.append(try WebAddress(record.finalAddress).origin) }
    for origin in Set(origins) {
      // A wait further ahead than is ever stored means that the clock was wrong when it was stored.
      guard let wait = try store.origin(origin), wait.notBefore > now(),
        wait.notBefore.secondsSinceEpoch - now().secondsSinceEpoch <= Self.longestWait
      else { continue }
      if wait.isRequest { throw FetchError.waiting(source.address.text, until: wait.notBefore) }
      if !isForced { throw FetchError.backingOff(source.address.text, until: wait.notBefore) }
    }
  }

  private func notDue(_ source: FeedSource, record: FeedRecord, arrival: Instant) -> Outcome? {
    var interval = source.minimumInterval
    if let age = record.maxAge, age > 0 { interval = max(interval, min(max(age, 900), 18_000)) }
    let elapsed = now().secondsSinceEpoch - record.fetchedAt.secondsSinceEpoch
    // A time in the future comes from a clock that was wrong.
    // Or another process has fetched while this one waited for the lock.
    guard elapsed >= 0, elapsed < interval || record.fetchedAt > arrival else { return nil }
    return .notDue(
      lastFetch: record.fetchedAt, next: Instant(secondsSinceEpoch: record.fetchedAt.secondsSinceEpoch + interval))
  }

  private func ask(_ source: FeedSource, record: FeedRecord?) throws -> Report {
    let conditions = try conditions(record)
    var response = try request(source, conditions)
    if response.status == 304, conditions.isEmpty || response.finalAddress.text != record?.finalAddress {
      response = try request(source, [])
      if response.status == 304 { throw FetchError.uninvitedNotModified(source.address.text) }
    }
    let origin = response.finalAddress.origin
    let moved = response.permanentRedirect.map {
      ["\(source.address): has moved to \($0) for good, its server says; --feed can name the new address"]
    }
    switch response.status {
    case 304:
      guard var record else { throw FetchError.uninvitedNotModified(source.address.text) }
      record.fetchedAt = now()
      record.maxAge = response.headers.maxAge ?? record.maxAge
      try store.confirm(record, origin: origin)
      return Report(outcome: .unchanged, notices: moved ?? [])
    case 200:
      var report = try take(response, from: source, record: record)
      report.notices += moved ?? []
      return report
    case 429, 503:
      let failures = try store.origin(origin)?.failures ?? 0
      let until = until(seconds: response.retryAfter ?? patience(600, failures: failures))
      try store.store(OriginRecord(origin: origin, notBefore: until, failures: failures + 1, isRequest: true))
      throw FetchError.askedToWait(source.address.text, status: response.status, until: until)
    case 500...599:
      try backOff(source, origin: origin)
      throw FetchError.status(source.address.text, response.status)
    default: throw FetchError.status(source.address.text, response.status)
    }
  }

  /// Both validators as they came, unless they are old, something waits for its confirmation, or nothing is stored that a
  /// 304 could confirm.
  private func conditions(_ record: FeedRecord?) throws -> [(name: String, value: [UInt8])] {
    guard let record else { return [] }
    let age = now().secondsSinceEpoch - record.validatorsAt.secondsSinceEpoch
    guard (0...Self.validatorLifetime).contains(age), !(try store.hasSuspicions()),
      !(try store.listed(FeedFormat(rawValue: record.format)).isEmpty)
    else { return [] }
    return (record.etag.map { [("If-None-Match", $0)] } ?? [])
      + (record.lastModified.map { [("If-Modified-Since", $0)] } ?? [])
  }

  private func request(_ source: FeedSource, _ headers: [(name: String, value: [UInt8])]) throws -> HTTPResponse {
    do throws(HTTPError) {
      return try get(HTTPRequest(address: source.address, headers: headers))
    } catch {
      if case .timedOut = error { try backOff(source, origin: source.address.origin) }
      throw error
    }
  }

  private func take(_ response: HTTPResponse, from source: FeedSource, record: FeedRecord?) throws -> Report {
    let time = now()
    let digest = sha256(response.body)
    let fresh = FeedRecord(
      address: source.address.text, format: record?.format ?? "", finalAddress: response.finalAddress.text,
      etag: response.headers["etag"], lastModified: response.headers["last-modified"], validatorsAt: time,
      bodySHA256: digest, fetchedAt: time, maxAge: response.headers.maxAge)
    let origin = response.finalAddress.origin
    if let record, record.bodySHA256 == digest, !(try store.hasSuspicions()) {
      try store.confirm(fresh, origin: origin)
      return Report(outcome: .unchanged, notices: [])
    }
    let snapshot: FeedSnapshot
    do throws(FeedError) {
      snapshot = try FeedReader.read(response.body)
    } catch {
      if record != nil { try store.dropValidators(of: source.address.text) }
      throw FetchError.content(source.address.text, error)
    }
    let state = try store.state(for: snapshot)
    let derivation = EventDerivation.derive(from: state, snapshot, observed: time)
    var stored = fresh
    stored.format = snapshot.format.rawValue
    try store.store(derivation, from: stored, format: snapshot.format, origin: origin)
    return Report(
      outcome: state.isSeeded ? .changed(derivation.events) : .seeded(releases: derivation.releases.count),
      notices: Self.shortened(derivation.warnings).map { "\(source.address): \($0)" })
  }

  /// A feed with thousands of bad rows shall not bury the terminal.
  private static func shortened(_ warnings: [String]) -> [String] {
    warnings.count <= 10 ? warnings : warnings.prefix(10) + ["and \(warnings.count - 10) more rows like these"]
  }

  // MARK: Waiting

  /// Leaves a failing server alone, longer each time. Whoever names an address decides about it: only feeds of the shipped
  /// list are treated so.
  private func backOff(_ source: FeedSource, origin: String) throws {
    guard source.minimumInterval > 0 else { return }
    let failures = try store.origin(origin)?.failures ?? 0
    try store.store(
      OriginRecord(
        origin: origin, notBefore: until(seconds: patience(600, failures: failures)), failures: failures + 1,
        isRequest: false))
  }

  private func patience(_ start: Int, failures: Int) -> Int {
    let wait = start << min(max(failures, 0), 8)
    return wait + jitter(wait / 10)
  }

  private func until(seconds: Int) -> Instant {
    Instant(secondsSinceEpoch: now().secondsSinceEpoch + min(max(seconds, 60), Self.longestWait))
  }
}
