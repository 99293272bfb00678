/// A pattern of the shipped table of vendors: `*` stands for any run of bytes, `%` for any run without blanks, `#` for one
/// decimal digit, everything else for itself.
struct LetterPattern: Sendable, Equatable {
  private let bytes: [UInt8]

  init(_ text: String) { bytes = Array(text.utf8) }

  /// Whether the whole text fits. The time is at most the product of both lengths.
  func matches(_ text: String) -> Bool {
    // Which beginnings of the pattern fit the text so far.
    var fits = [Bool](repeating: false, count: bytes.count + 1)
    fits[0] = true
    skipRuns(&fits)
    for byte in text.utf8 {
      var next = [Bool](repeating: false, count: bytes.count + 1)
      var isAlive = false
      for (index, wanted) in bytes.enumerated() where fits[index] {
        switch wanted {
        case 0x2A: next[index] = true
        case 0x25: next[index] = byte != 0x20
        case 0x23: next[index + 1] = (0x30...0x39).contains(byte)
        default: next[index + 1] = next[index + 1] || wanted == byte
        }
        isAlive = isAlive || next[index] || next[index + 1]
      }
      guard isAlive else { return false }
      skipRuns(&next)
      fits = next
    }
    return fits[bytes.count]
  }

  /// A run may be empty.
  private func skipRuns(_ fits: inout [Bool]) {
    for (index, wanted) in bytes.enumerated() where fits[index] && (wanted == 0x2A || wanted == 0x25) {
      fits[index + 1] = true
    }
  }
}
