/// What stands around the records of a recording: its events and what perf noted about the machine.
///
/// Source: tools/perf/Documentation/perf.data-file-format.txt and tools/perf/util/header.c of the kernel.
struct RecordingHead {
  var isPipe = false
  var isSwapped = false
  var events: [RecordedEvent] = []
  /// The place in `events` by an id that a record carries.
  var eventOfID: [UInt64: Int] = [:]
  /// Where the records are.
  var records: Range<Int> = 0..<0
  /// Whether the recording was killed, so that the head was never completed.
  var isUnfinished = false
  var buildIDs: [BuildIDEntry] = []
  var origin = Profile.Origin()
  /// The format texts of tracepoints.
  var tracingData: Range<Int>?
  var isCompressed = false
  /// Whether the records stand in more files beside this one.
  var isDirectory = false
  var notes: [String] = []

  /// One event of the recording.
  struct RecordedEvent {
    var attribute: EventAttribute
    /// nil until the recording says it.
    var name: String?
  }

  /// Which build of a file was mapped.
  struct BuildIDEntry {
    let processID: Int32
    let buildID: [UInt8]
    let path: [UInt8]
  }

  private static let size = 104
  /// An attribute has about 140 bytes; a table of so many is none.
  private static let mostEvents = 1 << 16

  /// - Parameter path: for errors.
  init(_ bytes: UnsafeBufferPointer<UInt8>, path: String) throws(RecordingError) {
    guard let base = UnsafeRawPointer(bytes.baseAddress), bytes.count >= 8 else {
      throw bytes.isEmpty
        ? .cut(path: path, offset: 0, what: "the file is empty") : .notARecording(path: path)
    }
    let version: Int
    if bytes.starts(with: "PERFILE2".utf8) {
      version = 2
    } else if bytes.starts(with: "2ELIFREP".utf8) {
      version = 2
      isSwapped = true
    } else if bytes.starts(with: "PERFFILE".utf8) {
      version = 1
    } else {
      throw .notARecording(path: path)
    }
    // The magic is a number in the order of the writer: what reads as it stands is little-endian.
    if 1.littleEndian != 1 { isSwapped.toggle() }
    guard bytes.count >= 16 else { throw .cut(path: path, offset: bytes.count, what: "the head is not complete") }
    var order = RecordBytes(base: base, isSwapped: isSwapped)
    if version == 1, order.u64(8) > 1 << 32 {
      // The first format has one magic for both orders.
      isSwapped.toggle()
      order = RecordBytes(base: base, isSwapped: isSwapped)
    }
    let headSize = order.u64(8)
    if headSize == 16 {
      isPipe = true
      records = 16..<bytes.count
      return
    }
    guard headSize == UInt64(Self.size) else {
      throw .damaged(path: path, offset: 8, what: "the head says that it has \(headSize) bytes, and not \(Self.size)")
    }
    guard bytes.count >= Self.size else {
      throw .cut(path: path, offset: bytes.count, what: "the head is not complete")
    }
    let file = FileSections(bytes: order, count: bytes.count, path: path)
    try readEvents(file)
    try readRecordsSection(file)
    if version == 1 { readEventTypes(file) }
    if !isUnfinished { try readFeatures(file) }
  }

  private mutating func readEvents(_ file: FileSections) throws(RecordingError) {
    let entrySize = file.bytes.u64(16)
    let section = try file.section(at: 24, "the table of events")
    guard entrySize >= UInt64(EventAttribute.leastSize + 16), entrySize <= 1 << 16 else {
      throw .damaged(path: file.path, offset: 16, what: "an entry of the table of events has \(entrySize) bytes")
    }
    let size = Int(entrySize)
    guard section.count % size == 0, section.count / size <= Self.mostEvents else {
      throw .damaged(path: file.path, offset: 32, what: "the table of events has \(section.count) bytes")
    }
    for start in stride(from: section.lowerBound, to: section.upperBound, by: size) {
      let entry = file.bytes.advanced(by: start)
      let event = events.count
      events.append(RecordedEvent(attribute: EventAttribute(entry, size: size - 16), name: nil))
      let ids = try file.section(at: start + size - 16, "the ids of an event")
      for id in stride(from: ids.lowerBound, to: ids.upperBound - 7, by: 8) {
        eventOfID[file.bytes.u64(id)] = event
      }
    }
    guard !events.isEmpty else {
      throw .damaged(path: file.path, offset: 24, what: "the recording has no event")
    }
  }

