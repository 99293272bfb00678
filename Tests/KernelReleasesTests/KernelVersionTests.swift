import HostSystem
import Testing

@testable import KernelReleases

@Suite struct KernelVersionTests {
  private func version(_ text: String) throws -> KernelVersion { try #require(KernelVersion(text), "\(text)") }

  @Test func `versions stand in the order of the kernel`() throws {
    let chain = [
      "2.6.12-rc2", "2.6.39", "2.6.39.4", "3.0-rc1", "3.0", "3.1-rc9", "3.1-rc10", "3.1", "4.9", "4.10", "4.15-rc5",
      "4.15-rc6", "4.15-rc9", "4.15", "4.15.1", "5.10", "6.1-rc7", "6.1", "6.1.140", "6.12", "6.12.1-rc2", "6.12.1",
      "6.12.2-rc1",
    ]
    let versions = try chain.map(version)
    for (low, high) in zip(versions, versions.dropFirst()) { #expect(low < high) }
    #expect(versions.shuffled().sorted() == versions)
  }

  @Test func `a final zero does not make another version`() throws {
    #expect(try version("6.12") == version("6.12.0"))
    #expect(try version("6.12").hashValue == version("6.12.0").hashValue)
    #expect(try version("v6.12.0").description == "6.12")
    #expect(try version("2.6.12").description == "2.6.12")
    #expect(try version("2.6.12.0").description == "2.6.12")
  }

  @Test(arguments: [
    ("4.15-rc6", ReleaseKind.candidate, "4.15", "4.15"), ("4.15", .final, "4.15", "4.15"),
    ("4.15.1", .stable, "4.15", "4.15"), ("2.6.39", .final, "2.6.x", "2.6.39"),
    ("2.6.39.4", .stable, "2.6.x", "2.6.39"), ("2.6.12-rc2", .candidate, "2.6.x", "2.6.12"),
    ("6.12.1-rc2", .candidate, "6.12", "6.12"),
  ])
  func `kind and series follow from the version`(
    text: String, kind: ReleaseKind, series: String, final: String
  ) throws {
    let version = try version(text)
    #expect(version.kind == kind)
    #expect(version.series == series)
    #expect(version.final.description == final)
    #expect(version.description == text)
  }

  @Test func `linux-next snapshots are a line of their own`() throws {
    let snapshot = try version("next-20251121")
    #expect(snapshot.kind == .next)
    #expect(snapshot.series == nil)
    #expect(snapshot.snapshotDay == CalendarDay("2025-11-21"))
    #expect(try version("next-20251120") < snapshot)
    #expect(snapshot.line != (try version("6.18")).line)
    #expect(snapshot.description == "next-20251121")
  }

  @Test(arguments: [
    "", "6", "6.", ".6", "6.1.", "6.1.2.3", "6.1-rc", "6.1-rc0", "6.1-rcx", "6.1-rc01", "06.1", "6.01", "6.1 ", " 6.1",
    "6.1\n", "6.1-rc1-rc2", "6.1-7", "6.1.0-37-amd64", "next-2025112", "next-20251301", "next-202511211", "next-",
    "vv6.1",
    "-6.1", "6.-1", "6.1.2.3.4", "2.6.1.2.3", "1234567890123456789.1", "６.1", "6.1\0",
  ])
  func `what is no version is refused`(text: String) {
    #expect(KernelVersion(text) == nil)
  }

  @Test func `huge numbers are compared and written without loss`() throws {
    let huge = try version("999999999999999999.999999999999999999.999999999999999999-rc999999999999999999")
    #expect(huge.description == "999999999999999999.999999999999999999.999999999999999999-rc999999999999999999")
    #expect(huge > (try version("999999999999999999.999999999999999999.999999999999999998")))
  }

  /// A seeded generator, so that a failure can be repeated.
  private struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var value = state
      value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
      value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
      return value ^ value >> 31
    }
  }

  private func randomVersion(_ generator: inout Generator) -> KernelVersion {
    // Small numbers, so that equal ones come up often.
    func number() -> Int { Int.random(in: 0...3, using: &generator) }
    if Int.random(in: 0...9, using: &generator) == 0 {
      return KernelVersion(linuxNext: CalendarDay(daysSinceEpoch: 20_000 + number()))
    }
    let major = Int.random(in: 2...4, using: &generator)
    return KernelVersion(
      numbers: .init(major, number(), number(), major == 2 ? number() : 0),
      candidate: Bool.random(using: &generator) ? number() + 1 : nil)
  }

  @Test(arguments: [1, 2, 3]) func `the order is total`(seed: UInt64) {
    var generator = Generator(state: seed)
    for _ in 0..<20_000 {
      let (a, b, c) = (
        randomVersion(&generator), randomVersion(&generator), randomVersion(&generator)
      )
      #expect([a < b, a == b, b < a].filter { $0 }.count == 1, "trichotomy of \(a) and \(b)")
      if a < b, b < c { #expect(a < c, "transitivity of \(a), \(b), \(c)") }
      if a == b { #expect(a.hashValue == b.hashValue) }
      #expect(KernelVersion(a.description) == a, "\(a) survives text")
    }
  }
}
