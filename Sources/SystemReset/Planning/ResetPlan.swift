package import HostSystem

/// How a system differs from stock, and what would bring it back: the document `toolbox.reset.plan/1`.
///
/// Sizes are in bytes. Lists are sorted by name. The JSON form is described in `Data/schemas/toolbox.reset.plan.1.json`.
package struct ResetPlan: Sendable, Codable, Equatable {
  package var schema = "toolbox.reset.plan/1"
  package var system: System
  package var baseline: BaselineSummary
  /// The files that the plan was made from, with their digests; empty where they were not asked for.
  package var inputs: [Input] = []
  /// What the person asked for.
  package var selection: Selection
  package var packages: Packages
  package var kernels: Kernels
  package var snaps = RemoveAndKeep()
  package var flatpaks = RemoveAndKeep()
  package var users: Users
  package var drift = Drift()
  package var summary = Summary()
  package var warnings: [Notice] = []
  package var blockers: [Blocker] = []

  package struct System: Sendable, Codable, Equatable {
    package var id: String
    @Nullable package var versionId: String?
    @Nullable package var codename: String?
    package var architecture: String
    package var root: String
    @Nullable package var machineId: String?
  }

  package struct Input: Sendable, Codable, Equatable {
    /// The path inside the root.
    package var path: String
    /// In hexadecimal.
    package var sha256: String
  }

  package enum BaselineSource: String, Sendable, Codable {
    case file
    case saved
    case installerRecord = "installer_record"
    case imageManifest = "image_manifest"
    case rootClosure = "root_closure"
  }

  package enum Confidence: String, Sendable, Codable { case high, medium, low }

  package struct BaselineSummary: Sendable, Codable, Equatable {
    package var source: BaselineSource
    @Nullable package var path: String?
    /// All that were named, of which ``path`` is one; empty for other sources.
    package var files: [String] = []
    @Nullable package var date: String?
    package var confidence: Confidence
    package var notes: [String] = []
  }

  /// What a package is to this system; see the design of the planner in CONTRIBUTING.md.
  package enum PackageClass: String, Sendable, Codable, CaseIterable {
    case stock
    case stockNewerABI = "stock_newer_abi"
    case stockDependency = "stock_dependency"
    case userRoot = "user_root"
    case userDependency = "user_dependency"
    case thirdParty = "third_party"
    case local
    case obsolete
    case foreignVersion = "foreign_version"
    case kernel
    case driver
    case firmware
    case language
    case held
    case configFiles = "config_files"
    case broken
  }

  package struct Packages: Sendable, Codable, Equatable {
    package var remove: [Removal] = []
    package var install: [Installation] = []
    package var downgrade: [Downgrade] = []
    package var marks: [Mark] = []
    package var missing: [Missing] = []
    package var keep: [Kept] = []
  }

  package struct Removal: Sendable, Codable, Equatable {
    package var name: String
    package var architecture: String
    package var version: String
    package var `class`: PackageClass
    package var reason: String
    /// Package names, the root of the chain first, this package last.
    package var because: [String]
    package var installedSizeBytes: Int
    package var purge: Bool
  }

  package struct Installation: Sendable, Codable, Equatable {
    package var name: String
    package var architecture: String
    package var version: String
    package var origin: String
    package var reason: String
    package var downloadSizeBytes: Int
    package var installedSizeBytes: Int
  }

  package struct Downgrade: Sendable, Codable, Equatable {
    package var name: String
    package var architecture: String
    package var from: String
    package var to: String
    package var origin: String
  }

  package enum MarkValue: String, Sendable, Codable { case auto, manual }

  package struct Mark: Sendable, Codable, Equatable {
    package var name: String
    package var architecture: String
    package var from: MarkValue
    package var to: MarkValue
  }

  package struct Missing: Sendable, Codable, Equatable {
    package var name: String
    package var reason: String
  }

  package struct Kept: Sendable, Codable, Equatable {
    package var name: String
    package var architecture: String
    package var rule: String
    package var reason: String
    /// The kept package that needs this one; nil where the rule names the package itself.
    @Nullable package var neededBy: String?
  }

  package struct Kernels: Sendable, Codable, Equatable {
    package var remove: [RemovedKernel] = []
    package var keep: [KeptKernel] = []
  }

  package struct RemovedKernel: Sendable, Codable, Equatable {
    package var release: String
    package var packages: [String]
  }

  package struct KeptKernel: Sendable, Codable, Equatable {
    package var release: String
    package var reason: String
  }

  package struct RemoveAndKeep: Sendable, Codable, Equatable {
    package var remove: [String] = []
    package var keep: [String] = []
  }

  package enum HomeAction: String, Sendable, Codable { case quarantine, delete, keep }

  package struct Users: Sendable, Codable, Equatable {
    package var remove: [RemovedUser] = []
    package var keep: [KeptUser] = []
    package var create: [CreatedUser] = []
  }

  package struct RemovedUser: Sendable, Codable, Equatable {
    package var name: String
    package var uid: UInt32
    package var home: String
    package var homeAction: HomeAction
    package var reason: String
    /// The directory that the plan means, by its device and its number there; null where there is none.
    @Nullable package var homeDevice: UInt64?
    @Nullable package var homeInode: UInt64?
  }

  package struct KeptUser: Sendable, Codable, Equatable {
    package var name: String
    package var uid: UInt32
    package var reason: String
  }

  package struct CreatedUser: Sendable, Codable, Equatable {
    package var name: String
    package var groups: [String]
  }

  package struct Summary: Sendable, Codable, Equatable {
    package var remove = 0
    package var install = 0
    package var downgrade = 0
    package var usersRemoved = 0
    /// What the removed packages say that they take on disk. Homes that are only moved aside are not in it.
    package var freedBytes = 0
    package var downloadBytes = 0
  }

  package struct Notice: Sendable, Codable, Equatable {
    package var id: String
    package var message: String
    package var subject: String

    package init(id: String, message: String, subject: String) {
      self.id = id
      self.message = message
      self.subject = subject
    }
  }

  package struct Blocker: Sendable, Codable, Equatable {
    package var id: String
    package var message: String
    package var subject: String
    /// The option that overrides it; nil where nothing does.
    @Nullable package var override: String?
  }
}
