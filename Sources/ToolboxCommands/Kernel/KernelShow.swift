import ArgumentParser
import KernelReleases
import TerminalOutput

/// `toolbox kernel show VERSION`: one release and its place in the history.
struct KernelShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show one release and its place among the others.")

  @Argument(help: "A version, such as 4.15-rc6, 6.12 or 6.1.140.")
  var version: String

  @OptionGroup var lookBack: LookBackOptions
  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let context = CommandContext.live(color: output.color)
    guard let wanted = KernelVersion(version) else { throw KernelCommandError.notAVersion(version) }
    let knowledge = try context.kernelKnowledge(database.file, at: lookBack.at)
    let mail = try context.kernelReading(database.file, tellsAbsence: false) { try $0?.announcement(of: wanted) }
    guard let details = ReleaseDetails.find(wanted, in: knowledge, announcement: mail) else {
      throw KernelCommandError.unknownVersion(
        wanted, nearest: knowledge.history.nearest(to: wanted),
        until: knowledge.lookBack?.day ?? knowledge.history.lastDay,
        isLookBack: knowledge.lookBack != nil)
    }
    if output.json {
      try context.printJSON(details)
    } else {
      context.standardOutput.lines(KernelText(context.terminal).lines(of: details))
    }
    try context.finish()
  }
}
