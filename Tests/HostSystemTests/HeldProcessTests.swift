import Foundation
import TestSupport
import Testing

@testable import HostSystem

@Suite struct HeldProcessTests {
  @Test func `the program lives until it is let go, and is reaped`() throws {
    let directory = try TemporaryDirectory()
    let (ready, ended) = (directory("ready"), directory("ended"))
    var held = HeldProcess(
      "/bin/sh", ["-c", #"echo $$ > "$1.new"; mv "$1.new" "$1"; cat; : > "$2""#, "sh", ready, ended],
      environment: ["PATH": "/usr/bin:/bin"])
    #expect(held != nil)
    let limit = ContinuousClock.now + .seconds(20)
    while !FileManager.default.fileExists(atPath: ready), ContinuousClock.now < limit { usleep(5000) }
    let process = try #require(pid_t(String(contentsOfFile: ready, encoding: .utf8).filter(\.isNumber)))
    #expect(kill(process, 0) == 0)
    #expect(!FileManager.default.fileExists(atPath: ended))
    held = nil
    // Waited for: it has done what comes after the end of its input, and is no zombie.
    #expect(FileManager.default.fileExists(atPath: ended))
    #expect(kill(process, 0) == -1)
  }

  @Test func `a program that is not there is nil`() {
    #expect(HeldProcess("/nonexistent/program", [], environment: [:]) == nil)
  }
}
