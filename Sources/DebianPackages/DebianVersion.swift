/// A version of a Debian package: `[epoch:]upstream[-revision]`, ordered as dpkg orders it.
///
/// Source: deb-version(7). The text is kept as it was read; comparing looks at its bytes.
package struct DebianVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
  package let text: String

  package init(_ text: String) { self.text = text }
  package init(_ bytes: UnsafeBufferPointer<UInt8>) { text = String(decoding: bytes, as: UTF8.self) }

  package var description: String { text }

  /// Equal means the same text; ``compare(_:_:)`` also holds `1.0` and `1.0-0` for the same.
  package static func == (left: Self, right: Self) -> Bool { left.text == right.text }

  package static func < (left: Self, right: Self) -> Bool { compare(left, right) < 0 }

  /// - Returns: negative, zero or positive, as `left` is earlier than, the same as or later than `right`.
  package static func compare(_ left: Self, _ right: Self) -> Int {
    var (leftText, rightText) = (left.text, right.text)
    return leftText.withUTF8 { leftBytes in
      rightText.withUTF8 { rightBytes in compare(leftBytes, rightBytes) }
    }
  }

  /// The same for bytes that are no `String` yet.
  package static func compare(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Int {
    let (a, b) = (Parts(left), Parts(right))
    let epochs = comparePart(a.epoch, b.epoch)
    if epochs != 0 { return epochs }
    let upstream = comparePart(a.upstream, b.upstream)
    return upstream != 0 ? upstream : comparePart(a.revision, b.revision)
  }

  /// The upstream part and the epoch without the revision, for people: `1:2.3` of `1:2.3-4`.
  package var withoutRevision: String {
    text.lastIndex(of: "-").map { String(text[..<$0]) } ?? text
  }

  private struct Parts {
    let epoch: Slice<UnsafeBufferPointer<UInt8>>
    let upstream: Slice<UnsafeBufferPointer<UInt8>>
    let revision: Slice<UnsafeBufferPointer<UInt8>>

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
      let colon = bytes.firstIndex(of: 0x3A)
      // An epoch of zeros is no epoch: leading zeros do not count in a number.
      epoch = colon.map { bytes[..<$0] } ?? bytes[0..<0]
      let rest = bytes[(colon.map { $0 + 1 } ?? 0)...]
      let hyphen = rest.lastIndex(of: 0x2D)
      upstream = hyphen.map { rest[..<$0] } ?? rest
      revision = hyphen.map { rest[($0 + 1)...] } ?? rest[rest.endIndex...]
    }
  }

  /// Where a character stands in the order of what is not a digit: `~` before the end, the end before letters, letters
  /// before everything else.
  private static func order(_ byte: UInt8?) -> Int {
    switch byte {
    case nil: 0
    case .some(0x7E): -1
    case .some(let letter) where (letter | 0x20) >= 0x61 && (letter | 0x20) <= 0x7A: Int(letter)
    case .some(let other): Int(other) + 256
    }
  }

  private static func isDigit(_ byte: UInt8?) -> Bool {
    byte.map { $0 >= 0x30 && $0 <= 0x39 } ?? false
  }

  private static func comparePart(
    _ left: Slice<UnsafeBufferPointer<UInt8>>, _ right: Slice<UnsafeBufferPointer<UInt8>>
  ) -> Int {
    var (i, j) = (left.startIndex, right.startIndex)
    func a() -> UInt8? { i < left.endIndex ? left[i] : nil }
    func b() -> UInt8? { j < right.endIndex ? right[j] : nil }
    while i < left.endIndex || j < right.endIndex {
      while (a() != nil && !isDigit(a())) || (b() != nil && !isDigit(b())) {
        let difference = order(isDigit(a()) ? nil : a()) - order(isDigit(b()) ? nil : b())
        if difference != 0 { return difference }
        if a() != nil, !isDigit(a()) { i += 1 }
        if b() != nil, !isDigit(b()) { j += 1 }
      }
      while a() == 0x30 { i += 1 }
      while b() == 0x30 { j += 1 }
      var firstDifference = 0
      while let x = a(), let y = b(), isDigit(x), isDigit(y) {
        if firstDifference == 0 { firstDifference = Int(x) - Int(y) }
        i += 1
        j += 1
      }
      if isDigit(a()) { return 1 }
      if isDigit(b()) { return -1 }
      if firstDifference != 0 { return firstDifference }
    }
    return 0
  }
}
