import Foundation
import Glibc
import TestSupport
import Testing

/// `toolbox perf doctor` on the machine that the tests run on, and with programs that only look like perf.
@Suite struct PerfDoctorCommandTests {
  @Test func `the doctor's document follows its schema and has twenty checks`() async throws {
    let outcome = try await ToolboxProcess.run(["perf", "doctor", "--json"])
    #expect(outcome.status == 0)
    #expect(outcome.errors.isEmpty)
    #expect(try JSONSchema(fileNamed: "toolbox.perf.doctor.1.json").violations(in: outcome.output) == [])
    let checks = try #require(try JSONValue(parsing: outcome.output)["checks"]).elements
    #expect(checks.count == 20)
    let text = try await ToolboxProcess.run(["perf", "doctor"])
    for check in checks { #expect(text.output.contains(check["title"]?.string ?? "?"), "\(check)") }
  }

  @Test func `a perf that does not work is a failure that only --exit-code shows to scripts`() async throws {
    let directory = try TemporaryDirectory()
    let perf = try directory.write("perf", text: "#!/bin/sh\necho 'perf not found for kernel 1.2' >&2\nexit 2\n")
    #expect(chmod(perf, 0o755) == 0)
    let plain = try await ToolboxProcess.run(["perf", "doctor", "--perf", perf])
    #expect(plain.status == 0)
    #expect(plain.output.hasPrefix("fail  The perf program: "))
    #expect(plain.output.contains("perf not found for kernel 1.2"))
    #expect(try await ToolboxProcess.run(["perf", "doctor", "--perf", perf, "--exit-code"]).status == 2)
  }

  @Test func `a recording that is none is told, and one that is not there ends it`() async throws {
    let directory = try TemporaryDirectory()
    let file = try directory.write("perf.data", text: "hello")
    let outcome = try await ToolboxProcess.run(["perf", "doctor"], workingDirectory: directory.path)
    #expect(outcome.output.contains("fail  The recording: perf.data, 5 bytes"))
    let named = try await ToolboxProcess.run(["perf", "doctor", "--recording", file, "--json"])
    #expect(named.output.contains(file))
    let missing = try await ToolboxProcess.run(["perf", "doctor", "--recording", directory("none")])
    #expect(missing.status == 1)
    #expect(missing.errors == "toolbox: \(directory("none")): not found\n")
  }

  @Test func `the doctor changes nothing: no mount, no file, no probe`() async throws {
    let directory = try TemporaryDirectory()
    // In a mount namespace of its own: other tests mount as well.
    let outcome = try await ToolboxProcess.run(
      path: "/usr/bin/unshare",
      [
        "--mount", "--propagation", "private", "/bin/sh", "-c",
        "cat /proc/self/mountinfo; echo ---; \"$1\" perf doctor --perf /nonexistent/perf >/dev/null 2>&1; cat /proc/self/mountinfo",
        "sh", ToolboxProcess.path,
      ], workingDirectory: directory.path)
    guard outcome.status == 0 else {
      print("what the doctor mounts: skipped: \(outcome.errors.prefix(120))")
      return
    }
    let mounts = outcome.output.components(separatedBy: "---\n")
    #expect(mounts.count == 2 && mounts.first == mounts.last)
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
  }
}
