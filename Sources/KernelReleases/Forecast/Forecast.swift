package import HostSystem

/// What comes next in mainline, foretold from what was known at the end of a day.
package struct Forecast: Sendable, Equatable {
  /// The day whose knowledge the forecast is made from; everything foretold is later.
  package let day: CalendarDay
  /// The newest mainline release of that day.
  package let latest: Neighbour
  /// What the next mainline release can be, the most probable first. The probabilities add up to 1.
  package let next: [Outcome]
  /// The next final.
  package let final: FinalOutlook
  /// The first candidate behind that final; while the merge window is open, the one that closes it.
  package let firstCandidate: Window
  /// The possible versions of that candidate, the most probable first.
  package let firstCandidateVersions: [VersionChance]
  /// Whether the merge window is open: a final is out, and the first candidate behind it is not.
  package let isMergeWindowOpen: Bool
  /// How many complete cycles it learned from.
  package let learnedCycles: Int
  /// Whether 25 December falls into the first seven weeks of the cycle.
  package let spansChristmas: Bool

  /// One thing that the next release can be.
  package struct Outcome: Sendable, Equatable {
    /// Its version.
    package let version: KernelVersion
    /// From 0 to 1.
    package let probability: Double
    /// When it comes, if it is this one.
    package let window: Window
  }

  /// A day, and the days between which it is in nine of ten cases.
  package struct Window: Sendable, Equatable {
    /// The most probable day.
    package let day: CalendarDay
    /// Earlier in one of twenty cases.
    package let earliest: CalendarDay
    /// Later in one of twenty cases.
    package let latest: CalendarDay

    /// Whether a day lies between the two.
    package func contains(_ day: CalendarDay) -> Bool { earliest <= day && day <= latest }
  }

  /// When the final comes, by the number of its last candidate.
  package struct FinalOutlook: Sendable, Equatable {
    /// Its possible versions, the most probable first: more than one only where the numbering may begin anew.
    package let versions: [VersionChance]
    /// The day in the most probable case, and the range over all cases.
    package let window: Window
    /// By the number of the last candidate, which decides the week. The probabilities add up to 1.
    package let ways: [Way]

    /// The most probable way.
    package var mostProbable: Way { ways.max { $0.probability < $1.probability } ?? ways[0] }
  }

  /// The final after one number of candidates.
  package struct Way: Sendable, Equatable {
    /// The number of the last candidate.
    package let lastCandidate: Int
    /// The day of the final then.
    package let day: CalendarDay
    /// From 0 to 1.
    package let probability: Double
  }

  /// A version, and how probable it is.
  package struct VersionChance: Sendable, Equatable {
    /// The version.
    package let version: KernelVersion
    /// From 0 to 1.
    package let probability: Double
  }

  /// The most probable thing that the next release can be.
  package var mostProbable: Outcome { next[0] }
}
