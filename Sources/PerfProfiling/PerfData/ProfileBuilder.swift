/// Turns the records of a recording, given in order of time, into a profile.
struct ProfileBuilder {
  /// What a sample may be left out for.
  struct Filter {
    /// The place of the one event that counts; nil for all.
    var event: Int?
    /// Nanoseconds after the first sample.
    var from: UInt64?
    var to: UInt64?
    /// The place of the event of context switches whose samples are to weigh what their threads then wait; nil for none.
    var switches: Int?
    var restrictsTime: Bool { from != nil || to != nil }
  }

  let path: String
  let filter: Filter
  private(set) var profile = Profile()
  private var tasks = TaskTable()
  private var mappings: MappingTable
  private var locations = LocationTable()
  /// The one frame of all addresses of an object, such as one without symbols; -1 where there are more, or none is known.
  private var wholeFrames: ContiguousArray<Int32> = []
  private(set) var resolver: SymbolResolver
  /// How many records there are of each type that is not read.
  private(set) var unread: [UInt32: Int] = [:]
  /// Whether samples hold a copy of the user's stack that was not unwound.
  private(set) var userStacks = 0
  private(set) var deferredStacks = 0

  private var layouts: [RecordLayout] = []
  private var fixedWeights: [UInt64] = []
  private var copiesStacks: [Bool] = []
  private var hasTimes = false
  private var hasCPUs = false

  /// Whole callchains that were met a moment ago, by a digest of all that their stack depends on: idle CPUs and loops show
  /// the same one again and again. A new one takes the place of an old one.
  private let recentChains: UnsafeMutablePointer<(digest: UInt64, stack: Int32)>
  private static let recentCount = 1 << 13
  private let chain: UnsafeMutablePointer<ChainEntry>
  private var firstSampleTime: UInt64?
  /// The threads that are off their CPU, with the sample that says where they went.
  private var waiting: [Int32: (sample: Int, since: UInt64)] = [:]
  private var latestSwitch: UInt64 = 0

  private struct ChainEntry {
    var address: UInt64
    var mode: UInt8
    var isReturn: Bool
  }

  /// A record has at most 65,535 bytes, and an address 8.
  private static let longestChain = 8192

  /// - Parameter readJitDump: finds the file that a process wrote of its code; nil where there is none.
  init(
    path: String, filter: Filter, resolver: SymbolResolver,
    readJitDump: @escaping (_ path: String, _ processID: Int32) -> JitDump? = { _, _ in nil }
  ) {
    self.path = path
    mappings = MappingTable(readJitDump: readJitDump)
    self.resolver = resolver
    self.filter = filter
    chain = .allocate(capacity: Self.longestChain)
    recentChains = .allocate(capacity: Self.recentCount)
    recentChains.initialize(repeating: (0, -1), count: Self.recentCount)
  }

  /// Gives the scratch memory back; nothing may be applied afterwards.
  func end() {
    chain.deallocate()
    recentChains.deallocate()
  }

  /// Takes the events over; again whenever a pipe brings one more.
  mutating func setEvents(_ head: RecordingHead) {
    layouts = head.events.map { RecordLayout($0.attribute) }
    fixedWeights = head.events.map { $0.attribute.isFrequency ? 1 : max(1, $0.attribute.period) }
    hasTimes = layouts.contains { $0.time >= 0 }
    hasCPUs = layouts.contains { $0.cpu >= 0 }
    mappings.hasMonotonicTimes = head.events.contains { $0.attribute.clock == 1 }
    copiesStacks = head.events.map { $0.attribute.has(.userStack) }
  }

  mutating func setBuildIDs(_ entries: [RecordingHead.BuildIDEntry]) { mappings.setBuildIDs(entries) }

  mutating func setNotes(_ notes: [String]) { profile.notes = notes }

  /// The profile so far, with what the search for symbols has to tell.
  var finished: Profile {
    var result = profile
    result.frames = resolver.frames
    result.objects = resolver.codeObjects
    result.threads = tasks.threads
    result.notes += mappings.notes + resolver.notes
    result.keptSymbols = resolver.met
    return result
  }

  mutating func addNote(_ note: String) { profile.notes.append(note) }

