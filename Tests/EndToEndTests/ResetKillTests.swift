import Glibc
import TestSupport
import Testing

/// Runs and undos that are killed from outside right after a record of their journals.
@Suite(.enabled(if: ResetRunRoot.obstacle == nil, Comment(rawValue: ResetRunRoot.obstacle ?? "")))
struct ResetKillTests {
  @Test func `killed after any record of the journal, a resumed run ends the same`() async throws {
    let changed = try await ResetRunRoot.changed.value()
    let undisturbed = try await ResetRunRoot(copyOf: changed)
    try await undisturbed.savePlan()
    let whole = try await undisturbed.apply()
    try #require(whole.status == 0, "\(whole.errors)")
    let expected = try await undisturbed.state()
    let count = try undisturbed.journal().count
    #expect(count >= 30, "\(count) records")

    var trial = KillTrial(expected: expected)
    for number in 1...count {
      // Alone everywhere, and with its whole process group on every third record.
      for isGroup in number % 3 == 0 ? [false, true] : [false] {
        let system = try await ResetRunRoot(copyOf: changed)
        try await system.savePlan()
        let killed = try await system.apply(killedAfter: number, asGroup: isGroup)
        #expect(try system.journal().count == number)
        try await trial.judge(system, killed, number, isOver: number == count)
      }
    }
    print("reset: killed at \(trial.points) points of \(count) records; the same end at \(trial.same)")
  }

  /// Counts the points at which a run was killed, and those from which it came to the same end.
  private struct KillTrial {
    let expected: String
    var points = 0
    var same = 0

    /// - Parameter isOver: whether the record that it was killed after was the last.
    mutating func judge(
      _ system: ResetRunRoot, _ killed: ToolboxProcess.Outcome, _ number: Int, isOver: Bool
    ) async throws {
      #expect(killed.status == 128 + SIGKILL, "record \(number): \(killed.status) \(killed.errors)")
      if !isOver {
        let resumed = try await system.resume()
        #expect(resumed.status == 0, "record \(number): \(resumed.errors)\(resumed.output)")
      }
      let (state, wanted) = (try await system.state().split(separator: "\n"), expected.split(separator: "\n"))
      let differs = Set(state).symmetricDifference(wanted)
      #expect(differs.isEmpty, "record \(number)")
      points += 1
      if differs.isEmpty { same += 1 }
    }
  }

  @Test func `an undo that is killed after every third record is resumed to the same end`() async throws {
    let done = try await ResetRunRoot(copyOf: try await ResetRunRoot.changed.value())
    try await done.savePlan()
    let applied = try await done.apply()
    try #require(applied.status == 0, "\(applied.errors)")
    let undisturbed = try await ResetRunRoot(copyOf: done)
    let whole = try await undisturbed.undo()
    try #require(whole.status == 0, "\(whole.errors)")
    let expected = try await undisturbed.state()
    let count = try undisturbed.journal().count
    #expect(count >= 10, "\(count) records")

    // One record more is written than the undo's own: the undone run is told of it.
    var trial = KillTrial(expected: expected)
    for number in stride(from: 1, through: count + 1, by: 3) {
      let system = try await ResetRunRoot(copyOf: done)
      try await trial.judge(system, try await system.undo(killedAfter: number), number, isOver: number > count)
    }
    print("reset: undo killed at \(trial.points) points of \(count) records; the same end at \(trial.same)")
  }
}
