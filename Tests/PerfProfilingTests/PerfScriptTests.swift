import HostSystem
import PerfProfiling
import TestSupport
import Testing

@Suite("Stacks that are copies are left to perf")
struct PerfScriptTests {
  /// A program in perf's place, which notes what it was asked and prints.
  private static func perf(in directory: TemporaryDirectory, exit code: Int = 0) async throws -> String {
    let path = try directory.write(
      "perf", text: "#!/bin/sh\nprintf '%s\\n' \"$@\" >\"$NOTES\"\nprintf 'text of perf\\n'\nexit \(code)\n")
    let outcome = try await ToolboxProcess.run(path: "/bin/chmod", ["755", path])
    try #require(outcome.status == 0)
    return path
  }

  @Test("perf is asked for its text without inlined functions")
  func text() async throws {
    let directory = try TemporaryDirectory()
    let perf = try await Self.perf(in: directory)
    var text: [UInt8] = []
    try PerfScript.run(perf: perf, path: "/d/a file", environment: ["NOTES": directory("notes")]) { text += $0 }
    #expect(String(decoding: text, as: UTF8.self) == "text of perf\n")
    #expect(
      String(decoding: try RootDirectory().read(directory("notes")), as: UTF8.self)
        == "script\n--no-inline\n-i\n/d/a file\n")
  }

  @Test("A perf that fails, or is not there, is an error that says so")
  func failures() async throws {
    let directory = try TemporaryDirectory()
    let perf = try await Self.perf(in: directory, exit: 255)
    #expect(throws: PerfScript.Failure.failed(path: "x", status: 255)) {
      try PerfScript.run(perf: perf, path: "x", environment: ["NOTES": "/dev/null"]) { _ in }
    }
    #expect(throws: PerfScript.Failure.notStarted(.init(path: "/nonexistent/perf", code: 2))) {
      try PerfScript.run(perf: "/nonexistent/perf", path: "x", environment: [:]) { _ in }
    }
  }

  @Test("A recording with copies of stacks goes to perf where that is possible, and else says what is missing")
  func choice() throws {
    typealias Field = RecordingWriter.Field
    let userStack: UInt64 = 1 << 13
    var writer = RecordingWriter(events: [RecordingWriter.Event(sampleType: Field.usual | userStack)])
    writer.command(10, 10, "a")
    // An empty copy of the stack.
    writer.sample(.init(time: 10, instruction: 0x10, chain: [], tail: writer.number(UInt64(0))))
    let directory = try TemporaryDirectory()
    let path = try directory.write("perf.data", writer.file())
    var options = PerfDataReaderTests.options
    let plain = try PerfDataReader.read(path: path, options: options)
    #expect(plain.samples.count == 1 && plain.notes.contains { $0.contains("not unwound") })
    options.unwinding = { path in
      var profile = Profile()
      profile.origin.hostName = path
      return profile
    }
    let unwound = try PerfDataReader.read(path: path, options: options)
    #expect(unwound.origin.hostName == path && unwound.notes.contains { $0.contains("perf script") })
    // What has no copies is never given to perf.
    let other = try directory.write("other.data", PerfDataReaderTests.example().file())
    #expect(try PerfDataReader.read(path: other, options: options).samples.count == 5)
  }
}
