import ArgumentParser
import HostSystem

/// Finds the command that a line names without asking the parser, which would build the whole tree of commands first: a third of
/// the time that a short command takes. The commands above one that runs have no options of their own, so nothing is missed.
enum CommandLookup {
  /// The command that runs for these arguments, and those that follow its name; nil where only the parser can tell, because a
  /// word is no command or stands before one.
  static func command(
    for arguments: [String], below root: any ParsableCommand.Type
  ) -> (type: any ParsableCommand.Type, rest: [String])? {
    var current = root
    var rest = arguments[...]
    while !current.configuration.subcommands.isEmpty {
      if let next = rest.first.flatMap({ word in
        current.configuration.subcommands.first { $0.configuration.commandName == word }
      }) {
        current = next
        rest = rest.dropFirst()
      } else if rest.first?.hasPrefix("-") ?? true, let ordinary = current.configuration.defaultSubcommand {
        current = ordinary
      } else {
        return nil
      }
    }
    return (current, Array(rest))
  }

  /// The command with its options. Everything that is not a plain success, help and mistakes above all, is left to the parser that
  /// knows the whole line.
  static func parse(_ arguments: [String], below root: any ParsableCommand.Type) throws -> any ParsableCommand {
    guard let (type, rest) = command(for: arguments, below: root) else { return try root.parseAsRoot(arguments) }
    let mistake: any Error
    do {
      let command = try type.parseAsRoot(rest)
      if Swift.type(of: command) == type { return command }
      return try root.parseAsRoot(arguments)
    } catch {
      mistake = error
    }
    let what = type.message(for: mistake)
    let foreign = ForeignOption(command: rest.isEmpty ? [] : arguments.dropLast(rest.count), what: what)
    let command: any ParsableCommand
    do {
      command = try root.parseAsRoot(arguments)
    } catch {
      // A command above has an option of that name, and rules of its own for it, of which its own words would tell.
      if !type.exitCode(for: mistake).isSuccess, root.message(for: error) != what { throw foreign }
      throw error
    }
    // The parser lets a command have the options of those above it, and forgets what was given: it would be passed over in silence.
    if Swift.type(of: command) == type { throw foreign }
    return command
  }
}

/// An option of a command above the one that was named.
struct ForeignOption: ReportableError, Equatable {
  let command: [String]
  /// The parser's sentence.
  let what: String

  var failureKind: FailureKind { .usage }
  var message: String {
    let line = (["toolbox"] + command).joined(separator: " ")
    return "\(line): \(what); '\(line) --help' lists what there is"
  }
}
