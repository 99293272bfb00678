/// A piece of a perf command line, as perf's own option parser takes it.
package struct ParsedPiece: Sendable {
  /// What a piece is.
  package enum Kind: Sendable, Equatable {
    case option
    case unknown
    case ambiguous
    case missingValue
    case unexpectedValue
    case notNegatable
    /// `--`
    case terminator
    /// A word that is no option.
    case word
  }

  package let kind: Kind
  /// The piece as written, value included: `-F 99`, `--freq=99`.
  package let text: String
  /// The option as written: `-F`; the word for a word.
  package let spelled: String
  package let option: PerfOption?
  /// The subcommand that the option is described under.
  package let scope: String
  package let value: String?
  /// Whether it is switched off (`--no-...`).
  package let isNegated: Bool
  /// Whether a long name was cut short.
  package let isAbbreviated: Bool
  /// Whether the value was in the same word.
  package let isAttached: Bool
  /// For an ambiguous option, the options that it could be.
  package let candidates: [String]
  /// The place of its first word among the arguments, from 0.
  package let index: Int
}

/// Takes options as perf does: clusters of letters, attached values, shortened long names, `--no-`.
///
/// Source of the rules: tools/lib/subcmd/parse-options.c of Linux, whose behaviour was tried out.
struct OptionParser {
  /// Options and the subcommand that describes them; earlier ones win.
  struct Scope {
    let name: String
    let options: [PerfOption]
  }

  private let scopes: [Scope]
  private let arguments: [String]
  private(set) var pieces: [ParsedPiece] = []
  /// The place of the next argument to read.
  private(set) var position: Int

  init(_ arguments: [String], from start: Int, scopes: [Scope]) {
    self.arguments = arguments
    position = start
    self.scopes = scopes
  }

  /// Reads to the end, to `--`, or to the first word where words end options.
  mutating func run(stops: Bool) {
    while position < arguments.count {
      let argument = arguments[position]
      if argument == "--" {
        add(.terminator, argument, spelled: argument)
        position += 1
        return
      }
      if argument.utf8.first != UInt8(ascii: "-") || argument.utf8.count == 1 {
        if stops { return }
        add(.word, argument, spelled: argument)
        position += 1
      } else if argument.hasPrefix("--") {
        readLong(argument)
      } else {
        readCluster(argument)
      }
    }
  }

  /// Reads the option at the present position, and its value.
  mutating func runOne() {
    guard position < arguments.count else { return }
    if arguments[position].hasPrefix("--") { readLong(arguments[position]) } else { readCluster(arguments[position]) }
  }

  private mutating func add(
    _ kind: ParsedPiece.Kind, _ text: String, spelled: String, option: PerfOption? = nil, scope: String = "",
    value: String? = nil, isNegated: Bool = false, isAbbreviated: Bool = false, isAttached: Bool = false,
    candidates: [String] = []
  ) {
    pieces.append(
      ParsedPiece(
        kind: kind, text: text, spelled: spelled, option: option, scope: scope, value: value, isNegated: isNegated,
        isAbbreviated: isAbbreviated, isAttached: isAttached, candidates: candidates, index: position))
  }

  // MARK: Long names

  private struct Match {
    let option: PerfOption
    let scope: String
    let name: String
    let isNegated: Bool
  }

  private mutating func readLong(_ argument: String) {
    let body = argument.dropFirst(2)
    let name = String(body.prefix { $0 != "=" })
    let attached = name.utf8.count < body.utf8.count ? String(body.dropFirst(name.count + 1)) : nil
    var abbreviated: [Match] = []
    for scope in scopes {
      for option in scope.options {
        for long in option.names where long.hasPrefix("--") {
          let full = String(long.dropFirst(2))
          guard let (match, isExact) = Self.match(name, full, option, scope.name) else { continue }
          if isExact { return finishLong(match, argument, attached, isAbbreviated: false) }
          if !abbreviated.contains(where: { $0.option.names == option.names }) { abbreviated.append(match) }
        }
      }
    }
    if abbreviated.count == 1 { return finishLong(abbreviated[0], argument, attached, isAbbreviated: true) }
    add(
      abbreviated.isEmpty ? .unknown : .ambiguous, argument, spelled: "--" + name,
      candidates: abbreviated.map { "--" + $0.name })
    position += 1
  }

