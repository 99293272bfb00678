import Glibc
package import HostSystem

extension AccountKeeper {
  private static let su = ["/usr/bin/su", "/bin/su"]
  private static let sudo = "/usr/bin/sudo"
  /// The id of `nobody` on every Debian system (base-passwd), which su(1) is called as.
  private static let nobody: UInt32 = 65_534

  // MARK: Making it

  /// Why an account for the person cannot be made; nil when it can. Reads only.
  /// - Throws: ``AccountFileError``, ``FileError``
  package func rescueRefusal(_ name: String, administrators: String) throws -> RescueError? {
    do {
      _ = try newRescue(
        name, administrators: administrators, run: "none", now: Instant(secondsSinceEpoch: 0), try store.read())
      return nil
    } catch let error as RescueError {
      return error
    }
  }

  /// Makes the account, with a password that matches nothing, in the group of administrators, with a home from the skeleton.
  /// - Parameter administrators: the group whose members may become root.
  /// - Throws: ``RescueError``, ``AccountRecordError``, ``AccountFileError``, ``PasswordLock/Failure``, ``FileError``
  package func makeRescue(
    _ name: String, administrators: String, run: String, now: Instant
  ) throws -> RescueRecord {
    try AccountArchive.check(run: run)
    let record: RescueRecord
    if let begun = try rescueRecords().first(where: { $0.run == run && $0.name == name }) {
      record = begun
    } else {
      record = try newRescue(name, administrators: administrators, run: run, now: now, try store.read())
      // The record first: a name in passwd that no record speaks of would be somebody else's.
      try archive.write(try AccountDocuments.encode(record), RescueRecord.fileName, run: run, step: name)
    }
    try store.change(.givingBack) { database in
      try RescueLines.add(record, today: CalendarDay(now), to: &database)
    }
    try makeHome(record)
    return record
  }

  private func newRescue(
    _ name: String, administrators: String, run: String, now: Instant, _ database: AccountDatabase
  ) throws -> RescueRecord {
    guard RescueLines.isName(name) else { throw RescueError.badName(name) }
    // Accounts of LDAP and the like are known to the C library only, and to that of the running system alone.
    guard database.account(name) == nil, database[.shadow].line(of: name) == nil, database.groupID(name) == nil,
      !root.isHost || (getpwnam(name) == nil && getgrnam(name) == nil)
    else { throw RescueError.nameTaken(name) }
    guard database.groupID(administrators) != nil else { throw RescueError.noAdministrators(group: administrators) }
    _ = try loginPrograms()
    let home = "/home/" + name
    if try SecureDirectory.open("/home", in: root)?.place(of: name) != nil { throw RescueError.homeTaken(home) }
    let range = UserIDRange(
      loginDefinitions: try root.readIfPresent("/etc/login.defs"),
      adduserConfiguration: try root.readIfPresent("/etc/adduser.conf"))
    guard let id = RescueLines.freeID(in: database, range: range) else { throw RescueError.noFreeID }
    guard let shell = rules.rescueShells.first(where: { root.exists($0) }) else {
      throw RescueError.programMissing(rules.rescueShells.last ?? "/bin/sh")
    }
    return RescueRecord(
      run: run, name: name, uid: id, gid: id, administrators: administrators, home: home, shell: shell,
      since: now.description)
  }

  private func loginPrograms() throws -> (su: String, sudo: String) {
    guard let su = Self.su.first(where: { root.exists($0) }) else { throw RescueError.programMissing(Self.su[0]) }
    guard root.exists(Self.sudo) else { throw RescueError.programMissing(Self.sudo) }
    return (su, Self.sudo)
  }

  /// Filled beside the other homes, where nobody can enter it, and then put in its place in one step.
  private func makeHome(_ record: RescueRecord) throws {
    let (above, name) = AccountArchive.split(record.home)
    guard let homes = try SecureDirectory.open(above, in: root) else {
      throw FileError(path: root.hostPath(above), code: ENOENT, action: "open")
    }
    let path = "\(above)/\(AccountArchive.aside)/\(record.run)/\(name).new"
    if let place = try homes.place(of: name) {
      guard place.kind == .directory, place.userID == record.uid else { throw RescueError.homeTaken(record.home) }
      return try archive.removeEmpty(above: path)
    }
    let kept = try archive.keptDirectory(of: path)
    try kept.directory.removeTree(kept.name)
    let home = try kept.directory.makeDirectory(kept.name, mode: 0o700)
    if let skeleton = try SecureDirectory.open(following: "/etc/skel", in: root) {
      try fill(home, from: skeleton, record, depth: 0)
    }
    try home.setOwner(user: record.uid, group: record.gid)
    try home.sync()
    try kept.directory.move(kept.name, to: homes, as: name)
    try archive.removeEmpty(above: path)
  }

  private func fill(
    _ directory: SecureDirectory, from skeleton: SecureDirectory, _ record: RescueRecord, depth: Int
  ) throws {
    guard depth < 32 else { return }
    for name in try skeleton.names() {
      guard let place = try skeleton.place(of: name) else { continue }
      switch place.kind {
      case .file:
        guard let content = try skeleton.read(name) else { continue }
        try directory.replace(
          name, with: content, temporary: ".toolbox-new",
          ownership: SecureDirectory.Ownership(userID: record.uid, groupID: record.gid, mode: place.mode & 0o777))
      case .directory:
        let made = try directory.makeDirectory(name, mode: place.mode & 0o777)
        try fill(made, from: try skeleton.directory(name), record, depth: depth + 1)
        try made.setOwner(user: record.uid, group: record.gid)
      case .link:
        guard let target = skeleton.linkTarget(name) else { continue }
        try directory.makeLink(name, target: target, user: record.uid, group: record.gid)
      case .other: continue
      }
    }
  }