  mutating func reserve(samples: Int) {
    profile.samples.events.reserveCapacity(samples)
    profile.samples.threads.reserveCapacity(samples)
    profile.samples.stacks.reserveCapacity(samples)
    profile.samples.weights.reserveCapacity(samples)
    if hasTimes { profile.samples.times.reserveCapacity(samples) }
    if hasCPUs { profile.samples.cpus.reserveCapacity(samples) }
  }

  /// Counts a sample that cannot be used.
  mutating func leaveOut(_ reason: String) {
    profile.accounting.samplesIn += 1
    profile.accounting.leftOut[reason, default: 0] += 1
  }

  mutating func countUnread(_ type: UInt32) { unread[type, default: 0] += 1 }

  // MARK: Records

  /// Takes one record of the kernel in.
  /// - Parameters:
  ///   - event: the place of the event that the record belongs to.
  ///   - offset: where the record stands in the file, for errors.
  @inline(__always)
  mutating func apply(
    _ record: RecordBytes, size: Int, event: Int, offset: Int
  ) throws(RecordingError) {
    let type = record.u32(0)
    if type == RecordType.sample.rawValue {
      try addSample(record, size: size, event: event, offset: offset)
    } else {
      try applyOther(record, type: type, size: size, event: event, offset: offset)
    }
  }

  @inline(never)
  private mutating func applyOther(
    _ record: RecordBytes, type: UInt32, size: Int, event: Int, offset: Int
  ) throws(RecordingError) {
    let end = size - (event < layouts.count ? layouts[event].trailerSize : 0)
    func require(_ needed: Int) throws(RecordingError) {
      guard end >= needed else {
        throw .damaged(path: path, offset: offset, what: "a record of type \(type) has only \(size) bytes")
      }
    }
    switch RecordType(rawValue: type) {
    case .mmap:
      try require(40)
      mappings.add(record, nameAt: 40, end: end, hasInode: false)
    case .mmap2:
      try require(72)
      mappings.add(record, nameAt: 72, end: end, hasInode: true)
    case .comm:
      try require(16)
      tasks.setCommand(record, end: end)
    case .fork:
      try require(24)
      if let (child, parent) = tasks.fork(record) { mappings.fork(child: child, parent: parent) }
    case .exit: try require(24)
    case .lost:
      try require(24)
      profile.accounting.lost = adding(profile.accounting.lost, record.u64(16))
    case .lostSamples:
      try require(16)
      // Bit 15: a BPF program let them go, and nothing is lost.
      if record.u16(4) & 0x8000 != 0 {
        let count = record.u64(8)
        let before = profile.accounting.leftOut["dropped by a filter while recording"] ?? 0
        profile.accounting.samplesIn = adding(profile.accounting.samplesIn, count)
        profile.accounting.leftOut["dropped by a filter while recording"] = adding(before, count)
      } else {
        profile.accounting.lost = adding(profile.accounting.lost, record.u64(8))
      }
    case .throttle: profile.accounting.throttled += 1
    case .ksymbol:
      try require(24)
      mappings.setKernelSymbol(record, end: end)
    case .callchainDeferred: deferredStacks += 1
    // They say nothing about samples: counters, switches, tasks that end, programs whose symbols come by themselves.
    case .unthrottle, .read, .aux, .itraceStart, .switch, .switchCPUWide, .namespaces, .bpfEvent, .cgroup, .textPoke,
      .auxOutputHardwareID:
      break
    default: unread[type, default: 0] += 1
    }
  }

  private func adding(_ one: UInt64, _ other: UInt64) -> UInt64 {
    let (sum, overflow) = one.addingReportingOverflow(other)
    return overflow ? .max : sum
  }

  // MARK: Samples