  /// Whether a name as written is an option's, in full or cut short, switched on or off.
  private static func match(
    _ name: String, _ full: String, _ option: PerfOption, _ scope: String
  ) -> (Match, isExact: Bool)? {
    func result(_ isNegated: Bool, _ isExact: Bool) -> (Match, isExact: Bool) {
      (Match(option: option, scope: scope, name: full, isNegated: isNegated), isExact)
    }
    guard !name.isEmpty else { return nil }
    if full == name { return result(false, true) }
    if full.hasPrefix("no-") {
      let positive = full.dropFirst(3)
      if positive == name { return result(true, true) }
      if positive.hasPrefix(name) { return result(true, false) }
    }
    if name.hasPrefix("no-") {
      let positive = name.dropFirst(3)
      if full == positive { return result(true, true) }
      if !positive.isEmpty, full.hasPrefix(positive) { return result(true, false) }
    }
    return full.hasPrefix(name) ? result(false, false) : nil
  }

  private mutating func finishLong(_ match: Match, _ argument: String, _ attached: String?, isAbbreviated: Bool) {
    let spelled = String(argument.prefix { $0 != "=" })
    let option = match.option
    func piece(_ parser: inout OptionParser, _ kind: ParsedPiece.Kind, _ text: String, _ value: String?) {
      parser.add(
        kind, text, spelled: spelled, option: option, scope: match.scope, value: value, isNegated: match.isNegated,
        isAbbreviated: isAbbreviated, isAttached: attached != nil)
    }
    if match.isNegated {
      piece(&self, option.isNegatable ? (attached == nil ? .option : .unexpectedValue) : .notNegatable, argument, nil)
      position += 1
      return
    }
    if option.argument == .none {
      piece(&self, attached == nil ? .option : .unexpectedValue, argument, nil)
      position += 1
      return
    }
    if let attached {
      piece(&self, .option, argument, attached)
      position += 1
      return
    }
    let next = nextValue(option)
    switch next {
    case .none: piece(&self, .option, argument, nil)
    case .missing: piece(&self, .missingValue, argument, nil)
    case .word(let value):
      piece(&self, .option, ShellText.line([argument, value]), value)
      position += 1
    }
    position += 1
  }

  // MARK: Letters

  private mutating func readCluster(_ argument: String) {
    let letters = Array(argument.dropFirst())
    var index = 0
    while index < letters.count {
      let spelled = "-\(letters[index])"
      index += 1
      guard let (option, scope) = find(spelled) else {
        // perf gives up here; what the rest of the letters means nobody knows.
        add(.unknown, argument, spelled: spelled)
        break
      }
      guard option.argument != .none else {
        // A letter that is repeated for emphasis (-vv, -ddd) is one piece.
        let letter = letters[index - 1]
        let run = letters[index...].prefix { $0 == letter }
        index = run.endIndex
        add(.option, spelled + String(run), spelled: spelled, option: option, scope: scope)
        continue
      }
      if index < letters.count {
        let value = String(letters[index...])
        add(
          .option, ShellText.quoted(spelled + value), spelled: spelled, option: option, scope: scope, value: value,
          isAttached: true)
        break
      }
      switch nextValue(option) {
      case .none: add(.option, spelled, spelled: spelled, option: option, scope: scope)
      case .missing: add(.missingValue, spelled, spelled: spelled, option: option, scope: scope)
      case .word(let value):
        add(
          .option, ShellText.line([spelled, value]), spelled: spelled, option: option, scope: scope, value: value)
        position += 1
      }
    }
    position += 1
  }

  private func find(_ name: String) -> (PerfOption, String)? {
    for scope in scopes {
      for option in scope.options where option.names.contains(name) { return (option, scope.name) }
    }
    return nil
  }

  private enum NextValue {
    case none
    case missing
    case word(String)
  }

  private func nextValue(_ option: PerfOption) -> NextValue {
    let next = position + 1 < arguments.count ? arguments[position + 1] : nil
    switch option.argument {
    case .none, .attached: return .none
    case .required: return next.map { .word($0) } ?? .missing
    case .optional:
      guard let next, next.utf8.first != UInt8(ascii: "-") else { return .none }
      return .word(next)
    }
  }
}
