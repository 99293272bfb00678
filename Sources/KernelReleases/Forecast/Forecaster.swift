import Glibc
package import HostSystem

/// Foretells mainline's next releases from its past.
///
/// * Candidates come a week after each other, finals a week after their last candidate, a first candidate two weeks after
///   a final; all of it counted from Sunday to Sunday.
/// * A candidate's day within its week follows the earlier candidates whose predecessor came on the same weekday.
/// * The number of the last candidate follows the earlier cycles. A cycle counts half as much as one that is thirty cycles
///   younger, and half where only one of the two has Christmas in it. From rc8 on all candidates are alike.
///
/// It learns from the cycles since 3.0, and before one of them is complete from those of 2.6. Days that were inferred are
/// Sundays by construction: no day within a week is learned from them.
package struct Forecaster: Sendable {
  /// A cycle counts half as much as one that is so many cycles younger.
  static let cycleHalfLife = 30.0
  /// A day counts half as much as one that is so many releases of its kind younger.
  static let stepHalfLife = 40.0
  /// What a cycle with Christmas in it counts for one without, and the other way round.
  static let otherSeason = 0.5
  /// What an imaginary cycle is added to the real ones as: the last candidate is rc7, each more or less a quarter as likely.
  static let imagined = (number: 7, fall: 0.25)
  /// From this candidate on every further one is as likely as the one before it was.
  static let firstLate = 8
  /// The share of cases that the range leaves out on either side.
  static let tail = 0.05

  private let past: MainlineCycles
  /// The complete cycles to learn from.
  private let trainingCycles: [MainlineCycles.Cycle]
  private let day: CalendarDay
  private let candidateSteps: Steps
  private let finalSteps: Steps
  private let firstSteps: Steps

  /// - Parameters:
  ///   - cycles: may reach beyond `day`; what is later is not looked at.
  ///   - day: the forecast is made at its end.
  package init(_ cycles: MainlineCycles, at day: CalendarDay) {
    past = cycles.until(day)
    self.day = day
    let complete = past.cycles.filter { $0.finalDate != nil && $0.firstCandidate != nil }
    let isModern = complete.contains { $0.final.numbers.first >= 3 }
    trainingCycles = isModern ? complete.filter { $0.final.numbers.first >= 3 } : complete
    var steps = (candidates: Steps(), finals: Steps(), firsts: Steps())
    var previousFinal: ReleaseDate?
    for cycle in past.cycles where !isModern || cycle.final.numbers.first >= 3 {
      if let previousFinal, let first = cycle.firstCandidate {
        steps.firsts.add(from: previousFinal, to: first.date, days: 14)
      }
      for (from, to) in zip(cycle.candidates, cycle.candidates.dropFirst()) where to.number == from.number + 1 {
        steps.candidates.add(from: from.date, to: to.date, days: 7)
      }
      if let last = cycle.lastCandidate, let final = cycle.finalDate {
        steps.finals.add(from: last.date, to: final, days: 7)
      }
      previousFinal = cycle.finalDate
    }
    (candidateSteps, finalSteps, firstSteps) = (steps.candidates, steps.finals, steps.firsts)
  }

  /// - Returns: nil when no mainline release was known on that day.
  package func forecast() -> Forecast? {
    guard let running = past.cycles.last else { return nil }
    if let final = running.finalDate { return inMergeWindow(after: running.final, final) }
    guard let last = running.lastCandidate else { return nil }
    let number = last.number
    let firstSunday = running.firstCandidate?.date.day.nearestSunday ?? last.date.day.nearestSunday + -7 * (number - 1)
    let isChristmas = Self.spansChristmas(from: firstSunday)
    let chances = lastNumbers(from: number, spansChristmas: isChristmas)
    let candidateDays = Days(candidateSteps, from: last.date.day, week: 7, after: day)
    let finalDays = Days(finalSteps, from: last.date.day, week: 7, after: day, isSunday: true)
    let ways = chances.map { way in
      (way.number, way.probability, finalDays.moved(weeks: way.number - number))
    }
    let finalNow = chances.first { $0.number == number }?.probability ?? 0
    let outcomes = [
      Forecast.Outcome(
        version: running.final.withCandidate(number + 1), probability: 1 - finalNow, window: candidateDays.window),
      Forecast.Outcome(version: running.final, probability: finalNow, window: finalDays.window),
    ].filter { $0.probability > 0 }
    let outlook = Self.outlook(
      [Forecast.VersionChance(version: running.final, probability: 1)], ways)
    return Forecast(
      day: day, latest: Neighbour(version: running.final.withCandidate(number), date: last.date),
      next: outcomes.sorted { $0.probability > $1.probability }, final: outlook,
      firstCandidate: firstCandidate(behind: outlook.window),
      firstCandidateVersions: firstCandidates(of: successors(of: running.final)), isMergeWindowOpen: false,
      learnedCycles: trainingCycles.count, spansChristmas: isChristmas)
  }

  private func inMergeWindow(after final: KernelVersion, _ date: ReleaseDate) -> Forecast? {
    let days = Days(firstSteps, from: date.day, week: 14, after: day, isSunday: true)
    let versions = successors(of: final)
    let firstSunday = days.window.day.nearestSunday
    let isChristmas = Self.spansChristmas(from: firstSunday)
    let finalDays = Days(finalSteps, from: firstSunday, week: 7, after: day, isSunday: true)
    let ways = lastNumbers(from: 1, spansChristmas: isChristmas).map { way in
      (way.number, way.probability, finalDays.moved(weeks: way.number - 1))
    }
    return Forecast(
      day: day, latest: Neighbour(version: final, date: date),
      next: versions.map {
        Forecast.Outcome(version: $0.version.withCandidate(1), probability: $0.probability, window: days.window)
      },
      final: Self.outlook(versions, ways), firstCandidate: days.window,
      firstCandidateVersions: firstCandidates(of: versions), isMergeWindowOpen: true,
      learnedCycles: trainingCycles.count, spansChristmas: isChristmas)
  }

  private func firstCandidates(of finals: [Forecast.VersionChance]) -> [Forecast.VersionChance] {
    finals.map { Forecast.VersionChance(version: $0.version.withCandidate(1), probability: $0.probability) }
  }

  /// The first candidate behind a final that is only foretold: both uncertainties together.
  private func firstCandidate(behind final: Forecast.Window) -> Forecast.Window {
    func window(_ day: CalendarDay) -> Forecast.Window {
      Days(firstSteps, from: day, week: 14, after: self.day, isSunday: true).window
    }
    return Forecast.Window(
      day: window(final.day).day, earliest: window(final.earliest).earliest, latest: window(final.latest).latest)
  }

  private static func outlook(
    _ versions: [Forecast.VersionChance], _ ways: [(number: Int, probability: Double, days: Days)]
  ) -> Forecast.FinalOutlook {
    let mixed = Days(mixing: ways.map { ($0.probability, $0.days) })
    let best = ways.max { $0.probability < $1.probability }
    return Forecast.FinalOutlook(
      versions: versions,
      window: Forecast.Window(
        day: best?.days.window.day ?? mixed.window.day, earliest: mixed.window.earliest, latest: mixed.window.latest),
      ways: ways.map { Forecast.Way(lastCandidate: $0.number, day: $0.days.window.day, probability: $0.probability) })
  }

  // MARK: The number of the last candidate

  /// Whether 25 December falls between a first candidate and the final that comes seven weeks later.
  static func spansChristmas(from first: CalendarDay) -> Bool {
    guard let christmas = CalendarDay(year: first.year, month: 12, day: 25) else { return false }
    return first <= christmas && christmas <= first + 49
  }

  /// How probable each number of the last candidate is, given that a candidate is out.
  private func lastNumbers(
    from number: Int, spansChristmas: Bool
  ) -> [(number: Int, probability: Double)] {
    let lowest = 5
    let highest = max(number + 3, 11)
    var weights = (lowest...highest).map { pow(Self.imagined.fall, Double(abs($0 - Self.imagined.number))) }
    for (age, cycle) in trainingCycles.reversed().enumerated() {
      guard let last = cycle.lastCandidate, let first = cycle.firstCandidate else { continue }
      let isSameSeason = Self.spansChristmas(from: first.date.day.nearestSunday) == spansChristmas
      weights[min(max(last.number, lowest), highest) - lowest] +=
        Self.halved(Double(age) / Self.cycleHalfLife) * (isSameSeason ? 1 : Self.otherSeason)
    }
    // Few cycles went past rc8, so what comes behind it is learned from all of them together.
    let late = Self.firstLate - lowest
    let mass = weights[late...].reduce(0, +)
    let further = weights[late...].enumerated().reduce(0) { $0 + Double($1.offset) * $1.element }
    let again = further / (further + mass)
    for index in late..<weights.count { weights[index] = mass * (1 - again) * pow(again, Double(index - late)) }

    let possible = weights.enumerated().filter { lowest + $0.offset >= number }
    let sum = possible.reduce(0) { $0 + $1.element }
    return possible.map { (lowest + $0.offset, $0.element / sum) }
  }

  /// 1, 0.5, 0.25 for 0, 1, 2.
  static func halved(_ times: Double) -> Double { exp2(-times) }

  // MARK: The version behind a final

  /// The final behind a final. From x.19 on the next number can begin anew; how often it did so far decides.
  private func successors(of final: KernelVersion) -> [Forecast.VersionChance] {
    let numbers = final.numbers
    if numbers.first == 2 {
      let next = KernelVersion(numbers: .init(2, numbers.second, numbers.third + 1))
      return [Forecast.VersionChance(version: next, probability: 1)]
    }
    let next = KernelVersion(numbers: .init(numbers.first, numbers.second + 1))
    guard numbers.second >= 19 else { return [Forecast.VersionChance(version: next, probability: 1)] }
    let earlier = zip(past.cycles, past.cycles.dropFirst()).filter {
      $0.0.final.numbers.first >= 3 && $0.0.final.numbers.second >= numbers.second
    }
    let anew = earlier.filter { $0.1.final.numbers.first > $0.0.final.numbers.first }.count
    let probability = Double(anew + 1) / Double(earlier.count + 2)
    return [
      Forecast.VersionChance(
        version: KernelVersion(numbers: .init(numbers.first + 1, 0)), probability: probability),
      Forecast.VersionChance(version: next, probability: 1 - probability),
    ].sorted { $0.probability > $1.probability }
  }
}