  private mutating func addSample(
    _ record: RecordBytes, size: Int, event: Int, offset: Int
  ) throws(RecordingError) {
    profile.accounting.samplesIn &+= 1
    let layout = layouts[event]
    guard size >= layout.fixedEnd else {
      throw .damaged(path: path, offset: offset, what: "a sample has only \(size) bytes")
    }
    var place = layout.fixedEnd
    if let format = layout.read {
      place = try skipRead(record, at: place, size: size, format: format, offset: offset)
    }
    var count = 0
    if layout.hasCallchain {
      guard size - place >= 8 else {
        throw .damaged(path: path, offset: offset, what: "a sample ends before its callchain")
      }
      let stated = record.u64(place)
      guard stated <= UInt64((size - place - 8) / 8) else {
        throw .damaged(
          path: path, offset: offset + place, what: "a callchain of \(stated) addresses in a sample of \(size) bytes")
      }
      place += 8
      count = Int(stated)
    }
    let time = layout.time >= 0 ? record.u64(layout.time) : 0
    if firstSampleTime == nil { firstSampleTime = time }
    if let wanted = filter.event, wanted != event {
      profile.accounting.leftOut["other events", default: 0] += 1
      return
    }
    if filter.restrictsTime {
      let passed = time &- (firstSampleTime ?? 0)
      guard passed >= filter.from ?? 0, passed <= filter.to ?? .max else {
        profile.accounting.leftOut["outside the time range", default: 0] += 1
        return
      }
    }

    var processID: Int32 = -1
    var threadID: Int32 = -1
    if layout.thread >= 0 {
      processID = record.i32(layout.thread)
      threadID = record.i32(layout.thread + 4)
    }
    if filter.switches == event,
      !endWait(record, at: place + 8 * count, size: size, time: time, threadID: threadID)
    {
      profile.accounting.leftOut["of idle CPUs", default: 0] += 1
      return
    }
    if mappings.hasJitDumps { mappings.loadJitCode(processID, until: time) }
    let thread = tasks.number(ofState: Int(tasks.state(processID: processID, threadID: threadID)))
    let mode = UInt8(truncatingIfNeeded: record.u16(4) & 7)
    let instruction: UInt64? = layout.instruction >= 0 ? record.u64(layout.instruction) : nil
    let stack = stack(
      record, at: place, count: count, mode: mode, instruction: instruction, processID: processID)
    if stack == StackTable.empty { profile.accounting.withoutStack += 1 }
    if copiesStacks[event] { userStacks += 1 }

    profile.samples.stacks.append(stack)
    profile.samples.threads.append(thread)
    profile.samples.events.append(UInt16(truncatingIfNeeded: event))
    profile.samples.weights.append(layout.period >= 0 ? record.u64(layout.period) : fixedWeights[event])
    if hasTimes { profile.samples.times.append(time) }
    if hasCPUs { profile.samples.cpus.append(layout.cpu >= 0 ? record.i32(layout.cpu) : -1) }
    if filter.switches == event { waits(threadID, from: time) }
  }

  // MARK: Waiting

  /// Where the thread stands that a context switch goes to, in the data of the tracepoint behind the eight bytes that all
  /// have: two names of 16 bytes, two numbers of 4, and the state of the one before. Source: the format of sched_switch.
  private static let nextThreadAt = 56

  /// Ends the wait of the thread that a context switch goes to.
  /// - Parameter place: where the data of the tracepoint begins, with its size.
  /// - Returns: whether the sample counts: an idle CPU waits for nothing.
  private mutating func endWait(_ record: RecordBytes, at place: Int, size: Int, time: UInt64, threadID: Int32) -> Bool
  {
    latestSwitch = time
    if place + 4 + Self.nextThreadAt + 4 <= size, record.u32(place) >= UInt32(Self.nextThreadAt) + 4 {
      let next = record.i32(place + 4 + Self.nextThreadAt)
      if let wait = waiting.removeValue(forKey: next) {
        profile.samples.weights[wait.sample] = time >= wait.since ? time - wait.since : 0
      }
    }
    return threadID != 0
  }

  private mutating func waits(_ threadID: Int32, from time: UInt64) {
    profile.samples.weights[profile.samples.count - 1] = 0
    waiting[threadID] = (profile.samples.count - 1, time)
  }

  /// What still waits at the end has waited until then.
  mutating func endWaits() {
    for wait in waiting.values {
      profile.samples.weights[wait.sample] = latestSwitch >= wait.since ? latestSwitch - wait.since : 0
    }
    waiting = [:]
  }

