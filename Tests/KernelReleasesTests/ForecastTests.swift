import HostSystem
import Testing

@testable import KernelReleases

@Suite struct ForecastTests {
  private let history: ReleaseHistory
  private let cycles: MainlineCycles

  init() throws {
    history = try ShippedHistory.load()
    cycles = MainlineCycles(history)
  }

  private func day(_ text: String) throws -> CalendarDay { try #require(CalendarDay(text)) }

  private func forecast(_ text: String) throws -> Forecast {
    try #require(Forecaster(cycles, at: try day(text)).forecast())
  }

  @Test func `the cycles are those of the facts`() {
    let modern = cycles.cycles.filter { $0.final.numbers.first >= 3 && $0.finalDate != nil }
    #expect(modern.count == 84)
    let lastNumbers = Dictionary(grouping: modern.compactMap { $0.lastCandidate?.number }) { $0 }.mapValues(\.count)
    #expect(lastNumbers == [7: 55, 8: 27, 9: 1, 10: 1])
    let all = cycles.cycles.filter { $0.final.numbers.first >= 3 }
    let pairs = all.flatMap { zip($0.candidates, $0.candidates.dropFirst()) }.filter { $1.number == $0.number + 1 }
    #expect(pairs.count == 532)
    #expect(pairs.filter { $0.date.confidence == .exact && $1.date.confidence == .exact }.count == 267)
    #expect(
      modern.filter { Forecaster.spansChristmas(from: $0.candidates[0].date.day) }.count == 12,
      "cycles with 25 December in their first seven weeks")
  }

  @Test func `the last day of 2017 foretells rc7 for the week after and the final for the one behind it`() throws {
    let forecast = try forecast("2017-12-31")
    #expect(forecast.latest.version.description == "4.15-rc6")
    #expect(forecast.learnedCycles == 35)
    #expect(forecast.spansChristmas)
    #expect(!forecast.isMergeWindowOpen)
    #expect(forecast.mostProbable.version.description == "4.15-rc7")
    #expect(forecast.mostProbable.window.day == (try day("2018-01-07")))
    #expect(forecast.mostProbable.probability > 0.95)
    #expect(forecast.final.window.day == (try day("2018-01-14")))
    let ways = Dictionary(uniqueKeysWithValues: forecast.final.ways.map { ($0.day.description, $0.probability) })
    #expect(abs(try #require(ways["2018-01-14"]) - 0.60) < 0.05)
    #expect(abs(try #require(ways["2018-01-21"]) - 0.37) < 0.05)
    // The truth was a week behind both. An honest range does not hold everything.
    #expect(!forecast.final.window.contains(try day("2018-01-28")))
    #expect(forecast.firstCandidateVersions.map(\.version.description) == ["4.16-rc1"])
  }

  @Test func `in the merge window rc1 comes next, and only at a turn of the numbering its version is open`() throws {
    let plain = try forecast("2026-08-16")
    #expect(plain.isMergeWindowOpen)
    #expect(plain.next.map(\.version.description) == ["7.3-rc1"])
    #expect(plain.mostProbable.window.day == (try day("2026-08-30")))
    #expect(plain.final.versions.map(\.version.description) == ["7.3"])
    let turn = try forecast("2026-02-10")
    #expect(turn.next.map(\.version.description) == ["7.0-rc1", "6.20-rc1"])
    #expect(turn.final.versions.map(\.version.description) == ["7.0", "6.20"])
    #expect(turn.next.map(\.probability) == turn.final.versions.map(\.probability))
    // Nothing but 3.19 had gone that far before; after it the numbering had begun anew.
    #expect(try forecast("2015-02-09").next.map(\.version.description).sorted() == ["3.20-rc1", "4.0-rc1"])
    #expect(try forecast("2011-05-19").next.map(\.version.description) == ["2.6.40-rc1"])
  }

  @Test func `what is overdue is expected from the next day on`() throws {
    for text in ["2026-08-31", "2026-09-05", "2026-09-06", "2026-09-07", "2026-09-08", "2026-11-25", "2031-01-01"] {
      let forecast = try forecast(text)
      let today = try day(text)
      #expect(forecast.latest.version.description == "7.3-rc1")
      for outcome in forecast.next {
        #expect(outcome.window.earliest > today)
        #expect(outcome.window.day > today)
      }
      #expect(forecast.final.window.earliest > today)
    }
    #expect(try forecast("2026-09-08").mostProbable.window.day == (try day("2026-09-13")))
  }

