import CCurl
import Compression

/// One request to one address: owns the libcurl handle and what comes in. Used by one thread at a time, and kept alive by its
/// owner for as long as libcurl knows the handle.
final class Transfer {
  /// What CURL * is in Swift.
  typealias Handle = UnsafeMutableRawPointer

  /// What came back.
  struct Answer {
    let status: Int
    let headers: HTTPHeaders
    let body: [UInt8]
    let retryAfter: Int?
    let redirectTarget: String?
  }

  let handle: Handle
  private let address: WebAddress
  private let settings: HTTPClientSettings
  private let netrc: NetrcFile?
  private var list: UnsafeMutablePointer<curl_slist>?
  /// libcurl writes into it for as long as the handle lives.
  private let detail = UnsafeMutableBufferPointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

  private var body: [UInt8] = []
  private var headers = HTTPHeaders()
  private var headerBytes = 0
  /// Whether the empty line behind the header has come: libcurl takes a head that is cut for a whole one.
  private var headIsComplete = false
  /// Made by the first byte of a body that is encoded.
  private var decoder: GzipDecoder?
  /// Why this side has ended the transfer; nil when it has not.
  private var verdict: HTTPError?

  /// - Parameter limit: for the whole transfer.
  init(
    address: WebAddress, headers: [(name: String, value: [UInt8])], settings: HTTPClientSettings, limit: Duration,
    netrc: NetrcFile?
  ) throws(HTTPError) {
    guard let handle = toolbox_curl_easy_init() else { throw .unusableLibrary("it could not make a handle") }
    self.handle = handle
    self.address = address
    self.settings = settings
    self.netrc = netrc
    detail.initialize(repeating: 0)
    // From here on the object is whole, and deinit frees what there is.
    for (name, value) in headers { try append(name, value) }
    try configure(limit)
  }

  deinit {
    toolbox_curl_easy_cleanup(handle)
    toolbox_curl_list_free(list)
    detail.deallocate()
  }

  /// - Parameter code: how libcurl says that the transfer ended.
  func answer(_ code: CURLcode) throws(HTTPError) -> Answer {
    if let verdict { throw verdict }
    guard code == CURLE_OK else { throw try error(code) }
    guard headIsComplete else { throw cut("the connection ended in the middle of the head") }
    guard decoder?.isComplete != false else { throw cut("the gzip data is cut") }
    // libcurl goes on without a length that it cannot read, and nobody knows then whether the body is whole.
    if let length = headers.text("content-length"), Int(length) == nil {
      throw cut("its Content-Length is no number: \(length.excerpt)")
    }
    return Answer(
      status: try number(CURLINFO_RESPONSE_CODE), headers: headers, body: body, retryAfter: try retryAfter(),
      redirectTarget: try text(CURLINFO_REDIRECT_URL))
  }

  // MARK: What libcurl is told

  private func append(_ name: String, _ value: [UInt8]) throws(HTTPError) {
    let line = Array(name.utf8) + [0x3A, 0x20] + value + [0]
    let longer = line.withUnsafeBufferPointer { bytes in
      bytes.withMemoryRebound(to: CChar.self) { toolbox_curl_list_append(list, $0.baseAddress) }
    }
    guard let longer else { throw .unusableLibrary("it has no memory for the request") }
    list = longer
  }

