import FoundationEssentials
import TestSupport
import Testing

/// `toolbox perf explain`, as a person meets it.
@Suite struct PerfExplainCommandTests {
  private static let lines = [
    "perf record -F 99 -a -g -- sleep 10",
    "sudo perf record -F 99 -p PID -g dwarf sleep 10 2>/dev/null | perf script > out.txt",
    "perf stat -e '{cycles:u,instructions}:S' -e sched:sched_switch,r1a8,cpu/event=0x3c,umask=0x1/pp ls -l",
    "perf --version", "perf probe 'tcp_sendmsg%return $retval'", "perf annotate --data-type | cat",
    "perf record --nonsense -f ls",
  ]

  @Test(arguments: lines)
  func `an explanation follows its schema and fits 80 columns`(line: String) async throws {
    let schema = try JSONSchema(fileNamed: "toolbox.perf.explain.1.json")
    let document = try await ToolboxProcess.run(["perf", "explain", "--json", line])
    #expect(document.status == 0)
    #expect(try schema.violations(in: document.output) == [])
    let text = try await ToolboxProcess.run(["perf", "explain", line])
    #expect(text.status == 0)
    #expect(text.errors.isEmpty)
    // What was written is never cut; everything else is wrapped.
    let wide = text.output.split(separator: "\n").filter {
      $0.utf8.count > 80 && !$0.contains(" -e ") && !line.contains($0)
    }
    #expect(wide == [])
    #expect(!text.output.contains(" \n"))
  }

  @Test func `words behind the sign and a line in quotes are the same`() async throws {
    let words = ["perf", "record", "-F", "99", "-a", "-g", "--", "sleep", "10"]
    let quoted = try await ToolboxProcess.run(["perf", "explain", words.joined(separator: " ")])
    for arguments in [["perf", "explain", "--"] + words, ["perf", "explain"] + words] {
      let outcome = try await ToolboxProcess.run(arguments)
      #expect(outcome.status == 0)
      #expect(outcome.output == quoted.output)
    }
    #expect(quoted.output.hasPrefix("perf record -F 99 -a -g -- sleep 10\n"))
    for part in ["-F 99 ", "sleep 10 ", "Not said, so", "Needs", "profile-system"] {
      #expect(quoted.output.contains(part), "\(part)")
    }
  }

  @Test func `options of perf are not taken for options of toolbox, and the other way round`() async throws {
    let perf = try await ToolboxProcess.run(["perf", "explain", "--", "perf", "stat", "--json", "ls"])
    #expect(perf.output.hasPrefix("perf stat --json ls\n"))
    let own = try await ToolboxProcess.run(["perf", "explain", "perf stat -j ls", "--json"])
    #expect(try JSONValue(parsing: own.output)["schema"] == .string("toolbox.perf.explain/1"))
  }

  @Test func `colour changes nothing but colour`() async throws {
    let plain = try await ToolboxProcess.run(["perf", "explain", Self.lines[1]])
    let coloured = try await ToolboxProcess.run(["perf", "explain", "--color", "always", Self.lines[1]])
    let pieces = coloured.output.split(separator: "\u{1B}[", omittingEmptySubsequences: false)
    #expect(pieces.count > 10)
    let text = pieces.enumerated().map { $0 == 0 ? String($1) : String($1.drop { $0 != "m" }.dropFirst()) }.joined()
    #expect(text == plain.output)
  }

  @Test(arguments: [
    ([], 64, "nothing to explain"), ([""], 64, "nothing to explain"), (["--"], 64, "nothing to explain"),
    (["ls -l"], 64, "\"ls\" is no perf command"), (["perf recrod"], 64, "did you mean record?"),
    (["perf", "\u{1B}[31m\u{7}"], 64, "no subcommand \"[31m\""), (["perf stat 'ls"], 65, "' at character 11"),
    (["perf stat \u{FF}>"], 65, "nothing stands behind >"),
    (["perf stat ls", "more"], 64, "more stands behind the line"),
    (["--perf-version", "new", "perf stat ls"], 64, "--perf-version"),
  ])
  func `what cannot be explained is answered in a line`(arguments: [String], status: Int32, message: String)
    async throws
  {
    let outcome = try await ToolboxProcess.run(["perf", "explain"] + arguments)
    #expect(outcome.status == status)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.contains(message), "\(outcome.errors)")
    #expect(!outcome.errors.contains("\u{1B}"))
  }

  @Test func `ten thousand arguments are explained`() async throws {
    let numbers = (1...10_000).map { "--option\($0)" }
    for words in [
      numbers, ["-e", numbers.joined(separator: ",")], ["-v"] + numbers.map { _ in "-v" }, ["--"] + numbers,
    ] {
      let outcome = try await ToolboxProcess.run(["perf", "explain", "--", "perf", "record"] + words)
      #expect(outcome.status == 0)
      #expect(outcome.errors.isEmpty)
    }
  }

  @Test func `bytes that steer a terminal are left out of the answer`() async throws {
    let outcome = try await ToolboxProcess.run(
      [
        "perf", "explain", "--", "perf", "record", "-e", "a\u{1B}[2J:\u{202E}x", "--\u{7}zz", "--", "\u{1B}]0;x\u{7}",
        "\u{9B}5m",
      ])
    #expect(outcome.status == 0)
    #expect(
      outcome.output.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) })
    #expect(!outcome.output.contains("\u{202E}"))
  }

  @Test func `a version of perf can be named`() async throws {
    let old = try await ToolboxProcess.run(["perf", "explain", "--perf-version", "6.1", "perf annotate --data-type"])
    #expect(old.output.contains("is not an option of perf 6.1"))
    let new = try await ToolboxProcess.run(["perf", "explain", "--perf-version", "6.9", "perf annotate --data-type"])
    #expect(!new.output.contains("error:"))
  }
}
