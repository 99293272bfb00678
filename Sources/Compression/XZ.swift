import CLateLibraries

extension Decompression {
  static func decodeXZ(
    _ bytes: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) throws(CompressionError) -> Void
  ) throws(CompressionError) {
    var stream = lzma_stream()
    // LZMA_CONCATENATED (0x08): several streams in one file are one content, as for xz(1).
    guard lzma_stream_decoder(&stream, 1 << 30, 0x08) == LZMA_OK else {
      throw .notStarted(.xz, toolbox_liblzma)
    }
    defer { lzma_end(&stream) }
    stream.next_in = bytes.baseAddress
    stream.avail_in = bytes.count
    try withPiece { (piece) throws(CompressionError) in
      while true {
        stream.next_out = piece.baseAddress
        stream.avail_out = piece.count
        let code = lzma_code(&stream, LZMA_FINISH)
        let produced = piece.count - stream.avail_out
        if produced > 0 { try body(UnsafeBufferPointer(rebasing: piece[..<produced])) }
        switch code {
        case LZMA_OK: continue
        case LZMA_STREAM_END: return
        case LZMA_BUF_ERROR: throw .cut(.xz)
        default: throw .damaged(.xz, "liblzma error \(code.rawValue)")
        }
      }
    }
  }
}
