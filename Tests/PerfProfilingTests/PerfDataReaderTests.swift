import HostSystem
import PerfProfiling
import TestSupport
import Testing

@Suite("perf.data is read without perf")
struct PerfDataReaderTests {
  /// No file of this machine is looked at.
  static let options = PerfDataReader.Options(symbols: SymbolSources(root: RootDirectory("/nonexistent")))

  static func read(_ bytes: [UInt8], _ options: PerfDataReader.Options = options) throws -> Profile {
    try bytes.withUnsafeBufferPointer { try PerfDataReader.read($0, path: "it", options: options) }
  }

  /// Each sample as one line: command, weight, and the frames from the outermost to the innermost.
  static func lines(_ profile: Profile) -> [String] {
    (0..<profile.samples.count).map { index in
      let thread = profile.threads[Int(profile.samples.threads[index])]
      let frames = profile.stacks.frames(of: profile.samples.stacks[index]).map { number in
        let frame = profile.frames[number]
        return (frame.name ?? frame.object ?? "?") + (frame.address.map { "<\(String($0, radix: 16))>" } ?? "")
      }
      return
        "\(thread.command) \(profile.events[Int(profile.samples.events[index])].name) \(profile.samples.weights[index]): "
        + frames.joined(separator: ";")
    }
  }

  static let kernelMarker = UInt64(bitPattern: -128)
  static let userMarker = UInt64(bitPattern: -512)

  /// Two processes, one of which starts another program; records of two CPUs that are not in order.
  static func example(isBigEndian: Bool = false) -> RecordingWriter {
    var writer = RecordingWriter(
      isBigEndian: isBigEndian,
      events: [
        RecordingWriter.Event(), RecordingWriter.Event(type: 0, config: 0, id: 200, name: "cycles:u"),
      ])
    writer.command(10, 10, "shell")
    writer.map2(10, 0x1000, 0x2000, "/bin/shell")
    writer.map(-1, 0xFFFF_FFFF_8100_0000, 0x100_0000, offset: 0xFFFF_FFFF_8100_0000, "[kernel.kallsyms]_text", mode: 1)
    writer.sample(.init(time: 100, period: 5, instruction: 0x1010, chain: [userMarker, 0x1010, 0x1500]))
    writer.fork(11, from: 10, time: 110)
    writer.sample(
      .init(event: 1, process: 11, thread: 11, time: 120, period: 7, instruction: 0x1010, chain: [userMarker, 0x1010]))
    writer.command(11, 11, "made anew", time: 130, isExec: true)
    writer.map2(11, 0x1000, 0x2000, offset: 0x4000, "/bin/other program", time: 131)
    // The other CPU.
    writer.sample(
      .init(
        time: 105, cpu: 1, period: 6, instruction: 0xFFFF_FFFF_8100_0010,
        chain: [kernelMarker, 0xFFFF_FFFF_8100_0010, userMarker, 0x1010, 0x1500], mode: 1))
    writer.sample(
      .init(process: 11, thread: 11, time: 140, cpu: 1, period: 8, instruction: 0x1010, chain: [userMarker, 0x1010]))
    writer.sample(.init(process: -1, thread: -1, time: 150, cpu: 1, period: 9, instruction: 0x9999, chain: []))
    writer.exit(11, time: 160)
    writer.finishedRound()
    writer.lost(3, time: 170)
    writer.throttle(time: 171)
    return writer
  }

  static let expected = [
    "shell cpu-clock 5: /bin/shell;/bin/shell",
    "shell cpu-clock 6: /bin/shell;/bin/shell;[kernel.kallsyms]",
    "shell cycles:u 7: /bin/shell",
    "made anew cpu-clock 8: /bin/other program",
    ":-1 cpu-clock 9: ?",
  ]

  private func check(_ profile: Profile) {
    #expect(Self.lines(profile) == Self.expected)
    #expect(profile.accounting.samplesIn == 5 && profile.accounting.samplesOut == 5)
    #expect(profile.accounting.lost == 3 && profile.accounting.throttled == 1)
    #expect(profile.samples.times == [100, 105, 120, 140, 150])
    #expect(profile.samples.cpus == [0, 1, 0, 1, 1])
    #expect(profile.events.map(\.unit) == [.nanoseconds, .cycles])
  }