  private func configure(_ limit: Duration) throws(HTTPError) {
    try check(toolbox_curl_behave_in_a_program(handle))
    try check(toolbox_curl_restrict_to_http(handle))
    try check(toolbox_curl_prefer_http2(handle))
    try set(CURLOPT_URL, address.textWithCredentials)
    try set(CURLOPT_USERAGENT, settings.userAgent)
    try set(CURLOPT_ACCEPT_ENCODING, ContentCoding.wanted)
    try set(CURLOPT_HTTP_CONTENT_DECODING, 0)
    try set(CURLOPT_FOLLOWLOCATION, 0)
    try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    try set(CURLOPT_SSL_VERIFYPEER, 1)
    try set(CURLOPT_SSL_VERIFYHOST, 2)
    if let file = settings.certificateFile {
      try set(CURLOPT_CAINFO, file)
      // The system's directory of certificates would be trusted beside the file.
      try check(toolbox_curl_set_string(handle, CURLOPT_CAPATH, nil))
    }
    if let netrc {
      try set(CURLOPT_NETRC, Int(CURL_NETRC_OPTIONAL.rawValue))
      try set(CURLOPT_NETRC_FILE, netrc.path)
    }
    let milliseconds = limit.components.seconds * 1000 + limit.components.attoseconds / 1_000_000_000_000_000
    try set(CURLOPT_TIMEOUT_MS, max(1, Int(milliseconds)))
    try set(CURLOPT_CONNECTTIMEOUT, settings.connectTimeout)
    try set(CURLOPT_LOW_SPEED_LIMIT, settings.lowSpeedLimit)
    try set(CURLOPT_LOW_SPEED_TIME, settings.lowSpeedTime)
    try set(CURLOPT_NOPROGRESS, 0)
    if let list { try check(toolbox_curl_set_list(handle, CURLOPT_HTTPHEADER, list)) }
    let context = Unmanaged.passUnretained(self).toOpaque()
    try check(toolbox_curl_set_data_function(handle, CURLOPT_WRITEFUNCTION, takeBody))
    try check(toolbox_curl_set_pointer(handle, CURLOPT_WRITEDATA, context))
    try check(toolbox_curl_set_data_function(handle, CURLOPT_HEADERFUNCTION, takeHeader))
    try check(toolbox_curl_set_pointer(handle, CURLOPT_HEADERDATA, context))
    try check(toolbox_curl_set_progress_function(handle, askWhetherToGoOn))
    try check(toolbox_curl_set_pointer(handle, CURLOPT_XFERINFODATA, context))
    try check(toolbox_curl_set_pointer(handle, CURLOPT_ERRORBUFFER, detail.baseAddress))
  }

  private func set(_ option: CURLoption, _ value: String) throws(HTTPError) {
    try check(toolbox_curl_set_string(handle, option, value))
  }

  private func set(_ option: CURLoption, _ value: Int) throws(HTTPError) {
    try check(toolbox_curl_set_long(handle, option, value))
  }

  private func check(_ code: CURLcode) throws(HTTPError) {
    if code != CURLE_OK { throw .unusableLibrary("it refused an option: \(describe(code))") }
  }

  // MARK: What comes in

  static func from(_ context: UnsafeMutableRawPointer?) -> Transfer? {
    context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
  }

  /// Takes bytes of the body as they came and decodes them at once, so that the cap stops a small answer that unpacks to a
  /// huge one.
  /// - Returns: whether the transfer goes on.
  func take(body bytes: UnsafeRawBufferPointer) -> Bool {
    guard ContentCoding.isGzip(headers) else { return take(decoded: bytes) }
    do throws(CompressionError) {
      let decoder = if let decoder { decoder } else { try GzipDecoder() }
      self.decoder = decoder
      return try decoder.take(bytes) { take(decoded: $0) }
    } catch {
      guard case .damaged(_, let what) = error else { return end(cut("the gzip data is cut")) }
      return end(cut("the gzip data is damaged: \(what)"))
    }
  }

  private func take(decoded bytes: UnsafeRawBufferPointer) -> Bool {
    guard body.count + bytes.count <= settings.bodyLimit else { return end(tooLarge) }
    body.append(contentsOf: bytes)
    return true
  }

  /// Takes one line of the head, or of the trailers behind a body in pieces, which count but say nothing to us.
  /// - Returns: whether the transfer goes on.
  func take(header line: UnsafeBufferPointer<UInt8>) -> Bool {
    headerBytes += line.count
    guard headerBytes <= settings.headerLimit else { return end(headersTooLarge) }
    if body.isEmpty, decoder == nil {
      headers.take(line)
      headIsComplete = line.elementsEqual([0x0D, 0x0A]) || line.elementsEqual([0x0A])
    }
    guard headers.count <= HTTPHeaders.fieldLimit else { return end(headersTooLarge) }
    if let coding = ContentCoding.unwanted(in: headers) {
      return end(cut("it is encoded as \(coding.excerpt), which nobody asked for"))
    }
    return true
  }

  /// - Parameter received: bytes of the body as they came: an encoding can also hide endless bytes that decode to none.
  /// - Returns: whether the transfer goes on.
  func goesOn(received: Int) -> Bool { received <= settings.bodyLimit ? true : end(tooLarge) }

  private func end(_ error: HTTPError) -> Bool {
    verdict = verdict ?? error
    return false
  }

  private func cut(_ detail: String) -> HTTPError { .cut(address.text, detail: detail) }
  private var tooLarge: HTTPError { .tooLarge(address.text, limit: settings.bodyLimit) }
  private var headersTooLarge: HTTPError { .headersTooLarge(address.text, limit: settings.headerLimit) }

  // MARK: What libcurl tells

  private func number(_ info: CURLINFO) throws(HTTPError) -> Int {
    var value = 0
    try check(toolbox_curl_get_long(handle, info, &value))
    return value
  }

