import Glibc
import HostSystem

/// Questions that a person answers with a line of text, on standard error and standard input.
package struct Question {
  private let stream: OutputStream

  /// - Parameter stream: where the question goes; it is flushed after each.
  package init(_ stream: OutputStream) { self.stream = stream }

  /// Whether somebody is there to answer.
  package static var canAsk: Bool { isatty(0) == 1 && isatty(2) == 1 }

  /// Asks once.
  /// - Returns: the line without its end; nil at the end of input.
  package func ask(_ text: String) -> String? {
    stream.write(text)
    stream.flush()
    return Self.line()
  }

  /// Reads byte by byte: what comes behind the line belongs to the program that is run next.
  private static func line() -> String? {
    var bytes: [UInt8] = []
    var byte: UInt8 = 0
    while true {
      let size = read(0, &byte, 1)
      if size < 0, errno == EINTR { continue }
      if size <= 0 { return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self) }
      if byte == 0x0A { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(byte)
    }
  }
}
