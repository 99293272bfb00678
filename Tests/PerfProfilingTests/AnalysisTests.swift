import Compression
import FoundationEssentials
import HostSystem
import PerfProfiling
import TestSupport
import Testing

@Suite("reports, checks and comparisons say what the samples say")
struct AnalysisTests {
  private static func profile(_ folded: String) throws -> Profile { try TextInputTests.read(folded).profile }

  /// Text of perf script: a sample every 10 ms, of the stacks that `stack` gives, the innermost frame first.
  private static func timed(_ count: Int, _ stack: (Int) -> [String]) throws -> Profile {
    var text = ""
    for number in 0..<count {
      let hundredths = String(number % 100)
      text +=
        "a 1 [000] \(number / 100).\(String(repeating: "0", count: 2 - hundredths.count))\(hundredths)0000: 1 cycles: \n"
      text += stack(number).map { "\t        40 \($0)+0x1 (/x/a)\n" }.joined() + "\n"
    }
    return try TextInputTests.read(text).profile
  }

  @Test func `self and total are by function, and recursion counts once`() throws {
    let report = ProfileReport(try Self.profile("a;main;f;g;f 3\na;main;g 2\na;main 1\nb;main;f 4\n"))
    let event = try #require(report.events.first)
    #expect(event.samples == 4)
    #expect(event.total == 10)
    let rows = event.symbols.map { "\($0.name) \($0.own) \($0.total)" }
    #expect(rows.contains("f 7 7"))
    #expect(rows.contains("g 2 5"))
    #expect(rows.contains("main 1 10"))
    #expect(rows.first == "f 7 7")
  }

  @Test func `threads, commands and objects add up to the whole`() throws {
    let text =
      TextInputTests.sample("a 1/2 [000] 1.5: 7 cycles: ", "40 f+0x1 (/x/lib)", "41 main+0x2 (/x/a)")
      + TextInputTests.sample("a 1/3 [000] 1.6: 2 cycles: ", "41 main+0x2 (/x/a)")
      + TextInputTests.sample("b 4/4 [000] 1.7: 1 cycles: ", "40 f+0x1 (/x/lib)", "40 f+0x1 (/x/lib)")
    let event = try #require(ProfileReport(try TextInputTests.read(text).profile).events.first)
    #expect(event.objects.map { "\($0.name) \($0.own) \($0.total)" } == ["/x/lib 8 8", "/x/a 2 9"])
    #expect(event.commands.map { "\($0.name) \($0.total)" } == ["a 9", "b 1"])
    #expect(event.threads.map { "\($0.name) \($0.total)" } == ["a 1/2 7", "a 1/3 2", "b 4/4 1"])
  }

  private func check(_ profile: Profile, isText: Bool = false) throws -> ProfileCheck {
    try ProfileCheck(profile, event: 0, system: OSRelease(fields: ["ID": "debian"]), isText: isText)
  }

  private func verdict(_ id: String, _ check: ProfileCheck) -> ProfileCheck.Verdict? {
    check.checks.first { $0.id == id }?.verdict
  }

  @Test func `a good profile passes every check`() throws {
    let profile = try Self.timed(2000) { _ in ["f", "main", "_start"] }
    #expect(try check(profile).checks.filter { $0.verdict != .ok }.map(\.id) == [])
    #expect(try check(profile).objects.isEmpty)
  }

  @Test func `each weakness has its finding and its mend`() throws {
    #expect(verdict("samples", try check(try Self.timed(50) { _ in ["f", "main", "_start"] })) == .fail)
    #expect(verdict("samples", try check(try Self.timed(500) { _ in ["f", "main", "_start"] })) == .warn)
    #expect(verdict("stacks", try check(try Self.timed(2000) { _ in ["f"] })) == .fail)
    #expect(verdict("stacks", try check(try Self.timed(2000) { $0 % 10 == 0 ? ["f"] : ["f", "_start"] })) == .warn)
    let rootless = try check(try Self.timed(2000) { _ in ["f", "g", "h"] })
    #expect(verdict("roots", rootless) == .fail)
    #expect(rootless.checks.first { $0.id == "roots" }?.fix?.contains("--call-graph dwarf") == true)
    let deep = try check(try Self.timed(2000) { number in Array(repeating: "f", count: number % 4 == 0 ? 127 : 126) })
    #expect(verdict("truncated", deep) == .fail)
    var lossy = try Self.timed(2000) { _ in ["f", "main", "_start"] }
    lossy.accounting.lost = 20
    lossy.accounting.throttled = 2
    #expect(verdict("lost", try check(lossy)) == .warn)
    #expect(verdict("throttled", try check(lossy)) == .warn)
    lossy.accounting.lost = 500
    #expect(verdict("lost", try check(lossy)) == .fail)
  }

  @Test func `code without names is listed by object with the mend for the distribution`() throws {
    var profile = try Self.timed(1000) { number in
      number % 2 == 0 ? ["[unknown]", "main", "_start"] : ["f", "[unknown]", "_start"]
    }
    profile.objects = [CodeObject(name: "/x/a", buildID: "12ab", symbols: .stripped("/x/a"))]
    let found = try check(profile)
    #expect(verdict("unknown", found) == .fail)
    let object = try #require(found.objects.first)
    #expect(object.name == "/x/a")
    #expect(object.ownPercent == 50)
    #expect(object.totalPercent == 100)
    #expect(object.fix == "find-dbgsym-packages /x/a (of the package debian-goodies) names the package to install")
    let fedora = try ProfileCheck(profile, event: 0, system: OSRelease(fields: ["ID": "fedora"]), isText: false)
    #expect(fedora.objects.first?.fix == "dnf debuginfo-install /x/a")
    #expect(try check(profile, isText: true).objects.first?.fix?.contains("--symfs") == false)
  }

