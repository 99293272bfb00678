import HostSystem
import PerfProfiling
import TerminalOutput

/// The tables of a report.
enum ReportText {
  static func heading(_ profile: Profile, event: Int, total: UInt64, paint: Paint) -> String {
    let known = profile.events[event]
    let count = profile.samples.events.reduce(into: 0) { $0 += Int($1) == event ? 1 : 0 }
    return heading(known.name, samples: count, total: total, unit: known.unit, paint: paint)
  }

  static func lines(
    _ event: ProfileReport.Event, by grouping: PerfReport.Grouping, top: Int, width: Int, paint: Paint
  ) -> [String] {
    var lines = [heading(event.name, samples: event.samples, total: event.total, unit: event.unit, paint: paint)]
    var table = TextTable()
    func share(_ part: UInt64) -> TextTable.Cell {
      TextTable.Cell(percent(part, of: event.total), alignsRight: true)
    }
    func head(_ names: String...) {
      table.add(names.enumerated().map { .init($1, .faint, alignsRight: $0 < names.count - (names.count > 3 ? 2 : 1)) })
    }
    let count: Int
    switch grouping {
    case .symbol:
      head("self", "total", "function", "object")
      count = event.symbols.count
      for symbol in event.symbols.prefix(top) {
        table.add(
          share(symbol.own), share(symbol.total), .init(symbol.name.harmless, .name),
          .init((symbol.object ?? "").split(separator: "/").last.map { String($0).harmless } ?? "", .faint))
      }
    case .object:
      head("self", "total", "object")
      count = event.objects.count
      for object in event.objects.prefix(top) {
        table.add(share(object.own), share(object.total), .init(object.name.harmless, .name))
      }
    case .command, .thread:
      let shares = grouping == .command ? event.commands : event.threads
      head("share", grouping.rawValue)
      count = shares.count
      for one in shares.prefix(top) { table.add(share(one.total), .init(one.name.harmless, .name)) }
    }
    lines += table.lines(width: width, indent: 0, paint: paint)
    if count > top { lines.append(paint(.faint, "\(count - top) more; --top \(count) prints all")) }
    return lines
  }

  private static func heading(
    _ name: String, samples: Int, total: UInt64, unit: Profile.Unit, paint: Paint
  ) -> String {
    paint(.heading, name.harmless) + "  " + paint(.faint, "\(samples.counted("sample")), \(amount(total, unit))")
  }

  /// A weight as people read it.
  static func amount(_ weight: UInt64, _ unit: Profile.Unit) -> String {
    switch unit {
    case .nanoseconds:
      let milliseconds = Double(weight) / 1e6
      return milliseconds >= 1000 ? "\(tenths(milliseconds / 1000)) s" : "\(tenths(milliseconds)) ms"
    case .samples, .events, .cycles, .instructions, .bytes: return "\(grouped(weight)) \(unit.rawValue)"
    }
  }

  static func percent(_ part: UInt64, of whole: UInt64) -> String {
    hundredths(whole == 0 ? 0 : 100 * Double(part) / Double(whole)) + "%"
  }

  /// With two digits behind the point.
  static func hundredths(_ value: Double) -> String {
    let scaled = Int((abs(value) * 100).rounded())
    let rest = scaled % 100
    return "\(value < 0 && scaled > 0 ? "-" : "")\(scaled / 100).\(rest < 10 ? "0" : "")\(rest)"
  }

  private static func tenths(_ value: Double) -> String {
    let scaled = Int((value * 10).rounded())
    return "\(scaled / 10).\(scaled % 10)"
  }

  private static func grouped(_ count: UInt64) -> String {
    let digits = String(count)
    var result = ""
    for (place, digit) in digits.enumerated() {
      if place > 0, (digits.count - place) % 3 == 0 { result += "," }
      result.append(digit)
    }
    return result
  }
}
