import Curl
import Testing

@testable import KernelReleases

/// A server in place of the network: it answers as the test says and keeps what it was asked.
final class FakeServer {
  struct Asked: Equatable {
    let address: String
    let headers: [String: String]
  }

  private var answers: [HTTPOutcome]
  private(set) var asked: [Asked] = []

  static let address = "https://feeds.example.org/releases.json"
  static var source: FeedSource {
    get throws { FeedSource(name: address, address: try WebAddress(address), minimumInterval: 0) }
  }

  init(_ answers: [HTTPOutcome]) { self.answers = answers }

  convenience init(body: [UInt8]) throws { self.init([.answered(try Self.answer(200, body))]) }

  static func answer(
    _ status: Int, _ body: [UInt8] = [], headers: [(String, String)] = [], retryAfter: Int? = nil
  ) throws -> HTTPResponse {
    HTTPResponse(
      status: status, headers: HTTPHeaders(headers), body: body, finalAddress: try WebAddress(address),
      retryAfter: retryAfter, permanentRedirect: nil)
  }

  func get(_ requests: [HTTPRequest]) -> [HTTPOutcome] { requests.map { answer($0) } }

  private func answer(_ request: HTTPRequest) -> HTTPOutcome {
    asked.append(
      Asked(
        address: request.address.text,
        headers: Dictionary(
          request.headers.map { ($0.name, String(decoding: $0.value, as: UTF8.self)) }, uniquingKeysWith: { $1 })))
    guard !answers.isEmpty else {
      Issue.record("a request that was not expected")
      return .failed(.failed(request.address.text, detail: "not expected"))
    }
    return answers.removeFirst()
  }
}
