import Foundation
import Glibc
import HostSystem
import TestSupport
import Testing

@testable import SystemReset

/// Which runs may go on while others are not over.
@Suite(.enabled(if: geteuid() == 0, "directories of runs belong to root"))
struct RunOrderTests {
  private let directory: TemporaryDirectory
  private let store: RunStore

  init() throws {
    directory = try TemporaryDirectory()
    try FileManager.default.createDirectory(atPath: directory("root/var/lib"), withIntermediateDirectories: true)
    store = RunStore(RootDirectory(directory("root")))
  }

  private let now = Instant(secondsSinceEpoch: 1_700_000_000)

  private var engine: ResetEngine {
    let now = now
    return ResetEngine(
      root: store.root, version: "0", recipient: nil, now: { now }, isStopped: { false }, report: { _ in })
  }

  private func begin(_ run: String, undoes: String? = nil, ended: Bool = false) throws {
    let journal = try Journal(try store.made(run))
    var record = JournalRecord(.begin, now)
    record.beginning = RunBeginning(run: run, version: "0", undoes: undoes, administrators: "sudo", steps: [])
    try journal.write(record)
    if ended { try journal.write(JournalRecord(.end, now)) }
  }

  @Test func `a run does not go on while its own undo is half-way`() throws {
    try begin("1")
    try begin("2", undoes: "1")
    #expect(throws: RunError.unfinished(run: "2")) { try engine.resume("1") }
    #expect(throws: RunError.unfinished(run: "2")) {
      try engine.undo("1") { _, _ in false }
    }
    #expect(try store.unfinished(nil).beginning.run == "2")
  }

  @Test func `an earlier run is not undone while a later one is half-way`() throws {
    try begin("1", ended: true)
    try begin("2")
    #expect(throws: RunError.unfinished(run: "2")) {
      try engine.undo("1") { _, _ in false }
    }
  }

  @Test func `runs of one second stand in the order of their numbers`() throws {
    for run in ["20261127-120000-10", "20261127-120000", "20261127-120000-2", "20261127-115959"] {
      try begin(run, ended: true)
    }
    #expect(
      try store.runs().map(\.beginning.run) == [
        "20261127-115959", "20261127-120000", "20261127-120000-2", "20261127-120000-10",
      ])
  }

  @Test func `a line that a kill cut off is not joined to the next`() throws {
    try begin("1")
    let path = directory("root") + RunStore.path("1") + "/journal.jsonl"
    let file = try #require(FileHandle(forWritingAtPath: path))
    try file.seekToEnd()
    try file.write(contentsOf: Data(#"{"record":"int"#.utf8))
    try file.close()
    try Journal(try store.made("1")).write(JournalRecord(.stopped, now))
    let state = try #require(try Journal.read(try store.made("1")))
    #expect(state.records.map(\.record) == [.begin, .stopped])
  }
}
