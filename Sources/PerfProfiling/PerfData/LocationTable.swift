/// The frames of the places of code that samples name, so that each place, an object and an address in it, is looked up once.
struct LocationTable {
  private struct Slot {
    /// The address and whether it is a return address, in the lowest bit.
    var key: UInt64
    var object: Int32
    /// -1 in a free slot.
    var frame: Int32
  }
  private var slots: ContiguousArray<Slot> = []
  private var mask = 0
  private(set) var count = 0
  private let seed = keySeed

  /// The frame of a place; -1 where it was never set.
  @inline(__always)
  func frame(object: Int32, address: UInt64, isReturn: Bool) -> Int32 {
    if slots.isEmpty { return -1 }
    let key = Self.key(address, isReturn)
    var place = mixed(key, object) & mask
    return slots.withUnsafeBufferPointer { slots in
      while true {
        let slot = slots[place]
        if slot.key == key, slot.object == object || slot.frame < 0 { return slot.frame }
        if slot.frame < 0 { return -1 }
        place = (place &+ 1) & mask
      }
    }
  }

  /// So many places are remembered; then all are forgotten, and looked up again where they come again. Recordings have
  /// some 100,000; only one that was made to fill the memory has more.
  private static let most = 3 << 20

  /// Keeps the frame of a place that has none yet.
  mutating func set(object: Int32, address: UInt64, isReturn: Bool, frame: Int32) {
    if count >= Self.most {
      for index in slots.indices { slots[index].frame = -1 }
      count = 0
    }
    if count &* 4 >= slots.count &* 3 { grow() }
    let key = Self.key(address, isReturn)
    var place = mixed(key, object) & mask
    while slots[place].frame >= 0 { place = (place &+ 1) & mask }
    slots[place] = Slot(key: key, object: object, frame: frame)
    count += 1
  }

  /// Bits 62 and 63 are alike in every address of a 64-bit machine: canonical ones are extended from bit 47 or 56. One of
  /// them makes room.
  @inline(__always)
  private static func key(_ address: UInt64, _ isReturn: Bool) -> UInt64 {
    (address & (1 << 63)) | (address << 1) & ~(1 << 63) | (isReturn ? 1 : 0)
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
    slots = ContiguousArray(repeating: Slot(key: 0, object: 0, frame: -1), count: capacity)
    mask = capacity - 1
    for slot in old where slot.frame >= 0 {
      var place = mixed(slot.key, slot.object) & mask
      while slots[place].frame >= 0 { place = (place &+ 1) & mask }
      slots[place] = slot
    }
  }
}