  private mutating func readRecordsSection(_ file: FileSections) throws(RecordingError) {
    let offset = file.bytes.u64(40)
    let size = file.bytes.u64(48)
    guard offset <= UInt64(file.count) else {
      throw .cut(
        path: file.path, offset: file.count, what: "the records would begin at byte \(offset)")
    }
    // The size is written last: a recording that was killed has none, and no table of features either.
    isUnfinished = size == 0 && Int(offset) < file.count && !looksFinished(file, at: Int(offset))
    if isUnfinished {
      records = Int(offset)..<file.count
      notes.append(
        "the recording was killed before its head was complete: all records that are there are read, and what perf notes about the machine is missing"
      )
      return
    }
    guard size <= UInt64(file.count) - offset else {
      throw .cut(
        path: file.path, offset: file.count, what: "the records at byte \(offset) would have \(size) bytes")
    }
    records = Int(offset)..<Int(offset + size)
  }

  /// Whether the table of features stands where a recording without any record has it.
  private func looksFinished(_ file: FileSections, at start: Int) -> Bool {
    let count = features(file).reduce(0) { $0 + $1.nonzeroBitCount }
    guard start + count * 16 <= file.count else { return false }
    for index in 0..<count {
      let offset = file.bytes.u64(start + index * 16)
      let size = file.bytes.u64(start + index * 16 + 8)
      guard offset >= UInt64(start + count * 16), offset <= UInt64(file.count), size <= UInt64(file.count) - offset
      else { return false }
    }
    return count > 0
  }

  /// The bits of the features, four words of 64.
  private func features(_ file: FileSections) -> [UInt64] {
    let words = (0..<4).map { file.bytes.u64(72 + 8 * $0) }
    // A writer of 32 bits fills words of 32: without the name of the host where it must be, the halves are turned.
    guard isSwapped, words[0] & (1 << 3) == 0 else { return words }
    let turned = words.map { $0 << 32 | $0 >> 32 }
    return turned[0] & (1 << 3) != 0 ? turned : words
  }

  /// The names of the first format: pairs of a config and a name.
  private mutating func readEventTypes(_ file: FileSections) {
    guard let section = try? file.section(at: 56, "the names of events") else { return }
    for start in stride(from: section.lowerBound, to: section.upperBound - 71, by: 72) {
      let config = file.bytes.u64(start)
      let name = file.bytes.text(start + 8, before: start + 72)
      nameTracepoints(config: config, name: name)
    }
  }

  /// Names the tracepoints of a number.
  mutating func nameTracepoints(config: UInt64, name: String) {
    for index in events.indices where events[index].attribute.isTracepoint && events[index].attribute.config == config {
      events[index].name = name
    }
  }

  private mutating func readFeatures(_ file: FileSections) throws(RecordingError) {
    var place = records.upperBound
    for (word, bits) in features(file).enumerated() {
      for bit in 0..<64 where bits >> UInt64(bit) & 1 != 0 {
        guard place + 16 <= file.count else {
          throw .cut(path: file.path, offset: file.count, what: "the table of features is not complete")
        }
        let section = try file.section(at: place, "feature \(word * 64 + bit)")
        try readFeature(word * 64 + bit, file, section)
        place += 16
      }
    }
  }

