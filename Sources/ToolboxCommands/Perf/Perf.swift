import ArgumentParser
import TerminalOutput

struct Perf: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "perf")
  func run() throws {
    let context = CommandContext.live()
    context.standardOutput.line("perf")
    try context.finish()
  }
}
