package import HostSystem

/// How good the forecasts would have been: every one is made again from what was known on its day, and compared.
///
/// Beside it stands the rule of thumb: one candidate a week, rc7 the last, the final a week behind it, and the next first
/// candidate two weeks later; each counted in days from the release before.
package struct Backtest: Sendable, Equatable {
  /// The cycles since 3.0 whose finals were foretold.
  package let cycles: Int
  /// The day of a candidate, foretold by the one before. Both days are exact.
  package let candidates: Comparison
  /// The day of a final, foretold by its last candidate.
  package let finals: Comparison
  /// The day of a first candidate, foretold by the final before. Its day is exact.
  package let firstCandidates: Comparison
  /// The number of the last candidate, foretold by the first.
  package let lastNumbers: Guess
  /// After rc7: whether the final or another candidate comes next.
  package let afterSeven: Guess
  /// The day of a final, foretold by each release on the way to it: by the number of the candidate, 0 for the final before.
  package let finalsByStage: [Int: Comparison]

  /// How near the foretold days were.
  package struct Rate: Sendable, Equatable, Encodable {
    /// How many days were foretold.
    package private(set) var cases = 0
    /// How many were right.
    package private(set) var sameDay = 0
    /// How many were right or a day off.
    package private(set) var withinDay = 0
    /// How many were at most a week off.
    package private(set) var withinWeek = 0

    mutating func add(_ error: Int) {
      cases += 1
      if error == 0 { sameDay += 1 }
      if abs(error) <= 1 { withinDay += 1 }
      if abs(error) <= 7 { withinWeek += 1 }
    }
  }

  /// The forecast beside the simplest rule, on the same cases.
  package struct Comparison: Sendable, Equatable, Encodable {
    /// The forecast's days.
    package private(set) var forecast = Rate()
    /// How many days lay in the range that the forecast gave.
    package private(set) var insideRange = 0
    /// The rule's days.
    package private(set) var rule = Rate()

    mutating func add(_ foretold: Forecast.Window, rule naive: CalendarDay, truth: CalendarDay) {
      forecast.add(truth - foretold.day)
      rule.add(truth - naive)
      if foretold.contains(truth) { insideRange += 1 }
    }
  }

  /// Right or wrong, beside the simplest rule.
  package struct Guess: Sendable, Equatable, Encodable {
    /// How often something was foretold.
    package private(set) var cases = 0
    /// How often the forecast was right.
    package private(set) var forecast = 0
    /// How often the rule was right.
    package private(set) var rule = 0

    mutating func add(forecast isRight: Bool, rule isRuleRight: Bool) {
      cases += 1
      if isRight { forecast += 1 }
      if isRuleRight { rule += 1 }
    }
  }

  /// Makes every forecast of the cycles since 3.0 again.
  /// - Parameter until: what came later is not looked at; nil for all.
  package init(_ all: MainlineCycles, until day: CalendarDay? = nil) {
    let known = day.map(all.until) ?? all
    var complete = 0
    var candidates = Comparison()
    var finals = Comparison()
    var firsts = Comparison()
    var lastNumbers = Guess()
    var afterSeven = Guess()
    var stages: [Int: Comparison] = [:]
    var previousFinal: ReleaseDate?
    for cycle in known.cycles where cycle.final.numbers.first >= 3 {
      defer { previousFinal = cycle.finalDate }
      if let previousFinal, let forecast = Forecaster(known, at: previousFinal.day).forecast(),
        forecast.isMergeWindowOpen
      {
        if let first = cycle.firstCandidate?.date, first.confidence == .exact {
          firsts.add(forecast.firstCandidate, rule: previousFinal.day + 14, truth: first.day)
        }
        if let final = cycle.finalDate {
          stages[0, default: Comparison()].add(
            forecast.final.window, rule: previousFinal.day + 63, truth: final.day)
        }
      }
      for (index, tag) in cycle.candidates.enumerated() {
        guard let forecast = Forecaster(known, at: tag.date.day).forecast(),
          forecast.latest.version == cycle.final.withCandidate(tag.number)
        else { continue }
        let following = index + 1 < cycle.candidates.count ? cycle.candidates[index + 1] : nil
        if let following, following.number == tag.number + 1, following.date.confidence == .exact,
          tag.date.confidence == .exact,
          let outcome = forecast.next.first(where: { $0.version.candidate == following.number })
        {
          candidates.add(outcome.window, rule: tag.date.day + 7, truth: following.date.day)
        }
        guard let final = cycle.finalDate, let last = cycle.lastCandidate else { continue }
        if following == nil, let outcome = forecast.next.first(where: { $0.version == cycle.final }) {
          finals.add(outcome.window, rule: tag.date.day + 7, truth: final.day)
        }
        if tag.number == 1 {
          complete += 1
          lastNumbers.add(
            forecast: forecast.final.mostProbable.lastCandidate == last.number, rule: last.number == 7)
        }
        if tag.number == 7 {
          afterSeven.add(
            forecast: (forecast.mostProbable.version == cycle.final) == (last.number == 7), rule: last.number == 7)
        }
        stages[tag.number, default: Comparison()].add(
          forecast.final.window, rule: tag.date.day + 7 * max(1, 8 - tag.number), truth: final.day)
      }
    }
    (cycles, self.candidates, self.finals, firstCandidates) = (complete, candidates, finals, firsts)
    (self.lastNumbers, self.afterSeven, finalsByStage) = (lastNumbers, afterSeven, stages)
  }
}
