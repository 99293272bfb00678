import ArgumentParser
import Glibc
import HostSystem
import SystemReset
import TerminalOutput

extension PlanApproval.AllowedClass: ExpressibleByArgument {}

/// How the person gets into the account that is made: by a password that is shown somewhere, or by a key of theirs.
struct PasswordOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Let this public ssh key into the new account; no password is shown.", valueName: "file"))
  var backupKey: String?

  @Option(help: ArgumentHelp("Write the new account's password to this open descriptor.", valueName: "number"))
  var backupPasswordFd: Int32?

  /// - Parameter isNeeded: whether there will be a password at all.
  func recipient(isNeeded: Bool) throws -> PasswordRecipient? {
    isNeeded && backupKey == nil ? try PasswordRecipient(given: backupPasswordFd) : nil
  }

  /// - Throws: ``BackupKeyError``, ``FileError``
  func key() throws -> BackupKey? {
    guard let backupKey else { return nil }
    guard backupPasswordFd == nil else { throw BackupKeyError.alsoPassword }
    return try BackupKey(file: absolutePath(backupKey))
  }
}

/// What every command that carries something out has in common.
struct ResetRunning {
  let context: CommandContext
  let root: RootDirectory
  let output: ResetRunOutput

  init(_ context: CommandContext, root: RootDirectory, json: Bool) {
    self.context = context
    self.root = root
    output = ResetRunOutput(context, json: json)
  }

  /// From here on a signal stops the run between two steps, and a terminal that is closed does not end it.
  func engine(_ recipient: PasswordRecipient?, key: BackupKey? = nil) throws -> ResetEngine {
    signal(SIGHUP, SIG_IGN)
    signal(SIGPIPE, SIG_IGN)
    try StopSignals.noteFromNowOn()
    return ResetEngine(
      root: root, version: Toolbox.version, recipient: recipient, backupKey: key, now: context.now,
      isStopped: { StopSignals.hasCome }, report: output.show)
  }

  func finish(_ report: RunReport) throws {
    try output.finish(report, root: root)
    if report.outcome == .stopped { throw ExitStatus.tryLater.exitCode }
    try offerReboot(report)
  }

  /// A reboot is the person's decision, so it is offered to one who is there, and nobody else.
  private func offerReboot(_ report: RunReport) throws {
    let reboot = "/usr/sbin/reboot"
    guard report.outcome == .done, report.rebootRequired, root.isHost, root.exists(reboot), !output.isJSON,
      Question.canAsk
    else { return }
    let answer = Question(context.standardError).ask(
      "Type 'reboot' to restart the machine now, or Enter to do it later: ")
    if answer == "reboot" { try ProgramStart.become(reboot, name: "reboot", []) }
  }

  /// The name that has to be typed before something is changed.
  var hostName: String {
    if let bytes = try? root.readIfPresent("/etc/hostname", limit: 4096) {
      let name = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
      if !name.isEmpty { return name }
    }
    guard root.isHost else { return "localhost" }
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count) == 0 else { return "localhost" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Says what the person should know first, of this machine.
  func caution() {
    for line in MachineActivity(root).cautions() { context.standardError.line("toolbox: reset: \(line.harmless)") }
  }

  /// Has the host's name typed.
  /// - Throws: ``ApprovalError/notConfirmed``
  func confirm(_ warning: [String]) throws {
    for line in warning { context.standardError.line(line.harmless) }
    let name = hostName
    guard let typed = Question(context.standardError).ask("Type the name of this system, \(name.harmless), to go on: "),
      typed.utf8.elementsEqual(name.utf8)
    else { throw ApprovalError.notConfirmed }
  }

  /// Plans again, compares, and carries out.
  func apply(
    _ plan: ResetPlan, work: ResetWork, allowed: Set<PlanApproval.AllowedClass>, deletesHomes: Set<String>,
    passwords: PasswordOptions
  ) throws {
    guard context.userID == 0 else { throw PreflightError.notRoot }
    let approval = PlanApproval(plan)
    try approval.check(allowed: allowed, deletesHomes: deletesHomes)
    if approval.isEmpty {
      context.standardError.line("toolbox: reset: there is nothing to do; nothing was changed")
      return try context.finish()
    }
    let recipient = try passwords.recipient(isNeeded: !plan.users.create.isEmpty)
    let report = try engine(recipient, key: try passwords.key()).begin(
      plan, deletesHomes: deletesHomes, administrators: work.snapshot.profile?.administrators ?? "sudo",
      unavailable: work.snapshot.unavailable(plan))
    try finish(report)
  }
}

/// `toolbox reset apply`: carries out a saved plan.
struct ResetApply: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply", abstract: "Carry out a saved plan, if the system is still as it was.")

