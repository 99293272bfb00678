/// Bytes of a recording, read in the byte order of the machine that wrote it. Loads need no alignment.
///
/// Offsets are not checked here: who reads a record has held its size against what it must hold before.
struct RecordBytes {
  let base: UnsafeRawPointer
  let isSwapped: Bool

  @inline(__always)
  func u64(_ offset: Int) -> UInt64 {
    let value = base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    return isSwapped ? value.byteSwapped : value
  }

  @inline(__always)
  func u32(_ offset: Int) -> UInt32 {
    let value = base.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
    return isSwapped ? value.byteSwapped : value
  }

  @inline(__always)
  func i32(_ offset: Int) -> Int32 { Int32(bitPattern: u32(offset)) }

  @inline(__always)
  func u16(_ offset: Int) -> UInt16 {
    let value = base.loadUnaligned(fromByteOffset: offset, as: UInt16.self)
    return isSwapped ? value.byteSwapped : value
  }

  @inline(__always)
  func u8(_ offset: Int) -> UInt8 { base.load(fromByteOffset: offset, as: UInt8.self) }

  /// The bytes up to the first zero, or up to `end`.
  func bytes(_ offset: Int, before end: Int) -> UnsafeBufferPointer<UInt8> {
    var last = offset
    while last < end, u8(last) != 0 { last += 1 }
    return UnsafeBufferPointer(
      start: (base + offset).assumingMemoryBound(to: UInt8.self), count: max(0, last - offset))
  }

  func text(_ offset: Int, before end: Int) -> String { String(decoding: bytes(offset, before: end), as: UTF8.self) }

  func advanced(by offset: Int) -> RecordBytes { RecordBytes(base: base + offset, isSwapped: isSwapped) }
}
