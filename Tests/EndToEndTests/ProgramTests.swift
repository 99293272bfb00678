import TestSupport
import Testing

/// The program as a whole: help, versions, wrong words.
@Suite struct ProgramTests {
  @Test func `the help names the three jobs`() async throws {
    let outcome = try await ToolboxProcess.run(["--help"])
    #expect(outcome.status == 0)
    for job in ["perf", "reset", "kernel"] { #expect(outcome.output.contains("  \(job) ")) }
    #expect(outcome.errors.isEmpty)
  }

  @Test(arguments: [["nonsense"], ["--nonsense"], ["perf", "--nonsense"]])
  func `wrong words end with the usage code and print nothing on standard output`(arguments: [String]) async throws {
    let outcome = try await ToolboxProcess.run(arguments)
    #expect(outcome.status == 64)
    #expect(outcome.output.isEmpty)
    #expect(!outcome.errors.isEmpty)
  }
}