  @Test func `a change in time is told from noise by blocks`() throws {
    // One in ten before, three in ten after; g takes turns in long runs, which is noise although its share differs.
    let before = try Self.timed(4000) { ["\($0 % 10 == 0 ? "slow" : $0 / 500 % 2 == 0 ? "g" : "h")", "main"] }
    let after = try Self.timed(4000) { ["\($0 % 10 < 3 ? "slow" : $0 / 700 % 2 == 0 ? "g" : "h")", "main"] }
    let difference = ProfileDifference(before, event: 0, after, event: 0, countsWeights: false)
    #expect(difference.method == .timeBlocks)
    let slow = try #require(difference.function("slow"))
    #expect(slow.own.isSignificant)
    #expect(abs(slow.own.points - 20) < 0.001)
    #expect(abs((slow.own.relative ?? 0) - 200) < 0.001)
    let main = try #require(difference.function("main"))
    #expect(main.total.points == 0)
    #expect(!main.total.isSignificant)
    let unlucky = try #require(difference.function("h"))
    // Taken as independent samples its change would be far beyond chance.
    #expect(abs(unlucky.own.points) > 3)
    #expect(!unlucky.own.isSignificant)
    let same = ProfileDifference(before, event: 0, before, event: 0, countsWeights: false)
    #expect(same.functions.allSatisfy { $0.own.points == 0 && !$0.own.isSignificant })
  }

  @Test func `folded counts are tested as independent samples`() throws {
    let difference = ProfileDifference(
      try Self.profile("a;f 100\na;g 900\n"), event: 0, try Self.profile("a;f 320\na;g 1600\na;new 80\n"), event: 0,
      countsWeights: true)
    #expect(difference.method == .sampleCounts)
    #expect(difference.function("f")?.own.isSignificant == true)
    #expect(difference.function("new")?.own.relative == nil)
    #expect(difference.function("none") == nil)
    let few = ProfileDifference(
      try Self.profile("a;f 1\na;g 9\n"), event: 0, try Self.profile("a;f 2\na;g 8\n"), event: 0, countsWeights: true)
    #expect(few.function("f")?.own.isSignificant == false)
  }

  @Test(arguments: [
    ("total(f) > +5%", "f", FailCondition.Measure.total, 5.0), ("self(f)>=0.5points", "f", .own, 0.5),
    (" total(operator()(int) const) < -10 %", "operator()(int) const", .total, -10),
    ("self(a > b) > 1 pp", "a > b", .own, 1),
  ])
  func `conditions are understood`(
    text: String, function: String, measure: FailCondition.Measure, limit: Double
  ) throws {
    let condition = try FailCondition(text)
    #expect(condition.function == function)
    #expect(condition.measure == measure)
    #expect(condition.limit == limit)
  }

  @Test(arguments: [
    "", "total(f)", "total(f) > 5", "sum(f) > 5%", "total() > 5%", "total(f) > x%", "total(f) ~ 5%", "total f > 5%",
    "total(f) > inf%",
  ])
  func `other conditions are refused`(text: String) {
    #expect(throws: FailCondition.Failure.notUnderstood(text)) { try FailCondition(text) }
  }

  @Test func `a condition holds or not, and an unknown function is said`() throws {
    let difference = ProfileDifference(
      try Self.profile("a;f 10\na;g 90\n"), event: 0, try Self.profile("a;f 20\na;g 75\na;n 5\n"), event: 0,
      countsWeights: true)
    func holds(_ text: String) throws -> Bool {
      let condition = try FailCondition(text)
      return condition.isMet(by: try condition.change(in: difference))
    }
    #expect(try holds("total(f) > +5%"))
    #expect(try holds("total(f) >= 100%"))
    #expect(try !holds("total(f) > 100%"))
    #expect(try holds("self(f) > 9.9 points"))
    #expect(try holds("self(g) < -10%"))
    #expect(try holds("self(n) > 1000%"))
    #expect(throws: FailCondition.Failure.noFunction("x")) { try holds("self(x) > 1%") }
  }

  @Test(
    .enabled(if: SharedCases.isPresent("perf/difffolded"), "\(SharedCases.reason)"),
    arguments: [("default.txt", false, false), ("normalize.txt", true, false), ("strip_hex.txt", false, true)])
  func `two columns are those of difffolded`(name: String, normalizes: Bool, strips: Bool) throws {
    func folded(_ name: String) throws -> FoldedStacks {
      let read = try ProfileReader.read(try #require(SharedCases.path("perf/difffolded/" + name)))
      var labels = StackLabels()
      (labels.isVerbatim, labels.marksKernel, labels.marksJIT, labels.marksInlined) = (true, true, true, true)
      return FoldedStacks(read.profile, labels: labels)
    }
    var text: [UInt8] = []
    FoldedStacks(
      from: try folded("before.txt"), to: try folded("after.txt"), scaling: normalizes ? .cut : .none,
      hidesAddresses: strips
    ).columns { text += $0 }
    let expected = try String(
      contentsOfFile: try #require(SharedCases.path("perf/difffolded/" + name)), encoding: .utf8)
    #expect(
      String(decoding: text, as: UTF8.self).split(separator: "\n").sorted() == expected.split(separator: "\n").sorted())
  }

  @Test func `gzip that is written can be read`() throws {
    for content in [[], Array("short".utf8), (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) }] {
      let packed = try GzipWriter.compressed(content)
      var back: [UInt8] = []
      try packed.withUnsafeBufferPointer { try Decompression.stream($0, .gzip) { back += $0 } }
      #expect(back == content)
    }
  }
}