/// How far releases came from the Sunday that they were due on.
private struct Steps: Sendable {
  /// Of the release before: its distance from its Sunday; nil where its day is inferred, which leaves the Sunday right.
  private var fromOffsets: [Int?] = []
  /// Of the release itself: its distance from the Sunday that it was due on.
  private var toOffsets: [Int] = []

  /// Learns from two releases, if the day of the second is exact.
  mutating func add(from: ReleaseDate, to: ReleaseDate, days: Int) {
    guard to.confidence == .exact else { return }
    let sunday = from.day.nearestSunday
    let offset = to.day - (sunday + days)
    guard Days.offsets.contains(offset) else { return }
    fromOffsets.append(from.confidence == .exact ? from.day - sunday : nil)
    toOffsets.append(offset)
  }

  /// The weights of the offsets. One half of a release on the very Sunday is added, so that they are never empty.
  /// - Parameter fromOffset: only releases whose predecessor was so far from its Sunday count; nil counts all.
  func weights(fromOffset: Int?) -> [Double] {
    var weights = Days.offsets.map { $0 == 0 ? 0.5 : 0 }
    for (age, place) in toOffsets.indices.reversed().enumerated()
    where fromOffset == nil || fromOffsets[place] == fromOffset {
      weights[toOffsets[place] - Days.offsets.lowerBound] +=
        Forecaster.halved(Double(age) / Forecaster.stepHalfLife)
    }
    return weights
  }
}

