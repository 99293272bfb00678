import DebianPackages
import Glibc
import HostSystem

/// Does one step. Each looks at the system for what is done already, so that it can be begun again.
struct StepPerformer {
  let root: RootDirectory
  let work: RunWork
  let keeper: AccountKeeper
  let recipient: PasswordRecipient?
  let administrators: String
  /// `name:architecture` of packages that no archive has.
  let unavailable: Set<String>
  let now: () -> Instant
  let steps: [ResetStep]
  let progress: (Double, String) -> Void

  private var tools: PackageTools { work.tools }

  /// - Throws: ``ReportableError``; the step can be tried again.
  func perform(_ step: ResetStep) throws -> StepResult {
    switch step.kind {
    case .backup: try backup()
    case .download: try download()
    case .packages: try step.transaction.map(packages) ?? StepResult()
    case .purge: try purge(step.transaction?.remove ?? [])
    case .marks: try marks(step.marks ?? [])
    case .conffile: try conffile(step)
    case .repository: try repository(step)
    case .snap: try bundle(step, ["/usr/bin/snap", "remove", "--", step.name ?? ""], noun: "snap")
    case .flatpak:
      try bundle(
        step, ["/usr/bin/flatpak", "uninstall", "--system", "-y", "--noninteractive", "--", step.name ?? ""],
        noun: "flatpak")
    case .rescue: try rescue(step.name ?? "")
    case .password: try password(step.name ?? "")
    case .key: try key(step)
    case .user: try user(step)
    case .settings: try settings(step.name ?? "")
    case .restoreFile: try step.file.map(restore) ?? StepResult()
    case .restoreUser: try restoreUser(step)
    case .restoreSettings: try restoreSettings(step)
    case .restoreOverrides: try restoreOverrides(step.overrides ?? [])
    case .configure: StepResult()
    }
  }

  private func noted(_ text: String) -> StepResult {
    var result = StepResult()
    result.notes = [text]
    return result
  }

  // MARK: Packages

  private func backup() throws -> StepResult {
    var result = StepResult()
    let removed = steps.compactMap(\.transaction).flatMap { $0.remove + ($0.replaced ?? []) }
    result.notes = try BackupBundle(root: root, run: work.run, tools: tools).make(
      in: work.directory, unavailable: removed.filter { unavailable.contains($0.id) }, states: try tools.states(),
      log: work.log)
    return result
  }

  private func download() throws -> StepResult {
    let states = try tools.states()
    var wanted: [PackageTransaction.Item] = []
    for transaction in steps.compactMap(\.transaction) where !transaction.install.isEmpty {
      let rest = transaction.rest(states)
      guard rest.install.contains(where: { $0.file == nil }) else { continue }
      try tools.download(rest, log: work.log, progress: progress)
      wanted += rest.install.filter { $0.file == nil }
    }
    let again = steps.compactMap(\.package)
    if !again.isEmpty {
      var transaction = PackageTransaction()
      transaction.install = Array(Set(again)).sorted { $0.id < $1.id }
      transaction.reinstalls = true
      try tools.download(transaction, log: work.log, progress: progress)
      wanted += transaction.install
    }
    for item in wanted where packageFile(item) == nil { throw StepError.notFetched(item.id) }
    return StepResult()
  }

  /// The path inside the root of a package's file that was fetched.
  private func packageFile(_ item: PackageTransaction.Item) -> String? {
    let name = BackupBundle.fileName(item)
    return ["\(tools.archives)/\(name)", "/var/cache/apt/archives/\(name)"].first { root.exists($0) }
  }

  private func packages(_ transaction: PackageTransaction) throws -> StepResult {
    let rest = transaction.rest(try tools.states())
    if !rest.isEmpty { try tools.carryOut(rest, log: work.log, progress: progress) }
    var result = StepResult()
    result.installed = transaction.install
    result.removed = transaction.remove + (transaction.replaced ?? [])
    return result
  }

  private func purge(_ items: [PackageTransaction.Item]) throws -> StepResult {
    let states = try tools.states()
    // Also before: a kill may have come between the two.
    try takeOutLostOverrides()
    try tools.purge(items.filter { states.hasConfigurationOnly($0.id) }.map(\.word), log: work.log)
    try takeOutLostOverrides()
    // By what the bundle has, since a kill may have come behind any of them.
    let present = Set(try DpkgStatOverride.all(in: root).map(\.path))
    let (users, groups) = try accountNames()
    let taken = try DpkgStatOverride.all(in: root, at: BackupBundle.overrides(of: work.run)).filter {
      !present.contains($0.path) && !$0.missingAccounts(users: users, groups: groups).isEmpty
    }
    var result = StepResult()
    result.overrides = taken.isEmpty ? nil : taken.map(KeptOverride.init)
    result.notes = taken.map {
      "\($0.path): dpkg's override of its owner (\($0.user):\($0.group)) is taken out, for the account is purged"
    }
    return result
  }

