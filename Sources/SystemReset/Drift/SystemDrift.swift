package import HostSystem

/// What a system holds besides packages and accounts, and how it differs from what its packages brought.
package struct SystemDrift: Sendable, Equatable {
  /// What the plan lists; ``ResetPlan/Drift/foreignVersions`` is left to the planner, which knows what is stock.
  package var entries = ResetPlan.Drift()
  /// Sorted by name.
  package var snaps: [InstalledSnap] = []
  /// What tells stock snaps from others.
  package var snapSeed = SnapSeed.absent
  /// The names of the applications that are installed for all users, sorted.
  package var flatpaks: [String] = []
  /// Sorted by name, then by version.
  package var dkmsModules: [DKMSModule] = []
  /// fstab's entries, and for the running system what is mounted.
  package var mounts: [Mount] = []
  /// In the order of the files, as are the groups'.
  package var subordinateUserIDs: [SubordinateIDs] = []
  package var subordinateGroupIDs: [SubordinateIDs] = []
  /// nil where shadow cannot be read.
  package var passwords: [PasswordState]?
  /// The architectures that dpkg was told to install besides the native one.
  package var addedArchitectures: [String] = []
  /// What could not be read, and what is malformed.
  package var notices: [SystemSnapshot.Notice] = []

  package init() {}

  /// A snap by the files that snapd keeps of it.
  package struct InstalledSnap: Sendable, Equatable {
    package let name: String
    /// `app`, `base`, `snapd`, `kernel`, `gadget`, `os`; nil where the snap is not mounted, so that it cannot be told.
    package var type: String?
    /// The snaps that it needs: its base and the providers of its content.
    package var needs: [String] = []
  }

  /// The snaps that the image brought.
  package enum SnapSeed: Sendable, Equatable {
    /// There is no seed: no snap is known to be stock.
    case absent
    /// There is one and it cannot be read.
    case unreadable
    case names(Set<String>)
  }

  /// A kernel module that is built on this machine.
  package struct DKMSModule: Sendable, Equatable {
    package let name: String
    package let version: String
    /// The package that its source is from; nil when the source is there and no package's.
    package let package: String?
  }
}
