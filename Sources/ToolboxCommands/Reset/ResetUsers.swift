import ArgumentParser
import Glibc
import HostSystem
import SystemReset
import TerminalOutput

/// `toolbox reset users`: the accounts that were taken away, and the one that was made.
struct ResetUsers: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "users", abstract: "List, restore or delete accounts that a reset took away.",
    subcommands: [List.self, Restore.self, Purge.self, Password.self])

  /// `toolbox reset users list`
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "Show which accounts are kept, since when, and how much of the disk they take.")

    @OptionGroup var place: RootOption
    @OptionGroup var output: OutputOptions

    func run() throws {
      let context = CommandContext.live(color: output.color)
      let kept = try keeper(place).kept()
      if output.json {
        try context.printJSON(kept)
      } else {
        context.standardOutput.lines(
          Self.lines(kept, width: context.textWidth ?? 10_000, paint: Paint(context.terminal)))
      }
      try context.finish()
    }

    private static func lines(_ kept: KeptAccounts, width: Int, paint: Paint) -> [String] {
      if kept.accounts.isEmpty, kept.rescue.isEmpty { return ["no account is kept"] }
      var table = TextTable()
      for account in kept.accounts {
        table.add(
          TextTable.Cell(account.name.harmless), TextTable.Cell(String(account.uid)),
          TextTable.Cell((account.isComplete ? "" : "at least ") + account.sizeBytes.byteSize),
          TextTable.Cell(account.since), TextTable.Cell(account.run),
          TextTable.Cell(account.state == .kept ? account.keptHome?.harmless ?? "no home" : "unfinished: restore it"))
      }
      for account in kept.rescue {
        table.add(
          TextTable.Cell(account.name.harmless), TextTable.Cell(String(account.uid)), TextTable.Cell(""),
          TextTable.Cell(account.since), TextTable.Cell(account.run), TextTable.Cell("made by the reset"))
      }
      return table.lines(width: width, paint: paint)
    }
  }

  /// `toolbox reset users restore`
  struct Restore: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "restore", abstract: "Bring an account back with its home, its groups and its password.")

    @Argument(help: ArgumentHelp("The account.", valueName: "name")) var name: String

    @Option(
      name: .customLong("run"), help: ArgumentHelp("The run that took it away, where several did.", valueName: "id"))
    var runID: String?

    @OptionGroup var place: RootOption
    @OptionGroup var output: OutputOptions

    func run() throws {
      let context = CommandContext.live(color: output.color)
      let record = try keeper(place).record(of: name, run: runID)
      let notes = try keeper(place).restore(record)
      try report(AccountChange(.restored, record, notes: notes), "is back", context, json: output.json)
    }
  }

  /// `toolbox reset users purge`
  struct Purge: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "purge", abstract: "Delete what is kept of an account, for good, and free its name and user id.")

    @Argument(help: ArgumentHelp("The account.", valueName: "name")) var name: String

    @Option(
      name: .customLong("run"), help: ArgumentHelp("The run that took it away, where several did.", valueName: "id"))
    var runID: String?

    @Flag(help: "Do not ask for the name to be typed again.") var yes = false

    @OptionGroup var place: RootOption
    @OptionGroup var output: OutputOptions

    func run() throws {
      let context = CommandContext.live(color: output.color)
      let record = try keeper(place).record(of: name, run: runID)
      if !yes { try confirm(record, context) }
      try keeper(place).purge(record)
      try report(AccountChange(.purged, record, notes: []), "is deleted", context, json: output.json)
    }

    private func confirm(_ record: RestoreRecord, _ context: CommandContext) throws {
      guard isatty(0) == 1 else { throw ResetUsersError.notConfirmed(name: record.name) }
      let what = record.home.map { "everything in \($0.path)" } ?? "what is kept of it"
      context.standardError.line(
        "This deletes the account '\(record.name.harmless)' (user id \(record.uid)) and \(what.harmless), for good.")
      context.standardError.write("Type the account's name to go on: ")
      context.standardError.flush()
      guard readLine(strippingNewline: true)?.utf8.elementsEqual(record.name.utf8) == true else {
        throw ResetUsersError.nameDiffers
      }
    }
  }

  /// `toolbox reset users password`
  struct Password: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "password",
      abstract: "Give the account that a reset made a new password, and show it on the terminal.")

    @Argument(help: ArgumentHelp("The account.", valueName: "name")) var name: String

    @Option(help: ArgumentHelp("Write the password to this open descriptor instead.", valueName: "number"))
    var backupPasswordFd: Int32?

    @OptionGroup var place: RootOption
    @OptionGroup var output: OutputOptions

    func run() throws {
      let context = CommandContext.live(color: output.color)
      let recipient = try PasswordRecipient(given: backupPasswordFd)
      let record = try keeper(place).rescueRecord(of: name)
      let password = try keeper(place).setRescuePassword(record, now: context.now())
      try recipient.show(password, of: record.name)
      let change = AccountChange(password: record)
      try report(change, "has a new password, which is to be changed at the first login", context, json: output.json)
    }
  }
}

/// What the commands of `users` refuse by themselves.
enum ResetUsersError: ReportableError, Equatable {
  /// Nobody was there to type the name.
  case notConfirmed(name: String)
  /// Another name was typed.
  case nameDiffers

  var failureKind: FailureKind {
    switch self {
    case .notConfirmed: .usage
    case .nameDiffers: .refused
    }
  }

  var message: String {
    switch self {
    case .notConfirmed(let name):
      "reset: '\(name)' is deleted for good; type its name on a terminal, or give --yes"
    case .nameDiffers: "reset: the names differ; nothing was deleted"
    }
  }
}

/// Accounts are read and changed there.
private func keeper(_ place: RootOption) -> AccountKeeper { AccountKeeper(root: place.rootDirectory) }

/// Says what became of an account.
private func report(_ change: AccountChange, _ words: String, _ context: CommandContext, json: Bool) throws {
  if json {
    try context.printJSON(change)
  } else {
    context.standardOutput.line("\(change.name.harmless) \(words)")
    for note in change.notes { context.standardOutput.line("  \(note.harmless)") }
  }
  try context.finish()
}
