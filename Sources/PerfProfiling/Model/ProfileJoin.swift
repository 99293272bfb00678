extension Profile {
  /// Puts the samples of another profile behind those that are there, as if one reader had read both.
  mutating func append(_ other: Profile) {
    let frameNumbers = other.frames.frames.map { frames.number(of: $0) }
    // A caller stands before what it calls.
    var stackNumbers: [Int32] = [StackTable.empty]
    stackNumbers.reserveCapacity(other.stacks.count)
    for stack in 1..<max(1, other.stacks.count) {
      stackNumbers.append(
        stacks.stack(
          calling: frameNumbers[Int(other.stacks.frames[stack])],
          from: stackNumbers[Int(other.stacks.parents[stack])]))
    }
    var index = ThreadIndex()
    // By the index's numbers, which differ from the places where a thread stands there twice.
    var places: [Int32] = []
    for (place, thread) in threads.enumerated() where index.number(of: thread).isNew {
      places.append(Int32(truncatingIfNeeded: place))
    }
    let threadNumbers = other.threads.map { thread -> Int32 in
      let (number, isNew) = index.number(of: thread)
      if isNew {
        places.append(Int32(truncatingIfNeeded: threads.count))
        threads.append(thread)
      }
      return places[Int(number)]
    }
    let eventNumbers = other.events.map { event -> UInt16 in
      if let known = events.firstIndex(where: { $0.name == event.name }) { return UInt16(truncatingIfNeeded: known) }
      events.append(event)
      return UInt16(truncatingIfNeeded: events.count - 1)
    }
    let bothHaveTimes =
      samples.times.count == samples.count && other.samples.times.count == other.samples.count
    samples.times = bothHaveTimes ? samples.times + other.samples.times : []
    samples.events += other.samples.events.map { Int($0) < eventNumbers.count ? eventNumbers[Int($0)] : 0 }
    samples.threads += other.samples.threads.map { threadNumbers[Int($0)] }
    samples.stacks += other.samples.stacks.map { stackNumbers[Int($0)] }
    samples.weights += other.samples.weights
    accounting.samplesIn += other.accounting.samplesIn
    accounting.withoutStack += other.accounting.withoutStack
    accounting.leftOut.merge(other.accounting.leftOut, uniquingKeysWith: +)
    notes += other.notes
  }
}
