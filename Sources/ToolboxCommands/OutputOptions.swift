package import ArgumentParser
package import TerminalOutput

extension ColorChoice: ExpressibleByArgument {}

/// The options that every command has which prints facts.
package struct OutputOptions: ParsableArguments {
  @Option(help: "Colour the output: auto, always or never.")
  package var color: ColorChoice?

  @Flag(help: "Print JSON.")
  package var json = false

  package init() {}

  /// What was chosen.
  var choice: OutputChoice { OutputChoice(color: color, json: json) }
}

/// Where a command writes what it makes.
struct OutputFileOptions: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Write to this file instead of standard output, which is also -.", valueName: "file"))
  var output: String?

  /// nil for standard output.
  var path: String? { output == "-" ? nil : output }
}

/// How a command prints.
struct OutputChoice: Equatable {
  var color: ColorChoice?
  var json = false
}

extension CommandContext {
  /// Prints one JSON document: sorted keys in snake_case, two spaces of indent.
  package func printJSON(_ value: some Encodable) throws {
    for piece in try JSONText.pieces(of: value, isPretty: true) { standardOutput.write(bytes: piece) }
    standardOutput.line()
  }

  /// Prints one JSON object on a line of its own, for streams.
  package func printJSONLine(_ value: some Encodable) throws {
    standardOutput.write(bytes: try JSONText.bytes(of: value, isPretty: false))
    standardOutput.line()
  }
}
