/// The places of code that samples name, each kept once: an object and an address in it.
struct LocationTable {
  /// The object of each place; see ``ProfileBuilder/objects``.
  private(set) var objects: ContiguousArray<Int32> = []
  /// The address of each place, shifted up by one bit; the lowest bit says that it is a return address.
  private(set) var keys: ContiguousArray<UInt64> = []
  /// The same once more beside the number, so that a search touches one place of memory.
  private struct Slot {
    var key: UInt64
    var object: Int32
    /// -1 in a free slot.
    var number: Int32
  }
  private var slots: ContiguousArray<Slot> = []
  private var mask = 0
  private let seed = keySeed

  var count: Int { keys.count }

  func address(_ number: Int) -> UInt64 { keys[number] >> 1 | topBit(number) }
  func isReturn(_ number: Int) -> Bool { keys[number] & 1 != 0 }

  /// The addresses of the kernel have the top bit set, which the shift takes; the object says it.
  private func topBit(_ number: Int) -> UInt64 { keys[number] & (1 << 63) }

  /// The number of a place; the same for an equal one.
  @inline(__always)
  mutating func number(object: Int32, address: UInt64, isReturn: Bool) -> Int32 {
    // Bits 62 and 63 are alike in every address of a 64-bit machine: canonical ones are extended from bit 47 or 56.
    let key = (address & (1 << 63)) | (address << 1) & ~(1 << 63) | (isReturn ? 1 : 0)
    if keys.count &* 4 >= slots.count &* 3 { grow() }
    let new = Int32(truncatingIfNeeded: keys.count)
    var place = mixed(key, object) & mask
    let number = slots.withUnsafeMutableBufferPointer { slots in
      while true {
        let slot = slots[place]
        if slot.number < 0 {
          slots[place] = Slot(key: key, object: object, number: new)
          return new
        }
        if slot.key == key, slot.object == object { return slot.number }
        place = (place &+ 1) & mask
      }
    }
    if number == new {
      keys.append(key)
      objects.append(object)
    }
    return number
  }

  @inline(__always)
  private func mixed(_ key: UInt64, _ object: Int32) -> Int {
    let product = (key ^ UInt64(truncatingIfNeeded: object) &* 0xD6E8_FEB8_6659_FD93 ^ seed)
      .multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    return Int(truncatingIfNeeded: product.high ^ product.low)
  }

  private mutating func grow() {
    let old = slots
    let capacity = max(4096, old.count * 2)
    slots = ContiguousArray(repeating: Slot(key: 0, object: 0, number: -1), count: capacity)
    mask = capacity - 1
    for slot in old where slot.number >= 0 {
      var place = mixed(slot.key, slot.object) & mask
      while slots[place].number >= 0 { place = (place &+ 1) & mask }
      slots[place] = slot
    }
  }
}
