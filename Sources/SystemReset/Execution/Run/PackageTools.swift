import Glibc
package import HostSystem

/// apt and dpkg of a root, with exact lists and no freedom.
struct PackageTools: Sendable {
  private let process: RootedProcess
  /// The run's own directory of package files, inside the root.
  let archives: String

  static let aptGet = "/usr/bin/apt-get"
  private static let dpkg = "/usr/bin/dpkg"

  /// No questions, no pagers, no restarts asked for; nothing of the caller's environment, so that no maintainer script sees who
  /// called sudo.
  static let environment = [
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root",
    "DEBIAN_FRONTEND": "noninteractive", "DEBIAN_PRIORITY": "critical", "DEBCONF_NONINTERACTIVE_SEEN": "true",
    "DEBCONF_NOWARNINGS": "yes", "APT_LISTCHANGES_FRONTEND": "none", "APT_LISTBUGS_FRONTEND": "none",
    "NEEDRESTART_MODE": "l", "NEEDRESTART_SUSPEND": "1", "UCF_FORCE_CONFFOLD": "1", "TERM": "dumb",
  ]

  init(_ process: RootedProcess, run: String) {
    self.process = process
    archives = RunStore.path(run) + "/archives"
  }

  /// Everything that an administrator's settings could add to a call of apt, taken out of it.
  private var settings: [String] {
    [
      "APT::Get::AutomaticRemove=0", "APT::Get::Fix-Broken=0", "APT::Install-Recommends=0", "APT::Install-Suggests=0",
      "APT::Default-Release=", "Dir::Etc::Preferences=/dev/null", "Dir::Etc::PreferencesParts=/dev/null",
      "APT::Get::Show-User-Simulation-Note=0", "APT::Get::HideAutoRemove=1", "APT::Get::Upgrade=1",
      "APT::Get::Force-Yes=0",
      "APT::Keep-Downloaded-Packages=1", "APT::Sandbox::User=root", "Acquire::Retries=2", "Acquire::http::Timeout=60",
      "Acquire::https::Timeout=60", "DPkg::Lock::Timeout=60", "Dpkg::Use-Pty=0", "Dpkg::Options::=--force-confold",
      "Dpkg::Options::=--force-confdef", "Dir::Cache::Archives=\(archives)/", "Dpkg::Progress-Fancy=0",
    ].flatMap { ["-o", $0] }
  }

  /// The whole command line of a transaction.
  func arguments(_ transaction: PackageTransaction, _ extra: [String] = []) -> [String] {
    [Self.aptGet, "-y", "-q"] + extra + settings
      + ["-o", "APT::Get::Purge=0"]
      + (transaction.remove.isEmpty ? ["--no-remove"] : [])
      + (transaction.downgrades ? ["--allow-downgrades"] : [])
      + (transaction.reinstalls ? ["--reinstall"] : [])
      + ["install", "--"] + transaction.words
  }

  /// What apt would do.
  /// - Throws: ``PackageToolError/refused(_:)`` with apt's own words; ``RootedProcess/Failure``
  func simulate(_ transaction: PackageTransaction) throws -> AptOracle.Simulation {
    let outcome = try process.output(arguments(transaction, ["-s", "-o", "Debug::NoLocking=1"]))
    guard outcome.status == 0 else { throw PackageToolError.refused(Self.complaint(outcome.output)) }
    return AptOracle.simulation(outcome.output)
  }

  /// Lets apt do exactly this.
  /// - Throws: ``PackageToolError``, ``RootedProcess/Failure``
  func carryOut(_ transaction: PackageTransaction, log: Int32, progress: (Double, String) -> Void) throws {
    let disagreements = transaction.disagreements(try simulate(transaction))
    guard disagreements.isEmpty else { throw PackageToolError.disagrees(disagreements) }
    let status = try process.run(arguments(transaction, ["-o", "APT::Status-Fd=3"]), log: log) { line in
      // pmstatus:PACKAGE:PERCENT:TEXT, dlstatus:NUMBER:PERCENT:TEXT (apt's README.progress-reporting).
      let fields = line.split(separator: ":", maxSplits: 3, omittingEmptySubsequences: false)
      guard fields.count == 4, fields[0] == "pmstatus" || fields[0] == "dlstatus", let percent = Double(fields[2])
      else { return }
      progress(percent, String(fields[3]))
    }
    guard status == 0 else { throw PackageToolError.failed(program: "apt-get", status: status) }
  }

  /// Fetches into the run's own archives.
  /// - Throws: ``PackageToolError``, ``RootedProcess/Failure``
  func download(_ transaction: PackageTransaction, log: Int32, progress: (Double, String) -> Void) throws {
    let status = try process.run(
      arguments(transaction, ["--download-only", "-o", "APT::Status-Fd=3"]), log: log
    ) { line in
      let fields = line.split(separator: ":", maxSplits: 3, omittingEmptySubsequences: false)
      guard fields.count == 4, fields[0] == "dlstatus", let percent = Double(fields[2]) else { return }
      progress(percent, String(fields[3]))
    }
    guard status == 0 else { throw PackageToolError.notFetched(status: status) }
  }

