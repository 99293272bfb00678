import Foundation
import TestSupport
import Testing

@testable import HostSystem

@Suite struct BoundedProcessTests {
  private func run(_ script: String, seconds: Int = 20, isStopped: () -> Bool = { false }) -> BoundedProcess.Ending {
    BoundedProcess.run(
      "/bin/sh", ["-c", script], environment: ["PATH": "/usr/bin:/bin"], seconds: seconds, isStopped: isStopped)
  }

  @Test func `how a program ended by itself is told`() {
    #expect(run("exit 7") == .exited(7))
    #expect(run("kill -15 $$") == .exited(143))
    #expect(
      BoundedProcess.run("/nonexistent", [], environment: [:], seconds: 1) { false }
        == .notStarted("No such file or directory"))
  }

  /// The program and its child both refuse to end.
  @Test(arguments: [true, false])
  func `what does not end is killed with its children`(isStopped: Bool) throws {
    let directory = try TemporaryDirectory()
    let file = directory("child")
    let ending = run(
      "trap '' TERM; sleep 300 & echo $! > '\(file).new'; mv '\(file).new' '\(file)'; sleep 300",
      seconds: isStopped ? 60 : 1, isStopped: { isStopped && FileManager.default.fileExists(atPath: file) })
    #expect(ending == (isStopped ? .stopped : .timedOut))
    let child = try #require(pid_t(String(contentsOfFile: file, encoding: .utf8).filter(\.isNumber)))
    // The signal was sent; a busy machine may take a while to carry it out. A zombie has no command line.
    let limit = ContinuousClock.now + .seconds(20)
    var rest = Data("?".utf8)
    while !rest.isEmpty, ContinuousClock.now < limit {
      rest = FileManager.default.contents(atPath: "/proc/\(child)/cmdline") ?? Data()
      if !rest.isEmpty { usleep(5000) }
    }
    #expect(rest.isEmpty)
  }
}
