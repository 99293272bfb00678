import Testing

@testable import PerfReference

/// Lines of a shell, split without one.
@Suite struct ShellLineTests {
  @Test(arguments: [
    ("perf stat ls", ["perf", "stat", "ls"]),
    ("  perf\tstat  ls ", ["perf", "stat", "ls"]),
    ("perf record -e 'sched:*' -a", ["perf", "record", "-e", "sched:*", "-a"]),
    ("perf probe 'a b'\"c d\"e\\ f", ["perf", "probe", "a bc de f"]),
    (#"echo "a\"b\$c\d""#, ["echo", #"a"b$c\d"#]),
    ("echo '' \"\"", ["echo", "", ""]),
    ("perf stat \\\n  -a sleep 1", ["perf", "stat", "-a", "sleep", "1"]),
    ("perf stat ls # counts", ["perf", "stat", "ls"]),
    ("echo a#b", ["echo", "a#b"]),
    ("$ perf stat ls", ["perf", "stat", "ls"]),
    ("# perf stat ls", ["perf", "stat", "ls"]),
    ("# sudo perf stat ls", ["sudo", "perf", "stat", "ls"]),
    ("echo $'a\\tb\\n'", ["echo", "a\tb\n"]),
    ("perf record -p $(pgrep -f 'a b') -g", ["perf", "record", "-p", "$(pgrep -f 'a b')", "-g"]),
    ("perf record -p `pgrep x` -g", ["perf", "record", "-p", "`pgrep x`", "-g"]),
    ("perf record -p ${PID:-1} x", ["perf", "record", "-p", "${PID:-1}", "x"]),
    ("perf stat caf\u{E9}", ["perf", "stat", "caf\u{E9}"]),
  ])
  func `quotes are taken away and words kept together`(line: String, words: [String]) throws {
    let commands = try ShellLine(line).commands
    #expect(commands.count == 1)
    #expect(commands.first?.words.map(\.text) == words)
  }

  @Test(arguments: [
    ("a | b", ["|"]), ("a|b", ["|"]), ("a |& b", ["|&"]), ("a && b", ["&&"]), ("a || b", ["||"]), ("a; b", [";"]),
    ("a & b", ["&"]), ("a &", []), ("a\nb", [";"]), ("(a; b)", [";", ";"]), ("a ;; b", [";;"]),
  ])
  func `signs end commands`(line: String, signs: [String]) throws {
    let commands = try ShellLine(line).commands
    #expect(
      commands.compactMap(\.sign).prefix(max(signs.count, 1)).joined(separator: " ")
        == (signs.isEmpty ? "&" : signs.joined(separator: " ")))
    #expect(commands.flatMap { $0.words.map(\.text) } == (line.contains("b") ? ["a", "b"] : ["a"]))
  }

  @Test(arguments: [
    ("perf stat ls >out", "", ">", "out"), ("perf stat ls > 'o u t'", "", ">", "o u t"),
    ("perf stat ls 2>&1", "2", ">&", "1"), ("perf stat ls 2>>log", "2", ">>", "log"),
    ("perf stat ls &>all", "", "&>", "all"), ("perf script <in", "", "<", "in"),
    ("perf stat ls >| out", "", ">|", "out"), ("perf report -i - <<<x", "", "<<<", "x"),
  ])
  func `redirections are no words`(line: String, descriptor: String, sign: String, target: String) throws {
    let command = try #require(try ShellLine(line).commands.first)
    #expect(command.redirections == [ShellRedirection(descriptor: descriptor, sign: sign, target: target)])
    #expect(command.words.first?.text == "perf")
    #expect(!command.words.contains { $0.text.contains("out") || $0.text.contains(">") })
  }

  @Test func `a number before a redirection is a word when a blank is between`() throws {
    let command = try #require(try ShellLine("sleep 10 >x 10>y").commands.first)
    #expect(command.words.map(\.text) == ["sleep", "10"])
    #expect(command.redirections.map(\.descriptor) == ["", "10"])
  }

  @Test func `lines behind a here-document's sign belong to no command`() throws {
    let commands = try ShellLine("cat <<EOF\nperf stat\n| ' nonsense\nEOF\nperf list").commands
    #expect(commands.map { $0.words.map(\.text) } == [["cat"], ["perf", "list"]])
  }

  @Test(arguments: [
    ("perf record -p $PID", ShellExpansion.Kind.variable, "$PID"),
    ("perf record \"-p$PID\"", .variable, "$PID"),
    ("perf probe x $retval", .variable, "$retval"),
    ("perf stat -e sched:*", .glob, "sched:*"),
    ("perf stat -e {a,b}:S", .braces, "{a,b}:S"),
    ("perf record -p `pgrep x`", .command, "`pgrep x`"),
    ("perf report -i ~/perf.data", .tilde, "~"),
  ])
  func `what a shell would replace is told`(line: String, kind: ShellExpansion.Kind, text: String) throws {
    let expansions = try ShellLine(line).commands.flatMap { $0.words.flatMap(\.expansions) }
    #expect(expansions == [ShellExpansion(kind: kind, text: text)])
  }

  @Test(arguments: ["perf stat '$a {b,c} *'", #"perf stat \$a \* "#, "perf stat {a} a,b $ 50%"])
  func `what is quoted or stands alone is left as it is`(line: String) throws {
    #expect(try ShellLine(line).commands.flatMap { $0.words.flatMap(\.expansions) } == [])
  }

  @Test(arguments: [
    ("perf stat 'ls", ShellLineError.open("'", at: 11)), ("perf stat \"ls", .open("\"", at: 11)),
    ("echo `a", .open("`", at: 6)), ("echo $(a (b)", .open("$(", at: 6)), ("echo ${a", .open("${", at: 6)),
    ("| perf stat", .unexpected("|", at: 1)), ("a || | b", .unexpected("|", at: 6)), ("f(x)", .unexpected("(", at: 2)),
    ("a )", .unexpected(")", at: 3)), ("perf stat >", .noTarget(">")), ("perf stat > | x", .noTarget(">")),
    ("(perf stat", .open("(", at: 10)),
  ])
  func `what no shell takes is refused with its place`(line: String, error: ShellLineError) {
    #expect(throws: error) { try ShellLine(line) }
  }

  @Test(arguments: ["", "   ", "# nothing but words", "\n\n"])
  func `a line without a command has none`(line: String) throws {
    #expect(try ShellLine(line).commands == [])
  }

  @Test(arguments: [
    [
      "x", "a b", "", "it's", "\"", "$x", "`y`", "{a,b}", "*", "~", "#", "|", "2", ">", "\\", "\n", "\t", "=", "\u{E9}",
    ],
    ["x", "''", "'", "'\\''", "2>1", "&&", "(", ")", "a=b", "-e", "sched:*"],
  ])
  func `quoted and split again, words are the same`(words: [String]) throws {
    let commands = try ShellLine(ShellText.line(words)).commands
    #expect(commands.map { $0.words.map(\.text) } == [words])
    #expect(commands.flatMap { $0.words.flatMap(\.expansions) } == [])
  }
}
