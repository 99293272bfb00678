import HostSystem

/// Which local accounts a reset would touch.
struct UserPlanning {
  private let snapshot: SystemSnapshot

  init(_ snapshot: SystemSnapshot) { self.snapshot = snapshot }

  /// Accounts in the range of human ids go, with their homes moved aside, unless somebody uses them. Service accounts with
  /// such an id (no login shell) are named and stay; so is the last one that may become root.
  func users() -> ResetPlan.Users {
    var result = ResetPlan.Users()
    var administrators: [Account] = []
    let groups = Set([snapshot.profile?.administrators ?? "sudo", "sudo", "admin", "wheel"])
    let members = Set(groups.flatMap { snapshot.accounts.members(ofGroup: $0) })
    for account in snapshot.accounts.users where snapshot.humanIDs.contains(account.uid) {
      if let reason = snapshot.running.usersByID[account.uid] ?? snapshot.running.usersByName[account.name] {
        result.keep.append(ResetPlan.KeptUser(name: account.name, uid: account.uid, reason: reason))
      } else if Self.isNoLogin(account.shell) {
        result.keep.append(
          ResetPlan.KeptUser(
            name: account.name, uid: account.uid, reason: "nobody can log in with it: a service account"))
      } else {
        if members.contains(account.name) { administrators.append(account) }
        result.remove.append(
          ResetPlan.RemovedUser(
            name: account.name, uid: account.uid, home: account.home, homeAction: .quarantine,
            reason: "a person's account (id \(snapshot.humanIDs.first) to \(snapshot.humanIDs.last))"))
      }
    }
    let stays = snapshot.accounts.users.filter { account in
      members.contains(account.name) && !Self.isNoLogin(account.shell)
        && !administrators.contains { $0.name == account.name }
    }
    if stays.isEmpty, let last = administrators.min(by: { $0.uid < $1.uid }) {
      result.remove.removeAll { $0.name == last.name }
      result.keep.append(
        ResetPlan.KeptUser(name: last.name, uid: last.uid, reason: "the last account that can become root"))
    }
    if !result.remove.isEmpty {
      result.create.append(ResetPlan.CreatedUser(name: "default", groups: [snapshot.profile?.administrators ?? "sudo"]))
    }
    return result
  }

  static func isNoLogin(_ shell: String) -> Bool {
    ["nologin", "false", "sync", "halt", "shutdown"].contains { shell.hasSuffix("/" + $0) }
  }
}
