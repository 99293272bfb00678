import Glibc

/// A profile's stacks as lines of text: `root;...;innermost COUNT`, equal ones summed, sorted by byte.
///
/// The bytes of all lines are one block: a profile can have millions of stacks, and an array for each would cost more than its text.
package struct FoldedStacks: Sendable {
  package struct Line: Sendable {
    /// Names from the root to the innermost frame, joined by `;`, as bytes.
    package let stack: ArraySlice<UInt8>
    package let weight: UInt64
    /// The weight in the profile that this one is compared with.
    package let before: UInt64
  }

  /// The lines, each made when it is asked for.
  package struct Lines: RandomAccessCollection, Sendable {
    fileprivate let block: [UInt8]
    fileprivate let entries: [Entry]
    fileprivate let before: [UInt64]

    package var startIndex: Int { 0 }
    package var endIndex: Int { entries.count }
    package subscript(place: Int) -> Line {
      let entry = entries[place]
      return Line(
        stack: block[entry.start..<(entry.start + Int(entry.count))], weight: entry.weight,
        before: before.isEmpty ? 0 : before[Int(entry.number)])
    }
  }

  /// A line, with the place of its bytes in the block.
  fileprivate struct Entry: Sendable {
    var start: Int
    var weight: UInt64
    var count: UInt32
    /// Where the line's second weight stands in `before`.
    var number: UInt32
  }

  private var block: [UInt8] = []
  private var entries: [Entry] = []
  /// The second weights by the numbers of the lines; empty where there are none.
  private var before: [UInt64] = []

  package var lines: Lines { Lines(block: block, entries: entries, before: before) }

  /// - Parameter event: the place of the event in `Profile.events`; nil for all of them.
  /// - Parameter before: a second weight of each sample.
  /// - Parameter keepsOrder: whether lines stand in the order of the samples, and only equal neighbours are summed.
  package init(
    _ profile: Profile, event: Int? = nil, labels: StackLabels = StackLabels(), before: [UInt64]? = nil,
    keepsOrder: Bool = false
  ) {
    let threads = profile.threads
    let rootOfThread = Self.roots(of: threads, labels)
    // First by numbers: a stack is written out once for each thread label. Until then the start of an entry is its key.
    sum(profile, event: event, rootOfThread: rootOfThread, before: before, keepsOrder: keepsOrder)
    var names = FrameNames(count: profile.frames.count)
    var written: [Int: (start: Int, count: UInt32)] = [:]
    for place in entries.indices {
      let key = entries[place].start
      if keepsOrder, let text = written[key] {
        (entries[place].start, entries[place].count) = text
        continue
      }
      let start = block.count
      let thread = threads[key >> 32]
      append(profile, thread, stack: Int32(truncatingIfNeeded: key), labels, &names)
      entries[place].start = start
      entries[place].count = UInt32(clamping: block.count - start)
      if keepsOrder { written[key] = (start, entries[place].count) }
    }
    settle(keepsOrder: keepsOrder)
  }

  /// The first thread of the same label, by thread.
  private static func roots(of threads: [Profile.Thread], _ labels: StackLabels) -> [Int32] {
    var roots = ByteKeyTable()
    var first: [Int32] = []
    return threads.enumerated().map { place, thread in
      var key = labels.name(of: thread) ?? "\u{0}"
      let (number, isNew) = key.withUTF8 { roots.number(of: $0) }
      if isNew { first.append(Int32(truncatingIfNeeded: place)) }
      return first[Int(number)]
    }
  }

  /// Makes an entry for each root and stack, or in the order of the samples for each run of them, with its key, the root's
  /// number over the stack's, in the place of its start.
  private mutating func sum(
    _ profile: Profile, event: Int?, rootOfThread: [Int32], before: [UInt64]?, keepsOrder: Bool
  ) {
    var index = HashIndex()
    let seed = keySeed
    let samples = profile.samples
    for sample in 0..<samples.count {
      if let event, Int(samples.events[sample]) != event { continue }
      let key = Int(rootOfThread[Int(samples.threads[sample])]) << 32 | Int(samples.stacks[sample])
      var place = entries.count
      if keepsOrder {
        if entries.last?.start == key { place -= 1 }
      } else {
        let hash = UInt32(truncatingIfNeeded: mixed(UInt64(truncatingIfNeeded: key), seed))
        var slot = index.place(of: hash)
        while let known = index.next(hash, at: &slot) {
          if entries[Int(known)].start == key {
            place = Int(known)
            break
          }
        }
        if place == entries.count { index.keep(Int32(truncatingIfNeeded: place), hash, at: slot) }
      }
      if place == entries.count {
        append(Entry(start: key, weight: 0, count: 0, number: 0), before: before == nil ? nil : 0)
      }
      entries[place].weight.add(samples.weights[sample])
      if let before { self.before[place].add(before[sample]) }
    }
  }

  /// Puts an entry behind the others, under the next number.
  private mutating func append(_ entry: Entry, before: UInt64?) {
    var entry = entry
    entry.number = UInt32(truncatingIfNeeded: entries.count)
    entries.append(entry)
    if let before { self.before.append(before) }
  }

  /// Puts the text of a stack into the block.
  private mutating func append(
    _ profile: Profile, _ thread: Profile.Thread, stack: Int32, _ labels: StackLabels, _ names: inout FrameNames
  ) {
    let isJava = labels.root == .command && thread.command == "java"
    let start = block.count
    if let name = labels.name(of: thread) { block.append(contentsOf: name.utf8) }
    let frames = profile.stacks.frames(of: stack)
    for frame in frames {
      names.append(frame, isJava: isJava, to: &block, from: start) {
        labels.names(of: profile.frames[frame], isJava: isJava).joined(separator: ";")
      }
    }
    if frames.isEmpty, !labels.isCompatible {
      if block.count > start { block.append(UInt8(ascii: ";")) }
      block += "[no stack]".utf8
    }
  }

  /// Stacks in any order with both weights, equal ones to be summed.
  init(_ stacks: some Sequence<(stack: [UInt8], weight: UInt64, before: UInt64)>) {
    for (stack, weight, before) in stacks { append(stack, weight, before: before) }
    settle(keepsOrder: false)
  }

  private mutating func append(_ stack: some Sequence<UInt8>, _ weight: UInt64, before: UInt64?) {
    let start = block.count
    block.append(contentsOf: stack)
    let count = UInt32(clamping: block.count - start)
    append(Entry(start: start, weight: weight, count: count, number: 0), before: before)
  }

  /// Brings the lines into the order of their bytes, unless they have one, and sums neighbours that are equal.
  private mutating func settle(keepsOrder: Bool) {
    var entries = self.entries
    var before = self.before
    self.entries = []
    self.before = []
    block.withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return }
      func compare(_ one: Entry, _ other: Entry) -> Int {
        let difference = memcmp(base + one.start, base + other.start, Int(min(one.count, other.count)))
        return difference != 0 ? Int(difference) : Int(one.count) - Int(other.count)
      }
      if !keepsOrder { entries.sort { compare($0, $1) < 0 } }
      var kept = 0
      for place in entries.indices {
        if kept > 0, compare(entries[kept - 1], entries[place]) == 0 {
          entries[kept - 1].weight.add(entries[place].weight)
          if !before.isEmpty { before[Int(entries[kept - 1].number)].add(before[Int(entries[place].number)]) }
        } else {
          entries[kept] = entries[place]
          kept += 1
        }
      }
      entries.removeLast(entries.count - kept)
    }
    self.entries = entries
    self.before = before
  }

  /// Turns every stack around, so that those with the same innermost frame stand together.
  package mutating func reverse(keepsOrder: Bool = false) {
    var turned = FoldedStacks()
    for line in lines {
      let names = line.stack.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
      turned.append(
        names.reversed().joined(separator: Self.separator), line.weight, before: before.isEmpty ? nil : line.before)
    }
    turned.settle(keepsOrder: keepsOrder)
    self = turned
  }

  private init() {}

  private static let separator = [UInt8(ascii: ";")]

  /// Lets stacks begin at the first frame of one of the names in `base`, and drops those without one and those that hold a
  /// name in `exclude`.
  /// - Returns: the weight that was dropped.
  package mutating func narrow(base: [String], exclude: [String]) -> UInt64 {
    if base.isEmpty, exclude.isEmpty { return 0 }
    let wanted = Set(base.map { Array($0.utf8) })
    let unwanted = Set(exclude.map { Array($0.utf8) })
    var dropped: UInt64 = 0
    var kept = FoldedStacks()
    for line in lines {
      let names = line.stack.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
      let first = wanted.isEmpty ? names.startIndex : names.firstIndex { wanted.contains(Array($0)) }
      guard let first, unwanted.isEmpty || !names.contains(where: { unwanted.contains(Array($0)) }) else {
        dropped.add(line.weight)
        continue
      }
      kept.append(
        names[first...].joined(separator: Self.separator), line.weight, before: before.isEmpty ? nil : line.before)
    }
    kept.settle(keepsOrder: false)
    self = kept
    return dropped
  }

  /// The text, ready to be written.
  package func text(into take: ([UInt8]) -> Void) {
    for line in lines { take(Array(line.stack) + Array(" \(line.weight)\n".utf8)) }
  }
}

