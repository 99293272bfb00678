package import HostSystem

/// What comes next, and how good such forecasts were: the document `toolbox.kernel.next/1`.
package struct NextDocument: Sendable, Equatable {
  /// The forecast.
  package let forecast: Forecast
  /// The same forecasts of the past, up to the day of this one.
  package let backtest: Backtest
  /// Whether the day was asked for; else it is the day up to which releases are known.
  package let isLookBack: Bool

  /// Foretells from everything that is known, up to the day that is looked back to.
  /// - Returns: nil when no mainline release is known.
  package init?(_ knowledge: KernelKnowledge) {
    guard let day = knowledge.knownUntil else { return nil }
    let cycles = MainlineCycles(knowledge.history)
    guard let forecast = Forecaster(cycles, at: day).forecast() else { return nil }
    self.forecast = forecast
    backtest = Backtest(cycles, until: day)
    isLookBack = knowledge.lookBack != nil
  }

  /// How good forecasts of the next release were that were made at the same point of a cycle.
  package var nextRate: Backtest.Comparison {
    if forecast.isMergeWindowOpen { return backtest.firstCandidates }
    return forecast.mostProbable.version.kind == .final ? backtest.finals : backtest.candidates
  }

  /// How good forecasts of the final were that were made at the same point of a cycle.
  package var finalRate: Backtest.Comparison {
    backtest.finalsByStage[forecast.latest.version.candidate ?? 0] ?? Backtest.Comparison()
  }
}

/// A probability as the documents have it: four decimals, of which more would only look exact.
private func rounded(_ probability: Double) -> Double { (probability * 10_000).rounded() / 10_000 }

extension NextDocument: Encodable {
  package func encode(to encoder: any Encoder) throws {
    enum Keys: String, CodingKey {
      case schema, at, latest, next, final, mergeWindow, firstCandidate, learnedCycles, spansChristmas
    }
    enum NextKeys: String, CodingKey {
      case version, date, earliest, latest, probability, alternatives, hitRate, ways
    }
    enum WindowKeys: String, CodingKey { case open, opens, closes }
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode("toolbox.kernel.next/1", forKey: .schema)
    try container.encode(forecast.day.description, forKey: .at)
    try container.encode(forecast.latest, forKey: .latest)
    try container.encode(forecast.learnedCycles, forKey: .learnedCycles)
    try container.encode(forecast.spansChristmas, forKey: .spansChristmas)

    let best = forecast.mostProbable
    var next = container.nestedContainer(keyedBy: NextKeys.self, forKey: .next)
    try next.encode(best.version, forKey: .version)
    try next.encode(rounded(best.probability), forKey: .probability)
    try next.encode(best.window.day.description, forKey: .date)
    try next.encode(best.window.earliest.description, forKey: .earliest)
    try next.encode(best.window.latest.description, forKey: .latest)
    try next.encode(forecast.next.dropFirst().map(Alternative.init), forKey: .alternatives)
    try next.encode(nextRate, forKey: .hitRate)

    let outlook = forecast.final
    var final = container.nestedContainer(keyedBy: NextKeys.self, forKey: .final)
    try final.encode(outlook.versions.first?.version, forKey: .version)
    try final.encode(outlook.window.day.description, forKey: .date)
    try final.encode(outlook.window.earliest.description, forKey: .earliest)
    try final.encode(outlook.window.latest.description, forKey: .latest)
    try final.encode(rounded(outlook.mostProbable.probability), forKey: .probability)
    try final.encode(outlook.versions.dropFirst().map(Alternative.init), forKey: .alternatives)
    try final.encode(outlook.ways, forKey: .ways)
    try final.encode(finalRate, forKey: .hitRate)

    var first = container.nestedContainer(keyedBy: NextKeys.self, forKey: .firstCandidate)
    try first.encode(forecast.firstCandidateVersions.first?.version, forKey: .version)
    try first.encode(forecast.firstCandidate.day.description, forKey: .date)
    try first.encode(forecast.firstCandidate.earliest.description, forKey: .earliest)
    try first.encode(forecast.firstCandidate.latest.description, forKey: .latest)
    try first.encode(forecast.firstCandidateVersions.dropFirst().map(Alternative.init), forKey: .alternatives)

    var window = container.nestedContainer(keyedBy: WindowKeys.self, forKey: .mergeWindow)
    let opens = forecast.isMergeWindowOpen ? forecast.latest.date?.day : forecast.final.window.day
    try window.encode(forecast.isMergeWindowOpen, forKey: .open)
    try window.encode(opens?.description, forKey: .opens)
    try window.encode(forecast.firstCandidate.day.description, forKey: .closes)
  }

  private struct Alternative: Encodable {
    let version: KernelVersion
    let probability: Double

    init(_ chance: Forecast.VersionChance) {
      version = chance.version
      probability = rounded(chance.probability)
    }

    init(_ outcome: Forecast.Outcome) {
      version = outcome.version
      probability = rounded(outcome.probability)
    }
  }
}

extension Forecast.Way: Encodable {
  package func encode(to encoder: any Encoder) throws {
    enum Keys: String, CodingKey { case lastCandidate, date, probability }
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(lastCandidate, forKey: .lastCandidate)
    try container.encode(day.description, forKey: .date)
    try container.encode(rounded(probability), forKey: .probability)
  }
}

/// How good the forecasts were: the document `toolbox.kernel.backtest/1`.
package struct BacktestDocument: Sendable, Encodable {
  /// The measured forecasts.
  package let backtest: Backtest
  /// The day up to which they were measured.
  package let until: CalendarDay

  /// Measures up to the day that is looked back to, else over everything that is known.
  /// - Returns: nil when nothing is known.
  package init?(_ knowledge: KernelKnowledge) {
    guard let day = knowledge.knownUntil else { return nil }
    backtest = Backtest(MainlineCycles(knowledge.history), until: day)
    until = day
  }

  package func encode(to encoder: any Encoder) throws {
    enum Keys: String, CodingKey {
      case schema, until, cycles, candidates, finals, firstCandidates, finalsByStage, lastCandidate, afterRc7
    }
    enum StageKeys: String, CodingKey { case afterCandidate, days }
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode("toolbox.kernel.backtest/1", forKey: .schema)
    try container.encode(until.description, forKey: .until)
    try container.encode(backtest.cycles, forKey: .cycles)
    try container.encode(backtest.candidates, forKey: .candidates)
    try container.encode(backtest.finals, forKey: .finals)
    try container.encode(backtest.firstCandidates, forKey: .firstCandidates)
    try container.encode(backtest.lastNumbers, forKey: .lastCandidate)
    try container.encode(backtest.afterSeven, forKey: .afterRc7)
    var stages = container.nestedUnkeyedContainer(forKey: .finalsByStage)
    for (number, comparison) in backtest.finalsByStage.sorted(by: { $0.key < $1.key }) {
      var stage = stages.nestedContainer(keyedBy: StageKeys.self)
      try stage.encode(number, forKey: .afterCandidate)
      try stage.encode(comparison, forKey: .days)
    }
  }
}
