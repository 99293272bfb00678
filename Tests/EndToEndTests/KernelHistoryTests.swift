import TestSupport
import Testing

/// `toolbox kernel` without a network and without a database.
@Suite struct KernelHistoryTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func run(_ arguments: String...) async throws -> ToolboxProcess.Outcome {
    try await ToolboxProcess.run(["kernel"] + arguments + ["--database", directory("none.sqlite")])
  }

  @Test func `show says all about 4_15-rc6`() async throws {
    let outcome = try await run("show", "4.15-rc6")
    #expect(outcome.status == 0)
    #expect(
      outcome.output == """
        Linux 4.15-rc6

          Date      31 December 2017 (Sunday, UTC), exact
          Channel   mainline, release candidate
          Cycle     4.15: sixth of nine release candidates, 34 days after rc1
          Before    4.15-rc5, 24 December 2017 (inferred), 7 days earlier
          After     4.15-rc7, 7 January 2018 (inferred), 7 days later
          Previous  4.14, 12 November 2017
          Final     4.15, 28 January 2018, 28 days later
          Source    the shipped history

        """)
  }

  @Test(arguments: [
    (["status"], "status"), (["list"], "releases"), (["list", "--all", "--limit", "50"], "releases"),
    (["list", "--series", "2.6.39"], "releases"), (["latest"], "releases"), (["latest", "6.1"], "releases"),
    (["show", "4.15-rc6"], "release"), (["show", "4.15-rc4"], "release"), (["show", "6.12"], "release"),
    (["show", "6.1.140"], "release"), (["show", "2.6.12-rc2"], "release"),
  ])
  func `every document fits its schema`(arguments: [String], schema: String) async throws {
    let outcome = try await ToolboxProcess.run(["kernel"] + arguments + ["--json"])
    #expect(outcome.status == 0)
    #expect(try JSONSchema(fileNamed: "toolbox.kernel.\(schema).1.json").violations(in: outcome.output) == [])
  }

  @Test func `without a fetch the overview says how far the shipped history reaches`() async throws {
    let outcome = try await run()
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("up to 30 August 2026"))
    #expect(outcome.output.contains("nothing was fetched yet"))
    #expect(outcome.output.contains("7.3-rc1"))
    #expect(outcome.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
    #expect(outcome.errors.contains("there is no database yet"))
  }

  @Test func `latest prints a bare version for scripts`() async throws {
    #expect(try await run("latest", "stable").output == "7.2.2\n")
    #expect(try await run("latest", "rc").output == "7.3-rc1\n")
    #expect(try await run("latest", "4.14").output == "4.14.336\n")
    #expect(try await run("latest", "9.9").status == 1)
    #expect(try await run("latest", "nonsense").status == 64)
  }

  @Test func `an unknown version names its nearest and what is no version is a wrong word`() async throws {
    let unknown = try await run("show", "4.15-rc12")
    #expect(unknown.status == 1)
    #expect(unknown.output.isEmpty)
    #expect(unknown.errors.contains("4.15-rc9"))
    let wrong = try await run("show", "4.15rc6")
    #expect(wrong.status == 64)
    #expect(wrong.errors.contains("4.15rc6"))
    #expect(try await run("list", "--limit=0").status == 64)
    #expect(try await run("list", "--series", "9.9").status == 1)
    #expect(try await run("watch", "--exit-code").status == 64)
    #expect(try await run("watch", "--once", "--interval", "soon").status == 64)
  }

  @Test func `list shows the newest first and colour only where it is asked for`() async throws {
    let plain = try await run("list", "--series", "4.15", "--limit", "2")
    #expect(plain.output.hasPrefix("4.15.18  stable  2018-04-19"))
    #expect(!plain.output.contains("\u{1B}"))
    #expect(try await run("list", "--color", "always").output.contains("\u{1B}[36m7.3-rc1"))
    let all = try await run("list", "--all")
    let lines = all.output.split(separator: "\n")
    #expect(lines.count == 5687)
    #expect(lines.last?.split(separator: " ") == ["2.6.12-rc2", "mainline", "2005-04-16", "end", "of", "life"])
  }
}
