/// The modes of the processor, in bits 0 to 2 of a record's `misc`. Source: perf_event_open(2).
enum ProcessorMode {
  static let kernel: UInt8 = 1
  static let user: UInt8 = 2
  static let hypervisor: UInt8 = 3
  static let guestKernel: UInt8 = 4
  static let guestUser: UInt8 = 5
}

/// Which code stood where at a time, in every process and in the kernel.
struct MappingTable {
  private struct ObjectKey: Hashable {
    var name: String
    var device: UInt64
    var inode: UInt64
    var buildID: [UInt8]?
    var processID: Int32
  }

  private(set) var objects: [RecordedObject] = []
  /// What people should know of the code.
  private(set) var notes: [String] = []
  /// The first is that of all processes of which no mapping is known.
  private var spaces = [AddressSpace(version: 1)]
  private var spaceOfProcess = NumberTable()
  private var kernelSpace = AddressSpace(version: 0)
  /// The kernel itself; -1 before its mapping was seen.
  private var kernel: (object: Int32, start: UInt64) = (-1, 0)
  private var lastVersion: UInt64 = 1
  private var objectNumbers: [ObjectKey: Int32] = [:]
  private var buildIDs: [String: [UInt8]] = [:]
  private var lastProcess: (id: Int32, space: Int32) = (-1, -1)

  /// Code made at run time that is yet to come, of the processes that wrote it down.
  private var jitDumps: [Int32: (dump: JitDump, next: Int, path: String)] = [:]
  private let readJitDump: (_ path: String, _ processID: Int32) -> JitDump?
  /// Whether the times of the recording are those of such files.
  var hasMonotonicTimes = false

  // What stands for code of which no more is known.
  private static let unknownUser: Int32 = 0
  private static let unknownKernel: Int32 = 1
  private static let hypervisor: Int32 = 2
  private static let guestKernel: Int32 = 3
  private static let guestUser: Int32 = 4

  /// - Parameter readJitDump: finds the file that a process wrote of its code; nil where there is none.
  init(readJitDump: @escaping (_ path: String, _ processID: Int32) -> JitDump?) {
    self.readJitDump = readJitDump
    _ = addObject(RecordedObject(kind: .special, name: "", frameKind: .user))
    _ = addObject(RecordedObject(kind: .special, name: "", frameKind: .kernel))
    _ = addObject(RecordedObject(kind: .special, name: "[hypervisor]", frameKind: .guestKernel))
    _ = addObject(RecordedObject(kind: .special, name: "[guest.kernel.kallsyms]", frameKind: .guestKernel))
    _ = addObject(RecordedObject(kind: .special, name: "[guest]", frameKind: .guestKernel))
  }

  /// The kernel, once its mapping was seen.
  var kernelObject: RecordedObject? { kernel.object >= 0 ? objects[Int(kernel.object)] : nil }

  /// Whether code may come with time.
  var hasJitDumps: Bool { !jitDumps.isEmpty }

  /// A number that changes with whatever an address space, or the kernel, has mapped.
  @inline(__always)
  func version(ofSpace space: Int) -> UInt64 {
    spaces[space].version &* 0x9E37_79B9_7F4A_7C15 ^ kernelSpace.version << 32
  }

  mutating func setBuildIDs(_ entries: [RecordingHead.BuildIDEntry]) {
    for entry in entries { buildIDs[String(decoding: entry.path, as: UTF8.self)] = entry.buildID }
  }

  /// The piece of code at an address, by its place in ``objects``, and the address as that piece counts.
  @inline(__always)
  mutating func code(at address: UInt64, mode: UInt8, space: Int) -> (object: Int32, address: UInt64) {
    switch mode {
    case ProcessorMode.user:
      guard let mapping = spaces[space].mapping(at: address) else { return (Self.unknownUser, address) }
      return (mapping.object, address &- mapping.start &+ mapping.objectOffset)
    case ProcessorMode.kernel:
      guard let mapping = kernelSpace.mapping(at: address) else {
        // The mapping of the kernel ends with its main code; perf lets it reach to the last symbol, for code that is only
        // run at the start stands behind.
        return (kernel.object >= 0 && address >= kernel.start ? kernel.object : Self.unknownKernel, address)
      }
      return (mapping.object, address &- mapping.start &+ mapping.objectOffset)
    case ProcessorMode.hypervisor: return (Self.hypervisor, address)
    case ProcessorMode.guestKernel: return (Self.guestKernel, address)
    case ProcessorMode.guestUser: return (Self.guestUser, address)
    default: return (Self.unknownUser, address)
    }
  }

  /// A new process begins with what the one that made it has mapped.
  mutating func fork(child: Int32, parent: Int32) {
    let (from, to) = (Int(space(ofProcess: parent)), Int(space(ofProcess: child)))
    if from != 0 || to != 0 { spaces[ownSpace(ofProcess: child)] = spaces[from] }
  }

  /// The address space of a process, to look at.
  @inline(__always)
  mutating func space(ofProcess processID: Int32) -> Int32 {
    if lastProcess.id == processID, lastProcess.space >= 0 { return lastProcess.space }
    let space = spaceOfProcess.number(for: Self.key(processID)) ?? 0
    lastProcess = (processID, space)
    return space
  }

  /// The address space of a process, to change; made where there is none.
  private mutating func ownSpace(ofProcess processID: Int32) -> Int {
    let new = Int32(truncatingIfNeeded: spaces.count)
    let space = spaceOfProcess.number(for: Self.key(processID), or: new)
    if space == new {
      lastVersion += 1
      spaces.append(AddressSpace(version: lastVersion))
    }
    lastProcess = (processID, space)
    return Int(space)
  }

