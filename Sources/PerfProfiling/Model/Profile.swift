/// A profile as every reader gives it and every picture, report and export takes it.
package struct Profile: Sendable {
  /// What was counted, in the order of the file; a sample names one by its place.
  package var events: [Event] = []
  package var threads: [Thread] = []
  package var frames = FrameTable()
  package var stacks = StackTable()
  package var samples = Samples()
  package var accounting = SampleAccounting()
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
