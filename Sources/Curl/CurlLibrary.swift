import CCurl
import HostSystem

/// libcurl, opened on first use.
struct CurlLibrary {
  /// The name that every Debian and Ubuntu release gives it.
  static let usualName = "libcurl.so.4"

  /// Opens the library, or does nothing when it is open.
  /// - Throws: ``HTTPError/libraryMissing(name:detail:)``
  init(named name: String = usualName) throws(HTTPError) {
    if let problem = toolbox_curl_open(name) {
      throw .libraryMissing(name: name, detail: String(cString: problem))
    }
  }

  func describe(_ code: CURLcode) -> String { String(cString: toolbox_curl_easy_strerror(code)) }
}
