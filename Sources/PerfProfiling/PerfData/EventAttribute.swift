/// What perf asked the kernel to record: the parts of a `perf_event_attr` that say how the event's records read.
///
/// Source: include/uapi/linux/perf_event.h of the kernel. An entry may be shorter (older) or longer (newer) than what is known
/// here; what is missing counts as zero, and what is unknown is ignored.
struct EventAttribute {
  var type: UInt32
  var config: UInt64
  /// The period, or with `isFrequency` the rate in hertz.
  var period: UInt64
  var sampleType: UInt64
  var readFormat: UInt64
  var flags: UInt64
  /// The clock of the times; nil for perf's own.
  var clock: Int32?
  var branchSampleType: UInt64 = 0
  var userRegisters: UInt64 = 0
  var interruptRegisters: UInt64 = 0
  /// The most frames that a stack may have; 0 for the setting of the machine.
  var maximumDepth: UInt16 = 0

  /// The size of the oldest form.
  static let leastSize = 64

  /// - Parameter size: how many of the bytes belong to the entry; at least ``leastSize``.
  init(_ bytes: RecordBytes, size entrySize: Int) {
    let stated = Int(bytes.u32(4))
    // Entries of the oldest form state no size at all.
    let size = stated < Self.leastSize ? Self.leastSize : min(stated, entrySize)
    type = bytes.u32(0)
    config = bytes.u64(8)
    period = bytes.u64(16)
    sampleType = bytes.u64(24)
    readFormat = bytes.u64(32)
    let word = bytes.u64(40)
    // Big-endian compilers fill bit fields from the other end.
    flags = Self.isBigEndian(bytes) ? Self.reversed(word) : word
    clock = nil
    if size >= 80 { branchSampleType = bytes.u64(72) }
    if size >= 88 { userRegisters = bytes.u64(80) }
    if size >= 96, flags & Self.usesClock != 0 { clock = bytes.i32(92) }
    if size >= 104 { interruptRegisters = bytes.u64(96) }
    if size >= 112 { maximumDepth = bytes.u16(108) }
  }

  private static func isBigEndian(_ bytes: RecordBytes) -> Bool { bytes.isSwapped == (1.littleEndian == 1) }

  private static func reversed(_ word: UInt64) -> UInt64 {
    var result: UInt64 = 0
    for bit in 0..<64 where word >> UInt64(bit) & 1 != 0 { result |= 1 << UInt64(63 - bit) }
    return result
  }

  private static let usesClock: UInt64 = 1 << 25

  var isFrequency: Bool { flags & (1 << 10) != 0 }
  var identifiesAllRecords: Bool { flags & (1 << 18) != 0 }
  /// An event that counts nothing and only carries the records about tasks and mappings.
  var isDummy: Bool { type == 1 && config == 9 }
  var isTracepoint: Bool { type == 2 }
  func has(_ field: SampleField) -> Bool { sampleType & field.rawValue != 0 }

  /// What the weights of the event's samples count.
  func unit(name: String) -> Profile.Unit {
    switch type {
    case 1 where config == 0 || config == 1: return .nanoseconds
    case 0 where config & 0xFFFF_FFFF == 0: return .cycles
    case 0 where config & 0xFFFF_FFFF == 1: return .instructions
    default: break
    }
    // Events of a PMU by its own number are known by their names only: cpu_core/cycles/, armv8_pmuv3/cpu_cycles/.
    let words = name.split { $0 == "/" || $0 == ":" || $0 == "," }
    if words.contains(where: { $0 == "cycles" || $0 == "cpu-cycles" || $0 == "cpu_cycles" }) { return .cycles }
    if words.contains(where: { $0 == "instructions" || $0 == "inst_retired.any" }) { return .instructions }
    if words.contains(where: { $0 == "cpu-clock" || $0 == "task-clock" }) { return .nanoseconds }
    return .events
  }

  /// A name for an event whose name is not recorded, as perf makes it.
  var madeUpName: String {
    let hardware = [
      "cycles", "instructions", "cache-references", "cache-misses", "branches", "branch-misses", "bus-cycles",
      "stalled-cycles-frontend", "stalled-cycles-backend", "ref-cycles",
    ]
    let software = [
      "cpu-clock", "task-clock", "page-faults", "context-switches", "cpu-migrations", "minor-faults", "major-faults",
      "alignment-faults", "emulation-faults", "dummy", "bpf-output", "cgroup-switches",
    ]
    switch type {
    case 0:
      let number = config & 0xFFFF_FFFF
      return number < UInt64(hardware.count) ? hardware[Int(number)] + modifiers : "hardware event \(number)"
    case 1: return config < UInt64(software.count) ? software[Int(config)] + modifiers : "software event \(config)"
    case 2: return "tracepoint \(config)"
    case 3: return (cacheName ?? "cache event 0x\(String(config, radix: 16))") + modifiers
    case 4: return "raw 0x\(String(config, radix: 16))" + modifiers
    case 5: return "mem:breakpoint" + modifiers
    default: return "event of type \(type), config 0x\(String(config, radix: 16))" + modifiers
    }
  }

