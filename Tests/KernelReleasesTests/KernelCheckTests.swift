import DebianPackages
import HostSystem
import TestSupport
import Testing

@testable import KernelReleases

/// Where kernels stand on 30 August 2026, the last day of the shipped history, and what a check makes of it.
@Suite struct KernelCheckTests {
  private let vendors: VendorTable
  private let shipped: ReleaseHistory

  init() throws {
    vendors = try VendorTable.shipped()
    shipped = try ShippedHistory.load()
  }

  private func newest(_ series: String) throws -> Release {
    try #require(shipped.releases(inSeries: series).last { $0.version.candidate == nil })
  }

  private func identity(_ release: String, _ version: String = "", signature: String = "") -> KernelIdentity {
    KernelIdentity(KernelStrings(release: release, version: version, signature: signature), vendors: vendors)
  }

  private func debian(_ version: String) -> KernelIdentity {
    identity("6.1.0-37-amd64", "#1 SMP PREEMPT_DYNAMIC Debian \(version) (2026-01-01)")
  }

  private func status(
    _ running: KernelIdentity?, fetched: Bool = true, day: String = "2026-08-30", reboot: Bool? = false,
    history: ReleaseHistory? = nil
  ) throws -> StatusDocument {
    let now = Instant(secondsSinceEpoch: try #require(CalendarDay(day)).daysSinceEpoch * 86_400 + 43_200)
    let last = try #require(shipped.lastDay)
    return StatusDocument(
      machine: MachineKernels(
        place: .host, running: running, installed: [], reboot: .init(isRequired: reboot, reason: "of a test"),
        candidate: nil),
      knowledge: KernelKnowledge(
        history: history ?? shipped,
        fetched: fetched ? .init(address: "https://example.org/feed", time: now, database: "x") : nil,
        shippedUntil: last),
      now: now)
  }

  // MARK: Standing

  @Test func `releases and days are counted inside the series`() throws {
    let newest = try newest("6.1")
    let standing = try status(debian("6.1.140-1")).standing
    let behind = try #require(standing.behind)
    let version = try #require(KernelVersion("6.1.140"))
    let own = try #require(shipped[version]?.date)
    #expect(behind.newest.version == newest.version)
    #expect(behind.releases == newest.version.stableNumber - 140)
    let day = try #require(newest.date?.day)
    #expect(behind.days == day - own.day)
    #expect(standing.series?.name == "6.1")
    #expect(standing.series?.isLongterm == true)
    #expect(standing.series?.hasEnded == false)
    #expect(standing.series?.successor == nil)
    #expect(try status(debian("\(newest.version)-1")).standing.behind?.releases == 0)
  }

  @Test func `a candidate is behind its successors and its final`() throws {
    let behind = try #require(try status(identity("4.15.0-041500rc6-generic")).standing.behind)
    // rc7 to rc9, 4.15 and its 18 stable releases.
    #expect(behind.releases == 22)
    #expect(behind.newest.version == KernelVersion("4.15.18"))
  }

  @Test func `what came and went between two fetches is counted`() throws {
    let top = try newest("6.1").version
    let later = top.withStableNumber(top.stableNumber + 5)
    let history = shipped.adding([
      Release(
        version: later, date: CalendarDay("2026-10-01").map { ReleaseDate($0) }, channel: .longterm, source: "feed")
    ])
    #expect(try status(debian("\(top)-1"), history: history).standing.behind?.releases == 5)
    let flood = top.withStableNumber(999_999_999_999_999_999)
    let absurd = shipped.adding([Release(version: flood, date: nil, channel: .longterm, source: "feed")])
    #expect(try status(debian("\(top)-1"), history: absurd).standing.behind?.days == nil)
  }

  @Test func `numbers that were never given out are not counted`() throws {
    // After 3.16.7 came 3.16.35; 3.16.85 was the last.
    #expect(try status(identity("3.16.7")).standing.behind?.releases == 51)
    #expect(try status(identity("3.16.35")).standing.behind?.releases == 50)
    // No row gives the day of 7.2.1, but 7.2.2 came after it.
    #expect(try status(identity("7.2.0-arch1-1")).standing.behind?.releases == 2)
    #expect(try status(identity("7.2.1-arch1-1")).standing.behind?.days == nil)
  }

  @Test func `an ended series names what lives on`() throws {
    let series = try #require(try status(identity("6.15.2-arch1-1")).standing.series)
    #expect(series.hasEnded)
    #expect(series.successor?.version.cycleName == "6.18")
    #expect(series.isSuccessorLongterm)
    // Once the published day is over the series has ended, though nobody fetched since.
    #expect(try status(debian("6.1.140-1"), fetched: false, day: "2036-01-01").standing.series?.hasEnded == true)
  }

  @Test func `a frozen base compares with nothing and counts finals`() throws {
    let standing = try status(identity("5.14.0-503.11.1.el9_5.x86_64")).standing
    #expect(standing.behind == nil)
    let base = try #require(KernelVersion("5.14"))
    // 5.15 to 5.19, 6.0 to 6.19, 7.0 to 7.2.
    #expect(standing.comparison == .ownBase(base, finalsSince: 28))
    #expect(standing.series?.name == "5.14")
    let ubuntu = try #require(KernelVersion("6.8"))
    #expect(try status(identity("6.8.0-60-generic")).standing.comparison == .onlySeries(ubuntu))
    #expect(try status(identity("6.99.1")).standing.comparison == .newerThanKnown)
    #expect(try status(identity("6.18.0-rc5-next-20251110")).standing.comparison == .nothing)
    #expect(try status(nil).standing.comparison == .nothing)
    #expect(try status(nil).standing.series == nil)
  }

  // MARK: Verdicts

  @Test func `a current kernel is fine and an old answer is unsure`() throws {
    let newest = try newest("6.18").version
    let check = KernelCheck(try status(identity("\(newest)-arch1-1")), conditions: KernelCheck.Condition.allCases)
    #expect(check.verdict == .ok)
    #expect(check.failed.isEmpty)
    #expect(KernelCheck(try status(identity("\(newest)-arch1-1"), fetched: false)).verdict == .unknown)
  }

  @Test func `distance and end are judged by their thresholds`() throws {
    let current = try status(debian("6.1.140-1"))
    let days = try #require(current.standing.behind?.days)
    var thresholds = KernelCheck.Thresholds()
    thresholds.behindWarning = days
    #expect(KernelCheck(current, thresholds: thresholds).verdict == .ok)
    thresholds.behindWarning = days - 1
    #expect(KernelCheck(current, thresholds: thresholds).verdict == .warning)
    thresholds.behindCritical = days - 1
    #expect(KernelCheck(current, thresholds: thresholds).verdict == .critical)
    thresholds = KernelCheck.Thresholds()
    thresholds.behindWarning = days
    thresholds.endWarning = try #require(current.standing.series?.daysLeft) + 1
    #expect(KernelCheck(current, thresholds: thresholds).findings.first?.id == "end-near")
  }

  @Test func `an ended series is critical and a reboot a warning`() throws {
    let ended = KernelCheck(try status(identity("6.15.2-arch1-1"), fetched: false), conditions: [.endOfLife, .reboot])
    #expect(ended.verdict == .critical)
    #expect(ended.failed == [.endOfLife])
    let waiting = KernelCheck(
      try status(identity("7.2.2-arch1-1"), reboot: true), conditions: [.endOfLife, .behind, .reboot])
    #expect(waiting.verdict == .warning)
    #expect(waiting.failed == [.reboot])
  }

  @Test(arguments: [
    "5.14.0-503.11.1.el9_5.x86_64", "6.4.0-150600.23.47-default", "5.15.0-209.161.7.2.el9uek.x86_64",
    "6.8.0-60-generic",
  ])
  func `a vendor's kernel is never called outdated`(release: String) throws {
    let check = KernelCheck(
      try status(identity(release)), conditions: [.endOfLife, .behind])
    #expect(check.verdict == .unknown)
    #expect(check.failed.isEmpty)
    #expect(!check.summary.contains("outdated"))
    #expect(!check.prometheusText.contains("end_of_life"))
    #expect(!check.pluginLine(thresholds: .init()).contains("end_of_life"))
  }

  @Test func `a vendor that goes on after the end is not judged by it`() throws {
    let check = KernelCheck(
      try status(identity("6.8.0-60-generic", signature: "Ubuntu 6.8.0-60.63-generic 6.8.12")), conditions: [.endOfLife]
    )
    #expect(check.verdict == .unknown)
    #expect(check.findings.map(\.id) == ["vendor-support", "newest"])
    #expect(check.failed.isEmpty)
  }

  // MARK: Forms

  @Test func `the plugin's line has one bar and its figures`() throws {
    let current = try status(debian("6.1.140-1"))
    let behind = try #require(current.standing.behind)
    let days = try #require(behind.days)
    let left = try #require(current.standing.series?.daysLeft)
    var thresholds = KernelCheck.Thresholds()
    (thresholds.behindWarning, thresholds.behindCritical) = (days + 1, days + 2)
    let line = KernelCheck(current, thresholds: thresholds).pluginLine(thresholds: thresholds)
    #expect(
      line == """
        KERNEL OK - 6.1.140 is \(behind.releases) releases and \(days) days behind \(behind.newest.version) \
        | behind_releases=\(behind.releases);;;0 behind_days=\(days);\(days + 1);\(days + 2);0 end_of_life_days=\(left);90: \
        reboot_required=0;;;0;1
        """)
    let plain = KernelCheck(try status(nil, reboot: nil)).pluginLine(thresholds: thresholds)
    #expect(plain == "KERNEL UNKNOWN - of a test")
    #expect(KernelCheck.pluginText(.unknown, "a | b\n\u{1B}[31mc") == "KERNEL UNKNOWN - a / b [31mc")
    #expect(KernelCheck.Verdict.allCases.map(KernelCheck.pluginStatus) == [0, 3, 1, 2])
  }

