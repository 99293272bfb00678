import Glibc

/// What is piped into the program.
package enum StandardInput {
  /// Everything up to the end.
  /// - Parameter limit: more than this many bytes are an error (`EFBIG`).
  /// - Throws: ``FileError``
  package static func read(limit: Int) throws(FileError) -> [UInt8] {
    var result: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let size = piece.withUnsafeMutableBytes { Glibc.read(0, $0.baseAddress, $0.count) }
      if size == 0 { return result }
      guard size > 0 else {
        if errno == EINTR { continue }
        throw FileError(path: "standard input", code: errno, action: "read")
      }
      guard result.count + size <= limit else {
        throw FileError(path: "standard input", code: EFBIG, action: "read")
      }
      result += piece[..<size]
    }
  }
}
