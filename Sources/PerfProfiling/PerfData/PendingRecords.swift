/// Records that wait for their turn: those of several CPUs come one CPU after the other, and are wanted in order of time.
struct PendingRecords {
  struct Entry {
    var time: UInt64
    /// Where the record is, with the place of its event in the 16 bits that no address uses.
    var word: UInt

    init(time: UInt64, record: UnsafeRawPointer, event: Int) {
      self.time = time
      word = UInt(bitPattern: record) & Self.addressMask | UInt(truncatingIfNeeded: event) << 48
    }

    private static let addressMask: UInt = 1 << 48 - 1

    var event: Int { Int(word >> 48) }
    var record: UnsafeRawPointer? { UnsafeRawPointer(bitPattern: word & Self.addressMask) }
  }

  private(set) var entries: ContiguousArray<Entry> = []
  private var scratch: ContiguousArray<Entry> = []
  private var isSorted = true
  /// The latest time so far, and that of the round before.
  private var latest: UInt64 = 0
  private var latestOfRoundBefore: UInt64 = 0

  @inline(__always)
  mutating func append(_ entry: Entry) {
    if let last = entries.last, last.time > entry.time { isSorted = false }
    if entry.time > latest { latest = entry.time }
    entries.append(entry)
  }

  /// Ends a round: nothing that comes later is older than what the round before had.
  /// - Returns: how many of the first entries are due.
  mutating func endRound() -> Int {
    let due = dueCount(upTo: latestOfRoundBefore)
    latestOfRoundBefore = latest
    return due
  }

  /// Everything is due.
  mutating func endAll() -> Int {
    sort()
    return entries.count
  }

  mutating func removeFirst(_ count: Int) {
    if count == entries.count {
      entries.removeAll(keepingCapacity: true)
    } else {
      entries.removeFirst(count)
    }
  }

  /// Puts another place of memory in for each record that is left.
  mutating func replaceRecords(_ moved: (UnsafeRawPointer) -> UnsafeRawPointer) {
    for index in entries.indices {
      guard let record = entries[index].record else { continue }
      entries[index] = Entry(time: entries[index].time, record: moved(record), event: entries[index].event)
    }
  }

  private mutating func dueCount(upTo time: UInt64) -> Int {
    sort()
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].time <= time { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Merges the runs that are in order already: each CPU brings one for each round. Equal times keep the order of the file.
  private mutating func sort() {
    if isSorted { return }
    isSorted = true
    var runs = [0]
    for index in 1..<entries.count where entries[index - 1].time > entries[index].time { runs.append(index) }
    runs.append(entries.count)
    if scratch.count < entries.count {
      scratch = ContiguousArray(repeating: entries[0], count: entries.count + entries.count / 2)
    }
    while runs.count > 2 {
      var merged = [0]
      entries.withUnsafeMutableBufferPointer { entries in
        scratch.withUnsafeMutableBufferPointer { scratch in
          var index = 0
          while index + 2 < runs.count {
            Self.merge(entries, scratch, runs[index], runs[index + 1], runs[index + 2])
            merged.append(runs[index + 2])
            index += 2
          }
          if index + 1 < runs.count { merged.append(runs[index + 1]) }
        }
      }
      runs = merged
    }
  }

  private static func merge(
    _ entries: UnsafeMutableBufferPointer<Entry>, _ scratch: UnsafeMutableBufferPointer<Entry>, _ start: Int,
    _ middle: Int, _ end: Int
  ) {
    // What stands in order at the beginning stays where it is.
    var left = start
    while left < middle, entries[left].time <= entries[middle].time { left += 1 }
    if left == middle { return }
    let count = middle - left
    for index in 0..<count { scratch[index] = entries[left + index] }
    var (from, right, to) = (0, middle, left)
    while from < count, right < end {
      if scratch[from].time <= entries[right].time {
        entries[to] = scratch[from]
        from += 1
      } else {
        entries[to] = entries[right]
        right += 1
      }
      to += 1
    }
    while from < count {
      entries[to] = scratch[from]
      (from, to) = (from + 1, to + 1)
    }
  }
}
