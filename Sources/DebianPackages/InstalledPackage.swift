/// A package's name and architecture: what tells two installed packages apart.
package struct PackageID: Sendable, Hashable, Comparable, CustomStringConvertible {
  package let name: String
  package let architecture: String

  package init(name: String, architecture: String) {
    self.name = name
    self.architecture = architecture
  }

  /// `name:architecture`, as apt and dpkg take it.
  package var description: String { "\(name):\(architecture)" }

  /// By the bytes of the name, then of the architecture.
  package static func < (left: Self, right: Self) -> Bool {
    left.name == right.name ? left.architecture < right.architecture : left.name < right.name
  }
}

/// How much a system needs a package, as its archive sees it. Source: Debian Policy 2.5; `extra` is `optional` since 4.0.1.
package enum PackagePriority: Int, Sendable, Comparable {
  case required, important, standard, optional, extra

  package init?(_ bytes: UnsafeBufferPointer<UInt8>) {
    switch String(decoding: bytes, as: UTF8.self) {
    case "required": self = .required
    case "important": self = .important
    case "standard": self = .standard
    case "optional": self = .optional
    case "extra": self = .extra
    default: return nil
    }
  }

  package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// A package as dpkg's status knows it.
package struct InstalledPackage: Sendable {
  /// What the administrator asked for: the first word of `Status`.
  package enum Selection: String, Sendable { case unknown, install, hold, deinstall, purge }

  /// How far dpkg has come: the third word of `Status`.
  package enum State: String, Sendable {
    case notInstalled = "not-installed"
    case configFiles = "config-files"
    case halfInstalled = "half-installed"
    case unpacked
    case halfConfigured = "half-configured"
    case triggersAwaited = "triggers-awaited"
    case triggersPending = "triggers-pending"
    case installed
  }

  /// How the package stands beside itself in another architecture. Source: Debian's multi-arch specification.
  package enum MultiArch: String, Sendable { case no, same, foreign, allowed }

  /// A configuration file that dpkg guards.
  package struct Conffile: Sendable, Equatable {
    package let path: String
    /// The MD5 sum of the packaged version in hexadecimal, or `newconffile`.
    package let digest: String
    package let isObsolete: Bool
    /// Whether the package's next version takes the file away.
    package var isRemovedOnUpgrade = false
  }

  package var id: PackageID
  package var version: DebianVersion
  package var selection: Selection
  /// The second word of `Status` is `reinstreq`: the package is broken and must be installed again.
  package var needsReinstallation: Bool
  package var state: State
  package var isEssential = false
  package var isProtected = false
  package var isImportant = false
  package var priority: PackagePriority?
  package var section = ""
  /// The source package's name; nil when it is the package's own.
  package var source: String?
  /// What dpkg says it takes on disk, in bytes (the field counts KiB).
  package var installedSizeBytes = 0
  package var multiArch: MultiArch = .no
  package var preDepends: [[PackageRelation]] = []
  package var depends: [[PackageRelation]] = []
  package var recommends: [[PackageRelation]] = []
  package var suggests: [[PackageRelation]] = []
  package var provides: [PackageRelation] = []
  /// The names of the packages whose files it may overwrite: with `provides`, those that it took the place of.
  package var replaces: [String] = []
  package var conffiles: [Conffile] = []
  /// The first line of the description.
  package var synopsis = ""

  /// Reads a size that is counted in units of some bytes.
  ///
  /// Some old tools wrote no number there, and a size is a courtesy, not a fact to stop for: what is none, and what is
  /// more than a package can be (4 TiB), counts as 0. So the sum over any number of packages stays a number.
  static func size(_ text: String, unit: Int) -> Int {
    guard let count = Int(text), count >= 0, count <= (1 << 42) / unit else { return 0 }
    return count * unit
  }

  /// Whether its files are on the disk, complete or not.
  package var isPresent: Bool { state != .notInstalled && state != .configFiles }

  /// Whether dpkg has something left to do with it.
  package var isBroken: Bool {
    needsReinstallation || (isPresent && state != .installed && state != .triggersPending && state != .triggersAwaited)
  }

  package var isHeld: Bool { selection == .hold }
}
