import BundledData
import DataTree
import Testing

@testable import PerfReference

/// Each mistake with a line that makes it, and one beside it that does not.
@Suite struct MistakeTests {
  /// id, a line with the mistake, a line without it.
  static let cases: [(String, String, String)] = [
    ("unknown-option", "perf record --call-grph fp ls", "perf record --call-graph fp ls"),
    ("option-not-everywhere", "perf annotate --data-type", "perf annotate --stdio"),
    ("option-needs-build", "perf record --off-cpu ls", "perf record ls"),
    ("ambiguous-option", "perf record --switch ls", "perf record --switch-events ls"),
    ("abbreviated-option", "perf record --call fp ls", "perf record --call-graph fp ls"),
    ("not-negatable", "perf record --no-event ls", "perf record --no-period ls"),
    ("missing-value", "perf record -e", "perf record -e cs ls"),
    ("unexpected-value", "perf record --all-cpus=1 ls", "perf record --aio=1 ls"),
    ("unknown-action", "perf sched lag", "perf sched lat"),
    ("missing-action", "perf sched", "perf sched -h"),
    ("unexpected-word", "perf top 4711", "perf top -p 4711"),
    ("option-after-word", "perf probe tcp_sendmsg -n", "perf probe -n tcp_sendmsg"),
    ("call-graph-after-g", "perf record -F 99 -g dwarf sleep 5", "perf record -F 99 -g -- dwarf"),
    ("call-graph-mode", "perf record --call-graph caller ls", "perf record --call-graph lbr ls"),
    (
      "dwarf-size", "perf record -F 99 --call-graph dwarf,70000 ls",
      "perf record -F 99 --call-graph dwarf,65528 -m 8M ls"
    ),
    ("misspelt-tracepoint", "perf record -e sched:sched_swich -a", "perf record -e 'sched:*' -a"),
    ("no-such-tracepoint", "perf stat -e cs,foo:bar ls", "perf stat -e cs,sched:sched_switch ls"),
    ("force-of-record", "perf record -f ls", "perf report -f"),
    ("append-of-record", "perf record -A ls", "perf stat -a -A ls"),
    ("fields-of-script", "perf script -f comm,pid", "perf script -F comm,pid"),
    ("report-g-file", "perf report -g perf.data", "perf report -g caller"),
    ("count-and-frequency", "perf record -c 1 -F 9 ls", "perf record -c 1 ls"),
    ("frequency-too-high", "perf record -F 200000 ls", "perf record -F max ls"),
    ("frequency-high", "perf record -F 20000 ls", "perf record -F 9999 ls"),
    ("frequency-round", "perf record -F 100 ls", "perf record -F 99 ls"),
    ("not-a-number", "perf record -p mysqld", "perf record -p 1,2"),
    ("not-a-number", "perf record -F often ls", "perf record -F 99 ls"),
    ("process-and-all", "perf record -a -p 1", "perf record -p 1"),
    ("process-and-cpu", "perf record -C 0 -p 1", "perf stat -C 0 sleep 1"),
    ("process-and-thread", "perf stat -p 1 -t 1", "perf stat -t 1"),
    ("dwarf-buffer", "perf record --call-graph dwarf ls", "perf record -F 99 --call-graph dwarf ls"),
    ("group-of-stat", "perf stat -g ls", "perf record -g ls"),
    ("sleep-alone", "perf record -g -- sleep 10", "perf record -g -a -- sleep 10"),
    ("command-beside-all", "perf stat -a make", "perf stat -a sleep 1"),
    ("event-after-command", "perf record ls -e cycles", "perf record ls -e x"),
    ("event-after-command", "perf record -p 1 sleep 5 -g", "perf record -p 1 -g sleep 5"),
    ("missing-terminator", "perf stat ls -l", "perf stat -- ls -l"),
    ("aggregation-alone", "perf stat -A ls", "perf stat -A -a ls"),
    ("aggregation-alone", "perf stat --per-core -p 1", "perf stat --per-core"),
    ("interval-short", "perf stat -I 10 -a sleep 1", "perf stat -I 1000 -a sleep 1"),
    ("filter-without-event", "perf record --filter 'a>1' -e sched:x -a", "perf record -e sched:x --filter 'a>1' -a"),
    ("filter-not-tracepoint", "perf record -e cs --filter 'a>1' -a", "perf record -e sched:x --filter 'a>1' -a"),
    ("cgroup-without-event", "perf record -G x -e cs -a", "perf record -e cs -G x -a"),
    ("bad-modifier", "perf stat -e cycles:x ls", "perf stat -e cycles:u ls"),
    ("empty-event", "perf stat -e cycles,,cs ls", "perf stat -e cycles,cs ls"),
    ("open-brace", "perf stat -e '{cycles,cs' ls", "perf stat -e '{cycles,cs}' ls"),
    ("stale-event", "perf record -e block:block_rq_insert -a", "perf record -e block:block_rq_issue -a"),
    ("record-into-pipe", "perf record -a | cat", "perf record -a | perf script"),
    ("record-into-pipe", "perf record ls >log", "perf record -o x ls >log"),
    ("top-without-terminal", "perf top --stdio | head", "perf top --stdio"),
    ("dollar-unquoted", "perf probe f%return $retval", "perf probe 'f%return $retval'"),
    (
      "filter-unquoted", "perf record -e sched:x --filter bytes > 100 -a",
      "perf record -e sched:x --filter 'bytes > 100' -a"
    ),
    ("braces-unquoted", "perf stat -e {cycles,cs}:S ls", "perf stat -e '{cycles,cs}:S' ls"),
    ("glob-unquoted", "perf stat -e sched:* -a sleep 1", "perf stat -e 'sched:*' -a sleep 1"),
    ("register-arguments", "perf probe 'tcp_sendmsg %ax %dx %cx'", "perf probe 'tcp_sendmsg %di'"),
    ("line-of-one-kernel", "perf probe 'tcp_sendmsg:81 seglen'", "perf probe 'tcp_sendmsg seglen'"),
    ("libpthread", "perf probe -x /lib/libpthread-2.24.so f", "perf probe -x /lib/libc.so.6 f"),
    ("stale-probe", "perf probe 'do_sys_open filename:string'", "perf probe 'do_sys_openat2 filename:string'"),
    ("kmem-options", "perf kmem stat --caller", "perf kmem --caller stat"),
    ("trace-record", "perf trace record ls", "perf trace ls"),
    ("old-sched-script", "perf sched script", "perf sched map"),
    ("needless-perf", "perf stat perf bench sched all", "perf stat make"),
  ]

