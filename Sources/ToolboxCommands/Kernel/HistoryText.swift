import HostSystem
import KernelReleases
import TerminalOutput

/// Cycles and series as text for people.
struct HistoryText {
  private let paint: Paint
  private let width: Int
  private let bar: Character
  private let lightBar: Character

  init(_ terminal: TerminalFacts, environment: [String: String]) {
    self.init(paint: Paint(terminal), width: terminal.columns, usesUnicode: Self.usesUnicode(environment))
  }

  init(paint: Paint, width: Int, usesUnicode: Bool) {
    self.paint = paint
    self.width = width
    bar = usesUnicode ? "█" : "#"
    lightBar = usesUnicode ? "░" : "."
  }

  /// Whether block characters can be shown: the locale is a UTF-8 one, as locale(7) finds it, and the terminal is not dumb.
  static func usesUnicode(_ environment: [String: String]) -> Bool {
    let names = ["LC_ALL", "LC_CTYPE", "LANG"]
    let locale = names.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
    let isUTF8 = locale.lowercased().contains("utf-8") || locale.lowercased().contains("utf8")
    return isUTF8 && environment["TERM"] != "dumb"
  }

  // MARK: Tables

  func lines(of document: HistoryDocument) -> [String] {
    guard let releases = document.releases, let life = document.lives.first else { return table(document.lives) }
    return heading(life) + [""] + steps(releases)
  }

  private func table(_ lives: [SeriesLife]) -> [String] {
    var table = TextTable()
    let titles = ["series", "final", "rcs", "days", "stables", "life", ""]
    table.add(
      titles.enumerated().map { index, title in
        .init(title, .faint, alignsRight: (2...5).contains(index))
      })
    for life in lives {
      table.add(
        .init(life.final.description, .name), .init(life.finalDate?.day.description ?? "not out"),
        .init(String(life.candidateCount), alignsRight: true),
        .init(life.daysToFinal.map(String.init) ?? "-", alignsRight: true),
        .init(String(life.stables.count), alignsRight: true),
        .init(life.lifeDays.map(String.init) ?? "-", alignsRight: true),
        .init(Self.state(life), life.hasEnded ? .faint : life.isLongterm ? .good : nil))
    }
    return table.lines(width: width, paint: paint)
  }

  private static func state(_ life: SeriesLife) -> String {
    guard life.isOut else { return "in the making" }
    let longterm = life.isLongterm ? "longterm, " : ""
    if life.hasEnded { return longterm + "ended" + (life.endOfLife.map { " \($0)" } ?? "") }
    return longterm + (life.endOfLife.map { "until \($0)" } ?? "supported")
  }

  private func heading(_ life: SeriesLife) -> [String] {
    var facts = ["\(life.candidateCount) candidate\(life.candidateCount == 1 ? "" : "s")"]
    if let days = life.daysToFinal { facts[0] += " in \(days) days" }
    if let final = life.finalDate {
      facts.append("final on \(final.day.spelledOut)")
    } else {
      facts.append(life.isOut ? "the final's day is unknown" : "no final yet")
    }
    if let days = life.daysSincePreviousFinal, let previous = life.previousFinal {
      facts.append("\(days) days after \(previous.version)")
    }
    if life.isOut {
      facts.append("\(life.stables.count) stable release\(life.stables.count == 1 ? "" : "s")")
      if let days = life.lifeDays { facts.append("\(days) days of life\(life.hasEnded ? "" : " so far")") }
      facts.append(Self.state(life))
    }
    let text = facts.joined(separator: "; ") + "."
    return [paint(.heading, "Linux \(life.final)"), ""] + text.wrapped(to: width - 2).map { "  " + $0 }
  }

  private func steps(_ steps: [HistoryDocument.Step]) -> [String] {
    var table = TextTable()
    for step in steps {
      let date = step.release.date
      table.add(
        .init(step.release.version.description, .name), .init(step.release.version.kind.rawValue, .faint),
        .init(date?.day.description ?? "day unknown"),
        .init(step.gapDays.map { "+\($0)" } ?? "", alignsRight: true),
        .init(date?.confidence == .inferred ? "inferred" : "", .faint))
    }
    return table.lines(width: width, indent: 2, paint: paint)
  }

  // MARK: Bars

  /// One bar for each cycle: the merge window in light, rc1 to the final in full, both on one scale of days.
  func chart(of lives: [SeriesLife]) -> [String] {
    let whole = lives.map { Self.days($0) }
    let longest = max(1, whole.map { $0.window + $0.candidates }.max() ?? 1)
    let room = max(6, width - 34)
    var table = TextTable()
    table.add(
      .init("series", .faint), .init("final", .faint), .init("rcs", .faint, alignsRight: true),
      .init("days", .faint, alignsRight: true), .init("", .faint))
    for (life, days) in zip(lives, whole) {
      // Both ends are rounded, not both parts: so equal cycles have equal bars.
      let start = (days.window * room + longest / 2) / longest
      let end = ((days.window + days.candidates) * room + longest / 2) / longest
      table.add(
        .init(life.final.description, .name), .init(life.finalDate?.day.description ?? "not out"),
        .init(String(life.candidateCount), alignsRight: true),
        .init(String(days.window + days.candidates), alignsRight: true),
        .init(
          String(repeating: lightBar, count: start) + String(repeating: bar, count: end - start),
          life.candidateCount > 7 ? .warning : .good))
    }
    let key = "\(lightBar) merge window  \(bar) rc1 to final"
    return table.lines(width: width, paint: paint) + ["", paint(.faint, key)]
  }

  /// The days from the final before to rc1, and from rc1 to the final, or to the last known day of a running cycle.
  private static func days(_ life: SeriesLife) -> (window: Int, candidates: Int) {
    let end = life.finalDate?.day ?? life.knownUntil
    let first = life.firstDay ?? life.candidates.first?.date?.day ?? end
    let window = life.previousFinal?.date.map { first - $0.day } ?? 0
    return (max(0, window), max(0, end - first))
  }
}
