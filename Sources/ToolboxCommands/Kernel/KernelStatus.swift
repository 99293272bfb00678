import ArgumentParser
import HostSystem
import KernelReleases
import TerminalOutput

/// `toolbox kernel status`, and `toolbox kernel` alone: where this machine's kernel stands, and what is current.
struct KernelStatus: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Say where this machine's kernel stands, and what is current.")

  /// A subcommand that there is not comes here, since this is the default one.
  @Argument(help: .hidden)
  var words: [String] = []

  @OptionGroup var machine: MachineOptions
  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard let word = words.first else { return }
    let names = Kernel.configuration.subcommands.compactMap { $0.configuration.commandName }
    throw ValidationError("\(word.harmless) is no subcommand of kernel; there are \(names.joined(separator: ", "))")
  }

  var request: Request { Request(root: machine.root, database: database.file, output: output.choice) }
}

extension KernelStatus: RequestingCommand {
  struct Request: CommandRequest {
    var root = MachineOptions.own
    var database: String?
    var output = OutputChoice()

    func run() throws {
      let context = CommandContext.live(color: output.color)
      let status = try context.kernelStatus(root, database: database)
      if output.json {
        try context.printJSON(status)
      } else {
        context.standardOutput.lines(KernelText(context.terminal).lines(of: status))
      }
      try context.finish()
    }
  }
}

/// Whose kernels are looked at.
struct MachineOptions: ParsableArguments {
  /// This machine's.
  static let own = "/"

  @Option(help: ArgumentHelp("Look at the kernels of the system below this directory.", valueName: "directory"))
  var root = Self.own
}

extension CommandContext {
  /// The kernels of a system and what is known of releases.
  func kernelStatus(_ directory: String, database: String?) throws -> StatusDocument {
    let root = RootDirectory(absolutePath(directory))
    guard root.exists("/") else { throw FileError(path: root.path, code: 2, action: "open") }
    let kernels = try MachineKernels.read(root: root, environment: environment)
    return try kernelReading(database) { store in
      let knowledge = try KernelKnowledge.load(store)
      return StatusDocument(
        machine: kernels, knowledge: knowledge,
        tracks: try tracksDocument(store, knowledge, mine: kernels.running?.base?.series).tracks, now: now())
    }
  }
}
