import TestSupport
import Testing

/// `toolbox kernel cves` where nothing was imported, and with words that are no release.
@Suite struct KernelCVEsTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func run(_ arguments: String...) async throws -> ToolboxProcess.Outcome {
    try await ToolboxProcess.run(["kernel", "cves"] + arguments + ["--database", directory("none.sqlite")])
  }

  @Test func `without records it says in one line how to import them`() async throws {
    let outcome = try await run("6.1.77")
    #expect(outcome.status == 0)
    #expect(outcome.output.isEmpty)
    #expect(
      outcome.errors
        == "toolbox: no CVE record is imported; `toolbox kernel import FILE` stores records of the CVE list\n")
    let document = try await run("6.1.77", "--json", "--all")
    #expect(document.status == 0)
    #expect(try JSONSchema(fileNamed: "toolbox.kernel.cves.1.json").violations(in: document.output) == [])
  }

  @Test func `the name of a vendor's kernel, a snapshot and other words are refused`() async throws {
    for name in ["6.1.0-37-amd64", "5.14.0-503.11.1.el9_5.x86_64", "6.6.87.2-microsoft-standard-WSL2"] {
      let outcome = try await run(name)
      #expect(outcome.status == 64)
      #expect(outcome.errors.contains("\"\(name)\" is a vendor's kernel"))
    }
    let snapshot = try await run("next-20260828")
    #expect(snapshot.status == 64)
    #expect(snapshot.errors.contains("linux-next"))
    let word = try await run("newest")
    #expect(word.status == 64)
    #expect(word.errors.contains("is not a kernel version"))
  }
}
