import Glibc

/// What is piped into the program.
package enum StandardInput {
  /// Everything up to the end.
  /// - Parameter limit: more than this many bytes are an error (`EFBIG`).
  /// - Throws: ``FileError``
  package static func read(limit: Int) throws(FileError) -> [UInt8] {
    try readAll(0, name: "standard input", limit: limit)
  }

  /// Everything that comes out of a pipe or a character device which somebody named as a file: `/dev/stdin`, or what a shell
  /// writes for `<(command)`.
  /// - Parameters:
  ///   - path: absolute, or relative to the working directory.
  ///   - limit: more than this many bytes are an error (`EFBIG`).
  /// - Returns: nil for everything else, and for what is not there.
  /// - Throws: ``FileError``
  package static func readIfStream(_ path: String, limit: Int) throws(FileError) -> [UInt8]? {
    var status = stat()
    guard stat(path, &status) == 0, [S_IFIFO, S_IFCHR].contains(status.st_mode & S_IFMT) else { return nil }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else { throw FileError(path: path, code: errno, action: "open") }
    defer { close(descriptor) }
    return try readAll(descriptor, name: path, limit: limit)
  }

  private static func readAll(_ descriptor: Int32, name: String, limit: Int) throws(FileError) -> [UInt8] {
    var result: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let size = piece.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
      if size == 0 { return result }
      guard size > 0 else {
        if errno == EINTR { continue }
        throw FileError(path: name, code: errno, action: "read")
      }
      guard result.count + size <= limit else {
        throw FileError(path: name, code: EFBIG, action: "read")
      }
      result += piece[..<size]
    }
  }
}
