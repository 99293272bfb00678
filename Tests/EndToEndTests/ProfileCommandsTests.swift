import Compression
import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// A fresh recording through every command that takes one, and what they write through the programs that it is for.
@Suite("a recording is reported, checked, compared and converted", .serialized)
struct ProfileCommandsTests {
  private static let perf = InstalledPerf.path
  private static let go = "/usr/bin/go"

  static let obstacle = InstalledPerf.obstacle

  private static let spinning = #"""
    i=0; while [ $i -lt 60000 ]; do i=$((i + 1)); done
    """#

  private static func record(_ path: String, _ script: String = spinning, events: String = "cpu-clock") async throws {
    let outcome = try await ToolboxProcess.run(
      path: perf, ["record", "-q", "-e", events, "-F", "999", "-g", "-o", path, "--", "/bin/sh", "-c", script])
    try #require(outcome.status == 0, "\(outcome.errors)")
  }

  private struct Report: Decodable {
    struct Event: Decodable {
      struct Symbol: Decodable { let name: String, `self`: UInt64, total: UInt64 }
      let samples: Int
      let total: UInt64
      let symbols: [Symbol]
    }
    let events: [Event]
  }

  @Test(.enabled(if: obstacle == nil, "\(obstacle ?? "")"))
  func `every command takes a recording, and they agree`() async throws {
    let directory = try TemporaryDirectory()
    let recording = directory("perf.data")
    try await Self.record(recording)

    let json = try await ToolboxProcess.run(["perf", "report", recording, "--json"])
    #expect(json.status == 0, "\(json.errors)")
    #expect(try JSONSchema(fileNamed: "toolbox.perf.report.1.json").violations(in: json.output) == [])
    let report = try JSONDecoder().decode(Report.self, from: Data(json.output.utf8))
    let event = try #require(report.events.first)
    #expect(event.symbols.reduce(0) { $0 + $1.`self` } == event.total)

    // The same samples through folded text.
    let folded = try await ToolboxProcess.run(["perf", "convert", recording, "--format", "folded"])
    #expect(folded.status == 0, "\(folded.errors)")
    let counts = folded.output.split(separator: "\n").compactMap {
      $0.split(separator: " ").last.flatMap { UInt64($0) }
    }
    #expect(counts.reduce(0, +) == event.total)

    for arguments in [["--by", "object"], ["--by", "thread"], ["--tree"], ["--flame"]] {
      let outcome = try await ToolboxProcess.run(["perf", "report", recording] + arguments)
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("cpu-clock"))
      #expect(!outcome.output.contains("\u{1B}"))
    }
    let check = try await ToolboxProcess.run(["perf", "check", recording, "--json"])
    #expect(check.status == 0, "\(check.errors)")
    #expect(try JSONSchema(fileNamed: "toolbox.perf.check.1.json").violations(in: check.output) == [])
    let own = try await ToolboxProcess.run(["perf", "convert", recording, "--format", "json"])
    #expect(try JSONSchema(fileNamed: "toolbox.perf.profile.1.json").violations(in: own.output) == [])
  }

  @Test(.enabled(if: obstacle == nil, "\(obstacle ?? "")"))
  func `of several events the one that was named first counts, whichever came first`() async throws {
    let directory = try TemporaryDirectory()
    let recording = directory("perf.data")
    // A program begins with page faults, long before the clock is due.
    try await Self.record(recording, events: "cpu-clock,page-faults")
    for arguments in [["collapse"], ["flamegraph"]] {
      let outcome = try await ToolboxProcess.run(["perf"] + arguments + [recording])
      #expect(outcome.status == 0 && outcome.errors.contains("only cpu-clock counts"), "\(outcome.errors)")
      let compatible = try await ToolboxProcess.run(["perf"] + arguments + ["--compat", "flamegraph", recording])
      #expect(compatible.errors.contains("only page-faults counts"), "\(compatible.errors)")
    }
    let picture = try await ToolboxProcess.run(["perf", "flamegraph", recording])
    let same = try await ToolboxProcess.run(["perf", "flamegraph", "-o", "-", recording])
    #expect(same.output == picture.output && same.output.hasSuffix("</svg>\n"))
  }

  @Test func `a directory without a recording, and a process that is not there, are named`() async throws {
    let directory = try TemporaryDirectory()
    let none = try await ToolboxProcess.run(["perf", "flamegraph", directory.path])
    #expect(
      none.status == 65 && none.errors.contains("\(directory.path): a directory without a recording in it"),
      "\(none.errors)")
    // No process has the largest number that Linux can give but one.
    let gone = try await ToolboxProcess.run(["perf", "profile", "-p", "4194303", "-o", directory("profile")])
    #expect(gone.status == 64 && gone.errors.contains("4194303: there is no process"), "\(gone.errors)")
    for name in ["no-such-program", "/nonexistent/program", "/etc/passwd"] {
      let missing = try await ToolboxProcess.run(["perf", "profile", "-o", directory("profile"), "--", name])
      #expect(missing.status == 64 && missing.errors.contains("\(name): no such program"), "\(missing.errors)")
    }
    #expect(access(directory("profile"), F_OK) != 0)
  }

  @Test func `the end of a comparison is what scripts ask for`() async throws {
    let directory = try TemporaryDirectory()
    try directory.write("before", text: "a;main;f 100\na;main;g 900\n")
    try directory.write("after", text: "a;main;f 200\na;main;g 800\n")
    func diff(_ arguments: String...) async throws -> ToolboxProcess.Outcome {
      try await ToolboxProcess.run(["perf", "diff", directory("before"), directory("after")] + arguments)
    }
    let met = try await diff("--fail-if", "total(f) > +5%", "--graph", directory("difference.svg"))
    #expect(met.status == 2)
    #expect(met.errors == "toolbox: perf: total(f) > +5%: it holds (100.00%)\n")
    #expect(met.output.contains("+10.00"))
    let svg = try String(contentsOfFile: directory("difference.svg"), encoding: .utf8)
    #expect(svg.contains("+10.00%"))
    #expect(try await diff("--fail-if", "total(f) > +150%").status == 0)
    #expect(try await diff("--fail-if", "total(f) > +5%", "--significant-only").status == 2)
    let wrong = try await diff("--fail-if", "total(f) > 5")
    #expect(wrong.status == 64)
    let unknown = try await diff("--fail-if", "total(absent) > 5%")
    #expect(unknown.status == 64)
    #expect(unknown.errors.contains("absent"))
    let json = try await diff("--json")
    #expect(try JSONSchema(fileNamed: "toolbox.perf.difference.1.json").violations(in: json.output) == [])
    let columns = try await diff("--compat", "flamegraph")
    #expect(columns.output == "a;main;f 100 200\na;main;g 900 800\n")
    #expect(try await diff("-n").status == 64)
  }

  @Test(.enabled(if: access(go, X_OK) == 0, "go, whose pprof is the reader, is not installed"))
  func `pprof opens what is written for it`() async throws {
    let directory = try TemporaryDirectory()
    try directory.write("in", text: "app;main;parse;read 30\napp;main;parse 10\napp;main;draw 50\nother;wait 10\n")
    let written = try await ToolboxProcess.run(
      ["perf", "convert", directory("in"), "--format", "pprof", "-o", directory("out.pb.gz")])
    #expect(written.status == 0, "\(written.errors)")
    func pprof(_ arguments: String...) async throws -> String {
      let outcome = try await ToolboxProcess.run(
        path: Self.go, ["tool", "pprof"] + arguments + [directory("out.pb.gz")],
        environment: ["HOME": directory.path, "GOFLAGS": "-mod=mod", "PPROF_TMPDIR": directory.path])
      #expect(outcome.status == 0, "\(outcome.errors)")
      return outcome.output
    }
    let top = try await pprof("-top", "-nodefraction=0", "-sample_index=samples")
    func row(_ name: String) -> [Substring] {
      top.split(separator: "\n").map { $0.split(separator: " ") }.first { $0.last.map(String.init) == name } ?? []
    }
    let weights = try await pprof("-traces", "-sample_index=1")
    #expect(weights.contains("parse"))
    let raw = try await pprof("-raw")
    #expect(raw.contains("samples/count"))
    #expect(row("read").count >= 6, "\(top)")
    let sums = try await pprof("-top", "-nodefraction=0", "-sample_index=1")
    let read = try #require(sums.split(separator: "\n").first { $0.hasSuffix(" read") })
    #expect(read.split(separator: " ").prefix(2).map(String.init) == ["30", "30.00%"])

    // The program names the profile, whatever its stacks begin with.
    try directory.write(
      "script",
      text: """
        a-long-program- 7 1.000000: 9 cycles:
        \tffffffff81000010 entry_SYSCALL_64 ([kernel.kallsyms])
        \t40 read+0x1 (/lib/libc.so.6)
        \t40 main+0x1 (/opt/bin/a-long-program-name)

