import Glibc

/// A profile's stacks as lines of text: `root;...;innermost COUNT`, equal ones summed, sorted by byte.
package struct FoldedStacks: Sendable {
  package struct Line: Hashable, Sendable {
    /// Names from the root to the innermost frame, joined by `;`, as bytes.
    package var stack: [UInt8]
    package var weight: UInt64
    /// The weight in the profile that this one is compared with.
    package var before: UInt64 = 0
  }

  package private(set) var lines: [Line] = []

  /// - Parameter event: the place of the event in `Profile.events`; nil for all of them.
  /// - Parameter before: a second weight of each sample.
  /// - Parameter keepsOrder: whether lines stand in the order of the samples, and only equal neighbours are summed.
  package init(
    _ profile: Profile, event: Int? = nil, labels: StackLabels = StackLabels(), before: [UInt64]? = nil,
    keepsOrder: Bool = false
  ) {
    // First by numbers: a stack is written out once for each thread label.
    var roots: [String: Int32] = [:]
    var rootNames: [(name: String?, isJava: Bool)] = []
    let rootOfThread = profile.threads.map { thread -> Int32 in
      let name = labels.name(of: thread)
      let key = name ?? "\u{0}"
      if let known = roots[key] { return known }
      roots[key] = Int32(rootNames.count)
      rootNames.append((name, labels.root == .command && thread.command == "java"))
      return Int32(rootNames.count - 1)
    }
    var places = NumberTable()
    var stackTexts: [UInt64: [UInt8]] = [:]
    var sums: [(root: Int32, stack: Int32, weight: UInt64, before: UInt64)] = []
    for index in 0..<profile.samples.count {
      if let event, Int(profile.samples.events[index]) != event { continue }
      let root = rootOfThread[Int(profile.samples.threads[index])]
      let stack = profile.samples.stacks[index]
      let key = UInt64(UInt32(bitPattern: root)) << 32 | UInt64(UInt32(bitPattern: stack))
      if keepsOrder {
        if let last = sums.indices.last, sums[last].root == root, sums[last].stack == stack {
          sums[last].weight.add(profile.samples.weights[index])
          if let before { sums[last].before.add(before[index]) }
        } else {
          sums.append((root, stack, profile.samples.weights[index], before?[index] ?? 0))
        }
        continue
      }
      let place = places.number(for: key, or: Int32(truncatingIfNeeded: sums.count))
      if Int(place) == sums.count { sums.append((root, stack, 0, 0)) }
      sums[Int(place)].weight.add(profile.samples.weights[index])
      if let before { sums[Int(place)].before.add(before[index]) }
    }
    var names = FrameNames(count: profile.frames.count)
    var found: [Line] = []
    found.reserveCapacity(sums.count)
    for sum in sums {
      let root = rootNames[Int(sum.root)]
      let pair = UInt64(UInt32(bitPattern: sum.root)) << 32 | UInt64(UInt32(bitPattern: sum.stack))
      if keepsOrder, let text = stackTexts[pair] {
        found.append(Line(stack: text, weight: sum.weight, before: sum.before))
        continue
      }
      var text = root.name.map { Array($0.utf8) } ?? []
      let frames = profile.stacks.frames(of: sum.stack)
      for frame in frames {
        names.append(frame, isJava: root.isJava, to: &text) {
          labels.names(of: profile.frames[frame], isJava: root.isJava).joined(separator: ";")
        }
      }
      if frames.isEmpty, !labels.isCompatible {
        if !text.isEmpty { text.append(UInt8(ascii: ";")) }
        text += "[no stack]".utf8
      }
      if keepsOrder { stackTexts[pair] = text }
      found.append(Line(stack: text, weight: sum.weight, before: sum.before))
    }
    merge(found, keepsOrder: keepsOrder)
  }

  /// Lines in any order, equal stacks to be summed.
  init(lines: [Line]) { merge(lines, keepsOrder: false) }

  private mutating func merge(_ found: [Line], keepsOrder: Bool) {
    lines = []
    for place in keepsOrder ? Array(found.indices) : Self.order(found) {
      let line = found[place]
      if let last = lines.indices.last, lines[last].stack == line.stack {
        lines[last].weight.add(line.weight)
        lines[last].before.add(line.before)
      } else {
        lines.append(line)
      }
    }
  }

  /// The places of lines in the order of their bytes. The bytes are put into one block first: comparing a hundred thousand
  /// arrays is mostly counting references.
  private static func order(_ found: [Line]) -> [Int] {
    var block: [UInt8] = []
    block.reserveCapacity(found.reduce(0) { $0 + $1.stack.count })
    var keys: [(offset: Int, count: Int, place: Int)] = []
    keys.reserveCapacity(found.count)
    for (place, line) in found.enumerated() {
      keys.append((block.count, line.stack.count, place))
      block += line.stack
    }
    block.withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return }
      keys.sort { one, other in
        let difference = memcmp(base + one.offset, base + other.offset, min(one.count, other.count))
        return difference != 0 ? difference < 0 : (one.count, one.place) < (other.count, other.place)
      }
    }
    return keys.map(\.place)
  }

  /// Turns every stack around, so that those with the same innermost frame stand together.
  package mutating func reverse(keepsOrder: Bool = false) {
    let turned = lines.map { line in
      Line(
        stack: Array(
          line.stack.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).reversed()
            .joined(separator: [UInt8(ascii: ";")])),
        weight: line.weight, before: line.before)
    }
    merge(turned, keepsOrder: keepsOrder)
  }

  /// Lets stacks begin at the first frame of one of the names in `base`, and drops those without one and those that hold a
  /// name in `exclude`.
  /// - Returns: the weight that was dropped.
  package mutating func narrow(base: [String], exclude: [String]) -> UInt64 {
    if base.isEmpty, exclude.isEmpty { return 0 }
    let wanted = Set(base.map { Array($0.utf8) })
    let unwanted = Set(exclude.map { Array($0.utf8) })
    var dropped: UInt64 = 0
    var kept: [Line] = []
    for line in lines {
      let names = line.stack.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
      let first = wanted.isEmpty ? names.startIndex : names.firstIndex { wanted.contains(Array($0)) }
      guard let first, unwanted.isEmpty || !names.contains(where: { unwanted.contains(Array($0)) }) else {
        dropped.add(line.weight)
        continue
      }
      kept.append(
        Line(
          stack: Array(names[first...].joined(separator: [UInt8(ascii: ";")])), weight: line.weight,
          before: line.before))
    }
    merge(kept, keepsOrder: false)
    return dropped
  }

  /// The text, ready to be written.
  package func text(into take: ([UInt8]) -> Void) {
    for line in lines { take(line.stack + [UInt8(ascii: " ")] + Array(String(line.weight).utf8) + [0x0A]) }
  }
}

/// The names of frames as bytes, one behind the other, each made on its first use.
private struct FrameNames {
  private var bytes: [UInt8] = []
  /// Where the name of a frame stands in `bytes`, and again as it is in Java; negative where it was not asked for.
  private var ranges: ContiguousArray<(start: Int, count: Int)>

  init(count: Int) { ranges = ContiguousArray(repeating: (-1, 0), count: count * 2) }

  /// Puts a name behind a text, with what separates it from the one before; nothing where it is empty.
  mutating func append(_ frame: Int32, isJava: Bool, to text: inout [UInt8], making name: () -> String) {
    let place = Int(frame) * 2 + (isJava ? 1 : 0)
    if ranges[place].start < 0 {
      let start = bytes.count
      bytes.append(contentsOf: name().utf8)
      ranges[place] = (start, bytes.count - start)
    }
    let (start, count) = ranges[place]
    if count == 0 { return }
    if !text.isEmpty { text.append(UInt8(ascii: ";")) }
    text += bytes[start..<(start + count)]
  }
}

extension UInt64 {
  /// Adds; a sum that no number can hold stays at the largest.
  mutating func add(_ other: UInt64) {
    let (sum, overflow) = addingReportingOverflow(other)
    self = overflow ? .max : sum
  }
}
