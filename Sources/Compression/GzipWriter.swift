import CZlib

/// Writes gzip: one member, without a name or a time, so that the same bytes give the same file.
package enum GzipWriter {
  /// - Throws: ``CompressionError`` where zlib refuses, which it does only without memory.
  package static func compressed(_ bytes: [UInt8], level: Int32 = 6) throws(CompressionError) -> [UInt8] {
    // zlib remembers where its stream lies and refuses one that was moved.
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    defer { stream.deallocate() }
    // 15 bits of window, and 16 for the gzip header.
    let code = deflateInit2_(
      stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard code == Z_OK else { throw .damaged(.gzip, "zlib did not start") }
    defer { deflateEnd(stream) }
    var result: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    var position = 0
    while true {
      // zlib counts in 32 bits.
      let available = min(bytes.count - position, 1 << 30)
      let isLast = position + available == bytes.count
      let (code, taken, produced) = bytes.withUnsafeBufferPointer { input in
        piece.withUnsafeMutableBufferPointer { output -> (Int32, Int, Int) in
          stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress.map { $0 + position })
          stream.pointee.avail_in = UInt32(available)
          stream.pointee.next_out = output.baseAddress
          stream.pointee.avail_out = UInt32(output.count)
          let code = deflate(stream, isLast ? Z_FINISH : Z_NO_FLUSH)
          return (code, available - Int(stream.pointee.avail_in), output.count - Int(stream.pointee.avail_out))
        }
      }
      position += taken
      result += piece[..<produced]
      if code == Z_STREAM_END { return result }
      guard code == Z_OK || code == Z_BUF_ERROR && (taken > 0 || produced > 0) else {
        throw .damaged(.gzip, "zlib error \(code)")
      }
    }
  }
}
