import Foundation
import TestSupport
import Testing

/// `toolbox config`, and what the settings do to the other commands.
@Suite struct ConfigCommandTests {
  /// A run with a configuration of its own. `/etc` is the machine's, so what it sets is not asked for here.
  private func run(_ words: [String], with text: String) async throws -> (ToolboxProcess.Outcome, path: String) {
    // A place that nobody else can write, so that it counts for root, too.
    let home = URL(fileURLWithPath: "/root/.toolbox-test-\(UUID().uuidString)").path
    let base = FileManager.default.isWritableFile(atPath: "/root") ? home : try TemporaryDirectory().path
    try FileManager.default.createDirectory(
      atPath: base + "/toolbox", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(atPath: base) }
    let path = base + "/toolbox/config.yaml"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return (try await ToolboxProcess.run(words, environment: ["XDG_CONFIG_HOME": base]), path)
  }

  @Test func `show tells every value and its place`() async throws {
    let (shown, path) = try await run(["config", "show", "--json"], with: "color: always\nkernel:\n  interval: 5m\n")
    #expect(shown.status == 0, "\(shown.errors)")
    #expect(try JSONSchema(fileNamed: "toolbox.config.settings.1.json").violations(in: shown.output) == [])
    let settings = try #require(try JSONValue(parsing: shown.output)["settings"]?.elements)
    let interval = try #require(settings.first { $0["key"]?.string == "kernel.interval" })
    #expect(interval["value"]?.elements.first?.string == "5m")
    #expect(interval["source"]?.string == path + ":3")
    let (text, _) = try await run(["config"], with: "# nothing\n")
    #expect(text.output.contains("kernel.interval      1h    default"), "\(text.output)")
  }

  @Test func `check tells every mistake with line and column`() async throws {
    let (right, _) = try await run(["config", "check"], with: "color: never\n")
    #expect(right.status == 0)
    #expect(right.output + right.errors == "")
    let (wrong, path) = try await run(["config", "check"], with: "color: blue\nkernel:\n  interval: soon\n")
    #expect(wrong.status == 65)
    #expect(wrong.errors.contains("\(path):1:8: 'color' takes"))
    #expect(wrong.errors.contains("\(path):3:13: 'interval' takes"))
    let (json, _) = try await run(["config", "check", "--json"], with: "colour: blue\n")
    #expect(json.status == 65)
    #expect(try JSONSchema(fileNamed: "toolbox.config.check.1.json").violations(in: json.output) == [])
  }

  @Test func `settings count for every command, and options go before them`() async throws {
    let words = ["kernel", "latest"]
    #expect(try await run(["perf", "list"], with: "color: always\n").0.output.contains("\u{1B}["))
    #expect(
      !(try await run(["perf", "list", "--color", "never"], with: "color: always\n").0.output.contains("\u{1B}[")))
    let (missing, _) = try await run(words, with: "kernel: {database: /nonexistent/kernel.sqlite}\n")
    #expect(missing.errors.contains("/nonexistent/kernel.sqlite"), "\(missing.errors)")
    let (wrong, path) = try await run(words, with: "kernel: {database: kernel.sqlite}\n")
    #expect(wrong.status == 65)
    #expect(wrong.output == "")
    #expect(wrong.errors.hasPrefix("toolbox: \(path):1:20: "), "\(wrong.errors)")
  }

  @Test func `a plugin that cannot begin says so in a plugin's words`() async throws {
    for job in ["kernel", "reset"] {
      let wrong = try await ToolboxProcess.run([job, "check", "--format", "nagios", "--no-such-option"])
      #expect(wrong.status == 3)
      #expect(wrong.output.hasPrefix("\(job.uppercased()) UNKNOWN - "), "\(wrong.output)")
      #expect(wrong.output.contains("--no-such-option"))
    }
    let both = try await ToolboxProcess.run(["kernel", "check", "--format", "nagios", "--fail-if", "reboot"])
    #expect(both.status == 3)
    #expect(both.output == "KERNEL UNKNOWN - --format nagios has exit codes of its own; leave out --fail-if\n")
    let (unread, path) = try await run(["kernel", "check", "--format=nagios"], with: "colour: red\n")
    #expect(unread.status == 3)
    #expect(unread.output.hasPrefix("KERNEL UNKNOWN - \(path):1:1: "), "\(unread.output)")
    let help = try await ToolboxProcess.run(["kernel", "check", "--format", "nagios", "--help"])
    #expect(help.status == 0)
  }

  @Test(arguments: [
    ["perf", "bindings", "bash", "--json"], ["perf", "run", "count-command", "-n", "--json", "--", "ls"],
  ])
  func `an option of the command above is refused and not passed over`(words: [String]) async throws {
    let outcome = try await ToolboxProcess.run(words)
    #expect(outcome.status == 64)
    #expect(outcome.output == "")
    #expect(outcome.errors.contains("'--json'"), "\(outcome.errors)")
  }

  @Test func `the sheet is JSON for --json, too`() async throws {
    let short = try await ToolboxProcess.run(["perf", "sheet", "--json"])
    let long = try await ToolboxProcess.run(["perf", "sheet", "--format", "json"])
    #expect(short.status == 0)
    #expect(short.output == long.output)
    #expect(short.output.contains("toolbox.perf.recipes/1"))
  }
}
