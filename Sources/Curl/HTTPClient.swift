import CCurl
import Glibc

/// Fetches over HTTP with libcurl. TLS is always verified; there is no switch for it.
package struct HTTPClient: Sendable {
  private let settings: HTTPClientSettings

  package init(_ settings: HTTPClientSettings) { self.settings = settings }

  /// Asks once and follows redirects, at most ``HTTPClientSettings/redirectLimit`` of them, each judged by
  /// ``Redirection``. Headers of the request go along with every step; they hold no credentials.
  /// - Throws: ``HTTPError``. A status like 404 or 500 is an answer, not an error.
  package func get(_ request: HTTPRequest) throws(HTTPError) -> HTTPResponse {
    _ = try CurlLibrary(named: settings.nameOfLibrary)
    let deadline = monotonicSeconds() + settings.totalTimeout
    var address = request.address
    var permanent: WebAddress?
    var isPermanent = true
    for _ in 0...settings.redirectLimit {
      let left = deadline - monotonicSeconds()
      guard left > 0 else {
        throw .timedOut(request.address.text, detail: "after \(settings.totalTimeout) seconds of redirects")
      }
      var transfer = try Transfer(address: address, settings: settings)
      defer { transfer.close() }
      let answer = try transfer.perform(headers: request.headers, seconds: left)
      guard let target = answer.redirectTarget, Redirection.statuses.contains(answer.status) else {
        return HTTPResponse(
          status: answer.status, headers: answer.headers, body: answer.body, finalAddress: address,
          retryAfter: answer.retryAfter, permanentRedirect: permanent)
      }
      let next = try Redirection.step(from: address, to: target)
      isPermanent = isPermanent && (answer.status == 301 || answer.status == 308)
      permanent = isPermanent ? next : permanent
      address = next
    }
    throw .tooManyRedirects(request.address.text, limit: settings.redirectLimit)
  }

  private func monotonicSeconds() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec
  }
}

/// Which redirects are followed. Pure.
package enum Redirection {
  /// The statuses that ask to go elsewhere.
  package static let statuses: Set<Int> = [301, 302, 303, 307, 308]

  /// - Throws: ``HTTPError/redirectRefused(_:target:reason:)`` from https to http, and to anything but these two.
  package static func step(from address: WebAddress, to target: String) throws(HTTPError) -> WebAddress {
    let next: WebAddress
    do throws(HTTPError) {
      next = try WebAddress(target)
    } catch {
      guard case .badAddress(_, let reason) = error else { throw error }
      throw .redirectRefused(address.text, target: target, reason: reason)
    }
    if address.isEncrypted, !next.isEncrypted {
      throw .redirectRefused(address.text, target: target, reason: "it leaves the encrypted connection")
    }
    return next
  }
}

/// One request to one address: owns the libcurl handle.
private struct Transfer: ~Copyable {
  private let handle: OpaqueHandle
  private let address: WebAddress
  private let settings: HTTPClientSettings
  private let collector: Collector

  /// What CURL * is in Swift.
  typealias OpaqueHandle = UnsafeMutableRawPointer

  struct Answer {
    let status: Int
    let headers: HTTPHeaders
    let body: [UInt8]
    let retryAfter: Int?
    let redirectTarget: String?
  }

  init(address: WebAddress, settings: HTTPClientSettings) throws(HTTPError) {
    guard let handle = toolbox_curl_easy_init() else {
      throw .failed(address.text, detail: "libcurl could not make a handle")
    }
    self.handle = handle
    self.address = address
    self.settings = settings
    collector = Collector(limit: settings.bodyLimit, isStopped: settings.isStopped)
  }

  /// Ends the handle; once, when nothing more is asked.
  mutating func close() { toolbox_curl_easy_cleanup(handle) }

  mutating func perform(headers: [(name: String, value: [UInt8])], seconds: Int) throws(HTTPError) -> Answer {
    var list: UnsafeMutablePointer<curl_slist>?
    defer { toolbox_curl_list_free(list) }
    for (name, value) in headers {
      let line = Array(name.utf8) + [0x3A, 0x20] + value + [0]
      let longer = line.withUnsafeBufferPointer { bytes in
        bytes.withMemoryRebound(to: CChar.self) { toolbox_curl_list_append(list, $0.baseAddress) }
      }
      guard let longer else { throw .failed(address.text, detail: "no memory for the request") }
      list = longer
    }
    try configure(list, seconds: seconds)
    let code = withExtendedLifetime(collector) { toolbox_curl_easy_perform(handle) }
    guard code == CURLE_OK else { throw error(code) }
    return Answer(
      status: try number(CURLINFO_RESPONSE_CODE), headers: collector.headers, body: collector.body,
      retryAfter: try offset(CURLINFO_RETRY_AFTER), redirectTarget: try text(CURLINFO_REDIRECT_URL))
  }

