import CLateLibraries

extension Decompression {
  static func decodeZstd(
    _ bytes: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) throws(CompressionError) -> Void
  ) throws(CompressionError) {
    guard let context = ZSTD_createDStream() else { throw .notStarted(.zstd, toolbox_libzstd) }
    defer { ZSTD_freeDStream(context) }
    var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
    var wanted = 1
    try withPiece { (piece) throws(CompressionError) in
      while input.pos < input.size || wanted != 0 {
        let before = input.pos
        var output = ZSTD_outBuffer(dst: piece.baseAddress, size: piece.count, pos: 0)
        wanted = ZSTD_decompressStream(context, &output, &input)
        if ZSTD_isError(wanted) != 0 { throw .damaged(.zstd, String(cString: ZSTD_getErrorName(wanted))) }
        if output.pos > 0 { try body(UnsafeBufferPointer(rebasing: piece[..<output.pos])) }
        if wanted != 0, output.pos == 0, input.pos == before { throw .cut(.zstd) }
      }
    }
  }
}
