/// What a program with code made at run time wrote down of it, with times (`jit-PID.dump`).
///
/// Source: tools/perf/Documentation/jitdump-specification.txt of the kernel.
struct JitDump {
  /// Code that begins to be somewhere.
  struct Load {
    var time: UInt64
    var start: UInt64
    var size: UInt64
    var name: String
  }

  /// In order of time.
  private(set) var loads: [Load] = []
  /// Whether the file ends inside of a record, as that of a program that still runs may.
  private(set) var isCut = false

  private static let magic: UInt32 = 0x4A69_5444

  /// - Returns: nil where it is no such file.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress, bytes.count >= 40 else { return nil }
    var order = RecordBytes(base: base, isSwapped: false)
    if order.u32(0) != Self.magic { order = RecordBytes(base: base, isSwapped: true) }
    guard order.u32(0) == Self.magic else { return nil }
    var place = Int(order.u32(8))
    guard place >= 40, place <= bytes.count else { return nil }
    /// The code by its index, for records that move it.
    var loadOfIndex: [UInt64: Int] = [:]
    while bytes.count - place >= 16 {
      let size = Int(order.u32(place + 4))
      guard size >= 16 else { break }
      guard size <= bytes.count - place else {
        isCut = true
        break
      }
      let record = order.advanced(by: place)
      let time = record.u64(8)
      switch record.u32(0) {
      case 0 where size > 56:
        loadOfIndex[record.u64(48)] = loads.count
        loads.append(
          Load(time: time, start: record.u64(32), size: record.u64(40), name: record.text(56, before: size)))
      case 1 where size >= 64:
        if let known = loadOfIndex[record.u64(56)] {
          loadOfIndex[record.u64(56)] = loads.count
          loads.append(Load(time: time, start: record.u64(40), size: record.u64(48), name: loads[known].name))
        }
      default: break
      }
      place += size
    }
    if place < bytes.count { isCut = true }
    // Threads may have written out of order; equal times keep theirs.
    let sorted = loads.indices.sorted { (loads[$0].time, $0) < (loads[$1].time, $1) }
    loads = sorted.map { loads[$0] }
  }
}