/// The probabilities of days.
private struct Days: Sendable {
  /// Where a release can come, counted from the Sunday that it is due on.
  static let offsets = -4..<11

  /// The first day of the probabilities.
  private let start: CalendarDay
  /// Day by day; they add up to 1.
  private let probabilities: [Double]
  /// The most probable day.
  private let best: CalendarDay

  /// - Parameters:
  ///   - from: the day of the release before.
  ///   - week: the days between the Sundays of the two.
  ///   - after: the release is known not to have come up to this day.
  ///   - isSunday: the most probable day is the Sunday; else what came after the same weekday decides.
  init(_ steps: Steps, from: CalendarDay, week: Int, after: CalendarDay, isSunday: Bool = false) {
    let sunday = from.nearestSunday
    let weights = steps.weights(fromOffset: isSunday ? nil : from - sunday)
    let sum = weights.reduce(0, +)
    var due = sunday + week
    func rest(_ due: CalendarDay) -> [Double] {
      weights.enumerated().map { index, weight in due + (Self.offsets.lowerBound + index) > after ? weight / sum : 0 }
    }
    // A release that is overdue is expected a week later, as if its Sunday had been left out.
    while rest(due).reduce(0, +) < Forecaster.tail { due = due + 7 }
    let left = rest(due)
    let leftSum = left.reduce(0, +)
    start = due + Self.offsets.lowerBound
    probabilities = left.map { $0 / leftSum }
    let start = start
    if isSunday, due > after {
      best = due
    } else {
      // The day with the most releases, where a day beside it counts half.
      func score(_ index: Int) -> Double {
        left[index] + (index > 0 ? left[index - 1] / 2 : 0) + (index + 1 < left.count ? left[index + 1] / 2 : 0)
      }
      let candidates = left.indices.filter { start + $0 > after }
        .sorted {
          (abs($0 + Self.offsets.lowerBound), $0) < (abs($1 + Self.offsets.lowerBound), $1)
        }
      best = candidates.max { score($0) < score($1) }.map { start + $0 } ?? after + 1
    }
  }

