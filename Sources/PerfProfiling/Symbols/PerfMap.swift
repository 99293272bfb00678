/// The list that a program with code made at run time leaves in `/tmp/perf-PID.map`: lines of a start, a size and a name, all
/// numbers hexadecimal. Source: tools/perf/Documentation/jit-interface.txt of the kernel.
enum PerfMap {
  private struct Piece {
    var start: UInt64
    var end: UInt64
    var name: Int
  }

  /// Every piece of code. Code is moved and its place used again: for each address the last line counts. A last line that is
  /// cut is taken as far as it goes; lines of another form are left out.
  /// - Parameter bytes: they must outlive the index.
  static func index(_ bytes: UnsafeBufferPointer<UInt8>) -> SymbolIndex {
    var index = SymbolIndex.Builder()
    guard index.useNames(bytes) else { return index.finish() }
    let pieces = self.pieces(bytes)
    let order = pieces.indices.sorted { (pieces[$0].start, $0) < (pieces[$1].start, $1) }
    // From one beginning or end to the next the latest line that holds the addresses counts.
    var open = LatestFirst()
    var next = 0
    var place: UInt64 = 0
    while next < order.count || !open.isEmpty {
      if open.isEmpty, next < order.count { place = max(place, pieces[order[next]].start) }
      while next < order.count, pieces[order[next]].start <= place {
        open.insert(order[next])
        next += 1
      }
      while let latest = open.latest, pieces[latest].end <= place { open.removeLatest() }
      guard let latest = open.latest else { continue }
      var end = pieces[latest].end
      if next < order.count { end = min(end, pieces[order[next]].start) }
      index.add(start: place, size: end - place, name: pieces[latest].name)
      place = end
    }
    return index.finish()
  }

  private static func pieces(_ bytes: UnsafeBufferPointer<UInt8>) -> [Piece] {
    var pieces: [Piece] = []
    var place = 0
    while place < bytes.count {
      var end = place
      while end < bytes.count, bytes[end] != 0x0A { end += 1 }
      defer { place = end + 1 }
      guard let start = number(bytes, &place, end), let size = number(bytes, &place, end), place < end,
        place < SymbolIndex.Builder.largestTable, bytes[place] != 0x0D
      else { continue }
      let (last, overflow) = start.addingReportingOverflow(max(size, 1))
      pieces.append(Piece(start: start, end: overflow ? .max : last, name: place))
    }
    return pieces
  }

  /// Numbers of which the greatest is at hand: a heap.
  private struct LatestFirst {
    private var numbers: [Int] = []

    var isEmpty: Bool { numbers.isEmpty }
    var latest: Int? { numbers.first }

    mutating func insert(_ number: Int) {
      numbers.append(number)
      var child = numbers.count - 1
      while child > 0, numbers[(child - 1) / 2] < numbers[child] {
        numbers.swapAt(child, (child - 1) / 2)
        child = (child - 1) / 2
      }
    }

    mutating func removeLatest() {
      guard let last = numbers.popLast(), !numbers.isEmpty else { return }
      numbers[0] = last
      var parent = 0
      while true {
        var greatest = parent
        for child in [2 * parent + 1, 2 * parent + 2] where child < numbers.count && numbers[child] > numbers[greatest]
        {
          greatest = child
        }
        if greatest == parent { return }
        numbers.swapAt(parent, greatest)
        parent = greatest
      }
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
