/// What each function of a profile weighs: as the innermost frame, and wherever it stands in a stack.
///
/// A function is its name and its object. One that calls itself counts once for each sample.
package struct SymbolTotals: Sendable {
  package struct Row: Hashable, Sendable {
    package var name: String
    /// As in `Frame.object`.
    package var object: String?
    /// As the innermost frame, in the event's unit.
    package var own: UInt64 = 0
    /// With what it calls.
    package var total: UInt64 = 0
  }

  /// In the order in which the profile knows the functions.
  package private(set) var rows: [Row] = []
  /// For each frame of the profile the place of its row.
  package private(set) var rowOfFrame: [Int32] = []
  /// The weight of all samples that were counted.
  package private(set) var whole: UInt64 = 0

  /// - Parameters:
  ///   - isCounted: whether a sample counts, by its place; nil for all of them.
  ///   - weights: in place of the profile's own, sample by sample.
  package init(
    _ profile: Profile, weights: [UInt64]? = nil, isCounted: ((Int) -> Bool)? = nil
  ) {
    numberRows(profile)
    var own = [UInt64](repeating: 0, count: profile.stacks.count)
    for index in 0..<profile.samples.count where isCounted?(index) ?? true {
      let weight = weights?[index] ?? profile.samples.weights[index]
      own[Int(profile.samples.stacks[index])].add(weight)
      whole.add(weight)
    }
    // A caller has a lower number than what it calls, so one pass from the back sums the stacks up.
    var totals = own
    for stack in stride(from: profile.stacks.count - 1, to: 0, by: -1) where totals[stack] > 0 {
      totals[Int(profile.stacks.parents[stack])].add(totals[stack])
    }
    for stack in 1..<max(1, profile.stacks.count) where totals[stack] > 0 {
      let row = rowOfFrame[Int(profile.stacks.frames[stack])]
      rows[Int(row)].own.add(own[stack])
      if !isBelowItself(row, stack, profile.stacks) { rows[Int(row)].total.add(totals[stack]) }
    }
  }

  /// The functions that weigh something, by their own weight, then by the total and the name, the heaviest first. The rows
  /// are used up: a profile can have millions, and none is copied.
  package mutating func takeHeaviest() -> [Row] {
    var taken: [Row] = []
    swap(&taken, &rows)
    taken.removeAll { $0.total == 0 }
    taken.sort { first, second in
      (second.own, second.total, first.name, first.object ?? "")
        < (first.own, first.total, second.name, second.object ?? "")
    }
    return taken
  }

  private mutating func numberRows(_ profile: Profile) {
    var index = HashIndex()
    rowOfFrame = profile.frames.frames.map { frame in
      let row = Row(name: frame.shownName, object: frame.object)
      var hasher = Hasher()
      hasher.combine(row.name)
      hasher.combine(row.object)
      let hash = UInt32(truncatingIfNeeded: hasher.finalize())
      var place = index.place(of: hash)
      while let known = index.next(hash, at: &place) {
        if rows[Int(known)].name == row.name, rows[Int(known)].object == row.object { return known }
      }
      let number = Int32(truncatingIfNeeded: rows.count)
      index.keep(number, hash, at: place)
      rows.append(row)
      return number
    }
  }

  /// Whether one of the callers of this stack is the same function.
  private func isBelowItself(_ row: Int32, _ stack: Int, _ stacks: StackTable) -> Bool {
    var current = Int(stacks.parents[stack])
    while current != 0 {
      if rowOfFrame[Int(stacks.frames[current])] == row { return true }
      current = Int(stacks.parents[current])
    }
    return false
  }
}
