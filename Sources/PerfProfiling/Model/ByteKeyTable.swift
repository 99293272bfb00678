import Glibc

/// Small numbers by pieces of text, without a String per look-up.
struct ByteKeyTable {
  private var index = HashIndex()
  private var arena: [UInt8] = []
  /// Where each piece ends in the arena; it begins where the one before it ends.
  private var ends: [Int] = []
  private let seed = keySeed

  var count: Int { ends.count }

  /// The number of the piece, and whether it is new.
  /// - Parameter isOther: keeps apart what is equal in bytes and differs in meaning.
  mutating func number(of key: UnsafeBufferPointer<UInt8>, isOther: Bool = false) -> (number: Int32, isNew: Bool) {
    // The meaning is the first bit of the hash, so that two of them never meet.
    let hash = UInt32(truncatingIfNeeded: Self.hash(key, seed)) & ~(1 << 31) | (isOther ? 1 << 31 : 0)
    var place = index.place(of: hash)
    while let known = index.next(hash, at: &place) {
      let start = known == 0 ? 0 : ends[Int(known) - 1]
      if ends[Int(known)] - start == key.count, isEqual(key, start) { return (known, false) }
    }
    let number = Int32(truncatingIfNeeded: ends.count)
    index.keep(number, hash, at: place)
    arena.append(contentsOf: key)
    ends.append(arena.count)
    return (number, true)
  }

  /// The same for a text.
  mutating func number(of text: String) -> Int32 {
    var text = text
    return text.withUTF8 { number(of: $0).number }
  }

  /// The bytes of a piece.
  subscript(number: Int) -> ArraySlice<UInt8> { arena[(number == 0 ? 0 : ends[number - 1])..<ends[number]] }

  private func isEqual(_ key: UnsafeBufferPointer<UInt8>, _ offset: Int) -> Bool {
    arena.withUnsafeBufferPointer { kept in
      guard let one = kept.baseAddress, let other = key.baseAddress else { return true }
      return memcmp(one + offset, other, key.count) == 0
    }
  }

  @inline(__always)
  private static func hash(_ key: UnsafeBufferPointer<UInt8>, _ seed: UInt64) -> UInt64 {
    var state = seed ^ UInt64(key.count)
    let raw = UnsafeRawBufferPointer(key)
    var index = 0
    while index + 8 <= raw.count {
      state = mixed(raw.loadUnaligned(fromByteOffset: index, as: UInt64.self), state)
      index += 8
    }
    var rest: UInt64 = 0
    while index < raw.count {
      rest = rest << 8 | UInt64(raw[index])
      index += 1
    }
    return mixed(rest, state)
  }
}
