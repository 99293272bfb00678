import HostSystem

/// Which local accounts a reset would touch.
struct UserPlanning {
  private let snapshot: SystemSnapshot
  private let selection: Selection

  init(_ snapshot: SystemSnapshot, _ selection: Selection) {
    self.snapshot = snapshot
    self.selection = selection
  }

  /// Accounts in the range of human ids go, with their homes moved aside, unless somebody uses them. Accounts that nobody
  /// can log in with are named and go only when asked for; the last one that may become root never goes.
  /// - Parameter refusals: takes what was asked for and cannot be.
  func users(_ refusals: inout [ResetPlan.Blocker]) -> ResetPlan.Users {
    var result = ResetPlan.Users()
    guard selection.includes(.users) || !selection.removeUsers.isEmpty else { return result }
    if snapshot.accounts.groups.isEmpty {
      result.keep = snapshot.accounts.users.filter { snapshot.humanIDs.contains($0.uid) }
        .map {
          ResetPlan.KeptUser(name: $0.name, uid: $0.uid, reason: "there is no group file to tell administrators by")
        }
      return result
    }
    var administrators: [Account] = []
    let groups = Set([snapshot.profile?.administrators ?? "sudo", "sudo", "admin", "wheel"])
    let members = Set(groups.flatMap { snapshot.accounts.members(ofGroup: $0) })
    for account in snapshot.accounts.users {
      let asked = selection.removeUsers.first { $0.value == account.name }
      let isHuman = snapshot.humanIDs.contains(account.uid)
      let isUnowned = snapshot.unownedSystemAccounts.contains(account.name)
      guard isHuman || isUnowned || asked != nil else { continue }
      func keep(_ reason: String) {
        result.keep.append(ResetPlan.KeptUser(name: account.name, uid: account.uid, reason: reason))
      }
      let inUse =
        account.uid == 0
        ? "the superuser" : snapshot.running.usersByID[account.uid] ?? snapshot.running.usersByName[account.name]
      if let reason = inUse {
        keep(reason)
        if let asked { refusals.append(refusal(asked, "the account stays: \(reason)")) }
      } else if account.comment == RescueLines.comment, asked == nil {
        keep("an earlier reset made it for you")
      } else if let choice = selection.keepUsers.first(where: { $0.value == account.name }) {
        keep("asked to stay (\(choice.from))")
      } else if !selection.removeUsers.isEmpty, asked == nil {
        keep("not among the accounts that were asked for")
      } else if Self.isNoLogin(account.shell), asked == nil, !selection.systemUsers {
        keep("nobody can log in with it: a service account")
      } else if !isHuman, account.uid < 100 {
        keep("an account of the base system")
        if let asked { refusals.append(refusal(asked, "an account of the base system never goes")) }
      } else if isUnowned, asked == nil, !selection.systemUsers {
        keep("a system account that no package made; goes only with --system-users")
      } else if let obstacle = homeObstacle(account) {
        keep(obstacle)
        if let asked { refusals.append(refusal(asked, "the account stays: \(obstacle)")) }
      } else {
        if members.contains(account.name) { administrators.append(account) }
        result.remove.append(
          ResetPlan.RemovedUser(
            name: account.name, uid: account.uid, home: account.home,
            homeAction: account.home.isEmpty || account.home == "/nonexistent" ? .keep : .quarantine,
            reason: asked.map { "asked for (\($0.from))" }
              ?? "a person's account (id \(snapshot.humanIDs.first) to \(snapshot.humanIDs.last))",
            homeDevice: snapshot.homes[account.name]?.home.device, homeInode: snapshot.homes[account.name]?.home.inode))
      }
    }
    for choice in selection.removeUsers where !snapshot.accounts.users.contains(where: { $0.name == choice.value }) {
      refusals.append(refusal(choice, "there is no local account of this name"))
    }
    keepLastAdministrator(administrators, members, &result, &refusals)
    for account in snapshot.accounts.users
    where account.uid > snapshot.humanIDs.last && account.uid < 4_294_967_294 && account.name != "nobody"
      && !Self.isNoLogin(account.shell) && !result.remove.contains(where: { $0.name == account.name })
    {
      result.keep.append(
        ResetPlan.KeptUser(name: account.name, uid: account.uid, reason: "its id is above those of people"))
    }
    addBackupUser(&result, &refusals)
    return result
  }

