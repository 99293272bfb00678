import BundledData
import HostSystem
import Testing

@testable import KernelReleases

@Suite struct ReleaseHistoryTests {
  private let history: ReleaseHistory

  init() throws { history = try ShippedHistory.load() }

  private func version(_ text: String) throws -> KernelVersion { try #require(KernelVersion(text)) }

  @Test func `the shipped table is sorted by the order of versions and complete`() throws {
    let file = try #require(BundledFile.at("kernel/releases.tsv"))
    let rows = try file.withBytes { try ReleaseTable.parse($0) }
    #expect(rows.count == 5687)
    for (low, high) in zip(rows, rows.dropFirst()) { #expect(low.version < high.version) }
    #expect(rows.filter { $0.date.confidence == .inferred }.count == 267)
    #expect(history.releases.filter { $0.version.kind == .final }.count == 112)
    #expect(history.releases.filter { $0.version.kind == .candidate }.count == 827)
    #expect(history.lastDay?.description == "2026-08-30")
  }

  @Test func `the shipped series know every value of their end of life`() throws {
    #expect(history.series.series.count == 38)
    let series = try #require(history.series["6.6"])
    #expect(series.isLongterm)
    #expect(series.endOfLife?.description == "2027-12-31")
    #expect(series.published.count == 3)
    #expect(series.published.first?.seen.description == "2023-10-30")
    #expect(history.series["5.14"]?.published[1].value == .endedWithoutDay)
    #expect(history.series["7.2"]?.endOfLife == nil)
  }

  @Test func `the place of a candidate is its number although one is missing in the table`() throws {
    let details = try #require(
      ReleaseDetails.find(try version("4.15-rc6"), in: KernelKnowledge(history: history)))
    let cycle = try #require(details.cycle)
    #expect(cycle.position == 6)
    #expect(cycle.candidates == 9)
    #expect(history.cycle(of: try version("4.15"))?.candidates.count == 8)
    #expect(cycle.daysSinceFirst == 34)
    #expect(cycle.daysToFinal == 28)
    #expect(details.before?.version.description == "4.15-rc5")
    #expect(details.before?.date?.confidence == .inferred)
    #expect(details.after?.version.description == "4.15-rc7")
    #expect(cycle.previousFinal?.version.description == "4.14")
    #expect(cycle.final.date?.day.description == "2018-01-28")
    #expect(details.release.date?.confidence == .exact)
  }

  @Test func `a candidate without a known day is known all the same`() throws {
    let details = try #require(
      ReleaseDetails.find(try version("4.15-rc4"), in: KernelKnowledge(history: history)))
    #expect(details.release.date == nil)
    #expect(details.cycle?.position == 4)
    #expect(details.before?.version.description == "4.15-rc3")
    #expect(ReleaseDetails.find(try version("4.15-rc10"), in: KernelKnowledge(history: history)) == nil)
  }

  @Test func `cycles since 3.0 have the candidates that the facts say`() throws {
    let finals = history.releases.filter { $0.version.kind == .final && $0.version.numbers.first >= 3 }
    let counts = Dictionary(grouping: finals.compactMap { history.cycle(of: $0.version)?.candidateCount }) { $0 }
      .mapValues(\.count)
    #expect(finals.count == 84)
    #expect(counts == [7: 55, 8: 27, 9: 1, 10: 1])
  }

  @Test func `neighbours cross the borders of a cycle`() throws {
    #expect(history.before(try version("4.15-rc1"))?.version.description == "4.14")
    #expect(history.after(try version("4.15-rc9"))?.version.description == "4.15")
    #expect(history.before(try version("4.15"))?.version.description == "4.15-rc9")
    #expect(history.before(try version("4.15.1"))?.version.description == "4.15")
    #expect(history.before(try version("2.6.39.1"))?.version.description == "2.6.39")
    #expect(history.after(try version("7.3-rc1")) == nil)
    #expect(history.before(try version("2.6.12-rc2"))?.version.description == "2.6.12-rc1")
  }

  @Test func `the current releases of a day leave out what had ended`() throws {
    let current = history.current(on: try #require(CalendarDay("2026-08-30"))).map(\.version.description)
    #expect(
      current == [
        "7.3-rc1", "7.2.2", "7.1.12", "6.18.48", "6.12.107", "6.6.155", "6.1.186", "5.15.219", "5.10.268",
      ])
  }

  @Test func `the nearest versions are of the same final where there are any`() throws {
    #expect(history.nearest(to: try version("4.15-rc10")).map(\.description).contains("4.15-rc9"))
    #expect(history.nearest(to: try version("9.9")).map(\.description) == ["7.2-rc7", "7.2", "7.2.2", "7.3-rc1"])
  }

  @Test func `a stored day replaces an inferred one and nothing exact is lost`() throws {
    let candidate = try version("4.15-rc5")
    let exact = try version("4.15-rc6")
    let day = try #require(CalendarDay("2017-12-23"))
    let merged = history.adding([
      Release(version: candidate, date: ReleaseDate(day), channel: .mainline, source: "feed"),
      Release(version: exact, date: nil, channel: .mainline, source: "feed"),
    ])
    #expect(merged.releases.count == history.releases.count)
    #expect(merged[candidate]?.date == ReleaseDate(day))
    #expect(merged[exact]?.date == history[exact]?.date)
  }

  @Test(arguments: [
    "4.15\t2018-13-01\n", "4.15 2018-01-01\n", "x\t2018-01-01\n", "4.15\t2018-01-01~~\n", "4.15\t\n", "\t\n",
  ])
  func `a broken row of a table is named by its line`(text: String) {
    let table = Array(("# comment\n" + text).utf8)
    #expect(throws: TableError(table: "releases.tsv", line: 2)) {
      _ = try table.withUnsafeBufferPointer { try ReleaseTable.parse($0) }
    }
  }
}
