import Testing

@testable import TerminalOutput

@Suite struct FuzzyFinderTests {
  @Test func `what is looked for is one argument, whatever it holds`() {
    #expect(
      FuzzyFinder(path: "/usr/bin/fzf").arguments(prompt: "pid> ", query: "-x; $(id)") == [
        "--prompt=pid> ", "--height=60%", "--layout=reverse", "--no-multi", "--query=-x; $(id)", "--delimiter=\t",
      ])
  }

  @Test func `without a terminal there is no finder`() {
    // The tests have no terminal behind all of their descriptors, or no fzf in this folder: either way there is none.
    #expect(FuzzyFinder(environment: ["PATH": "/nonexistent", "TERM": "xterm"], userID: 0) == nil)
  }
}
