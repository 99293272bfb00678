import ArgumentParser
import TerminalOutput

struct Reset: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "reset")
  func run() throws {
    let context = CommandContext.live()
    context.standardOutput.line("reset")
    try context.finish()
  }
}
