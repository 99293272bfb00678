import Compression
import Glibc
import HostSystem

/// Gives places of code their frames. The symbols of an object are read when the first address falls into it.
struct SymbolResolver {
  private var sources: SymbolSources
  /// Whether frames without a name keep their address.
  private let keepsAddresses: Bool
  /// nil where names stay as linkers see them.
  private let demangler: Demangler?
  /// Of the recorded kernel; nil where it is not told.
  private let release: String?

  private(set) var frames = FrameTable()
  private(set) var codeObjects: [CodeObject] = []
  private(set) var notes: [String] = []
  private var states: [Int32: State] = [:]
  private var lists: KernelLists?
  private var listIndexes: [String: SymbolIndex] = [:]
  private var last: (object: Int32, state: State)?
  /// The symbols that were met, where they are to be kept.
  private(set) var met: KeptSymbols?

  /// What is known of an object's symbols.
  private final class State {
    let index: SymbolIndex
    let translation: Translation
    /// The frame of each symbol; -1 before it was first met.
    var frames: ContiguousArray<Int32>
    var unknown: Int32 = -1
    /// One frame for all of its code.
    var whole: Int32 = -1
    /// What the index points into.
    private let holders: [AnyObject]

    init(_ index: SymbolIndex = SymbolIndex(), _ translation: Translation = .none, holders: [AnyObject] = []) {
      self.index = index
      self.translation = translation
      self.holders = holders
      frames = ContiguousArray(repeating: -1, count: index.count)
    }
  }

  /// From the address of a place to that of the symbols.
  private enum Translation {
    case none
    case file(ELFFile)
    case minus(UInt64)

    func callAsFunction(_ address: UInt64) -> UInt64? {
      switch self {
      case .none: address
      case .file(let file): file.address(ofFileOffset: address)
      case .minus(let distance): address &- distance
      }
    }
  }

  init(sources: SymbolSources, release: String?, keepsAddresses: Bool, demangles: Bool) {
    self.sources = sources
    self.release = release
    self.keepsAddresses = keepsAddresses
    demangler = demangles ? Demangler() : nil
    met = sources.keepsSymbols ? KeptSymbols() : nil
    // Under another kernel the processes and the kernel of this machine are not those that were recorded.
    if let release, !ThisMachine.isKernel(release) { self.sources.mayBeThisMachine = false }
  }

  /// The frame of a place.
  /// - Parameters:
  ///   - number: the number of the object, under which its symbols are remembered.
  ///   - isReturn: whether the address is behind a call; it then belongs to the call before it.
  ///   - kernel: the kernel that was recorded, for objects of it.
  mutating func frame(
    _ address: UInt64, isReturn: Bool, number: Int32, object: RecordedObject, kernel: RecordedObject?
  ) -> Int32 {
    let state: State
    if let last, last.object == number {
      state = last.state
    } else {
      if let known = states[number] {
        state = known
      } else {
        state = load(object, kernel: kernel)
        states[number] = state
        if state.whole < 0, state.index.count == 0, !keepsAddresses {
          state.whole = unknownFrame(address, object, state)
        }
      }
      last = (number, state)
    }
    if state.whole >= 0 { return state.whole }
    guard let wanted = state.translation(isReturn ? address &- 1 : address) else {
      return unknownFrame(address, object, state)
    }
    let symbol = state.index.find(wanted)
    guard symbol >= 0 else { return unknownFrame(address, object, state) }
    if state.frames[symbol] >= 0 { return state.frames[symbol] }
    let bytes = state.index.name(symbol)
    if met != nil {
      // Counted as the recording counts addresses.
      let shift = wanted &- (isReturn ? address &- 1 : address)
      met?.add(
        KeptSymbols.Symbol(
          start: state.index.start(symbol) &- shift, size: state.index.size(symbol), name: Array(bytes)),
        of: Self.key(object))
    }
    let name = demangler?.demangled(bytes) ?? String(decoding: bytes, as: UTF8.self)
    let frame = frames.number(of: Frame(name: name, object: object.name, kind: object.frameKind))
    state.frames[symbol] = frame
    return frame
  }

  /// The one frame of all addresses of an object; -1 where it has more than one, or no address of it was met.
  func wholeFrame(ofObject number: Int32) -> Int32 { states[number]?.whole ?? -1 }

  private mutating func unknownFrame(_ address: UInt64, _ object: RecordedObject, _ state: State) -> Int32 {
    if !keepsAddresses, state.unknown >= 0 { return state.unknown }
    let frame = frames.number(
      of: Frame(
        name: nil, object: object.name.isEmpty ? nil : object.name, kind: object.frameKind,
        address: keepsAddresses ? address : nil))
    state.unknown = frame
    return frame
  }

  private mutating func note(_ object: RecordedObject, _ symbols: CodeObject.Symbols) {
    codeObjects.append(
      CodeObject(name: object.name, buildID: object.buildID.map(ObjectFiles.hexadecimal), symbols: symbols))
  }

  private static func key(_ object: RecordedObject) -> KeptSymbols.Object {
    KeptSymbols.Object(name: object.name, buildID: object.buildID.map(ObjectFiles.hexadecimal) ?? "")
  }

  private mutating func load(_ object: RecordedObject, kernel: RecordedObject?) -> State {
    if let (index, names) = sources.kept?.index(of: Self.key(object)) {
      note(object, .found(sources.keptPath ?? ""))
      return State(index, holders: [names])
    }
    switch object.kind {
    case .special: return State()
    case .bpf, .jitCode:
      let state = State()
      state.whole = frames.number(of: Frame(name: object.symbol, object: object.name, kind: object.frameKind))
      return state
    case .file: return loadFile(object)
    case .vdso: return loadVDSO(object)
    case .anonymous: return loadPerfMap(object)
    case .kernel, .module: return loadKernel(object, kernel: kernel ?? object)
    }
  }

