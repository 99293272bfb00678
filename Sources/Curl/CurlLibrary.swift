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

/// libcurl being opened on a thread of its own while the program does something else: that takes 6 ms, longer than anything
/// else that comes before a request. Whether it could be opened, the first request tells.
package struct CurlOpening: ~Copyable {
  private let thread: pthread_t?

  /// Begins; where no thread can be made, the first request opens the library.
  package init() {
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { _ in
        _ = toolbox_curl_open(CurlLibrary.usualName, 0)
        return nil
      }, nil)
    self.thread = code == 0 ? thread : nil
  }

  /// Waits until it is done. A process must not end by exit(3) while a thread is in the loader.
  package consuming func finish() {
    if let thread { pthread_join(thread, nil) }
  }
}