  @Test("Records of several CPUs are put in order of time, and names and mappings are those of the time")
  func file() throws { check(try Self.read(Self.example().file())) }

  @Test("A file of the other byte order is the same profile")
  func otherOrder() throws {
    check(try Self.read(Self.example(isBigEndian: true).file()))
    check(try Self.read(Self.example(isBigEndian: true).file(version: 1)))
  }

  @Test("A recording for a pipe is the same profile, of either order")
  func pipe() throws {
    check(try Self.read(Self.example().pipe()))
    check(try Self.read(Self.example(isBigEndian: true).pipe()))
  }

  @Test(
    "Compressed records are the same profile, wherever the pieces of the stream are cut", arguments: [1, 7, 64, 65_000])
  func compressed(size: Int) throws {
    let writer = Self.example()
    for type: UInt32 in [81, 83] {
      check(try Self.read(writer.file(records: writer.compressed(inPiecesOf: size, type: type), isCompressed: true)))
    }
  }

  @Test("An attribute may be shorter or longer than any that is known", arguments: [64, 72, 96, 128, 136, 144, 512])
  func attributeSizes(size: Int) throws {
    var writer = Self.example()
    for index in writer.events.indices { writer.events[index].size = size }
    check(try Self.read(writer.file()))
  }

  @Test("A recording that was killed is read to its end, and that is said")
  func killed() throws {
    let bytes = Self.example().file(isKilled: true)
    let profile = try Self.read(bytes)
    #expect(profile.samples.count == 5)
    #expect(profile.events[1].name == "cycles")
    #expect(profile.notes.contains { $0.contains("killed") })
    // The end of the last record is missing.
    let shorter = try Self.read(bytes.dropLast(5))
    #expect(shorter.samples.count == 5)
    #expect(shorter.notes.contains { $0.contains("not complete") })
  }

  @Test("Every field of a sample is read by the letter")
  func fields() throws {
    typealias Field = RecordingWriter.Field
    let all = Field.usual | Field.identifier | Field.address | Field.stream | Field.read
    let layouts: [(format: UInt64, read: [UInt64])] = [
      (0, [1]), (3, [1, 2, 3]), (23, [1, 2, 3, 4, 5]), (9, [2, 50, 1, 2]), (31, [2, 50, 60, 1, 2, 3, 4, 5, 6]),
    ]
    for (format, read) in layouts {
      var writer = RecordingWriter(events: [RecordingWriter.Event(sampleType: all | Field.raw, readFormat: format)])
      writer.command(10, 10, "a")
      writer.map2(10, 0x1000, 0x1000, "/bin/a", time: 5)
      writer.sample(
        .init(
          time: 10, cpu: 3, period: 4, instruction: 0x1001, chain: [Self.userMarker, 0x1001], read: read,
          tail: [4, 0, 0, 0, 1, 2, 3, 4]))
      let profile = try Self.read(writer.file())
      #expect(Self.lines(profile) == ["a cpu-clock 4: /bin/a"], "read_format \(format)")
      #expect(profile.samples.cpus == [3])
    }
  }

  @Test("A sample without a callchain stands at its instruction, without either on no stack")
  func withoutChain() throws {
    typealias Field = RecordingWriter.Field
    var writer = RecordingWriter(events: [RecordingWriter.Event(sampleType: Field.usual & ~Field.callchain)])
    writer.command(10, 10, "a")
    writer.map2(10, 0x1000, 0x1000, "/bin/a", time: 5)
    writer.sample(.init(time: 10, instruction: 0x1001))
    #expect(Self.lines(try Self.read(writer.file())) == ["a cpu-clock 1: /bin/a"])

    writer = RecordingWriter(events: [RecordingWriter.Event(sampleType: Field.thread | Field.time)])
    writer.sample(.init(time: 10))
    let profile = try Self.read(writer.file())
    #expect(Self.lines(profile) == [":10 cpu-clock 1: "])
    #expect(profile.accounting.withoutStack == 1)
  }

