import HostSystem

/// What a plan is turned into: the steps of a run, in the order that keeps a system usable and a way back open.
struct StepPlanning {
  let plan: ResetPlan
  /// The transactions of packages, in their order.
  let transactions: [PackageTransaction]
  let downgrades: PackageTransaction
  let oldKernels: PackageTransaction
  /// Configuration files, and the package that each is taken from; nil for one that cannot be had.
  let conffiles: [(path: String, package: PackageTransaction.Item?)]
  let repositories: [(path: String, lines: [Int])]
  let deletesHomes: Set<String>
  let showsPassword: Bool
  let backupKey: BackupKey?
  let isHost: Bool

  func steps() -> [ResetStep] {
    var steps: [ResetStep] = [ResetStep(.backup, "save records, configuration and packages that no archive has")]
    let fetched = (transactions + [downgrades]).flatMap(\.install).filter { $0.file == nil }
    let needed = Set(fetched + conffiles.compactMap(\.package))
    if !needed.isEmpty { steps.append(ResetStep(.download, "fetch \(needed.count) packages")) }
    for transaction in transactions { steps.append(step(transaction)) }
    if !downgrades.isEmpty { steps.append(step(downgrades)) }
    if !oldKernels.isEmpty {
      var step = step(oldKernels)
      step.title = "remove \(oldKernels.remove.count) packages of old kernels"
      steps.append(step)
    }
    // By dpkg, of packages that are removed by then: apt purges all packages of a transaction or none, and those that hold data of
    // people are never purged.
    let purged = plan.packages.remove.filter(\.purge)
    if !purged.isEmpty {
      var step = ResetStep(.purge, "purge the configuration of \(purged.count) removed packages")
      step.transaction = PackageTransaction()
      step.transaction?.remove = purged.map {
        .init(name: $0.name, architecture: $0.architecture, version: $0.version)
      }
      steps.append(step)
    }
    if !plan.packages.marks.isEmpty {
      var step = ResetStep(.marks, "set \(plan.packages.marks.count) auto marks")
      step.marks = plan.packages.marks
      steps.append(step)
    }
    for conffile in conffiles {
      var step = ResetStep(.conffile, "bring back \(conffile.path)")
      step.path = conffile.path
      step.package = conffile.package
      steps.append(step)
    }
    for repository in repositories {
      var step = ResetStep(.repository, "switch off entries of \(repository.path)")
      step.path = repository.path
      step.lines = repository.lines
      steps.append(step)
    }
    for name in plan.snaps.remove { steps.append(named(.snap, name, "remove the snap \(name)")) }
    for name in plan.flatpaks.remove { steps.append(named(.flatpak, name, "remove the flatpak \(name)")) }
    for user in plan.users.create { steps.append(named(.rescue, user.name, "make the account \(user.name)")) }
    for user in plan.users.remove {
      var step = named(.user, user.name, "take the account \(user.name) away")
      step.deletesHome = deletesHomes.contains(user.name) ? true : nil
      steps.append(step)
    }
    for user in plan.users.create {
      guard let backupKey else { break }
      var step = named(.key, user.name, "let \(user.name) in with the ssh key")
      step.key = backupKey.line
      steps.append(step)
    }
    if showsPassword {
      for user in plan.users.create { steps.append(named(.password, user.name, "set the password of \(user.name)")) }
    }
    return Self.numbered(steps)
  }

  /// The steps with ids by their places.
  static func numbered(_ steps: [ResetStep]) -> [ResetStep] {
    steps.enumerated().map { index, step in
      var step = step
      step.id = (index < 9 ? "0" : "") + "\(index + 1)-\(step.kind.rawValue)"
      return step
    }
  }

  private func named(_ kind: ResetStep.Kind, _ name: String, _ title: String) -> ResetStep {
    var step = ResetStep(kind, title)
    step.name = name
    return step
  }

  private func step(_ transaction: PackageTransaction) -> ResetStep { Self.step(transaction) }

  static func step(_ transaction: PackageTransaction) -> ResetStep {
    let install = transaction.install.count
    let remove = transaction.remove.count
    let title =
      transaction.downgrades
      ? "take \(install) packages back to the distribution's version"
      : install == 0
        ? "remove \(remove) packages"
        : remove == 0 ? "install \(install) packages" : "install \(install) and remove \(remove) packages"
    var step = ResetStep(.packages, title)
    step.transaction = transaction
    return step
  }
}
