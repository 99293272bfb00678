import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// A program that stands where perf would: it answers what toolbox asks perf, and writes down what it is started with.
struct StandInPerf {
  let directory: TemporaryDirectory
  let path: String

  /// - Parameter name: below the directory, `bin/perf` for one.
  init(_ name: String = "bin/perf", version: String = "6.1.0") throws {
    directory = try TemporaryDirectory()
    path = try directory.write(
      name,
      text: """
        #!/bin/sh
        case "$*" in
          'version --build-options') echo 'perf version \(version)'; exit 0;;
          'record -h') echo '  --off-cpu  x'; echo '  (not built-in because no BUILD_BPF_SKEL=1)'; exit 129;;
        esac
        printf '%s\\0' "$0" "$@" > '\(directory.path)/arguments'
        pwd > '\(directory.path)/directory'
        echo "$TOOLBOX_TEST" > '\(directory.path)/environment'
        cat /proc/self/status > '\(directory.path)/status'
        echo to-output
        echo to-errors >&2
        exit 7

        """)
    guard chmod(path, 0o755) == 0 else { throw POSIXError(.EACCES) }
  }

  /// What it was started with, its own name left out; nil where it was not started.
  var arguments: [String]? {
    guard let bytes = FileManager.default.contents(atPath: directory("arguments")) else { return nil }
    return bytes.split(separator: 0, omittingEmptySubsequences: false).dropFirst().dropLast()
      .map { String(decoding: $0, as: UTF8.self) }
  }

  func text(_ name: String) -> String {
    String(decoding: FileManager.default.contents(atPath: directory(name)) ?? Data(), as: UTF8.self)
  }
}

/// `toolbox perf run`, from the words of the command line to what arrives in perf.
@Suite struct PerfRunCommandTests {
  @Test(
    .enabled(if: InstalledPerf.obstacle == nil, "\(InstalledPerf.obstacle ?? "")"))
  func `the functions that can be probed are those of the pattern`() async throws {
    let outcome = try await ToolboxProcess.run(["perf", "run", "probe-functions", "pattern=tcp_*"])
    guard outcome.status == 0 else {
      print("the functions that can be probed: skipped: \(outcome.errors.prefix(120))")
      return
    }
    let names = outcome.output.split(separator: "\n")
    #expect(!names.isEmpty)
    #expect(names.allSatisfy { $0.hasPrefix("tcp_") })
  }

  @Test func `every value arrives in perf's arguments as one, unchanged`() async throws {
    let values = [
      "a b", "it's \"quoted\"", "-x", "--", "--help", ";rm -rf /", "$(id) `id` $HOME", "line\nbreak", "tab\t", "*?[a]",
      "{file}", "a=b", "", "\\", "ü 字", "#x", "~", "|&<>",
    ]
    for value in values {
      let perf = try StandInPerf()
      let outcome = try await ToolboxProcess.run(["perf", "run", "report-text", "file=" + value, "--perf", perf.path])
      #expect(outcome.status == 7, "\(outcome.errors)")
      #expect(perf.arguments == ["report", "-i", value, "--stdio", "-n", "--no-children"])
    }
  }

  @Test func `a command arrives word by word`() async throws {
    let perf = try StandInPerf()
    let command = ["sh", "-c", "echo 'a b'; exit 3", "--dry-run", "", "--", "x=y"]
    _ = try await ToolboxProcess.run(
      ["perf", "run", "--force", "--perf", perf.path, "count-command", "--"] + command)
    #expect(perf.arguments == ["stat", "--"] + command)
  }

  @Test func `perf takes the place of the program: its output, its exit code, its directory and its environment`()
    async throws
  {
    let perf = try StandInPerf()
    let place = try TemporaryDirectory()
    let outcome = try await ToolboxProcess.run(
      ["perf", "run", "list-matching", "pattern=net:*", "--perf", perf.path], environment: ["TOOLBOX_TEST": "kept"],
      workingDirectory: place.path)
    #expect(outcome.status == 7)
    #expect(outcome.output == "to-output\n")
    #expect(outcome.errors == "running: perf list 'net:*'\nto-errors\n")
    #expect(perf.text("directory") == place.path + "\n")
    #expect(perf.text("environment") == "kept\n")
  }

  @Test func `perf starts with signals as a shell gives them`() async throws {
    let perf = try StandInPerf()
    // Even where a parent ignores SIGPIPE, which would make perf write to readers that are gone.
    _ = try await ToolboxProcess.run(
      path: "/bin/sh",
      ["-c", "trap '' PIPE; \"$0\" perf run list-events --perf \"$1\"", ToolboxProcess.path, perf.path])
    func signals(_ name: String) throws -> UInt64 {
      let line = try #require(perf.text("status").split(separator: "\n").first { $0.hasPrefix(name + ":") })
      return try #require(UInt64(line.split(whereSeparator: \.isWhitespace)[1], radix: 16))
    }
    #expect(try signals("SigBlk") == 0)
    #expect(try signals("SigIgn") & (1 << UInt64(SIGPIPE - 1)) == 0)
  }

