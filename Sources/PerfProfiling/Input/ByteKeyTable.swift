import Glibc

/// Small numbers by pieces of text, without a String per look-up.
struct ByteKeyTable {
  private typealias Slot = (hash: UInt32, number: Int32)

  private var slots: [Slot] = Array(repeating: (0, -1), count: 1024)
  private var arena: [UInt8] = []
  /// Where each piece ends in the arena; it begins where the one before it ends.
  private var ends: [Int] = []
  private let seed = keySeed

  var count: Int { ends.count }

  /// The number of the piece, and whether it is new.
  /// - Parameter isOther: keeps apart what is equal in bytes and differs in meaning.
  mutating func number(of key: UnsafeBufferPointer<UInt8>, isOther: Bool = false) -> (number: Int32, isNew: Bool) {
    // The meaning is the hash's last bit, so that two of them never meet.
    let hash = UInt32(truncatingIfNeeded: Self.hash(key, seed)) & ~1 | (isOther ? 1 : 0)
    var place = Int(hash) & (slots.count - 1)
    while slots[place].number >= 0 {
      if slots[place].hash == hash {
        let number = Int(slots[place].number)
        let start = number == 0 ? 0 : ends[number - 1]
        if ends[number] - start == key.count, isEqual(key, start) { return (slots[place].number, false) }
      }
      place = (place + 1) & (slots.count - 1)
    }
    let number = Int32(truncatingIfNeeded: ends.count)
    slots[place] = (hash, number)
    arena.append(contentsOf: key)
    ends.append(arena.count)
    if ends.count * 2 > slots.count { grow() }
    return (number, true)
  }

  private func isEqual(_ key: UnsafeBufferPointer<UInt8>, _ offset: Int) -> Bool {
    arena.withUnsafeBufferPointer { kept in
      guard let one = kept.baseAddress, let other = key.baseAddress else { return true }
      return memcmp(one + offset, other, key.count) == 0
    }
  }

  private mutating func grow() {
    var larger: [Slot] = Array(repeating: (0, -1), count: slots.count * 2)
    for slot in slots where slot.number >= 0 {
      var place = Int(slot.hash) & (larger.count - 1)
      while larger[place].number >= 0 { place = (place + 1) & (larger.count - 1) }
      larger[place] = slot
    }
    slots = larger
  }

  @inline(__always)
  private static func hash(_ key: UnsafeBufferPointer<UInt8>, _ seed: UInt64) -> UInt64 {
    var state = seed ^ UInt64(key.count)
    let raw = UnsafeRawBufferPointer(key)
    var index = 0
    while index + 8 <= raw.count {
      state = mix(state ^ raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      index += 8
    }
    var rest: UInt64 = 0
    while index < raw.count {
      rest = rest << 8 | UInt64(raw[index])
      index += 1
    }
    return mix(state ^ rest)
  }

  @inline(__always)
  private static func mix(_ value: UInt64) -> UInt64 {
    let product = value.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    return product.high ^ product.low
  }
}