/// The names of frames as bytes, one behind the other, each made on its first use.
private struct FrameNames {
  private typealias Place = (start: Int, count: Int)

  private let count: Int
  private var bytes: [UInt8] = []
  /// Where the name of a frame stands in `bytes`; negative where it was not asked for.
  private var places: ContiguousArray<Place> = []
  /// The same for names as they are in Java.
  private var placesInJava: ContiguousArray<Place> = []

  init(count: Int) { self.count = count }

  /// Puts a name behind a text, with what separates it from the one before; nothing where it is empty.
  /// - Parameter start: where the text begins in `block`.
  mutating func append(
    _ frame: Int32, isJava: Bool, to block: inout [UInt8], from start: Int, making name: () -> String
  ) {
    let place = isJava ? inJava(frame, name) : usual(frame, name)
    if place.count == 0 { return }
    if block.count > start { block.append(UInt8(ascii: ";")) }
    block += bytes[place.start..<(place.start + place.count)]
  }

  private mutating func usual(_ frame: Int32, _ name: () -> String) -> Place {
    if places.isEmpty { places = ContiguousArray(repeating: (-1, 0), count: count) }
    if places[Int(frame)].start < 0 { places[Int(frame)] = keep(name()) }
    return places[Int(frame)]
  }

  private mutating func inJava(_ frame: Int32, _ name: () -> String) -> Place {
    if placesInJava.isEmpty { placesInJava = ContiguousArray(repeating: (-1, 0), count: count) }
    if placesInJava[Int(frame)].start < 0 { placesInJava[Int(frame)] = keep(name()) }
    return placesInJava[Int(frame)]
  }

  private mutating func keep(_ name: String) -> Place {
    let start = bytes.count
    bytes.append(contentsOf: name.utf8)
    return (start, bytes.count - start)
  }
}

extension UInt64 {
  /// Adds; a sum that no number can hold stays at the largest.
  mutating func add(_ other: UInt64) {
    let (sum, overflow) = addingReportingOverflow(other)
    self = overflow ? .max : sum
  }
}