  @Test("One event, or a part of the time, can be asked for, and what is left out is counted")
  func filters() throws {
    var options = Self.options
    options.event = "cycles"
    var profile = try Self.read(Self.example().file(), options)
    #expect(profile.samples.weights == [7])
    #expect(profile.accounting.leftOut == ["other events": 4])
    options.event = nil
    options.from = 5
    options.to = 40
    profile = try Self.read(Self.example().file(), options)
    #expect(profile.samples.weights == [6, 7, 8])
    #expect(profile.accounting.leftOut == ["outside the time range": 2])
    #expect(profile.accounting.samplesOut == 3)
    options.event = "faults"
    #expect(throws: RecordingError.noSuchEvent(path: "it", wanted: "faults", there: ["cpu-clock", "cycles:u"])) {
      try Self.read(Self.example().file(), options)
    }
  }

  @Test("Addresses are kept where they are asked for: of the instruction, not of the call before it")
  func addresses() throws {
    var options = Self.options
    options.keepsAddresses = true
    let profile = try Self.read(Self.example().file(), options)
    #expect(Self.lines(profile)[0] == "shell cpu-clock 5: /bin/shell<500>;/bin/shell<10>")
    #expect(Self.lines(profile)[1].hasSuffix("[kernel.kallsyms]<ffffffff81000010>"))
    #expect(Self.lines(profile)[3] == "made anew cpu-clock 8: /bin/other program<4010>")
  }

  @Test("Compressed records that open to a flood are refused with their place")
  func flood() throws {
    var writer = RecordingWriter()
    let records = Self.example().records
    // The first record, whose size is in its seventh byte.
    let comm = records.prefix(Int(records[6]))
    writer.append(raw: (0..<1_500_000).flatMap { _ in comm })
    let bytes = writer.file(records: writer.compressed(inPiecesOf: 60_000), isCompressed: true)
    #expect(bytes.count < 200_000)
    let error = #expect(throws: RecordingError.self) { try Self.read(bytes) }
    #expect(error?.message.contains("far more") == true && error?.failureKind == .badData)
  }

  @Test("A context switch weighs the time until its thread runs again")
  func waits() throws {
    typealias Field = RecordingWriter.Field
    var writer = RecordingWriter(
      events: [
        RecordingWriter.Event(
          type: 2, config: 300, period: 1, sampleType: Field.usual | Field.raw, flags: 1 << 18,
          name: "sched:sched_switch")
      ])
    /// The tracepoint's data, with the thread that runs next.
    func next(_ thread: Int32) -> [UInt8] {
      let data = [UInt8](repeating: 0, count: 56) + writer.number(thread) + writer.number(Int32(120))
      return writer.number(UInt32(data.count)) + data
    }
    writer.command(10, 10, "a")
    writer.command(20, 20, "b")
    writer.map2(10, 0x1000, 0x1000, "/bin/a", time: 1)
    writer.sample(.init(time: 100, chain: [Self.userMarker, 0x1001], tail: next(0)))
    writer.sample(.init(process: 0, thread: 0, time: 150, chain: [], mode: 1, tail: next(20)))
    writer.sample(.init(process: 20, thread: 20, time: 170, chain: [], tail: next(10)))
    writer.sample(.init(time: 200, chain: [Self.userMarker, 0x1001], tail: next(20)))
    writer.sample(.init(process: 20, thread: 20, time: 260, chain: [], tail: next(0)))
    var options = Self.options
    options.weighsWaits = true
    let profile = try Self.read(writer.file(), options)
    #expect(profile.samples.weights == [70, 30, 60, 0])
    #expect(profile.accounting.leftOut == ["of idle CPUs": 1])
    #expect(profile.events == [Profile.Event(name: "sched:sched_switch", unit: .nanoseconds)])
  }

  @Test("Records of unknown types are counted and named, and those of trace data are passed over")
  func unknownRecords() throws {
    var writer = Self.example()
    writer.record(47, [1, 2, 3, 4, 5, 6, 7, 8])
    writer.record(200, [1, 2, 3])
    writer.record(200, [])
    let trace = [UInt8](repeating: 0xFF, count: 24)
    writer.record(71, writer.number(UInt64(trace.count)) + [UInt8](repeating: 0, count: 32))
    writer.append(raw: trace)
    writer.sample(.init(time: 180, period: 10, instruction: 0x1, chain: []))
    let profile = try Self.read(writer.file())
    #expect(profile.samples.count == 6)
    #expect(profile.notes.contains { $0.contains("2 records of type 200") })
    #expect(profile.notes.contains { $0.contains("1 record of type 47") })
  }

  @Test("A mapping takes the place of what was mapped there before, and only there")
  func overlaps() throws {
    var writer = RecordingWriter()
    writer.command(10, 10, "a")
    writer.map2(10, 0x1000, 0x3000, "/bin/a", time: 1)
    writer.map2(10, 0x2000, 0x1000, "/lib/b", time: 2)
    for (index, address) in [0x1FFF, 0x2000, 0x2FFF, 0x3000, 0x3FFF, 0x4000].enumerated() {
      writer.sample(
        .init(time: UInt64(10 + index), instruction: UInt64(address), chain: [Self.userMarker, UInt64(address)]))
    }
    var options = Self.options
    options.keepsAddresses = true
    #expect(
      Self.lines(try Self.read(writer.file(), options)).map { $0.split(separator: " ").last } == [
        "/bin/a<fff>", "/lib/b<0>", "/lib/b<fff>", "/bin/a<2000>", "/bin/a<2fff>", "?<4000>",
      ])
  }

  @Test("Damage is an error with the place, never a crash and never more than it says", arguments: [false, true])
  func cut(isPipe: Bool) throws {
    let whole = isPipe ? Self.example().pipe() : Self.example().file()
    for count in 0..<whole.count {
      do {
        let profile = try Self.read(Array(whole.prefix(count)))
        #expect(isPipe && profile.accounting.samplesIn <= 5, "cut at \(count)")
      } catch let error as RecordingError {
        #expect(error.failureKind == .badData)
        switch error {
        case .cut(_, let offset, _), .damaged(_, let offset, _): #expect(offset <= count)
        case .notARecording: #expect(count < 8)
        default: Issue.record("cut at \(count): \(error.message)")
        }
      }
    }
  }

  @Test("Changed bytes are an error or a profile that adds up")
  func flipped() throws {
    let example = Self.example()
    for whole in [
      example.file(), example.pipe(), example.file(records: example.compressed(inPiecesOf: 40), isCompressed: true),
    ] {
      for place in whole.indices {
        for bits: UInt8 in [0x01, 0x80, 0xFF] {
          var bytes = whole
          bytes[place] ^= bits
          guard let profile = try? Self.read(bytes) else { continue }
          #expect(profile.accounting.samplesOut == UInt64(profile.samples.count), "byte \(place) changed by \(bits)")
        }
      }
    }
  }

  @Test(
    "Recordings of other perfs and machines hold what is known of them",
    .enabled(if: SharedCases.isPresent("perf/perfdata"), "\(SharedCases.reason)"))
  func sharedCases() throws {
    let directory = try #require(SharedCases.path("perf/perfdata"))
    func read(_ name: String) throws -> Profile {
      try PerfDataReader.read(path: directory + "/" + name, options: Self.options)
    }
    let first = try read("perf.data.true.v1")
    #expect(first.samples.count == 0 && first.accounting.samplesIn == 0)
    let second = try read("perf.data.true.v2")
    #expect(second.samples.count == 1 && second.events == [Profile.Event(name: "cpu-clock", unit: .nanoseconds)])
    let newer = try read("sleep.data")
    #expect(newer.samples.count == 7 && newer.events.map(\.name) == ["cycles:Pu"])
    #expect(Set(newer.samples.weights).count > 1)
    let compressed = try read("sleep.compressed.data")
    #expect(compressed.samples.count == 8 && compressed.origin.architecture == "aarch64")
    #expect(Set(compressed.threads.map(\.command)).isSubset(of: ["sleep", "perf-exec"]))
  }
}