  private func configure(_ list: UnsafeMutablePointer<curl_slist>?, seconds: Int) throws(HTTPError) {
    try set(CURLOPT_URL, address.text)
    try set(CURLOPT_USERAGENT, settings.userAgent)
    // An empty text means every encoding that this libcurl can decode.
    try set(CURLOPT_ACCEPT_ENCODING, "")
    if let file = settings.certificateFile { try set(CURLOPT_CAINFO, file) }
    try check(toolbox_curl_restrict_to_http(handle))
    try set(CURLOPT_FOLLOWLOCATION, 0)
    try set(CURLOPT_NOSIGNAL, 1)
    try set(CURLOPT_SSL_VERIFYPEER, 1)
    try set(CURLOPT_SSL_VERIFYHOST, 2)
    try set(CURLOPT_CONNECTTIMEOUT, settings.connectTimeout)
    try set(CURLOPT_TIMEOUT, seconds)
    try set(CURLOPT_LOW_SPEED_LIMIT, settings.lowSpeedLimit)
    try set(CURLOPT_LOW_SPEED_TIME, settings.lowSpeedTime)
    try set(CURLOPT_NOPROGRESS, 0)
    if let list { try check(toolbox_curl_set_list(handle, CURLOPT_HTTPHEADER, list)) }
    let context = Unmanaged.passUnretained(collector).toOpaque()
    try check(toolbox_curl_set_data_function(handle, CURLOPT_WRITEFUNCTION, takeBody))
    try check(toolbox_curl_set_pointer(handle, CURLOPT_WRITEDATA, context))
    try check(toolbox_curl_set_data_function(handle, CURLOPT_HEADERFUNCTION, takeHeader))
    try check(toolbox_curl_set_pointer(handle, CURLOPT_HEADERDATA, context))
    try check(toolbox_curl_set_progress_function(handle, askWhetherStopped))
    try check(toolbox_curl_set_pointer(handle, CURLOPT_XFERINFODATA, context))
    try check(toolbox_curl_set_pointer(handle, CURLOPT_ERRORBUFFER, collector.detail.baseAddress))
  }

  private func set(_ option: CURLoption, _ value: String) throws(HTTPError) {
    try check(toolbox_curl_set_string(handle, option, value))
  }

  private func set(_ option: CURLoption, _ value: Int) throws(HTTPError) {
    try check(toolbox_curl_set_long(handle, option, value))
  }

  private func check(_ code: CURLcode) throws(HTTPError) {
    if code != CURLE_OK { throw .failed(address.text, detail: "libcurl refused an option: \(describe(code))") }
  }

  private func number(_ info: CURLINFO) throws(HTTPError) -> Int {
    var value = 0
    try check(toolbox_curl_get_long(handle, info, &value))
    return value
  }

  /// nil for 0, which is libcurl's word for "not said".
  private func offset(_ info: CURLINFO) throws(HTTPError) -> Int? {
    var value: curl_off_t = 0
    try check(toolbox_curl_get_offset(handle, info, &value))
    return value == 0 ? nil : Int(value)
  }

  private func text(_ info: CURLINFO) throws(HTTPError) -> String? {
    var value: UnsafePointer<CChar>?
    try check(toolbox_curl_get_string(handle, info, &value))
    return value.map { String(cString: $0) }
  }

  private func describe(_ code: CURLcode) -> String { String(cString: toolbox_curl_easy_strerror(code)) }

  private func error(_ code: CURLcode) -> HTTPError {
    if collector.isTooLarge { return .tooLarge(address.text, limit: settings.bodyLimit) }
    // What libcurl wrote about this transfer says more than the code's general words.
    let detail = collector.detailText ?? describe(code)
    switch code {
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_PROXY,
      CURLE_INTERFACE_FAILED:
      return .unreachable(address.text, detail: detail)
    case CURLE_OPERATION_TIMEDOUT: return .timedOut(address.text, detail: detail)
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM,
      CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CRL_BADFILE, CURLE_SSL_INVALIDCERTSTATUS,
      CURLE_SSL_ENGINE_INITFAILED, CURLE_USE_SSL_FAILED, CURLE_SSL_PINNEDPUBKEYNOTMATCH:
      return .tlsRefused(address.text, detail: detail)
    case CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING, CURLE_BAD_CONTENT_ENCODING, CURLE_RECV_ERROR, CURLE_HTTP2,
      CURLE_HTTP2_STREAM, CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_CHUNK_FAILED:
      return .cut(address.text, detail: detail)
    case CURLE_URL_MALFORMAT: return .badAddress(address.text, reason: detail)
    case CURLE_ABORTED_BY_CALLBACK: return .stopped(address.text)
    default: return .failed(address.text, detail: "\(detail) (libcurl error \(code.rawValue))")
    }
  }
}

/// What libcurl's callbacks fill. It is used by one thread, inside one transfer.
private final class Collector {
  var body: [UInt8] = []
  var headers = HTTPHeaders()
  var isTooLarge = false
  let limit: Int
  let isStopped: @Sendable () -> Bool
  /// libcurl writes into it for as long as the handle lives, which the transfer keeps shorter than this object.
  let detail = UnsafeMutableBufferPointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

  init(limit: Int, isStopped: @escaping @Sendable () -> Bool) {
    self.limit = limit
    self.isStopped = isStopped
    detail.initialize(repeating: 0)
  }

  deinit { detail.deallocate() }

  /// nil where libcurl wrote nothing.
  var detailText: String? {
    guard let start = detail.baseAddress, start.pointee != 0 else { return nil }
    return String(cString: start)
  }

  static func from(_ context: UnsafeMutableRawPointer?) -> Collector? {
    context.map { Unmanaged<Collector>.fromOpaque($0).takeUnretainedValue() }
  }
}

/// The cap counts decoded bytes, so it stops a small answer that unpacks to a huge one.
private let takeBody: toolbox_curl_data_function = { bytes, _, size, context in
  guard let collector = Collector.from(context) else { return 0 }
  guard collector.body.count + size <= collector.limit else {
    collector.isTooLarge = true
    return 0
  }
  collector.body.append(
    contentsOf: UnsafeRawBufferPointer(start: bytes, count: size))
  return size
}

private let takeHeader: toolbox_curl_data_function = { bytes, _, size, context in
  guard let collector = Collector.from(context) else { return 0 }
  UnsafeRawBufferPointer(start: bytes, count: size).withMemoryRebound(to: UInt8.self) { collector.headers.take($0) }
  return size
}

private let askWhetherStopped: toolbox_curl_progress_function = { context, _, _, _, _ in
  Collector.from(context)?.isStopped() == true ? 1 : 0
}
