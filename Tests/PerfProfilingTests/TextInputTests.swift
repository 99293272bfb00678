import FoundationEssentials
import PerfProfiling
import TestSupport
import Testing

@Suite("the text of perf script and folded stacks are read")
struct TextInputTests {
  static func read(
    _ text: String, options: ProfileReader.Options = ProfileReader.Options()
  ) throws -> ProfileReader.Result {
    try Array(text.utf8).withUnsafeBufferPointer { try ProfileReader.read($0, path: "it", options: options) }
  }

  static func folded(_ text: String, labels: StackLabels = StackLabels()) throws -> [String] {
    lines(FoldedStacks(try read(text).profile, labels: labels))
  }

  static func lines(_ folded: FoldedStacks) -> [String] {
    folded.lines.map { "\(String(decoding: $0.stack, as: UTF8.self)) \($0.weight)" }
  }

  /// One sample with a stack, its frames the innermost first.
  static func sample(_ head: String, _ frames: String...) -> String {
    head + "\n" + frames.map { "\t        \($0)\n" }.joined() + "\n"
  }

  @Test(
    "what collapsers get wrong is right",
    arguments: [
      // 1: a task that has gone
      (sample(":-1    -1 [001]  1146.800000:    1001001 cpu-clock: ", "401000 f+0x1 (/x/a)"), ":-1;f 1001001"),
      // 2: no frame at all
      (sample("a 1 [000] 1.5: 7 cycles: "), "a;[no stack] 7"),
      // 3
      (
        sample("a 1 [000] 1.5: 7 cycles: ", "40 (anonymous namespace)::g(int)+0x1 (/x/a)", "41 main+0x2 (/x/a)"),
        "a;main;(anonymous namespace)::g 7"
      ),
      // 4
      (sample("a 1 [000] 1.5: 7 cycles: ", "40 RawTable<(A,B)>::f+0x1 (/x/a)"), "a;RawTable<(A,B)>::f 7"),
      (
        sample("a 1 [000] 1.5: 7 cycles: ", "40 std::function<void (int)>::call(int) const+0x1 (/x/a)"),
        "a;std::function<void (int)>::call 7"
      ),
      // 5
      (sample("a 1 [000] 1.5: 7 cycles: ", "40 Task::operator()(int)+0x1 (/x/a)"), "a;Task::operator() 7"),
      // 6
      (sample("a 1 [000] 1.5: 7 cycles: ", "40 Box::operator->()+0x1 (/x/a)"), "a;Box::operator-> 7"),
      (
        sample("a 1 [000] 1.5: 7 cycles: ", "40 call_once<fn(i32) -> i32>+0x1 (/x/a)"), "a;call_once<fn(i32) -> i32> 7"
      ),
      (sample("a 1 [000] 1.5: 7 cycles: ", "40 Mod.f(Swift.Int) -> Swift.Int+0x1 (/x/a)"), "a;Mod.f 7"),
      (
        sample("a 1 [000] 1.5: 7 cycles: ", "40 outer->inner+0x1 (/tmp/perf-12.map)"), "a;outer;inner 7"
      ),
      // 7
      (sample("a 1 [000] 1.5: 7 cycles: ", "40 spin+0x6 (/x/a.out (deleted))"), "a;spin 7"),
      // 8, 9
      (sample("tokio 2 worker 12 [001] 1.5: 5 cycles: ", "40 f+0x1 (/x/a)"), "tokio 2 worker;f 5"),
      (sample("tokio 2 worker 12 cycles: ", "40 f+0x1 (/x/a)"), "tokio 2 worker;f 1"),
      (sample("w 12 [001] 1.5: 5 cycles:", "40 f+0x1 (/x/a)"), "w;f 5"),
      // 10
      (
        sample("a 1 [000] 1.5: 7 cycles: ", "40 [unknown] ([JIT] tid 12)", "41 g+0x1 (/x y/b c)"),
        "a;g;[[JIT] tid 12] 7"
      ),
      // 11
      ("a 1 [000] 1.5: 7 cycles: \r\n\t 40 f+0x1 (/x/a)\r\n\r\n", "a;f 7"),
      // 12: the frame on the line of the sample, the command right-aligned
      ("            a  1 [000] 1.5:  7 cycles:  ffffffff81000000 f+0x1 ([kernel.kallsyms])\n", "a;f 7"),
      // 13
      (
        sample(
          "a 1 [000] 1.5: sched:sched_switch: prev_comm=a prev_pid=1 [120] S ==> next_comm=b:2 next_pid=2 [9]",
          "40 f+0x1 (/x/a)"), "a;f 1"
      ),
      // the last sample without a blank line behind it
      ("a 1 [000] 1.5: 7 cycles: \n\t 40 f+0x1 (/x/a)", "a;f 7"),
      // lines of source files between the frames
      ("a 1/2 1.5: 7 cycles: \n\t 40 f+0x1 (/x/a)\n  a.c:12\n\t 41 g (/x/a)\n  a.c:20\n\n", "a;g;f 7"),
    ])
  func better(text: String, expected: String) throws {
    #expect(try Self.folded(text) == [expected])
  }

