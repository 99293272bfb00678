import GRDB
import HostSystem
import TestSupport
import Testing

@testable import KernelReleases

@Suite struct CVERecordsTests {
  private func read(_ text: String) throws -> (records: [Vulnerability], warnings: [String]) {
    let snapshot = try FeedReader.read(Array(text.utf8))
    #expect(snapshot.format == .cve)
    guard case .vulnerabilities(let records) = snapshot.content else { return ([], []) }
    return (records, snapshot.warnings)
  }

  /// A record as the kernel's authority writes it, in one line.
  static func record(_ id: String, _ affected: String, state: String = "PUBLISHED", assigner: String = "Linux")
    -> String
  {
    #"{"dataType":"CVE_RECORD","cveMetadata":{"cveId":"\#(id)","state":"\#(state)","assignerShortName":"\#(assigner)","#
      + #""datePublished":"2025-01-02T03:04:05.678Z"},"containers":{"cna":{"title":"net: fix\n it","affected":[\#(affected)]}}}"#
  }

  static let block =
    #"{"vendor":"Linux","product":"Linux","defaultStatus":"affected","versions":[{"version":"0","lessThan":"6.2","status":"unaffected","versionType":"semver"},{"version":"6.6.17","lessThanOrEqual":"6.6.*","status":"unaffected","versionType":"semver"},{"version":"6.8","lessThanOrEqual":"*","status":"unaffected","versionType":"original_commit_for_fix"}]}"#

