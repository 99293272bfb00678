import HostSystem
import PerfProbes
import PerfReference
import TerminalOutput

/// Asks for what is missing in a command: with fzf where it is installed, else with a line of text.
struct GapQuestions {
  private let context: CommandContext
  private let vocabulary: Vocabulary
  private let finder: FuzzyFinder?
  private let paint: Paint

  init(_ context: CommandContext, _ vocabulary: Vocabulary) {
    self.context = context
    self.vocabulary = vocabulary
    finder = FuzzyFinder(environment: context.environment, userID: context.userID)
    paint = Paint(TerminalFacts.of(2, color: context.color, environment: context.environment))
  }

  /// How many choices are shown where the answer is typed.
  private static let shownChoices = 12

  /// The answer for a gap: a value, or the words of a command.
  /// - Throws: ``RunError/nothingChosen`` where the person went back.
  func answer(for gap: Placeholder) throws -> [String] {
    let choices = try choices(for: gap.kind)
    let meaning = try vocabulary.meaning(of: gap.kind)
    if let finder, !choices.isEmpty {
      guard let value = try finder.choose(choices, prompt: "\(gap.name)> ") else { throw RunError.nothingChosen }
      return [value]
    }
    for choice in choices.prefix(Self.shownChoices) {
      context.standardError.line("  " + paint(.name, choice.value.padded(to: 8)) + "  " + choice.text)
    }
    if choices.count > Self.shownChoices {
      context.standardError.line(paint(.faint, "  and \(choices.count - Self.shownChoices) more"))
    }
    let standard = gap.defaultValue.map { " [\($0)]" } ?? ""
    while true {
      let text = paint(.strong, gap.name) + ": " + meaning + standard + ": "
      guard let line = Question(context.standardError).ask(text) else { throw RunError.nothingChosen }
      if gap.kind == .command {
        let words = line.split(separator: " ").map(String.init)
        if !words.isEmpty { return words }
      } else if !line.isEmpty {
        return [line]
      }
      if let value = gap.defaultValue { return [value] }
    }
  }

  /// What exists, the likeliest first; empty where any text will do.
  private func choices(for kind: Placeholder.Kind) throws -> [(value: String, text: String)] {
    switch kind {
    case .pid, .tid:
      ProcessTable.busiest().map { process in
        let shown = process.commandLine.isEmpty ? "[\(process.name)]" : process.commandLine
        return ("\(process.pid)", shown.harmless.truncated(to: 100))
      }
    case .event: vocabulary.events.map { ($0, "") } + LiveChoices.tracepoints().map { ($0, "") }
    case .tracepoint: LiveChoices.tracepoints().map { ($0, "") }
    case .library: LiveChoices.libraries().map { ($0.harmless, "") }
    case .cgroup: LiveChoices.controlGroups().map { ($0.harmless, "") }
    default: []
    }
  }
}
