import Glibc
package import HostSystem

/// What is looked at before anything changes. Nothing is repaired here and no lock is ever removed.
struct Preflight {
  let root: RootDirectory
  let tools: PackageTools

  /// Locks of dpkg, apt and the account files, as fcntl(2) sees them.
  private static let locks = [
    "/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock", "/var/cache/apt/archives/lock", "/var/lib/apt/lists/lock",
    // Of the account files; see lckpwdf(3).
    "/etc/.pwd.lock",
  ]
  /// How long a lock is waited for, in seconds.
  private static let patience = 60
  /// What a run needs besides packages: its journal, its bundle, its log, in bytes.
  private static let reserve = 64 << 20

  /// - Throws: ``PreflightError``, ``AccountRefusal``, ``RescueError``, ``FileError``
  func check(_ plan: ResetPlan, states: PackageStates, administrators: String) throws {
    if geteuid() != 0 { throw PreflightError.notRoot }
    try checkArchitecture(plan)
    let broken = states.unfinished
    guard broken.isEmpty else { throw PreflightError.brokenPackages(broken) }
    guard try (root.names(in: "/var/lib/dpkg/updates") ?? []).allSatisfy({ $0 == "." || $0 == ".." }) else {
      throw PreflightError.interrupted
    }
    let activity = MachineActivity(root)
    if let updater = activity.updater() { throw PreflightError.updating(updater.name, process: updater.process) }
    let going = Dictionary(
      plan.users.remove.map { ($0.name, $0.uid) }, uniquingKeysWith: { first, _ in first })
    let loggedIn = try activity.loggedIn(going)
    guard loggedIn.isEmpty else { throw PreflightError.loggedIn(loggedIn) }
    try waitForLocks()
    try checkSpace(plan)
    if root.isHost, let percent = batteryPercent(), percent < 50 { throw PreflightError.onBattery(percent: percent) }
    let keeper = AccountKeeper(root: root)
    let willHaveSudo = plan.packages.install.contains { $0.name == "sudo" }
    for user in plan.users.create {
      if let refusal = try keeper.rescueRefusal(user.name, administrators: administrators) {
        if willHaveSudo, case .programMissing = refusal { continue }
        throw refusal
      }
    }
  }

  /// Programs of the root must run here: the machine that its dpkg was built for is this one's.
  private func checkArchitecture(_ plan: ResetPlan) throws {
    guard !root.isHost else { return }
    // ELF: class at 4, machine at 18.
    let theirs = try root.beginning(of: "/usr/bin/dpkg", count: 20)
    let ours = try RootDirectory().beginning(of: "/proc/self/exe", count: 20)
    guard theirs.count == 20, theirs[4] == ours[4], theirs[18...19] == ours[18...19] else {
      throw PreflightError.foreignArchitecture(plan.system.architecture)
    }
  }

  /// Nothing can be shown in place of a policy-rc.d that is a symbolic link, and what it leads to may be any program of the root.
  /// Asked before the first program runs there.
  /// - Throws: ``PreflightError/policyIsLink(_:)``, ``FileError``
  static func checkPolicy(_ root: RootDirectory) throws {
    guard !root.isHost, let directory = try SecureDirectory.open(following: "/usr/sbin", in: root),
      try directory.place(of: "policy-rc.d")?.kind == .link
    else { return }
    throw PreflightError.policyIsLink(directory.path(of: "policy-rc.d"))
  }

  /// - Throws: ``PreflightError/locked(path:process:seconds:)``, ``FileError``
  func waitForLocks() throws {
    let end = StopSignals.uptimeMilliseconds + Self.patience * 1000
    for path in Self.locks {
      while let holder = try holder(of: path) {
        guard StopSignals.uptimeMilliseconds < end, !StopSignals.wait(milliseconds: 200) else {
          throw PreflightError.locked(path: root.hostPath(path), process: holder, seconds: Self.patience)
        }
      }
    }
  }

  /// The process that holds a lock; nil when nobody does.
  private func holder(of path: String) throws -> Int32? {
    let descriptor: Int32
    do {
      descriptor = try root.open(path, flags: O_RDWR)
    } catch {
      if error.isAbsence { return nil }
      throw error
    }
    defer { close(descriptor) }
    var lock = flock()
    lock.l_type = Int16(F_WRLCK)
    lock.l_whence = Int16(SEEK_SET)
    guard fcntl(descriptor, F_GETLK, &lock) == 0 else {
      throw FileError(path: root.hostPath(path), code: errno, action: "look at the lock of")
    }
    return lock.l_type == Int16(F_UNLCK) ? nil : lock.l_pid
  }