  @Test func `a dry run prints the quoted command alone and starts nothing`() async throws {
    let perf = try StandInPerf()
    let outcome = try await ToolboxProcess.run(
      ["perf", "run", "report-browse", "file=1 2'3", "--dry-run"],
      environment: ["PATH": perf.directory("bin") + ":/usr/bin:/bin"])
    #expect(outcome.status == 0)
    #expect(outcome.output == "perf report -i '1 2'\\''3'\n")
    #expect(outcome.errors.isEmpty)
    #expect(perf.arguments == nil)
    let shell = try await ToolboxProcess.run(
      path: "/bin/sh", ["-c", "set -- \(outcome.output.dropLast()); printf '%s|' \"$@\""])
    #expect(shell.output == "perf|report|-i|1 2'3|")
    #expect(
      try await ToolboxProcess.run(["perf", "run", "-n", "--perf", "/opt/my perf", "list-events"]).output
        == "'/opt/my perf' list\n")
  }

  @Test func `perf is found in PATH, but never through a relative entry for root`() async throws {
    let near = try StandInPerf("perf")
    let far = try StandInPerf()
    let outcome = try await ToolboxProcess.run(
      ["perf", "run", "list-events"], environment: ["PATH": ".::\(far.directory("bin")):/usr/bin:/bin"],
      workingDirectory: near.directory.path)
    #expect(outcome.status == 7)
    #expect((far.arguments != nil) == (geteuid() == 0))
    #expect((near.arguments != nil) == (geteuid() != 0))
  }

  @Test(arguments: [
    (["count-pid"], "toolbox: perf: count-pid: pid=... is missing\n"),
    (["count-pid", "pdi=1"], "toolbox: perf: count-pid: nothing is called \"pdi\"; there are pid, duration\n"),
    (["count-comand"], "toolbox: perf: no recipe \"count-comand\"; did you mean count-command?\n"),
    ([], "toolbox: perf: no recipe is named; \"toolbox perf list\" names them all\n"),
    (
      ["list-events", "--", "ls"],
      "toolbox: perf: list-events: it takes no command; \"toolbox perf show list-events\" says what it takes\n"
    ),
  ])
  func `what is missing or wrong ends with the usage code and one line`(words: [String], message: String) async throws {
    let outcome = try await ToolboxProcess.run(["perf", "run", "--dry-run"] + words)
    #expect(outcome.status == 64)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors == message)
  }

  @Test func `a recipe that this perf is too old for is refused with what can run, unless forced`() async throws {
    let perf = try StandInPerf(version: "4.9.1")
    let arguments = ["perf", "run", "--perf", perf.path, "convert-json"]
    let outcome = try await ToolboxProcess.run(arguments)
    #expect(outcome.status == 69)
    #expect(outcome.errors.hasPrefix("toolbox: perf: convert-json cannot run here: perf is 4.9.1; "))
    #expect(perf.arguments == nil)
    let forced = try await ToolboxProcess.run(arguments + ["--force"])
    #expect(forced.status == 7)
    #expect(forced.errors.hasPrefix("toolbox: perf: convert-json: perf is 4.9.1; running it all the same\n"))
  }

  @Test func `without perf nothing runs`() async throws {
    let outcome = try await ToolboxProcess.run(["perf", "run", "list-events", "--perf", "/nonexistent/perf"])
    #expect(outcome.status == 69)
    #expect(outcome.errors.contains("list-events cannot run here: perf does not work here"))
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/usr/bin/script"), "script(1) is not installed"))
  func `on a terminal what is missing is asked for`() async throws {
    let perf = try StandInPerf()
    let outcome = try await onTerminal(
      "perf run usdt-add --perf \(perf.path)", typing: "\\n/opt/my program\\n", path: "/usr/bin:/bin")
    #expect(outcome.output.contains("program: a program or another file: "))
    #expect(outcome.output.contains("running: perf buildid-cache --add '/opt/my program'"))
    #expect(perf.arguments == ["buildid-cache", "--add", "/opt/my program"])
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/usr/bin/script"), "script(1) is not installed"))
  func `a recipe and a process are chosen with fzf where it is installed`() async throws {
    let tools = try TemporaryDirectory()
    // Chooses what a person would: the recipe, then the first process of the list.
    let finder = try tools.write(
      "fzf", text: "#!/bin/sh\nread -r first\ncase $* in *recipe*) echo \"count-pid\tx\";; *) echo \"$first\";; esac\n")
    #expect(chmod(finder, 0o755) == 0)
    let outcome = try await onTerminal(
      "perf run --dry-run", typing: "", path: "\(tools.path):/usr/bin:/bin")
    let words = outcome.output.split(whereSeparator: \.isWhitespace)
    #expect(words.count == 7, "\(outcome.output)")
    #expect(words.count > 3 && Int(words[3]) != nil, "\(outcome.output)")
  }

  /// Runs toolbox on a terminal of its own.
  private func onTerminal(_ words: String, typing: String, path: String) async throws -> ToolboxProcess.Outcome {
    try await ToolboxProcess.run(
      path: "/bin/sh",
      ["-c", "printf '\(typing)' | script -qec \"'\(ToolboxProcess.path)' \(words)\" /dev/null"],
      environment: ["TERM": "xterm", "PATH": path, "NO_COLOR": "1"])
  }
}