  /// Takes in one feature: from its section, or in pipe mode from its record.
  mutating func readFeature(
    _ number: Int, _ file: FileSections, _ section: Range<Int>
  ) throws(RecordingError) {
    switch number {
    case 1: tracingData = section
    case 2: try readBuildIDs(file, section)
    case 3: origin.hostName = file.string(section)
    case 4: origin.kernelRelease = file.string(section)
    case 5: origin.perfVersion = file.string(section)
    case 6: origin.architecture = file.string(section)
    case 7: if section.count >= 8 { origin.cpus = Int(file.bytes.u32(section.lowerBound)) }
    case 11: origin.commandLine = file.strings(section)
    case 12: try readEventDescriptions(file, section)
    case 24: isDirectory = true
    case 27:
      isCompressed = true
      if section.count >= 8, file.bytes.u32(section.lowerBound + 4) != 1 {
        throw .unsupported(
          path: file.path,
          what:
            "its records are compressed in a way that is not known here (type \(file.bytes.u32(section.lowerBound + 4)))"
        )
      }
    default: break
    }
  }

  private mutating func readBuildIDs(_ file: FileSections, _ section: Range<Int>) throws(RecordingError) {
    var offset = section.lowerBound
    while offset + 36 <= section.upperBound {
      let size = Int(file.bytes.u16(offset + 6))
      guard size >= 36, offset + size <= section.upperBound else {
        throw .damaged(path: file.path, offset: offset, what: "an entry of the list of build ids has \(size) bytes")
      }
      addBuildID(file.bytes.advanced(by: offset), size: size)
      offset += size
    }
  }

  /// - Parameter entry: the entry with its head; at least 36 bytes.
  mutating func addBuildID(_ entry: RecordBytes, size: Int) {
    // Bit 15 of misc says that the size is told, behind the 20 bytes.
    let stated = entry.u16(4) & 0x8000 != 0 ? Int(entry.u8(32)) : 20
    let buildID = (0..<min(stated, 20)).map { entry.u8(12 + $0) }
    let path = Array(entry.bytes(36, before: size))
    guard buildID.contains(where: { $0 != 0 }) else { return }
    buildIDs.append(BuildIDEntry(processID: entry.i32(8), buildID: buildID, path: path))
  }

  private mutating func readEventDescriptions(
    _ file: FileSections, _ section: Range<Int>
  ) throws(RecordingError) {
    guard section.count >= 8 else { return }
    let count = Int(file.bytes.u32(section.lowerBound))
    let size = Int(file.bytes.u32(section.lowerBound + 4))
    guard size >= EventAttribute.leastSize, size <= 1 << 16 else {
      throw .damaged(
        path: file.path, offset: section.lowerBound, what: "an event's description has \(size) bytes")
    }
    var offset = section.lowerBound + 8
    for index in 0..<count {
      guard offset + size + 8 <= section.upperBound else { break }
      let attribute = EventAttribute(file.bytes.advanced(by: offset), size: size)
      let idCount = Int(file.bytes.u32(offset + size))
      let length = Int(file.bytes.u32(offset + size + 4))
      offset += size + 8
      guard length <= section.upperBound - offset else {
        throw .damaged(path: file.path, offset: offset - 4, what: "the name of an event has \(length) bytes")
      }
      let name = file.bytes.text(offset, before: offset + length)
      offset += length
      guard idCount <= (section.upperBound - offset) / 8 else {
        throw .damaged(path: file.path, offset: offset, what: "an event has \(idCount) ids")
      }
      let ids = (0..<idCount).map { file.bytes.u64(offset + 8 * $0) }
      offset += 8 * idCount
      // In a pipe the descriptions come on their own; in a file they name what the table has.
      let known = ids.first { eventOfID[$0] != nil }.flatMap { eventOfID[$0] }
      let event = known ?? (index < events.count ? index : nil)
      if let event {
        if !name.isEmpty { events[event].name = name }
        for id in ids where eventOfID[id] == nil { eventOfID[id] = event }
      } else if isPipe, events.count < Self.mostEvents {
        for id in ids { eventOfID[id] = events.count }
        events.append(RecordedEvent(attribute: attribute, name: name.isEmpty ? nil : name))
      }
    }
  }