  /// Where the values of counters end.
  private func skipRead(
    _ record: RecordBytes, at place: Int, size: Int, format: UInt64, offset: Int
  ) throws(RecordingError) -> Int {
    let times = (format & 1 != 0 ? 1 : 0) + (format & 2 != 0 ? 1 : 0)
    let perValue = 1 + (format & 4 != 0 ? 1 : 0) + (format & 16 != 0 ? 1 : 0)
    var words = perValue + times
    if format & 8 != 0 {
      guard size - place >= 8, record.u64(place) <= UInt64(size) else {
        throw .damaged(path: path, offset: offset + place, what: "a group of counters that does not fit in its sample")
      }
      words = 1 + times + Int(record.u64(place)) * perValue
    }
    guard words <= (size - place) / 8 else {
      throw .damaged(path: path, offset: offset + place, what: "values of counters that do not fit in their sample")
    }
    return place + 8 * words
  }

  private static let firstMarker = UInt64(bitPattern: -4095)

  /// The stack of a sample: its callchain, or where it has none its instruction.
  @inline(__always)
  private mutating func stack(
    _ record: RecordBytes, at place: Int, count: Int, mode: UInt8, instruction: UInt64?, processID: Int32
  ) -> Int32 {
    let space = Int(mappings.space(ofProcess: processID))
    var digest = mappings.version(ofSpace: space) ^ UInt64(mode)
    var depth = 0
    var current = mode
    // Only the innermost frame, and the one that an interrupt met, are at the instruction itself.
    var isReturn = false
    var index = 0
    while index < count, depth < Self.longestChain {
      let address = record.u64(place + 8 * index)
      index &+= 1
      let product = (digest ^ address).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
      digest = product.high ^ product.low &+ 0x2545_F491_4F6C_DD1D
      if address >= Self.firstMarker {
        switch Int64(bitPattern: address) {
        case -32: current = ProcessorMode.hypervisor
        case -128: current = ProcessorMode.kernel
        case -512: current = ProcessorMode.user
        // The user's part comes later, in a record of its own; what follows is its number.
        case -640: index &+= 1
        case -2048, -2560: current = ProcessorMode.guestUser
        case -2176: current = ProcessorMode.guestKernel
        default: break
        }
        isReturn = false
        continue
      }
      chain[depth] = ChainEntry(address: address, mode: current, isReturn: isReturn)
      isReturn = true
      depth &+= 1
    }
    if depth == 0 {
      guard let instruction else { return StackTable.empty }
      chain[0] = ChainEntry(address: instruction, mode: mode, isReturn: false)
      depth = 1
      let product = (digest ^ instruction).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
      digest = product.high ^ product.low
    }
    let recent = recentChains + Int(truncatingIfNeeded: digest >> 51)
    if recent.pointee.digest == digest, recent.pointee.stack >= 0 { return recent.pointee.stack }

    var stack = StackTable.empty
    var entry = depth
    while entry > 0 {
      entry &-= 1
      stack = profile.stacks.stack(calling: frame(chain[entry], space: space), from: stack)
    }
    recent.pointee = (digest, stack)
    return stack
  }

  @inline(__always)
  private mutating func frame(_ entry: ChainEntry, space: Int) -> Int32 {
    let (object, address) = mappings.code(at: entry.address, mode: entry.mode, space: space)
    if Int(object) >= wholeFrames.count { growWholeFrames() }
    let whole = wholeFrames[Int(object)]
    if whole >= 0 { return whole }
    let known = locations.frame(object: object, address: address, isReturn: entry.isReturn)
    return known >= 0 ? known : newFrame(object, address, isReturn: entry.isReturn)
  }

  @inline(never)
  private mutating func growWholeFrames() {
    wholeFrames += repeatElement(-1, count: mappings.objects.count - wholeFrames.count)
  }

  @inline(never)
  private mutating func newFrame(_ object: Int32, _ address: UInt64, isReturn: Bool) -> Int32 {
    let frame = resolver.frame(
      address, isReturn: isReturn, number: object, object: mappings.objects[Int(object)], kernel: mappings.kernelObject)
    wholeFrames[Int(object)] = resolver.wholeFrame(ofObject: object)
    if wholeFrames[Int(object)] < 0 {
      locations.set(object: object, address: address, isReturn: isReturn, frame: frame)
    }
    return frame
  }
}
