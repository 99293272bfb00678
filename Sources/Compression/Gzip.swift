import CZlib

extension Decompression {
  /// Reads one gzip member after the other, as gzip(1) does.
  static func inflateGzip(
    _ bytes: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) throws(CompressionError) -> Void
  ) throws(CompressionError) {
    // zlib remembers where its stream lies and refuses one that was moved.
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    defer { stream.deallocate() }
    // 15 bits of window, and 16 for the gzip header.
    guard inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw .damaged(.gzip, "zlib did not start")
    }
    defer { inflateEnd(stream) }
    var position = 0
    try withPiece { (piece) throws(CompressionError) in
      while true {
        let available = min(bytes.count - position, 1 << 30)
        stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress.map { $0 + position })
        stream.pointee.avail_in = UInt32(available)
        stream.pointee.next_out = piece.baseAddress
        stream.pointee.avail_out = UInt32(piece.count)
        let code = inflate(stream, Z_NO_FLUSH)
        position += available - Int(stream.pointee.avail_in)
        let produced = piece.count - Int(stream.pointee.avail_out)
        if produced > 0 { try body(UnsafeBufferPointer(rebasing: piece[..<produced])) }
        switch code {
        case Z_OK where produced > 0 || stream.pointee.avail_in < available: continue
        case Z_OK, Z_BUF_ERROR: throw .cut(.gzip)
        case Z_STREAM_END:
          // Zero bytes behind the last member are padding.
          while position < bytes.count, bytes[position] == 0 { position += 1 }
          if position == bytes.count { return }
          inflateReset(stream)
        default: throw .damaged(.gzip, stream.pointee.msg.map { String(cString: $0) } ?? "zlib error \(code)")
        }
      }
    }
  }
}
