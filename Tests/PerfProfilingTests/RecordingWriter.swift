import CLateLibraries

/// Writes recordings as perf does, and such as it never would.
struct RecordingWriter {
  /// An event, and the one id under which it is recorded.
  struct Event {
    var type: UInt32 = 1
    var config: UInt64 = 0
    var period: UInt64 = 4000
    var sampleType: UInt64 = Field.usual
    var readFormat: UInt64 = 0
    /// sample_id_all, and the rate is a frequency.
    var flags: UInt64 = 1 << 18 | 1 << 10
    var id: UInt64 = 100
    var name = "cpu-clock"
    /// The bytes of the attribute; what is beyond the known form is filled with ones.
    var size = 136
    /// The clock, where the flags say that there is one.
    var clock: Int32 = 0
  }

  enum Field {
    static let instruction: UInt64 = 1
    static let thread: UInt64 = 1 << 1
    static let time: UInt64 = 1 << 2
    static let address: UInt64 = 1 << 3
    static let read: UInt64 = 1 << 4
    static let callchain: UInt64 = 1 << 5
    static let id: UInt64 = 1 << 6
    static let cpu: UInt64 = 1 << 7
    static let period: UInt64 = 1 << 8
    static let stream: UInt64 = 1 << 9
    static let raw: UInt64 = 1 << 10
    static let identifier: UInt64 = 1 << 16
    static let usual = instruction | thread | time | callchain | id | cpu | period
  }

  struct Sample {
    var event = 0
    var process: Int32 = 10
    var thread: Int32 = 10
    var time: UInt64 = 1000
    var cpu: UInt32 = 0
    var period: UInt64 = 1
    var instruction: UInt64 = 0
    var chain: [UInt64] = []
    /// 2: user, 1: kernel.
    var mode: UInt16 = 2
    /// What stands between period and callchain, and what behind the callchain.
    var read: [UInt64] = []
    var tail: [UInt8] = []
  }

  /// Whether a machine of the other byte order wrote it.
  var isBigEndian = false
  var events = [Event()]
  private(set) var records: [UInt8] = []

  init(isBigEndian: Bool = false, events: [Event] = [Event()]) {
    self.isBigEndian = isBigEndian
    self.events = events
  }

  // MARK: Numbers

