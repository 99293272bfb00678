import HostSystem

/// Goes through the records of a recording and hands them on in order of time.
struct RecordingScan {
  let path: String
  private(set) var head: RecordingHead
  private(set) var builder: ProfileBuilder
  private var pending = PendingRecords()
  private var compressed = CompressedRecords()
  private var layouts: [RecordLayout] = []
  private var eventOfID = NumberTable()
  private var lastID: (id: UInt64, event: Int) = (0, 0)
  private var hasOneEvent = true
  /// The bytes of the file that is scanned.
  private var file: UnsafeRawBufferPointer
  /// Where the compressed record stands that is open.
  private var compressedOffset: Int?
  /// In a directory every file has rounds of its own.
  private var heedsRounds = true
  private var isOrderLost = false
  private var compressedBytes = 0

  /// What is opened may wait for its turn up to this size; then order gives way.
  private static let mostHeldBytes = 128 << 20
  /// Records shrink to a tenth or so. What opens to more than this was made to fill the memory.
  private static let mostTimes = 100

  init(path: String, head: RecordingHead, builder: ProfileBuilder, file: UnsafeRawBufferPointer) {
    self.path = path
    self.head = head
    self.builder = builder
    self.file = file
    heedsRounds = !head.isDirectory
    takeEvents()
  }

  private mutating func takeEvents() {
    builder.setEvents(head)
    layouts = head.events.map { RecordLayout($0.attribute) }
    eventOfID = NumberTable()
    for (id, event) in head.eventOfID { eventOfID.set(id, Int32(truncatingIfNeeded: event)) }
    lastID = (0, 0)
    hasOneEvent = layouts.count <= 1
  }

  /// Scans the main file.
  mutating func scanHead() throws(RecordingError) {
    guard let base = file.baseAddress, !head.records.isEmpty else { return }
    reserve()
    try scan(base, head.records)
    try endFile()
  }

  /// Scans a file of a directory, which has nothing but records.
  mutating func scanPart(_ bytes: UnsafeRawBufferPointer, path: String) throws(RecordingError) {
    guard let base = bytes.baseAddress else { return }
    file = bytes
    try scan(base, 0..<bytes.count)
    try endFile()
  }

  private mutating func endFile() throws(RecordingError) {
    if compressed.hasRest, !head.isUnfinished {
      throw .cut(path: path, offset: compressedOffset ?? file.count, what: "the compressed records end inside of one")
    }
    compressed.endStream()
    if !head.isDirectory { try finish() }
  }

  /// Hands everything on that waits.
  mutating func finish() throws(RecordingError) {
    let due = pending.endAll()
    try deliver(due)
    builder.endWaits()
    compressed.close()
  }

  mutating func close() {
    compressed.close()
    builder.end()
  }

  /// Room for the samples, so that no column has to move. Memory that is not written to costs nothing.
  private mutating func reserve() {
    let least = layouts.map { $0.fixedEnd + ($0.hasCallchain ? 24 : 0) }.min() ?? 64
    guard !head.isCompressed else { return }
    builder.reserve(samples: min(head.records.count / max(least, 48) + 1, 1 << 24))
  }

  // MARK: Records

  private mutating func scan(_ base: UnsafeRawPointer, _ range: Range<Int>) throws(RecordingError) {
    var offset = range.lowerBound
    while offset < range.upperBound {
      let left = range.upperBound - offset
      let record = RecordBytes(base: base + offset, isSwapped: head.isSwapped)
      guard left >= 8 else {
        try endsInside(offset, left, "a record")
        return
      }
      let type = record.u32(0)
      let size = Int(record.u16(6))
      if size < 8 {
        if head.isUnfinished {
          try endsInside(offset, left, "a record")
          return
        }
        throw .damaged(path: path, offset: offset, what: "a record of type \(type) has \(size) bytes")
      }
      if size > left {
        try endsInside(offset, left, "a record of \(size) bytes")
        return
      }
      if type < RecordType.firstOfPerf {
        try take(record, type: type, size: size, offset: offset)
        offset += size
      } else {
        offset += try takeOwn(record, type: type, size: size, offset: offset, left: left)
      }
    }
  }

