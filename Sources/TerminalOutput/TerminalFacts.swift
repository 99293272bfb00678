import Glibc
import HostSystem

/// When output is coloured.
package enum ColorChoice: String, Sendable, CaseIterable {
  case auto
  case always
  case never
}

/// What is known of the place that output goes to: a value, so that tests choose it.
package struct TerminalFacts: Sendable, Equatable {
  /// Whether a person reads it on a terminal.
  package let isTerminal: Bool
  /// The width to lay text out for, in columns.
  package let columns: Int
  package let usesColor: Bool

  package init(isTerminal: Bool, columns: Int, usesColor: Bool) {
    self.isTerminal = isTerminal
    self.columns = columns
    self.usesColor = usesColor
  }

  /// Looks at a descriptor and the environment.
  ///
  /// Colour on `auto` needs a terminal, no `NO_COLOR` (no-color.org: set and not empty) and a `TERM` other than `dumb`.
  /// The width is the terminal's, else `COLUMNS`, else 80.
  package static func of(_ descriptor: Int32, color: ColorChoice, environment: [String: String]) -> TerminalFacts {
    let isTerminal = isatty(descriptor) == 1
    let fromTerminal = isTerminal ? terminalColumns(descriptor) ?? 0 : 0
    let fromEnvironment = environment["COLUMNS"].flatMap { Int($0) } ?? 0
    let columns = fromTerminal > 0 ? fromTerminal : fromEnvironment > 0 ? fromEnvironment : 80
    let usesColor =
      switch color {
      case .always: true
      case .never: false
      case .auto:
        isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != nil
          && environment["TERM"] != "dumb"
      }
    return TerminalFacts(isTerminal: isTerminal, columns: min(max(columns, 20), 1000), usesColor: usesColor)
  }
}