  @Test(
    "a first line of which fields were left out begins a sample where frames follow",
    arguments: [
      ("sh  2376 ", "sh;f 1"), ("sh  2376/2377  ", "sh;f 1"), ("sh ", "sh;f 1"), ("", "f 1"), (" 2376 ", "f 1"),
      (" 2376 41362.751976: ", "f 1"), ("sh cpu-clock: ", "sh;f 1"), ("41362.751976: cpu-clock: ", "f 1"),
      ("cpu-clock: ", "f 1"), ("sh  2376/2376      100000 ", "sh;f 100000"), ("sh  2376 [001] cpu-clock: ", "sh;f 1"),
      ("a b  2376                         ", "a b;f 1"), ("a b", "a b;f 1"), ("sh  2376 [001] ", "sh;f 1"),
      ("sh  2376 41362.751976:     100000 ", "sh;f 100000"), ("w/0 cycles:u: some text: 7 ", "w/0;f 1"),
    ])
  func bareHeads(head: String, expected: String) throws {
    let text = Self.sample(head, "40abcd f+0x1 (/x/a)")
    #expect(try Self.folded(text) == [expected])
    let two = text + Self.sample("b 1 [000] 1.5: 7 cycles: ", "41 g+0x1 (/x/a)") + text
    let read = try Self.read(two)
    #expect(read.profile.accounting.samplesIn == 3 && read.profile.notes.isEmpty)
    #expect(read.profile.samples.count == 3)
    // One without a stack.
    if head.last == " " {
      for order in [text + head + "\n\n" + text, head + "\n\n" + text + text, text + text + head + "\n\n"] {
        let without = try Self.read(order).profile
        #expect(without.samples.count == 3 && without.accounting.withoutStack == 1 && without.notes.isEmpty)
      }
    }
  }

