import PerfReference
import TerminalOutput
import Testing

@testable import ToolboxCommands

@Suite struct PerfRunTests {
  @Test(
    arguments: [
      (nil, [], ["perf", "run"], nil, [], []), ("r", ["a=1"], ["perf", "run", "r", "a=1"], "r", ["a=1"], []),
      ("r", ["a=1", "ls", "-l"], ["run", "r", "a=1", "--", "ls", "-l"], "r", ["a=1"], ["ls", "-l"]),
      ("r", ["x", "--", "y"], ["run", "r", "--", "x", "--", "y"], "r", [], ["x", "--", "y"]),
      ("ls", ["-l"], ["run", "--", "ls", "-l"], nil, [], ["ls", "-l"]),
    ] as [(String?, [String], [String], String?, [String], [String])])
  func `words before and behind the two hyphens are told apart`(
    id: String?, words: [String], process: [String], recipe: String?, assignments: [String], command: [String]
  ) {
    let given = GivenWords(id: id, words: words, processArguments: process)
    #expect(given.id == recipe)
    #expect(given.assignments == assignments)
    #expect(given.command == command)
  }

  @Test func `before perf starts its command line, its size and what follows are said`() {
    let arguments = ["perf", "record", "-F", "99", "-a", "--call-graph", "dwarf", "-o", "a b", "--", "sleep", "60"]
    let estimate = RecordingEstimate(arguments: arguments, cpuCount: 2)
    let plain = Paint(isOn: false)
    #expect(
      RunText.lines(
        arguments, next: [["perf", "report", "-i", "a b"]], estimate: estimate, freeBytes: 1000, paint: plain)
        == [
          "running: perf record -F 99 -a --call-graph dwarf -o 'a b' -- sleep 60",
          "size:    up to 100.4 MB (99 samples a second on 2 CPUs for 60 seconds); 1.0 kB are free here, which is too "
            + "little: use --max-size",
          "next:    perf report -i 'a b'",
        ])
    let short = RecordingEstimate(rate: 99, cpus: 1, seconds: 5, bytesPerSample: 64)
    #expect(RunText.lines(["perf"], next: [], estimate: short, freeBytes: nil, paint: plain) == ["running: perf"])
  }
}
