import Testing

@testable import PerfReference

@Suite struct RecipeSearchTests {
  private let search: RecipeSearch

  init() throws { search = RecipeSearch(try RecipeBook.bundled().searchEntries()) }

  private func found(_ question: String, count: Int = 3) -> [String] {
    search.hits(question.split(separator: " ").map(String.init)).prefix(count).map(\.id)
  }

  /// Questions as people ask them, and a recipe that must be among the first three answers.
  @Test(arguments: [
    ("where is my cpu time going", "profile-command"), ("where is my cpu time going", "profile-system"),
    ("contxt switch", "trace-context-switches"),
    ("execsnoop", "trace-exec"), ("opensnoop", "trace-opens"), ("slow disk", "block-latency"),
    ("iolatency", "block-latency"), ("strace", "trace-command"), ("false sharing", "c2c-record"),
    ("memory leak", "memory-fault-stacks"), ("flamegraph", "profile-system"), ("flame graph", "profile-system"),
    ("offcpu", "profile-off-cpu"), ("off-cpu", "profile-off-cpu"), ("dropped packets", "packet-drops"),
    ("count-pid", "count-pid"), ("Page Faults", "trace-page-faults-live"), ("kprobe", "probe-kernel-function"),
    ("lock contention", "lock-contention-record"), ("java", "inject-jit"), ("container", "profile-cgroup"),
    ("interupts", "kwork-record"), ("who is opening files", "trace-opens"), ("sched_switch", "profile-off-cpu"),
    ("who is waking up my process", "sched-timehist"), ("what is using the disk", "block-requests"),
    ("flame graph of a container", "profile-cgroup"), ("high load", "profile-system"), ("strce", "trace-command"),
  ])
  func `a question finds its recipe`(question: String, recipe: String) {
    let answers = found(question)
    #expect(answers.contains(recipe), "\(answers)")
  }

  @Test func `every recipe is found first by its own id and among the first three by its title`() throws {
    for entry in try RecipeBook.bundled().searchEntries() {
      #expect(found(entry.id, count: 1) == [entry.id])
      #expect(found(entry.title).contains(entry.id), "\(entry.title)")
    }
  }

  @Test(arguments: ["", "  ", "-", "qqqqqqqq", "zz"])
  func `what fits nothing finds nothing`(question: String) {
    #expect(found(question).isEmpty)
  }

  private let small = RecipeSearch([
    SearchEntry(
      id: "a", title: "Watch files", synonyms: ["opens"], command: "perf trace", description: "The switch of things."),
    SearchEntry(id: "b", title: "Context switches", synonyms: [], command: "perf stat", description: ""),
    SearchEntry(id: "c", title: "Watch files", synonyms: ["opens"], command: "perf trace", description: ""),
  ])

  @Test func `what only a description says gives way to a title, and ties stay in the order of the book`() {
    #expect(small.hits(["switch"]).map(\.id) == ["b"])
    #expect(small.hits(["things"]).map(\.id) == ["a"])
    #expect(small.hits(["watch", "files"]).map(\.id) == ["a", "c"])
    #expect(small.hits(["opens"]).map(\.score) == [small.hits(["opens"])[0].score, small.hits(["opens"])[0].score])
  }

  @Test func `words that say nothing count only where there are no others`() {
    #expect(small.hits(["the", "switch"]) == small.hits(["switch"]))
    #expect(small.hits(["of"]).map(\.id) == ["a"])
  }

  @Test func `endings, beginnings and slips of the finger are forgiven`() {
    #expect(small.hits(["switching"]).map(\.id).first == "b")
    #expect(small.hits(["cont"]).map(\.id) == ["b"])
    #expect(small.hits(["cnotext"]).map(\.id) == ["b"])
    #expect(small.hits(["contexxtt"]).map(\.id) == ["b"])
    #expect(small.hits(["fil"]).map(\.id) == ["a", "c"])
    #expect(small.hits(["fl"]).isEmpty)
  }

  @Test(
    arguments: [
      ("context", "context", 2, 0), ("contxt", "context", 1, 1), ("cotnext", "context", 1, 1), ("", "ab", 2, 2),
      ("abcd", "badc", 2, 2), ("execsnop", "execsnoop", 2, 1), ("a", "b", 0, nil), ("kitten", "sitting", 2, nil),
      ("kitten", "sitting", 3, 3),
    ] as [(String, String, Int, Int?)])
  func `the distance of two words counts slips`(left: String, right: String, limit: Int, distance: Int?) {
    #expect(wordDistance(Array(left.utf8), Array(right.utf8), limit: limit) == distance)
    #expect(wordDistance(Array(right.utf8), Array(left.utf8), limit: limit) == distance)
  }
}