  private func text(_ info: CURLINFO) throws(HTTPError) -> String? {
    var value: UnsafePointer<CChar>?
    try check(toolbox_curl_get_string(handle, info, &value))
    return value.map { String(cString: $0) }
  }

  /// libcurl turns both forms, seconds and a date, into seconds from now; 0 is also its word for a field that is missing or
  /// that it cannot read.
  private func retryAfter() throws(HTTPError) -> Int? {
    guard let field = headers.text("retry-after") else { return nil }
    if field.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { return Int(field) ?? Int(Int32.max) }
    var value: curl_off_t = 0
    try check(toolbox_curl_get_offset(handle, CURLINFO_RETRY_AFTER, &value))
    return value == 0 ? nil : Int(value)
  }

  private func describe(_ code: CURLcode) -> String { String(cString: toolbox_curl_easy_strerror(code)) }

  private func error(_ code: CURLcode) throws(HTTPError) -> HTTPError {
    // What libcurl wrote about this transfer says more than the code's general words. It can hold the text of a proxy
    // variable.
    let words = detail.first == 0 ? describe(code) : detail.baseAddress.map { String(cString: $0) } ?? describe(code)
    let detail = WebAddress.withoutCredentials(words)
    switch code {
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_PROXY,
      CURLE_INTERFACE_FAILED, CURLE_SEND_ERROR:
      return .unreachable(address.text, detail: detail)
    case CURLE_OPERATION_TIMEDOUT: return .timedOut(address.text, detail: detail)
    case CURLE_PEER_FAILED_VERIFICATION:
      return .tlsRefused(address.text, TLSProblem(verifyResult: try number(CURLINFO_SSL_VERIFYRESULT)), detail: detail)
    case CURLE_SSL_CACERT_BADFILE: return .tlsRefused(address.text, .certificateFile, detail: detail)
    case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR,
      CURLE_SSL_CRL_BADFILE, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_ENGINE_INITFAILED, CURLE_USE_SSL_FAILED,
      CURLE_SSL_PINNEDPUBKEYNOTMATCH:
      return .tlsRefused(address.text, .other, detail: detail)
    // With one long line libcurl's own limit comes before ours; it has a code of its own for it since 8.6.
    case CURLE_OUT_OF_MEMORY where body.isEmpty, CURLcode(100) where body.isEmpty: return headersTooLarge
    case CURLE_RECV_ERROR where try isRefusedByProxy(): return .unreachable(address.text, detail: detail)
    case CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING, CURLE_BAD_CONTENT_ENCODING, CURLE_RECV_ERROR, CURLE_HTTP2,
      CURLE_HTTP2_STREAM, CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_CHUNK_FAILED:
      return .cut(address.text, detail: detail)
    case CURLE_URL_MALFORMAT: return .badAddress(address.text, reason: detail)
    default: return .failed(address.text, detail: "\(detail) (libcurl error \(code.rawValue))")
    }
  }

  /// Whether a proxy was asked for a tunnel and said no.
  private func isRefusedByProxy() throws(HTTPError) -> Bool { try number(CURLINFO_HTTP_CONNECTCODE) >= 300 }
}

/// The encodings of a body that are taken.
enum ContentCoding {
  /// One that needs little memory, whatever comes: others keep windows of many megabytes.
  static let wanted = "gzip"

  static func isGzip(_ headers: HTTPHeaders) -> Bool {
    ["gzip", "x-gzip"].contains(headers.text("content-encoding")?.lowercased())
  }

  /// The value of Content-Encoding, where it is not what was asked for: another encoding, or encodings around each other.
  static func unwanted(in headers: HTTPHeaders) -> String? {
    let all = headers.all("content-encoding")
    if all.isEmpty { return nil }
    let codings = all.joined(separator: ", ").lowercased()
    return ["", "identity", "gzip", "x-gzip"].contains(codings) ? nil : codings
  }
}

private let takeBody: toolbox_curl_data_function = { bytes, _, size, context in
  Transfer.from(context)?.take(body: UnsafeRawBufferPointer(start: bytes, count: size)) == true ? size : 0
}

private let takeHeader: toolbox_curl_data_function = { bytes, _, size, context in
  let goesOn = UnsafeRawBufferPointer(start: bytes, count: size).withMemoryRebound(to: UInt8.self) {
    Transfer.from(context)?.take(header: $0)
  }
  return goesOn == true ? size : 0
}

private let askWhetherToGoOn: toolbox_curl_progress_function = { context, _, received, _, _ in
  Transfer.from(context)?.goesOn(received: Int(received)) == true ? 0 : 1
}