  /// Why an account cannot be taken away whole: its id or its home is also somebody else's.
  private func homeObstacle(_ account: Account) -> String? {
    let rules = AccountRules.shipped
    let others = snapshot.accounts.users.filter { $0.line != account.line }
    if let twin = others.first(where: { $0.uid == account.uid }) { return "shares its id with \(twin.name)" }
    let home = Self.normalized(account.home)
    if home.isEmpty || home == "/nonexistent" { return nil }
    if !account.home.hasPrefix("/") || account.home.split(separator: "/").contains("..") {
      return "its home '\(account.home)' is no absolute path"
    }
    if rules.systemDirectories.contains(home) { return "its home \(home) is a directory of the system" }
    if let place = rules.systemTrees.first(where: { home.hasPrefix($0) }) {
      return "its home \(home) is below \(place.dropLast()), where the system keeps its own files"
    }
    for other in others where !other.home.isEmpty {
      let path = Self.normalized(other.home)
      if path == home { return "shares its home with \(other.name)" }
      if path.hasPrefix(home + "/") { return "its home holds that of \(other.name)" }
    }
    if let override = snapshot.drift.entries.statoverrides.first(where: {
      $0.user == account.name || $0.group == account.name
    }) {
      return "a statoverride of \(override.path) names it: every run of dpkg would fail without the account"
    }
    guard let found = snapshot.homes[account.name] else { return nil }
    switch found.home.kind {
    case .symbolicLink: return "its home \(home) is a symbolic link"
    case .file, .other: return "its home \(home) is no directory"
    case .directory: break
    }
    if found.home.userID != account.uid { return "its home \(home) belongs to user id \(found.home.userID)" }
    if let parent = found.parent, parent.device != found.home.device { return "its home \(home) is a mount point" }
    return nil
  }

  private static func normalized(_ path: String) -> String {
    path.isEmpty ? "" : "/" + path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
  }

  private func refusal(_ choice: Selection.Choice, _ message: String) -> ResetPlan.Blocker {
    ResetPlan.Blocker(id: "user", message: "\(message) (\(choice.from))", subject: choice.value, override: nil)
  }

  private func keepLastAdministrator(
    _ going: [Account], _ members: Set<String>, _ result: inout ResetPlan.Users, _ refusals: inout [ResetPlan.Blocker]
  ) {
    let stays = snapshot.accounts.users.contains { account in
      members.contains(account.name) && !Self.isNoLogin(account.shell) && !going.contains { $0.name == account.name }
        && account.comment != RescueLines.comment
    }
    guard !stays, let last = going.min(by: { $0.uid < $1.uid }) else { return }
    result.remove.removeAll { $0.name == last.name }
    result.keep.append(
      ResetPlan.KeptUser(name: last.name, uid: last.uid, reason: "the last account that can become root"))
    if let asked = selection.removeUsers.first(where: { $0.value == last.name }) {
      refusals.append(refusal(asked, "it is the last account that can become root"))
    }
  }

  private func addBackupUser(_ result: inout ResetPlan.Users, _ refusals: inout [ResetPlan.Blocker]) {
    guard let choice = selection.backupUser, !result.remove.isEmpty || choice.from != "default" else { return }
    if let there = snapshot.accounts.users.first(where: { $0.name == choice.value }) {
      // One that an earlier run made serves again.
      if there.comment == RescueLines.comment { return }
      refusals.append(
        ResetPlan.Blocker(
          id: "backup-user", message: "an account of this name is already there; choose another one",
          subject: choice.value, override: "--backup-user"))
      return
    }
    result.create.append(
      ResetPlan.CreatedUser(name: choice.value, groups: [snapshot.profile?.administrators ?? "sudo"]))
  }

  static func isNoLogin(_ shell: String) -> Bool {
    ["nologin", "false", "sync", "halt", "shutdown"].contains { shell.hasSuffix("/" + $0) }
  }
}