  private func checkSpace(_ plan: ResetPlan) throws {
    let installed = plan.packages.install.reduce(0) { $0 + max(0, $1.installedSizeBytes) }
    // Packages that no archive has are packed again: at most as large as they are installed.
    let repacked = plan.packages.remove.filter { [.local, .obsolete, .thirdParty, .foreignVersion].contains($0.class) }
      .reduce(0) { $0 + 2 * max(0, $1.installedSizeBytes) }
    let wanted: [(path: String, bytes: Int)] = [
      (AccountArchive.base, plan.summary.downloadBytes + repacked + Self.reserve), ("/var/lib", 16 << 20),
      ("/usr", installed), ("/etc", 8 << 20), ("/var/log", 8 << 20),
    ]
    var needed: [dev_t: (path: String, bytes: Int, free: Int)] = [:]
    for (path, bytes) in wanted {
      var status = statvfs()
      var place = stat()
      let host = root.hostPath(nearest(path))
      guard statvfs(host, &status) == 0, stat(host, &place) == 0 else {
        throw FileError(path: host, code: errno, action: "look at the space of")
      }
      let free = Int(
        clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
      let earlier = needed[place.st_dev]
      needed[place.st_dev] = (earlier?.path ?? host, (earlier?.bytes ?? 0) + bytes, free)
    }
    for (_, place) in needed.sorted(by: { $0.value.path < $1.value.path }) where place.free < place.bytes {
      throw PreflightError.noSpace(path: place.path, neededBytes: place.bytes, freeBytes: place.free)
    }
  }

  /// The path, or of a directory that is yet to be made the nearest one above it.
  private func nearest(_ path: String) -> String {
    var place = path
    while place != "/", !root.exists(place) {
      place = place.lastIndex(of: "/").map { $0 == place.startIndex ? "/" : String(place[..<$0]) } ?? "/"
    }
    return place
  }

  /// What is left in the battery of a machine that runs from it; nil on mains, or without a battery.
  private func batteryPercent() -> Int? {
    let host = RootDirectory()
    let directory = "/sys/class/power_supply"
    func word(_ path: String) -> String? {
      (try? host.readIfPresent(path, limit: 4096)).flatMap { $0 }.map {
        String(decoding: $0, as: UTF8.self).filter { !$0.isWhitespace }
      }
    }
    var charge: Int?
    for name in (try? host.names(in: directory)) ?? nil ?? [] {
      switch word("\(directory)/\(name)/type") {
      case "Mains", "USB": if word("\(directory)/\(name)/online") == "1" { return nil }
      case "Battery" where word("\(directory)/\(name)/scope") != "Device":
        charge = word("\(directory)/\(name)/capacity").flatMap { Int($0) } ?? charge
      default: continue
      }
    }
    return charge
  }
}

/// What forbids a run. Nothing was changed.
package enum PreflightError: ReportableError, Equatable {
  case notRoot
  /// Packages that dpkg has not finished with.
  case brokenPackages([String])
  /// dpkg was interrupted while it wrote its records.
  case interrupted
  /// A program that changes packages by itself is at work.
  case updating(String, process: Int32)
  /// Accounts that would go are logged in.
  case loggedIn([String])
  /// Somebody holds a lock of apt, dpkg or the account files; 0 for a process that cannot be told.
  case locked(path: String, process: Int32, seconds: Int)
  case noSpace(path: String, neededBytes: Int, freeBytes: Int)
  case onBattery(percent: Int)
  /// The root's programs do not run on this machine.
  case foreignArchitecture(String)
  /// The root's policy-rc.d is a symbolic link.
  case policyIsLink(String)

  package var failureKind: FailureKind {
    switch self {
    case .notRoot: .noPermission
    case .locked, .updating: .tryLater
    default: .refused
    }
  }

  package var message: String {
    switch self {
    case .notRoot: "reset: carrying a plan out takes root; run it as root"
    case .brokenPackages(let ids):
      "reset: dpkg has not finished with \(ids.prefix(5).joined(separator: ", "))\(ids.count > 5 ? " and others" : ""); run 'dpkg --configure -a' first"
    case .interrupted: "reset: dpkg was interrupted; run 'dpkg --configure -a' first"
    case .updating(let name, let process):
      "reset: \(name) is at work (process \(process)); try again when it has ended"
    case .loggedIn(let names):
      "reset: \(names.joined(separator: ", ")) \(names.count == 1 ? "is" : "are") logged in and would be taken away; have them log out first"
    case .locked(let path, let process, let seconds):
      "\(path): held by \(process > 0 ? "process \(process)" : "another program"); waited \(seconds) s; try again when it has ended"
    case .noSpace(let path, let needed, let free):
      "\(path): \(megabytes(needed)) are needed and \(megabytes(free)) are free; make room first"
    case .onBattery(let percent): "reset: the machine runs from its battery, which is at \(percent) %; plug it in first"
    case .foreignArchitecture(let name):
      "reset: programs of this root (\(name)) do not run on this machine; reset it on a machine of its kind"
    case .policyIsLink(let path):
      "\(path): a symbolic link, which nothing can be shown in place of; move it away, so that no service is started"
    }
  }

  private func megabytes(_ bytes: Int) -> String { "\((bytes + (1 << 20) - 1) >> 20) MiB" }
}
