import Dispatch
import Synchronization

/// Runs tasks on one thread: the one that calls `run`. A task that blocks it holds up all others, and one thread is enough for
/// commands that wait for one program at a time.
///
/// The runtime's own pool of threads aborts the process now and then where no /proc is mounted, as in a bare root. Tasks do not start
/// it here; what sleeps still does, since the runtime arms its timers there, and the library that runs other programs sleeps in every
/// run.
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
