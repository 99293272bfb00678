import Curl
import HostSystem
import KernelReleases
import TerminalOutput

/// The kernel documents as text for people. What came from outside is made harmless here.
struct KernelText {
  let paint: Paint
  let width: Int

  init(_ terminal: TerminalFacts) {
    paint = Paint(terminal)
    width = terminal.columns
  }

  init(paint: Paint, width: Int) {
    self.paint = paint
    self.width = width
  }

  // MARK: Lists

  func lines(of reports: [ReleaseReport], indent: Int = 0) -> [String] {
    var table = TextTable()
    for report in reports {
      table.add(
        .init(report.version.description, .name), .init(report.channel.rawValue.harmless, Self.role(report.channel)),
        .init(Self.day(report.date) + (report.date?.confidence == .inferred ? " (inferred)" : "")),
        .init(Self.support(report), report.isEndOfLife ? .bad : .faint))
    }
    return table.lines(width: width, indent: indent, paint: paint)
  }

  private static func day(_ date: ReleaseDate?) -> String { date?.day.description ?? "day unknown" }

  static func support(_ report: ReleaseReport) -> String {
    if report.isEndOfLife, report.version.line == .releases {
      return report.endOfLifeDay.map { "end of life (\($0))" } ?? "end of life"
    }
    return report.endOfLifeDay.map { "supported until \($0)" } ?? ""
  }

  private static func role(_ channel: Channel) -> Paint.Role? {
    switch channel {
    case .mainline: .warning
    case .stable, .longterm: .good
    default: .faint
    }
  }

  // MARK: One release

  func lines(of details: ReleaseDetails) -> [String] {
    let release = details.release
    var rows: [(String, String)] = [
      ("Date", Self.longDay(release.date)), ("Channel", "\(release.channel.rawValue.harmless), \(Self.name(release))"),
    ]
    // The candidates of a stable release have no part in the cycle of its final.
    let isOfCycle = release.version.kind != .stable && !release.version.isStableCandidate
    if let cycle = details.cycle, cycle.candidates > 0, isOfCycle {
      rows.append(("Cycle", Self.describe(cycle)))
    }
    if let before = details.before { rows.append(("Before", Self.describe(before, beside: release.date))) }
    if let after = details.after { rows.append(("After", Self.describe(after, beside: release.date))) }
    if let cycle = details.cycle {
      if isOfCycle, let previous = cycle.previousFinal, previous != details.before {
        rows.append(("Previous", "\(previous.version), \(Self.shortDay(previous.date))"))
      }
      if release.version.kind != .final {
        rows.append(("Final", Self.describeFinal(cycle, of: release.version)))
      }
    }
    if let newest = details.newestOfSeries, newest.version != release.version {
      rows.append(("Newest", "\(newest.version), \(Self.shortDay(newest.date))"))
    }
    if release.version.kind == .stable || release.version.kind == .final {
      rows.append(("Series", Self.describeSeries(release)))
    }
    if let mail = details.announcement {
      rows.append(("Mail", Self.describe(mail) + (details.isAnnouncedOnly ? "; nothing else shows it yet" : "")))
      if let link = mail.link, link != release.source { rows.append(("", link.harmless)) }
    }
    rows.append(
      ("Source", release.source == Release.shipped ? "the shipped history" : release.source.harmless))
    let labelWidth = 10
    let paragraph =
      (details.announcement?.paragraph).map { [""] + $0.harmless.wrapped(to: max(20, width - 4)).map { "    \($0)" } }
      ?? []
    return [
      paint(.heading, release.version.line == .linuxNext ? "\(release.version)" : "Linux \(release.version)"), "",
    ]
      + rows.flatMap { label, text in
        text.wrapped(to: max(20, width - labelWidth - 2)).enumerated().map { index, part in
          "  " + paint(.strong, (index == 0 ? label : "").padded(to: labelWidth)) + part
        }
      } + paragraph
  }

  private static func describe(_ mail: Announcement) -> String {
    ["by \(mail.author.harmless)", mail.time.map { "on \(CalendarDay($0).spelledOut)" }]
      .compactMap { $0 }.filter { $0 != "by " }.joined(separator: ", ")
  }

  private static func longDay(_ date: ReleaseDate?) -> String {
    guard let date else { return "unknown; no source gives the day" }
    let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    return "\(date.day.spelledOut) (\(weekdays[date.day.weekday]), UTC), \(date.confidence.rawValue)"
  }

  private static func shortDay(_ date: ReleaseDate?) -> String {
    guard let date else { return "day unknown" }
    return date.day.spelledOut + (date.confidence == .inferred ? " (inferred)" : "")
  }

  private static func name(_ release: ReleaseReport) -> String {
    switch release.version.kind {
    case .candidate: release.version.isStableCandidate ? "candidate of a stable release" : "release candidate"
    case .final: "final release"
    case .stable: "stable release"
    case .next: "snapshot"
    }
  }

  private static func describe(_ cycle: ReleaseDetails.Cycle) -> String {
    let number = number(cycle.candidates)
    let noun = cycle.candidates == 1 ? "release candidate" : "release candidates"
    let name = cycle.final.version.description
    let first = cycle.first?.version.candidate == 1 ? "rc1" : "the first candidate"
    let age = cycle.daysSinceFirst.map { $0 == 0 ? "" : ", \(days($0)) after \(first)" } ?? ""
    guard let position = cycle.position else {
      return "\(name): \(number) \(noun)\(cycle.isComplete ? "" : " so far")\(age)"
    }
    return "\(name): \(ordinal(position)) of \(number) \(noun)\(cycle.isComplete ? "" : " so far")\(age)"
  }

  private static func describeFinal(_ cycle: ReleaseDetails.Cycle, of version: KernelVersion) -> String {
    guard cycle.isComplete else { return "\(cycle.final.version), not out as far as is known" }
    let distance =
      cycle.daysToFinal.map { $0 == 0 ? "" : $0 > 0 ? ", \(days($0)) later" : ", \(days(-$0)) earlier" } ?? ""
    return "\(cycle.final.version), \(shortDay(cycle.final.date))\(distance)"
  }

  private static func describe(_ neighbour: Neighbour, beside date: ReleaseDate?) -> String {
    var text = "\(neighbour.version), \(shortDay(neighbour.date))"
    if let date, let other = neighbour.date {
      let distance = other.day - date.day
      if distance != 0 { text += ", \(days(abs(distance))) \(distance > 0 ? "later" : "earlier")" }
    }
    return text
  }

  private static func describeSeries(_ release: ReleaseReport) -> String {
    let name = release.version.series ?? ""
    if release.isEndOfLife { return "\(name), ended" + (release.endOfLifeDay.map { " on \($0.spelledOut)" } ?? "") }
    return "\(name), " + (release.endOfLifeDay.map { "supported until \($0.spelledOut)" } ?? "no end announced")
  }

  private static func days(_ count: Int) -> String { "\(count) day\(count == 1 ? "" : "s")" }

  private static func number(_ value: Int) -> String {
    let words = [
      "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    ]
    return value < words.count ? words[value] : String(value)
  }

  private static func ordinal(_ value: Int) -> String {
    let words = [
      "", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
      "twelfth",
    ]
    return value < words.count ? words[value] : "number \(value)"
  }
}