        sh 6 2.000000: 5 cycles:
        \t40 wait+0x1 (/usr/bin/sh)


        """)
    let program = try await ToolboxProcess.run(
      ["perf", "convert", directory("script"), "--format", "pprof", "-o", directory("out.pb.gz")])
    #expect(program.status == 0, "\(program.errors)")
    #expect(try await pprof("-top", "-sample_index=1").split(separator: "\n").contains("File: a-long-program-name"))
  }

  @Test func `speedscope and the Firefox profiler get what their formats demand`() async throws {
    let directory = try TemporaryDirectory()
    let hostile = "<script>\"\u{1B}[31m\\"
    try directory.write(
      "in",
      text: "app 7/8 [001] 1.500000: 1000000 cpu-clock: \n\t 40 \(hostile)+0x1 (/x/lib)\n\t 41 main+0x2 (/x/a)\n\n"
        + "app 7/8 [001] 1.750000: 1000000 cpu-clock: \n\t 41 main+0x2 (/x/a)\n\n")
    let speedscope = try await ToolboxProcess.run(["perf", "convert", directory("in"), "--format", "speedscope"])
    #expect(speedscope.status == 0, "\(speedscope.errors)")
    #expect(!speedscope.output.contains("\u{1B}"))
    struct Speedscope: Decodable {
      struct Frame: Decodable { let name: String }
      struct Shared: Decodable { let frames: [Frame] }
      struct Sampled: Decodable {
        let type: String, unit: String, startValue: Int, endValue: Int, samples: [[Int]], weights: [Int]
      }
      let shared: Shared
      let profiles: [Sampled]
    }
    let scope = try JSONDecoder().decode(Speedscope.self, from: Data(speedscope.output.utf8))
    let sampled = try #require(scope.profiles.first)
    #expect(sampled.type == "sampled")
    #expect(sampled.unit == "nanoseconds")
    #expect(sampled.samples.map { $0.map { scope.shared.frames[$0].name } } == [["main", hostile], ["main"]])
    #expect(sampled.weights == [1_000_000, 1_000_000])
    #expect(sampled.endValue - sampled.startValue == 2_000_000)

    let firefox = try await ToolboxProcess.run(
      ["perf", "convert", directory("in"), "--format", "firefox", "-o", directory("out.json.gz")])
    #expect(firefox.status == 0, "\(firefox.errors)")
    var text: [UInt8] = []
    let packed = try [UInt8](Data(contentsOf: URL(filePath: directory("out.json.gz"))))
    try packed.withUnsafeBufferPointer { try Decompression.stream($0, .gzip) { text += $0 } }
    let document = try JSONDecoder().decode(FirefoxDocument.self, from: Data(text))
    #expect(document.meta.preprocessedProfileVersion == 48)
    let thread = try #require(document.threads.first)
    #expect(thread.pid == "7")
    #expect(thread.samples.time == [0, 250])
    #expect(thread.samples.weight == [1, 1])
    #expect(thread.violations == [])
    #expect(thread.names(of: 0) == ["main", hostile])
  }

  @Test(.enabled(if: obstacle == nil, "\(obstacle ?? "")"))
  func `profile records into a closed directory that the others take`() async throws {
    let directory = try TemporaryDirectory()
    let path = directory("mine")
    let made = try await ToolboxProcess.run(
      ["perf", "profile", "-F", "999", "-o", path, "--", "/bin/sh", "-c", Self.spinning])
    #expect(made.status == 0, "\(made.errors)")
    let listing = try await ToolboxProcess.run(
      path: "/usr/bin/find", [path, "-printf", "%P %m\n"])
    let files = Set(listing.output.split(separator: "\n").map(String.init))
    #expect(files.contains(" 700"))
    for name in ["perf.data", "symbols.txt", "flamegraph.svg", "heatmap.svg", "report.txt", "check.txt"] {
      #expect(files.contains("\(name) 600"), "\(files)")
    }
    // Drawn again by the kept symbols alone, as another machine would.
    let nowhere = directory("nowhere")
    try FileManager.default.createDirectory(atPath: nowhere, withIntermediateDirectories: false)
    let elsewhere = try await ToolboxProcess.run(["perf", "report", path, "--symfs", nowhere, "--json"])
    let here = try await ToolboxProcess.run(["perf", "report", path, "--json"])
    #expect(elsewhere.status == 0, "\(elsewhere.errors)")
    #expect(elsewhere.output == here.output)
    let again = try await ToolboxProcess.run(["perf", "profile", "-o", path, "--", "/bin/true"])
    #expect(again.status == 3)
    #expect(again.errors.contains("is there already"))
  }

  @Test(.enabled(if: obstacle == nil, "\(obstacle ?? "")"))
  func `profile ends after its time, and an interrupt keeps what was recorded`() async throws {
    let directory = try TemporaryDirectory()
    let timed = try await ToolboxProcess.run(["perf", "profile", "-a", "--duration", "1", "-o", directory("timed")])
    #expect(timed.status == 0, "\(timed.errors)")
    let interrupted = try await ToolboxProcess.run(
      path: "/usr/bin/timeout",
      [
        "--foreground", "-s", "INT", "2", ToolboxProcess.path, "perf", "profile", "-a", "--duration", "600", "-o",
        directory("cut"),
      ])
    #expect(interrupted.status == 124)
    #expect(FileManager.default.fileExists(atPath: directory("cut/flamegraph.svg")), "\(interrupted.errors)")
    let broken = try directory.write(
      "perf", text: "#!/bin/sh\ncase $1 in version) echo perf version 6.1.9;; *) exit 3;; esac\n")
    #expect(chmod(broken, 0o755) == 0)
    let gone = try await ToolboxProcess.run(["perf", "profile", "-a", "--perf", broken, "-o", directory("none")])
    #expect(gone.status == 1 && gone.errors.contains("recorded nothing and ended with 3"), "\(gone.errors)")
    #expect(!FileManager.default.fileExists(atPath: directory("none")))
    let nothing = try await ToolboxProcess.run(["perf", "profile", "-o", directory("none")])
    #expect(nothing.status == 64)
    let unit = try await ToolboxProcess.run(["perf", "profile", "--unit", "no-such-unit", "-o", directory("none")])
    #expect(unit.status == 64)
    #expect(!FileManager.default.fileExists(atPath: directory("none")))
  }

  @Test(
    arguments: [
      ["report"], ["check"], ["collapse"], ["flamegraph", "-o", "-"], ["convert", "--format", "pprof", "-o", "-"],
    ])
  func `a profile whose stacks all differ takes no more memory than its size and 256 MB`(command: [String]) async throws
  {
    let directory = try TemporaryDirectory()
    let count = 2_000_000
    var text: [UInt8] = []
    for number in 0..<count { text += "main;f\(number % 1000);g\(number) 1\n".utf8 }
    try Data(text).write(to: URL(fileURLWithPath: directory("stacks.folded")))
    let (outcome, measurement) = try await ToolboxProcess.measured(["perf"] + command + [directory("stacks.folded")])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.errors.contains("samples: \(count) in = \(count) out + 0 left out"), "\(outcome.errors)")
    #expect(measurement.peakKiB < (text.count >> 10) + (256 << 10), "\(measurement.peakKiB) KiB")
  }

  @Test func `a range of time leaves the rest out and says so`() async throws {
    let directory = try TemporaryDirectory()
    var text = ""
    for second in 0..<10 { text += "a 1 [000] \(second).500000: 1 cycles: \n\t 40 f\(second)+0x1 (/x/a)\n\n" }
    try directory.write("in", text: text)
    let some = try await ToolboxProcess.run(["perf", "collapse", directory("in"), "--from", "2", "--to", "4"])
    #expect(some.status == 0, "\(some.errors)")
    #expect(some.output == "a;f2 1\na;f3 1\na;f4 1\n")
    #expect(some.errors.contains("10 in = 3 out + 7 outside the time range"))
    try directory.write("folded", text: "a;b 1\n")
    #expect(try await ToolboxProcess.run(["perf", "collapse", directory("folded"), "--from", "2"]).status == 64)
    #expect(
      try await ToolboxProcess.run(["perf", "collapse", directory("in"), "--from", "5", "--to", "4"]).status == 64)
  }
}

/// What the Firefox profiler demands of a profile of version 48: tables are columns of one length, places are in range.
private struct FirefoxDocument: Decodable {
  struct Meta: Decodable {
    let preprocessedProfileVersion: Int
  }
  struct Samples: Decodable {
    let stack: [Int?], time: [Double], weight: [Double], length: Int
  }
  struct Stacks: Decodable {
    let frame: [Int], prefix: [Int?], category: [Int], length: Int
  }
  struct Frames: Decodable {
    let `func`: [Int], category: [Int], length: Int
  }
  struct Functions: Decodable {
    let name: [Int], resource: [Int], isJS: [Bool], length: Int
  }
  struct Thread: Decodable {
    let pid: String, name: String, isMainThread: Bool
    let samples: Samples, stackTable: Stacks, frameTable: Frames, funcTable: Functions
    let stringArray: [String]

    var violations: [String] {
      var found: [String] = []
      func hold(_ condition: Bool, _ what: String) { if !condition { found.append(what) } }
      hold(
        [samples.stack.count, samples.time.count, samples.weight.count].allSatisfy { $0 == samples.length }, "samples")
      hold([stackTable.frame.count, stackTable.prefix.count].allSatisfy { $0 == stackTable.length }, "stackTable")
      hold([frameTable.func.count, frameTable.category.count].allSatisfy { $0 == frameTable.length }, "frameTable")
      hold([funcTable.name.count, funcTable.resource.count].allSatisfy { $0 == funcTable.length }, "funcTable")
      hold(samples.stack.allSatisfy { $0.map { $0 < stackTable.length } ?? true }, "stack of a sample")
      hold(
        stackTable.prefix.enumerated().allSatisfy { $1.map { [place = $0] in $0 < place } ?? true },
        "prefix before its stack")
      hold(stackTable.frame.allSatisfy { $0 < frameTable.length }, "frame of a stack")
      hold(funcTable.name.allSatisfy { $0 < stringArray.count }, "name of a function")
      return found
    }

    func names(of sample: Int) -> [String] {
      var result: [String] = []
      var stack = samples.stack[sample]
      while let place = stack {
        result.insert(stringArray[funcTable.name[frameTable.func[stackTable.frame[place]]]], at: 0)
        stack = stackTable.prefix[place]
      }
      return result
    }
  }
  let meta: Meta
  let threads: [Thread]
}