  /// A purge may delete an account that an override of dpkg's names, be it for a file of another package: no run of dpkg would unpack
  /// anything any more.
  private func takeOutLostOverrides() throws {
    let overrides = try DpkgStatOverride.all(in: root)
    guard !overrides.isEmpty else { return }
    let (users, groups) = try accountNames()
    for override in overrides where !override.missingAccounts(users: users, groups: groups).isEmpty {
      let status = try tools.run(["/usr/bin/dpkg-statoverride", "--remove", override.path], log: work.log)
      guard status == 0 else { throw PackageToolError.failed(program: "dpkg-statoverride", status: status) }
    }
  }

  private func accountNames() throws -> (users: Set<String>, groups: Set<String>) {
    let accounts = try Accounts(
      passwd: try root.readIfPresent(Accounts.passwdPath) ?? [], group: try root.readIfPresent(Accounts.groupPath) ?? []
    )
    return (Set(accounts.users.map(\.name)), Set(accounts.groups.map(\.name)))
  }

  /// Tells dpkg of overrides again whose accounts are back. One for an account that is not would stop every run of dpkg.
  private func restoreOverrides(_ kept: [KeptOverride]) throws -> StepResult {
    var result = StepResult()
    let present = Set(try DpkgStatOverride.all(in: root).map(\.path))
    let (users, groups) = try accountNames()
    for override in kept where !present.contains(override.path) {
      let missing = DpkgStatOverride(
        user: override.user, group: override.group, mode: override.mode, path: override.path, line: 1
      ).missingAccounts(users: users, groups: groups)
      guard missing.isEmpty else {
        result.notes.append(
          "\(override.path): dpkg's override of its owner (\(override.user):\(override.group)) does not come back: the purge deleted "
            + missing.joined(separator: " and "))
        continue
      }
      // The file gets owner and mode at once, as it had them, where nobody but root could put another one in its place.
      let isSafe = try isRootsOwn(override.path)
      let status = try tools.run(
        ["/usr/bin/dpkg-statoverride"] + (isSafe ? ["--update"] : [])
          + ["--add", "--", override.user, override.group, override.mode, override.path], log: work.log)
      guard status == 0 else { throw PackageToolError.failed(program: "dpkg-statoverride", status: status) }
    }
    return result
  }

  /// Whether a path leads through directories that only root can change, and through no link, to something that is no link.
  private func isRootsOwn(_ path: String) throws -> Bool {
    var directory = try SecureDirectory.root(root)
    let components = pathComponents(path)
    for name in components.dropLast() {
      guard try directory.place(of: name)?.kind == .directory else { return false }
      directory = try directory.directory(name)
      let place = try directory.place()
      guard place.userID == 0, place.mode & 0o022 == 0 || (place.groupID == 0 && place.mode & 0o002 == 0) else {
        return false
      }
    }
    guard let last = components.last, let place = try directory.place(of: last) else { return false }
    return place.kind == .file || place.kind == .directory
  }

  private func marks(_ marks: [ResetPlan.Mark]) throws -> StepResult {
    let states = try tools.states()
    for value in [ResetPlan.MarkValue.auto, .manual] {
      let words = marks.filter { $0.to == value }.filter { states.isPresent("\($0.name):\($0.architecture)") }
        .map { PackageTransaction.Item(name: $0.name, architecture: $0.architecture, version: "").word }
      try tools.mark(words, value, log: work.log)
    }
    return StepResult()
  }

  // MARK: Files

  /// The directory and the name of a path inside the root, never through a link.
  private func place(_ path: String) throws -> (directory: SecureDirectory, name: String)? {
    let (directory, name) = AccountArchive.split(path)
    return try SecureDirectory.open(directory, in: root).map { ($0, name) }
  }

  private func conffile(_ step: ResetStep) throws -> StepResult {
    guard let path = step.path else { return StepResult() }
    guard let item = step.package, let file = packageFile(item) else {
      return noted("\(path): its package cannot be had in the version that is installed; the file stays as it is")
    }
    let tree = RunStore.path(work.run) + "/unpacked"
    try work.directory.removeTree("unpacked")
    let status = try tools.run(["/usr/bin/dpkg-deb", "-x", file, tree], log: work.log)
    guard status == 0 else { throw PackageToolError.failed(program: "dpkg-deb -x", status: status) }
    let (directory, name) = AccountArchive.split(path)
    guard let source = try SecureDirectory.open(tree + directory, in: root), let wanted = try source.read(name),
      let wantedPlace = try source.place(of: name)
    else { return noted("\(path): the package \(item.id) does not bring it in this version; the file stays as it is") }
    return try write(
      wanted, to: path, step,
      ownership: .init(userID: wantedPlace.userID, groupID: wantedPlace.groupID, mode: wantedPlace.mode))
  }

