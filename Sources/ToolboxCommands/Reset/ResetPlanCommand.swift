import ArgumentParser
import HostSystem
import SystemReset
import TerminalOutput

/// `toolbox reset plan`: the plan as a file, and the difference of two.
struct ResetPlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Save the plan as a file, or tell where it differs from a saved one.")

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp("Save the plan here, readable by you alone.", valueName: "file"))
  var outputFile: String?

  @Option(help: ArgumentHelp("Tell where the plan differs from this saved one.", valueName: "file"))
  var against: String?

  @Flag(name: .customLong("exit-code"), help: "With --against: end with 2 when the plans differ.")
  var exitCode = false

  @OptionGroup(title: "System") var system: SystemOptions
  @OptionGroup(title: "Selection") var selection: SelectionOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let context = CommandContext.live(color: output.color)
    let earlier = try against.map { try SavedPlan.read($0) }
    let work = try ResetWork(context, system: system, selection: selection)
    var plan = work.verified(try work.plan())
    plan.inputs = try SavedPlan.inputs(of: work.snapshot.root)
    if let outputFile {
      try SavedPlan.write(plan, to: outputFile)
      context.standardError.line(
        "toolbox: reset: saved \(plan.summary.remove.counted("removal")) and \(plan.summary.install.counted("installation")) in \(outputFile.harmless)"
      )
    }
    if let earlier {
      let difference = PlanDifference(from: earlier, to: plan)
      if output.json {
        try context.printJSON(difference)
      } else {
        context.standardOutput.lines(
          difference.lines.isEmpty ? ["the plans are equal"] : difference.lines.map(\.harmless))
      }
      try context.finish()
      if exitCode, !difference.lines.isEmpty { throw ExitStatus.pending.exitCode }
    } else if outputFile == nil {
      try context.printJSON(plan)
    }
    try context.finish()
  }
}
