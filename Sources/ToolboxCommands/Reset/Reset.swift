import ArgumentParser
import HostSystem
import SystemReset
import TerminalOutput

struct Reset: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reset",
    abstract: "Show how this system differs from stock, and what would bring it back.",
    discussion: """
      On a terminal the plan is shown and, when the system's name was typed, carried out. With --dry-run the plan is printed
      and nothing else happens: nothing is written anywhere, and no other program is run. That needs no special rights.
      """,
    subcommands: [
      ResetPlanCommand.self, ResetApply.self, ResetResume.self, ResetUndo.self, ResetStatus.self, ResetRuns.self,
      ResetClean.self, ResetWhy.self, ResetDependents.self, ResetCheck.self,
      ResetBaseline.self, ResetUsers.self,
    ])

  /// The lists that scripts ask for.
  enum ListName: String, ExpressibleByArgument, CaseIterable {
    case remove, install, keep, users
  }

  @Flag(name: .customLong("dry-run"), help: "Print the plan, and do nothing.")
  var dryRun = false

  @Flag(help: "Choose in dialogues what goes and what stays; needs a terminal.")
  var custom = false

  @Flag(help: "Let apt-get simulate the plan, and say where it disagrees.")
  var verify = false

  @Flag(help: "Print long lists in full.")
  var all = false

  @Option(help: ArgumentHelp("Print only this list, one item a line, for scripts.", valueName: "name"))
  var list: ListName?

  @Option(help: ArgumentHelp("With --only user-config: whose settings are moved aside.", valueName: "name"))
  var user: [String] = []

  @Flag(help: "With --only user-config: do not ask for the system's name to be typed.")
  var yes = false

  @OptionGroup(title: "System") var system: SystemOptions
  @OptionGroup(title: "Selection") var selection: SelectionOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    let isSoft = selection.only.contains(.userConfig) || selection.with.contains(.userConfig)
    if isSoft, selection.only != [.userConfig] || !selection.with.isEmpty {
      throw ValidationError("--only user-config stands alone: settings are moved aside without anything else.")
    }
    if isSoft == user.isEmpty { throw ValidationError("--only user-config and --user NAME belong together.") }
    if yes, !isSoft { throw ValidationError("--yes is for saved plans: 'toolbox reset apply FILE --yes'.") }
    if list != nil, output.json { throw ValidationError("--list and --json are two forms of the same; take one.") }
  }

  func run() throws {
    try run(CommandContext.live(color: output.color))
  }

  func run(_ context: CommandContext) throws {
    if !user.isEmpty { return try moveSettings(context) }
    guard dryRun || Question.canAsk else {
      throw ResetError.needsConfirmation(
        orElse:
          "save the plan with 'toolbox reset plan -o FILE', read it, and carry it out with 'toolbox reset apply FILE --yes'"
      )
    }
    let work = try ResetWork(context, system: system, selection: selection)
    let chosen = custom ? try askedSelection(work, context) : work.selection
    var plan = try work.plan(chosen)
    if verify { plan = work.verified(plan) }
    if output.json {
      try context.printJSON(plan)
    } else if let list {
      context.standardOutput.lines(Self.items(of: list, in: plan))
    } else {
      let text = ResetPlanText(
        plan, systemName: work.snapshot.release.name, showsAll: all, width: min(context.terminal.columns, 100),
        tableWidth: context.textWidth,
        paint: Paint(context.terminal))
      context.standardOutput.lines(text.lines())
    }
    try context.finish()
    if !dryRun { try apply(plan, work, context) }
  }

  /// The soft reset: settings of accounts are moved aside, and nothing else is touched.
  private func moveSettings(_ context: CommandContext) throws {
    let root = system.rootDirectory
    if dryRun {
      for name in user {
        for setting in try AccountKeeper(root: root).settings(of: name) {
          context.standardOutput.line("\(name.harmless): \(setting.harmless)")
        }
      }
      return try context.finish()
    }
    guard context.userID == 0 else { throw PreflightError.notRoot }
    let running = ResetRunning(context, root: root, json: output.json)
    if !yes {
      guard Question.canAsk else {
        throw ResetError.needsConfirmation(orElse: "--dry-run shows what would move, and --yes moves it")
      }
      try running.confirm(["This moves the settings of \(user.joined(separator: ", ")) aside."])
    }
    try running.finish(try running.engine(nil).beginSettings(of: user))
  }

  /// What the person has just seen is carried out, after the system's name was typed.
  private func apply(_ plan: ResetPlan, _ work: ResetWork, _ context: CommandContext) throws {
    guard context.userID == 0 else { throw PreflightError.notRoot }
    let approval = PlanApproval(plan)
    try approval.check(allowed: approval.needed, deletesHomes: [])
    if approval.isEmpty { return }
    let running = ResetRunning(context, root: system.rootDirectory, json: output.json)
    running.caution()
    try running.confirm(ResetPlanText.warning(plan))
    try running.apply(
      plan, work: work, allowed: approval.needed, deletesHomes: [], passwords: try PasswordOptions.parse([]))
  }

  private func askedSelection(_ work: ResetWork, _ context: CommandContext) throws -> Selection {
    let dialogues = try CustomDialogues(columns: context.terminal.columns) { work.analysis($0) }
    guard let chosen = try dialogues.ask(work.selection) else { throw ResetError.nothingChosen }
    return chosen
  }

  private static func items(of list: ListName, in plan: ResetPlan) -> [String] {
    let items =
      switch list {
      case .remove: plan.packages.remove.map { "\($0.name):\($0.architecture)" }
      case .install: plan.packages.install.map { "\($0.name):\($0.architecture)" }
      case .keep: plan.packages.keep.map { "\($0.name):\($0.architecture)" }
      case .users: plan.users.remove.map(\.name)
      }
    return items.map(\.harmless)
  }
}

/// What `toolbox reset` itself refuses.
enum ResetError: ReportableError, Equatable {
  /// Nobody is there to type the system's name.
  case needsConfirmation(orElse: String)
  /// The person left the dialogues without a plan.
  case nothingChosen
  /// No installed package and none of the archives has this name.
  case unknownPackage(String)

  var failureKind: FailureKind {
    switch self {
    case .needsConfirmation: .usage
    case .nothingChosen: .failed
    case .unknownPackage: .usage
    }
  }

  var message: String {
    switch self {
    case .needsConfirmation(let way): "reset: there is no terminal to confirm on; \(way)"
    case .nothingChosen: "reset: left without a plan; nothing was changed"
    case .unknownPackage(let name):
      "reset: no installed package is called '\(name)'; give a name as dpkg prints it, with :architecture where it needs one"
    }
  }
}
