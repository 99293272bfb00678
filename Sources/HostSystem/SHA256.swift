/// The SHA-256 digest of bytes, as FIPS 180-4 defines it; to tell whether content is the same, not to keep secrets.
package func sha256(_ bytes: [UInt8]) -> [UInt8] {
  // The first 32 bits of the fractions of the square roots, and of the cube roots, of the first primes.
  var state = fractions(of: 8) { $0.squareRoot() }
  let constants = roundConstants
  var message = bytes
  message.append(0x80)
  while message.count % 64 != 56 { message.append(0) }
  for shift in stride(from: 56, through: 0, by: -8) {
    message.append(UInt8(truncatingIfNeeded: (UInt64(bytes.count) * 8) >> UInt64(shift)))
  }
  var schedule = [UInt32](repeating: 0, count: 64)
  for block in stride(from: 0, to: message.count, by: 64) {
    for index in 0..<16 {
      let at = block + index * 4
      schedule[index] =
        UInt32(message[at]) << 24 | UInt32(message[at + 1]) << 16 | UInt32(message[at + 2]) << 8
        | UInt32(message[at + 3])
    }
    for index in 16..<64 {
      let older = schedule[index - 15]
      let newer = schedule[index - 2]
      let first = rotated(older, 7) ^ rotated(older, 18) ^ older >> 3
      let second = rotated(newer, 17) ^ rotated(newer, 19) ^ newer >> 10
      schedule[index] = schedule[index - 16] &+ first &+ schedule[index - 7] &+ second
    }
    var word = state
    for index in 0..<64 {
      let sum1 = rotated(word[4], 6) ^ rotated(word[4], 11) ^ rotated(word[4], 25)
      let choice = (word[4] & word[5]) ^ (~word[4] & word[6])
      let added = word[7] &+ sum1 &+ choice &+ constants[index] &+ schedule[index]
      let sum0 = rotated(word[0], 2) ^ rotated(word[0], 13) ^ rotated(word[0], 22)
      let majority = (word[0] & word[1]) ^ (word[0] & word[2]) ^ (word[1] & word[2])
      word = [added &+ sum0 &+ majority, word[0], word[1], word[2], word[3] &+ added, word[4], word[5], word[6]]
    }
    for index in 0..<8 { state[index] = state[index] &+ word[index] }
  }
  return state.flatMap { word in stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> $0) } }
}

private func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 { word >> count | word << (32 - count) }

private let roundConstants = fractions(of: 64) { value in
  // Newton's method from a close start gives the cube root to the last bit that is needed.
  var root = 1.0
  while root * root * root < value { root += 1 }
  for _ in 0..<20 { root -= (root * root * root - value) / (3 * root * root) }
  return root
}

private func fractions(of count: Int, _ root: (Double) -> Double) -> [UInt32] {
  var primes: [Int] = []
  var candidate = 2
  while primes.count < count {
    if primes.allSatisfy({ candidate % $0 != 0 }) { primes.append(candidate) }
    candidate += 1
  }
  return primes.map { prime in
    let value = root(Double(prime))
    return UInt32((value - value.rounded(.down)) * 4_294_967_296)
  }
}
