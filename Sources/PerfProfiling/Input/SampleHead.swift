/// The first line of a sample as perf prints it: `COMM [PID/]TID [[CPU]] [SEC.USEC:] [PERIOD] EVENT: [payload]`.
///
/// The command may hold spaces and words of digits; it ends where the rest of the line reads as it should.
struct SampleHead {
  var command: Range<Int>
  /// `TID` or `PID/TID`.
  var identity: Range<Int>
  /// Nanoseconds.
  var time: UInt64?
  var period: UInt64?
  /// Empty where the line names none.
  var event: Range<Int>
  /// Where the payload, or the frame of a sample without a callchain, begins.
  var end: Int

  init?(_ line: UnsafeBufferPointer<UInt8>) {
    var start = 0
    while start < line.count, line[start] == 0x20 || line[start] == 0x09 { start += 1 }
    var best: SampleHead?
    var index = start
    while index < line.count {
      // The beginning of a word, behind at least one character of the command.
      if index > start, line[index - 1] == 0x20, isDigit(line[index]) || line[index] == UInt8(ascii: "-"),
        let head = Self.reading(line, from: start, identityAt: index)
      {
        if head.time != nil || head.hasCPU {
          self = head.head
          return
        }
        if best == nil { best = head.head }
      }
      index += 1
    }
    guard let best else { return nil }
    self = best
  }

  private init(command: Range<Int>, identity: Range<Int>, event: Range<Int>, end: Int) {
    self.command = command
    self.identity = identity
    self.event = event
    self.end = end
  }

  /// The first line of a sample of which `-F` left fields out: any of them may be missing, the command and all numbers, too.
  ///
  /// Nothing in such a line tells that it is one: only the frames behind it do.
  init(bare line: UnsafeBufferPointer<UInt8>) {
    self.init(command: 0..<0, identity: 0..<0, event: 0..<0, end: line.count)
    var named: (first: Int, last: Int)?
    var hasField = false
    for word in line.indices.split(whereSeparator: { line[$0] == 0x20 || line[$0] == 0x09 }) {
      let range = word.startIndex..<word.endIndex
      var place = range.lowerBound
      if let time = Self.readTime(line, &place), place == range.upperBound {
        self.time = time
      } else if line[range.lowerBound] == UInt8(ascii: "["), line[range.upperBound - 1] == UInt8(ascii: "]") {
        // The processor.
      } else if let isPair = Self.isIdentity(line, range), identity.isEmpty, isPair || !hasField {
        identity = range
      } else if let number = UInt64(String(decoding: line[range], as: UTF8.self)), hasField, period == nil {
        period = number
      } else if range.count > 1, line[range.upperBound - 1] == UInt8(ascii: ":") {
        event = range.lowerBound..<(range.upperBound - 1)
        // What a tracepoint says follows.
        break
      } else if !hasField {
        named = (named?.first ?? range.lowerBound, range.upperBound)
        continue
      } else {
        // Flags, weights, addresses and the like.
        continue
      }
      hasField = true
    }
    if let named { command = named.first..<named.last }
  }

  /// Whether a word is `PID/TID` (true) or a number (false); nil for all else.
  private static func isIdentity(_ line: UnsafeBufferPointer<UInt8>, _ word: Range<Int>) -> Bool? {
    var isPair = false
    var digits = 0
    for index in word {
      if line[index] == UInt8(ascii: "/"), digits > 0, !isPair {
        isPair = true
        digits = 0
      } else if isDigit(line[index]) {
        digits += 1
      } else if line[index] != UInt8(ascii: "-") || digits > 0 {
        return nil
      }
    }
    return digits > 0 ? isPair : nil
  }

