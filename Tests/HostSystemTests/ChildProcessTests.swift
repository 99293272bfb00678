import Foundation
import TestSupport
import Testing

@testable import HostSystem

@Suite struct ChildProcessTests {
  private let path = ["PATH": "/usr/bin:/bin"]

  private func shell(_ script: String, _ arguments: String...) throws -> ChildProcess.Outcome {
    try ChildProcess.run("/bin/sh", ["-c", script, "sh"] + arguments, environment: path)
  }

  @Test func `arguments arrive as they are, and both outputs come back apart`() throws {
    let odd = ["a b", "", "-x", "$(id)\n;", "\u{1B}[31m"]
    let outcome = try ChildProcess.run(
      "/usr/bin/printf", ["<%s>"] + odd, environment: path)
    #expect(outcome == .init(status: 0, output: odd.map { "<\($0)>" }.joined(), errors: ""))
    let both = try shell("echo out; echo err >&2; exit 3")
    #expect(both == .init(status: 3, output: "out\n", errors: "err\n"))
  }

  @Test func `death by a signal is 128 and its number`() throws {
    #expect(try shell("kill -9 $$").status == 137)
  }

  @Test func `nothing is inherited but the environment that was given`() throws {
    let file = open("/etc/hostname", O_RDONLY)
    defer { close(file) }
    #expect(file > 2)
    let outcome = try shell("ls /proc/self/fd | tr '\\n' ' '; readlink /proc/self/fd/0; env | grep -c ^HOME=")
    // The fourth is the directory that ls reads.
    #expect(outcome.output.hasPrefix("0 1 2 3 /dev/null\n"))
    #expect(outcome.output.hasSuffix("\n0\n"))
  }

  @Test func `much output on both pipes at once does not block`() throws {
    let outcome = try shell("head -c 1000000 /dev/zero >&2 & head -c 3000000 /dev/zero; wait")
    #expect(outcome.output.utf8.count == 3_000_000)
    #expect(outcome.errors.utf8.count == 1_000_000)
  }

  @Test func `what prints without an end is ended`() {
    #expect(throws: ChildProcess.Failure.tooMuchOutput(path: "/usr/bin/yes", limit: 100_000)) {
      try ChildProcess.run("/usr/bin/yes", [], environment: path, limit: 100_000)
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `a service that keeps the pipe is not waited for`() throws {
    let outcome = try shell("(sleep 300; echo late) & echo $!")
    let service = try #require(pid_t(outcome.output.filter(\.isNumber)))
    #expect(kill(service, SIGKILL) == 0)
  }

  @Test func `a program that is not there, is no program or may not be run is named with the reason`() throws {
    let directory = try TemporaryDirectory()
    try Data("x".utf8).write(to: URL(filePath: directory("empty")))
    #expect(chmod(directory("empty"), 0o755) == 0)
    for (file, code) in [("/nonexistent/perf", ENOENT), (directory(""), EACCES), (directory("empty"), ENOEXEC)] {
      #expect(throws: ChildProcess.Failure.notStarted(.init(path: file, code: code))) {
        try ChildProcess.run(file, [], environment: [:])
      }
    }
  }

  @Test func `input is handed over whole, however large`() throws {
    let bytes = [UInt8](repeating: 0x61, count: 1 << 20)
    let pipe = try ProcessPipe(for: "/usr/bin/wc")
    let process = try StartedProcess(
      "/usr/bin/wc", ["-c"], environment: nil, input: .bytes(bytes), output: .descriptor(pipe.write))
    var output: [UInt8] = []
    process.read([pipe]) { _, piece in
      output += piece
      return true
    }
    #expect(process.waitForEnd() == 0)
    #expect(String(decoding: output, as: UTF8.self) == "1048576\n")
  }
}