  /// The end of the records in the middle of something: a note where the recording was killed, else an error.
  private mutating func endsInside(_ offset: Int, _ left: Int, _ what: String) throws(RecordingError) {
    guard head.isUnfinished else {
      throw .cut(path: path, offset: offset, what: "\(what), of which \(left) bytes are there")
    }
    builder.addNote("the last record, at byte \(offset), is not complete and is left out")
  }

  /// A record of the kernel: waits for its turn where it has a time.
  @inline(__always)
  private mutating func take(
    _ record: RecordBytes, type: UInt32, size: Int, offset: Int
  ) throws(RecordingError) {
    let isSample = type == RecordType.sample.rawValue
    var event = 0
    if !hasOneEvent {
      event = self.event(of: record, size: size, isSample: isSample)
      if event < 0 {
        if isSample { builder.leaveOut("of events that the file does not describe") }
        return
      }
    }
    guard event < layouts.count else {
      if isSample { builder.leaveOut("of events that the file does not describe") }
      return
    }
    var time: UInt64 = 0
    if isSample {
      let place = layouts[event].time
      if place >= 0 {
        guard size >= place + 8 else {
          throw .damaged(path: path, offset: offset, what: "a sample has only \(size) bytes")
        }
        time = record.u64(place)
      }
    } else {
      let back = layouts[event].trailerTime
      if back >= 0, size >= 8 + back { time = record.u64(size - back) }
    }
    // What perf itself adds has no time and comes first.
    if time == 0 || time == .max {
      try builder.apply(record, size: size, event: event, offset: offset)
    } else {
      pending.append(PendingRecords.Entry(time: time, record: record.base, event: event))
    }
  }

  /// The place of the event that a record belongs to; -1 where the file has no such event.
  private mutating func event(of record: RecordBytes, size: Int, isSample: Bool) -> Int {
    // All events have their id in one place, or the first one's is taken for it, as in perf.
    let layout = layouts[0]
    let id: UInt64
    if isSample {
      let place = layout.identifier >= 0 ? layout.identifier : layout.id
      guard place >= 0, size >= place + 8 else { return 0 }
      id = record.u64(place)
    } else {
      guard layout.trailerID >= 0, size >= 8 + layout.trailerID else { return 0 }
      id = record.u64(size - layout.trailerID)
    }
    if id == 0 { return 0 }
    if lastID.id == id { return lastID.event }
    guard let event = eventOfID.number(for: id) else { return isSample ? -1 : 0 }
    lastID = (id, Int(event))
    return Int(event)
  }

  private mutating func deliver(_ count: Int) throws(RecordingError) {
    guard let base = file.baseAddress else { return }
    for index in 0..<count {
      let entry = pending.entries[index]
      guard let place = entry.record else { continue }
      let record = RecordBytes(base: place, isSwapped: head.isSwapped)
      let isOfFile = place >= base && place < base + file.count
      try builder.apply(
        record, size: Int(record.u16(6)), event: entry.event,
        offset: isOfFile ? place - base : compressedOffset ?? 0)
    }
    pending.removeFirst(count)
  }

  private mutating func releaseMemory() {
    guard compressed.heldBytes > 0 else { return }
    let file = file
    compressed.release(keeping: &pending, isSwapped: head.isSwapped) { record in
      guard let base = file.baseAddress else { return false }
      return record >= base && record < base + file.count
    }
  }