  @Argument(help: ArgumentHelp("A plan of 'toolbox reset plan -o'.", valueName: "file")) var file: String

  @Flag(help: "Do not ask for the system's name to be typed.") var yes = false

  @Option(help: ArgumentHelp("Allow the plan to touch this class; may be given several times.", valueName: "class"))
  var allow: [PlanApproval.AllowedClass] = []

  @Option(help: ArgumentHelp("Delete the home of this account instead of moving it aside.", valueName: "name"))
  var deleteHome: [String] = []

  @OptionGroup var passwords: PasswordOptions
  @OptionGroup var place: RootOption
  @OptionGroup var output: OutputOptions

  func run() throws {
    let context = CommandContext.live(color: output.color)
    let root = place.rootDirectory
    let saved = try ApprovedPlanFile.read(file, userID: context.userID)
    guard saved.system.root == root.path else {
      throw ApprovalError.otherRoot(plan: saved.system.root, asked: root.path)
    }
    let work = try ResetWork(context, again: saved, root: root)
    let present = work.verified(try work.plan(work.selection))
    let difference = PlanDifference(from: saved, to: present)
    guard difference.lines.isEmpty else { throw ApprovalError.drifted(difference.lines) }
    for path in try changedInputs(saved, root) {
      context.standardError.line("toolbox: reset: \(path.harmless) has changed since, and the plan is the same")
    }
    let running = ResetRunning(context, root: root, json: output.json)
    running.caution()
    if !yes {
      guard Question.canAsk else {
        throw ResetError.needsConfirmation(orElse: "--yes carries the plan out without")
      }
      try running.confirm(["This carries out \(file): see 'toolbox reset --dry-run' for what it does."])
    }
    try running.apply(
      present, work: work, allowed: Set(allow), deletesHomes: Set(deleteHome), passwords: passwords)
  }

  private func changedInputs(_ saved: ResetPlan, _ root: RootDirectory) throws -> [String] {
    let now = Dictionary(
      try SavedPlan.inputs(of: root).map { ($0.path, $0.sha256) }, uniquingKeysWith: { first, _ in first })
    return saved.inputs.filter { now[$0.path] != $0.sha256 }.map(\.path)
  }
}

/// `toolbox reset resume`
struct ResetResume: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Take up a run again that was cut off, failed or was stopped.")

  @Argument(help: ArgumentHelp("The run; without it the last that is not over.", valueName: "run")) var runID: String?

  @Option(help: ArgumentHelp("Write the new account's password to this open descriptor.", valueName: "number"))
  var backupPasswordFd: Int32?

  @OptionGroup var place: RootOption
  @OptionGroup var output: OutputOptions

  func run() throws {
    let context = CommandContext.live(color: output.color)
    guard context.userID == 0 else { throw PreflightError.notRoot }
    let running = ResetRunning(context, root: place.rootDirectory, json: output.json)
    let state = try RunStore(place.rootDirectory).unfinished(runID)
    let needs = state.beginning.steps.contains { $0.kind == .password && !state.isDone($0) }
    try running.finish(try running.engine(needs ? try PasswordRecipient(given: backupPasswordFd) : nil).resume(runID))
  }
}

