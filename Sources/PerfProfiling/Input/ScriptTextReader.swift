import Dispatch
import Glibc

/// Reads what `perf script` prints, line by line, from pieces of any size.
///
/// A frame's text is parsed once and then found again by its bytes, a thread's likewise: most lines cost one look-up.
package struct ScriptTextReader {
  /// What is read, and by which rules.
  package struct Options: Sendable {
    /// The one event that counts; nil for all (for the first one by FlameGraph's rules).
    package var event: String?
    /// Whether frames without a name keep their address.
    package var keepsAddresses = false
    /// FlameGraph's own rules, by which known output is reproduced to the byte; nil for the better ones.
    package var compatibility: Compatibility?

    package init() {}
  }

  /// What FlameGraph's collapser is told.
  package struct Compatibility: Hashable, Sendable {
    /// `_[k]` behind frames of the kernel.
    package var marksKernel = false
    /// `_[j]` behind frames of a JIT map.
    package var marksJIT = false
    /// The process is part of the root's label.
    package var labelsProcess = false
    /// Process and thread are.
    package var labelsThread = false

    package init() {}
  }

  private enum State {
    case outside
    /// Frames of the open sample follow.
    case inside
    /// Frames of a sample that does not count follow.
    case skipping
    /// The last line may be the first one of a sample of which fields were left out: it is where frames follow.
    case unsure
  }

  private let options: Options
  /// The event that counts, where it was found out and not asked for.
  private var wantedEvent: String?
  private var profile = Profile()
  private var carry: [UInt8] = []
  /// The line that `State.unsure` is about.
  private var bareHead: [UInt8] = []
  /// Whether frames have followed such a line in this text.
  private var hasBareHeads = false
  /// Lines that are samples without a stack where the text turns out to have such first lines.
  private var waitingHeads: [[UInt8]] = []
  private static let mostWaiting = 4096
  private var state = State.outside
  /// The open sample's frames, the innermost first, as numbers of known lines.
  private var openFrames: [Int32] = []
  private var openThread: Int32 = 0
  private var openEvent: UInt16 = 0
  private var openWeight: UInt64 = 1
  private var isJava = false

  private var lines = ByteKeyTable()
  /// Lines without the offset of their symbol, and where the frames of each stand in `listedFrames`.
  private var bareLines = ByteKeyTable()
  private var bareLists: [Range<Int>] = []
  private var bareLine: [UInt8] = []
  private let demangler = Demangler()
  /// The frames that known lines stand for, outermost first, one line's behind the other's.
  private var listedFrames: [Int32] = []
  /// For each known line where its frames end; they begin where those of the line before it end.
  private var listEnds: [Int32] = []
  private var heads = ByteKeyTable()
  private var headThreads: [Int32] = []
  private var threads = ThreadIndex()
  private var eventNumbers = ByteKeyTable()
  /// Whether the event counts, by its number.
  private var eventCounts: [Bool] = []
  private var firstEvent: Int32?
  private var strangeLines: UInt64 = 0

  package init(options: Options = Options()) { self.options = options }

  /// Takes the next bytes of the text.
  package mutating func feed(_ piece: UnsafeBufferPointer<UInt8>) {
    var rest = piece
    if !carry.isEmpty {
      guard let end = rest.firstIndex(of: 0x0A) else {
        carry.append(contentsOf: rest)
        return
      }
      carry.append(contentsOf: rest[..<end])
      let line = carry
      carry.removeAll(keepingCapacity: true)
      line.withUnsafeBufferPointer { take($0) }
      rest = UnsafeBufferPointer(rebasing: rest[(end + 1)...])
    }
    guard let base = rest.baseAddress else { return }
    var start = 0
    while start < rest.count {
      guard let found = memchr(base + start, 0x0A, rest.count - start) else {
        carry.append(contentsOf: rest[start...])
        return
      }
      let end = UnsafeRawPointer(base).distance(to: UnsafeRawPointer(found))
      take(UnsafeBufferPointer(start: base + start, count: end - start))
      start = end + 1
    }
  }

  /// Takes the whole of a text that is in memory: a long one in two halves at once, as if one had been read after the other.
  package mutating func feedWhole(_ text: UnsafeBufferPointer<UInt8>) {
    guard text.count >= Self.worthTwo, let middle = Self.boundary(in: text, near: text.count / 2) else {
      return feed(text)
    }
    var second = ScriptTextReader(options: options)
    if options.compatibility != nil, options.event == nil {
      // By FlameGraph's rules the first event of the whole counts.
      second.wantedEvent = Self.firstEvent(of: text)
    }
    let readers = UnsafeMutablePointer<ScriptTextReader>.allocate(capacity: 2)
    defer { readers.deallocate() }
    readers.initialize(to: self)
    (readers + 1).initialize(to: second)
    let halves = [
      UnsafeBufferPointer(rebasing: text[..<middle]), UnsafeBufferPointer(rebasing: text[middle...]),
    ]
    // Each half has a reader of its own, and nothing else is shared but the text.
    nonisolated(unsafe) let work = (readers, halves)
    DispatchQueue.concurrentPerform(iterations: 2) { (work.0 + $0).pointee.feed(work.1[$0]) }
    // Moved, and without what found known lines again: the memory is needed to join the two.
    self = readers.move()
    second = (readers + 1).move()
    endText()
    second.endText()
    strangeLines += second.strangeLines
    forgetLines()
    second.forgetLines()
    profile.append(second.profile)
  }

  /// Gives back what only serves to find lines again that were met; nothing may be taken afterwards.
  private mutating func forgetLines() {
    lines = ByteKeyTable()
    bareLines = ByteKeyTable()
    bareLists = []
    listedFrames = []
    listEnds = []
    heads = ByteKeyTable()
    headThreads = []
    threads = ThreadIndex()
  }

  /// Below this a second thread costs more than it brings, in bytes.
  private static let worthTwo = 4 << 20

  /// Where a sample ends near a place: behind a blank line; nil where none is near.
  private static func boundary(in text: UnsafeBufferPointer<UInt8>, near place: Int) -> Int? {
    var index = place
    while index + 1 < text.count, index < place + (1 << 20) {
      if text[index] == 0x0A, text[index + 1] == 0x0A { return index + 2 }
      index += 1
    }
    return nil
  }

  /// The event of the first sample that names one, by FlameGraph's rules.
  private static func firstEvent(of text: UnsafeBufferPointer<UInt8>) -> String? {
    var start = 0
    while start < text.count {
      let end = text[start...].firstIndex(of: 0x0A) ?? text.count
      let line = UnsafeBufferPointer(rebasing: text[start..<end])
      if let first = line.first, first != 0x20, first != 0x09, first != UInt8(ascii: "#"),
        let event = CompatibleHead(line)?.event
      {
        return String(decoding: line[event], as: UTF8.self)
      }
      start = end + 1
    }
    return nil
  }

  /// The profile, once all of the text has been taken.
  package mutating func finish() -> Profile {
    endText()
    if strangeLines > 0 {
      profile.notes.append("\(strangeLines) lines are neither a sample nor a frame and were passed over")
    }
    return profile
  }

  private mutating func endText() {
    if !carry.isEmpty {
      let line = carry
      carry = []
      line.withUnsafeBufferPointer { take($0) }
    }
    if state == .unsure { strangeLines += 1 }
    strangeLines += UInt64(waitingHeads.count)
    waitingHeads = []
    if state == .inside {
      if options.compatibility == nil {
        endSample()
      } else {
        // FlameGraph counts a stack at the blank line behind it.
        leaveOut("last stack without a blank line")
      }
    }
    state = .outside
  }

  // MARK: Lines

  private mutating func take(_ whole: UnsafeBufferPointer<UInt8>) {
    var line = whole
    if line.last == 0x0D { line = UnsafeBufferPointer(rebasing: line[..<(line.count - 1)]) }
    guard let first = line.first else {
      takeBlank()
      return
    }
    if first == UInt8(ascii: "#") { return }
    if let compatibility = options.compatibility {
      takeCompatible(line, compatibility)
      return
    }
    if first != 0x09, first != 0x20 {
      endLines()
      takeHead(line)
      return
    }
    if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) {
      takeBlank()
      return
    }
    switch state {
    case .inside: takeFrame(line)
    case .skipping where first == 0x09: break
    case .outside where first == 0x09 && Self.frameText(of: line) != nil:
      // Of a sample that `-F` has left no head.
      bareHead = []
      takeBareHead()
      takeFrame(line)
    case .unsure where first == 0x09 && Self.frameText(of: line) != nil:
      takeBareHead()
      takeFrame(line)
    case .skipping, .outside, .unsure:
      endLines()
      takeHead(line)
    }
  }

  private mutating func takeBlank() {
    // perf ends the first line of a sample with a space; one without a stack has no more than that.
    if state == .unsure, bareHead.last == 0x20 {
      if hasBareHeads {
        begin(bareHead)
      } else if waitingHeads.count < Self.mostWaiting {
        waitingHeads.append(bareHead)
        state = .outside
      }
    }
    endLines()
    state = .outside
  }

  /// Ends what the lines so far have begun.
  private mutating func endLines() {
    switch state {
    case .inside: endSample()
    case .unsure: strangeLines += 1
    case .outside, .skipping: break
    }
  }

  private mutating func takeFrame(_ line: UnsafeBufferPointer<UInt8>) {
    guard let place = Self.frameText(of: line) else {
      // A source line of the frame before it.
      return
    }
    openFrames.append(frameList(line, address: place.address, text: place.text))
  }

  /// Where the address and the text of a frame stand; nil for a line that is none.
  static func frameText(of line: UnsafeBufferPointer<UInt8>) -> (address: Range<Int>, text: Int)? {
    var index = 0
    while index < line.count, line[index] == 0x20 || line[index] == 0x09 { index += 1 }
    let start = index
    while index < line.count, isHexadecimal(line[index]) { index += 1 }
    guard index > start, index == line.count || line[index] == 0x20 else { return nil }
    let end = index
    while index < line.count, line[index] == 0x20 { index += 1 }
    return (start..<end, index)
  }

  private mutating func frameList(_ line: UnsafeBufferPointer<UInt8>, address: Range<Int>, text: Int) -> Int32 {
    let key = UnsafeBufferPointer(rebasing: line[(options.keepsAddresses ? address.lowerBound : text)...])
    let (number, isNew) = lines.number(of: key)
    if isNew {
      addList(UnsafeBufferPointer(rebasing: line[text...])) { words, reader in
        FrameText.frames(
          words, address: UInt64(String(decoding: line[address], as: UTF8.self), radix: 16),
          keepsAddresses: reader.options.keepsAddresses, demangler: reader.demangler)
      }
    }
    return number
  }

  /// Adds the frames of a line that is new. Most new lines differ from one that is known in the offset alone.
  /// - Parameter text: what stands behind the address.
  private mutating func addList(
    _ text: UnsafeBufferPointer<UInt8>, parse: (Substring, inout ScriptTextReader) -> [Frame]
  ) {
    var isBare = false
    if !options.keepsAddresses,
      let offset = FrameText.offset(in: text, isCompatible: options.compatibility != nil)
    {
      bareLine.removeAll(keepingCapacity: true)
      bareLine.append(contentsOf: text[..<offset.lowerBound])
      bareLine.append(contentsOf: text[offset.upperBound...])
      let (number, isNew) = bareLine.withUnsafeBufferPointer { bareLines.number(of: $0, isOther: isJava) }
      if !isNew {
        for place in bareLists[Int(number)] { listedFrames.append(listedFrames[place]) }
        listEnds.append(Int32(truncatingIfNeeded: listedFrames.count))
        return
      }
      isBare = true
    }
    let start = listedFrames.count
    for frame in parse(String(decoding: text, as: UTF8.self)[...], &self) {
      listedFrames.append(profile.frames.number(of: frame))
    }
    listEnds.append(Int32(truncatingIfNeeded: listedFrames.count))
    if isBare { bareLists.append(start..<listedFrames.count) }
  }

  private mutating func takeHead(_ line: UnsafeBufferPointer<UInt8>) {
    guard let head = SampleHead(line) else {
      state = .unsure
      bareHead.removeAll(keepingCapacity: true)
      bareHead.append(contentsOf: line)
      return
    }
    begin(head, line)
  }

  /// Begins the sample whose first frame comes now.
  private mutating func takeBareHead() {
    hasBareHeads = true
    let waiting = waitingHeads
    waitingHeads = []
    for line in waiting {
      begin(line)
      endLines()
    }
    begin(bareHead)
  }

  private mutating func begin(_ bareHead: [UInt8]) {
    bareHead.withUnsafeBufferPointer { begin(SampleHead(bare: $0), $0) }
  }

  private mutating func begin(_ head: SampleHead, _ line: UnsafeBufferPointer<UInt8>) {
    profile.accounting.samplesIn += 1
    let number = eventNumber(line, head.event, hasPeriod: head.period != nil)
    guard eventCounts[Int(number)] else {
      leaveOut("other events")
      state = .skipping
      return
    }
    openEvent = UInt16(truncatingIfNeeded: number)
    openWeight = head.period ?? 1
    openThread = threadNumber(line, head)
    openFrames.removeAll(keepingCapacity: true)
    state = .inside
    if let time = head.time { profile.samples.times.append(time) }
    // Without a callchain the one frame stands on the line of the sample.
    if head.end < line.count {
      let rest = UnsafeBufferPointer(rebasing: line[head.end...])
      if let place = Self.frameText(of: rest), place.address.count >= 4 {
        openFrames.append(frameList(rest, address: place.address, text: place.text))
        endSample()
        state = .outside
      }
    }
  }

  private mutating func eventNumber(
    _ line: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, hasPeriod: Bool
  ) -> Int32 {
    let (number, isNew) = eventNumbers.number(of: UnsafeBufferPointer(rebasing: line[range]))
    if isNew {
      let name = range.isEmpty ? "samples" : String(decoding: line[range], as: UTF8.self)
      eventCounts.append(
        options.event.map { $0 == name || $0 == name.split(separator: ":").first.map(String.init) } ?? (number < 65_535)
      )
      profile.events.append(
        Profile.Event(name: name, unit: hasPeriod ? Profile.Unit(ofEvent: name) : .samples))
    }
    return number
  }

  private mutating func threadNumber(_ line: UnsafeBufferPointer<UInt8>, _ head: SampleHead) -> Int32 {
    let (number, isNew) = heads.number(
      of: UnsafeBufferPointer(
        rebasing: line[head.command.lowerBound..<max(head.command.upperBound, head.identity.upperBound)]))
    if isNew {
      let ids = String(decoding: line[head.identity], as: UTF8.self).split(separator: "/")
      let thread = Profile.Thread(
        processID: ids.count > 1 ? Int32(ids[0]) : nil, threadID: ids.last.flatMap { Int32($0) },
        command: String(decoding: line[head.command], as: UTF8.self))
      headThreads.append(self.number(of: thread))
    }
    return headThreads[Int(number)]
  }

  private mutating func number(of thread: Profile.Thread) -> Int32 {
    let (number, isNew) = threads.number(of: thread)
    if isNew { profile.threads.append(thread) }
    return number
  }

  private mutating func leaveOut(_ reason: String) {
    profile.accounting.leftOut[reason, default: 0] += 1
  }

  private mutating func endSample() {
    var stack = StackTable.empty
    var index = openFrames.count
    while index > 0 {
      index &-= 1
      let line = Int(openFrames[index])
      var place = line == 0 ? 0 : Int(listEnds[line - 1])
      while place < Int(listEnds[line]) {
        stack = profile.stacks.stack(calling: listedFrames[place], from: stack)
        place &+= 1
      }
    }
    if stack == StackTable.empty { profile.accounting.withoutStack += 1 }
    profile.samples.events.append(openEvent)
    profile.samples.threads.append(openThread)
    profile.samples.stacks.append(stack)
    profile.samples.weights.append(openWeight)
    openFrames.removeAll(keepingCapacity: true)
    // Times are kept only where every sample has one.
    if !profile.samples.times.isEmpty, profile.samples.times.count != profile.samples.count {
      profile.samples.times = []
    }
  }

  // MARK: FlameGraph's rules

  private mutating func takeCompatible(_ line: UnsafeBufferPointer<UInt8>, _ rules: Compatibility) {
    if let first = line.first, first != 0x20, first != 0x09, let head = CompatibleHead(line) {
      if state == .inside { leaveOut("stack without a blank line") }
      profile.accounting.samplesIn += 1
      openWeight = 1
      openEvent = 0
      if let event = head.event {
        let (number, isNew) = eventNumbers.number(of: UnsafeBufferPointer(rebasing: line[event]))
        if isNew {
          let name = String(decoding: line[event], as: UTF8.self)
          eventCounts.append((options.event ?? wantedEvent).map { $0 == name } ?? (number == 0))
          profile.events.append(Profile.Event(name: name, unit: Profile.Unit(ofEvent: name)))
        }
        guard eventCounts[Int(number)] else {
          leaveOut("other events")
          state = .skipping
          return
        }
        openWeight = head.period == 0 ? 1 : head.period
        openEvent = UInt16(truncatingIfNeeded: number)
      }
      let (number, isNew) = heads.number(of: UnsafeBufferPointer(rebasing: line[..<head.end]))
      if isNew {
        let thread = Profile.Thread(
          processID: head.process.flatMap { Int32(String(decoding: line[$0], as: UTF8.self)) },
          threadID: Int32(String(decoding: line[head.thread], as: UTF8.self)),
          command: String(decoding: line[head.command], as: UTF8.self))
        headThreads.append(self.number(of: thread))
      }
      openThread = headThreads[Int(number)]
      isJava =
        !rules.labelsProcess && !rules.labelsThread && line[head.command].elementsEqual("java".utf8)
      openFrames.removeAll(keepingCapacity: true)
      state = .inside
      return
    }
    guard state == .inside else { return }
    guard let place = Self.frameText(of: line) else {
      strangeLines += 1
      return
    }
    let key = UnsafeBufferPointer(rebasing: line[(options.keepsAddresses ? place.address.lowerBound : place.text)...])
    let (number, isNew) = lines.number(of: key, isOther: isJava)
    if isNew {
      addList(UnsafeBufferPointer(rebasing: line[place.text...])) { words, reader in
        let names = FrameText.compatibleNames(
          words, address: String(decoding: line[place.address], as: UTF8.self)[...], isJava: reader.isJava,
          marks: FrameText.Marks(
            kernel: rules.marksKernel, jit: rules.marksJIT, addresses: reader.options.keepsAddresses))
        if names == nil { reader.strangeLines += 1 }
        return (names ?? []).map { Frame(name: $0, kind: .label) }
      }
    }
    openFrames.append(number)
  }
}

@inline(__always)
func isHexadecimal(_ byte: UInt8) -> Bool {
  (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) || (0x41...0x46).contains(byte)
}

@inline(__always)
func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

extension Profile.Unit {
  /// What the periods of an event count, by the name that perf gives it.
  init(ofEvent name: String) {
    let parts = name.split(whereSeparator: { $0 == "/" || $0 == ":" }).map(String.init)
    if let clock = parts.first, ["cpu-clock", "task-clock"].contains(clock) {
      self = .nanoseconds
    } else if parts.contains(where: { $0 == "cycles" || $0 == "cpu-cycles" || $0 == "ref-cycles" }) {
      self = .cycles
    } else if parts.contains("instructions") {
      self = .instructions
    } else {
      self = .events
    }
  }
}