  func number<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] {
    withUnsafeBytes(of: isBigEndian ? value.bigEndian : value.littleEndian) { Array($0) }
  }

  /// Text that ends with a zero, and zeros up to a multiple of 8.
  func text(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8) + [0]
    return bytes + Array(repeating: 0, count: (8 - bytes.count % 8) % 8)
  }

  // MARK: Records

  /// Adds any record.
  mutating func record(_ type: UInt32, misc: UInt16 = 0, _ content: [UInt8], size: Int? = nil) {
    records += number(type) + number(misc) + number(UInt16(size ?? content.count + 8)) + content
  }

  mutating func append(raw bytes: [UInt8]) { records += bytes }

  /// What stands behind the content of every record that is no sample.
  private func trailer(_ process: Int32, _ thread: Int32, _ time: UInt64) -> [UInt8] {
    let event = events[0]
    guard event.flags & 1 << 18 != 0 else { return [] }
    var result: [UInt8] = []
    if event.sampleType & Field.thread != 0 { result += number(process) + number(thread) }
    if event.sampleType & Field.time != 0 { result += number(time) }
    if event.sampleType & Field.id != 0 { result += number(event.id) }
    if event.sampleType & Field.stream != 0 { result += number(event.id) }
    if event.sampleType & Field.cpu != 0 { result += number(UInt64(0)) }
    if event.sampleType & Field.identifier != 0 { result += number(event.id) }
    return result
  }

  mutating func command(_ process: Int32, _ thread: Int32, _ name: String, time: UInt64 = 0, isExec: Bool = false) {
    record(
      3, misc: isExec ? 0x2000 : 0,
      number(process) + number(thread) + text(name) + trailer(process, thread, time))
  }

  mutating func fork(_ child: Int32, from parent: Int32, time: UInt64) {
    record(
      7, number(child) + number(parent) + number(child) + number(parent) + number(time) + trailer(parent, parent, time))
  }

  mutating func exit(_ process: Int32, time: UInt64) {
    record(
      4,
      number(process) + number(process) + number(process) + number(process) + number(time)
        + trailer(process, process, time))
  }

  mutating func map(
    _ process: Int32, _ start: UInt64, _ length: UInt64, offset: UInt64 = 0, _ path: String, time: UInt64 = 0,
    mode: UInt16 = 2
  ) {
    record(
      1, misc: mode,
      number(process) + number(process) + number(start) + number(length) + number(offset) + text(path)
        + trailer(process, process, time))
  }

  mutating func map2(
    _ process: Int32, _ start: UInt64, _ length: UInt64, offset: UInt64 = 0, _ path: String, time: UInt64 = 0,
    buildID: [UInt8]? = nil, protection: UInt32 = 5
  ) {
    let identity =
      if let buildID {
        [UInt8(buildID.count), 0, 0, 0] + buildID + [UInt8](repeating: 0, count: 20 - buildID.count)
      } else {
        number(UInt32(8)) + number(UInt32(1)) + number(UInt64(77)) + number(UInt64(0))
      }
    record(
      10, misc: 2 | (buildID == nil ? 0 : 0x4000),
      number(process) + number(process) + number(start) + number(length) + number(offset) + identity
        + number(protection) + number(UInt32(2)) + text(path) + trailer(process, process, time))
  }

  mutating func lost(_ count: UInt64, time: UInt64) {
    record(2, number(events[0].id) + number(count) + trailer(0, 0, time))
  }

  mutating func throttle(time: UInt64) {
    record(5, number(time) + number(events[0].id) + number(events[0].id) + trailer(0, 0, time))
  }

  mutating func finishedRound() { record(68, []) }

  mutating func sample(_ sample: Sample) {
    record(9, misc: sample.mode, content(of: sample))
  }

  private func content(of sample: Sample) -> [UInt8] {
    let event = events[sample.event]
    var result: [UInt8] = []
    func add(_ field: UInt64, _ bytes: [UInt8]) { if event.sampleType & field != 0 { result += bytes } }
    add(Field.identifier, number(event.id))
    add(Field.instruction, number(sample.instruction))
    add(Field.thread, number(sample.process) + number(sample.thread))
    add(Field.time, number(sample.time))
    add(Field.address, number(UInt64(0)))
    add(Field.id, number(event.id))
    add(Field.stream, number(event.id))
    add(Field.cpu, number(sample.cpu) + number(UInt32(0)))
    add(Field.period, number(sample.period))
    add(Field.read, sample.read.flatMap { number($0) })
    add(Field.callchain, number(UInt64(sample.chain.count)) + sample.chain.flatMap { number($0) })
    return result + sample.tail
  }

  // MARK: Files

  private func attribute(_ event: Event) -> [UInt8] {
    // Big-endian machines fill bit fields from the other end.
    var flags = event.flags
    if isBigEndian { flags = (0..<64).reduce(0) { $0 | (event.flags >> UInt64($1) & 1) << UInt64(63 - $1) } }
    let head =
      number(event.type) + number(UInt32(event.size)) + number(event.config) + number(event.period)
      + number(event.sampleType) + number(event.readFormat) + number(flags)
    let known =
      head + [UInt8](repeating: 0, count: 92 - head.count) + number(event.clock) + [UInt8](repeating: 0, count: 40)
    return Array(known.prefix(event.size)) + [UInt8](repeating: 0xFF, count: max(0, event.size - 136))
  }

  private func magic(_ version: Int) -> [UInt8] {
    Array((version == 1 ? "PERFFILE" : isBigEndian ? "2ELIFREP" : "PERFILE2").utf8)
  }

  /// A finished file with the names of the events, or one that was killed.
  func file(version: Int = 2, isKilled: Bool = false, records other: [UInt8]? = nil, isCompressed: Bool = false)
    -> [UInt8]
  {
    let records = other ?? self.records
    let ids = events.flatMap { number($0.id) }
    let entrySize = (events.first?.size ?? 136) + 16
    let attributesAt = 104 + ids.count
    var attributes: [UInt8] = []
    for (index, event) in events.enumerated() {
      attributes += attribute(event) + number(UInt64(104 + 8 * index)) + number(UInt64(8))
    }
    let dataAt = attributesAt + attributes.count
    var sections: [(bit: Int, content: [UInt8])] = [(3, string("elsewhere")), (12, eventDescriptions())]
    if isCompressed { sections.append((27, [1, 1, 3, 5, 528].flatMap { number(UInt32($0)) })) }
    let bits = sections.reduce(UInt64(0)) { $0 | 1 << UInt64($1.bit) }
    var result = magic(version) + number(UInt64(104)) + number(UInt64(entrySize))
    result += number(UInt64(attributesAt)) + number(UInt64(attributes.count))
    result += number(UInt64(dataAt)) + number(UInt64(isKilled ? 0 : records.count))
    result += number(UInt64(0)) + number(UInt64(0))
    result += number(bits) + [UInt8](repeating: 0, count: 24)
    result += ids + attributes + records
    if isKilled { return result }
    var place = result.count + 16 * sections.count
    var contents: [UInt8] = []
    for section in sections {
      result += number(UInt64(place)) + number(UInt64(section.content.count))
      contents += section.content
      place += section.content.count
    }
    return result + contents
  }

  private func string(_ text: String) -> [UInt8] {
    let bytes = self.text(text)
    return number(UInt32(bytes.count)) + bytes
  }

  private func eventDescriptions() -> [UInt8] {
    number(UInt32(events.count)) + number(UInt32(events.first?.size ?? 136))
      + events.flatMap { attribute($0) + number(UInt32(1)) + string($0.name) + number($0.id) }
  }

  /// The same for a pipe; names come last.
  func pipe() -> [UInt8] {
    var other = RecordingWriter(isBigEndian: isBigEndian, events: events)
    for event in events { other.record(64, attribute(event) + number(event.id)) }
    other.append(raw: records)
    for event in events { other.record(78, number(UInt64(2)) + number(event.id) + text(event.name)) }
    return magic(2) + number(UInt64(16)) + other.records
  }

  /// The records as a stream of zstd, cut into records of so many bytes; the frame is never closed.
  func compressed(inPiecesOf size: Int, type: UInt32 = 81) -> [UInt8] {
    let stream = ZSTD_createCStream()
    defer { ZSTD_freeCStream(stream) }
    var output = [UInt8](repeating: 0, count: ZSTD_compressBound(records.count) + 1024)
    let count = records.withUnsafeBytes { input in
      output.withUnsafeMutableBytes { output in
        var from = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var to = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        _ = ZSTD_compressStream2(stream, &to, &from, ZSTD_e_flush)
        return to.pos
      }
    }
    var other = RecordingWriter(isBigEndian: isBigEndian, events: events)
    for start in stride(from: 0, to: count, by: size) {
      let piece = Array(output[start..<min(start + size, count)])
      if type == 83 {
        other.record(83, number(UInt64(piece.count)) + piece + [UInt8](repeating: 0, count: (8 - piece.count % 8) % 8))
      } else {
        other.record(81, piece)
      }
    }
    return other.records
  }
}
