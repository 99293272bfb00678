import Glibc
package import HostSystem

/// Two profiles, function by function: which take more of the whole than before, and whether that is more than noise. The
/// document `toolbox.perf.difference/1`.
package struct ProfileDifference: Encodable, Sendable {
  package let schema = "toolbox.perf.difference/1"
  package let before: Side
  package let after: Side
  /// How it was found out what is noise.
  package let method: Method
  /// Every function of either profile; the ones whose own share moved most first.
  package private(set) var functions: [Row] = []

  package struct Side: Encodable, Sendable {
    package let event: String
    package let unit: Profile.Unit
    package let samples: UInt64
    package let total: UInt64
  }

  package enum Method: String, Encodable, Sendable {
    /// Blocks of time were drawn again and again (bootstrap).
    case timeBlocks = "time_blocks"
    /// Samples were taken to be independent, since there are no times or too few of them.
    case sampleCounts = "sample_counts"
  }

  package struct Row: Encodable, Sendable {
    package let name: String
    @Nullable package var object: String?
    package let own: Change
    package let total: Change

    enum CodingKeys: String, CodingKey {
      case name, object, total
      case own = "self"
    }
  }

  /// Of one function, in percent of the whole of each profile.
  package struct Change: Encodable, Sendable {
    package let before: Double
    package let after: Double
    /// The probability to see so great a change, or a greater one, where there is none.
    package let probability: Double
    package let isSignificant: Bool

    /// In points of percent.
    package var points: Double { after - before }
    /// In percent of what it was; nil for what is new.
    package var relative: Double? { before > 0 ? 100 * (after / before - 1) : after > 0 ? nil : 0 }

    enum CodingKeys: String, CodingKey { case before, after, points, relative, probability, significant }

    package func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(rounded(before), forKey: .before)
      try container.encode(rounded(after), forKey: .after)
      try container.encode(rounded(points), forKey: .points)
      if let relative {
        try container.encode(rounded(relative), forKey: .relative)
      } else {
        try container.encodeNil(forKey: .relative)
      }
      try container.encode((probability * 10_000).rounded() / 10_000, forKey: .probability)
      try container.encode(isSignificant, forKey: .significant)
    }
  }

  /// Changes that are less probable than this by chance count as significant.
  static let level = 0.01
  /// Functions that moved less, in points, are noise without a test.
  private static let leastPoints = 0.005
  private static let fewestBlocks = 8

  /// - Parameters:
  ///   - countsWeights: whether weights are counts of samples, as in folded text.
  package init(
    _ first: Profile, event firstEvent: Int, _ second: Profile, event secondEvent: Int, countsWeights: Bool
  ) {
    let old = FunctionSeries(first, event: firstEvent, countsWeights: countsWeights)
    let new = FunctionSeries(second, event: secondEvent, countsWeights: countsWeights)
    before = Self.side(first, firstEvent, old)
    after = Self.side(second, secondEvent, new)
    method =
      old.filledBlocks >= Self.fewestBlocks && new.filledBlocks >= Self.fewestBlocks ? .timeBlocks : .sampleCounts
    let test = method == .timeBlocks ? BlockTest(old, new) : nil
    var seen = Set<String>()
    for name in old.names + new.names where seen.insert(name).inserted {
      let (was, now) = (old.sums(of: name), new.sums(of: name))
      func change(_ before: UInt64, _ after: UInt64, _ resampled: @autoclosure () -> Double?) -> Change {
        let shareBefore = share(of: min(before, old.whole), in: old.whole)
        let shareAfter = share(of: min(after, new.whole), in: new.whole)
        let probability =
          abs(shareAfter - shareBefore) < Self.leastPoints
          ? 1 : resampled() ?? Self.probability(shareBefore, old.samples, shareAfter, new.samples)
        return Change(
          before: shareBefore, after: shareAfter, probability: probability, isSignificant: probability < Self.level)
      }
      functions.append(
        Row(
          name: name,
          object: new.numbers[name].flatMap { new.objects[$0] } ?? old.numbers[name].flatMap { old.objects[$0] },
          own: change(was.own, now.own, test?.probability(of: name, total: false)),
          total: change(was.total, now.total, test?.probability(of: name, total: true))))
    }
    functions.sort {
      (abs($1.own.points), abs($1.total.points), $0.name) < (abs($0.own.points), abs($0.total.points), $1.name)
    }
  }

  private static func side(_ profile: Profile, _ event: Int, _ series: FunctionSeries) -> Side {
    let known = profile.events.indices.contains(event) ? profile.events[event] : nil
    return Side(
      event: known?.name ?? "samples", unit: known?.unit ?? .samples, samples: series.samples, total: series.whole)
  }

  /// The function of this name; nil where neither profile has it.
  package func function(_ name: String) -> Row? { functions.first { $0.name == name } }

  /// Of two shares in percent of so many independent samples: the two-sided test of equal proportions.
  private static func probability(_ first: Double, _ count: UInt64, _ second: Double, _ otherCount: UInt64) -> Double {
    let (n, m) = (Double(count), Double(otherCount))
    guard n > 0, m > 0 else { return 1 }
    let (p, q) = (first / 100, second / 100)
    let pooled = (p * n + q * m) / (n + m)
    let deviation = (pooled * (1 - pooled) * (1 / n + 1 / m)).squareRoot()
    guard deviation > 0 else { return p == q ? 1 : 0 }
    return erfc(abs(p - q) / deviation / 2.0.squareRoot())
  }
}

/// Draws blocks of time with replacement from both profiles, and looks how often a change keeps its sign. Source: B. Efron,
/// Bootstrap Methods: Another Look at the Jackknife, 1979; here of blocks, since neighbouring samples depend on each other.
private struct BlockTest {
  private static let rounds = 1000
  private let old: FunctionSeries
  private let new: FunctionSeries
  /// For each round how often each block was drawn.
  private let oldDraws: [[Double]]
  private let newDraws: [[Double]]

  init(_ old: FunctionSeries, _ new: FunctionSeries) {
    self.old = old
    self.new = new
    // The same numbers every time, so that the same files give the same answer.
    var numbers = FixedNumbers()
    func draws(_ count: Int) -> [[Double]] {
      (0..<Self.rounds).map { _ in
        var result = [Double](repeating: 0, count: count)
        for _ in 0..<count { result[Int.random(in: 0..<count, using: &numbers)] += 1 }
        return result
      }
    }
    oldDraws = draws(old.filledBlocks)
    newDraws = draws(new.filledBlocks)
  }

  func probability(of name: String, total: Bool) -> Double? {
    let (was, now) = (old.columns(of: name), new.columns(of: name))
    var (below, above) = (0, 0)
    for round in 0..<Self.rounds {
      let change = share(now, newDraws[round], total) - share(was, oldDraws[round], total)
      if change <= 0 { below += 1 }
      if change >= 0 { above += 1 }
    }
    // One more than was seen: no number of rounds proves a probability of zero.
    return min(1, 2 * Double(min(below, above) + 1) / Double(Self.rounds + 1))
  }

  private func share(_ columns: [(own: Double, total: Double, whole: Double)], _ draws: [Double], _ total: Bool)
    -> Double
  {
    var (part, whole) = (0.0, 0.0)
    for (column, times) in zip(columns, draws) {
      part += times * (total ? column.total : column.own)
      whole += times * column.whole
    }
    return whole > 0 ? part / whole : 0
  }
}

/// Numbers that look random and are the same in every process (splitmix64).
private struct FixedNumbers: RandomNumberGenerator {
  private var state: UInt64 = 0x5DEE_CE66_D1CE_4E5B

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
