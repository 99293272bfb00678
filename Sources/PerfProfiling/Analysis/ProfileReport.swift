import HostSystem

/// Where the weight of a profile is: by function, object, command and thread, for each event. The document
/// `toolbox.perf.report/1`.
package struct ProfileReport: Encodable, Sendable {
  package let schema = "toolbox.perf.report/1"
  package var events: [Event] = []

  package struct Event: Encodable, Sendable {
    package var name: String
    package var unit: Profile.Unit
    /// How many samples counted.
    package var samples: Int
    /// What they weigh together, in the unit.
    package var total: UInt64
    /// Samples that the kernel or perf lost while recording, of all events.
    package var lost: UInt64
    package var symbols: [SymbolTotals.Row]
    package var objects: [Share]
    package var commands: [Share]
    package var threads: [Share]
  }

  /// A part of the whole by a name.
  package struct Share: Encodable, Sendable {
    package var name: String
    /// Of samples whose innermost frame is in it; for commands and threads all there is.
    package var own: UInt64
    /// Of samples with any frame in it.
    package var total: UInt64

    enum CodingKeys: String, CodingKey {
      case name, total
      case own = "self"
    }
  }

  /// - Parameter event: the place of the only event to count; nil for all of them.
  package init(_ profile: Profile, event: Int? = nil) {
    for number in profile.events.indices where event == nil || event == number {
      let place = UInt16(truncatingIfNeeded: number)
      let samples = profile.samples.events.indices.filter { profile.samples.events[$0] == place }
      guard !samples.isEmpty else { continue }
      var totals = SymbolTotals(profile) { profile.samples.events[$0] == place }
      events.append(
        Event(
          name: profile.events[number].name, unit: profile.events[number].unit, samples: samples.count,
          total: totals.whole, lost: profile.accounting.lost,
          symbols: totals.takeHeaviest(),
          objects: Self.objects(profile, samples), commands: Self.threads(profile, samples) { $0.command },
          threads: Self.threads(profile, samples) { thread in
            "\(thread.command) \(thread.processID.map(String.init) ?? "?")/\(thread.threadID.map(String.init) ?? "?")"
          }))
    }
  }

  private static func objects(_ profile: Profile, _ samples: [Int]) -> [Share] {
    var numbers: [String: Int32] = [:]
    var shares: [Share] = []
    let objectOfFrame = profile.frames.frames.map { frame -> Int32 in
      let name = frame.kind == .label ? "" : frame.object ?? "[unknown]"
      if let known = numbers[name] { return known }
      numbers[name] = Int32(shares.count)
      shares.append(Share(name: name, own: 0, total: 0))
      return Int32(shares.count - 1)
    }
    var weights = [UInt64](repeating: 0, count: profile.stacks.count)
    for sample in samples { weights[Int(profile.samples.stacks[sample])].add(profile.samples.weights[sample]) }
    // The stack that last counted for an object: each sample counts once.
    var last = [Int](repeating: -1, count: shares.count)
    for stack in weights.indices.dropFirst() where weights[stack] > 0 {
      shares[Int(objectOfFrame[Int(profile.stacks.frames[stack])])].own.add(weights[stack])
      var current = stack
      while current != 0 {
        let object = Int(objectOfFrame[Int(profile.stacks.frames[current])])
        if last[object] != stack {
          last[object] = stack
          shares[object].total.add(weights[stack])
        }
        current = Int(profile.stacks.parents[current])
      }
    }
    return sorted(shares.filter { $0.total > 0 && !$0.name.isEmpty })
  }

  private static func threads(
    _ profile: Profile, _ samples: [Int], name: (Profile.Thread) -> String
  ) -> [Share] {
    var weights: [String: UInt64] = [:]
    let names = profile.threads.map(name)
    var byThread = [UInt64](repeating: 0, count: names.count)
    for sample in samples { byThread[Int(profile.samples.threads[sample])].add(profile.samples.weights[sample]) }
    for (thread, weight) in byThread.enumerated() where weight > 0 { weights[names[thread], default: 0].add(weight) }
    return sorted(weights.map { Share(name: $0.key, own: $0.value, total: $0.value) })
  }

  private static func sorted(_ shares: [Share]) -> [Share] {
    shares.sorted { ($1.own, $1.total, $0.name) < ($0.own, $0.total, $1.name) }
  }
}

extension SymbolTotals.Row: Encodable {
  enum CodingKeys: String, CodingKey {
    case name, object, total
    case own = "self"
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    // null where it is not known: the key is always there.
    try container.encode(object, forKey: .object)
    try container.encode(own, forKey: .own)
    try container.encode(total, forKey: .total)
  }
}
