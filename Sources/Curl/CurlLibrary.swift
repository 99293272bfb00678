import CCurl
import Glibc
import HostSystem

/// libcurl, opened on first use.
struct CurlLibrary {
  /// The name that every Debian and Ubuntu release gives it.
  static let usualName = "libcurl.so.4"

  /// Opens the library, or does nothing when it is open.
  /// - Parameter evenWhenOpen: looks for the library although one is open; for tests of a missing one.
  /// - Throws: ``HTTPError/missingLibrary(name:detail:)``
  init(named name: String = usualName, evenWhenOpen: Bool = false) throws(HTTPError) {
    if let problem = toolbox_curl_open(name, evenWhenOpen ? 1 : 0) {
      throw .missingLibrary(name: name, detail: String(cString: problem))
    }
  }
}

extension HTTPClient {
  /// Opens libcurl on a thread of its own while this one does something else, a database's opening for one: that takes about
  /// as long, 6 ms. Whether it could be opened, the first request tells.
  package static func openingMeanwhile<Result>(_ work: () throws -> Result) rethrows -> Result {
    var thread = pthread_t()
    let isStarted =
      pthread_create(
        &thread, nil,
        { _ in
          _ = toolbox_curl_open(CurlLibrary.usualName, 0)
          return nil
        }, nil) == 0
    // The program never ends while the other thread is in the loader.
    defer { if isStarted { pthread_join(thread, nil) } }
    return try work()
  }
}
