/// An object file: its segments, sections and symbols. Source: elf(5), and the generic ABI of System V.
///
/// The bytes must outlive the value. Everything that the file says of itself is held against its size.
struct ELFFile {
  struct Section {
    var name: Int
    var type: UInt32
    var flags: UInt64
    var address: UInt64
    var offset: Int
    var size: Int
    var link: Int
    var entrySize: Int

    var isCode: Bool { flags & 0x6 == 0x6 }
  }

  /// A part of the file that is loaded (PT_LOAD).
  struct Segment {
    var offset: UInt64
    var address: UInt64
    var fileSize: UInt64
    var isExecutable: Bool
  }

  let bytes: UnsafeRawBufferPointer
  private let order: RecordBytes
  private let is64: Bool
  let machine: UInt16
  /// 1 for objects that are yet to be linked (kernel modules), 2 for programs with fixed addresses, 3 for all others.
  let type: UInt16
  private(set) var sections: [Section] = []
  private(set) var segments: [Segment] = []
  private(set) var buildID: [UInt8]?
  private var namesOfSections: Section?

  init?(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress, bytes.count >= 52, bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46]),
      bytes[4] == 1 || bytes[4] == 2, bytes[5] == 1 || bytes[5] == 2
    else { return nil }
    self.bytes = bytes
    is64 = bytes[4] == 2
    order = RecordBytes(base: base, isSwapped: (bytes[5] == 1) != (1.littleEndian == 1))
    guard !is64 || bytes.count >= 64 else { return nil }
    type = order.u16(16)
    machine = order.u16(18)
    readSegments()
    readSections()
    readBuildID()
  }

  private func word(_ offset: Int) -> UInt64 { is64 ? order.u64(offset) : UInt64(order.u32(offset)) }

  /// A range of the file; nil where it is not all there.
  private func range(_ offset: UInt64, _ size: UInt64) -> Range<Int>? {
    guard offset <= UInt64(bytes.count), size <= UInt64(bytes.count) - offset else { return nil }
    return Int(offset)..<Int(offset + size)
  }

  private mutating func readSegments() {
    let start = word(is64 ? 32 : 28)
    let entrySize = UInt64(order.u16(is64 ? 54 : 42))
    let count = UInt64(order.u16(is64 ? 56 : 44))
    guard entrySize >= (is64 ? 56 : 32), let table = range(start, entrySize * count) else { return }
    for entry in stride(from: table.lowerBound, to: table.upperBound, by: Int(entrySize)) {
      let flags = order.u32(entry + (is64 ? 4 : 24))
      let offset = word(entry + (is64 ? 8 : 4))
      let address = word(entry + (is64 ? 16 : 8))
      let fileSize = word(entry + (is64 ? 32 : 16))
      switch order.u32(entry) {
      case 1:
        segments.append(
          Segment(offset: offset, address: address, fileSize: fileSize, isExecutable: flags & 1 != 0))
      case 4: if buildID == nil, let notes = range(offset, fileSize) { readNotes(notes) }
      default: break
      }
    }
  }

  private mutating func readSections() {
    let start = word(is64 ? 40 : 32)
    let entrySize = UInt64(order.u16(is64 ? 58 : 46))
    var count = UInt64(order.u16(is64 ? 60 : 48))
    var names = Int(order.u16(is64 ? 62 : 50))
    guard start > 0, entrySize >= (is64 ? 64 : 40), let first = range(start, entrySize) else { return }
    // More than 65,279 sections: the number stands in the first one.
    if count == 0 { count = word(first.lowerBound + (is64 ? 32 : 20)) }
    if names == 0xFFFF { names = Int(order.u32(first.lowerBound + (is64 ? 40 : 24))) }
    guard count <= UInt64(bytes.count) / entrySize, let table = range(start, entrySize * count) else { return }
    for entry in stride(from: table.lowerBound, to: table.upperBound, by: Int(entrySize)) {
      let type = order.u32(entry + 4)
      // 8: without bytes in the file, as the code in a file of debug information is.
      let place = type == 8 ? 0..<0 : range(word(entry + (is64 ? 24 : 16)), word(entry + (is64 ? 32 : 20)))
      sections.append(
        Section(
          name: Int(order.u32(entry)), type: place == nil ? 0 : type, flags: word(entry + 8),
          address: word(entry + (is64 ? 16 : 12)), offset: place?.lowerBound ?? 0, size: place?.count ?? 0,
          link: Int(order.u32(entry + (is64 ? 40 : 24))),
          entrySize: Int(truncatingIfNeeded: word(entry + (is64 ? 56 : 36)))))
    }
    if names < sections.count { namesOfSections = sections[names] }
  }

  private mutating func readBuildID() {
    guard buildID == nil else { return }
    for section in sections where section.type == 7 {
      readNotes(section.offset..<section.offset + section.size)
      if buildID != nil { return }
    }
  }

  private mutating func readNotes(_ range: Range<Int>) {
    buildID = Self.buildID(inNotes: UnsafeRawBufferPointer(rebasing: bytes[range]), isSwapped: order.isSwapped)
  }

  /// The GNU build id among notes; nil where there is none.
  static func buildID(inNotes notes: UnsafeRawBufferPointer, isSwapped: Bool) -> [UInt8]? {
    guard let base = notes.baseAddress else { return nil }
    let order = RecordBytes(base: base, isSwapped: isSwapped)
    var offset = 0
    while notes.count - offset >= 12 {
      let nameSize = Int(order.u32(offset))
      let size = Int(order.u32(offset + 4))
      let content = offset + 12 + (nameSize + 3) & ~3
      guard content <= notes.count, size <= notes.count - content else { return nil }
      if order.u32(offset + 8) == 3, nameSize == 4, notes[offset + 12..<offset + 15].elementsEqual("GNU".utf8) {
        return Array(notes[content..<content + size])
      }
      offset = content + (size + 3) & ~3
    }
    return nil
  }

  // MARK: Sections by name

  func section(named wanted: String) -> Section? {
    sections.first { name(of: $0).elementsEqual(wanted.utf8) }
  }

  func name(of section: Section) -> UnsafeBufferPointer<UInt8> {
    guard let names = namesOfSections, section.name < names.size else {
      return UnsafeBufferPointer(start: nil, count: 0)
    }
    return order.bytes(names.offset + section.name, before: names.offset + names.size)
  }

  func content(of section: Section) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: bytes[section.offset..<section.offset + section.size])
  }

  var hasSymbolTable: Bool { sections.contains { $0.type == 2 && $0.size > 0 } }
  var hasDynamicSymbols: Bool { sections.contains { $0.type == 11 && $0.size > 0 } }

  /// The name and the checksum of the file that has the debug information (`.gnu_debuglink`).
  var debugLink: (name: String, checksum: UInt32)? {
    guard let section = section(named: ".gnu_debuglink"), section.size >= 8 else { return nil }
    let name = order.text(section.offset, before: section.offset + section.size - 4)
    return (name, order.u32(section.offset + section.size - 4))
  }

  // MARK: Addresses

  /// The address that the byte at an offset of the file is loaded to; nil where it is not loaded.
  func address(ofFileOffset offset: UInt64) -> UInt64? {
    // Whole pages are mapped, so that what stands before a segment is at its addresses as well; code goes first.
    let inside = segments.filter { $0.offset <= offset && offset - $0.offset < $0.fileSize }
    if let segment = inside.first(where: \.isExecutable) ?? inside.first {
      return segment.address &+ (offset - segment.offset)
    }
    let near = segments.filter {
      $0.isExecutable && $0.offset & ~0xFFF <= offset && offset < ($0.offset &+ $0.fileSize &+ 0xFFF) & ~0xFFF
    }
    return near.first.map { $0.address &+ offset &- $0.offset }
  }

  /// Where the kernel puts the sections of a module, counted from its beginning: code that stays, in the order of the file.
  /// nil for sections that are no such code.
  func modulePlaces() -> [UInt64?] {
    var end: UInt64 = 0
    return sections.map { section in
      guard section.isCode, !name(of: section).starts(with: ".init".utf8) else { return nil }
      let start = (end + 15) & ~15
      end = start + UInt64(section.size)
      return start
    }
  }

  // MARK: Symbols

  /// The value of a symbol of `.symtab`; nil where there is none of that name.
  func address(ofSymbol wanted: String) -> UInt64? {
    for table in sections where table.type == 2 && table.link < sections.count {
      let names = sections[table.link]
      let entrySize = is64 ? 24 : 16
      for entry in stride(from: table.offset, through: table.offset + table.size - entrySize, by: entrySize) {
        let name = Int(order.u32(entry))
        guard name > 0, name < names.size,
          order.bytes(names.offset + name, before: names.offset + names.size).elementsEqual(wanted.utf8)
        else { continue }
        return word(entry + (is64 ? 8 : 4))
      }
    }
    return nil
  }

  /// Adds every function of a kind of table (2: `.symtab`, 11: `.dynsym`).
  /// - Parameter shift: what is added to the addresses of a section's symbols; nil leaves the section out.
  func addSymbols(ofTable kind: UInt32, to index: inout SymbolIndex.Builder, shift: ((Int) -> UInt64?)? = nil) {
    for table in sections where table.type == kind {
      guard table.link < sections.count else { continue }
      let names = sections[table.link]
      let entrySize = is64 ? 24 : 16
      guard names.type == 3, names.size > 0, table.entrySize == entrySize,
        index.useNames(content(of: names).bindMemory(to: UInt8.self))
      else { continue }
      index.reserve(table.size / entrySize)
      // What each section adds; nil where its symbols are no code.
      let shifts: [UInt64?] = sections.indices.map { index in
        guard sections[index].isCode else { return nil }
        return shift.map { $0(index) } ?? 0
      }
      let limits = zip(sections, shifts).map { section, shift in
        // Debug information tells no size of code that it has not.
        section.size == 0 ? UInt64.max : section.address &+ UInt64(section.size) &+ (shift ?? 0)
      }
      let skipsMarks = machine == 40 || machine == 183 || machine == 243
      for entry in stride(from: table.offset, through: table.offset + table.size - entrySize, by: entrySize) {
        let info = order.u8(entry + (is64 ? 4 : 12))
        let type = info & 0xF
        // No type, data in code, functions, functions that choose themselves.
        guard type <= 2 || type == 10 else { continue }
        let section = Int(order.u16(entry + (is64 ? 6 : 14)))
        guard section > 0, section < shifts.count, let shift = shifts[section] else { continue }
        let name = Int(order.u32(entry))
        guard name > 0, name < names.size else { continue }
        var start = word(entry + (is64 ? 8 : 4))
        let size = word(entry + (is64 ? 16 : 8))
        // The lowest bit of a function's address says that it is Thumb code.
        if machine == 40, type == 2 { start &= ~1 }
        start &+= shift
        let first = order.advanced(by: names.offset + name)
        // Labels of the assembler, and the marks that tell code from data.
        if type == 0, name + 1 < names.size, first.u8(0) == UInt8(ascii: "."), first.u8(1) == UInt8(ascii: "L") {
          continue
        }
        if type == 0, skipsMarks, first.u8(0) == UInt8(ascii: "$") { continue }
        let binding = info >> 4
        index.add(
          start: start, size: size, name: name, isWeak: binding == 2, isGlobal: binding == 1, limit: limits[section])
      }
    }
  }
}
