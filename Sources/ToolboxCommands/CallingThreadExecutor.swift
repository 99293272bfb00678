import Dispatch
import Synchronization

/// Runs tasks on one thread: the one that calls `run`.
///
/// The runtime's own pool of threads counts them in /proc/self/task and aborts the process now and then where no /proc is mounted,
/// as in a bare root; and one thread is enough for commands that wait for one program at a time. A task that blocks its thread
/// holds up all others.
final class CallingThreadExecutor: TaskExecutor {
  private let jobs = Mutex<[UnownedJob]>([])
  private let arrivals = DispatchSemaphore(value: 0)

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.withLock { $0.append(job) }
    arrivals.signal()
  }

  /// Runs the body and whatever it starts on the calling thread, and never returns.
  /// - Parameter body: ends the process itself.
  func run(_ body: @escaping @Sendable () async -> Never) -> Never {
    Task.detached(executorPreference: self) { await body() }
    while true {
      arrivals.wait()
      let job = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
      job?.runSynchronously(on: asUnownedTaskExecutor())
    }
  }
}
