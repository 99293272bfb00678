/// Finds the symbols of many addresses in one pass over a table of symbols, which need not be in order.
///
/// Neither the symbols are sorted nor kept: for each address only the best one so far is. Of the symbols that hold an address
/// the one that begins last is taken; a symbol without a size reaches to the next one. Of several that begin at one address
/// perf's choice is taken: with a size, not weak, global, with fewer underscores in front, with the longer name.
/// Source: tools/perf/util/symbol.c of the kernel.
struct SymbolQuery {
  struct Candidate {
    var start: UInt64
    var size: UInt64
    /// The bytes of the name, which end with a zero or at `nameEnd`.
    var name: UnsafePointer<UInt8>
    var nameEnd: UnsafePointer<UInt8>
    var isWeak = false
    var isGlobal = true
    /// Where the code that the symbol is in ends: a symbol without a size reaches no further.
    var limit = UInt64.max

    var nameBytes: UnsafeBufferPointer<UInt8> {
      var end = name
      while end < nameEnd, end.pointee != 0 { end += 1 }
      return UnsafeBufferPointer(start: name, count: end - name)
    }

    /// Whether this one is to be named rather than another that begins at the same address and came before it.
    func isBetter(than other: Candidate) -> Bool {
      // perf first lets a symbol without a size reach to the next one in its order: one that comes before another at the same
      // address is then empty, and the last one is as good as any.
      if other.size == 0 { return true }
      if isWeak != other.isWeak { return !isWeak }
      if isGlobal != other.isGlobal { return isGlobal }
      let (mine, theirs) = (nameBytes, other.nameBytes)
      let (ours, others) = (mine.underscores, theirs.underscores)
      if ours != others { return ours < others }
      if mine.count != theirs.count { return mine.count > theirs.count }
      return false
    }
  }

  /// In order, each once.
  let addresses: [UInt64]
  /// Whether of several symbols at one address the last is taken, as perf does in the list of the kernel, where none has a
  /// size: it first makes each symbol reach to the next, so that only the last of them has a size.
  private let prefersLast: Bool
  /// The last symbol that begins at or before an address, but behind the address before it.
  private var nearest: [Candidate?]
  private var covering: [Candidate?]
  private var bucketStarts: [Int32] = []
  private var shift: UInt64 = 0
  /// Symbols that hold many addresses each are no symbols of a program; after so many steps the rest is not looked at.
  private var stepsLeft = 50_000_000

  init(sorted addresses: [UInt64], prefersLast: Bool = false) {
    self.addresses = addresses
    self.prefersLast = prefersLast
    nearest = Array(repeating: nil, count: addresses.count)
    covering = Array(repeating: nil, count: addresses.count)
    guard let first = addresses.first, let last = addresses.last else { return }
    let wanted = UInt64(addresses.count) * 4
    while (last - first) >> shift >= wanted { shift += 1 }
    let buckets = Int((last - first) >> shift) + 2
    bucketStarts = Array(repeating: Int32(addresses.count), count: buckets + 1)
    for (index, address) in addresses.enumerated().reversed() {
      bucketStarts[Int((address - first) >> shift)] = Int32(index)
    }
    for bucket in stride(from: buckets - 1, through: 0, by: -1) where bucketStarts[bucket] > bucketStarts[bucket + 1] {
      bucketStarts[bucket] = bucketStarts[bucket + 1]
    }
  }

  var isEmpty: Bool { addresses.isEmpty }

  /// The number of the first address that is not below another.
  @inline(__always)
  private func firstIndex(from address: UInt64) -> Int {
    guard address > addresses[0] else { return 0 }
    let bucket = (address - addresses[0]) >> shift
    guard bucket < UInt64(bucketStarts.count - 1) else { return addresses.count }
    var low = Int(bucketStarts[Int(bucket)])
    var high = Int(bucketStarts[Int(bucket) + 1])
    while low < high {
      let middle = (low + high) / 2
      if addresses[middle] < address { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Whether a symbol there could be of use at all.
  @inline(__always)
  func mayUse(start: UInt64) -> Bool { addresses.last.map { start <= $0 } ?? false }

  /// Looks at one symbol.
  @inline(__always)
  mutating func offer(start: UInt64, size: UInt64, _ candidate: () -> Candidate) {
    guard mayUse(start: start) else { return }
    let first = firstIndex(from: start)
    guard first < addresses.count else { return }
    var made: Candidate?
    if let old = nearest[first] {
      if old.start <= start {
        let new = candidate()
        made = new
        if old.start < start || prefersLast || new.isBetter(than: old) { nearest[first] = new }
      }
    } else {
      let new = candidate()
      made = new
      nearest[first] = new
    }
    let (end, overflow) = start.addingReportingOverflow(size)
    var index = first
    while index < addresses.count, addresses[index] < end || overflow, stepsLeft > 0 {
      stepsLeft -= 1
      let new = made ?? candidate()
      made = new
      if let old = covering[index] {
        if old.start < start || old.start == start && new.isBetter(than: old) { covering[index] = new }
      } else {
        covering[index] = new
      }
      index += 1
    }
  }

  /// Looks at a piece of code that took the place of all that was there before.
  mutating func replace(start: UInt64, size: UInt64, _ candidate: Candidate) {
    guard mayUse(start: start) else { return }
    let (end, overflow) = start.addingReportingOverflow(size)
    var index = firstIndex(from: start)
    while index < addresses.count, addresses[index] < end || overflow, stepsLeft > 0 {
      stepsLeft -= 1
      covering[index] = candidate
      index += 1
    }
  }

  /// The symbol of each address; nil where none holds it.
  func results() -> [Candidate?] {
    var last: Candidate?
    return addresses.indices.map { index in
      if let found = nearest[index], last.map({ $0.start <= found.start }) ?? true { last = found }
      if let last, last.size == 0, addresses[index] < last.limit, covering[index].map({ $0.start <= last.start }) ?? true
      {
        return last
      }
      return covering[index]
    }
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// How many underscores stand in front.
  fileprivate var underscores: Int { prefix { $0 == UInt8(ascii: "_") }.count }
}