  // MARK: Its password

  /// Gives the account a new password, proves that one can log in with it and become root, and has it expire at the first
  /// login. The password is in nothing but the returned value.
  /// - Throws: ``RescueError``, ``TerminalSession/Failure``, ``AccountFileError``, ``PasswordLock/Failure``, ``FileError``
  package func setRescuePassword(_ record: RescueRecord, now: Instant) throws -> FreshPassword {
    let password = try FreshPassword()
    let hash = try password.hash(hashPrefix())
    try store.change(.givingBack) { database in
      guard database.account(record.name)?.uid == record.uid else { throw RescueError.notOurs(name: record.name) }
      try RescueLines.setPassword(
        hash, changedOn: CalendarDay(now).daysSinceEpoch, of: record.name, in: &database)
    }
    try prove(record, password)
    try store.change(.givingBack) { database in
      try RescueLines.setPassword(nil, changedOn: 0, of: record.name, in: &database)
    }
    return password
  }

  private func hashPrefix() throws -> String {
    func text(_ path: String) throws -> String {
      String(decoding: try root.readIfPresent(path, limit: 1 << 20) ?? [], as: UTF8.self)
    }
    return RescueLines.hashPrefix(
      commonPassword: try text("/etc/pam.d/common-password"), loginDefinitions: try text("/etc/login.defs"))
  }

  /// Logs in as a person would, from an account without rights and through the system's own PAM: first with a password that is
  /// wrong, then with the right one; and asks sudo what the account may do.
  /// - Throws: ``RescueError``, ``TerminalSession/Failure``
  package func prove(_ record: RescueRecord, _ password: FreshPassword) throws {
    let programs = try loginPrograms()
    let wrong = try FreshPassword()
    let stranger = TerminalSession.Identity(userID: Self.nobody, groupID: Self.nobody)
    func login(_ password: FreshPassword) throws -> TerminalSession.Outcome {
      try password.withBytes { bytes in
        try TerminalSession.run(
          [programs.su, "-", record.name, "-c", "id"], environment: Self.environment, in: root, as: stranger,
          answer: Array(bytes), seconds: 60)
      }
    }
    // The wrong one first: a count of failures that a system keeps is set back by the right one.
    let refused = try login(wrong)
    guard case .exited(let code) = refused.ending, code != 0, code != 126, code != 127 else {
      throw RescueError.notProved(
        name: record.name, what: "su with a wrong password \(Self.describe(refused, instead: "did not fail"))")
    }
    let accepted = try login(password)
    guard accepted.ending == .exited(0), accepted.output.contains("uid=\(record.uid)(\(record.name))") else {
      throw RescueError.notProved(
        name: record.name, what: "su with its password \(Self.describe(accepted, instead: "did not log in"))")
    }
    let prompt = "toolbox asks: "
    let database = try store.read()
    let groups = [record.gid] + [database.groupID(record.administrators)].compactMap { $0 }
    let listed = try password.withBytes { bytes in
      try TerminalSession.run(
        [programs.sudo, "-k", "-S", "-p", prompt, "-l"], environment: Self.environment, in: root,
        as: TerminalSession.Identity(userID: record.uid, groupID: record.gid, groups: groups), answer: Array(bytes),
        prompt: prompt, seconds: 60)
    }
    guard listed.ending == .exited(0), RescueLines.allowsAll(listed.output) else {
      throw RescueError.notProved(
        name: record.name, what: "sudo -l \(Self.describe(listed, instead: "does not list ALL"))")
    }
  }

  private static let environment = [
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "TERM": "dumb",
  ]

  /// How a program ended, without what it printed: a terminal may echo what was typed.
  private static func describe(_ outcome: TerminalSession.Outcome, instead: String) -> String {
    switch outcome.ending {
    case .timedOut: "took longer than 60 s"
    case .exited(126) where outcome.output.hasPrefix("toolbox: "):
      "could not be started (" + outcome.output.split(separator: "\r")[0].dropFirst(9) + ")"
    case .exited(let code): "\(instead) (it ended with \(code))"
    }
  }

  // MARK: Remembering it

  /// The accounts that runs made, oldest run first.
  /// - Throws: ``AccountRecordError``, ``FileError``
  package func rescueRecords() throws -> [RescueRecord] {
    try archive.all(RescueRecord.fileName).compactMap { place in
      guard let file = try archive.read(RescueRecord.fileName, run: place.run, step: place.step) else { return nil }
      return try AccountDocuments.decode(RescueRecord.self, schema: RescueRecord.schema, file.bytes, path: file.path)
    }
  }

  /// The account of a name that a run made.
  /// - Throws: ``RescueError/notOurs(name:)``, ``AccountRecordError``, ``FileError``
  package func rescueRecord(of name: String) throws -> RescueRecord {
    guard let record = try rescueRecords().last(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
      throw RescueError.notOurs(name: name)
    }
    return record
  }
}
