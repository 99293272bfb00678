/// The SHA-256 digest of bytes, as FIPS 180-4 defines it; to tell whether content is the same, not to keep secrets.
package func sha256(_ bytes: [UInt8]) -> [UInt8] {
  var message = bytes
  message.reserveCapacity(bytes.count + 72)
  message.append(0x80)
  while message.count % 64 != 56 { message.append(0) }
  for shift in stride(from: 56, through: 0, by: -8) {
    message.append(UInt8(truncatingIfNeeded: (UInt64(bytes.count) * 8) >> UInt64(shift)))
  }
  // The first 32 bits of the fractions of the square roots, and of the cube roots, of the first primes.
  var state = fractions(of: 8) { $0.squareRoot() }
  var schedule = [UInt32](repeating: 0, count: 64)
  message.withUnsafeBytes { message in
    roundConstants.withUnsafeBufferPointer { constants in
      schedule.withUnsafeMutableBufferPointer { schedule in
        for block in stride(from: 0, to: message.count, by: 64) {
          for index in 0..<16 {
            schedule[index] = UInt32(
              bigEndian: message.loadUnaligned(fromByteOffset: block + index * 4, as: UInt32.self))
          }
          digest(schedule, constants, into: &state)
        }
      }
    }
  }
  return state.flatMap { word in stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> $0) } }
}

/// Takes one block into the state.
/// - Parameter schedule: the first 16 words are the block's; the rest is made here.
private func digest(
  _ schedule: UnsafeMutableBufferPointer<UInt32>, _ constants: UnsafeBufferPointer<UInt32>, into state: inout [UInt32]
) {
  for index in 16..<64 {
    let older = schedule[index - 15]
    let newer = schedule[index - 2]
    let first = rotated(older, 7) ^ rotated(older, 18) ^ older >> 3
    let second = rotated(newer, 17) ^ rotated(newer, 19) ^ newer >> 10
    schedule[index] = schedule[index - 16] &+ first &+ schedule[index - 7] &+ second
  }
  // The names of the standard.
  var (a, b, c, d) = (state[0], state[1], state[2], state[3])
  var (e, f, g, h) = (state[4], state[5], state[6], state[7])
  for index in 0..<64 {
    let sum1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
    let choice = (e & f) ^ (~e & g)
    let added = h &+ sum1 &+ choice &+ constants[index] &+ schedule[index]
    let sum0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)
    let majority = (a & b) ^ (a & c) ^ (b & c)
    h = g
    g = f
    f = e
    e = d &+ added
    d = c
    c = b
    b = a
    a = added &+ sum0 &+ majority
  }
  for (index, word) in [a, b, c, d, e, f, g, h].enumerated() { state[index] = state[index] &+ word }
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
