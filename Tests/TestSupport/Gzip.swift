import CZlib

/// gzip streams as a test needs them, also such as no program would write.
package enum Gzip {
  /// The head of a stream, without a name and a time.
  package static let head: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]

  /// What decodes to 1 MiB of zeros, and can be repeated for ever behind ``head``: blocks that end on a byte and refer to
  /// nothing before them.
  package static let mebibyteOfZeros = deflated(
    [UInt8](repeating: 0, count: 1 << 20), windowBits: -15, flush: Z_FULL_FLUSH)

  /// A whole stream.
  package static func compressed(_ bytes: [UInt8]) -> [UInt8] { deflated(bytes, windowBits: 31, flush: Z_FINISH) }

  private static func deflated(_ bytes: [UInt8], windowBits: Int32, flush: Int32) -> [UInt8] {
    var stream = z_stream()
    let size = Int32(MemoryLayout<z_stream>.size)
    precondition(deflateInit2_(&stream, 9, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK)
    defer { deflateEnd(&stream) }
    var input = bytes
    var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))) + 64)
    let room = output.count
    input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(output.count)
        _ = deflate(&stream, flush)
      }
    }
    precondition(stream.avail_in == 0 && stream.avail_out > 0)
    return Array(output.prefix(room - Int(stream.avail_out)))
  }
}