  /// The name in the run's directory of an empty file that says that a step found nothing where it wrote.
  static func absent(_ step: ResetStep) -> String { "absent-" + step.id }

  /// Keeps what stands there in the run's directory, and writes.
  private func write(
    _ content: [UInt8], to path: String, _ step: ResetStep, ownership: SecureDirectory.Ownership
  ) throws -> StepResult {
    guard let (directory, name) = try place(path) else {
      return noted("\(path): its directory is not there; nothing was written")
    }
    let (saved, absent) = ("saved-" + step.id, Self.absent(step))
    var file = ChangedFile(path: path, sha256: hexadecimal(sha256(content)))
    let stands = try directory.place(of: name)
    guard stands == nil || stands?.kind == .file else {
      return noted("\(path): it is no plain file; it stays as it is")
    }
    if let kept = try work.directory.place(of: saved) {
      // A run that was cut off here kept it already.
      file.saved = saved
      (file.userId, file.groupId, file.mode) = (kept.userID, kept.groupID, kept.mode)
    } else if try work.directory.place(of: absent) == nil, let stands, let old = try directory.read(name) {
      if old == content { return StepResult() }
      try work.directory.replace(
        saved, with: old, temporary: ".toolbox-new",
        ownership: .init(userID: stands.userID, groupID: stands.groupID, mode: stands.mode))
      file.saved = saved
      (file.userId, file.groupId, file.mode) = (stands.userID, stands.groupID, stands.mode)
    } else {
      // That nothing stood there has to outlive a kill too: an undo takes the file away again.
      try work.directory.replace(absent, with: [], temporary: ".toolbox-new")
    }
    try directory.replace(name, with: content, temporary: ".\(name).toolbox-new", ownership: ownership)
    var result = StepResult()
    result.files = [file]
    return result
  }

  private func repository(_ step: ResetStep) throws -> StepResult {
    guard let path = step.path, let (directory, name) = try place(path),
      let place = try directory.place(of: name)
    else { return noted("\(step.path ?? ""): it is not there any more") }
    // What stands there may be half of this step's work only in the sense of all of it: a file is replaced whole.
    let original = try work.directory.read("saved-" + step.id) ?? directory.read(name) ?? []
    let text = String(decoding: original, as: UTF8.self)
    guard Array(text.utf8) == original else { return noted("\(path): it is no UTF-8; it stays as it is") }
    let changed =
      path.hasSuffix(".sources")
      ? RepositorySwitch.off(stanzas: text, lines: Set(step.lines ?? []))
      : RepositorySwitch.off(list: text, lines: Set(step.lines ?? []))
    return try write(
      Array(changed.utf8), to: path, step,
      ownership: .init(userID: place.userID, groupID: place.groupID, mode: place.mode))
  }

  private func restore(_ file: ChangedFile) throws -> StepResult {
    guard let (directory, name) = try place(file.path) else {
      return noted("\(file.path): its directory is not there; nothing was brought back")
    }
    let stands = try directory.read(name)
    // The run's own directory of the undone run lies beside this one's.
    let saved = try file.saved.map { name -> [UInt8]? in
      let (above, last) = AccountArchive.split(name)
      return try AccountArchive(root: root).found(above, trusted: 2)?.read(last)
    }
    if let saved, let saved, stands == saved { return StepResult() }
    if file.saved == nil, stands == nil { return StepResult() }
    guard let stands, hexadecimal(sha256(stands)) == file.sha256 else {
      return noted("\(file.path): somebody changed it since; it stays as it is")
    }
    if let saved {
      guard let saved else { return noted("\(file.path): its earlier content is not kept any more") }
      try directory.replace(
        name, with: saved, temporary: ".\(name).toolbox-new",
        ownership: .init(userID: file.userId ?? 0, groupID: file.groupId ?? 0, mode: file.mode ?? 0o644))
    } else {
      try directory.remove(name)
      try directory.sync()
    }
    return StepResult()
  }

  // MARK: Snaps and flatpaks