  /// A record of perf itself.
  /// - Returns: how many bytes it takes with what follows it.
  private mutating func takeOwn(
    _ record: RecordBytes, type: UInt32, size: Int, offset: Int, left: Int
  ) throws(RecordingError) -> Int {
    func require(_ needed: Int) throws(RecordingError) {
      guard size >= needed else {
        throw .damaged(path: path, offset: offset, what: "a record of type \(type) has only \(size) bytes")
      }
    }
    /// Data that stands behind its record.
    func skip(_ following: UInt64) throws(RecordingError) -> Int {
      guard following <= UInt64(left - size) else {
        if head.isUnfinished { return left }
        throw .cut(path: path, offset: offset, what: "\(following) bytes of data would follow, and \(left - size) do")
      }
      return size + Int(following)
    }
    let sections = FileSections(
      bytes: RecordBytes(base: record.base - (compressedOffset == nil ? offset : 0), isSwapped: head.isSwapped),
      count: compressedOffset == nil ? offset + left : left, path: path)
    let start = compressedOffset == nil ? offset : 0
    switch RecordType(rawValue: type) {
    case .finishedRound:
      if heedsRounds {
        try deliver(pending.endRound())
        releaseMemory()
      }
    case .attribute:
      try head.addEvent(record, size: size, path: path, offset: offset)
      takeEvents()
    case .eventUpdate: head.updateEvent(record, size: size)
    case .eventType:
      if size >= 80 { head.nameTracepoints(config: record.u64(8), name: record.text(16, before: 80)) }
    case .tracingData:
      try require(12)
      let following = UInt64(record.u32(8))
      let next = try skip(following)
      if compressedOffset == nil { head.tracingData = offset + size..<offset + next }
      return next
    case .buildID:
      try require(36)
      head.addBuildID(record, size: size)
      builder.setBuildIDs(head.buildIDs.suffix(1))
    case .feature:
      try require(16)
      let number = record.u64(8)
      if number < 256 {
        let before = head.events.count
        try head.readFeature(Int(number), sections, start + 16..<start + size)
        if head.events.count != before { takeEvents() }
        if number == 2 { builder.setBuildIDs(head.buildIDs) }
      }
    case .compressed, .compressed2:
      guard compressedOffset == nil else {
        throw .damaged(path: path, offset: offset, what: "a compressed record inside of compressed records")
      }
      var (from, count) = (8, size - 8)
      if type == RecordType.compressed2.rawValue {
        try require(16)
        guard record.u64(8) <= UInt64(size - 16) else {
          throw .damaged(path: path, offset: offset, what: "a compressed record of \(record.u64(8)) bytes in \(size)")
        }
        (from, count) = (16, Int(record.u64(8)))
      }
      try open(UnsafeRawBufferPointer(start: record.base + from, count: count), offset: offset)
    case .auxtrace:
      try require(16)
      return try skip(record.u64(8))
    // They say nothing about samples.
    case .idIndex, .auxtraceInfo, .auxtraceError, .threadMap, .cpuMap, .statConfiguration, .stat, .statRound,
      .timeConversion, .finishedInit, .bpfMetadata, .schedstatCPU, .schedstatDomain:
      break
    default: builder.countUnread(type)
    }
    return size
  }

  private mutating func open(_ bytes: UnsafeRawBufferPointer, offset: Int) throws(RecordingError) {
    compressedOffset = offset
    var stream = compressed
    compressed = CompressedRecords()
    defer {
      compressed = stream
      compressedOffset = nil
    }
    do {
      compressedBytes += bytes.count
      let most = Self.mostTimes * compressedBytes + Self.mostHeldBytes / 4
      try stream.open(bytes, upTo: most) { records, count in
        var taken = 0
        while count - taken >= 8 {
          let record = RecordBytes(base: records + taken, isSwapped: head.isSwapped)
          let type = record.u32(0)
          let size = Int(record.u16(6))
          guard size >= 8 else {
            throw RecordingError.damaged(
              path: path, offset: offset,
              what: "a record of type \(type) among those compressed there has \(size) bytes")
          }
          if size > count - taken { break }
          if type < RecordType.firstOfPerf {
            try take(record, type: type, size: size, offset: offset)
          } else if type == RecordType.finishedRound.rawValue {
            if heedsRounds { try deliver(pending.endRound()) }
          } else {
            _ = try takeOwn(record, type: type, size: size, offset: offset, left: count - taken)
          }
          taken += size
        }
        return taken
      }
    } catch let error as RecordingError {
      throw error
    } catch let failure as CompressedRecords.Failure {
      throw .damaged(path: path, offset: offset, what: "the compressed records cannot be opened (\(failure.what))")
    } catch {
      throw .damaged(path: path, offset: offset, what: "the compressed records cannot be opened (\(error))")
    }
    if stream.heldBytes > Self.mostHeldBytes {
      if !isOrderLost, pending.entries.count > 0 {
        isOrderLost = true
        builder.addNote("so many records came without the mark of a round that some may stand out of the order of time")
      }
      try deliver(pending.endAll())
      let file = file
      stream.release(keeping: &pending, isSwapped: head.isSwapped) { record in
        guard let base = file.baseAddress else { return false }
        return record >= base && record < base + file.count
      }
    }
  }
}
