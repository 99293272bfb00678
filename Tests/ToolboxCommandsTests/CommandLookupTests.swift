import ArgumentParser
import Testing

@testable import ToolboxCommands

@Suite struct CommandLookupTests {
  /// Command lines of every shape that matters: options before and after words, values that look like names, nothing at all.
  static let lines: [[String]] =
    [
      ["perf"], ["perf", "--color", "never"], ["perf", "list", "--json"],
      ["perf", "search", "where", "is", "my", "time"],
      ["perf", "show", "list"], ["perf", "run", "count-command", "pid=1", "--dry-run", "--", "ls", "-l", "kernel"],
      ["perf", "sheet", "--format", "html"], ["perf", "doctor", "--exit-code"],
      ["reset", "--dry-run"], ["reset", "--dry-run", "--root", "/mnt", "--json"], ["reset", "plan", "-o", "plan.json"],
      ["reset", "plan", "--root", "/mnt", "-o", "plan"], ["reset", "why", "bash", "--root", "/mnt"],
      ["reset", "baseline", "show", "--json"], ["reset", "users", "restore", "users"],
      ["kernel"], ["kernel", "--json"], ["kernel", "--database", "list"], ["kernel", "list"],
      ["kernel", "list", "--all"],
      ["kernel", "list", "--at", "2017-12-31"], ["kernel", "fetch", "--feed", "a", "--feed", "b", "--force"],
      ["kernel", "tracks"], ["kernel", "tracks", "--json"], ["kernel", "tracks", "add", "6.1"], ["kernel", "ack"],
      ["kernel", "watch", "--until", "6.19", "--timeout", "2h"], ["kernel", "show", "4.15-rc6"],
      ["kernel", "check", "--format", "nagios"],
    ] + plainLines

  /// Lines that the commands understand without the parser.
  static let plainLines: [[String]] = [
    ["perf"], ["perf", "search", "cpu"], ["perf", "search", "cpu", "--json", "time"], ["perf", "show", "cpu-profile"],
    ["perf", "show", "--json", "cpu-profile"], ["kernel"], ["kernel", "list"], ["kernel", "list", "--all", "--json"],
    ["kernel", "list", "--series", "6.1", "--database", "a b"], ["kernel", "latest"], ["kernel", "latest", "rc"],
    ["kernel", "latest", "--database", "f", "6.1", "--json"], ["kernel", "fetch"],
    ["kernel", "fetch", "--feed", "a", "--database", "f", "--feed", "b", "--force", "--json"],
  ]

  @Test(arguments: plainLines)
  func `a plain line needs no parser`(_ line: [String]) {
    #expect(PlainCommands.request(for: line) != nil)
  }

  /// Every line of up to four of these words and options is either the parser's, or means what the parser says.
  @Test func `a line that is understood without the parser is one that the parser accepts`() throws {
    let pieces = [
      "--json", "--all", "--force", "--database", "--feed", "--series", "--limit", "--color", "--", "-", "-h",
      "--json=1",
      "--feed=x", "x", "", "6.1", "--databas",
    ]
    var understood = 0
    for name in [
      ["perf"], ["perf", "search"], ["perf", "show"], ["kernel"], ["kernel", "list"], ["kernel", "latest"],
      ["kernel", "fetch"],
    ] {
      for first in pieces {
        for second in [nil] + pieces.map(Optional.init) {
          for third in [nil, "x", "--json", "--feed"] {
            let line = name + [first] + [second, third].compactMap { $0 }
            guard let found = PlainCommands.request(for: line) else { continue }
            understood += 1
            let whole = try Toolbox.parseAsRoot(line)
            let command = try #require(whole as? any RequestingCommand)
            let isSame = Self.isSame(found, as: command)
            #expect(isSame, "\(line)")
          }
        }
      }
    }
    #expect(understood > 80)
  }

  @Test(arguments: lines)
  func `a command found by its name is what the parser makes of the whole line`(_ line: [String]) throws {
    let whole = try Toolbox.parseAsRoot(line)
    let found = try CommandLookup.parse(line, below: Toolbox.self)
    #expect(ObjectIdentifier(type(of: found)) == ObjectIdentifier(type(of: whole)))
    #expect(Self.values(of: found) == Self.values(of: whole))
  }

  @Test func `a name is found without the parser`() throws {
    let found = try #require(CommandLookup.command(for: ["kernel", "tracks", "--json"], below: Toolbox.self))
    #expect(ObjectIdentifier(found.type) == ObjectIdentifier(KernelTracksList.self))
    #expect(found.rest == ["--json"])
    #expect(CommandLookup.command(for: ["kernel", "nosuch"], below: Toolbox.self) == nil)
    #expect(CommandLookup.command(for: ["--color", "never", "kernel"], below: Toolbox.self) == nil)
    #expect(CommandLookup.command(for: [], below: Toolbox.self) == nil)
  }

  @Test(arguments: [
    ["kernel", "list", "--nosuch"], ["kernel", "list", "--help"], ["kernel", "nosuch"], ["--version"], ["perf", "-h"],
    ["kernel", "fetch", "surplus"], ["help", "kernel", "fetch"], ["kernel", "events", "--since"],
  ])
  func `what is no plain success is told as for the whole line`(_ line: [String]) {
    #expect(
      Self.told(line) { try CommandLookup.parse($0, below: Toolbox.self) }
        == Self.told(line) { try Toolbox.parseAsRoot($0) })
  }

  @Test func `every command says its name itself`() {
    var waiting: [any ParsableCommand.Type] = [Toolbox.self]
    while let command = waiting.popLast() {
      #expect(command.configuration.commandName != nil, "\(command)")
      waiting += command.configuration.subcommands
    }
  }

  private static func told(_ line: [String], _ parse: ([String]) throws -> any ParsableCommand) -> String {
    do {
      var command = try parse(line)
      try command.run()
      return "ran"
    } catch {
      return "\(Toolbox.exitCode(for: error).rawValue) \(Toolbox.fullMessage(for: error))"
    }
  }

  private static func isSame<Command: RequestingCommand>(_ request: any CommandRequest, as command: Command) -> Bool {
    request as? Command.Request == command.request
  }

  /// What the command was given, option by option.
  private static func values(of command: any ParsableCommand) -> String {
    var text = ""
    dump(command, to: &text)
    return text
  }
}
