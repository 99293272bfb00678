/// What a client asks for.
package struct HTTPRequest: Sendable {
  /// What is asked for.
  package let address: WebAddress
  /// Header lines as bytes, name and value: validators have to go back as they came.
  package let headers: [(name: String, value: [UInt8])]

  package init(address: WebAddress, headers: [(name: String, value: [UInt8])] = []) {
    self.address = address
    self.headers = headers
  }
}

/// The answer of the last server in a chain of redirects.
package struct HTTPResponse: Sendable {
  /// The HTTP status, such as 200 or 304.
  package let status: Int
  /// The fields of the answer itself, in order.
  package let headers: HTTPHeaders
  /// Decoded.
  package let body: [UInt8]
  /// Where the answer came from.
  package let finalAddress: WebAddress
  /// How long the server asks us to wait, in seconds; nil where it says nothing. Can be negative or absurd.
  package let retryAfter: Int?
  /// Where a permanent redirect (301, 308) led, when one was followed.
  package let permanentRedirect: WebAddress?

  package init(
    status: Int, headers: HTTPHeaders, body: [UInt8], finalAddress: WebAddress, retryAfter: Int? = nil,
    permanentRedirect: WebAddress? = nil
  ) {
    self.status = status
    self.headers = headers
    self.body = body
    self.finalAddress = finalAddress
    self.retryAfter = retryAfter
    self.permanentRedirect = permanentRedirect
  }
}

/// What became of one request of several. A `Result` has to prove at every start that its errors are errors, which takes 0.1 ms.
package enum HTTPOutcome: Sendable {
  case answered(HTTPResponse)
  case failed(HTTPError)

  /// The answer, or the error thrown.
  package func get() throws(HTTPError) -> HTTPResponse {
    switch self {
    case .answered(let response): return response
    case .failed(let error): throw error
    }
  }
}

/// The header fields of an answer, values byte for byte.
package struct HTTPHeaders: Sendable, Equatable {
  private(set) var fields: [(name: String, value: [UInt8])] = []

  /// - Parameter fields: names in any case.
  package init(_ fields: [(String, String)] = []) {
    self.fields = fields.map { ($0.lowercased(), Array($1.utf8)) }
  }

  /// Takes one line as it came from the server. A status line begins a new answer and drops what came before it (an
  /// answer of a proxy, `100 Continue`).
  mutating func take(_ line: UnsafeBufferPointer<UInt8>) {
    if line.starts(with: Array("HTTP/".utf8)) {
      fields = []
      return
    }
    // A line that goes on with the one before it begins with a blank; nobody sends those any more.
    guard let colon = line.firstIndex(of: 0x3A), line[0] != 0x20, line[0] != 0x09 else { return }
    let isSpace = { (byte: UInt8) in [0x20, 0x09, 0x0D, 0x0A].contains(byte) }
    var value = line[(colon + 1)...].drop(while: isSpace)
    while let last = value.last, isSpace(last) { value = value.dropLast() }
    let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
    // A longer value would be stored, and sent back to a server that answers 400 to it for ever.
    if value.count <= 8192 { fields.append((name, Array(value))) }
  }

  /// More fields than any server sends.
  static let fieldLimit = 500

  /// How many fields there are.
  var count: Int { fields.count }

  /// The values of all fields with a name in lower case, in order, as text.
  func all(_ name: String) -> [String] {
    fields.filter { $0.name == name }.map { String(decoding: $0.value, as: UTF8.self) }
  }

  /// The value of the last field with a name in lower case; nil when there is none or it is empty.
  package subscript(name: String) -> [UInt8]? {
    guard let value = fields.last(where: { $0.name == name })?.value, !value.isEmpty else { return nil }
    return value
  }

  /// The same as text; bytes that are not UTF-8 become U+FFFD.
  package func text(_ name: String) -> String? { self[name].map { String(decoding: $0, as: UTF8.self) } }

  /// The seconds of `max-age` in Cache-Control; nil where it is missing or no number.
  package var maxAge: Int? {
    let directives = (text("cache-control") ?? "").lowercased().split(separator: ",")
    for directive in directives {
      let parts = directive.split(separator: "=")
      guard parts.count == 2, parts[0].filter({ $0 != " " }) == "max-age" else { continue }
      return Int(parts[1].filter { $0 != " " && $0 != "\"" })
    }
    return nil
  }

  /// The charset of Content-Type, in lower case; nil where it names none.
  package var charset: String? {
    for parameter in (text("content-type") ?? "").lowercased().split(separator: ";").dropFirst() {
      let parts = parameter.split(separator: "=", maxSplits: 1).map { $0.filter { !" \t\"'".contains($0) } }
      if parts.count == 2, parts[0] == "charset", !parts[1].isEmpty { return parts[1] }
    }
    return nil
  }

  package static func == (left: Self, right: Self) -> Bool {
    left.fields.count == right.fields.count
      && zip(left.fields, right.fields).allSatisfy { $0.name == $1.name && $0.value == $1.value }
  }
}

/// How a client behaves; all of it comes from outside, so that nothing here reads the environment.
package struct HTTPClientSettings: Sendable {
  /// The value of the User-Agent field.
  package var userAgent: String
  /// A file with the certificates to trust in place of the system's.
  package var certificateFile: String?
  /// The most bytes of a body, as it comes and decoded.
  package var bodyLimit = 4 << 20
  /// The most bytes of all header lines of an answer.
  package var headerLimit = 64 << 10
  /// For the connection alone, in seconds.
  package var connectTimeout = 15
  /// For all redirects together, in seconds.
  package var totalTimeout = 60
  /// Fewer bytes a second than this …
  package var lowSpeedLimit = 64
  /// … for so many seconds end the transfer.
  package var lowSpeedTime = 20
  /// How many redirects are followed.
  package var redirectLimit = 5
  /// A netrc(5) file with names and passwords for servers; nil, as long as nobody asks for one. It has to be private.
  package var netrc: String?
  /// Asked several times a second; true ends all transfers.
  package var isStopped: @Sendable () -> Bool = { false }
  /// The library to open; only tests name another one.
  var nameOfLibrary = CurlLibrary.usualName

  /// - Parameter userAgent: name, version and address of the program.
  package init(userAgent: String) { self.userAgent = userAgent }

  /// - Parameter environment: `CURL_CA_BUNDLE`, else `SSL_CERT_FILE`, names the certificates; `TOOLBOX_NETRC` names a
  ///   netrc(5) file and so allows its use; the proxy variables are read by libcurl itself. Empty ones count as unset.
  package init(userAgent: String, environment: [String: String]) {
    self.userAgent = userAgent
    func value(_ names: String...) -> String? { names.compactMap { environment[$0] }.first { !$0.isEmpty } }
    certificateFile = value("CURL_CA_BUNDLE", "SSL_CERT_FILE")
    netrc = value("TOOLBOX_NETRC")
  }
}
