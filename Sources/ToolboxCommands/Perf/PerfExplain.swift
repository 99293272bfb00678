import ArgumentParser
import HostSystem
import PerfProbes
import PerfReference
import TerminalOutput

/// `toolbox perf explain`: any perf command line, taken apart.
struct PerfExplain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Take a perf command line apart: options, events, needs, mistakes.",
    discussion: """
      The command stands behind --, or is one word in quotes, as copied from somewhere, with pipes and sudo and all. It is \
      read and never run.
      """)

  @Option(
    help: ArgumentHelp("Hold the options against this version of perf, not the installed one.", valueName: "version"))
  var perfVersion: String?

  @OptionGroup var output: OutputOptions

  @Argument(help: ArgumentHelp("The command line.", valueName: "command"))
  var words: [String] = []

  /// ``Toolbox`` has taken the line out by then, see ``takeLine(from:)``; words that are left do not belong to it.
  func validate() throws {
    if let word = words.first {
      throw ValidationError(
        "\(word.harmless) stands behind the line; write one line in quotes, or its words behind --.")
    }
    if let perfVersion, Need.Version(perfVersion) == nil {
      throw ValidationError("--perf-version takes a version such as 6.1, not \(perfVersion.harmless).")
    }
  }

  func run() throws {
    let context = CommandContext.live(color: output.color)
    let explainer = try PerfExplainer(try RecipeBook.bundled())
    let explanation = try explainer.explain(words, facts: try facts(context))
    if output.json {
      try context.printJSON(explanation)
    } else {
      let page = ExplanationPage(explanation)
      context.standardOutput.lines(page.lines(width: context.textWidth, paint: Paint(context.terminal)))
    }
    try context.finish()
  }
}

extension PerfExplain {
  /// What is known of this machine; with `--perf-version` the line is for another one, and nothing is asked here.
  private func facts(_ context: CommandContext) throws -> ExplainFacts {
    if let perfVersion { return ExplainFacts(perfVersion: Need.Version(perfVersion)) }
    let judge = try context.machineJudge()
    return ExplainFacts(perfVersion: judge.perfVersion) { need in
      do throws(RecipeError) {
        return try judge.obstacle(to: need) == nil
      } catch {
        return nil
      }
    } tracepoints: {
      LiveChoices.tracepoints()
    }
  }

  /// Takes the line to explain out of the program's arguments: its options are not toolbox's, and the time that the parser
  /// takes grows with the square of the words.
  ///
  /// The line begins behind `--`, or with the first word that is no option of this command; a word with a blank in it is a
  /// whole line in quotes, and options may stand behind it.
  /// - Parameter arguments: those of the program; what is left is for the parser.
  /// - Returns: nil where this is another command, or where the parser has to say what is wrong.
  static func takeLine(from arguments: inout [String]) -> [String]? {
    let valued = ["--color", "--perf-version"]
    var commands = ["perf", "explain"][...]
    var index = 0
    while index < arguments.count {
      let word = arguments[index]
      if word == "--", commands.isEmpty {
        let line = Array(arguments[(index + 1)...])
        arguments.removeSubrange(index...)
        return line
      }
      if word.hasPrefix("-") {
        index += valued.contains(word) ? 2 : 1
        continue
      }
      if let command = commands.first {
        guard word == command else { return nil }
        commands.removeFirst()
        index += 1
        continue
      }
      let isWholeLine = word.utf8.contains { $0 == 0x20 || $0 == 0x0A || $0 == 0x09 }
      let end = isWholeLine ? index + 1 : arguments.count
      let line = Array(arguments[index..<end])
      arguments.removeSubrange(index..<end)
      return line
    }
    return nil
  }
}
