/// A line explained, for programs and for the page of text: `toolbox.perf.explain/1`.
package struct Explanation: Encodable, Sendable {
  /// The name and version of the form, for readers.
  package let schema = "toolbox.perf.explain/1"
  /// The commands of the line in order; at least one is perf's.
  package let commands: [ExplainedCommand]
}

/// A piece of text and what it means.
package struct ExplainedPiece: Encodable, Sendable {
  /// As written.
  package let text: String
  /// A phrase.
  package let meaning: String
}

/// One command of a line.
package struct ExplainedCommand: Encodable, Sendable {
  /// The command quoted for a shell, without redirections.
  package let text: String
  /// What stands before the program: assignments, programs that run it (`sudo`), words of the shell.
  package let prefixes: [ExplainedPiece]
  /// The program, without the directory.
  package let program: String
  /// What the program means to somebody who measures; nil for most.
  package let programMeaning: String?
  /// What the shell puts something else in the place of.
  package let expansions: [ExplainedPiece]
  package let redirections: [ExplainedPiece]
  /// The sign behind the command; nil at the end of the line.
  package let sign: ExplainedPiece?
  /// Nil for any other program.
  package let perf: ExplainedPerf?
}

/// A command of perf.
package struct ExplainedPerf: Encodable, Sendable {
  /// `record`; empty where only perf's own options are given.
  package let subcommand: String
  /// `latency` of `perf sched latency`; nil where there is none.
  package let action: String?
  /// A sentence.
  package let summary: String
  /// Options and `--` in the order of the line.
  package let options: [ExplainedOption]
  package let events: [ExplainedEvent]
  /// Words that are no options: recordings, probes, kinds of events.
  package let words: [ExplainedPiece]
  /// The command that is measured; nil where there is none.
  package let command: ExplainedPiece?
  /// What holds since nothing else was said, a sentence each.
  package let defaults: [String]
  package let needs: [ExplainedNeed]
  package let mistakes: [ExplainedMistake]
  /// The recipe of the reference that does the same, or nearly; nil where none does.
  package let recipe: MatchedRecipe?
}

/// An option as given.
package struct ExplainedOption: Encodable, Sendable {
  /// As written, value included.
  package let text: String
  /// All its names; empty where perf has no such option.
  package let names: [String]
  /// The value as given; nil where there is none.
  package let value: String?
  /// Whether perf knows it.
  package let known: Bool
  /// Whether it is switched off (`--no-...`).
  package let negated: Bool
  /// The subcommand that takes it.
  package let of: String
  /// Sentences.
  package let meaning: String
  /// What the words of the value mean.
  package let values: [ExplainedPiece]
  package let defaultValue: String?
  /// By the names of ``Need``.
  package let needs: [String]
  package let pitfalls: [String]
  /// The first perf that has it, where that is not old.
  package let since: String?

  private enum CodingKeys: String, CodingKey {
    case text, names, value, known, negated, of, meaning, values
    case defaultValue = "default"
    case needs, pitfalls, since
  }
}

/// An event taken apart.
package struct ExplainedEvent: Encodable, Sendable {
  /// As written.
  package let text: String
  /// `hardware`, `software`, `tracepoint`, `group`, ...
  package let kind: String
  /// The kind in words.
  package let title: String
  package let meaning: String
  package let modifiers: [ExplainedPiece]
  package let terms: [ExplainedPiece]
  /// The events of a group.
  package let members: [ExplainedEvent]

  init(_ event: EventExplanation) {
    func pieces(_ details: [EventExplanation.Detail]) -> [ExplainedPiece] {
      details.map { ExplainedPiece(text: $0.text, meaning: $0.meaning ?? "not in the reference") }
    }
    text = event.text
    kind = event.kind
    title = event.title
    meaning = event.meaning
    modifiers = pieces(event.modifiers)
    terms = pieces(event.terms)
    members = event.members.map { ExplainedEvent($0) }
  }
}

/// What a command needs.
package struct ExplainedNeed: Encodable, Sendable {
  /// By the name of ``Need``.
  package let name: String
  /// A phrase.
  package let meaning: String
  /// What it is needed for: options and events as written.
  package let because: [String]
  /// Whether it is there on this machine; nil where that was not probed.
  package let met: Bool?
}

/// What is wrong, or worth to know.
package struct ExplainedMistake: Encodable, Sendable {
  package let id: String
  /// `error`, `warning` or `note`.
  package let level: String
  /// What is wrong.
  package let message: String
  /// What to do about it.
  package let mend: String
}

/// A recipe that a command is like.
package struct MatchedRecipe: Encodable, Sendable, Equatable {
  package let id: String
  package let title: String
  /// Whether it does the same; else it is only near.
  package let exact: Bool
}

/// What a line is explained against besides the reference itself: facts of a machine, where somebody has probed them.
package struct ExplainFacts: Sendable {
  /// The version of the perf in question; nil where it is not known.
  package let perfVersion: Need.Version?
  /// Whether a need is met; nil where it was not probed.
  package let isMet: @Sendable (Need) -> Bool?
  /// The tracepoints of the kernel as `SUBSYSTEM:NAME`; empty where they are not known. Only asked for lines that name one.
  package let tracepoints: @Sendable () -> [String]

  /// - Parameter isMet: nothing is probed unless given.
  package init(
    perfVersion: Need.Version? = nil, isMet: @escaping @Sendable (Need) -> Bool? = { _ in nil },
    tracepoints: @escaping @Sendable () -> [String] = { [] }
  ) {
    self.perfVersion = perfVersion
    self.tracepoints = tracepoints
    self.isMet = isMet
  }
}
