import CLateLibraries

extension Decompression {
  static func decodeLZ4(
    _ bytes: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) throws(CompressionError) -> Void
  ) throws(CompressionError) {
    var context: OpaquePointer?
    guard LZ4F_isError(LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))) == 0, let context else {
      throw .notStarted(.lz4, toolbox_liblz4)
    }
    defer { LZ4F_freeDecompressionContext(context) }
    var position = 0
    // What LZ4F_decompress last said it still wants: 0 at the end of a frame.
    var wanted = 1
    try withPiece { (piece) throws(CompressionError) in
      while position < bytes.count || wanted != 0 {
        var produced = piece.count
        var consumed = bytes.count - position
        wanted = LZ4F_decompress(
          context, piece.baseAddress, &produced, bytes.baseAddress.map { $0 + position }, &consumed, nil)
        if LZ4F_isError(wanted) != 0 { throw .damaged(.lz4, String(cString: LZ4F_getErrorName(wanted))) }
        position += consumed
        if produced > 0 { try body(UnsafeBufferPointer(rebasing: piece[..<produced])) }
        if wanted != 0, consumed == 0, produced == 0 { throw .cut(.lz4) }
      }
    }
  }
}
