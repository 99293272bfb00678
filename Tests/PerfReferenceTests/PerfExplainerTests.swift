import BundledData
import DataTree
import Testing

@testable import PerfReference

/// Command lines of perf, explained.
@Suite struct PerfExplainerTests {
  private let explainer: PerfExplainer

  init() throws { explainer = try PerfExplainer(try RecipeBook.bundled()) }

  private func perf(_ line: String, _ facts: ExplainFacts = ExplainFacts()) throws -> ExplainedPerf {
    try #require(try explainer.explain([line], facts: facts).commands.compactMap(\.perf).first)
  }

  // MARK: Options

  @Test func `options are taken apart as perf does`() throws {
    let perf = try perf("perf record -F99 -ag --call-graph=dwarf,4096 -vvz3 --no-inherit --buildid -- ls -l")
    #expect(perf.subcommand == "record")
    #expect(
      perf.options.map(\.text) == [
        "-F99", "-a", "-g", "--call-graph=dwarf,4096", "-vv", "-z3", "--no-inherit", "--buildid", "--",
      ])
    #expect(perf.options.map(\.value) == ["99", nil, nil, "dwarf,4096", nil, "3", nil, nil, nil])
    #expect(perf.options.map(\.negated) == [false, false, false, false, false, false, false, true, false])
    #expect(perf.options.allSatisfy { $0.known && !$0.meaning.isEmpty })
    #expect(perf.command?.text == "ls -l")
    #expect(perf.options[3].values.map(\.text) == ["dwarf"])
  }

  @Test(arguments: [
    ("perf report -g caller", "-g caller", "caller"), ("perf report -g", "-g", nil), ("perf report -g -n", "-g", nil),
    ("perf report -gcaller", "-gcaller", "caller"), ("perf record -z ls", "-z", nil),
    ("perf probe -F -x ls", "-F", nil), ("perf probe -F 'tcp_*'", "-F 'tcp_*'", "tcp_*"),
    ("perf stat --interval-p 5 ls", "--interval-p 5", "5"),
  ])
  func `values belong to their options by perf's rules`(line: String, text: String, value: String?) throws {
    let option = try #require(try perf(line).options.first)
    #expect(option.text == text)
    #expect(option.value == value)
  }

  @Test func `options of actions, of the subcommand and of what is handed on are found`() throws {
    let latency = try perf("perf sched latency -i x.data -s max")
    #expect(latency.action == "latency")
    #expect(latency.options.map(\.of) == ["sched", "sched latency"])
    let record = try perf("perf sched record -a -- sleep 5")
    #expect(record.options.map(\.of) == ["record", "perf"])
    #expect(record.command?.text == "sleep 5")
    let lock = try perf("perf lock -v contention -k avg_wait")
    #expect(lock.options.map(\.known) == [true, true])
  }

  @Test(arguments: [
    ("perf record ls", ["4000 samples", "cycles", "perf.data", "all processes and threads"]),
    ("perf record -g -F 99 -e cs -o x -a ls", ["frame pointers"]), ("perf stat ls", ["task-clock", "standard error"]),
    ("perf record", ["all CPUs are recorded"]), ("perf report", ["perf.data", "comm,dso,symbol"]),
    ("perf top", ["All CPUs", "every 2 seconds"]), ("perf record -p 1", ["until Ctrl-C"]),
  ])
  func `what is not said is told`(line: String, texts: [String]) throws {
    let defaults = try perf(line).defaults.joined(separator: "\n")
    for text in texts { #expect(defaults.contains(text), "\(line): \(text)") }
  }

  @Test(arguments: [
    ("perf record -a sleep 1", ["system-wide"]), ("perf record ls", ["own-user"]),
    ("perf stat -e sched:sched_switch -a sleep 1", ["system-wide", "tracepoints"]),
    ("perf stat -e LLC-loads ls", ["own-user", "pmu"]),
    ("perf stat -e cycles:k ls", ["own-user", "pmu", "own-kernel"]),
    ("perf record -b ls", ["own-user", "branch-stack"]), ("perf probe tcp_sendmsg", ["kprobes"]),
    ("perf probe -x /bin/ls main", ["uprobes"]), ("perf mem record ls", ["mem-events"]), ("perf report", []),
    ("perf stat -e cpu-clock ls", ["own-user"]), ("perf trace ls", ["tracepoints", "own-user"]),
    ("perf record -h", []), ("perf ftrace -T do_sys_open ls", ["ftrace"]),
    ("perf record --call-graph lbr -p 1", ["own-user", "branch-stack"]),
  ])
  func `needs are named`(line: String, names: [String]) throws {
    let needs = try perf(line).needs
    #expect(needs.map(\.name) == names, "\(line)")
    #expect(needs.allSatisfy { !$0.because.isEmpty && $0.met == nil })
  }

  @Test func `what was probed is told`() throws {
    let facts = ExplainFacts { $0 == .facility(.pmu) ? false : $0 == .facility(.systemWide) ? true : nil }
    let needs = try perf("perf stat -e LLC-loads,sched:sched_switch -a sleep 1", facts).needs
    #expect(needs.map(\.met) == [true, false, nil])
  }

  // MARK: Events

  @Test(arguments: [
    ("cycles", "hardware"), ("cpu-cycles:u", "hardware"), ("cs", "software"), ("cpu-clock:k", "software"),
    ("L1-dcache-load-misses", "cache"), ("LLC-loads", "cache"), ("dTLB-store-misses:u", "cache"), ("r1a8", "raw"),
    ("r003c:u", "raw"), ("sched:sched_switch", "tracepoint"), ("syscalls:sys_enter_*", "tracepoint"),
    ("probe:tcp_sendmsg", "probe"), ("probe_libc:malloc", "probe"), ("sdt_node:http__server__request", "usdt"),
    ("%sdt_libc:lll_lock_wait_private", "usdt"), ("mem:0x1000:rw", "breakpoint"), ("mem:0x1000/8:w", "breakpoint"),
    ("cpu/event=0x0e,umask=0x01,inv,cmask=0x01/", "pmu"), ("cpu_core/cycles/u", "pmu"), ("power/energy-pkg/", "pmu"),
    ("cycles/period=1000/u", "hardware"), ("inst_retired.any", "vendor"), ("mem_load_retired.l3_miss:pp", "vendor"),
    ("{cycles,instructions}:S", "group"), ("duration_time", "tool"), ("intel_pt//u", "pmu"), ("prog.bpf.c", "bpf"),
    ("branches", "hardware"), ("branch-load-misses", "cache"), ("ext4:*", "tracepoint"),
  ])
  func `events are told apart`(text: String, kind: String) throws {
    let (events, flaws) = try EventBook.bundled().events(text)
    #expect(events.map(\.kind) == [kind])
    #expect(events.map(\.text) == [text])
    #expect(flaws == [])
  }

  @Test func `modifiers, terms and members have meanings`() throws {
    let list = "{cycles:uppp,cpu/event=0x3c,umask=0x1,nonsense/k}:SD,mem:0x10:rx"
    let events = try EventBook.bundled().events(list).events
    #expect(events.count == 2)
    #expect(events[0].modifiers.map(\.text) == ["S", "D"])
    #expect(events[0].members.map(\.text) == ["cycles:uppp", "cpu/event=0x3c,umask=0x1,nonsense/k"])
    #expect(events[0].members[0].modifiers.map(\.text) == ["u", "ppp"])
    #expect(events[0].members[1].terms.map { $0.meaning != nil } == [true, true, false])
    #expect(events[1].modifiers.map(\.meaning) == ["read", "executed"])
  }

  @Test(arguments: [
    ("cycles:z", EventFlaw.badModifier(event: "cycles:z", letters: "z")), ("cycles,,cs", .empty), ("", .empty),
    ("{cycles,cs", .open("{cycles,cs")), ("cpu/event=1", .open("cpu/event=1")),
  ])
  func `misspelt events are told`(list: String, flaw: EventFlaw) throws {
    #expect(try EventBook.bundled().events(list).flaws.contains(flaw))
  }

  // MARK: Lines

  @Test func `every command of a line is explained, and what is around it`() throws {
    let line = "sudo -u root env A=1 perf record -a -o - -- sleep 1 2>/dev/null | perf script -i - && ls >out; echo"
    let commands = try explainer.explain([line]).commands
    #expect(commands.map(\.program) == ["perf", "perf", "ls", "echo"])
    #expect(commands[0].prefixes.map(\.text) == ["sudo -u root", "env", "A=1"])
    #expect(commands.map { $0.perf?.subcommand } == ["record", "script", nil, nil])
    #expect(commands.map { $0.sign?.text } == ["|", "&&", ";", nil])
    #expect(commands[0].redirections.map(\.text) == ["2>/dev/null"])
    #expect(commands[0].redirections.first?.meaning.contains("standard error") == true)
    #expect(commands[2].redirections.map(\.text) == [">out"])
  }

  @Test(arguments: [
    "taskset -c 3 perf stat ls", "timeout -s INT 10 perf stat ls", "nice -n 5 perf stat ls", "/usr/bin/perf stat ls",
    "perf_5.10 stat ls", "stat ls", "chrt -f 50 perf stat ls", "time perf stat ls", "LC_ALL=C perf stat ls",
    "for_each=1 perf --no-pager stat ls", "perf -vv stat ls", "perf --debug verbose=2 stat ls", "(perf stat ls)",
    "while perf stat ls; do true; done",
  ])
  func `perf is found behind other programs`(line: String) throws {
    let perf = try perf(line)
    #expect(perf.subcommand == "stat")
    #expect(perf.command?.text == "ls")
    #expect(perf.mistakes.isEmpty)
  }

  @Test func `several words are arguments and are split no more`() throws {
    let explanation = try explainer.explain(["perf", "stat", "-e", "{a,b}:S", "--", "echo", "a | b; $c"])
    let command = try #require(explanation.commands.first)
    #expect(explanation.commands.count == 1)
    #expect(command.expansions.isEmpty)
    #expect(command.perf?.command?.text == "echo 'a | b; $c'")
    #expect(command.perf?.mistakes.isEmpty == true)
  }

  @Test(arguments: [
    ([], ExplainError.empty), ([""], .empty), (["  "], .empty), (["# x"], .empty), (["ls -l"], .noPerf("ls")),
    (["ls", "-l"], .noPerf("ls")), (["perf recrod ls"], .unknownSubcommand("recrod", nearest: ["record"])),
    (["perf", "qqqqqqqqqq"], .unknownSubcommand("qqqqqqqqqq", nearest: [])),
    (["perf stat 'ls"], .malformed(.open("'", at: 11))),
    (["perf", "../../etc"], .unknownSubcommand("../../etc", nearest: [])),
    (["sudo"], .noPerf("")),
  ])
  func `what cannot be explained is an error`(words: [String], error: ExplainError) {
    #expect(throws: error) { try explainer.explain(words) }
  }

  // MARK: Recipes

  @Test(arguments: [
    ("perf record -F 99 -a -g -- sleep 10", "profile-system", true),
    ("perf record -a -g -- sleep 5", "profile-system", true),
    ("sudo perf record --call-graph fp -F 49 -o x.data -a sleep 3", "profile-system", true),
    ("perf stat ls -l", "count-command", true), ("perf stat -p 4711 sleep 5", "count-pid", true),
    ("perf record -e context-switches -c 1 -a sleep 5", "trace-context-switches", true),
    ("perf probe 'do_sys_openat2%return $retval'", "probe-kernel-return", true),
    ("perf probe --add tcp_recvmsg", "probe-kernel-function", true), ("perf probe -l", "probe-list", true),
    ("perf list 'block:*'", "list-matching", false),
  ])
  func `a command is recognised by what it is made of`(line: String, id: String, exact: Bool) throws {
    let recipe = try #require(try perf(line).recipe, "\(line)")
    if exact { #expect(recipe.id == id && recipe.exact, "\(line): \(recipe)") }
  }

  @Test func `every published line finds the recipe that answers it`() throws {
    for recipe in try RecipeBook.bundled().recipes() {
      for answer in recipe.answers {
        let found = try #require(explainer.explain([answer]).commands.compactMap(\.perf).first?.recipe, "\(answer)")
        #expect(found.id == recipe.id && found.exact, "\(answer): \(found)")
      }
    }
  }

  @Test(arguments: [
    // What a gap takes is like what stands there by default: a number of the CPU's, an exact address, a probe.
    ("perf stat -e ext4:ext4_sync_fs -a sleep 10", "count-raw-event"),
    ("perf stat -e irq:softirq_entry -a sleep 5", "count-raw-event"),
    ("perf record -e net:net_dev_queue -a sleep 5", "profile-precise"),
    ("perf record -e cycles -a sleep 5", "profile-precise"),
    ("perf record -e oom:mark_victim -a", "usdt-record"),
    ("perf record -e cpu-clock -c 5000 -ag", "profile-cache-misses"),
    // What is about an event is not a command without it, nor about another one.
    ("perf record -e syscalls:sys_enter_brk -ag", "profile-system"), ("perf trace -s -p 4711", "lock-futex"),
    ("perf record -a sleep 5", "profile-precise"), ("perf record -e intel_pt//u ls", "profile-event-group"),
  ])
  func `a recipe for something else is not taken for the one`(line: String, id: String) throws {
    #expect(try perf(line).recipe?.id != id)
  }

  @Test func `a command like no other has no recipe`() throws {
    #expect(try perf("perf inject --strip --itrace=i0 -i a").recipe == nil)
    #expect(try perf("perf record --phys-data -W --tail-synthesize ls").recipe == nil)
  }

  @Test func `every recipe is recognised as itself or one that is made of the same`() throws {
    var found = 0
    let recipes = try RecipeBook.bundled().recipes()
    for recipe in recipes {
      let example = try Vocabulary.bundled().example(of: recipe.command, placeholders: recipe.placeholders)
      let explanation = try explainer.explain([example])
      let perf = try #require(explanation.commands.first?.perf, "\(recipe.id)")
      #expect(perf.options.allSatisfy { $0.known }, "\(recipe.id): \(example)")
      #expect(!perf.mistakes.contains { $0.level == "error" }, "\(recipe.id): \(example): \(perf.mistakes)")
      if perf.recipe?.exact == true { found += 1 }
    }
    #expect(found * 100 >= recipes.count * 90, "\(found) of \(recipes.count)")
  }

  // MARK: Published lines

  @Test func `published one-liners have no option that is unknown, unless today's perf has it no more`() throws {
    var answers = 0
    for recipe in try RecipeBook.bundled().recipes() {
      for answer in recipe.answers {
        answers += 1
        let explanation = try explainer.explain([answer])
        let perf = try #require(explanation.commands.compactMap(\.perf).first, "\(answer)")
        let unknown = perf.options.filter { !$0.known }.map { $0.text }
        #expect(unknown == [], "\(answer)")
      }
    }
    #expect(answers >= 100)
  }

  // MARK: Any words at all

  /// Words that occur in perf command lines, and bytes that should not.
  private static let pool = [
    "perf", "record", "stat", "top", "report", "script", "trace", "probe", "sched", "latency", "mem", "lock", "kmem",
    "kwork", "ftrace", "c2c", "list", "diff", "annotate", "kvm", "contention", "-a", "-g", "-e", "-F", "-p", "-c", "-C",
    "-o", "-i", "-z", "-z3", "-vvv", "-I", "-G", "-j", "-k", "-", "--", "---", "--=", "--no-", "--no", "--call-graph",
    "--call-graph=", "--filter", "--for-each-cgroup", "--no-inherit", "--inherit", "--s", "dwarf", "dwarf,", ",",
    "cycles",
    "{", "}", "{,}", "{cycles}:S", "cycles:", ":", "::", "/", "//", "cpu//", "cpu/=/", "mem:", "mem:0x1:", "r", "rg",
    "!", "!open", "sdt_", "probe:", "sched:*:ku", "%sdt_", "99", "-1", "99999999999999999999", "0x", "sleep", "10",
    "$", "$x", "${", "$(", ")", "(", "`", "'", "\"", "\\", "|", "||", "|&", "&", "&&", "&>", ";", "<", ">", "2>", ">>",
    "<<", "<<<", "#", "~", "*", "\n", "\t", "", " ", "sudo", "-u", "env", "A=1", "taskset", "time", "\u{1}", "\u{7F}",
    "\u{202E}", "\u{1F980}", "e\u{301}", "\u{FFFD}", "-\u{E9}", "--\u{E9}=x", "s/", "a.c", "x.o",
  ]

  @Test func `no words whatever make it stop, and what it explains is whole`() throws {
    var generator = Linear(state: 20_250_101)
    var explained = 0
    for round in 0..<4000 {
      let words = (0..<Int.random(in: 0...9, using: &generator)).map { _ in
        Self.pool.randomElement(using: &generator) ?? ""
      }
      let own = round % 2 == 0 ? ["perf", Self.pool[1 + round / 2 % 18]] + words : words
      let arguments = round % 3 == 0 ? [own.joined(separator: round % 5 == 0 ? "" : " ")] : own
      do {
        let explanation = try explainer.explain(arguments)
        explained += 1
        for perf in explanation.commands.compactMap(\.perf) {
          #expect(!perf.options.contains { $0.text.isEmpty || $0.meaning.isEmpty }, "\(arguments)")
          #expect(!perf.mistakes.contains { $0.message.isEmpty || $0.mend.isEmpty }, "\(arguments)")
        }
      } catch let error as ExplainError {
        #expect(!error.message.isEmpty)
      }
    }
    #expect(explained > 1000)
  }

  /// Random numbers that are the same in every run (Knuth's MMIX constants).
  private struct Linear: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ (state >> 33)
    }
  }
}
