import Glibc
import HostSystem

/// Keeps the machine at work while a run changes it, where systemd runs: it neither sleeps nor shuts down by itself, and the end of
/// the login that the run was started from does not end the run.
///
/// All of it only adds to what a run withstands anyway, so a machine that cannot do it is no reason not to run.
struct MachineHold {
  private static let inhibitor = "/usr/bin/systemd-inhibit"
  private static let bus = "/usr/bin/busctl"

  private let inhibition: HeldProcess?

  /// - Parameter run: the run's id, which the scope is named after.
  /// - Returns: nil where there is no systemd, and below another root.
  init?(_ root: RootDirectory, run: String, log: Int32, tools: PackageTools) {
    guard root.isHost, root.exists("/run/systemd/system") else { return nil }
    // The scope first: what is started in it is in it too, and outlives the login with it. What busctl says when it fails is in the
    // run's log.
    if root.exists(Self.bus), (try? tools.run([Self.bus] + Self.scope(run: run, process: getpid()), log: log)) == 0 {
      Self.waitForScope(root, run: run)
    }
    inhibition =
      root.exists(Self.inhibitor)
      ? HeldProcess(Self.inhibitor, Self.inhibition, environment: ["PATH": "/usr/bin:/bin", "LC_ALL": "C"]) : nil
  }

  /// The lock is held until the program inside ends, and that reads until the end of its input: see ``HeldProcess``.
  /// Source: systemd-inhibit(1).
  static let inhibition = [
    "--what=sleep:shutdown", "--mode=block", "--who=toolbox", "--why=A reset changes packages and accounts", "/bin/cat",
  ]

  private static func scopeName(run: String, process: Int32) -> String { "toolbox-reset-\(run)-\(process).scope" }

  /// Moves a process out of the session that it was started in, into a scope of the system's own.
  /// Source: org.freedesktop.systemd1(5), StartTransientUnit; busctl(1) for how its arguments are written.
  static func scope(run: String, process: Int32) -> [String] {
    [
      "--quiet", "call", "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
      "StartTransientUnit", "ssa(sv)a(sa(sv))", scopeName(run: run, process: process), "fail", "2", "Description", "s",
      "toolbox reset, run \(run)", "PIDs", "au", "1", String(process), "0",
    ]
  }

  /// systemd answers before it has moved the process; it is waited for, two seconds at most.
  private static func waitForScope(_ root: RootDirectory, run: String) {
    let name = scopeName(run: run, process: getpid())
    for _ in 0..<100 {
      guard let groups = try? root.beginning(of: "/proc/self/cgroup", count: 1 << 16),
        !String(decoding: groups, as: UTF8.self).contains(name)
      else { return }
      _ = StopSignals.wait(milliseconds: 20)
    }
  }
}
