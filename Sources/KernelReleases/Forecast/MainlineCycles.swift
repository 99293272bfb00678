package import HostSystem

/// The days of mainline's candidates and finals, cycle by cycle: what a forecast learns from.
package struct MainlineCycles: Sendable, Equatable {
  /// In the order of the versions; each with at least one known day.
  package let cycles: [Cycle]

  /// The way to one final, as far as its days are known.
  package struct Cycle: Sendable, Equatable {
    /// The final that the cycle leads to, out or not.
    package let final: KernelVersion
    /// In the order of their numbers; one whose day is not known is missing.
    package let candidates: [Tag]
    /// nil while the final is not out.
    package let finalDate: ReleaseDate?

    /// The highest candidate; nil where only the final is known.
    package var lastCandidate: Tag? { candidates.last }

    /// The first candidate; nil where its day is not known.
    package var firstCandidate: Tag? { candidates.first.flatMap { $0.number == 1 ? $0 : nil } }
  }

  /// A candidate of a cycle.
  package struct Tag: Sendable, Equatable {
    /// The number behind `-rc`.
    package let number: Int
    /// Its day, and how well it is known.
    package let date: ReleaseDate

    package init(number: Int, date: ReleaseDate) {
      self.number = number
      self.date = date
    }
  }

  /// The cycles of a history. Releases without a day, stable releases and linux-next are left out.
  package init(_ history: ReleaseHistory) {
    var cycles: [Cycle] = []
    var candidates: [Tag] = []
    var final: KernelVersion?
    var finalDate: ReleaseDate?
    func finish() {
      guard let final, finalDate != nil || !candidates.isEmpty else { return }
      cycles.append(Cycle(final: final, candidates: candidates, finalDate: finalDate))
    }
    for release in history.releases {
      let version = release.version
      guard version.line == .releases, version.stableNumber == 0, let date = release.date else { continue }
      let own = version.final
      if own != final {
        finish()
        (final, candidates, finalDate) = (own, [], nil)
      }
      if let number = version.candidate {
        candidates.append(Tag(number: number, date: date))
      } else {
        finalDate = date
      }
    }
    finish()
    self.cycles = cycles
  }

  private init(cycles: [Cycle]) { self.cycles = cycles }

  /// What was known at the end of a day.
  package func until(_ day: CalendarDay) -> MainlineCycles {
    var known: [Cycle] = []
    known.reserveCapacity(cycles.count)
    for cycle in cycles {
      if let last = cycle.finalDate, last.day <= day, cycle.candidates.allSatisfy({ $0.date.day <= day }) {
        known.append(cycle)
        continue
      }
      let candidates = cycle.candidates.filter { $0.date.day <= day }
      let finalDate = cycle.finalDate.flatMap { $0.day <= day ? $0 : nil }
      if finalDate != nil || !candidates.isEmpty {
        known.append(Cycle(final: cycle.final, candidates: candidates, finalDate: finalDate))
      }
    }
    return MainlineCycles(cycles: known)
  }
}

extension CalendarDay {
  /// The Sunday nearest to the day: the one that a tag of this day belongs to. Tags are made on Sunday afternoon in
  /// America, which is Sunday or Monday in UTC, and on other days when their author travels.
  package var nearestSunday: CalendarDay { self + (weekday <= 3 ? -weekday : 7 - weekday) }
}
