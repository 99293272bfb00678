import Testing

@testable import PerfReference

@Suite struct CommandTemplateTests {
  @Test func `a template is a list of words with gaps`() throws {
    let template = try CommandTemplate("perf stat -e  '{event}:u,{event}:k' --filter='a b' -- {command}")
    #expect(template.placeholderNames == ["event", "command"])
    #expect(template.standaloneNames == ["command"])
    #expect(
      template.words.map(\.parts) == [
        [.text("perf")], [.text("stat")], [.text("-e")],
        [.placeholder("event"), .text(":u,"), .placeholder("event"), .text(":k")],
        [.text("--filter=a b")], [.text("--")], [.placeholder("command")],
      ])
  }

  @Test func `braces that hold no name are text inside quotes`() throws {
    let template = try CommandTemplate("perf stat -e '{cycles,instructions}:S' '{}' ''")
    #expect(template.placeholderNames.isEmpty)
    #expect(template.arguments { _ in [] } == ["perf", "stat", "-e", "{cycles,instructions}:S", "{}", ""])
  }

  @Test func `values arrive as they are, never split`() throws {
    let template = try CommandTemplate("perf record -o {file} -e '{event}:u' -- {command}")
    let hostile = ["a b", "it's", ";rm -rf /", "-x\n", "$(id)", "{file}", ""]
    let arguments = template.arguments { name in name == "command" ? hostile : ["\(name) '\n;"] }
    #expect(arguments == ["perf", "record", "-o", "file '\n;", "-e", "event '\n;:u", "--"] + hostile)
  }

  @Test func `the line for people quotes what a shell would change`() throws {
    let template = try CommandTemplate("perf probe '{function}%return $retval' -e {event}")
    #expect(template.shellText() == "perf probe 'FUNCTION%return $retval' -e EVENT")
    #expect(
      template.shellText { name in name == "event" ? ["sched:*"] : nil }
        == "perf probe 'FUNCTION%return $retval' -e 'sched:*'")
  }

  @Test(arguments: [
    ("plain-Word_1.2:/=+,%@", "plain-Word_1.2:/=+,%@"), ("", "''"), ("a b", "'a b'"), ("it's", "'it'\\''s'"),
    ("~root", "'~root'"), ("a~b", "a~b"), ("*", "'*'"), ("a\nb", "'a\nb'"), ("#x", "'#x'"), ("ü", "'ü'"),
  ])
  func `an argument is quoted where it must be`(argument: String, quoted: String) {
    #expect(ShellText.quoted(argument) == quoted)
  }

  @Test(arguments: [
    ("", CommandTemplateError.empty), ("   ", .empty), ("perf 'stat", .openQuote),
    ("perf stat | head", .shellSyntax("|")),
    ("perf stat > f", .shellSyntax(">")), ("perf -e sched:*", .shellSyntax("*")), ("perf $HOME", .shellSyntax("$")),
    ("perf \"a\"", .shellSyntax("\"")), ("perf {a,b}", .shellSyntax("{")), ("perf a\\ b", .shellSyntax("\\")),
    ("perf # note", .shellSyntax("#")), ("perf ~/x", .shellSyntax("~")), ("perf stat\tls", .shellSyntax("\t")),
    ("perf {open", .shellSyntax("{")), ("perf {Upper}", .shellSyntax("{")),
  ])
  func `what only a shell understands is refused`(text: String, error: CommandTemplateError) {
    #expect(throws: error) { try CommandTemplate(text) }
  }
}
