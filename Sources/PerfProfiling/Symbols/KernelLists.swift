import Glibc
import HostSystem

/// The lists of the kernel's symbols that fit to a recording.
struct KernelLists {
  struct List {
    let held: HeldBytes
    let path: String
    /// How far the recorded kernel was from the list.
    let shift: UInt64
  }

  let sources: SymbolSources
  /// Of the recorded kernel; nil where it is not told.
  let buildID: [UInt8]?
  /// Where the recorded kernel had the symbol that it is measured by; nil or 0 where it is not told.
  let reference: UInt64?
  /// Whether the recording does not tell its kernel, and the running one is taken for it.
  private(set) var isGuess = false
  /// Why there is no list.
  private(set) var state = CodeObject.Symbols.absent
  private var core: List?
  private var live: List?
  private var hasLooked = (core: false, live: false)

  private static let largest = 256 << 20

  init(sources: SymbolSources, buildID: [UInt8]?, reference: UInt64?) {
    self.sources = sources
    self.buildID = buildID
    self.reference = reference == 0 ? nil : reference
  }

  /// The list for the kernel itself, or for its modules, which only a list of the same boot has at the right addresses.
  mutating func list(isModule: Bool) -> List? {
    if isModule {
      if !hasLooked.live { findLive() }
      if let live, live.shift == 0 { return live }
      if !hasLooked.core { findCore() }
      return core?.shift == 0 ? core : nil
    }
    if !hasLooked.core { findCore() }
    return core
  }

  private mutating func findCore() {
    hasLooked.core = true
    // perf keeps a copy from the first recording under each kernel, which is read at a tenth of the cost of the live one.
    if let buildID, let cache = sources.cache {
      let digits = ObjectFiles.hexadecimal(buildID)
      for place in [
        "/[kernel.kallsyms]/\(digits)/kallsyms", "/.build-id/\(digits.prefix(2))/\(digits.dropFirst(2))/kallsyms",
      ] {
        core = read(cache, place)
        if core != nil { return }
      }
    }
    if !sources.root.isHost {
      core = read(sources.root, "/proc/kallsyms") ?? read(sources.root, "/kallsyms")
      if core != nil { return }
    }
    if !hasLooked.live { findLive() }
    core = live
  }

  private func read(_ root: RootDirectory, _ path: String) -> List? {
    guard let bytes = try? root.read(path, limit: Self.largest),
      let found = bytes.withUnsafeBufferPointer({ KernelSymbols.reference($0) })
    else { return nil }
    return List(held: HeldBytes(bytes), path: root.hostPath(path), shift: (reference ?? found) &- found)
  }

  private mutating func findLive() {
    hasLooked.live = true
    guard sources.mayBeThisMachine else { return }
    if let buildID {
      guard let own = ThisMachine.kernelBuildID(), ObjectFiles.isSame(buildID, own) else {
        state = .otherBuild("/proc/kallsyms")
        return
      }
    }
    guard let bytes = try? RootDirectory().read("/proc/kallsyms", limit: Self.largest) else {
      state = .unreadable("/proc/kallsyms")
      return
    }
    guard let found = bytes.withUnsafeBufferPointer({ KernelSymbols.reference($0) }) else {
      state = .unreadable("/proc/kallsyms: the addresses are hidden (kernel.kptr_restrict)")
      return
    }
    // Without a build id only the same place tells that it is the same kernel.
    if buildID == nil, reference != found {
      state = .otherBuild("/proc/kallsyms")
      return
    }
    isGuess = buildID == nil
    live = List(held: HeldBytes(bytes), path: "/proc/kallsyms", shift: (reference ?? found) &- found)
  }
}

/// What the running system says of itself.
enum ThisMachine {
  /// Whether the running kernel is of this release.
  static func isKernel(_ release: String) -> Bool {
    var names = utsname()
    guard uname(&names) == 0 else { return false }
    return withUnsafeBytes(of: &names.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) } == release
  }

  /// The build id of the running kernel; nil where it is not told.
  static func kernelBuildID() -> [UInt8]? {
    guard let notes = try? RootDirectory().read("/sys/kernel/notes", limit: 1 << 20) else { return nil }
    return notes.withUnsafeBytes { ELFFile.buildID(inNotes: $0, isSwapped: false) }
  }

  /// The object that the kernel maps into every process; nil where there is none.
  static func vdso() -> [UInt8]? {
    guard let maps = try? RootDirectory().read("/proc/self/maps", limit: 16 << 20) else { return nil }
    for line in maps.split(separator: 0x0A) where line.reversed().starts(with: "[vdso]".utf8.reversed()) {
      let range = line.prefix { $0 != 0x20 }.split(separator: UInt8(ascii: "-"))
      guard range.count == 2, let start = UInt(String(decoding: range[0], as: UTF8.self), radix: 16),
        let end = UInt(String(decoding: range[1], as: UTF8.self), radix: 16), end > start, end - start <= 1 << 20,
        let base = UnsafeRawPointer(bitPattern: start)
      else { return nil }
      return Array(UnsafeRawBufferPointer(start: base, count: Int(end - start)))
    }
    return nil
  }
}
