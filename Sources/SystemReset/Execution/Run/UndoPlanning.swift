import DebianPackages
import HostSystem

/// The inverse of what a run did, from its journal and its bundle. What came after the run stays: packages that something newer
/// needs, files that were changed since, accounts whose place is taken.
struct UndoPlanning {
  let state: JournalState
  let work: RunWork
  let root: RootDirectory
  let keeper: AccountKeeper
  /// What of the run's bundle is not as it was written.
  private let damage: [String]

  typealias Item = PackageTransaction.Item

  /// - Throws: ``FileError``, where the bundle cannot be read.
  init(_ state: JournalState, _ work: RunWork, root: RootDirectory, keeper: AccountKeeper) throws {
    self.state = state
    self.work = work
    self.root = root
    self.keeper = keeper
    // A run that was cut off before its bundle was whole has changed nothing that the bundle is needed for.
    let results = state.results
    let isSaved = state.beginning.steps.contains { $0.kind == .backup && results[$0.id] != nil }
    damage = isSaved ? try BackupBundle.damage(in: work.directory) : []
  }

  /// - Throws: ``PackageToolError``, ``RootedProcess/Failure``, ``FileError``
  func plan() throws -> (steps: [ResetStep], cannotReturn: [String]) {
    var cannot = state.beginning.cannotReturn
    let begun = state.beginning.steps.filter(state.isBegun)
    var steps = [ResetStep(.backup, "save records and configuration as they are now")]
    let results = state.results
    for step in begun.reversed() {
      switch step.kind {
      case .user: steps.append(named(.restoreUser, step.name, "bring the account \(step.name ?? "") back"))
      case .settings: steps.append(named(.restoreSettings, step.name, "bring the settings of \(step.name ?? "") back"))
      case .repository: steps += files(step, results)
      case .snap, .flatpak:
        cannot.append("\(step.kind.rawValue) \(step.name ?? ""): install it again with its own tool")
      case .purge:
        cannot += (step.transaction?.remove ?? []).map { "the configuration of \($0.id), which was purged" }
      default: continue
      }
    }
    let packages = try packages(begun, &cannot)
    // A package that apt fetches instead is no loss.
    let fetched = packages.compactMap(\.transaction).flatMap(\.install).filter { $0.file == nil }
    let replaced = Set(fetched.flatMap { BackupBundle.places(of: $0) })
    cannot += damage.filter { !replaced.contains($0) }.map {
      "what the bundle of run \(state.beginning.run) kept in \($0), which was changed or lost since"
    }
    steps += packages
    // Behind the packages, some of which bring their accounts back.
    let overrides = try overrides(begun.filter { $0.kind == .purge }, results)
    if !overrides.isEmpty {
      var step = ResetStep(.restoreOverrides, "bring back what a purge took out of dpkg's overrides")
      step.overrides = overrides
      steps.append(step)
    }
    for step in begun.reversed() where step.kind == .conffile { steps += files(step, results) }
    return (StepPlanning.numbered(steps), cannot)
  }

  private func named(_ kind: ResetStep.Kind, _ name: String?, _ title: String) -> ResetStep {
    var step = ResetStep(kind, title)
    step.name = name
    step.path = state.beginning.run
    return step
  }

  /// Of a step that was cut off the saved content is there, and what it would have written is not known: then it was not written,
  /// or is what stands there.
  private func files(_ step: ResetStep, _ results: [String: StepResult]) -> [ResetStep] {
    var changed = results[step.id]?.files ?? []
    if changed.isEmpty, results[step.id] == nil, let path = step.path, let bytes = try? root.readIfPresent(path) {
      var file = ChangedFile(path: path, sha256: hexadecimal(sha256(bytes)))
      if let place = try? work.directory.place(of: "saved-" + step.id) {
        file.saved = "saved-" + step.id
        (file.userId, file.groupId, file.mode) = (place.userID, place.groupID, place.mode)
        changed = [file]
      } else if (try? work.directory.place(of: StepPerformer.absent(step))) != nil {
        changed = [file]
      }
    }
    return changed.map { file in
      var step = ResetStep(.restoreFile, "bring back \(file.path) as it was")
      var file = file
      file.saved = file.saved.map { RunStore.path(state.beginning.run) + "/" + $0 }
      step.file = file
      return step
    }
  }

