import CHostSystem

extension UnsafeBufferPointer<UInt8> {
  /// Where a run of bytes begins that stands at or behind an offset; nil when none does. It takes about as long as reading
  /// the bytes from memory.
  package func firstIndex(of wanted: [UInt8], from offset: Int) -> Int? {
    guard let baseAddress, !wanted.isEmpty, offset >= 0, offset < count,
      let place = toolbox_find_bytes(baseAddress + offset, count - offset, wanted, wanted.count)
    else { return nil }
    return place - UnsafeRawPointer(baseAddress)
  }
}
