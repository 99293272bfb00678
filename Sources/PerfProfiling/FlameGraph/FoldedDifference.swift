/// Two folded profiles side by side: every stack of either with both weights.
extension FoldedStacks {
  /// How the weights of the first profile are made comparable.
  package enum Scaling: Sendable {
    case none
    /// To the whole of the second, cut to an integer as FlameGraph's difffolded.pl does.
    case cut
    /// To the whole of the second, rounded.
    case rounded
  }

  /// - Parameter hidesAddresses: whether hexadecimal numbers are made equal first: `0x1f` becomes `0x...`.
  package init(from before: FoldedStacks, to after: FoldedStacks, scaling: Scaling, hidesAddresses: Bool = false) {
    let (old, new) = (before.whole, after.whole)
    let factor = old > 0 ? Double(new) / Double(old) : 0
    func scaled(_ weight: UInt64) -> UInt64 {
      switch scaling {
      case .none: weight
      case .cut: UInt64(clamping: Double(weight) * Double(new) / Double(max(1, old)), .towardZero)
      case .rounded: UInt64(clamping: Double(weight) * factor, .toNearestOrEven)
      }
    }
    let stack: (Line) -> [UInt8] = { hidesAddresses ? Self.withoutAddresses(Array($0.stack)) : Array($0.stack) }
    // Equal stacks are summed before they are scaled.
    var sums: [[UInt8]: (before: UInt64, after: UInt64)] = [:]
    for line in before.lines { sums[stack(line), default: (0, 0)].before.add(line.weight) }
    for line in after.lines { sums[stack(line), default: (0, 0)].after.add(line.weight) }
    self.init(sums.lazy.map { (stack: $0.key, weight: $0.value.after, before: scaled($0.value.before)) })
  }

  package var whole: UInt64 { lines.reduce(into: UInt64(0)) { $0.add($1.weight) } }

  /// The text with both columns, `stack before after`.
  package func columns(into take: ([UInt8]) -> Void) {
    for line in lines { take(Array(line.stack) + Array(" \(line.before) \(line.weight)\n".utf8)) }
  }

  private static func withoutAddresses(_ stack: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var place = 0
    while place < stack.count {
      if stack[place] == UInt8(ascii: "0"), place + 2 < stack.count, stack[place + 1] == UInt8(ascii: "x"),
        isHexadecimal(stack[place + 2])
      {
        result += "0x...".utf8
        place += 2
        while place < stack.count, isHexadecimal(stack[place]) { place += 1 }
      } else {
        result.append(stack[place])
        place += 1
      }
    }
    return result
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) || (0x41...0x46).contains(byte)
  }
}

extension UInt64 {
  fileprivate init(clamping value: Double, _ rule: FloatingPointRoundingRule) {
    let whole = value.rounded(rule)
    self = whole >= 0x1p64 ? .max : whole > 0 ? UInt64(whole) : 0
  }
}
