/// A piece of an address space that is mapped from something.
struct Mapping {
  var start: UInt64
  /// The first address behind it.
  var end: UInt64
  /// What the first address is in the object.
  var objectOffset: UInt64
  /// The number of the object.
  var object: Int32
}

/// The mappings of a process, or of the kernel, at one time.
struct AddressSpace {
  /// In order of the addresses; none overlaps another.
  private(set) var mappings: [Mapping] = []
  /// Changes with every change of the mappings and is never the same in two spaces.
  private(set) var version: UInt64

  init(version: UInt64) { self.version = version }

  /// The number of the first mapping that ends behind an address.
  @inline(__always)
  private func firstIndex(endingBehind address: UInt64) -> Int {
    var low = 0
    var high = mappings.count
    while low < high {
      let middle = (low &+ high) / 2
      if mappings[middle].end > address { high = middle } else { low = middle &+ 1 }
    }
    return low
  }

  /// The mapping that an address is in; nil where nothing is mapped.
  @inline(__always)
  func mapping(at address: UInt64) -> Mapping? {
    let index = firstIndex(endingBehind: address)
    guard index < mappings.count, mappings[index].start <= address else { return nil }
    return mappings[index]
  }

  /// Maps something, in place of what was mapped there before.
  mutating func map(_ new: Mapping, version: UInt64) {
    self.version = version
    guard new.start < new.end else { return }
    let first = firstIndex(endingBehind: new.start)
    var last = first
    var pieces: [Mapping] = []
    while last < mappings.count, mappings[last].start < new.end {
      let old = mappings[last]
      if old.start < new.start {
        var head = old
        head.end = new.start
        pieces.append(head)
      }
      last += 1
    }
    pieces.append(new)
    if last > first {
      let old = mappings[last - 1]
      if old.end > new.end {
        var tail = old
        tail.objectOffset &+= new.end - old.start
        tail.start = new.end
        pieces.append(tail)
      }
    }
    mappings.replaceSubrange(first..<last, with: pieces)
  }

  /// Takes a mapping away.
  mutating func unmap(startingAt start: UInt64, version: UInt64) {
    self.version = version
    mappings.removeAll { $0.start == start }
  }
}