  /// Several, each with its own probability, as one.
  init(mixing parts: [(probability: Double, days: Days)]) {
    let first = parts.map(\.days.start).min() ?? CalendarDay(daysSinceEpoch: 0)
    let end = parts.map { $0.days.start + $0.days.probabilities.count }.max() ?? first
    var mixed = [Double](repeating: 0, count: end - first)
    for (probability, days) in parts {
      for (index, share) in days.probabilities.enumerated() { mixed[days.start - first + index] += share * probability }
    }
    start = first
    probabilities = mixed
    best = parts.max { $0.probability < $1.probability }?.days.best ?? first
  }

  private init(start: CalendarDay, probabilities: [Double], best: CalendarDay) {
    self.start = start
    self.probabilities = probabilities
    self.best = best
  }

  /// The same, so many weeks later.
  func moved(weeks: Int) -> Days {
    Days(start: start + weeks * 7, probabilities: probabilities, best: best + weeks * 7)
  }

  /// The most probable day, and the days between which all but the tails lie.
  var window: Forecast.Window {
    var sum = 0.0
    var earliest: CalendarDay?
    var latest = start
    for (index, share) in probabilities.enumerated() where share > 0 {
      if sum < 1 - Forecaster.tail { latest = start + index }
      sum += share
      if earliest == nil, sum >= Forecaster.tail { earliest = start + index }
    }
    return Forecast.Window(day: best, earliest: min(earliest ?? best, best), latest: max(latest, best))
  }
}
