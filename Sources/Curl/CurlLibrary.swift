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
