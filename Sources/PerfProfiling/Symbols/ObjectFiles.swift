import Compression
import Glibc
import HostSystem

/// The file of an object, and the file that has its symbols.
struct ObjectFiles {
  /// A file that is mapped, or was opened from a compressed form.
  final class Image {
    let path: String
    private let mapped: MappedFile?
    private let content: UnsafeMutableRawBufferPointer?
    let elf: ELFFile

    init?(_ file: MappedFile, path: String) {
      self.path = path
      mapped = file
      content = nil
      // The mapping lives as long as this object.
      let bytes = file.withBytes { UnsafeRawBufferPointer($0) }
      guard let elf = ELFFile(bytes) else { return nil }
      self.elf = elf
    }

    init?(_ bytes: [UInt8], path: String) {
      self.path = path
      mapped = nil
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, bytes.count), alignment: 16)
      copy.copyBytes(from: bytes)
      content = copy
      guard let elf = ELFFile(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(copy)[..<bytes.count])) else {
        copy.deallocate()
        return nil
      }
      self.elf = elf
    }

    deinit { content?.deallocate() }
  }

  /// What was found of an object.
  enum Finding {
    /// - Parameters:
    ///   - code: the file that was run, or the best in its place: it tells the addresses.
    ///   - symbols: the files whose symbols are to be taken.
    case found(code: Image, symbols: [Image], state: CodeObject.Symbols)
    case nothing(CodeObject.Symbols)
  }

  let sources: SymbolSources
  /// Debug information in `.gnu_debugdata` and compressed modules open to at most this much.
  private static let mostOpened = 128 << 20

  /// Looks for the files of an object.
  /// - Parameters:
  ///   - path: as the recording has it.
  ///   - buildID: empty where the recording has none.
  ///   - process: a process that had it mapped, which may live in a root of its own; nil where there is none.
  func find(_ path: String, buildID: [UInt8]?, process: Int32?) -> Finding {
    var state = CodeObject.Symbols.absent
    var code: Image?
    for (root, place) in places(of: path, buildID: buildID, process: process) {
      do {
        let file = try root.map(place)
        guard let image = Image(file, path: root.hostPath(place)) else {
          if state == .absent { state = .unreadable("\(root.hostPath(place)): no ELF file") }
          continue
        }
        if let buildID, let there = image.elf.buildID, !Self.isSame(buildID, there) {
          if state == .absent { state = .otherBuild(root.hostPath(place)) }
          continue
        }
        code = image
        break
      } catch {
        if !error.isAbsence, state == .absent { state = .unreadable(error.message) }
      }
    }
    let known = buildID ?? code?.elf.buildID
    guard let code else {
      if let debug = debugFile(path, buildID: known, link: nil) {
        return .found(code: debug, symbols: [debug], state: .found(debug.path))
      }
      return .nothing(state)
    }
    if code.elf.hasSymbolTable { return .found(code: code, symbols: [code], state: .found(code.path)) }
    if let debug = debugFile(path, buildID: known, link: code.elf.debugLink) {
      return .found(code: code, symbols: [debug, code], state: .found(debug.path))
    }
    if let small = debugData(of: code) {
      return .found(code: code, symbols: [small, code], state: .found(code.path))
    }
    return .found(
      code: code, symbols: [code],
      state: code.elf.hasDynamicSymbols ? .exportedOnly(code.path) : .stripped(code.path))
  }

  /// Recordings keep 20 bytes of a build id, whatever its length.
  static func isSame(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    let count = min(one.count, other.count)
    return count > 0 && one.prefix(count) == other.prefix(count) && one.dropFirst(count).allSatisfy { $0 == 0 }
      && other.dropFirst(count).allSatisfy { $0 == 0 }
  }

  private func places(
    of path: String, buildID: [UInt8]?, process: Int32?
  ) -> [(root: RootDirectory, path: String)] {
    var result: [(root: RootDirectory, path: String)] = []
    if path.hasPrefix("/") { result.append((sources.root, path)) }
    if let buildID {
      let digits = Self.hexadecimal(buildID)
      if let cache = sources.cache {
        result.append((cache, "\(path)/\(digits)/elf"))
        result.append((cache, "/.build-id/\(digits.prefix(2))/\(digits.dropFirst(2))/elf"))
      }
      if let debuginfod = sources.debuginfod { result.append((debuginfod, "/\(digits)/executable")) }
    }
    if sources.mayBeThisMachine, let process, process > 0, path.hasPrefix("/") {
      result.append((RootDirectory("/proc/\(process)/root"), path))
    }
    return result
  }

  /// A file with a symbol table that belongs to the object.
  private func debugFile(
    _ path: String, buildID: [UInt8]?, link: (name: String, checksum: UInt32)?
  ) -> Image? {
    var candidates: [(root: RootDirectory, path: String, isByName: Bool)] = []
    if let buildID, buildID.count > 1 {
      let digits = Self.hexadecimal(buildID)
      let tail = "\(digits.prefix(2))/\(digits.dropFirst(2))"
      candidates.append((sources.root, "/usr/lib/debug/.build-id/\(tail).debug", false))
      if let cache = sources.cache {
        candidates.append((cache, "\(path)/\(digits)/debug", false))
        candidates.append((cache, "/.build-id/\(tail)/debug", false))
      }
      if let debuginfod = sources.debuginfod { candidates.append((debuginfod, "/\(digits)/debuginfo", false)) }
    }
    let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    if let link, !link.name.isEmpty, !link.name.contains("/") {
      for place in [
        "\(directory)/\(link.name)", "\(directory)/.debug/\(link.name)", "/usr/lib/debug\(directory)/\(link.name)",
      ] {
        candidates.append((sources.root, place, true))
      }
    }
    if path.hasPrefix("/") {
      candidates.append((sources.root, "/usr/lib/debug\(path).debug", true))
      candidates.append((sources.root, "/usr/lib/debug\(path)", true))
    }
    for candidate in candidates {
      guard let file = try? candidate.root.map(candidate.path),
        let image = Image(file, path: candidate.root.hostPath(candidate.path)), image.elf.hasSymbolTable
      else { continue }
      if let buildID {
        guard let there = image.elf.buildID, Self.isSame(buildID, there) else { continue }
      } else if candidate.isByName {
        // Without a build id the checksum of the link tells.
        guard let link, file.withBytes({ Self.checksum($0) }) == link.checksum else { continue }
      }
      return image
    }
    return nil
  }

  /// The small table of symbols that some distributions leave in their programs (`.gnu_debugdata`, xz).
  private func debugData(of code: Image) -> Image? {
    guard let section = code.elf.section(named: ".gnu_debugdata"), section.size > 0 else { return nil }
    let bytes = code.elf.content(of: section).bindMemory(to: UInt8.self)
    guard let content = try? Decompression.open(bytes, limit: Self.mostOpened),
      let image = Image(content, path: code.path), image.elf.hasSymbolTable
    else { return nil }
    return image
  }

  /// The kernel's file with debug information.
  func kernel(release: String, buildID: [UInt8]) -> Image? {
    guard !release.contains("/") else { return debugFile("", buildID: buildID, link: nil) }
    for place in [
      "/usr/lib/debug/boot/vmlinux-\(release)", "/usr/lib/debug/lib/modules/\(release)/vmlinux",
      "/usr/lib/debug/usr/lib/modules/\(release)/vmlinux", "/boot/vmlinux-\(release)",
      "/lib/modules/\(release)/build/vmlinux",
    ] {
      guard let file = try? sources.root.map(place), let image = Image(file, path: sources.root.hostPath(place)),
        image.elf.hasSymbolTable, let there = image.elf.buildID, Self.isSame(buildID, there)
      else { continue }
      return image
    }
    return debugFile("", buildID: buildID, link: nil)
  }

  /// A kernel module, which may be compressed.
  func module(_ path: String, buildID: [UInt8]?) -> Image? {
    var places = [path]
    if let dot = path.lastIndex(of: "."), path[dot...] != ".ko" { places.append(String(path[..<dot])) }
    for place in places {
      guard let file = try? sources.root.map(place) else { continue }
      let image: Image?
      if file.withBytes({ CompressionFormat(magicOf: $0) }) != nil {
        let content = try? file.withBytes { try Decompression.open($0, limit: Self.mostOpened) }
        image = content.flatMap { Image($0, path: sources.root.hostPath(place)) }
      } else {
        image = Image(file, path: sources.root.hostPath(place))
      }
      guard let image, image.elf.hasSymbolTable else { continue }
      if let buildID, let there = image.elf.buildID, !Self.isSame(buildID, there) { continue }
      return image
    }
    return nil
  }

  static func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// CRC-32 as in .gnu_debuglink and gzip.
  static func checksum(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
    var sum: UInt32 = 0xFFFF_FFFF
    for byte in bytes { sum = checksumTable[Int((sum ^ UInt32(byte)) & 0xFF)] ^ sum >> 8 }
    return ~sum
  }

  private static let checksumTable: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { sum, _ in sum & 1 != 0 ? 0xEDB8_8320 ^ sum >> 1 : sum >> 1 }
  }
}
