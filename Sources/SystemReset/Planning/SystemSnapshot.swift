package import DebianPackages
package import HostSystem

/// Everything that a plan is made from, read once from a root. A value: the planner looks at nothing else.
package struct SystemSnapshot: Sendable {
  package let root: RootDirectory
  package let release: OSRelease
  package let profile: DistributionProfile?
  /// Of 32 hexadecimal digits; nil where the root has none.
  package let machineID: String?
  package let status: DpkgStatus
  package let graph: DependencyGraph
  package let marks: ExtendedStates
  package let archive: Archive
  package var kernels: InstalledKernels
  package let accounts: Accounts
  package let humanIDs: UserIDRange
  /// Accounts with an id below those of people that no installed package accounts for.
  package let unownedSystemAccounts: Set<String>
  /// The homes of people's accounts by account name, themselves and not what a link leads to, with the directory above;
  /// an account whose home is not there, or may not be looked at, is absent.
  package let homes: [String: (home: FileStatus, parent: FileStatus?)]
  package var running: RunningSystem
  /// See ``SystemFacts``.
  package var facts: Set<String>
  /// Packages whose removal a log shows, with the day and the command where they are known.
  package let removals: [String: PackageLog.Removal]
  /// When each package came and went, and by whose command.
  package let log: PackageLog
  /// What differs from stock besides packages and accounts.
  package let drift: SystemDrift
  /// What people stored with the help of packages.
  package let storedData: StoredData
  /// The name of the package that this program is installed from; nil when it is not from a package.
  package var ownPackage: PackageID?
  /// What could not be read, or looks wrong without stopping the plan.
  package let notices: [Notice]

  /// Something that a person should know before trusting the plan.
  package struct Notice: Sendable, Equatable {
    /// There are accounts and no groups.
    static let noGroups = "no-groups"
    /// dpkg's status lacks packages; no plan made from it may be carried out.
    static let incompleteStatus = "status-incomplete"
    /// The notices that forbid to carry a plan out.
    static let blocking: Set<String> = [noGroups, incompleteStatus]

    package let id: String
    package let message: String
    /// The file, package or account that it is about.
    package let subject: String

    package init(id: String, message: String, subject: String) {
      self.id = id
      self.message = message
      self.subject = subject
    }
  }

  /// The system's main architecture, as dpkg names it.
  package var architecture: String { graph.nativeArchitecture }

  /// The other architectures of present packages, sorted.
  package var foreignArchitectures: [String] {
    Set(graph.packages.map(\.id.architecture)).subtracting([architecture, "all"]).sorted()
  }
}

/// A root that no plan can be made for.
package enum SnapshotError: ReportableError, Equatable {
  /// There is no dpkg record under the root.
  case noDpkg(path: String)
  /// The root given on the command line is no directory.
  case noRoot(path: String)

  package var failureKind: FailureKind {
    switch self {
    case .noDpkg: .unavailable
    case .noRoot: .usage
    }
  }

  package var message: String {
    switch self {
    case .noDpkg(let path):
      "\(path): not found; toolbox reset works on Debian, Ubuntu and their derivatives, name such a root with --root"
    case .noRoot(let path): "\(path): no such directory; --root takes the root of a system"
    }
  }
}