  private static func key(_ processID: Int32) -> UInt64 { UInt64(UInt32(bitPattern: processID)) }

  private mutating func addObject(_ object: RecordedObject) -> Int32 {
    objects.append(object)
    return Int32(objects.count - 1)
  }

  /// Takes a mapping in, of a process or of the kernel.
  /// - Parameters:
  ///   - nameAt: where the name begins, which ends before `end`.
  ///   - hasInode: whether it is the longer form of the record.
  mutating func add(_ record: RecordBytes, nameAt: Int, end: Int, hasInode: Bool) {
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
    if mode == ProcessorMode.kernel {
      mapping.object = kernelObject(name: name, buildID: buildID, start: start, reference: record.u64(32))
      if objects[Int(mapping.object)].kind == .kernel { kernel = (mapping.object, start) }
      // Addresses of the kernel are looked up as they are.
      mapping.objectOffset = start
      kernelSpace.map(mapping, version: lastVersion)
      return
    }
    // Guests have address spaces of their own, which samples do not name.
    guard mode == ProcessorMode.user || mode == 0 else { return }
    if Self.isAnonymous(name) {
      if isExecutable {
        mapping.object = anonymousObject(processID, name: name)
        mapping.objectOffset = start
      } else {
        mapping.object = object(named: name, kind: .special, key: (0, 0, nil))
      }
    } else if name == "[vdso]" || name == "[vsyscall]" || name.hasPrefix("[vdso") {
      mapping.object = object(named: name, kind: .vdso, key: (0, 0, buildID ?? buildIDs[name]))
    } else {
      mapping.object = object(
        named: name, kind: .file, key: (device, inode, buildID ?? buildIDs[name]))
      if objects[Int(mapping.object)].processID < 0 { objects[Int(mapping.object)].processID = processID }
    }
    let space = ownSpace(ofProcess: processID)
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
      notes.append("\(path) tells when code was where, but the recording has another clock: record with -k mono")
    }
    jitDumps[processID] = (dump, 0, path)
    loadJitCode(processID, until: hasMonotonicTimes ? 0 : .max)
  }

  /// Maps the code that a process had made by a time.
  mutating func loadJitCode(_ processID: Int32, until time: UInt64) {
    guard let (dump, first, path) = jitDumps[processID] else { return }
    var next = first
    let space = ownSpace(ofProcess: processID)
    while next < dump.loads.count, dump.loads[next].time <= time {
      let load = dump.loads[next]
      next += 1
      let key = ObjectKey(name: load.name, device: 0, inode: 0, buildID: nil, processID: -4 &- processID)
      let number: Int32
      if let known = objectNumbers[key] {
        number = known
      } else {
        number = addObject(RecordedObject(kind: .jitCode, name: path, frameKind: .jit, symbol: load.name))
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
    named name: String, kind: RecordedObject.Kind, key: (device: UInt64, inode: UInt64, buildID: [UInt8]?)
  ) -> Int32 {
    let full = ObjectKey(
      name: name, device: key.device, inode: key.inode, buildID: key.buildID, processID: -1)
    if let known = objectNumbers[full] { return known }
    let number = addObject(RecordedObject(kind: kind, name: name, buildID: key.buildID, frameKind: .user))
    objectNumbers[full] = number
    return number
  }

  private mutating func anonymousObject(_ processID: Int32, name: String) -> Int32 {
    // A file in memory may be a whole program as well as a place for code made at run time; it keeps its name.
    let shown = name.hasPrefix("/memfd:") ? name : "/tmp/perf-\(processID).map"
    let key = ObjectKey(name: shown, device: 0, inode: 0, buildID: nil, processID: processID)
    if let known = objectNumbers[key] { return known }
    let number = addObject(RecordedObject(kind: .anonymous, name: shown, processID: processID, frameKind: .jit))
    objectNumbers[key] = number
    return number
  }

  private mutating func kernelObject(name: String, buildID: [UInt8]?, start: UInt64, reference: UInt64) -> Int32 {
    // The kernel's own mapping carries the symbol that it was measured by: [kernel.kallsyms]_text.
    let isKernel =
      name.hasPrefix("[kernel.kallsyms]") || name.hasPrefix("[kernel.vmlinux]") || name.hasSuffix("vmlinux")
    let shown = isKernel ? "[kernel.kallsyms]" : RecordedObject.moduleName(name)
    let key = ObjectKey(name: name, device: start, inode: 0, buildID: buildID, processID: -2)
    if let known = objectNumbers[key] { return known }
    var object = RecordedObject(
      kind: isKernel ? .kernel : .module, name: shown,
      buildID: buildID ?? buildIDs[isKernel ? shown : name],
      frameKind: .kernel)
    object.base = isKernel ? reference : start
    if name.hasPrefix("/") { object.path = name }
    let number = addObject(object)
    objectNumbers[key] = number
    return number
  }

  /// Takes in that code of the kernel came or went, such as a BPF program.
  mutating func setKernelSymbol(_ record: RecordBytes, end: Int) {
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
      number = addObject(RecordedObject(kind: .bpf, name: name, frameKind: .kernel, symbol: name))
      objectNumbers[key] = number
    }
    let (last, overflow) = start.addingReportingOverflow(length)
    kernelSpace.map(
      Mapping(start: start, end: overflow ? .max : last, objectOffset: start, object: number), version: lastVersion)
  }
}
