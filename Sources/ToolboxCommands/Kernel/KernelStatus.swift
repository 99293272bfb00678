import ArgumentParser
import HostSystem
import KernelReleases
import TerminalOutput

/// `toolbox kernel status`, and `toolbox kernel` alone: what is current, and from where that is known.
struct KernelStatus: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show the current releases and the running kernel.")

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let context = CommandContext.live(color: output.color)
    let release = try RootDirectory().readIfPresent("/proc/sys/kernel/osrelease", limit: 4096)
    let status = StatusDocument(
      runningRelease: release.map { String(decoding: $0.filter { $0 != 0x0A }, as: UTF8.self).harmless },
      knowledge: try context.kernelKnowledge(database, needsHistory: false), now: context.now())
    if output.json {
      try context.printJSON(status)
    } else {
      context.standardOutput.lines(KernelText(context.terminal).lines(of: status))
    }
    try context.finish()
  }
}
