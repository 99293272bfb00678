import Glibc
import HostSystem
import PerfProfiling
import TestSupport
import Testing

@Suite("A fresh recording says the same as perf report", .serialized)
struct AgreementTests {
  private static let perf = InstalledPerf.path
  private static let obstacle = InstalledPerf.obstacle

  /// Samples by object and symbol, as perf counts them. Names are left as linkers see them.
  private func perfReport(_ path: String, home: String) async throws -> [String: Int] {
    let report = try await ToolboxProcess.run(
      path: Self.perf,
      [
        "report", "--stdio", "-g", "none", "--no-children", "--percent-limit", "0", "-n", "-s", "dso,sym", "-F",
        "sample,dso,sym", "-t", "\t", "--no-demangle", "-i", path,
      ], environment: ["HOME": home])
    try #require(report.status == 0, "\(report.errors)")
    var counts: [String: Int] = [:]
    for line in report.output.split(separator: "\n") where !line.hasPrefix("#") {
      let fields = line.split(separator: "\t").map { field in
        String(field.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
      }
      guard fields.count == 3, let samples = Int(fields[0]) else { continue }
      var symbol = fields[2]
      // `[k] name`; an address where there is no name.
      if symbol.hasPrefix("["), symbol.count > 4 { symbol = String(symbol.dropFirst(4)) }
      if symbol.hasPrefix("0x") { symbol = "[unknown]" }
      counts[fields[1] + " " + symbol, default: 0] += samples
    }
    return counts
  }

  private func ours(_ path: String, home: String) throws -> [String: Int] {
    var options = PerfDataReader.Options(symbols: SymbolSources(environment: ["HOME": home]))
    options.demangles = false
    let profile = try PerfDataReader.read(path: path, options: options)
    var counts: [String: Int] = [:]
    for (index, stack) in profile.samples.stacks.enumerated() where profile.samples.events[index] == 0 {
      let frame = profile.frames[profile.stacks.frames[Int(stack)]]
      var object = frame.object.map { String($0.split(separator: "/").last ?? "") } ?? "[unknown]"
      if object.hasPrefix("perf-"), object.hasSuffix(".map") {
        object = "[JIT] tid \(object.dropFirst(5).dropLast(4))"
      }
      counts[object + " " + (frame.name ?? "[unknown]"), default: 0] += 1
    }
    return counts
  }

  /// What perf 6.1 counts otherwise, and why that is let stand: it numbers the stubs of `.plt` in the order of the
  /// relocations, which linkers do not keep, and has none for the stubs of functions that choose themselves; and it lets `_init`, which
  /// has no size, reach into the stubs behind it. Their samples
  /// are compared together with those without a name, object by object.
  private func withoutStubs(_ counts: [String: Int]) -> [String: Int] {
    var result: [String: Int] = [:]
    for (name, count) in counts {
      let isStub = name.hasSuffix("@plt") || name.hasSuffix(" _init") || name.hasSuffix(" _fini")
      let object = name.split(separator: " ").first.map(String.init) ?? ""
      result[isStub ? object + " [unknown]" : name, default: 0] += count
    }
    return result
  }

  @Test(
    "Samples by symbol agree to the sample", .enabled(if: obstacle == nil, "\(obstacle ?? "")"),
    arguments: [["-g"], [], ["-g", "-z"]])
  func agreement(options: [String]) async throws {
    let directory = try TemporaryDirectory()
    // perf names code of the vdso only from its cache, which is below HOME.
    let path = directory("perf.data")
    try directory.write("words", text: (0..<200_000).map { "\($0 * 7919 % 199_999)\n" }.joined())
    let record = try await ToolboxProcess.run(
      path: Self.perf,
      ["record", "-F", "4000", "-e", "cpu-clock"] + options + [
        "-o", path, "--", "/usr/bin/sort", "-o", directory("sorted"), directory("words"),
      ], environment: ["HOME": directory.path])
    try #require(record.status == 0, "\(record.errors)")
    let theirs = withoutStubs(try await perfReport(path, home: directory.path))
    let mine = withoutStubs(try ours(path, home: directory.path))
    #expect(theirs.values.reduce(0, +) > 50, "there is nothing to compare")
    let differing = Set(theirs.keys).union(mine.keys).filter { theirs[$0] != mine[$0] }.sorted()
    #expect(differing.isEmpty, "\(differing.map { "\($0): perf \(theirs[$0] ?? 0), here \(mine[$0] ?? 0)" })")
  }

  @Test("Every set of fields gives the same stacks", .enabled(if: obstacle == nil, "\(obstacle ?? "")"))
  func fieldSets() async throws {
    let directory = try TemporaryDirectory()
    let path = directory("perf.data")
    let record = try await ToolboxProcess.run(
      path: Self.perf,
      [
        "record", "-F", "1000", "-e", "cpu-clock", "-g", "-a", "-o", path, "--", "/bin/sh", "-c",
        "for i in 1 2 3; do ls -R /usr/share >/dev/null; done",
      ], environment: ["HOME": directory.path])
    try #require(record.status == 0, "\(record.errors)")
    func stacks(_ fields: String) async throws -> (samples: Int, stacks: [String: Int]) {
      let script = try await ToolboxProcess.run(
        path: Self.perf, ["script", "-i", path, "--no-inline", "-F", fields + ",ip,sym"],
        environment: ["HOME": directory.path])
      try #require(script.status == 0, "\(fields): \(script.errors)")
      let profile = try Array(script.output.utf8).withUnsafeBufferPointer {
        try ProfileReader.read($0, path: fields).profile
      }
      #expect(profile.notes.isEmpty, "\(fields): \(profile.notes)")
      var labels = StackLabels()
      labels.root = fields.contains("comm") ? .command : .none
      let lines = FoldedStacks(profile, labels: labels).lines.map { String(decoding: $0.stack, as: UTF8.self) }
      return (profile.samples.count, Dictionary(lines.map { ($0, 1) }) { $0 + $1 })
    }
    let whole = try await stacks("comm,pid,tid,cpu,time,period,event")
    #expect(whole.samples > 20, "there is nothing to compare")
    for fields in [
      "comm", "comm,tid", "comm,pid,tid", "comm,tid,cpu", "comm,event", "comm,time", "comm,tid,period",
      "comm,tid,flags", "comm,tid,time,event,trace",
    ] {
      let some = try await stacks(fields)
      #expect(some.samples == whole.samples && some.stacks == whole.stacks, "\(fields)")
    }
    for fields in ["pid", "tid,time", "time,event", "event", "cpu", "period"] {
      #expect(try await stacks(fields).samples == whole.samples, "\(fields)")
    }
  }
}