  @Test("what no frame follows is no sample")
  func strangeLines() throws {
    let sample = Self.sample("a 1 [000] 1.5: 7 cycles: ", "40 f+0x1 (/x/a)")
    for strange in ["Warning: 3 events lost", "Warning: lost ", "sh  2376", "x:", "a\nb\nc"] {
      let read = try Self.read(sample + strange + "\n" + sample + strange + "\n\n" + sample + strange)
      let count = 3 * strange.split(separator: "\n").count
      #expect(read.profile.samples.count == 3)
      #expect(
        read.profile.notes == ["\(count) lines are neither a sample nor a frame and were passed over"], "\(strange)")
    }
  }

  @Test("a line has the frames that it has alone, whatever lines came before it", arguments: [false, true])
  func knownLines(isCompatible: Bool) throws {
    let frames = [
      "f+0x1 (/x/a)", "f+0x2 (/x/a)", "f (/x/a)", "f+0x1+0x2 (/x/a)", "f+0x1+0x3 (/x/a)", "f+0x (/x/a)", "f+0x1 (/x/b)",
      "f+0xG (/x/a)", "f+0x1  (/x/a)", "f+0x2  (/x/a)", "f\u{0} (/x/a)", "f+0x1(/x/a)", "f+0x2(/x/a)", "+0x1 (/x/a)",
      "+0x2 (/x/b)", "[unknown] (/x/a)", "g(int)+0x1f (/x/a (deleted))", "g(int)+0x2F (/x/a (deleted))",
      "h+0x1 (/x/a+0x1 (deleted))", "h+0x1 (/x/a+0x2 (deleted))", "h+0x2 (/x/a+0x2 (deleted))", "k+0x1 (/x/a",
      "k+0x2 (/x/a",
      "k+0x1 (/x/a)) (", "k+0x2 (/x/a)) (", "a->b+0x1 (/tmp/perf-1.map)", "a->b+0x2 (/tmp/perf-1.map)",
      "\u{600}+0x1 (/x/a)",
      "\u{600}+0x2 (/x/a)", "(x)+0x1 (/x/a)", "(x)+0x2 (/x/a)", "m+0x1 ([kernel.kallsyms])", "m+0x2 ([m])", "(", ")",
      "+0x1 ()",
    ]
    let samples = frames.map { Self.sample("java 1 [000] 1.5: 7 cycles: ", "40 \($0)") }
    var options = ProfileReader.Options()
    if isCompatible { options.text.compatibility = ScriptTextReader.Compatibility() }
    func stacks(_ text: String) throws -> [[Frame]] {
      let profile = try Self.read(text, options: options).profile
      return profile.samples.stacks.map { profile.stacks.frames(of: $0).map { profile.frames[$0] } }
    }
    let alone = try samples.flatMap(stacks)
    #expect(try stacks(samples.joined()) == alone)
    #expect(try stacks(samples.reversed().joined()) == alone.reversed())
  }

  @Test("several events are kept apart, and each says what it counts")
  func events() throws {
    let profile = try Self.read(
      Self.sample("a 1 [000] 1.5: 7 cycles:u: ", "40 f (/x/a)")
        + Self.sample("a 1 [000] 1.6: 9 cpu-clock: ", "40 g (/x/a)")
    ).profile
    #expect(profile.events.map(\.name) == ["cycles:u", "cpu-clock"])
    #expect(profile.events.map(\.unit) == [.cycles, .nanoseconds])
    #expect(Self.lines(FoldedStacks(profile, event: 1)) == ["a;g 9"])
    #expect(profile.samples.times == [1_500_000_000, 1_600_000_000])
    var options = ProfileReader.Options()
    options.event = "cycles:u"
    let one = try Self.read(
      Self.sample("a 1 [000] 1.5: 7 cycles:u: ", "40 f (/x/a)")
        + Self.sample("a 1 [000] 1.6: 9 cpu-clock: ", "40 g (/x/a)"), options: options
    ).profile
    #expect(one.accounting.samplesIn == 2 && one.accounting.samplesOut == 1)
    #expect(one.accounting.leftOut == ["other events": 1])
  }

  @Test(
    "names that perf leaves as linkers see them are shown as people write them",
    arguments: [
      ("$s4main4workyySiF", "main.work(Swift.Int) -> ()"), ("_ZN5alpha4betaEi", "alpha::beta"),
      ("_RNvC4main4work", "main::work"), ("$sNot a name", "$sNot a name"), ("_Zap", "_Zap"),
    ])
  func mangled(name: String, shown: String) throws {
    let text = Self.sample("a 1 [000] 1.5: 7 cycles: ", "40 \(name)+0x1 (/x/a)")
    #expect(try Self.folded(text) == ["a;\(shown) 7"])
  }

  @Test("sums are exact above 2^53")
  func exactSums() throws {
    let large = "9007199254740993"
    #expect(try Self.folded("a;b \(large)\na;b 1\n") == ["a;b 9007199254740994"])
    #expect(
      try Self.folded(
        Self.sample("a 1 1.5: \(large) cycles: ", "40 f (/x/a)")
          + Self.sample("a 1 1.5: 2 cycles: ", "40 f (/x/a)")) == ["a;f 9007199254740995"])
  }

  @Test("folded stacks with two counts are two profiles")
  func twoCounts() throws {
    let read = try Self.read("a;b 3 5\na;c 0 2\n")
    #expect(read.form == .foldedText && read.before == [3, 0])
    #expect(read.profile.samples.weights == [5, 2])
  }

  @Test("pieces of any size give the same profile", arguments: [1, 2, 7, 64])
  func pieces(size: Int) throws {
    let text = Array(
      (Self.sample("a 1 [000] 1.5: 7 cycles: ", "40 f (/x/a)", "41 g (/x/a)")
        + Self.sample("b 1 [000] 1.5: 9 cycles: ", "40 f (/x/a)")).utf8)
    var reader = ScriptTextReader()
    for start in stride(from: 0, to: text.count, by: size) {
      text[start..<min(text.count, start + size)].withUnsafeBufferPointer { reader.feed($0) }
    }
    #expect(Self.lines(FoldedStacks(reader.finish())) == ["a;g;f 7", "b;f 9"])
  }

  @Test("what holds no profile is refused", arguments: ["", "hello\n", "\u{0}\u{1}\u{2} 12\n", "# only a comment\n"])
  func refused(text: String) {
    #expect(throws: ProfileInputError.self) { try Self.read(text) }
  }

  @Test(
    "FlameGraph's own results come out to the byte",
    .enabled(if: SharedCases.isPresent("perf/flamegraph"), Comment(rawValue: SharedCases.reason)))
  func goldens() throws {
    let directory = try #require(SharedCases.path("perf/flamegraph"))
    let expected = try FileManager.default.contentsOfDirectory(atPath: directory + "/expected")
    var count = 0
    for name in expected.sorted() {
      guard let cut = name.firstRange(of: "-collapsed-") else { continue }
      let option = name[cut.upperBound...].dropLast(".txt".count)
      var options = ProfileReader.Options()
      var rules = ScriptTextReader.Compatibility()
      var labels = StackLabels()
      labels.isCompatible = true
      switch option {
      case "pid": (rules.labelsProcess, labels.root) = (true, .process)
      case "tid": (rules.labelsThread, labels.root) = (true, .thread)
      case "kernel": rules.marksKernel = true
      case "jit": rules.marksJIT = true
      case "all": (rules.marksKernel, rules.marksJIT) = (true, true)
      default: options.keepsAddresses = true
      }
      options.text.compatibility = rules
      let input = try ProfileReader.read("\(directory)/inputs/\(name[..<cut.lowerBound]).txt", options: options)
      var text: [UInt8] = []
      FoldedStacks(input.profile, labels: labels).text { text += $0 }
      let wanted = try Data(contentsOf: URL(filePath: "\(directory)/expected/\(name)"))
      #expect(text == Array(wanted), "\(name)")
      count += 1
    }
    #expect(count == 36)
  }
}

