/// Names for the stubs through which a program calls other files (`.plt`): `malloc@plt`.
extension ELFFile {
  /// What the stubs of a file are called. Each leads through a slot that a relocation fills, and the relocation names the
  /// function. On x86-64 the slot stands in the stub's jump; elsewhere the stubs are in the order of the relocations.
  /// - Returns: address, size and name, for a query to point into; the names end with zeros.
  func linkageStubs() -> [(address: UInt64, size: UInt64, name: [UInt8])] {
    guard sections.contains(where: { name(of: $0).starts(with: ".plt".utf8) }) else { return [] }
    let relocations = self.relocations()
    guard !relocations.isEmpty else { return [] }
    return machine == 62 ? stubsOfX8664(relocations) : stubsInOrder(relocations)
  }

  private struct Relocation {
    var slot: UInt64
    var symbol: Int
    var isOfStub: Bool
    var table: Int
    /// Where the function is that chooses the real one, for relocations without a symbol.
    var chooser: UInt64?
  }

  private func relocations() -> [Relocation] {
    var result: [Relocation] = []
    let isWide = bytes[4] == 2
    let order = RecordBytes(base: bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1)!, isSwapped: isSwapped)
    for section in sections where section.type == 4 || section.type == 9 {
      let name = self.name(of: section)
      let isOfStub = name.elementsEqual(".rela.plt".utf8) || name.elementsEqual(".rel.plt".utf8)
      guard isOfStub || name.elementsEqual(".rela.dyn".utf8) || name.elementsEqual(".rel.dyn".utf8) else { continue }
      let entrySize = (isWide ? 16 : 8) + (section.type == 4 ? (isWide ? 8 : 4) : 0)
      for entry in stride(from: section.offset, through: section.offset + section.size - entrySize, by: entrySize) {
        let slot = isWide ? order.u64(entry) : UInt64(order.u32(entry))
        let info = isWide ? order.u64(entry + 8) : UInt64(order.u32(entry + 4))
        let symbol = Int(isWide ? info >> 32 : info >> 8)
        let kind = isWide ? info & 0xFFFF_FFFF : info & 0xFF
        // Of the others only those that fill a slot with the address of a function (R_X86_64_GLOB_DAT).
        guard isOfStub || machine == 62 && kind == 6 else { continue }
        // R_X86_64_IRELATIVE
        let chooser = machine == 62 && kind == 37 && section.type == 4 ? order.u64(entry + 16) : nil
        result.append(
          Relocation(slot: slot, symbol: symbol, isOfStub: isOfStub, table: section.link, chooser: chooser))
      }
    }
    return result
  }

  private var isSwapped: Bool { (bytes[5] == 1) != (1.littleEndian == 1) }

  private func symbolName(_ relocation: Relocation) -> [UInt8]? {
    guard relocation.symbol > 0, relocation.table < sections.count, let base = bytes.baseAddress else { return nil }
    let table = sections[relocation.table]
    guard table.link < sections.count else { return nil }
    let names = sections[table.link]
    let entrySize = bytes[4] == 2 ? 24 : 16
    guard relocation.symbol < table.size / entrySize else { return nil }
    let order = RecordBytes(base: base, isSwapped: isSwapped)
    let name = Int(order.u32(table.offset + relocation.symbol * entrySize))
    guard name > 0, name < names.size else { return nil }
    return Array(order.bytes(names.offset + name, before: names.offset + names.size)) + Array("@plt".utf8) + [0]
  }

  /// The names of functions that choose themselves (STT_GNU_IFUNC), by where the choice is made.
  private func namesOfChoosers() -> [UInt64: [UInt8]] {
    guard let base = bytes.baseAddress, bytes[4] == 2 else { return [:] }
    let order = RecordBytes(base: base, isSwapped: isSwapped)
    var result: [UInt64: [UInt8]] = [:]
    for table in sections where (table.type == 2 || table.type == 11) && table.link < sections.count {
      let names = sections[table.link]
      for entry in stride(from: table.offset, through: table.offset + table.size - 24, by: 24) {
        let name = Int(order.u32(entry))
        guard order.u8(entry + 4) & 0xF == 10, name > 0, name < names.size else { continue }
        let text = order.bytes(names.offset + name, before: names.offset + names.size)
        let place = order.u64(entry + 8)
        // Of several names the shortest: strlen, not __strlen_ifunc.
        if let known = result[place], known.count <= text.count + 5 { continue }
        result[place] = Array(text) + Array("@plt".utf8) + [0]
      }
    }
    return result
  }

  private func stubsOfX8664(_ relocations: [Relocation]) -> [(address: UInt64, size: UInt64, name: [UInt8])] {
    let choosers = relocations.contains { $0.chooser != nil } ? namesOfChoosers() : [:]
    var bySlot: [UInt64: Relocation] = [:]
    for relocation in relocations { bySlot[relocation.slot] = relocation }
    var result: [(address: UInt64, size: UInt64, name: [UInt8])] = []
    for section in sections where section.isCode && name(of: section).starts(with: ".plt".utf8) {
      let content = self.content(of: section)
      // Stubs of .plt.got may have 8 bytes.
      let step = section.entrySize == 8 ? 8 : 16
      for offset in stride(from: 0, to: content.count - step + 1, by: step) {
        // jmp *DISTANCE(%rip), with or without endbr64 and bnd before it.
        var place = offset
        let end = offset + step
        while place + 6 <= end, !(content[place] == 0xFF && content[place + 1] == 0x25) { place += 1 }
        guard place + 6 <= end else { continue }
        let distance = Int32(littleEndian: content.loadUnaligned(fromByteOffset: place + 2, as: Int32.self))
        let slot = section.address &+ UInt64(place + 6) &+ UInt64(bitPattern: Int64(distance))
        guard let relocation = bySlot[slot],
          let name = relocation.chooser.map({ choosers[$0] }) ?? symbolName(relocation)
        else { continue }
        result.append((section.address &+ UInt64(offset), UInt64(step), name))
      }
    }
    return result
  }

  private func stubsInOrder(_ relocations: [Relocation]) -> [(address: UInt64, size: UInt64, name: [UInt8])] {
    guard let section = section(named: ".plt"), section.isCode else { return [] }
    // Source: the processor supplements of the ABI: the head that all stubs share, then the stubs.
    let (head, step): (UInt64, UInt64) =
      switch machine {
      case 183: (32, 16)
      case 40: (20, 12)
      case 22: (32, 32)
      case 243: (32, 16)
      default: (16, 16)
      }
    var address = section.address &+ head
    let end = section.address &+ UInt64(section.size)
    var result: [(address: UInt64, size: UInt64, name: [UInt8])] = []
    for relocation in relocations where relocation.isOfStub {
      guard address < end else { break }
      if let name = symbolName(relocation) { result.append((address, step, name)) }
      address &+= step
    }
    return result
  }
}
