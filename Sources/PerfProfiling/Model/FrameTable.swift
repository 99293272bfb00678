/// The frames of a profile, each kept once, numbered in the order in which they came.
///
/// A frame as a value has 80 bytes and its name's own; here it has 16 and the name's, which counts where a profile has millions.
package struct FrameTable: Sendable {
  private struct Entry {
    /// Where the name stands in `names`.
    var start: Int
    /// How many bytes the name has.
    var count: UInt32
    /// The number of the object in the upper 27 bits, 0 for none; then the bits below.
    var rest: UInt32
  }

  /// The bits of an entry's `rest` that are not the object's number.
  private enum Bits {
    /// The kind of the frame.
    static let kind: UInt32 = 0b0111
    /// Whether there is a name.
    static let isNamed: UInt32 = 0b1000
    /// Whether the frame itself is in `rarities`.
    static let isRare: UInt32 = 0b1_0000
    static let objectAt: UInt32 = 5
  }

  private var entries: ContiguousArray<Entry> = []
  private var names: ContiguousArray<UInt8> = []
  private var objects: [String] = []
  private var objectNumbers: [String: UInt32] = [:]
  /// The frames that have an address or a line of the source, by number, and those whose object's number has no room.
  private var rarities: [Int32: Frame] = [:]
  private var index = HashIndex()

  package init() {}

  /// The number of this frame; the same for an equal frame.
  package mutating func number(of frame: Frame) -> Int32 {
    if index.isEmpty { indexAnew() }
    let hash = Self.hash(frame)
    var place = index.place(of: hash)
    while let known = index.next(hash, at: &place) {
      if isEqual(known, frame) { return known }
    }
    let number = Int32(truncatingIfNeeded: entries.count)
    index.keep(number, hash, at: place)
    append(frame)
    return number
  }

  private static func hash(_ frame: Frame) -> UInt32 { UInt32(truncatingIfNeeded: frame.hashValue) }

  private mutating func indexAnew() {
    for (number, frame) in frames.enumerated() { index.add(Int32(truncatingIfNeeded: number), Self.hash(frame)) }
  }

  /// Gives the memory back that only serves to find a frame again; the next one that is looked for brings it back.
  mutating func trim() { index = HashIndex() }

  private mutating func append(_ frame: Frame) {
    var entry = Entry(start: names.count, count: 0, rest: UInt32(frame.kind.rawValue))
    if var name = frame.name {
      name.withUTF8 { names.append(contentsOf: $0) }
      entry.count = UInt32(clamping: names.count - entry.start)
      entry.rest |= Bits.isNamed
    }
    let object = frame.object.map { number(ofObject: $0) } ?? 0
    if frame.address != nil || frame.sourceLine != nil || object >= 1 << (32 - Bits.objectAt) {
      entry.rest |= Bits.isRare
      rarities[Int32(truncatingIfNeeded: entries.count)] = frame
    } else {
      entry.rest |= object << Bits.objectAt
    }
    entries.append(entry)
  }

  /// From 1 on.
  private mutating func number(ofObject object: String) -> UInt32 {
    if let known = objectNumbers[object] { return known }
    objects.append(object)
    let number = UInt32(truncatingIfNeeded: objects.count)
    objectNumbers[object] = number
    return number
  }

  private func isEqual(_ number: Int32, _ frame: Frame) -> Bool {
    let entry = entries[Int(number)]
    if entry.rest & Bits.isRare != 0 { return rarities[number] == frame }
    guard entry.rest & Bits.kind == UInt32(frame.kind.rawValue),
      (entry.rest & Bits.isNamed != 0) == (frame.name != nil),
      frame.address == nil, frame.sourceLine == nil, object(of: entry) == frame.object
    else { return false }
    guard var name = frame.name else { return true }
    return name.withUTF8 { name in
      name.count == Int(entry.count) && names[entry.start..<(entry.start + name.count)].elementsEqual(name)
    }
  }

  private func object(of entry: Entry) -> String? {
    let number = Int(entry.rest >> Bits.objectAt)
    return number == 0 ? nil : objects[number - 1]
  }

  package subscript(number: Int32) -> Frame {
    let entry = entries[Int(number)]
    if entry.rest & Bits.isRare != 0, let frame = rarities[number] { return frame }
    let name =
      entry.rest & Bits.isNamed == 0
      ? nil : String(decoding: names[entry.start..<(entry.start + Int(entry.count))], as: UTF8.self)
    let kind = Frame.Kind(rawValue: UInt8(truncatingIfNeeded: entry.rest & Bits.kind)) ?? .user
    return Frame(name: name, object: object(of: entry), kind: kind)
  }

  package var count: Int { entries.count }

  /// All of them, each made when it is asked for.
  package var frames: Frames { Frames(table: self) }

  /// The frames of a table by their numbers.
  package struct Frames: RandomAccessCollection, Sendable {
    fileprivate let table: FrameTable

    package var startIndex: Int { 0 }
    package var endIndex: Int { table.count }
    package subscript(place: Int) -> Frame { table[Int32(truncatingIfNeeded: place)] }
  }
}
