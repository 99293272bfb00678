import Foundation
import Glibc

/// A real nginx on 127.0.0.1 with a configuration, a prefix and ports of its own. It ends with the value, and with the test
/// process however that ends.
package final class Nginx: @unchecked Sendable {
  /// One line of the access log.
  package struct Access: Sendable, Equatable {
    package let method: String
    package let path: String
    package let status: Int
    /// As sent, that is encoded, without the head.
    package let bodyBytes: Int
    /// nginx counts its connections: requests with one number came over one.
    package let connection: Int
    /// Such as `HTTP/2.0`.
    package let version: String
    /// The value of Content-Encoding in the answer; `-` for none.
    package let encoding: String
  }

  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  /// Why it cannot be run here; nil when it can.
  package static let obstacle: String? = path == nil ? "nginx is not installed" : nil

  private static let path: String? = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"].first {
    access($0, X_OK) == 0
  }

  private let directory: TemporaryDirectory
  private let server: Companion
  /// For http.
  package let port: UInt16
  /// For https, when there is a certificate.
  package let securePort: UInt16

  /// Starts it and waits until it answers.
  /// - Parameters:
  ///   - server: directives for its one server; files of ``write(_:text:)`` are served without any.
  ///   - certificate: PEM files; with them it speaks https too, with HTTP/2.
  package convenience init(_ server: String = "", certificate: (certificate: String, key: String)? = nil) throws {
    // A port that was free a moment ago can be someone else's: then the next one.
    for _ in 0..<5 {
      do {
        try self.init(server, certificate: certificate, ports: (Self.freePort(), Self.freePort()))
        return
      } catch let failure as Failure where failure.description.contains("Address already in use") {
        continue
      }
    }
    throw Failure(description: "nginx found no free port")
  }

  private init(
    _ server: String, certificate: (certificate: String, key: String)?, ports: (plain: UInt16, secure: UInt16)
  ) throws {
    guard let program = Self.path else { throw Failure(description: Self.obstacle ?? "") }
    directory = try TemporaryDirectory()
    (port, securePort) = ports
    let secure = certificate.map {
      "listen 127.0.0.1:\(ports.secure) ssl http2; ssl_certificate \($0.certificate); ssl_certificate_key \($0.key);"
    }
    let configuration = """
      daemon off;
      \(geteuid() == 0 ? "user root;" : "")
      worker_processes 1;
      pid \(directory("pid"));
      error_log \(directory("error.log"));
      events { worker_connections 64; }
      http {
        log_format facts '$request_method $uri $status $body_bytes_sent $connection $server_protocol '
          '$sent_http_content_encoding';
        access_log \(directory("access.log")) facts;
        client_body_temp_path \(directory("body"));
        proxy_temp_path \(directory("proxy"));
        fastcgi_temp_path \(directory("fastcgi"));
        uwsgi_temp_path \(directory("uwsgi"));
        scgi_temp_path \(directory("scgi"));
        types { application/json json; application/xml xml; text/html html; }
        server {
          listen 127.0.0.1:\(ports.plain);
          \(secure ?? "")
          root \(directory("files"));
          \(server)
        }
      }

      """
    try directory.write("nginx.conf", text: configuration)
    try directory.write("access.log", text: "")
    try directory.write("error.log", text: "")
    try directory.write("files/empty", text: "")
    self.server = try Companion(
      program, ["-p", directory.path, "-c", directory("nginx.conf"), "-e", directory("error.log")], endingWith: "TERM")
    for _ in 0..<250 {
      if Self.isOpen(port), certificate == nil || Self.isOpen(securePort), try read("pid") != "" { return }
      if try read("error.log").contains("[emerg]") { break }
      poll(nil, 0, 20)
    }
    let reason = try read("error.log")
    throw Failure(description: "nginx did not start: \(reason)")
  }

  /// `http://127.0.0.1:PORT/PATH`
  package func address(_ path: String = "releases.json") -> String { "http://127.0.0.1:\(port)/\(path)" }

  /// `https://127.0.0.1:PORT/PATH`
  package func secureAddress(_ path: String = "releases.json") -> String { "https://127.0.0.1:\(securePort)/\(path)" }

  /// Puts a file below its root.
  package func write(_ name: String, text: String) throws { try directory.write("files/" + name, text: text) }

  /// The access log, once it holds so many lines: nginx writes a line when the answer has gone out, so a client can be a
  /// moment ahead of it.
  package func log(count: Int) throws -> [Access] {
    var lines: [Substring] = []
    for _ in 0..<100 {
      lines = try read("access.log").split(separator: "\n")
      if lines.count >= count { break }
      poll(nil, 0, 20)
    }
    return try lines.map { line in
      let words = line.split(separator: " ").map(String.init)
      guard words.count == 7, let status = Int(words[2]), let bytes = Int(words[3]), let connection = Int(words[4])
      else {
        throw Failure(description: "a line of nginx's log is strange: \(line)")
      }
      return Access(
        method: words[0], path: words[1], status: status, bodyBytes: bytes, connection: connection, version: words[5],
        encoding: words[6])
    }
  }

  private func read(_ name: String) throws -> String {
    guard let data = FileManager.default.contents(atPath: directory(name)) else { return "" }
    return String(decoding: data, as: UTF8.self)
  }

  private static func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
    address.sin_port = port.bigEndian
    return address
  }

  private static func withSocket<R>(_ body: (Int32) throws -> R) throws -> R {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw Failure(description: "no socket: \(errno)") }
    defer { close(descriptor) }
    return try body(descriptor)
  }

  private static func freePort() throws -> UInt16 {
    try withSocket { descriptor in
      var address = loopback(0)
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      let isBound = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
        }
      }
      guard isBound else { throw Failure(description: "no port: \(errno)") }
      return UInt16(bigEndian: address.sin_port)
    }
  }

  private static func isOpen(_ port: UInt16) -> Bool {
    let isConnected = try? withSocket { descriptor in
      var address = loopback(port)
      return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
      }
    }
    return isConnected == true
  }
}
