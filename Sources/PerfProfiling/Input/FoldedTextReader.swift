import Glibc

/// Reads folded stacks: `outermost;...;innermost COUNT`, or with two counts, `BEFORE AFTER`.
package struct FoldedTextReader {
  private var profile = Profile()
  /// The first of two counts of each sample; nil while every line has one.
  private var before: [UInt64] = []
  private var carry: [UInt8] = []
  private var ignored: UInt64 = 0
  private var fractions = false

  package init() {
    profile.events = [Profile.Event(name: "samples", unit: .samples)]
    profile.threads = [Profile.Thread(processID: nil, threadID: nil, command: "")]
  }

  /// Takes the next bytes of the text.
  package mutating func feed(_ piece: UnsafeBufferPointer<UInt8>) {
    for line in piece.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast() {
      if carry.isEmpty {
        take(line)
      } else {
        carry.append(contentsOf: line)
        let whole = carry
        carry = []
        whole.withUnsafeBufferPointer { take($0[...]) }
      }
    }
    let rest = piece.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    carry.append(contentsOf: piece[rest...])
  }

  /// The profile, and where lines have two counts the first ones, sample by sample.
  package mutating func finish() -> (profile: Profile, before: [UInt64]?) {
    if !carry.isEmpty {
      let whole = carry
      carry = []
      whole.withUnsafeBufferPointer { take($0[...]) }
    }
    if ignored > 0 { profile.notes.append("\(ignored) lines have no count and were passed over") }
    if fractions { profile.notes.append("fractions of counts are cut") }
    if before.isEmpty { return (profile, nil) }
    return (profile, before)
  }

  private mutating func take(_ whole: Slice<UnsafeBufferPointer<UInt8>>) {
    var line = whole
    while let last = line.last, last == 0x0D || last == 0x20 || last == 0x09 { line = line.dropLast() }
    guard let first = line.first, first != UInt8(ascii: "#") else { return }
    guard let (count, rest) = number(line) else {
      ignored += 1
      return
    }
    line = rest
    if let (first, rest) = number(line) {
      if before.count < profile.samples.count {
        before += Array(repeating: 0, count: profile.samples.count - before.count)
      }
      before.append(first)
      line = rest
    } else if !before.isEmpty {
      before.append(0)
    }
    var stack = StackTable.empty
    for name in line.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false) {
      let frame = Self.frame(String(decoding: name, as: UTF8.self))
      stack = profile.stacks.stack(calling: profile.frames.number(of: frame), from: stack)
    }
    profile.samples.events.append(0)
    profile.samples.threads.append(0)
    profile.samples.stacks.append(stack)
    profile.samples.weights.append(count)
    let (sum, overflow) = profile.accounting.samplesIn.addingReportingOverflow(count)
    profile.accounting.samplesIn = overflow ? .max : sum
  }

  /// The count at the end of a line, and what stands before it.
  private mutating func number(
    _ line: Slice<UnsafeBufferPointer<UInt8>>
  ) -> (UInt64, Slice<UnsafeBufferPointer<UInt8>>)? {
    guard let space = line.lastIndex(where: { $0 == 0x20 || $0 == 0x09 }), space > line.startIndex else { return nil }
    let word = line[(space + 1)...]
    guard let first = word.first, isDigit(first) else { return nil }
    var value: UInt64 = 0
    var isFraction = false
    for byte in word {
      if byte == UInt8(ascii: "."), !isFraction {
        isFraction = true
        continue
      }
      guard isDigit(byte) else { return nil }
      if isFraction { continue }
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, more) = product.addingReportingOverflow(UInt64(byte - 0x30))
      guard !overflow, !more else { return nil }
      value = sum
    }
    if isFraction { fractions = true }
    var rest = line[..<space]
    while rest.last == 0x20 { rest = rest.dropLast() }
    return (value, rest)
  }

  /// The marks that collapsers put behind a name say what kind of code it is.
  static func frame(_ text: String) -> Frame {
    for (mark, kind) in [("_[k]", Frame.Kind.kernel), ("_[j]", .jit), ("_[i]", .inlined)] where text.hasSuffix(mark) {
      return Frame(name: String(text.dropLast(mark.utf8.count)), kind: kind)
    }
    return Frame(name: text, kind: .user)
  }
}
