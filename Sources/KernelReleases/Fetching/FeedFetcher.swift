package import Curl
package import HostSystem

/// Fetches feeds, compares them with what is stored and stores the outcome: the one place where network and database meet.
package struct FeedFetcher {
  private let store: ReleaseStore
  private let get: ([HTTPRequest]) -> [HTTPOutcome]
  private let now: () -> Instant
  private let jitter: (Int) -> Int

  /// - Parameters:
  ///   - get: the client's requests, made side by side and answered in their order; tests give their own.
  ///   - jitter: a number from 0 up to the given one, so that many machines do not come back in one second.
  package init(
    store: ReleaseStore, get: @escaping ([HTTPRequest]) -> [HTTPOutcome],
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
    /// The first content of a feed, and nothing in it is news: how many releases or other entries were stored.
    case seeded(count: Int, format: FeedFormat)
    /// New content, and what follows from it; the list can be empty.
    case changed([ReleaseEvent])
    /// The server confirmed what is stored (304), or sent the same bytes.
    case unchanged
    /// Asked not long ago; nothing was sent.
    case notDue(lastFetch: Instant, next: Instant)

    /// Whether nothing came that was not stored already.
    package var isConfirmation: Bool {
      switch self {
      case .unchanged, .notDue: true
      case .seeded, .changed: false
      }
    }

    /// The events that it brought.
    package var events: [ReleaseEvent] {
      guard case .changed(let events) = self else { return [] }
      return events
    }
  }

  /// Validators are not used for longer, in seconds: a server that confuses them is found out.
  static let validatorLifetime = 8 * 86_400
  /// The longest wait that is obeyed, in seconds.
  static let longestWait = 86_400

  /// A feed of a round, and what became of it.
  package struct Answer {
    /// The feed.
    package let source: FeedSource
    /// What it led to, or why it brought nothing; the stored releases, state and events are then as before.
    package let report: Result<Report, any Error>
  }

  /// One round over several feeds: the first ones, then those that their news asks for.
  ///
  /// All of it under the one lock, so that a second process waits and then finds the news there.
  /// - Parameter isForced: asks although the minimum interval is not over; a server's request to wait is obeyed even so.
  /// - Returns: an answer for every feed that was to be asked, in order. Further feeds that are not due are left out.
  /// - Throws: ``StoreError`` where the database cannot be used at all.
  package func round(_ selection: FeedSelection, isForced: Bool) throws -> [Answer] {
    let arrival = now()
    return try FetchLock.holding(database: store.path) {
      var answers = ask(selection.first, arrival: arrival, isForced: isForced)
      let further = try selection.further.filter { source in
        switch source.occasion {
        case .doubt: try store.hasSuspicions()
        case .gap: try store.presumed(after: now()).contains { $0.description.hasPrefix(source.covers) }
        case .always, .request: false
        }
      }
      answers += ask(further, arrival: arrival, isForced: false).filter { answer in
        if case .success(let report) = answer.report, case .notDue = report.outcome { return false }
        return true
      }
      return answers
    }
  }

  /// Fetches one feed.
  /// - Throws: ``StoreError``, `HTTPError`, ``FetchError``; the stored releases, state and events are then as before.
  package func fetch(_ source: FeedSource, isForced: Bool) throws -> Report {
    guard let answer = try round(FeedSelection(first: [source]), isForced: isForced).first else {
      throw HTTPError.failed(source.address.text, detail: "it was not asked")
    }
    return try answer.report.get()
  }

  /// Takes the content of a file in, as if a server had sent it. Nothing is asked.
  /// - Throws: ``StoreError``; ``FetchError/content(_:_:)`` for a file that is no feed.
  package func take(_ bytes: [UInt8], named name: String) throws -> Report {
    try FetchLock.holding(database: store.path) {
      let time = now()
      let snapshot: FeedSnapshot
      do throws(FeedError) {
        snapshot = try FeedReader.read(bytes)
      } catch {
        throw FetchError.content(name, error)
      }
      let address = Self.importPrefix + snapshot.format.rawValue
      let record = FeedRecord(
        address: address, format: snapshot.format.rawValue, finalAddress: address, etag: nil, lastModified: nil,
        validatorsAt: time, bodySHA256: sha256(bytes), fetchedAt: time, maxAge: nil)
      return try take(snapshot, record: record, origin: nil, name: name)
    }
  }

  /// Stands before the format in the address of what came from a file.
  package static let importPrefix = "import:"

  /// A request that is to be sent, with what is remembered of its feed.
  private struct Question {
    let source: FeedSource
    let record: FeedRecord?
    let conditions: [(name: String, value: [UInt8])]
    let notices: [String]
    /// The servers that are not known to have asked for anything; every other one may have.
    let unrestricted: [String]

    var request: HTTPRequest { HTTPRequest(address: source.address, headers: conditions) }
  }

  /// Asks the feeds that are due side by side, and takes the answers in one after the other.
  private func ask(_ sources: [FeedSource], arrival: Instant, isForced: Bool) -> [Answer] {
    let prepared = sources.map { source in
      do {
        return try prepare(source, arrival: arrival, isForced: isForced)
      } catch {
        return .failed(error)
      }
    }
    let questions = prepared.compactMap { prepared -> Question? in
      guard case .ask(let question) = prepared else { return nil }
      return question
    }
    var responses = get(questions.map(\.request))[...]
    return zip(sources, prepared).map { source, prepared in
      Answer(
        source: source,
        report: Result {
          switch prepared {
          case .failed(let error): throw error
          case .answered(let report): return report
          case .ask(let question):
            guard let response = responses.popFirst() else {
              throw HTTPError.failed(source.address.text, detail: "the client gave no answer")
            }
            var report = try settle(question, response)
            report.notices = question.notices + report.notices
            return report
          }
        })
    }
  }

  /// What is known of a feed before anything is sent.
  private enum Prepared {
    case answered(Report)
    case ask(Question)
    case failed(any Error)
  }

  private func prepare(_ source: FeedSource, arrival: Instant, isForced: Bool) throws -> Prepared {
    let record = try store.feed(source.address.text)
    var (notices, unrestricted) = try respectRequests(of: source, record: record, isForced: isForced)
    if let record, let outcome = notDue(source, record: record, arrival: arrival) {
      guard isForced, record.fetchedAt <= arrival else { return .answered(Report(outcome: outcome, notices: [])) }
      notices.append("\(source.address): asked before its interval is over, since --force says so")
    }
    return .ask(
      Question(
        source: source, record: record, conditions: try conditions(record), notices: notices,
        unrestricted: unrestricted))
  }

  /// - Returns: notices, and the servers that nothing is remembered of.
  private func respectRequests(
    of source: FeedSource, record: FeedRecord?, isForced: Bool
  ) throws -> (notices: [String], unrestricted: [String]) {
    var notices: [String] = []
    var unrestricted: [String] = []
    var origins = [source.address.origin]
    if let final = try record.map({ try WebAddress($0.finalAddress).origin }), final != origins[0] {
      origins.append(final)
    }
    for origin in origins {
      guard let wait = try store.origin(origin) else {
        unrestricted.append(origin)
        continue
      }
      if wait.notBefore <= now() { continue }
      // A wait further ahead than is ever stored means that the clock was wrong when it was stored.
      guard wait.notBefore.secondsSinceEpoch - now().secondsSinceEpoch <= Self.longestWait else {
        notices.append(
          "\(origin): a request to wait until \(wait.notBefore) is not obeyed: no wait is longer than a day, so the clock "
            + "was wrong when it was stored")
        continue
      }
      if wait.isRequest { throw FetchError.waiting(source.address.text, until: wait.notBefore) }
      if !isForced { throw FetchError.backingOff(source.address.text, until: wait.notBefore) }
    }
    return (notices, unrestricted)
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

  private func settle(_ question: Question, _ first: HTTPOutcome) throws -> Report {
    let source = question.source
    let record = question.record
    var response = try received(first, from: source)
    if response.status == 304, question.conditions.isEmpty || response.finalAddress.text != record?.finalAddress {
      guard let again = get([HTTPRequest(address: source.address, headers: [])]).first else {
        throw FetchError.uninvitedNotModified(source.address.text)
      }
      response = try received(again, from: source)
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
      try store.confirm(record, origin: question.unrestricted.contains(origin) ? nil : origin)
      return Report(outcome: .unchanged, notices: moved ?? [])
    case 200:
      var report = try take(response, for: question)
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
    guard (0...Self.validatorLifetime).contains(age), !(try store.hasSuspicions()) else { return [] }
    return (record.etag.map { [("If-None-Match", $0)] } ?? [])
      + (record.lastModified.map { [("If-Modified-Since", $0)] } ?? [])
  }

  private func received(_ outcome: HTTPOutcome, from source: FeedSource) throws -> HTTPResponse {
    if case .failed(.timedOut) = outcome { try backOff(source, origin: source.address.origin) }
    return try outcome.get()
  }

  private func take(_ response: HTTPResponse, for question: Question) throws -> Report {
    let (source, record) = (question.source, question.record)
    let time = now()
    let digest = sha256(response.body)
    let fresh = FeedRecord(
      address: source.address.text, format: record?.format ?? "", finalAddress: response.finalAddress.text,
      etag: response.headers["etag"], lastModified: response.headers["last-modified"], validatorsAt: time,
      bodySHA256: digest, fetchedAt: time, maxAge: response.headers.maxAge)
    let server = response.finalAddress.origin
    let origin = question.unrestricted.contains(server) ? nil : server
    if let record, record.bodySHA256 == digest, !(try store.hasSuspicions()) {
      try store.confirm(fresh, origin: origin)
      return Report(outcome: .unchanged, notices: [])
    }
    let snapshot: FeedSnapshot
    do throws(FeedError) {
      snapshot = try FeedReader.read(response.body, charset: response.headers.charset)
    } catch {
      if record != nil { try store.dropValidators(of: source.address.text) }
      throw FetchError.content(source.address.text, error)
    }
    var stored = fresh
    stored.format = snapshot.format.rawValue
    return try take(snapshot, record: stored, origin: origin, name: source.address.text)
  }

  /// Compares and stores, in one transaction.
  private func take(_ snapshot: FeedSnapshot, record: FeedRecord, origin: String?, name: String) throws -> Report {
    let state = try store.state(for: snapshot, now: record.fetchedAt)
    let derivation = EventDerivation.derive(from: state, snapshot, observed: record.fetchedAt)
    let isFirst = try store.feed(record.address) == nil && derivation.events.isEmpty
    let events = try store.store(derivation, over: state, from: record, format: snapshot.format, origin: origin)
    return Report(
      outcome: isFirst ? .seeded(count: derivation.count, format: snapshot.format) : .changed(events),
      notices: Self.shortened(derivation.warnings).map { "\(name): \($0)" })
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
