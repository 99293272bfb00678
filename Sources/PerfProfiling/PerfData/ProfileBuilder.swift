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

  /// A piece of code, as the recording speaks of it.
  struct Object {
    enum Kind { case file, kernel, module, bpf, vdso, anonymous, jitCode, special }
    var kind: Kind
    /// As it is shown, and for a file its path.
    var name: String
    var buildID: [UInt8]?
    /// Whose the anonymous memory is; of a file the first process that had it mapped.
    var processID: Int32 = -1
    var frameKind: Frame.Kind
    /// Where a module begins, or the symbol that tells how far the kernel was moved.
    var base: UInt64 = 0
    /// The file of a module.
    var path: String?
    /// The one name of all its code, for pieces of code that are one function each.
    var symbol: String?
  }

  private struct ThreadState {
    var processID: Int32
    var threadID: Int32
    /// A place in `commands`; -1 where the kernel never told the name.
    var command: Int32
    /// A place in the profile's threads; -1 before the first sample under this name.
    var number: Int32
  }

  let path: String
  let filter: Filter
  private(set) var profile = Profile()
  private(set) var objects: [Object] = []
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

  private var threads: [ThreadState] = []
  private var threadOfID = NumberTable()
  private var commands: [String] = []
  private var commandNumbers: [String: Int32] = [:]
  /// The number of a thread by its state and its name.
  private var threadNumbers = NumberTable()

  private var spaces: [AddressSpace] = []
  private var spaceOfProcess = NumberTable()
  private var kernelSpace: AddressSpace
  /// The kernel itself; -1 before its mapping was seen.
  private var kernel: (object: Int32, start: UInt64) = (-1, 0)
  private var lastVersion: UInt64 = 1
  private var objectNumbers: [ObjectKey: Int32] = [:]
  private var buildIDs: [BuildIDKey: [UInt8]] = [:]

  /// Whole callchains that were met a moment ago, by a digest of all that their stack depends on: idle CPUs and loops show
  /// the same one again and again. A new one takes the place of an old one.
  private let recentChains: UnsafeMutablePointer<(digest: UInt64, stack: Int32)>
  private static let recentCount = 1 << 13
  private let chain: UnsafeMutablePointer<ChainEntry>
  private var lastThread: (id: Int32, state: Int32) = (-1, -1)
  private var lastProcess: (id: Int32, space: Int32) = (-1, -1)
  private var firstSampleTime: UInt64?
  /// The threads that are off their CPU, with the sample that says where they went.
  private var waiting: [Int32: (sample: Int, since: UInt64)] = [:]
  private var latestSwitch: UInt64 = 0

  /// Code made at run time that is yet to come, of the processes that wrote it down.
  private var jitDumps: [Int32: (dump: JitDump, next: Int, path: String)] = [:]
  private let readJitDump: (_ path: String, _ processID: Int32) -> JitDump?
  /// Whether the times of the recording are those of such files.
  var hasMonotonicTimes = false

  private struct ChainEntry {
    var address: UInt64
    var mode: UInt8
    var isReturn: Bool
  }

  private struct ObjectKey: Hashable {
    var name: String
    var device: UInt64
    var inode: UInt64
    var buildID: [UInt8]?
    var processID: Int32
  }

  private struct BuildIDKey: Hashable {
    var path: String
  }

  // The modes of the processor, in bits 0 to 2 of misc.
  private static let kernelMode: UInt8 = 1
  private static let userMode: UInt8 = 2

  /// A record has at most 65,535 bytes, and an address 8.
  private static let longestChain = 8192

  /// - Parameter readJitDump: finds the file that a process wrote of its code; nil where there is none.
  init(
    path: String, filter: Filter, resolver: SymbolResolver,
    readJitDump: @escaping (_ path: String, _ processID: Int32) -> JitDump? = { _, _ in nil }
  ) {
    self.path = path
    self.readJitDump = readJitDump
    self.resolver = resolver
    self.filter = filter
    kernelSpace = AddressSpace(version: 0)
    chain = .allocate(capacity: Self.longestChain)
    recentChains = .allocate(capacity: Self.recentCount)
    recentChains.initialize(repeating: (0, -1), count: Self.recentCount)
    // What stands for code of which no more is known.
    _ = addObject(Object(kind: .special, name: "", frameKind: .user))
    _ = addObject(Object(kind: .special, name: "", frameKind: .kernel))
    _ = addObject(Object(kind: .special, name: "[hypervisor]", frameKind: .guestKernel))
    _ = addObject(Object(kind: .special, name: "[guest.kernel.kallsyms]", frameKind: .guestKernel))
    _ = addObject(Object(kind: .special, name: "[guest]", frameKind: .guestKernel))
  }

  /// Gives the scratch memory back; nothing may be applied afterwards.
  func end() {
    chain.deallocate()
    recentChains.deallocate()
  }

  private static let unknownUser: Int32 = 0
  private static let unknownKernel: Int32 = 1
  private static let hypervisor: Int32 = 2
  private static let guestKernel: Int32 = 3
  private static let guestUser: Int32 = 4

  /// Takes the events over; again whenever a pipe brings one more.
  mutating func setEvents(_ head: RecordingHead) {
    layouts = head.events.map { RecordLayout($0.attribute) }
    fixedWeights = head.events.map { $0.attribute.isFrequency ? 1 : max(1, $0.attribute.period) }
    hasTimes = layouts.contains { $0.time >= 0 }
    hasCPUs = layouts.contains { $0.cpu >= 0 }
    hasMonotonicTimes = head.events.contains { $0.attribute.clock == 1 }
    copiesStacks = head.events.map { $0.attribute.has(.userStack) }
  }

  mutating func setBuildIDs(_ entries: [RecordingHead.BuildIDEntry]) {
    for entry in entries { buildIDs[BuildIDKey(path: String(decoding: entry.path, as: UTF8.self))] = entry.buildID }
  }

  mutating func setNotes(_ notes: [String]) { profile.notes = notes }

  /// The profile so far, with what the search for symbols has to tell.
  var finished: Profile {
    var result = profile
    result.frames = resolver.frames
    result.objects = resolver.codeObjects
    result.notes += resolver.notes
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
      addMapping(record, nameAt: 40, end: end, hasInode: false)
    case .mmap2:
      try require(72)
      addMapping(record, nameAt: 72, end: end, hasInode: true)
    case .comm:
      try require(16)
      setCommand(record, end: end)
    case .fork:
      try require(24)
      fork(record)
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
      setKernelSymbol(record, end: end)
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

  // MARK: Tasks

  private mutating func thread(processID: Int32, threadID: Int32) -> Int32 {
    if lastThread.id == threadID, lastThread.state >= 0 { return lastThread.state }
    let new = Int32(truncatingIfNeeded: threads.count)
    let state = threadOfID.number(for: UInt64(UInt32(bitPattern: threadID)), or: new)
    if state == new {
      threads.append(ThreadState(processID: processID, threadID: threadID, command: -1, number: -1))
    } else if threads[Int(state)].processID != processID, processID >= 0 {
      threads[Int(state)].processID = processID
      threads[Int(state)].number = -1
    }
    lastThread = (threadID, state)
    return state
  }

  private mutating func command(_ name: String) -> Int32 {
    if let known = commandNumbers[name] { return known }
    let new = Int32(commands.count)
    commands.append(name)
    commandNumbers[name] = new
    return new
  }

  private mutating func setCommand(_ record: RecordBytes, end: Int) {
    let name = record.text(16, before: end)
    lastThread = (-1, -1)
    let state = Int(thread(processID: record.i32(8), threadID: record.i32(12)))
    threads[state].command = command(name)
    threads[state].number = -1
    // A program that is started keeps the mappings of the one before it until new ones take their place: while the kernel
    // starts it, the stack still leads to the call that did so.
  }

  private mutating func fork(_ record: RecordBytes) {
    let (child, parent) = (record.i32(8), record.i32(12))
    let (childThread, parentThread) = (record.i32(16), record.i32(20))
    lastThread = (-1, -1)
    let from = threads[Int(thread(processID: parent, threadID: parentThread))]
    lastThread = (-1, -1)
    let to = Int(thread(processID: child, threadID: childThread))
    threads[to] = ThreadState(processID: child, threadID: childThread, command: from.command, number: -1)
    // Bit 13: perf made the record up, and the mappings follow.
    guard child != parent, record.u16(4) & 0x2000 == 0 else { return }
    let parentSpace = spaces[Int(space(ofProcess: parent))]
    spaces[Int(space(ofProcess: child))] = parentSpace
  }

  private mutating func space(ofProcess processID: Int32) -> Int32 {
    if lastProcess.id == processID, lastProcess.space >= 0 { return lastProcess.space }
    let new = Int32(truncatingIfNeeded: spaces.count)
    let space = spaceOfProcess.number(for: UInt64(UInt32(bitPattern: processID)), or: new)
    if space == new {
      lastVersion += 1
      spaces.append(AddressSpace(version: lastVersion))
    }
    lastProcess = (processID, space)
    return space
  }

  /// The thread of a sample, under its present name.
  private mutating func profileThread(_ state: Int) -> Int32 {
    if threads[state].number >= 0 { return threads[state].number }
    let thread = threads[state]
    let name =
      thread.command >= 0
      ? commands[Int(thread.command)] : (thread.threadID == 0 ? "swapper" : ":\(thread.threadID)")
    // A thread that has a name for the second time is the same one, but for a number that was given to another process.
    let key = UInt64(truncatingIfNeeded: state) << 32 | UInt64(UInt32(bitPattern: thread.command))
    let new = Int32(truncatingIfNeeded: profile.threads.count)
    var number = threadNumbers.number(for: key, or: new)
    if number != new, profile.threads[Int(number)].processID != thread.processID {
      number = new
      threadNumbers.set(key, new)
    }
    if number == new {
      profile.threads.append(
        Profile.Thread(processID: thread.processID, threadID: thread.threadID, command: name))
    }
    threads[state].number = number
    return number
  }

  // MARK: Mappings

  private mutating func addObject(_ object: Object) -> Int32 {
    objects.append(object)
    wholeFrames.append(-1)
    return Int32(objects.count - 1)
  }

  private mutating func addMapping(_ record: RecordBytes, nameAt: Int, end: Int, hasInode: Bool) {
    let processID = record.i32(8)
    let start = record.u64(16)
    let length = record.u64(24)
    let (sum, overflow) = start.addingReportingOverflow(length)
    let last = overflow ? UInt64.max : sum
    let misc = record.u16(4)
    let name = record.text(nameAt, before: end)
    var buildID: [UInt8]?
    var inode: UInt64 = 0
    var device: UInt64 = 0
    var isExecutable = hasInode || misc & 0x2000 == 0
    if hasInode {
      if misc & 0x4000 != 0 {
        let size = min(20, Int(record.u8(40)))
        buildID = (0..<size).map { record.u8(44 + $0) }
      } else {
        device = UInt64(record.u32(40)) << 32 | UInt64(record.u32(44))
        inode = record.u64(48)
      }
      isExecutable = record.u32(64) & 4 != 0
    }
    lastVersion += 1
    var mapping = Mapping(start: start, end: last, objectOffset: record.u64(32), object: 0)
    let mode = UInt8(truncatingIfNeeded: misc & 7)
    if mode == Self.kernelMode {
      mapping.object = kernelObject(name: name, buildID: buildID, start: start, reference: record.u64(32))
      if objects[Int(mapping.object)].kind == .kernel { kernel = (mapping.object, start) }
      // Addresses of the kernel are looked up as they are.
      mapping.objectOffset = start
      kernelSpace.map(mapping, version: lastVersion)
      return
    }
    // Guests have address spaces of their own, which samples do not name.
    guard mode == Self.userMode || mode == 0 else { return }
    if Self.isAnonymous(name) {
      if isExecutable {
        mapping.object = anonymousObject(processID, name: name)
        mapping.objectOffset = start
      } else {
        mapping.object = object(named: name, kind: .special, key: (0, 0, nil))
      }
    } else if name == "[vdso]" || name == "[vsyscall]" || name.hasPrefix("[vdso") {
      mapping.object = object(named: name, kind: .vdso, key: (0, 0, buildID ?? buildIDs[BuildIDKey(path: name)]))
    } else {
      mapping.object = object(
        named: name, kind: .file, key: (device, inode, buildID ?? buildIDs[BuildIDKey(path: name)]))
      if objects[Int(mapping.object)].processID < 0 { objects[Int(mapping.object)].processID = processID }
    }
    let space = Int(space(ofProcess: processID))
    spaces[space].map(mapping, version: lastVersion)
    if Self.isJitDump(name) { startJitDump(name, processID) }
  }

  // MARK: Code made at run time

  /// A mapping of `jit-PID.dump` is the mark by which a program says that it writes one.
  private static func isJitDump(_ path: String) -> Bool {
    guard path.hasSuffix(".dump"), let file = path.split(separator: "/").last, file.hasPrefix("jit-") else {
      return false
    }
    return file.dropFirst(4).dropLast(5).allSatisfy(\.isNumber)
  }

  private mutating func startJitDump(_ path: String, _ processID: Int32) {
    guard jitDumps[processID] == nil, let dump = readJitDump(path, processID) else { return }
    if !hasMonotonicTimes {
      addNote("\(path) tells when code was where, but the recording has another clock: record with -k mono")
    }
    jitDumps[processID] = (dump, 0, path)
    loadJitCode(processID, until: hasMonotonicTimes ? 0 : .max)
  }

  /// Maps the code that a process had made by a time.
  private mutating func loadJitCode(_ processID: Int32, until time: UInt64) {
    guard let (dump, first, path) = jitDumps[processID] else { return }
    var next = first
    let space = Int(space(ofProcess: processID))
    while next < dump.loads.count, dump.loads[next].time <= time {
      let load = dump.loads[next]
      next += 1
      let key = ObjectKey(name: load.name, device: 0, inode: 0, buildID: nil, processID: -4 &- processID)
      let number: Int32
      if let known = objectNumbers[key] {
        number = known
      } else {
        number = addObject(Object(kind: .jitCode, name: path, frameKind: .jit, symbol: load.name))
        objectNumbers[key] = number
      }
      let (end, overflow) = load.start.addingReportingOverflow(load.size)
      lastVersion += 1
      spaces[space].map(
        Mapping(start: load.start, end: overflow ? .max : end, objectOffset: load.start, object: number),
        version: lastVersion)
    }
    if next != first { jitDumps[processID]?.next = next }
  }

  /// Memory without a file, in which programs make code.
  private static func isAnonymous(_ name: String) -> Bool {
    name == "//anon" || name.hasPrefix("/dev/zero") || name.hasPrefix("/anon_hugepage") || name.hasPrefix("[stack")
      || name.hasPrefix("/SYSV") || name.hasPrefix("[heap]") || name.hasPrefix("/memfd:") || name.hasPrefix("[anon")
      || name.isEmpty
  }

  private mutating func object(
    named name: String, kind: Object.Kind, key: (device: UInt64, inode: UInt64, buildID: [UInt8]?)
  ) -> Int32 {
    let full = ObjectKey(
      name: name, device: key.device, inode: key.inode, buildID: key.buildID, processID: -1)
    if let known = objectNumbers[full] { return known }
    let number = addObject(Object(kind: kind, name: name, buildID: key.buildID, frameKind: .user))
    objectNumbers[full] = number
    return number
  }

  private mutating func anonymousObject(_ processID: Int32, name: String) -> Int32 {
    // A file in memory may be a whole program as well as a place for code made at run time; it keeps its name.
    let shown = name.hasPrefix("/memfd:") ? name : "/tmp/perf-\(processID).map"
    let key = ObjectKey(name: shown, device: 0, inode: 0, buildID: nil, processID: processID)
    if let known = objectNumbers[key] { return known }
    let number = addObject(Object(kind: .anonymous, name: shown, processID: processID, frameKind: .jit))
    objectNumbers[key] = number
    return number
  }

  private mutating func kernelObject(name: String, buildID: [UInt8]?, start: UInt64, reference: UInt64) -> Int32 {
    // The kernel's own mapping carries the symbol that it was measured by: [kernel.kallsyms]_text.
    let isKernel =
      name.hasPrefix("[kernel.kallsyms]") || name.hasPrefix("[kernel.vmlinux]") || name.hasSuffix("vmlinux")
    let shown = isKernel ? "[kernel.kallsyms]" : Self.moduleName(name)
    let key = ObjectKey(name: name, device: start, inode: 0, buildID: buildID, processID: -2)
    if let known = objectNumbers[key] { return known }
    var object = Object(
      kind: isKernel ? .kernel : .module, name: shown,
      buildID: buildID ?? buildIDs[BuildIDKey(path: isKernel ? shown : name)],
      frameKind: .kernel)
    object.base = isKernel ? reference : start
    if name.hasPrefix("/") { object.path = name }
    let number = addObject(object)
    objectNumbers[key] = number
    return number
  }

  /// `[ext4]` for `/lib/modules/6.1.0/kernel/fs/ext4/ext4.ko.xz`, as perf shows modules.
  static func moduleName(_ path: String) -> String {
    if path.hasPrefix("[") { return path }
    let file = path.split(separator: "/").last ?? ""
    guard let ending = file.range(ofBytes: ".ko") else { return path }
    return "[" + file[..<ending].map { $0 == "-" ? "_" : String($0) }.joined() + "]"
  }

  private mutating func setKernelSymbol(_ record: RecordBytes, end: Int) {
    let start = record.u64(8)
    let length = UInt64(record.u32(16))
    let name = record.text(24, before: end)
    lastVersion += 1
    // Bit 0: the symbol is gone.
    if record.u16(22) & 1 != 0 {
      kernelSpace.unmap(startingAt: start, version: lastVersion)
      return
    }
    let key = ObjectKey(name: name, device: start, inode: 0, buildID: nil, processID: -3)
    let number: Int32
    if let known = objectNumbers[key] {
      number = known
    } else {
      number = addObject(Object(kind: .bpf, name: name, frameKind: .kernel, symbol: name))
      objectNumbers[key] = number
    }
    let (last, overflow) = start.addingReportingOverflow(length)
    kernelSpace.map(
      Mapping(start: start, end: overflow ? .max : last, objectOffset: start, object: number), version: lastVersion)
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
    if !jitDumps.isEmpty { loadJitCode(processID, until: time) }
    let state = Int(thread(processID: processID, threadID: threadID))
    let threadNumber = threads[state].number >= 0 ? threads[state].number : profileThread(state)
    let mode = UInt8(truncatingIfNeeded: record.u16(4) & 7)
    let instruction: UInt64? = layout.instruction >= 0 ? record.u64(layout.instruction) : nil
    let stack = stack(
      record, at: place, count: count, mode: mode, instruction: instruction, processID: processID)
    if stack == StackTable.empty { profile.accounting.withoutStack += 1 }
    if copiesStacks[event] { userStacks += 1 }

    profile.samples.stacks.append(stack)
    profile.samples.threads.append(threadNumber)
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
    let space = Int(space(ofProcess: processID))
    var digest = spaces[space].version &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(mode) ^ kernelSpace.version << 32
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
        case -32: current = 3
        case -128: current = Self.kernelMode
        case -512: current = Self.userMode
        // The user's part comes later, in a record of its own; what follows is its number.
        case -640: index &+= 1
        case -2048, -2560: current = 5
        case -2176: current = 4
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
    let object: Int32
    var address = entry.address
    switch entry.mode {
    case Self.userMode:
      if let mapping = spaces[space].mapping(at: address) {
        object = mapping.object
        address = address &- mapping.start &+ mapping.objectOffset
      } else {
        object = Self.unknownUser
      }
    case Self.kernelMode:
      if let mapping = kernelSpace.mapping(at: address) {
        object = mapping.object
        address = address &- mapping.start &+ mapping.objectOffset
      } else {
        // The mapping of the kernel ends with its main code; perf lets it reach to the last symbol, for code that is only
        // run at the start stands behind.
        object = kernel.object >= 0 && address >= kernel.start ? kernel.object : Self.unknownKernel
      }
    case 3: object = Self.hypervisor
    case 4: object = Self.guestKernel
    case 5: object = Self.guestUser
    default: object = Self.unknownUser
    }
    let whole = wholeFrames[Int(object)]
    if whole >= 0 { return whole }
    let known = locations.frame(object: object, address: address, isReturn: entry.isReturn)
    return known >= 0 ? known : newFrame(object, address, isReturn: entry.isReturn)
  }

  @inline(never)
  private mutating func newFrame(_ object: Int32, _ address: UInt64, isReturn: Bool) -> Int32 {
    let frame = resolver.frame(
      address, isReturn: isReturn, number: object, object: objects[Int(object)],
      kernel: kernel.object >= 0 ? objects[Int(kernel.object)] : nil)
    wholeFrames[Int(object)] = resolver.wholeFrame(ofObject: object)
    if wholeFrames[Int(object)] < 0 {
      locations.set(object: object, address: address, isReturn: isReturn, frame: frame)
    }
    return frame
  }
}

extension Substring {
  /// Where the first of these ASCII characters begins.
  fileprivate func range(ofBytes wanted: String) -> Index? {
    var place = startIndex
    while place < endIndex {
      if self[place...].hasPrefix(wanted) { return place }
      place = index(after: place)
    }
    return nil
  }
}
