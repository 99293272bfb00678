import CCurl

/// libcurl's pool of connections, and the transfers that run over it. Used by one thread at a time.
final class ConnectionPool {
  private let handle: UnsafeMutableRawPointer

  /// At most so many connections to one host: more is impolite.
  private static let connectionsPerHost = 2
  /// And so many in all, open or in use.
  private static let connections = 8

  /// Opens the library on first use.
  /// - Throws: ``HTTPError/missingLibrary(name:detail:)``; ``HTTPError/unusableLibrary(_:)``
  init(_ settings: HTTPClientSettings) throws(HTTPError) {
    _ = try CurlLibrary(named: settings.nameOfLibrary)
    guard let handle = toolbox_curl_multi_init() else { throw .unusableLibrary("it could not make a pool") }
    // From here on the object is whole, and deinit closes the pool.
    self.handle = handle
    try set(CURLMOPT_MAX_HOST_CONNECTIONS, Self.connectionsPerHost)
    try set(CURLMOPT_MAX_TOTAL_CONNECTIONS, Self.connections)
    try set(CURLMOPT_MAXCONNECTS, Self.connections)
  }

  deinit { toolbox_curl_multi_cleanup(handle) }

  /// Starts a transfer. The caller keeps it until it is removed.
  func add(_ transfer: Transfer) throws(HTTPError) { try check(toolbox_curl_multi_add(handle, transfer.handle)) }

  /// Takes a transfer out, ended or not; its connection stays where it can be used again.
  func remove(_ transfer: Transfer) {
    // It can fail only for a handle that is not in the pool, and then nothing is left to do.
    _ = toolbox_curl_multi_remove(handle, transfer.handle)
  }

  /// Does what can be done without waiting.
  func perform() throws(HTTPError) { try check(toolbox_curl_multi_perform(handle)) }

  /// Waits until there is something to do, at most so long.
  func wait(milliseconds: Int) throws(HTTPError) {
    try check(toolbox_curl_multi_wait(handle, Int32(clamping: milliseconds)))
  }

  /// A transfer that has ended, and how; each is told once.
  func nextFinished() -> (handle: Transfer.Handle, code: CURLcode)? {
    var code = CURLE_OK
    return toolbox_curl_multi_next_finished(handle, &code).map { ($0, code) }
  }

  private func set(_ option: CURLMoption, _ value: Int) throws(HTTPError) {
    try check(toolbox_curl_multi_set_long(handle, option, value))
  }

  private func check(_ code: CURLMcode) throws(HTTPError) {
    if code != CURLM_OK { throw .unusableLibrary(String(cString: toolbox_curl_multi_strerror(code))) }
  }
}
