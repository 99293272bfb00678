/// Where the database of kernel releases is.
package struct DatabaseLocation: Sendable, Equatable {
  /// The file; absolute, or relative to the working directory.
  package let path: String
  /// Whether the directory is made when it is missing: so at the default places, but not where `--database` points to.
  package let makesDirectory: Bool
  /// Whether everybody shall be able to read it: the system's database.
  package let isSystemWide: Bool

  package init(path: String, makesDirectory: Bool = false, isSystemWide: Bool = false) {
    self.path = path
    self.makesDirectory = makesDirectory
    self.isSystemWide = isSystemWide
  }

  /// The database of the whole machine, which root's runs and the service write.
  package static let system = DatabaseLocation(
    path: "/var/lib/toolbox-kernel/kernel.sqlite", makesDirectory: true, isSystemWide: true)

  /// The copy that a service keeps while it runs, for those who cannot enter its state.
  package static let published = DatabaseLocation(path: "/run/toolbox-kernel/kernel.sqlite", isSystemWide: true)

  /// The database that a run may write: the given one, the system's for root, else the user's own.
  /// - Parameter given: the value of `--database`.
  /// - Returns: nil when the user has no home and no state directory is named.
  package static func own(given: String?, environment: [String: String], userID: UInt32) -> DatabaseLocation? {
    if let given { return DatabaseLocation(path: given) }
    if userID == 0 { return .system }
    // The XDG base directory specification: a relative path is to be ignored.
    if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") {
      return DatabaseLocation(path: state + "/toolbox/kernel.sqlite", makesDirectory: true)
    }
    guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
    return DatabaseLocation(path: home + "/.local/state/toolbox/kernel.sqlite", makesDirectory: true)
  }

  /// The databases that a run may read, the first one that exists and can be looked at counts: the user's own, then the system's,
  /// then the copy that a service keeps.
  package static func readable(given: String?, environment: [String: String], userID: UInt32) -> [DatabaseLocation] {
    let own = own(given: given, environment: environment, userID: userID)
    if given != nil { return own.map { [$0] } ?? [] }
    return (own.map { [$0] } ?? []) + (own == .system ? [] : [.system, .published])
  }
}
