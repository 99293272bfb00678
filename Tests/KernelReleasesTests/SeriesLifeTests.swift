import HostSystem
import Testing

@testable import KernelReleases

@Suite struct SeriesLifeTests {
  private let knowledge: KernelKnowledge
  private let lives: [SeriesLife]

  init() throws {
    let history = try ShippedHistory.load()
    knowledge = KernelKnowledge(history: history, shippedUntil: history.lastDay)
    lives = SeriesLife.all(knowledge)
  }

  private func life(_ name: String) throws -> SeriesLife {
    let final = try #require(KernelVersion(name))
    return try #require(lives.first { $0.final == final })
  }

  @Test func `every series has a life, newest first`() {
    #expect(lives.count == 113)
    #expect(lives.first?.final.description == "7.3")
    #expect(lives.last?.final.description == "2.6.12")
    #expect(lives.reduce(0) { $0 + $1.candidates.count + $1.stables.count + ($1.isOut ? 1 : 0) } == 5687)
    #expect(lives.filter(\.isOut).count == 112)
  }

  @Test func `the life of a short series`() throws {
    let life = try life("4.15")
    #expect(life.candidateCount == 9)
    #expect(life.candidates.count == 8)
    #expect(life.daysToFinal == 62)
    #expect(life.daysSincePreviousFinal == 77)
    #expect(life.stables.count == 18)
    #expect(life.hasEnded)
    #expect(life.endOfLife?.description == "2018-04-19", "the day of its last release, since none was published")
    #expect(life.lifeDays == 81)
    #expect(!life.isLongterm)
    let names = life.releases.prefix(5).map(\.version.description)
    #expect(names == ["4.15-rc1", "4.15-rc2", "4.15-rc3", "4.15-rc4", "4.15-rc5"])
    #expect(life.releases[3].date == nil)
  }

  @Test func `the life of a longterm series goes on`() throws {
    let life = try life("6.1")
    #expect(life.isLongterm && !life.hasEnded)
    #expect(life.endOfLife?.description == "2027-12-31")
    #expect(life.newest?.version.description == "6.1.186")
    #expect(life.lifeDays == 1358)
    #expect(try self.life("3.2").isLongterm, "older than the table of series, but its life tells")
    #expect(try self.life("7.3").isOut == false)
  }

  @Test func `gaps are counted between known days only`() throws {
    let document = HistoryDocument(try life("4.15"), limit: nil, at: nil)
    let steps = try #require(document.releases)
    #expect(steps.map(\.gapDays).last == .some(nil))
    let gaps = Dictionary(uniqueKeysWithValues: steps.map { ($0.release.version.description, $0.gapDays) })
    #expect(gaps["4.15-rc3"] == 8)
    #expect(gaps["4.15-rc4"] == .some(nil))
    #expect(gaps["4.15-rc5"] == .some(nil))
    #expect(gaps["4.15-rc6"] == 7)
    #expect(gaps["4.15.1"] == 6)
    #expect(HistoryDocument(try life("4.15"), limit: 3, at: nil).releases?.count == 3)
  }

  @Test func `looking back, a life has only what had happened`() throws {
    let then = SeriesLife.all(knowledge.at(try #require(CalendarDay("2018-02-10"))))
    let life = try #require(then.first { $0.final.description == "4.15" })
    #expect(then.first?.final.description == "4.15")
    #expect(life.stables.count == 2)
    #expect(!life.hasEnded)
    #expect(life.lifeDays == 13)
  }

  @Test func `pictures hold what they are to show, and foreign text cannot break them`() throws {
    let picture = TimelineSVG.document(try life("4.15"))
    for text in ["rc1", "rc9", "2018-01-28", "ended 2018-04-19", "prefers-color-scheme: dark", "aria-labelledby"] {
      #expect(picture.contains(text), "\(text)")
    }
    #expect(picture.ranges(of: "class=\"tick\"").count == 18)
    #expect(picture.ranges(of: "class=\"guess\"").count == 4)
    #expect(LifelinesSVG.document(lives).ranges(of: "text-anchor=\"end\"").count == 2 * 113)
    #expect(LifelinesSVG.document([]).hasSuffix("</svg>\n"))
    for life in lives { #expect(TimelineSVG.document(life).hasSuffix("</svg>\n")) }

    var svg = SVGDocument(width: 10, height: 10, title: "<&\">", description: "\u{1B}]0;x\u{7}")
    svg.text(0, 0, "a<b>&\"\u{FFFE}\u{0}", "x\" onload=\"y")
    #expect(svg.text.contains("<title id=\"title\">&lt;&amp;&quot;&gt;</title>"))
    #expect(svg.text.contains("class=\"x&quot; onload=&quot;y\""))
    #expect(!svg.text.contains("\u{1B}") && !svg.text.contains("\u{FFFE}") && !svg.text.contains("\u{0}"))
  }

  @Test func `labels that would touch are left out`() {
    var row = LabelRow(0...200)
    #expect(row.place("2018-01-28", at: 100) == 100)
    #expect(row.place("2018-01-29", at: 110) == nil)
    let moved = row.place("4.15", at: 1)
    #expect(moved.map { $0 > 10 } == true)
    #expect(row.place(String(repeating: "x", count: 100), at: 100) == nil)
  }
}