  private var cacheName: String? {
    let caches = ["L1-dcache", "L1-icache", "LLC", "dTLB", "iTLB", "branch", "node"]
    let operations = [("loads", "load"), ("stores", "store"), ("prefetches", "prefetch")]
    let cache = Int(config & 0xFF)
    let operation = Int(config >> 8 & 0xFF)
    let result = config >> 16 & 0xFF
    guard cache < caches.count, operation < operations.count else { return nil }
    return switch result {
    case 0: "\(caches[cache])-\(operations[operation].0)"
    case 1: "\(caches[cache])-\(operations[operation].1)-misses"
    default: nil
    }
  }

  /// `:u`, `:k` and `p` for each step of precision, as a user would write them.
  private var modifiers: String {
    var result = ""
    let excludes = (user: flags & (1 << 4) != 0, kernel: flags & (1 << 5) != 0, hypervisor: flags & (1 << 6) != 0)
    if excludes.user || excludes.kernel || excludes.hypervisor {
      if !excludes.kernel { result += "k" }
      if !excludes.user { result += "u" }
      if !excludes.hypervisor { result += "h" }
    }
    result += String(repeating: "p", count: Int(flags >> 15 & 3))
    return result.isEmpty ? "" : ":" + result
  }
}

/// The fields that a sample may have, by their bits in `sample_type`.
enum SampleField: UInt64 {
  case instruction = 0x1
  case thread = 0x2
  case time = 0x4
  case address = 0x8
  case read = 0x10
  case callchain = 0x20
  case id = 0x40
  case cpu = 0x80
  case period = 0x100
  case stream = 0x200
  case raw = 0x400
  case branchStack = 0x800
  case userRegisters = 0x1000
  case userStack = 0x2000
  case weight = 0x4000
  case dataSource = 0x8000
  case identifier = 0x10000
  case transaction = 0x20000
  case interruptRegisters = 0x40000
  case physicalAddress = 0x80000
  case auxiliary = 0x100000
  case cgroup = 0x200000
  case dataPageSize = 0x400000
  case codePageSize = 0x800000
  case weightStructure = 0x1000000
}

/// Where the fields of an event's records stand, counted from the head of the record; -1 where there is none.
struct RecordLayout {
  let identifier: Int
  let instruction: Int
  let thread: Int
  let time: Int
  let id: Int
  let cpu: Int
  let period: Int
  /// Where the part of changing size begins.
  let fixedEnd: Int
  let hasCallchain: Bool
  /// nil without the values of counters.
  let read: UInt64?
  /// Whether anything stands behind the callchain.
  let hasMore: Bool
  /// Where time and id stand in the trailer of records that are no samples, counted back from their end; -1 for none.
  let trailerTime: Int
  let trailerID: Int
  let trailerSize: Int

  init(_ attribute: EventAttribute) {
    var offset = 8
    func place(_ field: SampleField) -> Int {
      guard attribute.has(field) else { return -1 }
      defer { offset += 8 }
      return offset
    }
    identifier = place(.identifier)
    instruction = place(.instruction)
    thread = place(.thread)
    time = place(.time)
    _ = place(.address)
    id = place(.id)
    _ = place(.stream)
    cpu = place(.cpu)
    period = place(.period)
    fixedEnd = offset
    hasCallchain = attribute.has(.callchain)
    read = attribute.has(.read) ? attribute.readFormat : nil
    let small =
      SampleField.identifier.rawValue | SampleField.instruction.rawValue | SampleField.thread.rawValue
      | SampleField.time.rawValue | SampleField.address.rawValue | SampleField.id.rawValue
      | SampleField.stream.rawValue | SampleField.cpu.rawValue | SampleField.period.rawValue
    hasMore = attribute.sampleType & ~(small | SampleField.read.rawValue | SampleField.callchain.rawValue) != 0

    guard attribute.identifiesAllRecords else {
      (trailerTime, trailerID, trailerSize) = (-1, -1, 0)
      return
    }
    var back = 0
    func placeFromEnd(_ field: SampleField) -> Int {
      guard attribute.has(field) else { return -1 }
      back += 8
      return back
    }
    let identifierBack = placeFromEnd(.identifier)
    _ = placeFromEnd(.cpu)
    _ = placeFromEnd(.stream)
    let idBack = placeFromEnd(.id)
    trailerTime = placeFromEnd(.time)
    _ = placeFromEnd(.thread)
    trailerID = identifierBack >= 0 ? identifierBack : idBack
    trailerSize = back
  }
}
