import HostSystem

/// What a list of the ends of series says. The first one is no news; neither is a series that comes into the list.
extension EventDerivation {
  mutating func compareSupport(_ rows: [SeriesSupport]) {
    var seen: Set<String> = []
    for row in rows where seen.insert(row.series).inserted {
      let stored = state.support[row.series]
      if stored == row { continue }
      result.support.append(row)
      guard let stored, stored.end != row.end else { continue }
      var day: CalendarDay?
      if case .day(let value) = row.end { day = value }
      result.events.append(
        ReleaseEvent(
          kind: .endOfLifeDate, id: newID("end_of_life_date:\(row.series):\(row.end.name)"), version: row.latest,
          series: row.series, day: day, previous: stored.end.name, observed: observed))
    }
  }
}

extension SeriesFacts.PublishedEnd.Value {
  /// `2027-12-31`, `none` or `ended`, as in `series.tsv`.
  package var name: String {
    switch self {
    case .notAnnounced: "none"
    case .endedWithoutDay: "ended"
    case .day(let day): day.description
    }
  }
}
