import HostSystem
import KernelReleases
import TerminalOutput

/// Forecasts, and how good they were, as text for people.
struct ForecastText {
  private let paint: Paint
  private let width: Int

  init(_ terminal: TerminalFacts) {
    paint = Paint(terminal)
    width = terminal.columns
  }

  init(paint: Paint, width: Int) {
    self.paint = paint
    self.width = width
  }

  // MARK: The forecast

  func lines(of document: NextDocument) -> [String] {
    let forecast = document.forecast
    let age = forecast.latest.date.map { "out since \($0.day.spelledOut)" } ?? "out"
    var lines = [paint(.heading, "Linux \(forecast.latest.version)") + " is \(age).", ""]
    lines += row("Next", Self.next(forecast), .strong)
    lines += row("Final", Self.final(forecast.final), nil)
    for way in forecast.final.ways where way.probability >= 0.01 {
      lines += row(
        "", "\(way.day) after rc\(way.lastCandidate), \(Self.percent(way.probability))", .faint)
    }
    lines += row("Then", Self.window(forecast), nil)
    lines.append("")
    lines += rates(of: document).flatMap { $0.wrapped(to: width) }.map { paint(.faint, $0) }
    return lines
  }

  private func row(_ label: String, _ text: String, _ role: Paint.Role?) -> [String] {
    let labelWidth = 7
    return text.wrapped(to: max(20, width - labelWidth - 2)).enumerated().map { index, part in
      "  " + paint(.strong, (index == 0 ? label : "").padded(to: labelWidth)) + (role.map { paint($0, part) } ?? part)
    }
  }

  private static func next(_ forecast: Forecast) -> String {
    let best = forecast.mostProbable
    let others = forecast.next.dropFirst().filter { $0.probability >= 0.01 }
      .map { "\($0.version) (\(percent($0.probability)))" }
    return "\(best.version) on \(day(best.window)), \(percent(best.probability))"
      + (others.isEmpty ? "" : "; else \(others.joined(separator: " or "))")
  }

  private static func final(_ outlook: Forecast.FinalOutlook) -> String {
    "\(versions(outlook.versions)) on \(day(outlook.window)), \(percent(outlook.mostProbable.probability))"
  }

  private static func window(_ forecast: Forecast) -> String {
    if forecast.isMergeWindowOpen { return "the merge window is open, and closes with rc1" }
    return "\(versions(forecast.firstCandidateVersions)) on \(day(forecast.firstCandidate)) closes the merge window"
  }

  private static func versions(_ chances: [Forecast.VersionChance]) -> String {
    if chances.count == 1 { return chances[0].version.description }
    return chances.map { "\($0.version) (\(percent($0.probability)))" }.joined(separator: " or ")
  }

  /// `Sunday, 7 January 2018 (7 to 8 January)`: the day, and the range where it is one.
  private static func day(_ window: Forecast.Window) -> String {
    let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    let text = "\(weekdays[window.day.weekday]) \(window.day)"
    return window.earliest == window.latest ? text : "\(text) (\(window.earliest) to \(window.latest))"
  }

  /// `56%`; what is nearly certain is not called certain.
  static func percent(_ probability: Double) -> String {
    if probability >= 0.995 { return "over 99%" }
    return probability < 0.005 ? "under 1%" : "\(Int((probability * 100).rounded()))%"
  }