  private func status(_ record: Vulnerability, _ version: String) throws -> Vulnerability.Status {
    record.status(of: try #require(KernelVersion(version)))
  }

  @Test(.enabled(if: SharedCases.isPresent("kernel/samples/cve/CVE-2024-26581.json"), "\(SharedCases.reason)"))
  func `the real record of CVE-2024-26581 says who is affected and where it was fixed`() throws {
    let path = try #require(SharedCases.path("kernel/samples/cve/CVE-2024-26581.json"))
    let snapshot = try FeedReader.read(try RootDirectory().read(path))
    guard case .vulnerabilities(let records) = snapshot.content else { throw FeedError.empty }
    let record = try #require(records.first)
    #expect(records.count == 1)
    #expect(snapshot.warnings == [])
    #expect(record.id == "CVE-2024-26581")
    #expect(record.title == "netfilter: nft_set_rbtree: skip end interval element from gc")
    #expect(record.published?.description == "2024-02-20T12:52:57Z")
    #expect(record.blocks.count == 1)
    for version in ["6.1.77", "6.6.16", "6.7.4", "6.8-rc3", "5.15.1", "6.2", "2.6.12"] {
      #expect(try status(record, version) == .affected, "\(version)")
    }
    for version in ["6.1.78", "6.1.9999", "6.6.17", "6.7.5", "6.8-rc4", "6.8", "7.2.2"] {
      #expect(try status(record, version) == .unaffected, "\(version)")
    }
    #expect(record.fixes.map(\.description) == ["6.1.78", "6.6.17", "6.7.5", "6.8-rc4"])
    #expect(record.mainlineFix?.description == "6.8-rc4")
    #expect(record.fix(inSeriesOf: try #require(KernelVersion("6.1.77")))?.description == "6.1.78")
    #expect(record.fix(inSeriesOf: try #require(KernelVersion("5.15.1"))) == nil)
    #expect(try status(record, "next-20260828") == .unknown)
  }

  @Test func `a record, a list and one a line are the same`() throws {
    let one = Self.record("CVE-2025-0001", Self.block)
    let two = Self.record("CVE-2025-0002", Self.block)
    let list = try read("[\(one),\n\(two)]")
    #expect(list.records.map(\.id) == ["CVE-2025-0001", "CVE-2025-0002"])
    #expect(list.records[0].title == "net: fix it")
    #expect(try read(one).records == [list.records[0]])
    for text in ["\(one)\n\(two)", "\(one)\r\n\r\n\(two)\n", "\u{FEFF}\(one)\r\(two)"] {
      #expect(try read(text).records == list.records)
    }
  }

  @Test func `lines of records that are broken are refused with their place`() {
    let one = Self.record("CVE-2025-0001", Self.block)
    let column = one.utf8.count + 2
    #expect(throws: FeedError.malformed(JSONError(line: 1, column: column, problem: .trailing))) {
      _ = try read("\(one) \(one)")
    }
    #expect(throws: FeedError.malformed(JSONError(line: 2, column: 1, problem: .unexpected(0x78)))) {
      _ = try read("\(one)\nx")
    }
    #expect(throws: FeedError.cut(bytes: one.utf8.count + 2)) { _ = try read("\(one)\n{") }
    #expect(throws: FeedError.malformed(JSONError(line: 2, column: 1, problem: .trailing))) {
      _ = try read("{\"releases\":[{\"version\":\"6.1\"}]}\n\(one)")
    }
  }

  @Test func `versions in no range have the default, and the end of a series is its last release`() throws {
    let record = try read(Self.record("CVE-2025-0001", Self.block)).records[0]
    let expected: [(String, Vulnerability.Status)] = [
      ("2.6.12", .unaffected), ("6.1.140", .unaffected), ("6.2", .affected), ("6.6.16", .affected),
      ("6.6.17", .unaffected),
      ("6.6.9999", .unaffected), ("6.7-rc1", .affected), ("6.7.12", .affected), ("6.8", .unaffected),
      ("7.0", .unaffected),
      // Before the release that brought the fault: with which candidate it came is not said.
      ("6.2-rc3", .unknown),
    ]
    for (version, status) in expected { #expect(try self.status(record, version) == status, "\(version)") }
    #expect(record.fixes.map(\.description) == ["6.6.17", "6.8"])
    #expect(record.mainlineFix?.description == "6.8")
  }

  @Test func `a fault that came with a fix to a stable series counts beside what mainline says`() throws {
    let stable =
      #"{"vendor":"Linux","product":"Linux","defaultStatus":"unaffected","versions":[{"version":"89a4d1a89751","lessThan":"1296c110c5a0","status":"affected","versionType":"git"},{"version":"6.1.20","lessThan":"6.1.78","status":"affected","versionType":"semver"},{"version":"6.0.19","lessThan":"6.1","status":"affected","versionType":"semver"}]}"#
    let record = try read(Self.record("CVE-2025-0001", stable + "," + Self.block)).records[0]
    for (version, status) in [
      ("6.1.19", Vulnerability.Status.unaffected), ("6.1.20", .affected), ("6.1.77", .affected),
      ("6.1.78", .unaffected),
      ("6.0.19", .affected), ("6.6.16", .affected),
    ] {
      #expect(try self.status(record, version) == status, "\(version)")
    }
    #expect(record.fixes.map(\.description).contains("6.1.78"))
  }

  static let single: [(String, String, String, Vulnerability.Status)] = [
    ("one version", #"{"version":"6.1.5","status":"affected"}"#, "6.1.5", .affected),
    ("one version, another asked", #"{"version":"6.1.5","status":"affected"}"#, "6.1.6", .unaffected),
    ("up to and with", #"{"version":"6.1","lessThanOrEqual":"6.1.5","status":"affected"}"#, "6.1.5", .affected),
    ("before", #"{"version":"6.1","lessThan":"6.1.5","status":"affected"}"#, "6.1.5", .unaffected),
    ("the final is 6.1.0", #"{"version":"6.1.0","lessThan":"6.1.5","status":"affected"}"#, "6.1", .affected),
    ("a major with a star", #"{"version":"6.0","lessThanOrEqual":"6.*","status":"affected"}"#, "6.19.3", .affected),
    ("behind the star", #"{"version":"6.0","lessThanOrEqual":"6.*","status":"affected"}"#, "7.0-rc1", .unaffected),
    (
      "2.6.32 with a star", #"{"version":"2.6.32","lessThanOrEqual":"2.6.32.*","status":"affected"}"#, "2.6.32.60",
      .affected
    ),
    ("behind 2.6.32", #"{"version":"2.6.32","lessThanOrEqual":"2.6.32.*","status":"affected"}"#, "2.6.33", .unaffected),
    ("all", #"{"version":"*","status":"affected"}"#, "3.0", .affected),
    ("unknown", #"{"version":"6.1","lessThan":"6.2","status":"unknown"}"#, "6.1.5", .unknown),
    ("a status of the future", #"{"version":"6.1","lessThan":"6.2","status":"maybe"}"#, "6.1.5", .unknown),
    (
      "before a change",
      #"{"version":"6.1","lessThan":"6.2","status":"affected","changes":[{"at":"6.1.9","status":"unaffected"}]}"#,
      "6.1.8", .affected
    ),
    (
      "behind a change",
      #"{"version":"6.1","lessThan":"6.2","status":"affected","changes":[{"at":"6.1.9","status":"unaffected"}]}"#,
      "6.1.9", .unaffected
    ),
    (
      "changes in any order",
      #"{"version":"6.1","lessThan":"6.2","status":"unaffected","changes":[{"at":"6.1.9","status":"unaffected"},{"at":"6.1.5","status":"affected"}]}"#,
      "6.1.7", .affected
    ),
    ("a version that is none", #"{"version":"all of them","status":"affected"}"#, "6.1.7", .unknown),
    ("an end that is none", #"{"version":"6.1","lessThan":"next year","status":"affected"}"#, "6.1.7", .unknown),
    (
      "a change that is none", #"{"version":"6.1","lessThan":"6.2","status":"affected","changes":[{"at":"x"}]}"#,
      "6.1.7", .unknown
    ),
    (
      "a range that can be read beside one that cannot",
      #"{"version":"x","status":"affected"},{"version":"6.1.7","status":"unaffected"}"#, "6.1.7", .unaffected
    ),
    (
      "commits alone", #"{"version":"abc","lessThan":"def","status":"affected","versionType":"git"}"#, "6.1.7", .unknown
    ),
    ("a number", #"{"version":6.1,"lessThan":6.2,"status":"affected"}"#, "6.1.7", .affected),
  ]

  @Test(arguments: single.map(\.0)) func `a range decides over its versions`(name: String) throws {
    let (_, ranges, version, expected) = try #require(Self.single.first { $0.0 == name })
    let block = #"{"vendor":"Linux","product":"Linux","defaultStatus":"unaffected","versions":[\#(ranges)]}"#
    #expect(try status(try read(Self.record("CVE-2025-0001", block)).records[0], version) == expected)
  }

  @Test func `a block without a default says nothing of what it does not list`() throws {
    let block =
      #"{"vendor":"Linux","product":"Linux","versions":[{"version":"6.1","lessThan":"6.2","status":"affected"}]}"#
    let record = try read(Self.record("CVE-2025-0001", block)).records[0]
    #expect(try status(record, "6.1.5") == .affected)
    #expect(try status(record, "6.2") == .unknown)
    let all = try read(
      Self.record("CVE-2025-0001", #"{"vendor":"Linux","product":"Linux","defaultStatus":"affected"}"#)
    ).records[0]
    #expect(try status(all, "6.2") == .affected)
  }

  @Test func `a withdrawn record affects nothing`() throws {
    let (records, warnings) = try read(
      #"{"cveMetadata":{"cveId":"CVE-2024-12345","state":"REJECTED","assignerShortName":"Linux"},"containers":{"cna":{"rejectedReasons":[{"lang":"en","value":"This CVE ID\nhas been rejected."}]}}}"#
    )
    #expect(records[0].isRejected)
    #expect(records[0].title == "This CVE ID")
    #expect(try status(records[0], "6.1") == .unaffected)
    #expect(records[0].fixes == [])
    #expect(warnings == [])
  }

  @Test func `only records of the kernel are taken`() throws {
    let other = #"{"vendor":"Acme","product":"Linux Agent","defaultStatus":"affected"}"#
    let foreign = Self.record("CVE-2025-0003", other, assigner: "acme")
    let (records, warnings) = try read(
      "[\(foreign),\(Self.record("CVE-2025-0004", other + "," + Self.block, assigner: "redhat")),{\"cveMetadata\":{}}]")
    #expect(records.map(\.id) == ["CVE-2025-0004"])
    #expect(records[0].blocks.count == 1)
    #expect(warnings.count == 2)
    #expect(throws: FeedError.without("record of the Linux kernel", format: .cve)) { _ = try read(foreign) }
    #expect(throws: FeedError.without("\"cveMetadata\" with a \"cveId\"", format: .cve)) {
      _ = try read(#"{"cveMetadata":{"cveId":"CVE-1"}}"#)
    }
  }

  @Test func `what is stored is read back the same, and a newer record takes the place of the older`() throws {
    let directory = try TemporaryDirectory()
    let store = try ReleaseStore.openForWriting(
      DatabaseLocation(path: directory("kernel.sqlite")), now: Instant(secondsSinceEpoch: 0))
    let text = Self.record("CVE-2025-0001", Self.block)
    let records = try read("\(text)\n\(Self.record("CVE-2025-0002", "", state: "REJECTED"))").records
    try store.store(records, source: "file", at: Instant(secondsSinceEpoch: 5))
    #expect(try store.vulnerabilities().sorted { $0.id < $1.id } == records)
    let newer = Vulnerability(id: "CVE-2025-0001", title: "new", published: nil, isRejected: true)
    try store.store([newer], source: "file", at: Instant(secondsSinceEpoch: 6))
    #expect(try store.vulnerabilities().sorted { $0.id < $1.id } == [newer, records[1]])
  }

  @Test func `a report gives the affecting and undecided records in the order of their numbers`() throws {
    let git =
      #"{"vendor":"Linux","product":"Linux","defaultStatus":"unaffected","versions":[{"version":"a","lessThan":"b","status":"affected","versionType":"git"}]}"#
    let records = try read(
      [
        Self.record("CVE-2024-26581", Self.block), Self.record("CVE-2024-9999", git),
        Self.record("CVE-2023-50000", Self.block, state: "REJECTED"), Self.record("CVE-2025-0002", Self.block),
      ].joined(separator: "\n")
    ).records
    let report = VulnerabilityReport(of: try #require(KernelVersion("6.6.1")), records: records, isComplete: false)
    #expect(report.findings.map(\.vulnerability.id) == ["CVE-2024-9999", "CVE-2024-26581", "CVE-2025-0002"])
    #expect(report.findings.map(\.status) == [.unknown, .affected, .affected])
    #expect(report.findings.map { $0.fixedIn?.description } == [nil, "6.6.17", "6.6.17"])
    #expect(report.recordCount == 4)
    let all = VulnerabilityReport(of: try #require(KernelVersion("6.6.17")), records: records, isComplete: true)
    #expect(all.findings.count == 4)
    #expect(all.count(.affected) == 0)
  }
}