  /// What purges took out of dpkg's overrides. Of one that was cut off nothing was written down: all that the bundle has and dpkg has
  /// no more.
  private func overrides(_ purges: [ResetStep], _ results: [String: StepResult]) throws -> [KeptOverride] {
    guard !purges.isEmpty else { return [] }
    let taken = purges.flatMap { results[$0.id]?.overrides ?? [] }
    guard purges.contains(where: { results[$0.id] == nil }) else { return taken }
    let path = BackupBundle.overrides(of: state.beginning.run)
    let present = Set(try DpkgStatOverride.all(in: root).map(\.path) + taken.map(\.path))
    return try taken
      + DpkgStatOverride.all(in: root, at: path).filter { !present.contains($0.path) }.map(KeptOverride.init)
  }

  // MARK: Packages

  private func packages(_ begun: [ResetStep], _ cannot: inout [String]) throws -> [ResetStep] {
    let states = try work.tools.states()
    let transactions = begun.filter { $0.kind == .packages }.compactMap(\.transaction)
    guard !transactions.isEmpty || begun.contains(where: { $0.kind == .marks }) else { return [] }
    var install: [Item] = []
    for item in transactions.flatMap({ $0.remove + ($0.replaced ?? []) }) where !states.isInstalled(item) {
      if let now = states.states[item.id], now.status == "installed",
        !transactions.flatMap(\.install).contains(where: { $0.id == item.id && $0.version == now.version })
      {
        cannot.append("\(item.id): version \(now.version) was installed since")
        continue
      }
      var item = item
      item.file = BackupBundle.packageFile(item, run: state.beginning.run, root: root, damage: damage)
      install.append(item)
    }
    let replaced = Set(transactions.flatMap { $0.replaced ?? [] }.map(\.id))
    var remove: [Item] = []
    for item in transactions.filter({ !$0.reinstalls }).flatMap(\.install)
    where !replaced.contains(item.id) && states.isPresent(item.id) {
      if states.isInstalled(item) {
        remove.append(item)
      } else {
        cannot.append("\(item.id) stays: it is not in the version any more that the run installed")
      }
    }
    install = try installable(install, removing: remove, &cannot)
    remove = try removable(remove, installing: install, &cannot)
    var steps: [ResetStep] = []
    let inverse = try work.tools.transactions(install: install, remove: remove).map { transaction in
      var transaction = transaction
      transaction.downgrades = transaction.install.contains { item in
        states.states[item.id].map { $0.status == "installed" && isNewer($0.version, item.version) } ?? false
      }
      // One that was not removed to the end is there for apt, in the wanted version even.
      transaction.reinstalls = transaction.install.contains { states.isPresent($0.id) }
      return transaction
    }
    if inverse.contains(where: { $0.install.contains { $0.file == nil } }) {
      steps.append(ResetStep(.download, "fetch \(install.filter { $0.file == nil }.count) packages"))
    }
    steps += inverse.map(StepPlanning.step)
    // Those too that apt did not come to: it forgets marks of what it was about to remove.
    let gone = Set(cannot.compactMap { $0.split(separator: " ").first.map(String.init) })
    let marks = marks(begun, transactions.flatMap(\.remove).filter { !gone.contains($0.id) })
    if !marks.isEmpty {
      var step = ResetStep(.marks, "set \(marks.count) auto marks as they were")
      step.marks = marks
      steps.append(step)
    }
    return steps
  }

  private func isNewer(_ version: String, _ other: String) -> Bool { DebianVersion(other) < DebianVersion(version) }

