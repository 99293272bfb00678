/// The one door to compressed data.
package enum Decompression {
  /// The content of compressed data, or of plain data as it is.
  /// - Parameter limit: the most bytes that the content may have; a small file that opens to a flood is refused there.
  /// - Throws: ``CompressionError``
  package static func open(
    _ bytes: UnsafeBufferPointer<UInt8>, limit: Int
  ) throws(CompressionError) -> [UInt8] {
    guard let format = CompressionFormat(magicOf: bytes) else {
      guard bytes.count <= limit else { throw .tooLarge(nil, limit: limit) }
      return Array(bytes)
    }
    var result: [UInt8] = []
    // Text of this kind shrinks to a fourth or so; a good first guess saves copies.
    result.reserveCapacity(min(limit, bytes.count * 4))
    try stream(bytes, format) { (piece) throws(CompressionError) in
      guard result.count + piece.count <= limit else { throw .tooLarge(format, limit: limit) }
      result.append(contentsOf: piece)
    }
    return result
  }

  /// Hands the content over piece by piece, in order, without ever holding all of it.
  /// - Throws: ``CompressionError``, and what `body` throws, which ends the stream.
  package static func stream(
    _ bytes: UnsafeBufferPointer<UInt8>, _ format: CompressionFormat,
    _ body: (UnsafeBufferPointer<UInt8>) throws(CompressionError) -> Void
  ) throws(CompressionError) {
    switch format {
    case .gzip: try inflateGzip(bytes, body)
    case .xz: try decodeXZ(bytes, body)
    case .lz4: try decodeLZ4(bytes, body)
    case .zstd: try decodeZstd(bytes, body)
    }
  }

  /// The size of the pieces in which content is handed over, in bytes.
  static let pieceSize = 256 * 1024

  /// A buffer of one piece, freed after `body`.
  static func withPiece(
    _ body: (UnsafeMutableBufferPointer<UInt8>) throws(CompressionError) -> Void
  ) throws(CompressionError) {
    let piece = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: pieceSize)
    defer { piece.deallocate() }
    try body(piece)
  }
}
