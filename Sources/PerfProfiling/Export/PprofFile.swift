import Compression

/// A profile as pprof opens it: protocol buffers with gzip around them. Source: google/pprof, proto/profile.proto.
package enum PprofFile {
  /// - Parameter event: the place of the only event to take; nil for all of them, each a value of its own.
  /// - Throws: ``CompressionError``
  package static func bytes(_ profile: Profile, event: Int? = nil) throws -> [UInt8] {
    try GzipWriter.compressed(message(profile, event: event))
  }

  static func message(_ profile: Profile, event: Int?) -> [UInt8] {
    var strings = StringTable()
    var message = Message()
    let events = profile.events.indices.filter { event == nil || event == $0 }
    // By convention the count of samples comes first.
    valueType(1, "samples", "count", &message, &strings)
    for number in events {
      valueType(1, kind(of: profile.events[number]), unit(of: profile.events[number]), &message, &strings)
    }

    let sums = SampleSums(profile, events: events)
    for (place, key) in sums.keys.enumerated() {
      var sample = Message()
      // The innermost frame first; ids begin at 1.
      sample.packed(1, profile.stacks.frames(of: key.stack).reversed().map { UInt64($0) + 1 })
      sample.packed(2, sums.values(place).map { min($0, UInt64(Int64.max)) })
      let thread = profile.threads[Int(key.thread)]
      label("comm", text: thread.command, &sample, &strings)
      if let process = thread.processID { label("pid", number: process, &sample, &strings) }
      if let number = thread.threadID { label("tid", number: number, &sample, &strings) }
      message.message(2, sample)
    }
    writeCode(profile, &message, &strings)
    if let first = profile.samples.times.min(), let last = profile.samples.times.max(), last > first {
      message.varint(10, min(last - first, UInt64(Int64.max)))
    }
    for number in 0..<strings.count { message.text(6, strings[number]) }
    return message.bytes
  }

  private static func writeCode(_ profile: Profile, _ message: inout Message, _ strings: inout StringTable) {
    var mappings: [String: UInt64] = [:]
    var buildIDs: [String: String] = [:]
    for object in profile.objects { buildIDs[object.name] = object.buildID }
    for object in [mainObject(of: profile)] + profile.frames.frames.lazy.map(\.object) {
      guard let object, mappings[object] == nil else { continue }
      let number = UInt64(mappings.count) + 1
      mappings[object] = number
      var mapping = Message()
      mapping.varint(1, number)
      mapping.varint(5, strings.number(of: object))
      if let id = buildIDs[object] { mapping.varint(6, strings.number(of: id)) }
      // Its functions have names.
      mapping.varint(7, 1)
      message.message(3, mapping)
    }
    for (number, frame) in profile.frames.frames.enumerated() {
      let id = UInt64(number) + 1
      var line = Message()
      line.varint(1, id)
      var location = Message()
      location.varint(1, id)
      if let mapping = frame.object.flatMap({ mappings[$0] }) { location.varint(2, mapping) }
      if let address = frame.address { location.varint(3, address) }
      location.message(4, line)
      message.message(4, location)
      var function = Message()
      function.varint(1, id)
      function.varint(2, strings.number(of: frame.shownName))
      function.varint(3, strings.number(of: frame.shownName))
      if let object = frame.object { function.varint(4, strings.number(of: object)) }
      message.message(5, function)
    }
  }

  /// The program: the first mapping is taken for it and names the profile. It is the file called as the busiest command that
  /// has one, whose name the kernel keeps to 15 bytes, or else the busiest file that is no library; nil where there is neither.
  static func mainObject(of profile: Profile) -> String? {
    var threads = [UInt64](repeating: 0, count: profile.threads.count)
    var stacks = [UInt64](repeating: 0, count: profile.stacks.count)
    for sample in 0..<profile.samples.count {
      threads[Int(profile.samples.threads[sample])].add(profile.samples.weights[sample])
      stacks[Int(profile.samples.stacks[sample])].add(profile.samples.weights[sample])
    }
    var commands: [String: UInt64] = [:]
    for (thread, weight) in zip(profile.threads, threads) { commands[thread.command, default: 0].add(weight) }
    let objectOfFrame = profile.frames.frames.map(\.object)
    var objects: [String: UInt64] = [:]
    for stack in stacks.indices.dropFirst() {
      guard let object = objectOfFrame[Int(profile.stacks.frames[stack])], object.hasPrefix("/") else { continue }
      objects[object, default: 0].add(stacks[stack])
    }
    func heaviest(_ weights: [String: UInt64]) -> [String] {
      weights.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
    }
    let files = heaviest(objects)
    for command in heaviest(commands) where !command.isEmpty {
      let isCommand = { (file: String) in
        (file.split(separator: "/").last ?? "").utf8.prefix(15).elementsEqual(command.utf8.prefix(15))
      }
      if let file = files.first(where: isCommand) { return file }
    }
    return files.first { !$0.hasSuffix(".so") && !$0.contains(".so.") && objects[$0] != 0 }
  }

  private static func valueType(
    _ field: UInt64, _ kind: String, _ unit: String, _ message: inout Message, _ strings: inout StringTable
  ) {
    var type = Message()
    type.varint(1, strings.number(of: kind))
    type.varint(2, strings.number(of: unit))
    message.message(field, type)
  }

  private static func label(_ key: String, text: String, _ sample: inout Message, _ strings: inout StringTable) {
    var label = Message()
    label.varint(1, strings.number(of: key))
    label.varint(2, strings.number(of: text))
    sample.message(3, label)
  }

  private static func label(_ key: String, number: Int32, _ sample: inout Message, _ strings: inout StringTable) {
    var label = Message()
    label.varint(1, strings.number(of: key))
    label.varint(3, UInt64(bitPattern: Int64(number)))
    sample.message(3, label)
  }

  private static func kind(of event: Profile.Event) -> String {
    event.unit == .nanoseconds && event.name.hasPrefix("cpu-clock") ? "cpu" : event.name
  }

  private static func unit(of event: Profile.Event) -> String {
    switch event.unit {
    case .nanoseconds, .bytes: event.unit.rawValue
    case .samples, .cycles, .instructions, .events: "count"
    }
  }

  /// The texts of a message; the first is empty, as the format demands.
  private struct StringTable {
    private var table = ByteKeyTable()

    init() { _ = table.number(of: "") }

    var count: Int { table.count }
    subscript(number: Int) -> ArraySlice<UInt8> { table[number] }

    mutating func number(of text: String) -> UInt64 { UInt64(table.number(of: text)) }
  }

  /// Equal stacks of one thread as one sample, in the order in which they came: how many samples there are, and then what
  /// they weigh for each event.
  private struct SampleSums {
    private(set) var keys: ContiguousArray<(thread: Int32, stack: Int32)> = []
    private var sums: ContiguousArray<UInt64> = []
    private let width: Int

    init(_ profile: Profile, events: [Int]) {
      var index = HashIndex()
      let seed = keySeed
      width = events.count + 1
      for sample in 0..<profile.samples.count {
        guard let column = events.firstIndex(of: Int(profile.samples.events[sample])) else { continue }
        let (thread, stack) = (profile.samples.threads[sample], profile.samples.stacks[sample])
        let key = UInt64(UInt32(bitPattern: thread)) << 32 | UInt64(UInt32(bitPattern: stack))
        let hash = UInt32(truncatingIfNeeded: mixed(key, seed))
        var slot = index.place(of: hash)
        var place = keys.count
        while let known = index.next(hash, at: &slot) {
          if keys[Int(known)] == (thread, stack) {
            place = Int(known)
            break
          }
        }
        if place == keys.count {
          index.keep(Int32(truncatingIfNeeded: place), hash, at: slot)
          keys.append((thread, stack))
          sums.append(contentsOf: repeatElement(0, count: width))
        }
        sums[place * width].add(1)
        sums[place * width + 1 + column].add(profile.samples.weights[sample])
      }
    }

    func values(_ place: Int) -> ArraySlice<UInt64> { ArraySlice(sums[(place * width)..<((place + 1) * width)]) }
  }

  /// Fields of a message in the wire format of protocol buffers.
  private struct Message {
    private(set) var bytes: [UInt8] = []

    mutating func varint(_ field: UInt64, _ value: UInt64) {
      put(field << 3)
      put(value)
    }

    mutating func message(_ field: UInt64, _ inner: Message) { block(field, inner.bytes) }
    mutating func text(_ field: UInt64, _ text: ArraySlice<UInt8>) { block(field, text) }

    mutating func packed(_ field: UInt64, _ values: [UInt64]) {
      var inner = Message()
      for value in values { inner.put(value) }
      block(field, inner.bytes)
    }

    private mutating func block(_ field: UInt64, _ content: some Collection<UInt8>) {
      put(field << 3 | 2)
      put(UInt64(content.count))
      bytes += content
    }

    private mutating func put(_ value: UInt64) {
      var rest = value
      while rest >= 0x80 {
        bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
      }
      bytes.append(UInt8(truncatingIfNeeded: rest))
    }
  }
}
