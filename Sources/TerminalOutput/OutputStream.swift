import Glibc

/// Where text goes: a descriptor of the process, or a buffer of a test.
///
/// Text is collected and written in large pieces; ``flush()`` hands over what is left. A reader that has gone away ends
/// the program through SIGPIPE, as is usual for a command in a pipe.
package final class OutputStream {
  private let descriptor: Int32?
  private var buffer: [UInt8] = []
  private let limit = 64 * 1024
  /// The error number of the first write that failed (a full disk behind a redirection, for one); nil while all is well.
  package private(set) var failure: Int32?

  /// - Parameter descriptor: nil keeps everything in memory, for ``text``.
  package init(descriptor: Int32?) {
    self.descriptor = descriptor
  }

  package func write(_ text: String) {
    buffer.append(contentsOf: text.utf8)
    if buffer.count >= limit { flush() }
  }

  package func write(bytes: [UInt8]) {
    if bytes.count >= limit, descriptor != nil {
      flush()
      bytes.withUnsafeBytes { hand(over: $0) }
    } else {
      buffer.append(contentsOf: bytes)
      if buffer.count >= limit { flush() }
    }
  }

  package func line(_ text: String = "") {
    write(text)
    write("\n")
  }

  package func lines(_ lines: [String]) {
    for text in lines { line(text) }
  }

  /// What was written and not yet handed over; everything, for a stream without a descriptor.
  package var text: String { String(decoding: buffer, as: UTF8.self) }

  package func flush() {
    guard descriptor != nil, !buffer.isEmpty else { return }
    buffer.withUnsafeBytes { hand(over: $0) }
    buffer.removeAll(keepingCapacity: true)
  }

  private func hand(over bytes: UnsafeRawBufferPointer) {
    guard let descriptor, let start = bytes.baseAddress else { return }
    var offset = 0
    while offset < bytes.count {
      let size = Glibc.write(descriptor, start + offset, bytes.count - offset)
      if size >= 0 {
        offset += size
      } else if errno != EINTR {
        failure = failure ?? errno
        break
      }
    }
  }

  deinit { flush() }
}