  private static func reading(
    _ line: UnsafeBufferPointer<UInt8>, from start: Int, identityAt place: Int
  ) -> (head: SampleHead, hasCPU: Bool, time: UInt64?)? {
    var index = place
    func number() -> Bool {
      if index < line.count, line[index] == UInt8(ascii: "-") { index += 1 }
      let begin = index
      while index < line.count, isDigit(line[index]) { index += 1 }
      return index > begin
    }
    func skipSpaces() { while index < line.count, line[index] == 0x20 { index += 1 } }
    guard number() else { return nil }
    if index < line.count, line[index] == UInt8(ascii: "/") {
      index += 1
      skipSpaces()
      guard number() else { return nil }
    }
    let identity = place..<index
    guard index < line.count, line[index] == 0x20 else { return nil }
    var commandEnd = place
    while commandEnd > start, line[commandEnd - 1] == 0x20 { commandEnd -= 1 }
    guard commandEnd > start else { return nil }
    skipSpaces()
    var hasCPU = false
    if index < line.count, line[index] == UInt8(ascii: "[") {
      let saved = index
      index += 1
      let digits = number()
      if digits, index < line.count, line[index] == UInt8(ascii: "]") {
        index += 1
        hasCPU = true
        skipSpaces()
      } else {
        index = saved
      }
    }
    var head = SampleHead(command: start..<commandEnd, identity: identity, event: index..<index, end: index)
    let beforeTime = index
    if let time = readTime(line, &index) {
      head.time = time
      skipSpaces()
    } else {
      index = beforeTime
    }
    let beforePeriod = index
    if number(), index < line.count, line[index] == 0x20 {
      head.period = UInt64(String(decoding: line[beforePeriod..<index], as: UTF8.self))
      skipSpaces()
    } else {
      index = beforePeriod
    }
    let eventStart = index
    while index < line.count, line[index] != 0x20, line[index] != 0x09 { index += 1 }
    if index > eventStart + 1, line[index - 1] == UInt8(ascii: ":") {
      head.event = eventStart..<(index - 1)
    } else if index == eventStart, head.time != nil {
      head.event = eventStart..<eventStart
    } else {
      return nil
    }
    skipSpaces()
    head.end = index
    return (head, hasCPU, head.time)
  }

  /// `SEC.USEC:` or `SEC.NSEC:`
  private static func readTime(_ line: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> UInt64? {
    var seconds: UInt64 = 0
    let start = index
    while index < line.count, isDigit(line[index]) {
      guard seconds < 1_000_000_000 else { return nil }
      seconds = seconds * 10 + UInt64(line[index] - 0x30)
      index += 1
    }
    guard index > start, index < line.count, line[index] == UInt8(ascii: ".") else { return nil }
    index += 1
    var nanoseconds: UInt64 = 0
    var scale: UInt64 = 1_000_000_000
    while index < line.count, isDigit(line[index]) {
      scale /= 10
      nanoseconds += UInt64(line[index] - 0x30) * scale
      index += 1
    }
    guard index < line.count, line[index] == UInt8(ascii: ":") else { return nil }
    index += 1
    return seconds * 1_000_000_000 + nanoseconds
  }
}

/// The first line of a sample as FlameGraph's collapser takes it.
struct CompatibleHead {
  var command: Range<Int>
  var process: Range<Int>?
  var thread: Range<Int>
  var event: Range<Int>?
  var period: UInt64 = 1
  /// Behind the last number.
  var end: Int

  init?(_ line: UnsafeBufferPointer<UInt8>) {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
    guard line.count > 3, !isSpace(line[0]) else { return nil }
    var found: CompatibleHead?
    // The command is the shortest one of two characters or more behind which spaces and a number follow.
    var end = 2
    while end < line.count {
      defer { end += 1 }
      guard isSpace(line[end]) else { continue }
      var index = end
      while index < line.count, isSpace(line[index]) { index += 1 }
      let first = index
      while index < line.count, isDigit(line[index]) { index += 1 }
      guard index > first else { continue }
      let firstEnd = index
      while index < line.count, line[index] == UInt8(ascii: "/") { index += 1 }
      let second = index
      while index < line.count, isDigit(line[index]) { index += 1 }
      guard index < line.count, isSpace(line[index]) else { continue }
      found = CompatibleHead(
        command: 0..<end, process: index > second ? first..<firstEnd : nil,
        thread: index > second ? second..<index : first..<firstEnd, end: index)
      break
    }
    guard let found else { return nil }
    self = found
    readEvent(line)
  }

  private init(command: Range<Int>, process: Range<Int>?, thread: Range<Int>, end: Int) {
    self.command = command
    self.process = process
    self.thread = thread
    self.end = end
  }

  /// `: [PERIOD] EVENT:` at the end of the line.
  private mutating func readEvent(_ line: UnsafeBufferPointer<UInt8>) {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
    var index = line.count
    while index > 0, isSpace(line[index - 1]) { index -= 1 }
    guard index > 1, line[index - 1] == UInt8(ascii: ":") else { return }
    let eventEnd = index - 1
    index = eventEnd
    while index > 0, !isSpace(line[index - 1]) { index -= 1 }
    let eventStart = index
    guard eventEnd > eventStart else { return }
    while index > 0, isSpace(line[index - 1]) { index -= 1 }
    let periodEnd = index
    while index > 0, isDigit(line[index - 1]) { index -= 1 }
    let periodStart = index
    while index > 0, isSpace(line[index - 1]) { index -= 1 }
    guard index > 0, line[index - 1] == UInt8(ascii: ":") else { return }
    event = eventStart..<eventEnd
    if periodEnd > periodStart {
      period = UInt64(String(decoding: line[periodStart..<periodEnd], as: UTF8.self)) ?? .max
    }
  }
}
