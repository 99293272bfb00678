/// The places of code that samples name, each kept once: an object and an address in it.
struct LocationTable {
  /// The object of each place; see ``ProfileBuilder/objects``.
  private(set) var objects: ContiguousArray<Int32> = []
  /// The address of each place, shifted up by one bit; the lowest bit says that it is a return address.
  private(set) var keys: ContiguousArray<UInt64> = []
  private var slots: ContiguousArray<Int32> = []
  private var mask = 0

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
    let product = (key ^ UInt64(truncatingIfNeeded: object) &* 0xD6E8_FEB8_6659_FD93 ^ seed)
      .multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    var place = Int(truncatingIfNeeded: product.high ^ product.low) & mask
    while true {
      let found = slots[place]
      if found < 0 {
        let new = Int32(truncatingIfNeeded: keys.count)
        slots[place] = new
        keys.append(key)
        objects.append(object)
        return new
      }
      if keys[Int(found)] == key, objects[Int(found)] == object { return found }
      place = (place &+ 1) & mask
    }
  }

  private let seed = keySeed

  private mutating func grow() {
    let capacity = max(4096, slots.count * 2)
    slots = ContiguousArray(repeating: -1, count: capacity)
    mask = capacity - 1
    for number in 0..<keys.count {
      let product = (keys[number] ^ UInt64(truncatingIfNeeded: objects[number]) &* 0xD6E8_FEB8_6659_FD93 ^ seed)
        .multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
      var place = Int(truncatingIfNeeded: product.high ^ product.low) & mask
      while slots[place] >= 0 { place = (place &+ 1) & mask }
      slots[place] = Int32(truncatingIfNeeded: number)
    }
  }
}
