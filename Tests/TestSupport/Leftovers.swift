import Glibc
import Synchronization

/// What has to be put away when the test process ends and nobody has done so: values that are made once for all tests are never let
/// go of.
enum Leftovers {
  private static let pending = Mutex<(next: Int, works: [Int: @Sendable () -> Void])>((0, [:]))

  /// - Parameter work: done once at the end of the process, in the opposite order of the calls, unless it was cancelled.
  /// - Returns: what ``cancel(_:)`` takes.
  static func add(_ work: @escaping @Sendable () -> Void) -> Int {
    pending.withLock { pending in
      if pending.next == 0 { atexit { Leftovers.putAway() } }
      pending.next += 1
      pending.works[pending.next] = work
      return pending.next
    }
  }

  static func cancel(_ number: Int) { pending.withLock { $0.works[number] = nil } }

  private static func putAway() {
    let works = pending.withLock { pending in
      defer { pending.works = [:] }
      return pending.works.sorted { $0.key > $1.key }.map(\.value)
    }
    for work in works { work() }
  }
}
