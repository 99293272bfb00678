import Glibc
import TestSupport
import Testing

/// Runs and undos that are killed from outside right after a record of their journals: after every one, the program alone and with its
/// whole process group.
@Suite(.enabled(if: ResetRunRoot.obstacle == nil, Comment(rawValue: ResetRunRoot.obstacle ?? "")))
struct ResetKillTests {
  /// Where a run is killed.
  private struct Point {
    let number: Int
    let isGroup: Bool

    /// Every record from the first on, twice.
    static func all(through count: Int) -> [Point] {
      (1...count).flatMap { [Point(number: $0, isGroup: false), Point(number: $0, isGroup: true)] }
    }
  }

  @Test func `killed after any record of the journal, a resumed run ends the same`() async throws {
    let changed = try await ResetRunRoot.changed.value()
    let undisturbed = try await ResetRunRoot(copyOf: changed)
    try await undisturbed.savePlan()
    let whole = try await undisturbed.apply()
    try #require(whole.status == 0, "\(whole.errors)")
    let expected = try await undisturbed.state()
    let count = try undisturbed.journal().count
    #expect(count >= 30, "\(count) records")

    let points = Point.all(through: count)
    let same = try await self.count(of: points) { point in
      let system = try await ResetRunRoot(copyOf: changed)
      try await system.savePlan()
      let killed = try await system.apply(killedAfter: point.number, asGroup: point.isGroup)
      #expect(try system.journal().count == point.number)
      return try await isSame(system, killed, point, isOver: point.number == count, expected: expected)
    }
    print("reset: killed at \(points.count) points of \(count) records; the same end at \(same)")
  }

  @Test func `an undo that is killed after any record is resumed to the same end`() async throws {
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
    let points = Point.all(through: count + 1)
    let same = try await self.count(of: points) { point in
      let system = try await ResetRunRoot(copyOf: done)
      let killed = try await system.undo(killedAfter: point.number, asGroup: point.isGroup)
      return try await isSame(system, killed, point, isOver: point.number > count, expected: expected)
    }
    print("reset: undo killed at \(points.count) points of \(count) records; the same end at \(same)")
  }

  /// How many of the trials say true, two of them at a time.
  private func count(
    of points: [Point], _ trial: @escaping @Sendable (Point) async throws -> Bool
  ) async throws -> Int {
    try await withThrowingTaskGroup(of: Bool.self) { group in
      var (started, count) = (0, 0)
      while started < min(2, points.count) {
        let point = points[started]
        group.addTask { try await trial(point) }
        started += 1
      }
      while let isSame = try await group.next() {
        if isSame { count += 1 }
        guard started < points.count else { continue }
        let point = points[started]
        group.addTask { try await trial(point) }
        started += 1
      }
      return count
    }
  }

  /// Goes on with a killed run, and says whether the system ends as an undisturbed one does.
  /// - Parameter isOver: whether the record that it was killed after was the last.
  private func isSame(
    _ system: ResetRunRoot, _ killed: ToolboxProcess.Outcome, _ point: Point, isOver: Bool, expected: String
  ) async throws -> Bool {
    #expect(killed.status == 128 + SIGKILL, "\(point): \(killed.status) \(killed.errors)")
    if !isOver {
      let resumed = try await system.resume()
      #expect(resumed.status == 0, "\(point): \(resumed.errors)\(resumed.output)")
    }
    let (state, wanted) = (try await system.state().split(separator: "\n"), expected.split(separator: "\n"))
    let differs = Set(state).symmetricDifference(wanted)
    #expect(differs.isEmpty, "\(point)")
    return differs.isEmpty
  }
}
