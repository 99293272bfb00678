package import HostSystem

/// What is known of a kernel series: whether it is longterm, and when it ends or ended.
package struct SeriesFacts: Sendable, Equatable {
  /// `6.1`
  package let name: String
  /// Whether kernel.org lists it as longterm.
  package let isLongterm: Bool
  /// The day of its final.
  package let finalDay: CalendarDay
  /// The end of life as last published: in the past, or a projection; nil where none was published.
  package let endOfLife: CalendarDay?
  /// Every published value, oldest first.
  package let published: [PublishedEnd]

  /// A value of the end of life and the day on which it was first seen.
  package struct PublishedEnd: Sendable, Equatable {
    /// What was published.
    package let value: Value
    /// The day on which it was first seen.
    package let seen: CalendarDay

    /// The ways in which an end is published.
    package enum Value: Sendable, Hashable {
      case notAnnounced
      case endedWithoutDay
      case day(CalendarDay)
    }
  }

  /// Whether the series has ended on a day, as far as this table knows.
  package func hasEnded(on day: CalendarDay) -> Bool {
    if let endOfLife { return endOfLife < day }
    return published.last?.value == .endedWithoutDay
  }
}

/// The shipped table of series: `Data/kernel/series.tsv`.
package struct SeriesTable: Sendable {
  /// By the name of the series.
  package let series: [String: SeriesFacts]
  /// The same by the final: names of a whole history need not be spelled for it.
  private let byFinal: [KernelVersion: SeriesFacts]
  /// The newest series of the table.
  let newest: KernelVersion?

  /// - Parameter facts: of a series that stands there twice the later one counts.
  package init(_ facts: [SeriesFacts]) {
    series = Dictionary(facts.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    let finals = facts.compactMap { facts in KernelVersion(facts.name).map { ($0.final, facts) } }
    byFinal = Dictionary(finals, uniquingKeysWith: { $1 })
    newest = finals.map(\.0).max()
  }

  /// What is known of the series that a version belongs to.
  package subscript(of version: KernelVersion) -> SeriesFacts? { byFinal[version.final] }

  /// What is known of a series; nil for one that the table does not have.
  package subscript(name: String?) -> SeriesFacts? { name.flatMap { series[$0] } }

  /// This table with what feeds have published since it was made.
  package func updated(with support: [SeriesSupport]) -> SeriesTable {
    if support.isEmpty { return self }
    var facts = series
    for row in support {
      let known = facts[row.series]
      guard let finalDay = known?.finalDay ?? row.finalDay else { continue }
      var end: CalendarDay?
      if case .day(let day) = row.end { end = day }
      var published = known?.published ?? []
      // The day on which it changed is in the log of events; here it counts that it is the last one.
      if published.last?.value != row.end { published.append(.init(value: row.end, seen: end ?? finalDay)) }
      facts[row.series] = SeriesFacts(
        name: row.series, isLongterm: row.isLongterm ?? known?.isLongterm ?? false, finalDay: finalDay, endOfLife: end,
        published: published)
    }
    return SeriesTable(Array(facts.values))
  }

  /// Reads the table: name, `longterm` or `normal`, day of the final, end of life or `-`, published values; separated by
  /// tabs. Lines that begin with `#` are comments.
  /// - Throws: ``TableError`` with the line, counted from 1.
  package static func parse(_ text: String) throws(TableError) -> SeriesTable {
    var facts: [SeriesFacts] = []
    var number = 0
    for line in text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false) {
      number += 1
      guard let first = line.first, first != 0x23 else { continue }
      let fields = line.split(separator: 0x09, omittingEmptySubsequences: false).map { String(Substring($0)) }
      guard fields.count == 5, fields[1] == "longterm" || fields[1] == "normal", let final = CalendarDay(fields[2]),
        fields[3] == "-" || CalendarDay(fields[3]) != nil
      else { throw TableError(table: "series.tsv", line: number) }
      var published: [SeriesFacts.PublishedEnd] = []
      for item in fields[4].split(separator: " ") {
        let parts = item.split(separator: "@")
        guard parts.count == 2, let seen = CalendarDay(parts[1]) else {
          throw TableError(table: "series.tsv", line: number)
        }
        switch (parts[0], CalendarDay(parts[0])) {
        case ("none", _): published.append(.init(value: .notAnnounced, seen: seen))
        case ("ended", _): published.append(.init(value: .endedWithoutDay, seen: seen))
        case (_, let day?): published.append(.init(value: .day(day), seen: seen))
        default: throw TableError(table: "series.tsv", line: number)
        }
      }
      facts.append(
        SeriesFacts(
          name: fields[0], isLongterm: fields[1] == "longterm", finalDay: final, endOfLife: CalendarDay(fields[3]),
          published: published))
    }
    return SeriesTable(facts)
  }
}

/// A line of a shipped table that cannot be read; the tests read all of them, so nobody should ever see it.
package struct TableError: ReportableError, Equatable {
  /// The file's name below `Data/kernel`.
  package let table: String
  /// Counted from 1.
  package let line: Int

  package init(table: String, line: Int) {
    self.table = table
    self.line = line
  }

  package var failureKind: FailureKind { .badData }
  package var message: String {
    "the shipped table \(table):\(line) cannot be read; this binary was built from a damaged source, build it again"
  }
}
