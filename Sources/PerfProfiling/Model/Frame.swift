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

/// The frames of a profile, each kept once. The number of a frame is its place in `frames`.
package struct FrameTable: Sendable {
  package private(set) var frames: [Frame] = []
  /// Places in `frames` by hash, open addressing; a dictionary would keep every frame a second time. -1 in a free slot.
  private var slots: ContiguousArray<(hash: UInt32, number: Int32)> = []

  package init() {}

  /// The number of this frame; the same for an equal frame.
  package mutating func number(of frame: Frame) -> Int32 {
    if frames.count &* 4 >= slots.count &* 3 { grow() }
    let hash = UInt32(truncatingIfNeeded: frame.hashValue)
    var place = Int(hash) & (slots.count - 1)
    while slots[place].number >= 0 {
      if slots[place].hash == hash, frames[Int(slots[place].number)] == frame { return slots[place].number }
      place = (place + 1) & (slots.count - 1)
    }
    let number = Int32(frames.count)
    slots[place] = (hash, number)
    frames.append(frame)
    return number
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

  package subscript(number: Int32) -> Frame { frames[Int(number)] }
  package var count: Int { frames.count }
}
