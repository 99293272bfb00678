import ArgumentParser
import HostSystem
import SystemReset
import TerminalOutput

struct Reset: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reset",
    abstract: "Show how this system differs from stock, and what would bring it back.",
    discussion: """
      With --dry-run the plan is printed and nothing else happens: nothing is written anywhere, and no other program is
      run. It needs no special rights.
      """,
    subcommands: [
      ResetPlanCommand.self, ResetWhy.self, ResetDependents.self, ResetCheck.self,
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

  @OptionGroup(title: "System") var system: SystemOptions
  @OptionGroup(title: "Selection") var selection: SelectionOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if list != nil, output.json { throw ValidationError("--list and --json are two forms of the same; take one.") }
  }

  func run() async throws {
    try await run(CommandContext.live(color: output.color))
  }

  func run(_ context: CommandContext) async throws {
    guard dryRun else { throw ResetError.applyingNotThere }
    let work = try ResetWork(context, system: system, selection: selection)
    let chosen = custom ? try await askedSelection(work, context) : work.selection
    var plan = try work.plan(chosen)
    if verify { plan = await work.verified(plan) }
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
  }

  private func askedSelection(_ work: ResetWork, _ context: CommandContext) async throws -> Selection {
    let dialogues = try CustomDialogues(columns: context.terminal.columns) { work.analysis($0) }
    guard let chosen = try await dialogues.ask(work.selection) else { throw ResetError.nothingChosen }
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
  /// A plan can be made but not carried out yet.
  case applyingNotThere
  /// The person left the dialogues without a plan.
  case nothingChosen
  /// No installed package and none of the archives has this name.
  case unknownPackage(String)

  var failureKind: FailureKind {
    switch self {
    case .applyingNotThere: .unavailable
    case .nothingChosen: .failed
    case .unknownPackage: .usage
    }
  }

  var message: String {
    switch self {
    case .applyingNotThere:
      "reset: carrying out a plan is not there yet; 'toolbox reset --dry-run' prints the plan"
    case .nothingChosen: "reset: left without a plan; nothing was changed"
    case .unknownPackage(let name):
      "reset: no installed package is called '\(name)'; give a name as dpkg prints it, with :architecture where it needs one"
    }
  }
}