  private func ids(_ line: String, _ version: Need.Version? = nil) throws -> [String] {
    let explainer = try PerfExplainer(try RecipeBook.bundled())
    let explanation = try explainer.explain(
      [line],
      facts: ExplainFacts(perfVersion: version, tracepoints: { ["block:block_rq_issue", "sched:sched_switch"] }))
    return explanation.commands.compactMap(\.perf).flatMap { $0.mistakes.map(\.id) }
  }

  @Test(arguments: cases)
  func `a mistake is found where it is made, and only there`(id: String, line: String, other: String) throws {
    #expect(try ids(line).contains(id), "\(line)")
    #expect(try !ids(other).contains(id), "\(other)")
  }

  @Test func `every mistake of the book has a line here`() throws {
    let tree = try #require(BundledFile.at("perf/mistakes.yaml")?.tree)
    let book = (tree["mistakes"]?.items ?? []).compactMap { $0.string("id") }
    #expect(Set(book).count == book.count)
    #expect(Set(book) == Set(Self.cases.map(\.0) + ["option-from-other-version"]))
  }

  @Test func `an option of another version is told when the version is known`() throws {
    let old = Need.Version(major: 6, minor: 1)
    #expect(try ids("perf annotate --data-type", old) == ["option-from-other-version"])
    #expect(try ids("perf annotate --data-type", Need.Version(major: 6, minor: 8)) == [])
  }

  @Test func `nothing is left of a gap in a message, and no message is long`() throws {
    let explainer = try PerfExplainer(try RecipeBook.bundled())
    for (_, line, _) in Self.cases {
      for mistake in try explainer.explain([line]).commands.compactMap(\.perf).flatMap(\.mistakes) {
        #expect(!mistake.message.contains("{") || line.contains("{"), "\(mistake.message)")
        #expect(!mistake.mend.isEmpty && mistake.message.count < 200, "\(mistake.message)")
      }
    }
  }

  @Test func `the nearest option is suggested`() throws {
    let explainer = try PerfExplainer(try RecipeBook.bundled())
    let mistakes = try explainer.explain(["perf", "record", "--call-grahp", "fp", "ls"]).commands[0].perf?.mistakes
    #expect(mistakes?.first?.mend == "did you mean --call-graph?")
  }

  @Test(arguments: ["perf version 6.1.187\n", "perf version 6.8.gbe0b7a", "perf version 6.12.3-1.fc41"])
  func `the version that perf prints is read`(text: String) throws {
    let version = try #require(Need.Version(perfVersionText: text))
    #expect(version.major == 6 && [1, 8, 12].contains(version.minor))
  }

  @Test(arguments: ["", "perf version", "perf version x.y", "6", "perf version 6."])
  func `what is no version is none`(text: String) {
    #expect(Need.Version(perfVersionText: text) == nil)
  }
}
