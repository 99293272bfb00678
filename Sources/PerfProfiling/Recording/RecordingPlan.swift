package import HostSystem
package import PerfProbes

/// How perf is to be called for a recording: with the best event and the best stacks that this machine allows.
package struct RecordingPlan: Sendable, Equatable {
  /// What is recorded.
  package enum Target: Sendable, Equatable {
    case processes([Int])
    /// The whole machine.
    case everything
    /// A control group, by its path below the hierarchy that perf uses.
    case controlGroup(String)
    /// A program that perf starts, with its arguments.
    case command([String])
  }

  /// How the callers of a function are found.
  package enum Stacks: Sendable, Equatable {
    case framePointers
    /// A copy of so many bytes of the stack, which is unwound later.
    case copies(Int)
    /// The hardware's list of the last branches.
    case lastBranches
  }

  /// What a person asked for.
  package struct Wish: Sendable, Equatable {
    package var target: Target
    /// nil until the command ends, or somebody stops it.
    package var seconds: Int?
    /// Samples a second on each CPU.
    package var frequency: Int
    package var stacks: Stacks
    /// Whether it is about the time that threads wait, not about the time that they run.
    package var isOffCPU: Bool

    package init(
      target: Target, seconds: Int? = nil, frequency: Int = 499, stacks: Stacks = .framePointers, isOffCPU: Bool = false
    ) {
      self.target = target
      self.seconds = seconds
      self.frequency = frequency
      self.stacks = stacks
      self.isOffCPU = isOffCPU
    }
  }

  /// As perf spells it.
  package let event: String
  package let stacks: Stacks
  package let frequency: Int
  /// Behind the path of perf.
  package let arguments: [String]
  /// What is not as it was wished, or not as good as it might be. One line each.
  package let notes: [String]

  /// - Parameters:
  ///   - facts: what the kernel and perf said.
  ///   - path: where the recording goes.
  /// - Throws: ``RecordingPlanError``
  package init(_ wish: Wish, facts: PerfFacts, path: String) throws(RecordingPlanError) {
    guard facts.perf != nil else { throw .noPerf }
    var notes: [String] = []
    let answers = facts.events
    switch wish.target {
    case .everything, .controlGroup:
      guard answers.systemWide == 0 else { throw .notAllowed(what: "recording the whole machine") }
    case .processes, .command:
      guard answers.ownUser == 0 else { throw .notAllowed(what: "recording programs") }
    }
    if case .controlGroup = wish.target, let code = answers.cgroup, code != 0 {
      throw .notAllowed(what: "recording a control group")
    }

    var event: String
    if wish.isOffCPU {
      guard let code = answers.tracepoint else { throw .noTracepoints }
      guard code == 0 else { throw .notAllowed(what: "recording context switches") }
      event = "sched:sched_switch"
    } else if answers.hardware == 0 {
      event = "cycles"
    } else {
      event = "cpu-clock"
      notes.append("there is no hardware counter for cycles here: the time of the CPUs is sampled instead (cpu-clock)")
    }
    if answers.ownKernel != 0, !wish.isOffCPU {
      event += ":u"
      notes.append("the kernel's own code may not be recorded by you and is left out")
    }

    var stacks = wish.stacks
    if stacks == .lastBranches, answers.branches != 0 {
      stacks = .framePointers
      notes.append("the hardware keeps no list of branches here: stacks are found by frame pointers")
    }
    var frequency = wish.frequency
    if let most = facts.settings.maxSampleRate, frequency > most {
      frequency = most
      notes.append("the kernel allows \(most) samples a second, and not \(wish.frequency)")
    }

    // perf would put every object into its cache below the home, as hard links that change what they are of. The directory of
    // the recording gets the symbols instead.
    var arguments = ["record", "-N", "-o", path, "-e", event]
    // The group belongs to the event before it.
    if case .controlGroup(let group) = wish.target { arguments += ["-G", group] }
    arguments += wish.isOffCPU ? ["-c", "1"] : ["-F", "\(frequency)"]
    switch stacks {
    case .framePointers: arguments += ["--call-graph", "fp"]
    case .copies(let size): arguments += ["--call-graph", "dwarf,\(size)"]
    case .lastBranches: arguments += ["--call-graph", "lbr"]
    }
    // The clock by which runtimes note when their code was where.
    arguments += ["-k", "CLOCK_MONOTONIC"]
    switch wish.target {
    case .processes(let numbers):
      guard !numbers.isEmpty else { throw .nothing }
      arguments += ["-p", numbers.map(String.init).joined(separator: ",")]
    case .everything, .controlGroup: arguments.append("-a")
    case .command(let words):
      guard !words.isEmpty else { throw .nothing }
      arguments += ["--"] + words
    }
    if case .command = wish.target {
      // perf ends with the command; who started perf ends it earlier.
    } else if let seconds = wish.seconds {
      arguments += ["--", "sleep", "\(seconds)"]
    }
    self.event = event
    self.stacks = stacks
    self.frequency = frequency
    self.arguments = arguments
    self.notes = notes
  }
}

/// A recording that cannot be made here.
package enum RecordingPlanError: ReportableError, Equatable {
  case noPerf
  /// Neither a process nor a command was named.
  case nothing
  /// The kernel refused it when it was tried.
  case notAllowed(what: String)
  /// The tracepoint of context switches cannot be found.
  case noTracepoints

  package var failureKind: FailureKind {
    switch self {
    case .noPerf, .noTracepoints: .unavailable
    case .nothing: .usage
    case .notAllowed: .noPermission
    }
  }

  package var message: String {
    switch self {
    case .noPerf: "perf is not installed; 'toolbox perf doctor' tells how to install it here"
    case .nothing: "there is nothing to record; name a process, a unit or a command"
    case .notAllowed(let what): "the kernel forbids \(what); 'toolbox perf doctor' tells why, and what to set"
    case .noTracepoints: "the kernel shows no tracepoint of context switches; run as root, where tracefs can be read"
    }
  }
}
