import ArgumentParser

/// `toolbox kernel`: kernel releases and candidates, and where the running kernel stands.
struct Kernel: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernel", abstract: "Track kernel releases, candidates and ends of life.",
    discussion: """
      Without a subcommand it says where this machine's kernel stands and what is current, from the last fetch or from the \
      history that the program was built with. Only fetch and watch use the network.
      """,
    subcommands: [
      KernelStatus.self, KernelFetch.self, KernelImport.self, KernelWatch.self, KernelEvents.self, KernelTracks.self,
      KernelAcknowledge.self, KernelList.self, KernelShow.self, KernelLatest.self,
      KernelHistory.self, KernelNext.self, KernelCVEs.self, KernelCheckCommand.self,
    ],
    defaultSubcommand: KernelStatus.self)
}

/// The option of every command that reads or writes the database.
struct DatabaseOptions: ParsableArguments {
  @Option(name: .customLong("database"), help: ArgumentHelp("Use this database.", valueName: "file"))
  var file: String?
}

/// The options of the commands that fetch.
struct FeedOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Fetch this feed and no others: a name from the shipped list or an address. Can be given several times.",
      valueName: "feed"))
  var feed: [String] = []

  @Flag(help: "Fetch although the feed's minimum interval is not over.")
  var force = false
}
