/// Small numbers by 64-bit keys: open addressing in one block of memory.
///
/// The mixing is seeded anew in every process, so that no file can be made whose keys all meet in one place.
package struct NumberTable: Sendable {
  private struct Slot {
    var key: UInt64
    /// -1 in a free slot.
    var value: Int32
  }

  private var slots: ContiguousArray<Slot> = []
  private var mask = 0
  /// How many keys the table holds.
  package private(set) var count = 0
  private let seed: UInt64 = keySeed

  package init() {}

  /// The number that is kept for a key; where there is none, `new` is kept and returned.
  /// - Parameter new: not negative.
  @inline(__always)
  package mutating func number(for key: UInt64, or new: Int32) -> Int32 {
    if count &* 4 >= slots.count &* 3 { grow() }
    return slots.withUnsafeMutableBufferPointer { slots in
      var place = Int(truncatingIfNeeded: mixed(key, seed)) & mask
      while true {
        if slots[place].value < 0 {
          slots[place] = Slot(key: key, value: new)
          count &+= 1
          return new
        }
        if slots[place].key == key { return slots[place].value }
        place = (place &+ 1) & mask
      }
    }
  }

  /// The number that is kept for a key; nil where there is none.
  package func number(for key: UInt64) -> Int32? {
    if slots.isEmpty { return nil }
    var place = Int(truncatingIfNeeded: mixed(key, seed)) & mask
    while slots[place].value >= 0 {
      if slots[place].key == key { return slots[place].value }
      place = (place &+ 1) & mask
    }
    return nil
  }

  /// Keeps a number for a key in place of the one that it had.
  package mutating func set(_ key: UInt64, _ value: Int32) {
    if number(for: key, or: value) == value { return }
    var place = Int(truncatingIfNeeded: mixed(key, seed)) & mask
    while slots[place].key != key || slots[place].value < 0 { place = (place &+ 1) & mask }
    slots[place].value = value
  }

  private mutating func grow() {
    let old = slots
    let capacity = max(64, old.count * 2)
    slots = ContiguousArray(repeating: Slot(key: 0, value: -1), count: capacity)
    mask = capacity - 1
    slots.withUnsafeMutableBufferPointer { slots in
      for slot in old where slot.value >= 0 {
        var place = Int(truncatingIfNeeded: mixed(slot.key, seed)) & mask
        while slots[place].value >= 0 { place = (place &+ 1) & mask }
        slots[place] = slot
      }
    }
  }
}

/// What the keys of this process are mixed with.
let keySeed = UInt64.random(in: .min ... .max)
