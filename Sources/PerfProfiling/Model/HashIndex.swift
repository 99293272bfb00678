/// Numbers by the hash of what they stand for: open addressing with eight bytes for a slot.
///
/// What a number stands for is kept by whoever asks, once: a profile can have millions of frames and stacks, and a key in every
/// slot would cost as much again.
struct HashIndex: Sendable {
  private struct Slot {
    var hash: UInt32
    /// -1 in a free slot.
    var number: Int32
  }

  private var slots: ContiguousArray<Slot> = []
  /// How many numbers are kept.
  private var count = 0

  var isEmpty: Bool { count == 0 }

  /// Where the search for what has this hash begins.
  /// - Parameter hash: mixed well in its lower 32 bits, with a seed that no file can know.
  @inline(__always)
  mutating func place(of hash: UInt32) -> Int {
    if count &* 4 >= slots.count &* 3 { grow() }
    return Int(hash) & (slots.count &- 1)
  }

  /// The next number that is kept for this hash, which the caller compares; nil where there are no more, and `place` is then
  /// the one for `keep`.
  @inline(__always)
  func next(_ hash: UInt32, at place: inout Int) -> Int32? {
    slots.withUnsafeBufferPointer { slots in
      while true {
        let slot = slots[place]
        if slot.number < 0 { return nil }
        let here = place
        place = (here &+ 1) & (slots.count &- 1)
        if slot.hash == hash { return slot.number }
      }
    }
  }

  /// Keeps a number, which is not negative, for a hash that `next` found no more for.
  @inline(__always)
  mutating func keep(_ number: Int32, _ hash: UInt32, at place: Int) {
    slots[place] = Slot(hash: hash, number: number)
    count &+= 1
  }

  /// Keeps a number that is not there yet.
  mutating func add(_ number: Int32, _ hash: UInt32) {
    var place = place(of: hash)
    while next(hash, at: &place) != nil {}
    keep(number, hash, at: place)
  }

  private mutating func grow() {
    let old = slots
    slots = ContiguousArray(repeating: Slot(hash: 0, number: -1), count: max(64, old.count * 2))
    slots.withUnsafeMutableBufferPointer { slots in
      for slot in old where slot.number >= 0 {
        var place = Int(slot.hash) & (slots.count &- 1)
        while slots[place].number >= 0 { place = (place &+ 1) & (slots.count &- 1) }
        slots[place] = slot
      }
    }
  }
}

/// Mixes a word so that each bit of it counts in each bit of the result.
@inline(__always)
func mixed(_ word: UInt64, _ seed: UInt64) -> UInt64 {
  let product = (word ^ seed).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
  return product.high ^ product.low
}
