import ArgumentParser
import TerminalOutput

struct Kernel: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "kernel")
  func run() throws {
    let context = CommandContext.live()
    context.standardOutput.line("kernel")
    try context.finish()
  }
}