  @Test func `probabilities add up to one, and windows hold their day and lie ahead, on every day since 2005`() throws {
    let last = try day("2026-08-30")
    var today = try day("2005-04-16")
    while today <= last {
      let forecast = try #require(Forecaster(cycles, at: today).forecast())
      #expect(abs(forecast.next.reduce(0) { $0 + $1.probability } - 1) < 1e-9)
      #expect(abs(forecast.final.ways.reduce(0) { $0 + $1.probability } - 1) < 1e-9)
      #expect(abs(forecast.final.versions.reduce(0) { $0 + $1.probability } - 1) < 1e-9)
      for window in forecast.next.map(\.window) + [forecast.final.window, forecast.firstCandidate] {
        #expect(window.contains(window.day))
        #expect(window.earliest > today)
      }
      #expect(forecast.next.map(\.probability) == forecast.next.map(\.probability).sorted(by: >))
      #expect(forecast.firstCandidate.day > forecast.final.window.day || forecast.isMergeWindowOpen)
      today = today + 5
    }
  }

  @Test(arguments: ["2008-10-10", "2011-07-22", "2012-01-04", "2015-02-10", "2017-12-31", "2022-12-25", "2026-02-20"])
  func `nothing is foretold from the future`(text: String) throws {
    let today = try day(text)
    let past = ReleaseHistory(
      releases: history.releases.filter { ($0.date?.day).map { $0 <= today } ?? false }, series: history.series)
    let forgetful = MainlineCycles(past)
    #expect(forgetful == cycles.until(today))
    #expect(Forecaster(forgetful, at: today).forecast() == Forecaster(cycles, at: today).forecast())
    #expect(Backtest(forgetful, until: today) == Backtest(cycles, until: today))
    let knowledge = KernelKnowledge(history: history, shippedUntil: history.lastDay)
    let fromPast = KernelKnowledge(history: past, shippedUntil: today)
    #expect(NextDocument(knowledge.at(today))?.forecast == NextDocument(fromPast)?.forecast)
  }

  @Test func `without a release there is no forecast`() throws {
    #expect(Forecaster(cycles, at: try day("2004-01-01")).forecast() == nil)
    let nothing = KernelKnowledge(history: ReleaseHistory(releases: [], series: SeriesTable([])))
    #expect(NextDocument(nothing) == nil)
  }

  private func rate(_ rate: Backtest.Rate) -> [Int] { [rate.cases, rate.sameDay, rate.withinDay, rate.withinWeek] }

  /// The figures that the manual speaks of. They change when the model or the shipped history does: look at both.
  @Test func `the backtest has these figures`() {
    let backtest = Backtest(cycles)
    #expect(backtest.cycles == 84)
    #expect(rate(backtest.candidates.forecast) == [267, 136, 247, 267])
    #expect(rate(backtest.candidates.rule) == [267, 124, 245, 267])
    #expect(backtest.candidates.insideRange == 243)
    #expect(rate(backtest.finals.forecast) == [84, 62, 80, 84])
    #expect(rate(backtest.finals.rule) == [84, 55, 80, 84])
    #expect(backtest.finals.insideRange == 82)
    #expect(rate(backtest.firstCandidates.forecast) == [73, 42, 68, 73])
    #expect(rate(backtest.firstCandidates.rule) == [73, 40, 66, 73])
    #expect(backtest.firstCandidates.insideRange == 66)
    #expect([backtest.lastNumbers.cases, backtest.lastNumbers.forecast, backtest.lastNumbers.rule] == [84, 54, 55])
    #expect([backtest.afterSeven.cases, backtest.afterSeven.forecast, backtest.afterSeven.rule] == [84, 54, 55])
    let stages: [Int: [[Int]]] = backtest.finalsByStage.mapValues {
      [rate($0.forecast), rate($0.rule), [$0.insideRange]]
    }
    #expect(stages[0] == [[83, 39, 48, 70], [83, 31, 48, 72], [79]])
    #expect(stages[1] == [[84, 40, 49, 72], [84, 29, 48, 70], [82]])
    #expect(stages[7] == [[84, 42, 52, 74], [84, 38, 51, 77], [81]])
    #expect(stages[8] == [[29, 19, 26, 28], [29, 16, 27, 28], [28]])
  }

  @Test func `a backtest up to a day counts nothing behind it`() throws {
    let backtest = Backtest(cycles, until: try day("2017-12-31"))
    #expect(backtest.lastNumbers.cases == 35)
    #expect(backtest.finals.forecast.cases == 35)
    #expect(Backtest(cycles, until: try day("2011-05-19")).candidates.forecast.cases == 0)
  }
}
