import Foundation
import Glibc

/// A server on 127.0.0.1 that answers request after request as a test wrote it down, also in ways no real server would.
///
/// One thread serves one connection after another and closes each. It ends with the value.
package final class ScriptedServer: @unchecked Sendable {
  /// What happens to one request.
  package struct Answer: Sendable {
    /// Sent as they are, head and body.
    package var bytes: [UInt8]
    /// Only so many bytes are sent, then the connection is closed.
    package var cutAfter: Int?
    /// Wait before anything is sent, in milliseconds.
    package var delay = 0
    /// Send so many bytes at a time, with a pause of so many milliseconds.
    package var drip: (bytes: Int, pause: Int)?
    /// A request that has this tag already (`If-None-Match`) is answered with 304 and no body.
    package var tag: String?
    /// Sent behind the bytes, again and again, as long as the client takes it.
    package var refrain: (bytes: [UInt8], times: Int)?

    package init(bytes: [UInt8]) { self.bytes = bytes }

    /// A whole answer with a right Content-Length.
    package static func status(
      _ status: Int, _ body: some Sequence<UInt8> = [], headers: [String: String] = [:]
    ) -> Answer {
      let content = Array(body)
      var head = "HTTP/1.1 \(status) Scripted\r\nConnection: close\r\n"
      if status != 304 { head += "Content-Length: \(content.count)\r\n" }
      for (name, value) in headers.sorted(by: { $0.key < $1.key }) { head += "\(name): \(value)\r\n" }
      return Answer(bytes: Array((head + "\r\n").utf8) + content)
    }

    package static func status(_ status: Int, text: String, headers: [String: String] = [:]) -> Answer {
      .status(status, text.utf8, headers: headers)
    }

    /// The same answer, with the connection closed after so many bytes from the end are missing.
    package func cut(_ missing: Int) -> Answer {
      var answer = self
      answer.cutAfter = max(0, bytes.count - missing)
      return answer
    }

    /// The same answer with an ETag, for clients that do not have it yet.
    package func tagged(_ tag: String) -> Answer {
      let head = Array("\r\nETag: \(tag)".utf8)
      var answer = self
      answer.bytes.insert(contentsOf: head, at: bytes.firstIndex(of: 0x0D) ?? 0)
      answer.tag = tag
      return answer
    }

    /// Any first lines and any body, whether they fit or not.
    package static func raw(_ head: [String], _ body: [UInt8] = []) -> Answer {
      Answer(bytes: Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body)
    }

    /// A body in pieces: one, and another that follows it so many times.
    package static func chunked(
      headers: [String] = [], first: [UInt8] = [], repeated: [UInt8] = [], times: Int = 0
    ) -> Answer {
      var answer = raw(
        ["HTTP/1.1 200 OK", "Connection: close", "Transfer-Encoding: chunked"] + headers,
        first.isEmpty ? [] : chunk(first))
      answer.refrain = (chunk(repeated), times)
      return answer
    }

    /// One piece as HTTP/1.1 frames it.
    package static func chunk(_ bytes: [UInt8]) -> [UInt8] {
      Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + [0x0D, 0x0A]
    }

    /// The same answer with more behind it, so many times.
    package func followed(by bytes: [UInt8], times: Int) -> Answer {
      var answer = self
      answer.refrain = (bytes, times)
      return answer
    }

    /// The same answer, so many bytes at a time, with a pause of so many milliseconds after each.
    package func dripping(_ bytes: Int, pause: Int) -> Answer {
      var answer = self
      answer.drip = (bytes, pause)
      return answer
    }

    package func delayed(_ milliseconds: Int) -> Answer {
      var answer = self
      answer.delay = milliseconds
      return answer
    }
  }

  /// A request as it came.
  package struct Request: Sendable {
    package let line: String
    /// Names in lower case.
    package let headers: [String: String]
  }

  private let lock = NSLock()
  private var script: [Answer]
  private var received: [Request] = []
  private let repeatsLast: Bool
  private let listener: Int32
  package let port: UInt16

  /// - Parameter repeatsLast: the last answer is given again and again; otherwise a request too many is answered with 599.
  package init(_ script: [Answer] = [], repeatsLast: Bool = false) throws {
    self.script = script
    self.repeatsLast = repeatsLast
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard listener >= 0 else { throw Self.failure() }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = listener
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, size) == 0 && listen(descriptor, 64) == 0 && getsockname(descriptor, $0, &size) == 0
      }
    }
    guard isBound else {
      close(listener)
      throw Self.failure()
    }
    port = UInt16(bigEndian: address.sin_port)
    let thread = Thread { [weak self] in
      while true {
        let connection = accept(descriptor, nil, nil)
        if connection < 0 {
          if errno == EINTR || errno == ECONNABORTED { continue }
          // Closed here and nowhere else: a number that were free earlier could be another server's before this thread ends.
          close(descriptor)
          return
        }
        self?.serve(connection)
        close(connection)
      }
    }
    thread.start()
  }

  deinit {
    // Wakes the thread out of accept, which then fails for good.
    shutdown(listener, Int32(SHUT_RDWR))
  }

  private static func failure() -> POSIXError { POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }

  /// `http://127.0.0.1:PORT/PATH`
  package func address(_ path: String = "releases.json") -> String { "http://127.0.0.1:\(port)/\(path)" }

  /// Adds answers behind those that are left.
  package func then(_ answers: Answer...) { lock.withLock { script += answers } }

  /// What was asked so far.
  package var requests: [Request] { lock.withLock { received } }

  private func serve(_ connection: Int32) {
    var timeout = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    guard let request = readRequest(connection) else { return }
    let answer: Answer = lock.withLock {
      received.append(request)
      guard let first = script.first else { return .status(599, text: "no answer was scripted") }
      if !(repeatsLast && script.count == 1) { script.removeFirst() }
      if let tag = first.tag, request.headers["if-none-match"] == tag { return .status(304, headers: ["ETag": tag]) }
      return first
    }
    if answer.delay > 0 { pause(answer.delay) }
    let bytes = answer.cutAfter.map { Array(answer.bytes.prefix($0)) } ?? answer.bytes
    guard send(bytes, to: connection, drip: answer.drip), let refrain = answer.refrain else { return }
    for _ in 0..<refrain.times {
      guard send(refrain.bytes, to: connection, drip: answer.drip) else { return }
    }
  }

  /// - Returns: false when the client takes no more.
  private func send(_ bytes: [UInt8], to connection: Int32, drip: (bytes: Int, pause: Int)?) -> Bool {
    var offset = 0
    while offset < bytes.count {
      let end = min(bytes.count, offset + (drip?.bytes ?? bytes.count))
      let size = bytes[offset..<end].withUnsafeBytes {
        Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if size <= 0 { return false }
      offset += size
      if let drip { pause(drip.pause) }
    }
    return true
  }

  /// A delay that the script asks for; no test waits for it by the clock.
  private func pause(_ milliseconds: Int) {
    poll(nil, 0, Int32(milliseconds))
  }

  private func readRequest(_ connection: Int32) -> Request? {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while bytes.count < 65_536 {
      let size = recv(connection, &piece, piece.count, 0)
      if size <= 0 { return nil }
      bytes += piece[..<size]
      if bytes.suffix(4).elementsEqual([0x0D, 0x0A, 0x0D, 0x0A]) { break }
    }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n").map(String.init)
    guard let first = lines.first else { return nil }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
    }
    return Request(line: first, headers: headers)
  }
}
