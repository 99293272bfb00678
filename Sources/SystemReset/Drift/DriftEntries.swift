package import HostSystem

extension ResetPlan {
  /// What differs from stock besides packages and accounts. Listed always, planned only when asked for.
  package struct Drift: Sendable, Codable, Equatable {
    package var conffiles: [Conffile] = []
    package var repositories: [Repository] = []
    package var keys: [Key] = []
    package var pins: [Pin] = []
    package var services: [Service] = []
    package var alternatives: [Alternative] = []
    package var diversions: [Diversion] = []
    package var statoverrides: [StatOverride] = []
    package var foreignVersions: [ForeignVersion] = []
    package var unowned: [Unowned] = []
  }
}

/// All paths are those that the system itself knows, without the directory that `--root` names.
extension ResetPlan.Drift {
  /// A configuration file of a package that is not as the package brought it.
  package struct Conffile: Sendable, Codable, Equatable {
    package enum State: String, Sendable, Codable { case changed, missing, unreadable }

    package var path: String
    package var package: String
    package var state: State
  }

  /// An archive that is not the distribution's own, one entry for each address and suite.
  package struct Repository: Sendable, Codable, Equatable {
    package var file: String
    package var line: Int
    /// Without name and password.
    package var uri: String
    package var suite: String
    package var enabled: Bool
    /// Who publishes it, as its Release file says; null where apt has none.
    @Nullable package var origin: String?
    package var reason: String
  }

  /// A keyring that apt may trust and no package brought.
  package struct Key: Sendable, Codable, Equatable {
    package var path: String
    package var reason: String
  }

  /// A pin that no package brought.
  package struct Pin: Sendable, Codable, Equatable {
    package var file: String
    package var line: Int
    package var package: String
    package var pin: String
    package var priority: Int
  }

  /// A unit of systemd whose state somebody changed.
  package struct Service: Sendable, Codable, Equatable {
    package enum State: String, Sendable, Codable {
      case enabled, disabled, masked
      /// The unit file is the administrator's own.
      case local
      /// A drop-in of the administrator changes the package's unit.
      case extended
    }

    package var unit: String
    package var state: State
    /// What the presets say of it: `enable`, `disable` or `ignore`.
    package var preset: String
    package var reason: String
  }

  /// An alternative that stands where somebody put it.
  package struct Alternative: Sendable, Codable, Equatable {
    package var name: String
    /// What the link leads to now; empty where it leads nowhere.
    package var value: String
    package var link: String
    /// What would stand there in automatic mode; null where there is no choice.
    @Nullable package var automatic: String?
  }

  /// A diversion of the administrator's.
  package struct Diversion: Sendable, Codable, Equatable {
    package var from: String
    package var to: String
  }

  /// Owner and mode that dpkg is told to give to a path.
  package struct StatOverride: Sendable, Codable, Equatable {
    package var path: String
    package var user: String
    package var group: String
    /// In octal.
    package var mode: String
    /// Why every run of dpkg will fail; null where nothing is wrong.
    @Nullable package var problem: String?
  }

  /// A stock package in a version that is not the distribution's.
  package struct ForeignVersion: Sendable, Codable, Equatable {
    package var name: String
    package var architecture: String
    package var installed: String
    /// The version that the distribution offers.
    package var official: String
  }

  /// Something that no package brought.
  package struct Unowned: Sendable, Codable, Equatable {
    package enum Kind: String, Sendable, Codable { case file, directory, link, other, appimage, pip, dkms }

    package var path: String
    package var kind: Kind
    /// The number of files; 1 for a file.
    package var count: Int
    package var sizeBytes: Int
    /// Whether count and size are of all that is there; otherwise they are what was seen before the limit.
    package var complete: Bool
  }
}
