package import HostSystem

/// What a plan may touch.
package enum ActionClass: String, Sendable, Codable, CaseIterable {
  /// Packages that are not stock.
  case packages
  /// Stock packages that are absent.
  case missing
  case users
  case snaps
  case flatpaks
  case kernels
  case conffiles
  case repositories
  case keys
  case pins
  /// Stock packages in a version that is not the distribution's.
  case foreignVersions = "foreign-versions"
  case services
  case alternatives
  /// The settings in a person's home; never together with anything else.
  case userConfig = "user-config"

  /// What a plan touches when nothing else is asked for: what a reset means without further words.
  package static let automatic: Set<ActionClass> = [.packages, .missing, .users, .snaps]
}

/// What a person asked for, by options and by the policy file: the part of a plan that no system can tell.
package struct Selection: Sendable, Codable, Equatable {
  /// A word of the person, and where it was said: an option, or a file and a line.
  package struct Choice: Sendable, Codable, Equatable {
    package let value: String
    package let from: String

    package init(_ value: String, from: String) {
      self.value = value
      self.from = from
    }

    var pattern: NamePattern { NamePattern(value) }
  }

  package var classes: [ActionClass]
  /// Patterns of packages that stay with all they need.
  package var keep: [Choice] = []
  /// Patterns of packages that go with all that needs them, stock or not.
  package var remove: [Choice] = []
  /// Patterns of absent stock packages to install.
  package var install: [Choice] = []
  /// Patterns of absent stock packages not to install.
  package var skip: [Choice] = []
  package var keepUsers: [Choice] = []
  /// The accounts to take away; where there are none, all that a reset would take.
  package var removeUsers: [Choice] = []
  /// Whether service accounts with ids below those of people count too.
  package var systemUsers = false
  /// The name of the account that is created for the person; nil for none.
  @Nullable package var backupUser: Choice? = Choice(defaultBackupUser, from: "default")
  /// How many of the newest kernels stay; nil for all.
  @Nullable package var keepKernels: Int?
  /// Where that was said; nil where it was not.
  @Nullable package var keepKernelsFrom: String?
  /// Whether configuration files of removed packages go too.
  package var purge = false
  /// Whether a baseline of low confidence is good enough.
  package var acceptBaseline = false

  package static let defaultBackupUser = "rescue"

  package init(classes: Set<ActionClass> = ActionClass.automatic) {
    self.classes = ActionClass.allCases.filter(classes.contains)
  }

  func includes(_ kind: ActionClass) -> Bool { classes.contains(kind) }
}

extension [Selection.Choice] {
  /// The first choice that matches a name.
  func matching(_ name: String) -> Selection.Choice? { first { $0.pattern.matches(name) } }
}
