/// The symbols of one object in order of their addresses.
///
/// Of the symbols that hold an address the one that begins last is taken. Of several that begin at one address perf's choice
/// is taken: not weak, global, with fewer underscores in front, with the longer name. Before that perf lets a symbol without a
/// size reach to the next one in its order, so that one that comes before another at the same address is empty.
/// Source: tools/perf/util/symbol.c of the kernel.
struct SymbolIndex {
  private var starts: ContiguousArray<UInt64> = []
  private var sizes: ContiguousArray<UInt32> = []
  /// The number of the table of names in the two highest bits, and the place in it.
  private var names: ContiguousArray<UInt32> = []
  private var nameTables: [UnsafeBufferPointer<UInt8>] = []
  private var bucketStarts: ContiguousArray<UInt32> = []
  private var shift: UInt64 = 0
  /// Whether a symbol reaches over the beginning of another.
  private var isNested = false

  var count: Int { starts.count }

  /// How far back a symbol is looked for that holds others.
  private static let mostSteps = 256

  /// The number of the symbol that holds an address; -1 where none does.
  func find(_ address: UInt64) -> Int {
    guard let first = starts.first, address >= first else { return -1 }
    let bucket = min((address - first) >> shift, UInt64(bucketStarts.count - 2))
    var low = Int(bucketStarts[Int(bucket)])
    var high = bucket == UInt64(bucketStarts.count - 2) ? starts.count : Int(bucketStarts[Int(bucket) + 1])
    while low < high {
      let middle = (low + high) / 2
      if starts[middle] <= address { low = middle + 1 } else { high = middle }
    }
    var index = low - 1
    guard index >= 0 else { return -1 }
    if address - starts[index] < UInt64(sizes[index]) { return index }
    guard isNested else { return -1 }
    let last = max(0, index - Self.mostSteps)
    while index > last {
      index -= 1
      if address - starts[index] < UInt64(sizes[index]) { return index }
    }
    return -1
  }

  func start(_ number: Int) -> UInt64 { starts[number] }
  func size(_ number: Int) -> UInt64 { UInt64(sizes[number]) }

  func name(_ number: Int) -> UnsafeBufferPointer<UInt8> { Self.name(names[number], nameTables) }

  /// The bytes of a name, which ends with a zero, a line end (also a carriage return), a tab, or with its table.
  fileprivate static func name(
    _ word: UInt32, _ tables: [UnsafeBufferPointer<UInt8>]
  ) -> UnsafeBufferPointer<UInt8> {
    let table = tables[Int(word >> 30)]
    let start = Int(word & 0x3FFF_FFFF)
    var end = start
    while end < table.count, table[end] != 0, table[end] != 0x0A, table[end] != 0x09, table[end] != 0x0D { end += 1 }
    return UnsafeBufferPointer(rebasing: table[start..<end])
  }

  /// Collects symbols in the order of their file.
  struct Builder {
    private struct Entry {
      var start: UInt64
      /// Of a symbol without a size how far it may reach.
      var size: UInt32
      var name: UInt32
      var isWeak: Bool
      var isGlobal: Bool
      var hasNoSize: Bool
    }

    private var entries: ContiguousArray<Entry> = []
    private var tables: [UnsafeBufferPointer<UInt8>] = []
    /// Whether of several symbols at one address the last is taken, as perf does in the list of the kernel, where none has
    /// a size, so that all but the last are empty.
    private let prefersLast: Bool

    /// There are 30 bits for the place of a name.
    static let largestTable = 1 << 30
    private static let mostTables = 4

    init(prefersLast: Bool = false) { self.prefersLast = prefersLast }

    /// A table of names that the next symbols take theirs from; it must outlive the index.
    /// - Returns: false where there are too many tables, or it is too large.
    mutating func useNames(_ table: UnsafeBufferPointer<UInt8>) -> Bool {
      guard tables.count < Self.mostTables, table.count < Self.largestTable else { return false }
      tables.append(table)
      return true
    }

    mutating func reserve(_ count: Int) { entries.reserveCapacity(entries.count + min(count, 1 << 20)) }

