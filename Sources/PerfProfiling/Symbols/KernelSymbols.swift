/// The kernel's own list of symbols, `/proc/kallsyms` or a copy: lines of an address, a type, a name and for modules `[NAME]`.
enum KernelSymbols {
  /// The address of the symbol that perf measures the kernel by; nil where it is not there or hidden (all zero).
  static func reference(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64? {
    var found: UInt64?
    // It stands near the beginning of every list that is in order, but not of every list.
    scan(bytes) { address, type, name in
      guard type | 0x20 == UInt8(ascii: "t"), name.elementsEqual("_text".utf8) || name.elementsEqual("_stext".utf8)
      else {
        return true
      }
      if name.count == 5 || found == nil { found = address }
      return name.count != 5
    }
    return found == 0 ? nil : found
  }

  /// No function is longer: what is farther from the nearest symbol is not part of it.
  private static let farthest: UInt64 = 1 << 20

  /// Every function of the list.
  /// - Parameters:
  ///   - bytes: they must outlive the index.
  ///   - shift: how far the recorded kernel was from this list.
  static func index(_ bytes: UnsafeBufferPointer<UInt8>, shift: UInt64) -> SymbolIndex {
    var index = SymbolIndex.Builder(prefersLast: true)
    guard let base = bytes.baseAddress, index.useNames(bytes) else { return index.finish() }
    index.reserve(bytes.count / 40)
    scan(bytes) { address, type, name in
      // As perf takes them: code, weak code, and data, which ends code that has no size.
      switch type | 0x20 {
      case UInt8(ascii: "t"), UInt8(ascii: "w"), UInt8(ascii: "d"), UInt8(ascii: "b"): break
      default: return true
      }
      guard let first = name.baseAddress, first.pointee != UInt8(ascii: "$") else { return true }
      let start = address &+ shift
      index.add(
        start: start, size: 0, name: first - base, isWeak: type | 0x20 == UInt8(ascii: "w"), isGlobal: type & 0x20 == 0,
        limit: start &+ farthest)
      return true
    }
    return index.finish()
  }

  /// Calls `body` with every line's parts until it returns false.
  @inline(__always)
  private static func scan(
    _ bytes: UnsafeBufferPointer<UInt8>, _ body: (UInt64, UInt8, UnsafeBufferPointer<UInt8>) -> Bool
  ) {
    var place = 0
    let count = bytes.count
    while place < count {
      var address: UInt64 = 0
      while place < count {
        let digit = bytes[place]
        let value: UInt8
        switch digit {
        case 0x30...0x39: value = digit &- 0x30
        case 0x61...0x66: value = digit &- 0x57
        case 0x41...0x46: value = digit &- 0x37
        default: value = 16
        }
        if value == 16 { break }
        address = address << 4 | UInt64(value)
        place += 1
      }
      var isGoingOn = true
      if place + 3 < count, bytes[place] == 0x20, bytes[place + 2] == 0x20 {
        let type = bytes[place + 1]
        place += 3
        let start = place
        while place < count, bytes[place] != 0x0A, bytes[place] != 0x09 { place += 1 }
        if place > start {
          isGoingOn = body(address, type, UnsafeBufferPointer(rebasing: bytes[start..<place]))
        }
      }
      if !isGoingOn { return }
      while place < count, bytes[place] != 0x0A { place += 1 }
      place += 1
    }
  }
}