  private func bundle(_ step: ResetStep, _ arguments: [String], noun: String) throws -> StepResult {
    guard root.isHost else {
      return noted("the \(noun) \(step.name ?? "") was not removed: its own tool works on the running system only")
    }
    guard root.exists(arguments[0]) else {
      return noted("the \(noun) \(step.name ?? "") was not removed: \(arguments[0]) is not there")
    }
    let status = try tools.run(arguments, log: work.log)
    guard status == 0 else { throw PackageToolError.failed(program: arguments[0], status: status) }
    return StepResult()
  }

  // MARK: Accounts

  private func rescue(_ name: String) throws -> StepResult {
    let record = try keeper.makeRescue(name, administrators: administrators, run: work.run, now: now())
    // Proved with a password that nobody will know, before any other account is touched.
    _ = try keeper.setRescuePassword(record, now: now())
    return StepResult()
  }

  private func password(_ name: String) throws -> StepResult {
    guard let recipient else { throw PasswordRecipientError.noTerminal }
    let record = try keeper.rescueRecord(of: name)
    try recipient.show(try keeper.setRescuePassword(record, now: now()), of: name)
    return StepResult()
  }

  private func key(_ step: ResetStep) throws -> StepResult {
    // Done without a key would be an account that nobody can enter.
    guard let line = step.key, let key = BackupKey(line: line) else {
      throw BackupKeyError.notAKey("the journal of run \(work.run)", count: 1)
    }
    var result = StepResult()
    result.notes = try keeper.setBackupKey(key, try keeper.rescueRecord(of: step.name ?? ""), now: now())
    return result
  }

  private func user(_ step: ResetStep) throws -> StepResult {
    guard let name = step.name else { return StepResult() }
    do {
      let record = try keeper.retire(name, run: work.run, now: now())
      if step.deletesHome == true { try keeper.deleteHome(record) }
      return StepResult()
    } catch let refusal as AccountRefusal {
      return noted("the account \(name) stays as it is: \(refusal.message)")
    }
  }

  private func settings(_ name: String) throws -> StepResult {
    let record = try keeper.setSettingsAside(name, run: work.run, now: now())
    return record.names.isEmpty ? noted("\(name) has no settings to move aside") : StepResult()
  }

  private func restoreUser(_ step: ResetStep) throws -> StepResult {
    guard let name = step.name, let run = step.path else { return StepResult() }
    guard let record = try? keeper.record(of: name, run: run) else {
      return noted("the account \(name) is not kept any more: it was restored or purged since")
    }
    do {
      var result = StepResult()
      result.notes = try keeper.restore(record)
      return result
    } catch let clash as RestoreClash {
      return noted("the account \(name) could not come back: \(clash.message)")
    }
  }

  private func restoreSettings(_ step: ResetStep) throws -> StepResult {
    guard let name = step.name, let run = step.path, let record = try keeper.softRecord(of: name, run: run) else {
      return StepResult()
    }
    let staying = try keeper.putSettingsBack(record)
    return staying.isEmpty
      ? StepResult() : noted("settings of \(name) that are there again stay: \(staying.joined(separator: " "))")
  }
}

/// Entries of apt's sources, switched off and not deleted. Pure.
enum RepositorySwitch {
  /// Lines without their line feeds; a carriage return before one stays, and would make one character of both.
  private static func lines(_ text: String) -> [Substring] {
    text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map(Substring.init)
  }

  /// A one-line entry becomes a comment.
  static func off(list text: String, lines: Set<Int>) -> String {
    Self.lines(text).enumerated().map { index, line in
      lines.contains(index + 1) && !line.drop(while: { $0 == " " || $0 == "\t" }).hasPrefix("#")
        ? "# " + line : String(line)
    }.joined(separator: "\n")
  }

  /// A stanza gets `Enabled: no` as its first field, and loses one of that name.
  /// - Parameter lines: the first lines of the stanzas, from 1.
  static func off(stanzas text: String, lines: Set<Int>) -> String {
    var result: [String] = []
    var isOff = false
    for (index, line) in Self.lines(text).enumerated() {
      if lines.contains(index + 1) {
        isOff = true
        result.append("Enabled: no")
      } else if line.utf8.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) {
        isOff = false
      }
      if isOff, line.lowercased().hasPrefix("enabled:") { continue }
      result.append(String(line))
    }
    return result.joined(separator: "\n")
  }
}

/// What a step met.
enum StepError: ReportableError, Equatable {
  /// apt said that it had fetched it, and it is not there.
  case notFetched(String)

  var failureKind: FailureKind { .unavailable }
  var message: String {
    switch self {
    case .notFetched(let id): "\(id): apt fetched no file of it; look at the sources, and try again"
    }
  }
}
