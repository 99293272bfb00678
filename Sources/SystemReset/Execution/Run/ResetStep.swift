import DebianPackages

/// One step of a run: small enough to be begun again from its beginning, whatever a kill left of it. Steps are written into the
/// journal before the first of them begins, so a resumed run does what was decided then, and nothing else.
package struct ResetStep: Codable, Sendable, Equatable {
  package enum Kind: String, Codable, Sendable {
    /// The records, configuration and packages that an undo needs are put into the run's bundle.
    case backup
    /// Every package that will be installed is fetched and checked.
    case download
    /// One call of apt with exact lists.
    case packages
    /// What removed packages left behind is purged.
    case purge
    /// Auto marks are set.
    case marks
    /// A configuration file becomes what its package brought.
    case conffile
    /// Entries of one file of apt's sources are switched off.
    case repository
    /// A snap, or a flatpak, goes through its own tool.
    case snap, flatpak
    /// The account for the person is made and proved.
    case rescue
    /// An account is taken away.
    case user
    /// A user's settings are moved aside.
    case settings
    /// The account for the person gets a password, and it is shown.
    case password
    /// The account for the person gets a public ssh key.
    case key
    /// Undo: a file becomes what it was before the run.
    case restoreFile = "restore_file"
    /// Undo: an account comes back.
    case restoreUser = "restore_user"
    /// Undo: settings come back.
    case restoreSettings = "restore_settings"
    /// Undo: overrides of dpkg's that a purge had to take out come back.
    case restoreOverrides = "restore_overrides"
    /// dpkg finishes what was interrupted in this run.
    case configure
  }

  /// Two digits and the kind; unique in its run.
  package var id: String
  package var kind: Kind
  /// For people; foreign text in it is not yet harmless.
  package var title: String
  package var transaction: PackageTransaction?
  package var marks: [ResetPlan.Mark]?
  /// Paths inside the root.
  package var path: String?
  /// Lines of a `.list` file, or first lines of stanzas of a `.sources` file, from 1.
  package var lines: [Int]?
  /// The package that a configuration file is of.
  package var package: PackageTransaction.Item?
  /// An account, a snap or a flatpak.
  package var name: String?
  /// A public ssh key, as a line of `authorized_keys`.
  package var key: String?
  /// Whether the account's home is deleted, as was asked for by name.
  package var deletesHome: Bool?
  /// What an undo puts back, and what must be there for that.
  package var file: ChangedFile?
  /// What an undo tells dpkg again.
  package var overrides: [KeptOverride]?

  init(_ kind: Kind, _ title: String) {
    id = ""
    self.kind = kind
    self.title = title
  }
}

/// A file that a step wrote, so that it can be taken back.
package struct ChangedFile: Codable, Sendable, Equatable {
  /// The path inside the root.
  package var path: String
  /// The name of the earlier content in the run's directory; nil where there was no file.
  package var saved: String?
  package var userId: UInt32?
  package var groupId: UInt32?
  package var mode: UInt32?
  /// Of what the step wrote, in hexadecimal; an undo leaves a file alone that is another one by then.
  package var sha256: String
}

/// An override of dpkg's for the owner and mode of a file, as dpkg-statoverride(1) takes it.
package struct KeptOverride: Codable, Sendable, Equatable {
  /// A name, or `#` and an id.
  package var user: String
  package var group: String
  /// In octal, as it stood there.
  package var mode: String
  /// The path inside the root.
  package var path: String

  init(_ override: DpkgStatOverride) {
    (user, group, mode, path) = (override.user, override.group, override.mode, override.path)
  }
}