@Suite("long texts are read in two halves") struct HalvedTextTests {
  /// Text of more than eight megabytes whose halves begin with other events, threads and frames.
  private static let text: String = {
    var text = ""
    for number in 0..<60_000 {
      let event = number % 3 == 1 ? "instructions" : number > 40_000 && number % 3 == 0 ? "faults" : "cycles"
      text += TextInputTests.sample(
        "worker \(number / 20_000) \(number % 7 + 1)/\(number % 11 + 1) [001] \(number).500000: \(number % 9 + 1) \(event): ",
        "40 leaf\(number % 13)+0x1 (/x/lib)", "41 middle\(number / 9_000)+0x2 (/x/lib)", "42 main+0x2 (/x/a)")
    }
    return text
  }()

  @Test(arguments: [false, true])
  func `the result is that of one reader`(isCompatible: Bool) throws {
    var options = ScriptTextReader.Options()
    if isCompatible { options.compatibility = ScriptTextReader.Compatibility() }
    let bytes = Array(Self.text.utf8)
    var one = ScriptTextReader(options: options)
    var two = ScriptTextReader(options: options)
    bytes.withUnsafeBufferPointer {
      one.feed($0)
      two.feedWhole($0)
    }
    let (expected, found) = (one.finish(), two.finish())
    #expect(found.events == expected.events)
    #expect(found.threads == expected.threads)
    #expect(found.samples.times == expected.samples.times)
    #expect(found.samples.weights == expected.samples.weights)
    #expect(found.samples.events == expected.samples.events)
    #expect(found.samples.threads == expected.samples.threads)
    #expect(found.accounting == expected.accounting)
    #expect(found.notes == expected.notes)
    #expect(
      TextInputTests.lines(FoldedStacks(found, event: 0)) == TextInputTests.lines(FoldedStacks(expected, event: 0)))
    #expect(found.samples.count > 19_000)
  }
}
