/// What the functions of one event weigh in consecutive blocks of time: what a comparison of two profiles is made of.
///
/// Samples that follow each other are alike, so that their number says too little about how far a share can be trusted; how
/// much shares differ between blocks of time does.
struct FunctionSeries {
  struct Sums: Hashable {
    var own: UInt64 = 0
    var total: UInt64 = 0
  }

  /// Blocks of equal duration; a profile without times has one.
  static let blockCount = 40

  private(set) var names: [String] = []
  private(set) var objects: [String?] = []
  private(set) var numbers: [String: Int] = [:]
  /// For each block the weight of all samples.
  private(set) var wholes: [UInt64] = []
  /// For each block, for each function.
  private(set) var blocks: [[Sums]] = []
  private(set) var whole: UInt64 = 0
  /// How many samples there are; of folded lines what they count.
  private(set) var samples: UInt64 = 0

  init(_ profile: Profile, event: Int, countsWeights: Bool) {
    let place = UInt16(truncatingIfNeeded: event)
    let chosen = profile.samples.events.indices.filter { profile.samples.events[$0] == place }
    samples = countsWeights ? 0 : UInt64(chosen.count)
    var block = [UInt8](repeating: 0, count: profile.samples.count)
    var count = 1
    if profile.samples.times.count == profile.samples.count,
      let first = chosen.lazy.map({ profile.samples.times[$0] }).min(),
      let last = chosen.lazy.map({ profile.samples.times[$0] }).max(), last > first
    {
      let width = Double(last - first) / Double(Self.blockCount)
      for index in chosen {
        block[index] = UInt8(min(Self.blockCount - 1, Int(Double(profile.samples.times[index] - first) / width)))
      }
      count = Self.blockCount
    }
    for number in 0..<count {
      let totals = SymbolTotals(profile) {
        profile.samples.events[$0] == place && block[$0] == UInt8(number)
      }
      if countsWeights { samples.add(totals.whole) }
      whole.add(totals.whole)
      wholes.append(totals.whole)
      var sums = [Sums](repeating: Sums(), count: names.count)
      // Functions of one name in several objects are one here: the objects of two builds have other paths.
      for row in totals.rows where row.total > 0 {
        let place = numbers[row.name] ?? names.count
        if place == names.count {
          numbers[row.name] = place
          names.append(row.name)
          objects.append(row.object)
        }
        while sums.count <= place { sums.append(Sums()) }
        sums[place].own.add(row.own)
        sums[place].total.add(row.total)
      }
      blocks.append(sums)
    }
  }

  func sums(of name: String) -> Sums {
    guard let number = numbers[name] else { return Sums() }
    return blocks.reduce(into: Sums()) { result, block in
      guard number < block.count else { return }
      result.own.add(block[number].own)
      // Two functions of one name in one stack count twice; no more than there is.
      result.total.add(block[number].total)
    }
  }

  /// The blocks that hold something, for one function: its own weight, its total, and the weight of all.
  func columns(of name: String) -> [(own: Double, total: Double, whole: Double)] {
    let number = numbers[name]
    return blocks.indices.filter { wholes[$0] > 0 }.map { block in
      let sums = number.flatMap { $0 < blocks[block].count ? blocks[block][$0] : nil } ?? Sums()
      return (Double(sums.own), Double(min(sums.total, wholes[block])), Double(wholes[block]))
    }
  }

  var filledBlocks: Int { wholes.count { $0 > 0 } }
}