    /// Takes one symbol in.
    /// - Parameters:
    ///   - name: its place in the table of names that is used.
    ///   - limit: where the code that it is in ends; a symbol without a size reaches no further.
    @inline(__always)
    mutating func add(
      start: UInt64, size: UInt64, name: Int, isWeak: Bool = false, isGlobal: Bool = true, limit: UInt64 = .max
    ) {
      let reach = size > 0 ? size : limit > start ? limit - start : 0
      entries.append(
        Entry(
          start: start, size: UInt32(clamping: reach),
          name: UInt32(truncatingIfNeeded: tables.count - 1) << 30 | UInt32(truncatingIfNeeded: name), isWeak: isWeak,
          isGlobal: isGlobal, hasNoSize: size == 0))
    }

    func finish() -> SymbolIndex {
      var index = SymbolIndex()
      index.nameTables = tables
      guard !entries.isEmpty else { return index }
      let order = sortedOrder()
      index.starts.reserveCapacity(order.count)
      index.sizes.reserveCapacity(order.count)
      index.names.reserveCapacity(order.count)
      var place = 0
      var end: UInt64 = 0
      while place < order.count {
        let start = entries[Int(order[place])].start
        var best = entries[Int(order[place])]
        var next = place + 1
        while next < order.count, entries[Int(order[next])].start == start {
          let other = entries[Int(order[next])]
          let isLast = next + 1 == order.count || entries[Int(order[next + 1])].start != start
          if prefersLast || best.hasNoSize || (!other.hasNoSize || isLast) && isBetter(other, than: best) {
            best = other
          }
          next += 1
        }
        var size = best.size
        if best.hasNoSize, next < order.count {
          size = UInt32(clamping: min(UInt64(size), entries[Int(order[next])].start - start))
        }
        index.starts.append(start)
        index.sizes.append(size)
        index.names.append(best.name)
        if start < end { index.isNested = true }
        end = max(end, start.addingReportingOverflow(UInt64(size)).overflow ? .max : start + UInt64(size))
        place = next
      }
      index.makeBuckets()
      return index
    }

    private func isBetter(_ one: Entry, than other: Entry) -> Bool {
      if one.isWeak != other.isWeak { return !one.isWeak }
      if one.isGlobal != other.isGlobal { return one.isGlobal }
      let (mine, theirs) = (SymbolIndex.name(one.name, tables), SymbolIndex.name(other.name, tables))
      let (ours, others) = (mine.underscores, theirs.underscores)
      if ours != others { return ours < others }
      return mine.count > theirs.count
    }

    /// The numbers of the entries in order of their starts; equal ones keep the order of the file.
    private func sortedOrder() -> ContiguousArray<UInt32> {
      var order = ContiguousArray(0..<UInt32(entries.count))
      var isSorted = true
      var (least, greatest) = (entries[0].start, entries[0].start)
      for index in 1..<max(1, entries.count) {
        let start = entries[index].start
        if start < entries[index - 1].start { isSorted = false }
        least = min(least, start)
        greatest = max(greatest, start)
      }
      if isSorted { return order }
      // By 16 bits at a time, from the lowest.
      var other = order
      var bits: UInt64 = 0
      var counts = [UInt32](repeating: 0, count: 1 << 16)
      while bits < 64, (greatest - least) >> bits != 0 {
        for index in counts.indices { counts[index] = 0 }
        for number in order { counts[Int((entries[Int(number)].start - least) >> bits & 0xFFFF)] += 1 }
        var sum: UInt32 = 0
        for index in counts.indices { (counts[index], sum) = (sum, sum + counts[index]) }
        for number in order {
          let digit = Int((entries[Int(number)].start - least) >> bits & 0xFFFF)
          other[Int(counts[digit])] = number
          counts[digit] += 1
        }
        swap(&order, &other)
        bits += 16
      }
      return order
    }
  }

  private mutating func makeBuckets() {
    guard let first = starts.first, let last = starts.last else { return }
    while (last - first) >> shift > UInt64(starts.count) { shift += 1 }
    let buckets = Int((last - first) >> shift) + 1
    bucketStarts = ContiguousArray(repeating: UInt32(starts.count), count: buckets + 1)
    for index in stride(from: starts.count - 1, through: 0, by: -1) {
      bucketStarts[Int((starts[index] - first) >> shift)] = UInt32(index)
    }
    for bucket in stride(from: buckets - 1, through: 0, by: -1) where bucketStarts[bucket] > bucketStarts[bucket + 1] {
      bucketStarts[bucket] = bucketStarts[bucket + 1]
    }
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// How many underscores stand in front.
  fileprivate var underscores: Int { prefix { $0 == UInt8(ascii: "_") }.count }
}
