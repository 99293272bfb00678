/// A profile as every reader gives it and every picture, report and export takes it.
package struct Profile: Sendable {
  /// What was counted, in the order of the file; a sample names one by its place.
  package var events: [Event] = []
  package var threads: [Thread] = []
  package var frames = FrameTable()
  package var stacks = StackTable()
  package var samples = Samples()
  package var accounting = SampleAccounting()
  /// The files and other pieces of code that addresses were looked up in, where the reader looked addresses up.
  package var objects: [CodeObject] = []
  package var origin = Origin()
  /// The symbols by which another machine can name the same addresses, where they were asked for.
  package var keptSymbols: KeptSymbols?
  /// What the reader has to tell the person: a file that was cut, a fallback, unknown records. One line each, not yet harmless.
  package var notes: [String] = []

  package init() {}

  package struct Event: Hashable, Sendable {
    /// As perf spells it: `cycles:P`, `cpu-clock`, `sched:sched_switch`; `samples` where a file names none.
    package var name: String
    package var unit: Unit

    package init(name: String, unit: Unit) {
      self.name = name
      self.unit = unit
    }
  }

  /// Where the profile was taken; what the file does not say is nil or empty.
  package struct Origin: Hashable, Sendable {
    package var commandLine: [String] = []
    package var hostName: String?
    package var kernelRelease: String?
    /// As uname(1) spells it.
    package var architecture: String?
    package var perfVersion: String?
    package var cpus: Int?
    /// The clock of the times, as in clock_gettime(2); nil for the one of perf itself.
    package var clock: Int32?
    /// The most frames that the kernel was allowed to note for a stack; nil where it is not told.
    package var maximumDepth: Int?

    package init() {}
  }

  /// What the weights of an event count.
  package enum Unit: String, Hashable, Sendable, Codable {
    case samples, nanoseconds, cycles, instructions, bytes, events
  }

  /// A thread under the name it had; a thread that changed its name is two of them.
  package struct Thread: Hashable, Sendable {
    /// nil where the text does not say it.
    package var processID: Int32?
    package var threadID: Int32?
    /// The name of the thread; `:PID` where the kernel never told it.
    package var command: String

    package init(processID: Int32?, threadID: Int32?, command: String) {
      self.processID = processID
      self.threadID = threadID
      self.command = command
    }
  }

  /// The samples, as columns of one length. Those of `times` and `cpus` are empty where the file has none.
  package struct Samples: Sendable {
    /// Nanoseconds on the recording's clock.
    package var times: [UInt64] = []
    package var cpus: [Int32] = []
    /// Places in `Profile.events`.
    package var events: [UInt16] = []
    /// Places in `Profile.threads`.
    package var threads: [Int32] = []
    /// Stacks of `Profile.stacks`; `StackTable.empty` where the sample has no stack.
    package var stacks: [Int32] = []
    /// What the sample stands for, in the event's unit: its period, 1 without one, the count of a folded line.
    package var weights: [UInt64] = []

    package init() {}
    package var count: Int { stacks.count }
  }
}

extension Profile {
  /// Leaves samples out that are outside of a range of time, counted from the first sample, in nanoseconds.
  /// - Returns: whether the profile has times; without them nothing is changed.
  package mutating func restrict(from: UInt64?, to: UInt64?) -> Bool {
    guard samples.times.count == samples.count, let first = samples.times.min() else { return samples.count == 0 }
    let kept = samples.times.indices.filter { index in
      let time = samples.times[index] - first
      return time >= from ?? 0 && time <= to ?? .max
    }
    let leftOut = samples.count - kept.count
    if leftOut > 0 { accounting.leftOut["outside the time range", default: 0] += UInt64(leftOut) }
    samples.keep(kept)
    return true
  }

  /// The event that counts where only one can: the first one of the file that has a sample.
  package var firstEvent: Int { samples.events.min().map(Int.init) ?? 0 }
  /// The same by FlameGraph's rules: the event of the first sample.
  package var eventOfFirstSample: Int { samples.events.first.map(Int.init) ?? 0 }
}

extension Profile.Samples {
  fileprivate mutating func keep(_ places: [Int]) {
    let hasCPUs = cpus.count == count
    times = places.map { times[$0] }
    if hasCPUs { cpus = places.map { cpus[$0] } }
    events = places.map { events[$0] }
    threads = places.map { threads[$0] }
    weights = places.map { weights[$0] }
    stacks = places.map { stacks[$0] }
  }
}

/// A piece of code that addresses fell into, and what is known of its symbols.
package struct CodeObject: Hashable, Sendable {
  /// As in `Frame.object`.
  package var name: String
  /// As hexadecimal digits; nil where none is recorded.
  package var buildID: String?
  package var symbols: Symbols

  /// What became of the search for symbols.
  package enum Symbols: Hashable, Sendable {
    /// Taken from the file of this path, or from the kernel.
    case found(String)
    /// The file has names only for what it offers to others (`.dynsym`).
    case exportedOnly(String)
    /// The file is there without any symbol.
    case stripped(String)
    /// No such file.
    case absent
    /// The file that is there now is another build.
    case otherBuild(String)
    /// The file may not be read, or is damaged; with the reason.
    case unreadable(String)
    /// Code made at run time for which no map is there.
    case noMap(String)
  }

  package init(name: String, buildID: String?, symbols: Symbols) {
    self.name = name
    self.buildID = buildID
    self.symbols = symbols
  }
}

/// Where every sample of a file went: samples in = samples out + the named losses.
package struct SampleAccounting: Hashable, Sendable {
  /// Samples that the file holds (folded lines count as many as they say).
  package var samplesIn: UInt64 = 0
  /// Samples left out, by reason: `other events`, `outside the time range`, `filtered`, `damaged`. No zero counts.
  package var leftOut: [String: UInt64] = [:]
  /// Samples in the profile that have no stack.
  package var withoutStack: UInt64 = 0
  /// Samples that the kernel or perf lost while recording (LOST, LOST_SAMPLES); never part of `samplesIn`.
  package var lost: UInt64 = 0
  /// How often the kernel throttled an event.
  package var throttled: UInt64 = 0

  package init() {}

  package var samplesOut: UInt64 { samplesIn - leftOut.values.reduce(0, +) }
}