  private func rates(of document: NextDocument) -> [String] {
    let forecast = document.forecast
    let known = document.isLookBack ? "From what was known" : "From what is known up"
    let place = forecast.latest.version.candidate.map { "rc\($0)" } ?? "the final before"
    var lines = [
      "\(known) \(document.isLookBack ? "on" : "to") \(forecast.day.spelledOut); learned from "
        + "\(forecast.learnedCycles) cycle\(forecast.learnedCycles == 1 ? "" : "s")\(forecast.spansChristmas ? ", and Christmas falls into this one" : "")."
    ]
    let next = document.nextRate
    if next.forecast.cases > 0 {
      lines.append(
        "Hit rate of \(Self.kind(document)) foretold by the release before: "
          + "\(Self.share(next.forecast.sameDay, next)) to the day, \(Self.share(next.forecast.withinDay, next)) within "
          + "a day, \(Self.share(next.insideRange, next)) in the range (\(next.forecast.cases) cases).")
    }
    let final = document.finalRate
    if final.forecast.cases > 0 {
      lines.append(
        "Hit rate of finals foretold by \(place): \(Self.share(final.forecast.sameDay, final)) to the day, "
          + "\(Self.share(final.forecast.withinWeek, final)) within a week, "
          + "\(Self.share(final.insideRange, final)) in the range (\(final.forecast.cases) cases).")
    }
    if next.forecast.cases == 0, final.forecast.cases == 0 {
      lines.append("Hit rate: none, since no forecast could be checked before that day.")
    }
    return lines
  }

  private static func kind(_ document: NextDocument) -> String {
    if document.forecast.isMergeWindowOpen { return "first candidates" }
    return document.forecast.mostProbable.version.kind == .final ? "finals" : "candidates"
  }

  private static func share(_ count: Int, _ comparison: Backtest.Comparison) -> String {
    share(count, of: comparison.forecast.cases)
  }

  private static func share(_ count: Int, of cases: Int) -> String {
    cases == 0 ? "-" : "\(Int((Double(count) / Double(cases) * 100).rounded()))%"
  }

  // MARK: The backtest

  func lines(of document: BacktestDocument) -> [String] {
    let backtest = document.backtest
    let intro =
      "Every forecast of \(backtest.cycles) cycles since 3.0 made again from what was known on its day, up to "
      + "\(document.until.spelledOut), beside the rule of thumb: a week to the next candidate, rc7 the last, a week to "
      + "the final, two weeks to rc1. Shares of days that were right, within 1 and within 7 days, and in the range; inferred days are left out."
    var lines = intro.wrapped(to: width)
    lines += comparison("Candidates, by the one before", backtest.candidates)
    lines += comparison("Finals, by their last candidate", backtest.finals)
    lines += comparison("First candidates, by the final before", backtest.firstCandidates)
    for number in [0, 1, 7, 8] {
      guard let stage = backtest.finalsByStage[number] else { continue }
      lines += comparison("Finals, by \(number == 0 ? "the final before" : "rc\(number)")", stage)
    }
    lines += guess("Number of the last candidate, by rc1", backtest.lastNumbers, rule: "always rc7")
    lines += guess("Final or rc8 next, by rc7", backtest.afterSeven, rule: "always final")
    return lines
  }

  private func comparison(_ title: String, _ value: Backtest.Comparison) -> [String] {
    var table = TextTable()
    func add(_ name: String, _ rate: Backtest.Rate, _ inside: String, _ role: Paint.Role?) {
      let cells = [rate.sameDay, rate.withinDay, rate.withinWeek].map {
        TextTable.Cell(Self.share($0, of: rate.cases), role, alignsRight: true)
      }
      table.add([.init(name.padded(to: 10), role)] + cells + [.init(inside.leftPadded(to: 8), role)])
    }
    let faint = Paint.Role.faint
    table.add(
      .init("", faint), .init("the day", faint, alignsRight: true), .init("within 1", faint, alignsRight: true),
      .init("within 7", faint, alignsRight: true), .init("in range", faint))
    add("forecast", value.forecast, Self.share(value.insideRange, of: value.forecast.cases), nil)
    add("rule", value.rule, "", faint)
    return ["", paint(.strong, "\(title) (\(value.forecast.cases) cases)")]
      + table.lines(width: width, indent: 2, paint: paint)
  }

  private func guess(_ title: String, _ value: Backtest.Guess, rule: String) -> [String] {
    [
      "", paint(.strong, "\(title) (\(value.cases) cases)"),
      "  forecast \(value.forecast) right, \(rule) \(value.rule) right",
    ]
  }
}
