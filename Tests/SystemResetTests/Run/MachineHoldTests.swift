import TestSupport
import Testing

@testable import SystemReset

@Suite struct MachineHoldTests {
  @Test func `the call of systemd has its arguments as the manager's signature wants them`() {
    let words = MachineHold.scope(run: "2026-11-27", process: 4711)
    #expect(
      Array(words.drop { $0 != "ssa(sv)a(sa(sv))" }) == [
        "ssa(sv)a(sa(sv))", "toolbox-reset-2026-11-27-4711.scope", "fail", "2", "Description", "s",
        "toolbox reset, run 2026-11-27", "PIDs", "au", "1", "4711", "0",
      ])
  }

  @Test func `the lock ends with the input of the program inside`() {
    #expect(MachineHold.inhibition.last == "/bin/cat")
    #expect(MachineHold.inhibition.contains("--what=sleep:shutdown"))
  }
}
