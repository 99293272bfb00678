import CZlib

/// Decodes gzip that comes piece by piece, one member after the other, and knows whether its end has come: libcurl's own
/// decoder takes a stream that is cut for a whole one.
package final class GzipDecoder {
  /// Whether what came so far is a whole stream.
  package private(set) var isComplete = false
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
  private let room = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 32 << 10)

  /// - Throws: ``CompressionError/damaged(_:_:)`` when zlib has no memory.
  package init() throws(CompressionError) {
    stream.initialize(to: z_stream())
    // 15 bits of window, and 16 for the gzip header.
    guard inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw .damaged(.gzip, "zlib did not start")
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
    room.deallocate()
  }

  /// Decodes the next bytes.
  /// - Parameter body: takes what they decode to, in pieces, and says whether more is wanted.
  /// - Returns: false when no more was wanted; the decoder is then of no use any more.
  /// - Throws: ``CompressionError/damaged(_:_:)``
  package func take(
    _ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Bool
  ) throws(CompressionError) -> Bool {
    var position = 0
    while position < bytes.count {
      if isComplete {
        // Zero bytes behind the last member are padding.
        if bytes[position] == 0 {
          position += 1
          continue
        }
        inflateReset(stream)
        isComplete = false
      }
      let available = min(bytes.count - position, 1 << 30)
      stream.pointee.next_in = bytes.baseAddress.map {
        UnsafeMutablePointer(mutating: ($0 + position).assumingMemoryBound(to: UInt8.self))
      }
      stream.pointee.avail_in = UInt32(available)
      repeat {
        stream.pointee.next_out = room.baseAddress
        stream.pointee.avail_out = UInt32(room.count)
        let code = inflate(stream, Z_NO_FLUSH)
        let produced = room.count - Int(stream.pointee.avail_out)
        if produced > 0, !body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(room)[..<produced])) {
          return false
        }
        switch code {
        case Z_OK, Z_BUF_ERROR: break
        case Z_STREAM_END: isComplete = true
        default: throw .damaged(.gzip, stream.pointee.msg.map { String(cString: $0) } ?? "zlib error \(code)")
        }
        // A full room can mean that zlib holds back more.
      } while !isComplete && (stream.pointee.avail_in > 0 || stream.pointee.avail_out == 0)
      position += available - Int(stream.pointee.avail_in)
    }
    return true
  }
}