/// What one call of apt changes: all of it, and nothing else.
package struct PackageTransaction: Codable, Sendable, Equatable {
  package struct Item: Codable, Sendable, Hashable {
    package var name: String
    package var architecture: String
    package var version: String
    /// A package file inside the root to install it from; nil for an archive.
    package var file: String?

    package init(name: String, architecture: String, version: String, file: String? = nil) {
      self.name = name
      self.architecture = architecture
      self.version = version
      self.file = file
    }

    /// `name:architecture`, as dpkg records it.
    package var id: String { "\(name):\(architecture)" }
    /// As apt takes it: packages of all architectures have none there.
    var word: String { architecture == "all" || architecture.isEmpty ? name : "\(name):\(architecture)" }
  }

  package var install: [Item] = []
  package var remove: [Item] = []
  package var downgrades = false
  package var reinstalls = false
  /// What stands there before a downgrade.
  package var replaced: [Item]?

  package init() {}

  var isEmpty: Bool { install.isEmpty && remove.isEmpty }

  /// The words after `apt-get`'s options: exact versions, exact removals.
  var words: [String] {
    install.map { $0.file ?? "\($0.word)=\($0.version)" } + remove.map { $0.word + "-" }
  }

  /// Where apt's simulation differs; empty where it would do just this.
  func disagreements(_ simulation: AptOracle.Simulation) -> [String] {
    func keys(_ item: Item) -> Set<String> { [item.name, item.id] }
    var result: [String] = []
    let removals = remove.reduce(into: Set<String>()) { $0.formUnion(keys($1)) }
    let installations = install.reduce(into: Set<String>()) { $0.formUnion(keys($1)) }
    for name in simulation.removed.subtracting(removals).sorted() { result.append("apt would also remove \(name)") }
    for item in remove where simulation.removed.isDisjoint(with: keys(item)) {
      result.append("apt would not remove \(item.id)")
    }
    for name in Set(simulation.installed.keys).subtracting(installations).sorted() {
      result.append("apt would also install \(name)")
    }
    for item in install where keys(item).compactMap({ simulation.installed[$0] }).first != item.version {
      result.append("apt would not install \(item.id) in version \(item.version)")
    }
    return result
  }

  /// The same without what is done already.
  func rest(_ states: PackageStates) -> PackageTransaction {
    var rest = self
    rest.install = install.filter { !states.isInstalled($0) }
    rest.remove = remove.filter { states.isPresent($0.id) }
    // Where dpkg was killed while it unpacked or removed the same version, apt takes it for installed and does nothing.
    if rest.install.contains(where: { states.isHalfInstalled($0.id) }) { rest.reinstalls = true }
    return rest
  }
}

/// What dpkg has of each package: the truth that a resumed run goes by.
package struct PackageStates: Sendable, Equatable {
  struct State: Sendable, Equatable {
    let version: String
    /// `installed`, `config-files`, `half-configured` and so on.
    let status: String
    /// What is wanted of it: `install`, `hold`, `deinstall`, `purge`, `unknown`.
    let want: String
  }

  private(set) var states: [String: State] = [:]

  static let format = "${Package}:${Architecture}\t${Version}\t${db:Status-Status}\t${db:Status-Want}\n"

  /// Reads what `dpkg-query -W` printed in ``format``.
  init(_ text: String) {
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      guard fields.count == 4 else { continue }
      states[String(fields[0])] = State(
        version: String(fields[1]), status: String(fields[2]), want: String(fields[3]))
    }
  }

  func isInstalled(_ item: PackageTransaction.Item) -> Bool {
    states[item.id].map { $0.version == item.version && $0.status == "installed" } ?? false
  }

  /// Whether something of the package is there besides its configuration.
  func isPresent(_ id: String) -> Bool {
    guard let state = states[id] else { return false }
    return state.status != "config-files" && state.status != "not-installed"
  }

  func hasConfigurationOnly(_ id: String) -> Bool { states[id]?.status == "config-files" }

  /// Whether a package is there and dpkg was told that it is about to go: apt does so with all that a transaction removes before the
  /// first of them goes.
  func isToldToGo(_ id: String) -> Bool {
    isPresent(id) && (states[id].map { ["deinstall", "purge"].contains($0.want) } ?? false)
  }

  /// Whether dpkg was interrupted while it unpacked or removed the package.
  func isHalfInstalled(_ id: String) -> Bool { states[id]?.status == "half-installed" }

  /// Whether a package is in place and only triggers are left to be dealt with, its own or another's.
  func waitsForTriggers(_ id: String) -> Bool {
    ["triggers-pending", "triggers-awaited"].contains(states[id]?.status)
  }

  /// Packages that dpkg has not finished with.
  var unfinished: [String] {
    states.filter { !["installed", "config-files", "not-installed"].contains($0.value.status) }.keys.sorted()
  }
}