  /// Those that apt can get, asked together and, where that fails, one by one.
  private func installable(_ items: [Item], removing: [Item], _ cannot: inout [String]) throws -> [Item] {
    guard !items.isEmpty else { return [] }
    func works(_ items: [Item]) throws -> Bool {
      var transaction = PackageTransaction()
      transaction.install = items
      transaction.remove = removing
      transaction.downgrades = true
      do {
        _ = try work.tools.simulate(transaction)
        return true
      } catch is PackageToolError {
        return false
      }
    }
    if try works(items) { return items }
    var result = items
    for item in items {
      var alone = PackageTransaction()
      alone.install = [item]
      alone.downgrades = true
      let answer = try work.tools.output(
        work.tools.arguments(alone, ["-s", "-o", "Debug::NoLocking=1"]).filter { $0 != "--no-remove" })
      // The version is nowhere: that does not depend on the others.
      if answer.status != 0, answer.output.contains("was not found") || answer.output.contains("Unable to locate") {
        cannot.append("\(item.id) \(item.version): no archive has it, and no package file of it was kept")
        result.removeAll { $0 == item }
      }
    }
    guard !result.isEmpty else { return [] }
    if try works(result) { return result }
    // What depends on something that cannot come back.
    for item in result where try !works([item]) {
      cannot.append("\(item.id) \(item.version): something that it needs cannot come back")
      result.removeAll { $0 == item }
    }
    return result
  }

  /// Those that nothing needs which came after the run.
  private func removable(_ items: [Item], installing: [Item], _ cannot: inout [String]) throws -> [Item] {
    func takesMore(_ items: [Item]) throws -> Bool {
      var transaction = PackageTransaction()
      transaction.install = installing
      transaction.remove = items
      transaction.downgrades = true
      guard let simulation = try? work.tools.simulate(transaction) else { return true }
      let own = Set(items.flatMap { [$0.id, $0.name] })
      return !simulation.removed.isSubset(of: own)
    }
    guard !items.isEmpty, try takesMore(items) else { return items }
    var result = items
    // One that goes only together with something newer stays, and then what needs it too.
    var isSettled = false
    while !isSettled {
      isSettled = true
      for item in result where try takesMore(result.filter { $0 != item }) == false {
        cannot.append("\(item.id) stays: something that came after the run needs it")
        result.removeAll { $0 == item }
        return result
      }
      if let last = result.last, try takesMore(result) {
        cannot.append("\(last.id) stays: something that came after the run needs it")
        result.removeLast()
        isSettled = result.isEmpty
      }
    }
    return result
  }

  /// The marks of the run turned round, and those of packages that come back.
  private func marks(_ begun: [ResetStep], _ install: [Item]) -> [ResetPlan.Mark] {
    var result = begun.filter { $0.kind == .marks }.flatMap { $0.marks ?? [] }.map { mark in
      ResetPlan.Mark(name: mark.name, architecture: mark.architecture, from: mark.to, to: mark.from)
    }
    let path = RunStore.path(state.beginning.run) + "/" + BackupBundle.name + "/var-lib-apt-extended_states"
    let automatic =
      (try? root.readIfPresent(path)).flatMap { $0 }.map { Self.automatic(String(decoding: $0, as: UTF8.self)) } ?? []
    for item in install {
      let isAutomatic =
        automatic.contains(item.id)
        || (item.architecture == "all" && automatic.contains { $0.hasPrefix(item.name + ":") })
      result.append(
        ResetPlan.Mark(
          name: item.name, architecture: item.architecture, from: isAutomatic ? .manual : .auto,
          to: isAutomatic ? .auto : .manual))
    }
    return result
  }

  /// `name:architecture` of the packages that apt's record marks as automatic. Pure.
  static func automatic(_ text: String) -> Set<String> {
    var result: Set<String> = []
    var name = "", architecture = "", isAutomatic = false
    func finish(_ result: inout Set<String>) {
      if isAutomatic, !name.isEmpty { result.insert("\(name):\(architecture)") }
      (name, architecture, isAutomatic) = ("", "", false)
    }
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.isEmpty {
        finish(&result)
      } else if line.hasPrefix("Package: ") {
        name = String(line.dropFirst(9))
      } else if line.hasPrefix("Architecture: ") {
        architecture = String(line.dropFirst(14))
      } else if line.hasPrefix("Auto-Installed: ") {
        isAutomatic = line.hasSuffix("1")
      }
    }
    finish(&result)
    return result
  }
}
