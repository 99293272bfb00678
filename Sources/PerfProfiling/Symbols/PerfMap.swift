/// The list that a program with code made at run time leaves in `/tmp/perf-PID.map`: lines of a start, a size and a name, all
/// numbers hexadecimal. Source: tools/perf/Documentation/jit-interface.txt of the kernel.
enum PerfMap {
  /// Gives every piece of code to a query. Code is moved and its place used again: a later line counts. A last line that is
  /// cut is taken as far as it goes; lines of another form are left out.
  static func offer(_ bytes: UnsafeBufferPointer<UInt8>, to query: inout SymbolQuery) {
    guard !query.isEmpty else { return }
    var place = 0
    while place < bytes.count {
      var end = place
      while end < bytes.count, bytes[end] != 0x0A { end += 1 }
      defer { place = end + 1 }
      guard let start = number(bytes, &place, end), let size = number(bytes, &place, end), place < end else { continue }
      var last = end
      if bytes[last - 1] == 0x0D { last -= 1 }
      guard last > place, let base = bytes.baseAddress else { continue }
      query.replace(
        start: start, size: max(size, 1),
        SymbolQuery.Candidate(start: start, size: max(size, 1), name: base + place, nameEnd: base + last))
    }
  }

  /// A hexadecimal number, with or without `0x`, and the blanks behind it.
  private static func number(_ bytes: UnsafeBufferPointer<UInt8>, _ place: inout Int, _ end: Int) -> UInt64? {
    if place + 1 < end, bytes[place] == UInt8(ascii: "0"), bytes[place + 1] | 0x20 == UInt8(ascii: "x") { place += 2 }
    var result: UInt64 = 0
    let start = place
    while place < end {
      let digit = bytes[place]
      let value: UInt8
      switch digit {
      case 0x30...0x39: value = digit - 0x30
      case 0x61...0x66: value = digit - 0x57
      case 0x41...0x46: value = digit - 0x37
      default: value = 16
      }
      if value == 16 { break }
      guard result >> 60 == 0 else { return nil }
      result = result << 4 | UInt64(value)
      place += 1
    }
    guard place > start, place < end, bytes[place] == 0x20 || bytes[place] == 0x09 else { return nil }
    while place < end, bytes[place] == 0x20 || bytes[place] == 0x09 { place += 1 }
    return result
  }
}
