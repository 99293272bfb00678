/// One place in a program, as it is shown: what a box of a flame graph stands for.
package struct Frame: Hashable, Sendable {
  /// Where the code runs and how it came to be there.
  package enum Kind: UInt8, Hashable, Sendable {
    /// Code of a program or a library.
    case user
    /// Code of the kernel, of a module or of a BPF program.
    case kernel
    /// Code of a hypervisor or of a guest's kernel.
    case guestKernel
    /// Code that a runtime wrote at run time (perf map, jitdump).
    case jit
    /// A function that the compiler put into its caller.
    case inlined
    /// No code: a label that stands in for something, as `[no stack]` does.
    case label
  }

  /// The demangled name without an offset; nil where no symbol was found.
  package var name: String?
  /// The object that the code is from, as perf spells it: a path, `[kernel.kallsyms]`, `[vdso]`, `//anon`; nil where unknown.
  package var object: String?
  package var kind: Kind
  /// The address within the object, only where there is no name and addresses were asked for.
  package var address: UInt64?
  /// File and line, only where they were asked for.
  package var sourceLine: String?

  package init(
    name: String?, object: String? = nil, kind: Kind = .user, address: UInt64? = nil, sourceLine: String? = nil
  ) {
    self.name = name
    self.object = object
    self.kind = kind
    self.address = address
    self.sourceLine = sourceLine
  }
}

/// The frames of a profile, each kept once, numbered in the order in which they came.
///
/// A frame as a value has 80 bytes and its name's own; here it has 24 and the name's, which counts where a profile has millions.
package struct FrameTable: Sendable {
  private struct Entry {
    /// Where the name stands in `names`; negative where there is none.
    var start: Int
    var count: UInt32
    /// The number of the object; -1 for none.
    var object: Int32
    var kind: Frame.Kind
    /// Whether the address or the line of the source is in `rarities`.
    var isRare: Bool
  }

  private var entries: ContiguousArray<Entry> = []
  private var names: ContiguousArray<UInt8> = []
  private var objects: [String] = []
  private var objectNumbers: [String: Int32] = [:]
  /// The frames that have an address or a line of the source, by number.
  private var rarities: [Int32: Frame] = [:]
  /// Numbers by hash, open addressing. -1 in a free slot.
  private var slots: ContiguousArray<(hash: UInt32, number: Int32)> = []

  package init() {}

  /// The number of this frame; the same for an equal frame.
  package mutating func number(of frame: Frame) -> Int32 {
    if entries.count &* 4 >= slots.count &* 3 { grow() }
    let hash = UInt32(truncatingIfNeeded: frame.hashValue)
    var place = Int(hash) & (slots.count - 1)
    while slots[place].number >= 0 {
      if slots[place].hash == hash, isEqual(slots[place].number, frame) { return slots[place].number }
      place = (place + 1) & (slots.count - 1)
    }
    let number = Int32(truncatingIfNeeded: entries.count)
    slots[place] = (hash, number)
    var entry = Entry(start: -1, count: 0, object: -1, kind: frame.kind, isRare: false)
    if var name = frame.name {
      entry.start = names.count
      name.withUTF8 { names.append(contentsOf: $0) }
      entry.count = UInt32(truncatingIfNeeded: names.count - entry.start)
    }
    if let object = frame.object { entry.object = self.number(ofObject: object) }
    if frame.address != nil || frame.sourceLine != nil {
      entry.isRare = true
      rarities[number] = frame
    }
    entries.append(entry)
    return number
  }

  private mutating func number(ofObject object: String) -> Int32 {
    if let known = objectNumbers[object] { return known }
    let number = Int32(truncatingIfNeeded: objects.count)
    objects.append(object)
    objectNumbers[object] = number
    return number
  }

  private func isEqual(_ number: Int32, _ frame: Frame) -> Bool {
    let entry = entries[Int(number)]
    guard entry.kind == frame.kind, (entry.start >= 0) == (frame.name != nil),
      entry.object < 0 ? frame.object == nil : objects[Int(entry.object)] == frame.object
    else { return false }
    if entry.isRare || frame.address != nil || frame.sourceLine != nil { return rarities[number] == frame }
    guard var name = frame.name else { return true }
    return name.withUTF8 { name in
      name.count == Int(entry.count) && names[entry.start..<(entry.start + name.count)].elementsEqual(name)
    }
  }

  private mutating func grow() {
    let old = slots
    slots = ContiguousArray(repeating: (0, -1), count: max(1024, old.count * 2))
    for slot in old where slot.number >= 0 {
      var place = Int(slot.hash) & (slots.count - 1)
      while slots[place].number >= 0 { place = (place + 1) & (slots.count - 1) }
      slots[place] = slot
    }
  }

  package subscript(number: Int32) -> Frame {
    let entry = entries[Int(number)]
    if entry.isRare, let frame = rarities[number] { return frame }
    let name =
      entry.start < 0
      ? nil : String(decoding: names[entry.start..<(entry.start + Int(entry.count))], as: UTF8.self)
    return Frame(name: name, object: entry.object < 0 ? nil : objects[Int(entry.object)], kind: entry.kind)
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
