import HostSystem
import PerfProbes
import PerfProfiling
import Testing

@Suite("A recording is planned by what the machine allows")
struct RecordingPlanTests {
  private static func facts(_ change: (inout PerfFacts) -> Void = { _ in }) -> PerfFacts {
    var facts = PerfFacts()
    facts.perf = PerfBinary(
      path: "/usr/bin/perf", isWrapper: false, version: "perf version 6.1.187", features: [:], hasBPFSkeletons: nil,
      complaint: nil)
    change(&facts)
    return facts
  }

  private func arguments(_ wish: RecordingPlan.Wish, _ facts: PerfFacts = facts()) throws -> [String] {
    try RecordingPlan(wish, facts: facts, path: "/d/perf.data").arguments
  }

  @Test("Each target is told to perf in its own way")
  func targets() throws {
    let head = ["record", "-N", "-o", "/d/perf.data", "-e", "cycles"]
    let tail = ["-F", "499", "--call-graph", "fp", "-k", "CLOCK_MONOTONIC"]
    #expect(
      try arguments(.init(target: .everything, seconds: 10)) == head + tail + ["-a", "--", "sleep", "10"])
    #expect(try arguments(.init(target: .processes([7, 9]))) == head + tail + ["-p", "7,9"])
    #expect(try arguments(.init(target: .command(["make", "-j"]), seconds: 3)) == head + tail + ["--", "make", "-j"])
    #expect(
      try arguments(.init(target: .controlGroup("system.slice/a.service"))) == head
        + ["-G", "system.slice/a.service"] + tail + ["-a"])
  }

  @Test("What the machine has not is replaced, and that is said")
  func replaced() throws {
    let facts = Self.facts {
      $0.events.hardware = 2
      $0.events.ownKernel = 13
      $0.events.branches = 95
      $0.settings.maxSampleRate = 100
    }
    let plan = try RecordingPlan(
      .init(target: .command(["a"]), stacks: .lastBranches), facts: facts, path: "/d/perf.data")
    #expect(plan.event == "cpu-clock:u" && plan.stacks == .framePointers && plan.frequency == 100)
    #expect(plan.notes.count == 4)
    let waiting = try RecordingPlan(
      .init(target: .everything, isOffCPU: true), facts: Self.facts { $0.events.tracepoint = 0 }, path: "p")
    #expect(waiting.event == "sched:sched_switch" && waiting.arguments.contains("-c") && waiting.notes.isEmpty)
  }

  @Test("What the kernel forbids is an error before anything is started")
  func refused() {
    func error(_ wish: RecordingPlan.Wish, _ facts: PerfFacts) -> RecordingPlanError? {
      do throws(RecordingPlanError) {
        _ = try RecordingPlan(wish, facts: facts, path: "p")
        return nil
      } catch {
        return error
      }
    }
    #expect(error(.init(target: .everything), PerfFacts()) == .noPerf)
    #expect(error(.init(target: .command([])), Self.facts()) == .nothing)
    #expect(
      error(.init(target: .everything), Self.facts { $0.events.systemWide = 13 })
        == .notAllowed(what: "recording the whole machine"))
    #expect(error(.init(target: .everything, isOffCPU: true), Self.facts()) == .noTracepoints)
    #expect(
      error(.init(target: .everything, isOffCPU: true), Self.facts { $0.events.tracepoint = 1 })?.failureKind
        == .noPermission)
  }
}