  // MARK: Programs and libraries

  private mutating func loadFile(_ object: RecordedObject) -> State {
    switch ObjectFiles(sources: sources).find(object.name, buildID: object.buildID, process: object.processID) {
    case .nothing(let state):
      note(object, state)
      return State()
    case .found(let code, let symbols, let state):
      note(object, state)
      var index = SymbolIndex.Builder()
      for image in symbols {
        image.elf.addSymbols(ofTable: 2, to: &index)
        image.elf.addSymbols(ofTable: 11, to: &index)
      }
      let stubs = code.elf.linkageStubs()
      let names = HeldBytes(stubs.flatMap(\.name))
      if !stubs.isEmpty, index.useNames(names.bytes) {
        var place = 0
        for stub in stubs {
          index.add(start: stub.address, size: stub.size, name: place, isGlobal: false)
          place += stub.name.count
        }
      }
      return State(index.finish(), .file(code.elf), holders: symbols + [code, names])
    }
  }

  private mutating func loadVDSO(_ object: RecordedObject) -> State {
    guard object.name.hasPrefix("[vdso"), let image = vdsoImage(object.buildID) else {
      note(object, .absent)
      return State()
    }
    note(object, .found(image.path))
    var index = SymbolIndex.Builder()
    image.elf.addSymbols(ofTable: 2, to: &index)
    image.elf.addSymbols(ofTable: 11, to: &index)
    return State(index.finish(), .file(image.elf), holders: [image])
  }

  /// The vdso that was recorded: from perf's cache, or the one that the kernel gave to this process.
  private func vdsoImage(_ buildID: [UInt8]?) -> ObjectFiles.Image? {
    if let buildID, let cache = sources.cache {
      let place = "/[vdso]/\(ObjectFiles.hexadecimal(buildID))/vdso"
      if let file = try? cache.map(place), let image = ObjectFiles.Image(file, path: cache.hostPath(place)) {
        return image
      }
    }
    guard sources.mayBeThisMachine, let bytes = ThisMachine.vdso(),
      let image = ObjectFiles.Image(bytes, path: "[vdso]")
    else { return nil }
    if let buildID {
      guard let own = image.elf.buildID, ObjectFiles.isSame(buildID, own) else { return nil }
    }
    return image
  }

  // MARK: Code made at run time

  private mutating func loadPerfMap(_ object: RecordedObject) -> State {
    switch PerfMapFiles(sources: sources).read(processID: object.processID) {
    case .found(let bytes, let path):
      note(object, .found(path))
      let held = HeldBytes(bytes)
      return State(PerfMap.index(held.bytes), holders: [held])
    case .missing(let reason):
      note(object, .noMap(reason))
      return State()
    }
  }

  // MARK: The kernel

  private mutating func loadKernel(_ object: RecordedObject, kernel: RecordedObject) -> State {
    var lists = lists ?? KernelLists(sources: sources, buildID: kernel.buildID, reference: kernel.base)
    let list = lists.list(isModule: object.kind == .module)
    self.lists = lists
    guard let list else {
      if let state = object.kind == .module ? loadModule(object) : loadKernelFile(object) { return state }
      note(object, lists.state)
      return State()
    }
    if lists.isGuess, !notes.contains(Self.guess) { notes.append(Self.guess) }
    note(object, .found(list.path))
    let index = listIndexes[list.path] ?? KernelSymbols.index(list.held.bytes, shift: list.shift)
    listIndexes[list.path] = index
    return State(index, holders: [list.held])
  }

  private static let guess =
    "the recording does not tell which kernel it is of: its addresses are named by the running kernel"

  /// The kernel by its file with debug information, where there is no list.
  private mutating func loadKernelFile(_ object: RecordedObject) -> State? {
    guard let buildID = object.buildID, let release,
      let image = ObjectFiles(sources: sources).kernel(release: release, buildID: buildID)
    else { return nil }
    note(object, .found(image.path))
    let text = image.elf.address(ofSymbol: "_text") ?? image.elf.address(ofSymbol: "_stext")
    let shift = object.base == 0 ? 0 : object.base &- (text ?? object.base)
    var index = SymbolIndex.Builder()
    image.elf.addSymbols(ofTable: 2, to: &index)
    return State(index.finish(), .minus(shift), holders: [image])
  }

  /// A module of another boot or machine: its file, loaded to where it was.
  private mutating func loadModule(_ object: RecordedObject) -> State? {
    guard let path = object.path, let image = ObjectFiles(sources: sources).module(path, buildID: object.buildID)
    else { return nil }
    note(object, .found(image.path))
    let places = image.elf.modulePlaces()
    var index = SymbolIndex.Builder()
    image.elf.addSymbols(ofTable: 2, to: &index) { places[$0] }
    return State(index.finish(), .minus(object.base), holders: [image])
  }
}

/// Bytes that stay in one place for as long as the object lives.
final class HeldBytes {
  let bytes: UnsafeBufferPointer<UInt8>

  init(_ content: [UInt8]) {
    let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(1, content.count))
    _ = copy.initialize(from: content)
    bytes = UnsafeBufferPointer(rebasing: copy[..<content.count])
  }

  deinit { bytes.baseAddress.map { UnsafeMutablePointer(mutating: $0) }?.deallocate() }
}
