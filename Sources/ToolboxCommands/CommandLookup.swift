import ArgumentParser

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
    if let (type, rest) = command(for: arguments, below: root), let command = try? type.parseAsRoot(rest),
      Swift.type(of: command) == type
    {
      return command
    }
    return try root.parseAsRoot(arguments)
  }
}
