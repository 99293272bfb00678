import Compression
import Glibc
import HostSystem

/// Gives every place of code its frame: each distinct address of an object is looked up once, all of an object in one pass.
struct SymbolResolver {
  let sources: SymbolSources
  /// Whether frames without a name keep their address.
  let keepsAddresses: Bool
  /// nil where names stay as linkers see them.
  private let demangler: Demangler?

  private(set) var frames = FrameTable()
  /// The frame of each place.
  private(set) var frameOfLocation: [Int32] = []
  private(set) var codeObjects: [CodeObject] = []
  private(set) var notes: [String] = []

  /// Of the recorded kernel; nil where it is not told.
  private let release: String?

  init(sources: SymbolSources, release: String?, keepsAddresses: Bool, demangles: Bool) {
    self.release = release
    self.sources = sources
    self.keepsAddresses = keepsAddresses
    demangler = demangles ? Demangler() : nil
  }

  /// Looks all places up.
  mutating func resolve(_ locations: LocationTable, objects: [ProfileBuilder.Object]) {
    frameOfLocation = Array(repeating: -1, count: locations.count)
    var members: [[Int32]] = Array(repeating: [], count: objects.count)
    for number in 0..<locations.count { members[Int(locations.objects[number])].append(Int32(number)) }

    let kernel = objects.indices.filter {
      !members[$0].isEmpty && (objects[$0].kind == .kernel || objects[$0].kind == .module)
    }
    if !kernel.isEmpty { resolveKernel(locations, objects, kernel, members) }
    for (index, object) in objects.enumerated() where !members[index].isEmpty {
      switch object.kind {
      case .kernel, .module: break
      case .bpf, .jitCode:
        let frame = frames.number(of: Frame(name: object.symbol, object: object.name, kind: object.frameKind))
        for member in members[index] { frameOfLocation[Int(member)] = frame }
      case .special: leaveUnknown(members[index], locations, object)
      case .anonymous: resolvePerfMap(members[index], locations, object)
      case .vdso: resolveVDSO(members[index], locations, object)
      case .file: resolveFile(members[index], locations, object)
      }
    }
  }

  // MARK: Batches

  /// The address that a place is looked up by: a return address belongs to the call before it.
  private func lookedUp(_ member: Int32, _ locations: LocationTable) -> UInt64 {
    let address = locations.address(Int(member))
    return locations.isReturn(Int(member)) ? address &- 1 : address
  }

  /// Asks for the symbols of some places and names their frames.
  /// - Parameters:
  ///   - translate: from the address of a place to that of the symbols; nil where there is none.
  ///   - offer: gives the symbols to the query.
  private mutating func name(
    _ members: [Int32], _ locations: LocationTable, _ object: ProfileBuilder.Object,
    translate: (UInt64) -> UInt64?, offer: (inout SymbolQuery) -> Void
  ) {
    var wanted: [(address: UInt64, member: Int32)] = []
    wanted.reserveCapacity(members.count)
    for member in members {
      if let address = translate(lookedUp(member, locations)) {
        wanted.append((address, member))
      } else {
        frameOfLocation[Int(member)] = unknownFrame(member, locations, object)
      }
    }
    wanted.sort { $0.address < $1.address }
    var addresses: [UInt64] = []
    addresses.reserveCapacity(wanted.count)
    for entry in wanted where addresses.last != entry.address { addresses.append(entry.address) }
    let isKernel = object.kind == .kernel || object.kind == .module
    var query = SymbolQuery(sorted: addresses, prefersLast: isKernel)
    if !query.isEmpty { offer(&query) }
    let results = query.results()
    var frameOfName = NumberTable()
    var index = 0
    for entry in wanted {
      while addresses[index] != entry.address { index += 1 }
      guard let symbol = results[index] else {
        frameOfLocation[Int(entry.member)] = unknownFrame(entry.member, locations, object)
        continue
      }
      let key = UInt64(UInt(bitPattern: symbol.name))
      let frame: Int32
      if let known = frameOfName.number(for: key) {
        frame = known
      } else {
        let name = demangler?.demangled(symbol.nameBytes) ?? String(decoding: symbol.nameBytes, as: UTF8.self)
        frame = frames.number(of: Frame(name: name, object: object.name, kind: object.frameKind))
        frameOfName.set(key, frame)
      }
      frameOfLocation[Int(entry.member)] = frame
    }
  }

  private mutating func unknownFrame(
    _ member: Int32, _ locations: LocationTable, _ object: ProfileBuilder.Object
  ) -> Int32 {
    frames.number(
      of: Frame(
        name: nil, object: object.name.isEmpty ? nil : object.name, kind: object.frameKind,
        address: keepsAddresses ? locations.address(Int(member)) : nil))
  }

  private mutating func leaveUnknown(
    _ members: [Int32], _ locations: LocationTable, _ object: ProfileBuilder.Object
  ) {
    for member in members { frameOfLocation[Int(member)] = unknownFrame(member, locations, object) }
  }

  private mutating func note(_ object: ProfileBuilder.Object, _ symbols: CodeObject.Symbols) {
    codeObjects.append(
      CodeObject(name: object.name, buildID: object.buildID.map(ObjectFiles.hexadecimal), symbols: symbols))
  }

  // MARK: Programs and libraries