  /// Has dpkg finish what was interrupted.
  /// - Throws: ``PackageToolError``, ``RootedProcess/Failure``
  func configureAll(log: Int32) throws {
    let status = try process.run([Self.dpkg, "--force-confold", "--force-confdef", "--configure", "-a"], log: log)
    guard status == 0 else { throw PackageToolError.failed(program: "dpkg --configure -a", status: status) }
  }

  /// Has dpkg want packages again that it was told to remove and that are still there.
  /// - Throws: ``PackageToolError``, ``RootedProcess/Failure``
  func want(_ ids: [String], log: Int32) throws {
    guard !ids.isEmpty else { return }
    let status = try process.run(["/usr/bin/apt-mark", "install", "--"] + ids, log: log)
    guard status == 0 else { throw PackageToolError.failed(program: "apt-mark install", status: status) }
  }

  /// Purges packages of which only configuration is left.
  func purge(_ names: [String], log: Int32) throws {
    guard !names.isEmpty else { return }
    let status = try process.run([Self.dpkg, "--purge", "--"] + names, log: log)
    guard status == 0 else { throw PackageToolError.failed(program: "dpkg --purge", status: status) }
  }

  /// - Throws: ``PackageToolError``, ``RootedProcess/Failure``
  func states() throws -> PackageStates {
    let outcome = try process.output(["/usr/bin/dpkg-query", "-W", "-f", PackageStates.format])
    guard outcome.status == 0 else { throw PackageToolError.failed(program: "dpkg-query", status: outcome.status) }
    return PackageStates(outcome.output)
  }

  /// Sets auto marks to one value.
  func mark(_ words: [String], _ value: ResetPlan.MarkValue, log: Int32) throws {
    guard !words.isEmpty else { return }
    let status = try process.run(["/usr/bin/apt-mark", value.rawValue, "--"] + words, log: log)
    guard status == 0 else { throw PackageToolError.failed(program: "apt-mark", status: status) }
  }

  /// Runs another program of the root, its output into the log.
  func run(_ arguments: [String], log: Int32) throws -> Int32 { try process.run(arguments, log: log) }

  /// Runs another program of the root for its output.
  func output(_ arguments: [String]) throws -> RootedProcess.Outcome { try process.output(arguments) }

  /// apt's first complaint.
  private static func complaint(_ output: String) -> String {
    let lines = output.split(separator: "\n").map(String.init)
    return lines.first { $0.hasPrefix("E: ") }.map { String($0.dropFirst(3)) } ?? lines.last ?? "it said nothing"
  }

  /// Splits what is to be done into transactions: what goes in without taking anything away, then what conflicts with packages
  /// that go, together with exactly those, then the other removals.
  /// - Throws: ``PackageToolError``, ``RootedProcess/Failure``
  func transactions(
    install: [PackageTransaction.Item], remove: [PackageTransaction.Item]
  ) throws -> [PackageTransaction] {
    var removals = PackageTransaction()
    removals.remove = remove
    guard !install.isEmpty else { return removals.isEmpty ? [] : [removals] }
    func pushedOut(_ items: [PackageTransaction.Item]) throws -> [PackageTransaction.Item]? {
      var all = PackageTransaction()
      all.install = items
      // Any planned removal may be part of it; apt is asked which of them are.
      let outcome = try process.output(
        arguments(all, ["-s", "-o", "Debug::NoLocking=1"]).filter { $0 != "--no-remove" })
      guard outcome.status == 0 else { return nil }
      let simulation = AptOracle.simulation(outcome.output)
      return remove.filter { simulation.removed.contains($0.id) || simulation.removed.contains($0.name) }
    }
    guard let conflicts = try pushedOut(install) else {
      // They do not go in while something stays that goes: everything at once.
      var all = removals
      all.install = install
      return [all]
    }
    var result: [PackageTransaction] = []
    var together = PackageTransaction()
    together.install = install
    if !conflicts.isEmpty {
      let rest = try install.filter { try pushedOut([$0])?.isEmpty == true }
      var first = PackageTransaction()
      first.install = rest
      if !rest.isEmpty, rest.count < install.count, let simulation = try? simulate(first),
        first.disagreements(simulation).isEmpty
      {
        result.append(first)
        together.install = install.filter { !rest.contains($0) }
      }
      together.remove = conflicts
    }
    result.append(together)
    removals.remove = remove.filter { !conflicts.contains($0) }
    if !removals.isEmpty { result.append(removals) }
    return result
  }
}

/// What apt or dpkg did not do.
package enum PackageToolError: ReportableError, Equatable {
  /// apt would not do it at all, in its own words.
  case refused(String)
  /// apt would do something else.
  case disagrees([String])
  /// A program ended with a code other than 0.
  case failed(program: String, status: Int32)
  /// Packages could not be fetched, or were not what the lists say.
  case notFetched(status: Int32)

  package var failureKind: FailureKind {
    switch self {
    case .refused, .disagrees: .refused
    case .failed: .failed
    case .notFetched: .unavailable
    }
  }

  package var message: String {
    switch self {
    case .refused(let words): "apt refuses: \(words)"
    case .disagrees(let lines): lines.joined(separator: "; ")
    case .failed(let program, let status): "\(program) ended with \(status); the log says more"
    case .notFetched(let status):
      "packages could not be fetched (apt-get ended with \(status)); the log says more; look at the sources and the network"
    }
  }
}
