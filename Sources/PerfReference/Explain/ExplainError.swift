package import HostSystem

/// Why a line cannot be explained.
package enum ExplainError: ReportableError, Equatable {
  /// There is no word in it.
  case empty
  /// No command of the line is perf's; the program that was found instead.
  case noPerf(String)
  /// perf has no such subcommand.
  case unknownSubcommand(String, nearest: [String])
  /// No shell would take the line.
  case malformed(ShellLineError)

  /// A line that no shell takes is bad data; the others are mistakes of the command line.
  package var failureKind: FailureKind {
    switch self {
    case .empty, .noPerf, .unknownSubcommand: .usage
    case .malformed: .badData
    }
  }

  /// What was found, and what to do.
  package var message: String {
    switch self {
    case .empty: "perf: nothing to explain; write the command behind --, or in quotes"
    case .noPerf(let program):
      "perf: \"\(Self.short(program))\" is no perf command; explain takes lines such as: perf record -F 99 -a -g -- sleep 10"
    case .unknownSubcommand(let name, let nearest) where nearest.isEmpty:
      "perf: perf has no subcommand \"\(Self.short(name))\"; \"perf help\" lists them"
    case .unknownSubcommand(let name, let nearest):
      "perf: perf has no subcommand \"\(Self.short(name))\"; did you mean \(nearest.joined(separator: ", "))?"
    case .malformed(let error): "perf: no shell would take this line: \(error.reason)"
    }
  }

  /// A word of any length, short enough for one line.
  private static func short(_ word: String) -> String {
    word.unicodeScalars.count <= 60 ? word : String(String.UnicodeScalarView(word.unicodeScalars.prefix(60))) + "..."
  }
}
