/// The samples of one thread and one event, in order of time, as other programs take them.
struct ExportedSamples {
  let event: Int
  let thread: Int
  /// Places in the profile's samples.
  let samples: [Int]

  /// One for each thread of each event that has samples, the busiest thread of an event first.
  static func all(_ profile: Profile, event: Int?) -> [ExportedSamples] {
    struct Key: Hashable {
      var event: UInt16
      var thread: Int32
    }
    var groups: [Key: [Int]] = [:]
    for index in 0..<profile.samples.count where event == nil || Int(profile.samples.events[index]) == event {
      groups[Key(event: profile.samples.events[index], thread: profile.samples.threads[index]), default: []].append(
        index)
    }
    let times = profile.samples.times
    return groups.map { key, samples in
      ExportedSamples(
        event: Int(key.event), thread: Int(key.thread),
        samples: times.count == profile.samples.count ? samples.sorted { (times[$0], $0) < (times[$1], $1) } : samples)
    }
    .sorted { ($0.event, -$0.samples.count, $0.thread) < ($1.event, -$1.samples.count, $1.thread) }
  }
}

extension Profile.Thread {
  /// As people tell threads apart.
  var exportedName: String {
    guard let threadID else { return command.isEmpty ? "all" : command }
    return processID.map { "\(command) \($0)/\(threadID)" } ?? "\(command) \(threadID)"
  }
}

extension Profile {
  var firstTime: UInt64 { samples.times.min() ?? 0 }
}