  private mutating func resolveFile(
    _ members: [Int32], _ locations: LocationTable, _ object: ProfileBuilder.Object
  ) {
    let files = ObjectFiles(sources: sources)
    switch files.find(object.name, buildID: object.buildID, process: object.processID) {
    case .nothing(let state):
      note(object, state)
      leaveUnknown(members, locations, object)
    case .found(let code, let symbols, let state):
      note(object, state)
      let stubs = code.elf.linkageStubs()
      let stubNames = stubs.flatMap(\.name)
      stubNames.withUnsafeBufferPointer { stubNames in
        name(members, locations, object, translate: code.elf.address(ofFileOffset:)) { query in
          for image in symbols {
            image.elf.offerSymbols(ofTable: 2, to: &query)
            image.elf.offerSymbols(ofTable: 11, to: &query)
          }
          guard var name = stubNames.baseAddress else { return }
          for stub in stubs {
            let end = name + stub.name.count
            query.offer(start: stub.address, size: stub.size) {
              SymbolQuery.Candidate(
                start: stub.address, size: stub.size, name: name, nameEnd: end, isGlobal: false)
            }
            name = end
          }
        }
      }
      withExtendedLifetime(symbols) {}
    }
  }

  private mutating func resolveVDSO(
    _ members: [Int32], _ locations: LocationTable, _ object: ProfileBuilder.Object
  ) {
    guard object.name.hasPrefix("[vdso"), let image = vdsoImage(object.buildID) else {
      note(object, .absent)
      return leaveUnknown(members, locations, object)
    }
    note(object, .found(image.path))
    name(members, locations, object, translate: image.elf.address(ofFileOffset:)) { query in
      image.elf.offerSymbols(ofTable: 2, to: &query)
      image.elf.offerSymbols(ofTable: 11, to: &query)
    }
    withExtendedLifetime(image) {}
  }

  /// The vdso that was recorded: from perf's cache, or the one that the kernel gave to this process.
  private func vdsoImage(_ buildID: [UInt8]?) -> ObjectFiles.Image? {
    if let buildID, let cache = sources.cache {
      let place = "/[vdso]/\(ObjectFiles.hexadecimal(buildID))/vdso"
      if let file = try? cache.map(place), let image = ObjectFiles.Image(file, path: cache.hostPath(place)) {
        return image
      }
    }
    guard sources.mayBeThisMachine, let bytes = ThisMachine.vdso(), let image = ObjectFiles.Image(bytes, path: "[vdso]")
    else { return nil }
    if let buildID {
      guard let own = image.elf.buildID, ObjectFiles.isSame(buildID, own) else { return nil }
    }
    return image
  }

  // MARK: Code made at run time

  private mutating func resolvePerfMap(
    _ members: [Int32], _ locations: LocationTable, _ object: ProfileBuilder.Object
  ) {
    let found = PerfMapFiles(sources: sources).read(processID: object.processID)
    switch found {
    case .found(let bytes, let path):
      note(object, .found(path))
      bytes.withUnsafeBufferPointer { bytes in
        name(members, locations, object, translate: { $0 }) { PerfMap.offer(bytes, to: &$0) }
      }
    case .missing(let reason):
      note(object, .noMap(reason))
      leaveUnknown(members, locations, object)
    }
  }

  // MARK: The kernel

  private mutating func resolveKernel(
    _ locations: LocationTable, _ objects: [ProfileBuilder.Object], _ kernel: [Int], _ members: [[Int32]]
  ) {
    let main = objects.first { $0.kind == .kernel }
    var lists = KernelLists(sources: sources, buildID: main?.buildID, reference: main?.base)
    for index in kernel {
      let object = objects[index]
      guard let list = lists.list(isModule: object.kind == .module) else {
        if object.kind == .module, resolveModule(members[index], locations, object) { continue }
        if object.kind == .kernel, resolveKernelFile(members[index], locations, object) { continue }
        note(object, lists.state)
        leaveUnknown(members[index], locations, object)
        continue
      }
      note(object, .found(list.path))
      list.bytes.withUnsafeBufferPointer { bytes in
        name(members[index], locations, object, translate: { $0 }) {
          KernelSymbols.offer(bytes, to: &$0, shift: list.shift)
        }
      }
    }
    if lists.isGuess {
      notes.append("the recording does not tell which kernel it is of: its addresses are named by the running kernel")
    }
  }

  /// The kernel by its file with debug information, where there is no list.
  private mutating func resolveKernelFile(
    _ members: [Int32], _ locations: LocationTable, _ object: ProfileBuilder.Object
  ) -> Bool {
    guard let buildID = object.buildID, let release,
      let image = ObjectFiles(sources: sources).kernel(release: release, buildID: buildID)
    else { return false }
    note(object, .found(image.path))
    let text = image.elf.address(ofSymbol: "_text") ?? image.elf.address(ofSymbol: "_stext")
    let shift = object.base == 0 ? 0 : object.base &- (text ?? object.base)
    name(members, locations, object, translate: { $0 &- shift }) { query in
      image.elf.offerSymbols(ofTable: 2, to: &query)
    }
    withExtendedLifetime(image) {}
    return true
  }

  /// A module of another boot or machine: its file, loaded to where it was.
  private mutating func resolveModule(
    _ members: [Int32], _ locations: LocationTable, _ object: ProfileBuilder.Object
  ) -> Bool {
    guard let path = object.path, let image = ObjectFiles(sources: sources).module(path, buildID: object.buildID)
    else { return false }
    note(object, .found(image.path))
    let places = image.elf.modulePlaces()
    name(members, locations, object, translate: { $0 &- object.base }) { query in
      image.elf.offerSymbols(ofTable: 2, to: &query) { places[$0] }
    }
    withExtendedLifetime(image) {}
    return true
  }
}
