import Glibc
package import HostSystem

/// What counts only for the system that runs: its kernel, its mounts, who is logged in, and who started this program.
///
/// For a root other than `/` all of this is the host's and stays empty.
package struct RunningSystem: Sendable, Equatable {
  /// `uname -r`.
  package var kernelRelease: String?
  /// Accounts that must not be touched because they are in use, with the reason. Names as in passwd, ids where a source
  /// names only those.
  package var usersByID: [UInt32: String] = [:]
  package var usersByName: [String: String] = [:]
  /// Whether a program of this name runs (`sshd`).
  package var processNames: Set<String> = []

  package init() {}

  /// Looks at the running system.
  /// - Parameter environment: `SUDO_UID`, `PKEXEC_UID` and `DOAS_USER` tell who became root.
  package static func read(root: RootDirectory, environment: [String: String], userID: UInt32) -> RunningSystem {
    var system = RunningSystem()
    guard root.isHost else { return system }
    system.kernelRelease = (try? root.readIfPresent("/proc/sys/kernel/osrelease")).flatMap { $0 }.map {
      String(decoding: $0, as: UTF8.self).filter { !$0.isWhitespace }
    }
    system.usersByID[userID] = "runs this command"
    for (variable, how) in [("SUDO_UID", "sudo"), ("PKEXEC_UID", "pkexec")] {
      if let uid = environment[variable].flatMap({ UInt32($0) }) {
        system.usersByID[uid] = "runs this command through \(how)"
      }
    }
    if let name = environment["DOAS_USER"] { system.usersByName[name] = "runs this command through doas" }
    if let bytes = try? root.readIfPresent("/proc/self/loginuid"),
      let uid = UInt32(String(decoding: bytes, as: UTF8.self).filter(\.isNumber)), uid != .max
    {
      system.usersByID[uid] = "is logged in and runs this command"
    }
    system.readLogins(root)
    system.readProcesses(root)
    return system
  }

  /// systemd-logind's list of users with a session, one file a user id; the owner of the terminal.
  private mutating func readLogins(_ root: RootDirectory) {
    for name in (try? root.names(in: "/run/systemd/users")).flatMap({ $0 }) ?? [] {
      if let uid = UInt32(name), usersByID[uid] == nil { usersByID[uid] = "is logged in" }
    }
    var status = stat()
    if isatty(0) == 1, fstat(0, &status) == 0, usersByID[status.st_uid] == nil {
      usersByID[status.st_uid] = "owns this terminal"
    }
    // utmp's records as the C library reads them; systems without it have the files above.
    setutxent()
    while let entry = getutxent() {
      guard Int32(entry.pointee.ut_type) == USER_PROCESS else { continue }
      let name = withUnsafeBytes(of: entry.pointee.ut_user) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if !name.isEmpty, usersByName[name] == nil { usersByName[name] = "is logged in" }
    }
    endutxent()
  }

  private mutating func readProcesses(_ root: RootDirectory) {
    for name in (try? root.names(in: "/proc")).flatMap({ $0 }) ?? [] where name.first?.isNumber == true {
      guard let bytes = try? root.read("/proc/\(name)/comm", limit: 256) else { continue }
      processNames.insert(String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self))
    }
  }
}
