import FoundationEssentials
import TestSupport
import Testing

/// `toolbox kernel next`, `history` and `--at`, from the shipped history alone.
@Suite struct KernelForecastTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func run(
    _ arguments: String..., environment: [String: String] = [:]
  ) async throws -> ToolboxProcess.Outcome {
    try await ToolboxProcess.run(
      ["kernel"] + arguments + ["--database", directory("none.sqlite")], environment: environment)
  }

  // MARK: Forecasts

  @Test func `next on the last day of 2017 names rc7, the final, and how good such forecasts were`() async throws {
    let outcome = try await run("next", "--at", "2017-12-31")
    #expect(outcome.status == 0)
    #expect(
      outcome.output == """
        Linux 4.15-rc6 is out since 31 December 2017.

          Next   4.15-rc7 on Sunday 2018-01-07 (2018-01-07 to 2018-01-08), 98%; else
                 4.15 (2%)
          Final  4.15 on Sunday 2018-01-14 (2018-01-14 to 2018-01-26), 56%
                 2018-01-07 after rc6, 2%
                 2018-01-14 after rc7, 56%
                 2018-01-21 after rc8, 39%
                 2018-01-28 after rc9, 3%
          Then   4.16-rc1 on Sunday 2018-01-28 (2018-01-27 to 2018-02-13) closes the
                 merge window

        From what was known on 31 December 2017; learned from 35 cycles, and Christmas
        falls into this one.
        Hit rate of candidates foretold by the release before: 47% to the day, 91%
        within a day, 90% in the range (226 cases).
        Hit rate of finals foretold by rc6: 34% to the day, 80% within a week, 94% in
        the range (35 cases).

        """)
  }

  @Test func `next without a day starts where the known releases end`() async throws {
    let outcome = try await run("next")
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("7.3-rc2 on Sunday 2026-09-06"))
    #expect(outcome.output.contains("From what is known up to 30 August 2026"))
    let early = try await run("next", "--at", "2011-06-01")
    #expect(early.status == 0)
    #expect(early.output.contains("Hit rate: none"))
  }

  @Test func `the backtest prints the forecast beside the rule with the number of cases`() async throws {
    let outcome = try await run("next", "--backtest")
    #expect(outcome.status == 0)
    let squeezed = outcome.output.split(separator: "\n").map {
      $0.split(separator: " ").joined(separator: " ")
    }
    let start = try #require(squeezed.firstIndex(of: "Candidates, by the one before (267 cases)"))
    #expect(squeezed[start + 2] == "forecast 51% 93% 100% 91%")
    #expect(squeezed[start + 3] == "rule 46% 92% 100%")
    #expect(squeezed.contains("forecast 54 right, always rc7 55 right"))
    let document = try JSONValue(parsing: try await run("next", "--backtest", "--json").output)
    #expect(document["cycles"] == .integer(84))
    #expect(document["candidates"]?["forecast"]?["same_day"] == .integer(136))
    #expect(document["candidates"]?["rule"]?["same_day"] == .integer(124))
  }

  // MARK: History

  @Test func `history lists the newest cycles first and only as many as asked for`() async throws {
    let usual = try await run("history").output.split(separator: "\n")
    #expect(usual.count == 21)
    #expect(usual[2].split(separator: " ").prefix(6) == ["7.2", "2026-08-16", "7", "49", "1", "14"])
    #expect(try await run("history", "--limit", "3").output.split(separator: "\n").count == 4)
    #expect(try await run("history", "--all").output.split(separator: "\n").count == 114)
    let series = try await run("history", "4.15")
    #expect(series.output.contains("9 candidates in 62 days"))
    #expect(series.output.contains("4.15-rc4  rc      day unknown"))
    #expect(series.output.contains("4.15.18   stable  2018-04-19   +7"))
    #expect(try await run("history", "v6.1.140").output.hasPrefix("Linux 6.1\n"))
  }

  @Test func `bars are blocks where the locale has them and plain signs elsewhere`() async throws {
    let blocks = try await run("history", "--chart", environment: ["LC_ALL": "C.UTF-8"]).output
    #expect(blocks.contains("█") && blocks.contains("░"))
    for environment in [["LC_ALL": "C"], ["LC_ALL": "C.UTF-8", "TERM": "dumb"], ["LC_ALL": "", "LANG": "de_DE"]] {
      let plain = try await run("history", "--chart", environment: environment).output
      #expect(plain.utf8.allSatisfy { $0 < 0x80 })
      #expect(plain.contains("...####"))
      #expect(!plain.contains("\u{1B}"))
    }
    let bars = blocks.split(separator: "\n").filter { $0.contains("██") }
    let longest = bars.max { $0.count < $1.count }
    #expect(longest?.hasPrefix("6.19") == true)
    #expect(try await run("history", "--chart", "--color", "always").output.contains("\u{1B}[33m"))
  }

  @Test(arguments: [60, 80, 100])
  func `nothing is wider than the terminal`(columns: Int) async throws {
    let environment = ["COLUMNS": String(columns)]
    for arguments in [
      ["next"], ["next", "--at", "2017-12-31"], ["next", "--at", "2026-02-10"], ["next", "--backtest"], ["history"],
      ["history", "--chart", "--all"], ["history", "6.1"], ["history", "7.3"], ["list", "--at", "2017-12-31"],
    ] {
      let outcome = try await ToolboxProcess.run(
        ["kernel"] + arguments + ["--database", directory("none.sqlite")], environment: environment)
      #expect(outcome.status == 0)
      let longest = outcome.output.split(separator: "\n").map(\.count).max() ?? 0
      #expect(longest <= columns, "\(arguments)")
    }
  }

  /// xmllint(1); nil where it is not installed.
  private static let xmllint = ["/usr/bin/xmllint", "/usr/local/bin/xmllint"].first(
    where: FileManager.default.fileExists)

  @Test(.enabled(if: xmllint != nil, "xmllint is not installed"))
  func `pictures are well-formed`() async throws {
    let xmllint = try #require(Self.xmllint)
    for (index, arguments) in [
      ["history"], ["history", "--all"], ["history", "6.1"], ["history", "4.15"], ["history", "7.3"],
      ["history", "2.6.12"], ["history", "--at", "2017-12-31"], ["history", "4.15", "--at", "2017-12-31"],
    ].enumerated() {
      let picture = try await ToolboxProcess.run(
        ["kernel"] + arguments + ["--format", "svg", "--database", directory("none.sqlite")])
      #expect(picture.status == 0)
      let file = directory("\(index).svg")
      try Data(picture.output.utf8).write(to: URL(fileURLWithPath: file))
      let check = try await ToolboxProcess.run(path: xmllint, ["--noout", "--nonet", file])
      #expect(check.status == 0, "\(arguments): \(check.errors)")
    }
  }

  // MARK: Looking back

  @Test func `list --at gives what was current on that day`() async throws {
    let outcome = try await run("list", "--at", "2017-12-31")
    #expect(outcome.status == 0)
    let versions = outcome.output.split(separator: "\n").map { $0.split(separator: " ")[0] }
    #expect(versions == ["4.15-rc6", "4.14.10", "4.9.73", "4.4.108", "4.1.48", "3.18.90", "3.16.51", "3.2.96"])
    #expect(try await run("latest", "stable", "--at", "2017-12-31").output == "4.14.10\n")
    #expect(try await run("latest", "4.15", "--at", "2017-12-31").output == "4.15-rc6\n")
    #expect(try await run("show", "4.15-rc7", "--at", "2017-12-31").status == 1)
    #expect(try await run("show", "4.15-rc6", "--at", "2017-12-31").output.contains("sixth of six"))
    #expect(try await run("history", "--at", "2017-12-31").output.contains("\n4.15    not out"))
  }

  @Test func `a day that cannot be answered gets one clear line`() async throws {
    for (day, word) in [
      ("2199-01-01", "still to come"), ("2005-04-15", "begins on 16 April 2005"), ("2017-13-01", "is not a day"),
      ("yesterday", "is not a day"),
    ] {
      for command in [["list"], ["show", "4.15"], ["latest"], ["history"], ["next"]] {
        let outcome = try await ToolboxProcess.run(
          ["kernel"] + command + ["--at", day, "--database", directory("none.sqlite")])
        #expect(outcome.status == 64)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.contains(word), "\(command) \(day)")
      }
    }
    let behind = try await run("list", "--at", "2026-09-15")
    #expect(behind.status == 0)
    #expect(behind.errors.contains("releases are known up to 30 August 2026 only"))
  }

  @Test func `options that exclude each other are refused`() async throws {
    for arguments in [
      ["--chart", "--json"], ["--chart", "--format", "svg"], ["--json", "--format", "svg"], ["6.1", "--chart"],
      ["--all", "--limit", "3"], ["--limit", "0"], ["--format", "png"], ["nonsense"],
    ] {
      let outcome = try await ToolboxProcess.run(["kernel", "history"] + arguments)
      #expect(outcome.status == 64, "\(arguments)")
    }
    #expect(try await run("history", "9.9").status == 1)
  }

  @Test(arguments: [
    (["next"], "next"), (["next", "--at", "2017-12-31"], "next"), (["next", "--at", "2005-04-16"], "next"),
    (["next", "--at", "2026-02-10"], "next"), (["next", "--backtest"], "backtest"),
    (["next", "--backtest", "--at", "2011-01-01"], "backtest"), (["history"], "history"),
    (["history", "--all"], "history"), (["history", "6.1"], "history"), (["history", "4.15"], "history"),
    (["history", "7.3"], "history"), (["history", "2.6.12", "--at", "2010-01-01"], "history"),
    (["list", "--at", "2017-12-31"], "releases"), (["list", "--all", "--at", "2006-01-01"], "releases"),
    (["latest", "--at", "2017-12-31"], "releases"), (["show", "4.15-rc6", "--at", "2017-12-31"], "release"),
  ])
  func `every document fits its schema`(arguments: [String], schema: String) async throws {
    let outcome = try await ToolboxProcess.run(
      ["kernel"] + arguments + ["--json", "--database", directory("none.sqlite")])
    #expect(outcome.status == 0)
    #expect(try JSONSchema(fileNamed: "toolbox.kernel.\(schema).1.json").violations(in: outcome.output) == [])
  }
}