  @Test(arguments: [
    "6.1.0-37-amd64", "7.2.1-arch1-1", "5.14.0-503.el9.x86_64", "6.1.1-\"quo\\te\"\u{1B}[31m\n", "", "nonsense",
  ])
  func `the metrics are in Prometheus' form`(release: String) throws {
    let text = KernelCheck(try status(identity(release))).prometheusText
    #expect(try PrometheusForm.violations(in: text) == [])
    #expect(text.contains("toolbox_kernel_running_info{release="))
    #expect(text.contains("toolbox_kernel_last_fetch_timestamp_seconds 17"))
  }

  @Test func `a label's value is escaped`() {
    #expect(PrometheusText.escaped("a\"b\\c\nd\u{7}") == "a\\\"b\\\\c d")
  }
}

/// A strict reader of Prometheus' text format: every metric described, typed and named once, labels quoted, values finite.
enum PrometheusForm {
  static func violations(in text: String) throws -> [String] {
    var problems: [String] = []
    var described: Set<String> = []
    var typed: Set<String> = []
    var samples: Set<Substring> = []
    var current = ""
    guard text.hasSuffix("\n"), !text.hasSuffix("\n\n") else { return ["does not end with one line feed"] }
    for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
      if let help = try #/# HELP ([a-z_]+) \S.*/#.wholeMatch(in: line) {
        current = String(help.1)
        if !described.insert(current).inserted { problems.append("\(current) is described twice") }
      } else if let type = try #/# TYPE ([a-z_]+) gauge/#.wholeMatch(in: line) {
        if String(type.1) != current || !typed.insert(current).inserted {
          problems.append("a type out of place: \(line)")
        }
      } else if let sample = try
        #/([a-z_]+)(\{[a-z_]+="(?:[^"\\\n]|\\["\\n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\["\\n])*")*\})? (-?[0-9]+)/#
        .wholeMatch(in: line)
      {
        if String(sample.1) != current || !typed.contains(current) { problems.append("a sample out of place: \(line)") }
        if !samples.insert(line.prefix { $0 != " " }).inserted { problems.append("a sample twice: \(line)") }
        if current.hasSuffix("_info") != (sample.2 != nil) || (current.hasSuffix("_info") && sample.3 != "1") {
          problems.append("an information metric without labels, or with another value than 1: \(line)")
        }
      } else {
        problems.append("no line of the format: \(line)")
      }
    }
    if described != typed { problems.append("described and typed differ") }
    return problems
  }
}