  /// An event that came as a record of a pipe.
  mutating func addEvent(_ record: RecordBytes, size: Int, path: String, offset: Int) throws(RecordingError) {
    guard size >= 8 + EventAttribute.leastSize else {
      throw .damaged(path: path, offset: offset, what: "the record of an event has \(size) bytes")
    }
    let stated = Int(record.u32(12))
    let attributeSize = stated < EventAttribute.leastSize ? EventAttribute.leastSize : stated
    guard attributeSize <= size - 8, events.count < Self.mostEvents else {
      throw .damaged(path: path, offset: offset, what: "an event has \(stated) bytes in a record of \(size)")
    }
    let event = events.count
    events.append(RecordedEvent(attribute: EventAttribute(record.advanced(by: 8), size: attributeSize), name: nil))
    for id in stride(from: 8 + attributeSize, to: size - 7, by: 8) { eventOfID[record.u64(id)] = event }
  }

  /// Takes from the records of a pipe what is needed before them: which builds and which kernel were recorded come last.
  mutating func lookAhead(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let base = UnsafeRawPointer(bytes.baseAddress) else { return }
    let file = FileSections(bytes: RecordBytes(base: base, isSwapped: isSwapped), count: bytes.count, path: "")
    var offset = records.lowerBound
    while bytes.count - offset >= 16 {
      let record = file.bytes.advanced(by: offset)
      let size = Int(record.u16(6))
      guard size >= 8, size <= bytes.count - offset else { return }
      var following: UInt64 = 0
      switch RecordType(rawValue: record.u32(0)) {
      case .buildID where size >= 36: addBuildID(record, size: size)
      case .feature where size >= 16 && record.u64(8) == 4:
        origin.kernelRelease = file.string(offset + 16..<offset + size)
      case .auxtrace where size >= 16: following = record.u64(8)
      case .tracingData where size >= 12: following = UInt64(record.u32(8))
      default: break
      }
      guard following <= UInt64(bytes.count - offset - size) else { return }
      offset += size + Int(following)
    }
  }

  /// A name that came late, as a record.
  mutating func updateEvent(_ record: RecordBytes, size: Int) {
    // 2: the name. The others are units, scales and CPUs, which samples do not need.
    guard size > 24, record.u64(8) == 2, let event = eventOfID[record.u64(16)] else { return }
    events[event].name = record.text(24, before: size)
  }
}

/// Bounds of a file's sections, each held against the size of the file.
struct FileSections {
  let bytes: RecordBytes
  let count: Int
  let path: String

  /// The section whose offset and size stand at a place that is within the file.
  func section(at place: Int, _ what: String) throws(RecordingError) -> Range<Int> {
    let offset = bytes.u64(place)
    let size = bytes.u64(place + 8)
    if size == 0 { return 0..<0 }
    guard offset <= UInt64(count) else {
      throw .cut(path: path, offset: count, what: "\(what) would begin at byte \(offset)")
    }
    guard size <= UInt64(count) - offset else {
      throw .cut(path: path, offset: count, what: "\(what) at byte \(offset) would have \(size) bytes")
    }
    return Int(offset)..<Int(offset + size)
  }

  /// A string of a feature: its length, then bytes that end with a zero.
  func string(_ section: Range<Int>) -> String? { firstString(section)?.text }

  /// A list of strings of a feature: their number, then each.
  func strings(_ section: Range<Int>) -> [String] {
    guard section.count >= 4 else { return [] }
    let number = Int(bytes.u32(section.lowerBound))
    var rest = section.dropFirst(4)
    var result: [String] = []
    while result.count < number, let next = firstString(rest) {
      result.append(next.text)
      rest = next.end..<section.upperBound
    }
    return result
  }

  private func firstString(_ section: Range<Int>) -> (text: String, end: Int)? {
    guard section.count >= 4 else { return nil }
    let start = section.lowerBound + 4
    let length = Int(bytes.u32(section.lowerBound))
    guard length <= section.upperBound - start else { return nil }
    return (bytes.text(start, before: start + length), start + length)
  }
}