/// `toolbox reset undo`
struct ResetUndo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "undo", abstract: "Take a run back: packages, marks, files and accounts as they were.")

  @Argument(help: ArgumentHelp("The run; without it the last one.", valueName: "run")) var runID: String?
  @Flag(help: "Do not ask for the system's name to be typed.") var yes = false
  @Flag(name: .customLong("dry-run"), help: "Show what would be done and what cannot come back, and do nothing.")
  var dryRun = false
  @OptionGroup var place: RootOption
  @OptionGroup var output: OutputOptions

  func run() throws {
    let context = CommandContext.live(color: output.color)
    guard context.userID == 0 else { throw PreflightError.notRoot }
    _ = try RunStore(place.rootDirectory).undoable(runID)
    if !yes, !dryRun, !Question.canAsk {
      throw ResetError.needsConfirmation(orElse: "--dry-run shows what an undo does, and --yes does it")
    }
    let running = ResetRunning(context, root: place.rootDirectory, json: output.json)
    let report = try running.engine(nil).undo(runID) { steps, cannotReturn in
      if !output.json || dryRun {
        for step in steps { context.standardError.line("  \(step.title.harmless)") }
        for text in cannotReturn { context.standardError.line("cannot come back: \(text.harmless)") }
        context.standardError.flush()
      }
      if dryRun { return false }
      if !yes { try running.confirm(["This takes back what the run did."]) }
      return true
    }
    if let report { try running.finish(report) } else { try context.finish() }
  }
}

/// `toolbox reset status`
struct ResetStatus: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Tell what the last run did, or is doing, and what is kept.")

  @OptionGroup var place: RootOption
  @OptionGroup var output: OutputOptions

  func run() throws {
    let context = CommandContext.live(color: output.color)
    let root = place.rootDirectory
    let store = RunStore(root)
    let runs = try store.runs()
    let worker = try store.worker()
    if output.json {
      try context.printJSON(RunsDocument(runs.suffix(1), worker: worker, root: root))
      return try context.finish()
    }
    if let worker {
      context.standardOutput.line(worker > 0 ? "process \(worker) is at work" : "another toolbox is at work")
    }
    guard let last = runs.last else {
      context.standardOutput.line("no run was begun here")
      return try context.finish()
    }
    if worker != nil, let step = last.beginning.steps.last(where: last.isBegun), !last.isDone(step) {
      context.standardOutput.line("now: \(step.title.harmless)")
    }
    context.standardOutput.lines(
      ResetRunText(root: root, paint: Paint(context.terminal)).lines(RunReport(last, root: root)))
    let kept = try AccountKeeper(root: root).kept()
    for account in kept.accounts {
      context.standardOutput.line(
        "kept: \(account.name.harmless) since \(account.since), \(account.sizeBytes.byteSize)")
    }
    try context.finish()
  }
}

/// `toolbox reset runs`
struct ResetRuns: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs", abstract: "List all runs and what became of them.")

  @OptionGroup var place: RootOption
  @OptionGroup var output: OutputOptions

  func run() throws {
    let context = CommandContext.live(color: output.color)
    let root = place.rootDirectory
    let store = RunStore(root)
    let document = RunsDocument(try store.runs(), worker: try store.worker(), root: root)
    if output.json {
      try context.printJSON(document)
    } else if document.runs.isEmpty {
      context.standardOutput.line("no run was begun here")
    } else {
      var table = TextTable()
      for run in document.runs {
        table.add([
          .init(run.run), .init(run.undoes.map { "undoes \($0)" } ?? ""), .init(run.outcome.rawValue),
          .init("\(run.stepsDone) of \(run.stepsInAll)"), .init("\(run.removed.count) removed"),
          .init("\(run.installed.count) installed"), .init(run.begun),
        ])
      }
      context.standardOutput.lines(table.lines(width: context.textWidth ?? 10_000, paint: Paint(context.terminal)))
    }
    try context.finish()
  }
}

/// `toolbox reset clean`
struct ResetClean: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clean", abstract: "Delete a run's bundle and packages; it can not be undone then.")

  @Argument(help: ArgumentHelp("The run.", valueName: "run")) var runID: String
  @OptionGroup var place: RootOption
  @OptionGroup var output: OutputOptions

  func run() throws {
    let context = CommandContext.live(color: output.color)
    guard context.userID == 0 else { throw PreflightError.notRoot }
    let size = try RunStore(place.rootDirectory).clean(runID)
    context.standardOutput.line("\(runID.harmless) is deleted, \(size.byteSize)")
    try context.finish()
  }
}
