import HostSystem

/// Whether a home may be moved, by its path and the other accounts alone. Pure.
struct HomePath {
  /// Without `.`, doubled and trailing slashes.
  let path: String
  let components: [String]

  /// - Returns: nil for an account that has none.
  /// - Throws: ``HomeObstacle`` as an error of the account.
  init?(
    _ account: Account, others: [Account], rules: AccountRules
  ) throws(AccountRefusal) {
    let normal = Self.normalized(account.home)
    if normal.isEmpty || normal == "/nonexistent" { return nil }
    func refuse(_ obstacle: HomeObstacle) -> AccountRefusal {
      .home(name: account.name, path: account.home, obstacle)
    }
    guard account.home.hasPrefix("/"), !pathComponents(account.home).contains("..") else {
      throw refuse(.noAbsolutePath)
    }
    if rules.systemDirectories.contains(normal) { throw refuse(.systemDirectory(normal)) }
    if let tree = rules.systemTrees.first(where: { normal.utf8.starts(with: $0.utf8) }) {
      throw refuse(.systemDirectory(String(tree.dropLast())))
    }
    for other in others where other.line != account.line {
      let path = Self.normalized(other.home)
      if path == normal { throw refuse(.sharedWith(other.name)) }
      if isPath(path, below: normal) { throw refuse(.holdsHomeOf(other.name)) }
    }
    path = normal
    components = pathComponents(normal)
  }

  static func normalized(_ path: String) -> String {
    path.isEmpty ? "" : "/" + pathComponents(path).filter { $0 != "." }.joined(separator: "/")
  }
}

/// A home that was looked at and may be moved: by its name in a directory that stays open.
struct FoundHome {
  let path: String
  let parent: SecureDirectory
  let name: String
  let place: FilePlace
}

/// Looks at homes, step by step and through no link.
struct HomeGuard {
  let root: RootDirectory
  let rules: AccountRules

  /// - Returns: nil when the account has no home, or it is not there.
  /// - Throws: ``AccountRefusal``, ``FileError``
  func look(at account: Account, others: [Account]) throws -> FoundHome? {
    guard let home = try HomePath(account, others: others, rules: rules) else { return nil }
    func refuse(_ obstacle: HomeObstacle) -> AccountRefusal {
      .home(name: account.name, path: account.home, obstacle)
    }
    var parent = try SecureDirectory.root(root)
    var shown = ""
    for name in home.components.dropLast() {
      shown += "/" + name
      guard let place = try parent.place(of: name) else { return nil }
      guard place.kind != .link else { throw refuse(.link(shown)) }
      guard place.kind == .directory else { throw refuse(.noDirectory(shown)) }
      // Whoever may rename the home could put another directory in its place between a look and a move.
      guard place.userID == 0, place.mode & 0o022 == 0 || place.mode & 0o1000 != 0 else {
        throw refuse(.unsafeParent(shown, userID: place.userID))
      }
      parent = try parent.directory(name)
    }
    guard let name = home.components.last, let place = try parent.place(of: name) else { return nil }
    guard place.kind != .link else { throw refuse(.link(home.path)) }
    guard place.kind == .directory else { throw refuse(.noDirectory(home.path)) }
    let above = try parent.place()
    guard place.device == above.device, place.mount == above.mount else { throw refuse(.mountPoint) }
    guard place.userID == account.uid else { throw refuse(.otherOwner(place.userID)) }
    guard !place.isEncrypted else { throw refuse(.encrypted) }
    guard let path = parent.kernelPath.map({ $0 == "/" ? "/" + name : $0 + "/" + name }) else {
      throw refuse(.mountsUnknown)
    }
    if let obstacle = try mountObstacle(path) { throw refuse(obstacle) }
    try refuseKept(parent, name, account, refuse)
    try refuseShared(path, account, others, refuse)
    return FoundHome(path: home.path, parent: parent, name: name, place: place)
  }

  /// - Parameter path: as the kernel has it.
  func mountObstacle(_ path: String) throws -> HomeObstacle? {
    guard let bytes = try RootDirectory().readPlain(Mount.mountedPath) else { return .mountsUnknown }
    let table = bytes.withUnsafeBufferPointer { Mount.parse(mounted: $0, path: Mount.mountedPath) }
    guard table.problems.isEmpty, !table.entries.isEmpty else { return .mountsUnknown }
    var nearest: Mount?
    for mount in table.entries {
      if mount.point == path { return .mountPoint }
      if isPath(mount.point, below: path) { return .mountBelow(mount.point) }
      let isAbove = isPath(path, below: mount.point)
      if isAbove, mount.point.utf8.count >= nearest?.point.utf8.count ?? 0 { nearest = mount }
    }
    guard let nearest else { return .mountsUnknown }
    return rules.foreignFilesystems.contains { $0.matches(nearest.type) } ? .foreignFilesystem(nearest.type) : nil
  }

  private func refuseKept(
    _ parent: SecureDirectory, _ name: String, _ account: Account, _ refuse: (HomeObstacle) -> AccountRefusal
  ) throws {
    let home = try parent.directory(name)
    for keeper in rules.homeKeepers where try home.place(of: keeper.path) != nil {
      throw refuse(.kept(keeper.reason))
    }
    for keeper in rules.homeKeepers {
      guard let beside = try? parent.directoryIfPresent(keeper.path), try beside.place(of: name) != nil else {
        continue
      }
      throw refuse(.kept(keeper.reason))
    }
    for ending in [".home", ".homedir"] where try parent.place(of: name + ending) != nil {
      throw refuse(.kept("is kept by systemd-homed"))
    }
  }

  /// Another account may reach the same directory by another path, through a link.
  private func refuseShared(
    _ path: String, _ account: Account, _ others: [Account], _ refuse: (HomeObstacle) -> AccountRefusal
  ) throws {
    for other in others where other.line != account.line && other.home.hasPrefix("/") {
      // What cannot be opened leads nowhere: to a path that is not there, or through what is no directory.
      guard let found = try? SecureDirectory.open(following: other.home, in: root), let there = found.kernelPath else {
        continue
      }
      if there == path { throw refuse(.sharedWith(other.name)) }
      if isPath(there, below: path) { throw refuse(.holdsHomeOf(other.name)) }
    }
  }
}
