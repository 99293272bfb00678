/// One perf command, parsed: what its options are, what its words stand for.
struct PerfCall: Sendable {
  let subcommand: PerfSubcommand?
  let action: PerfSubcommand?
  /// Whether an action is needed and there is none, or the word that is none.
  let missingAction: Bool
  let unknownAction: String?
  /// In order: perf's own options, those of the subcommand, those of the action.
  let pieces: [ParsedPiece]
  /// Words behind the options that stand for no command.
  let words: [String]
  /// The command that is measured, with its arguments; empty where there is none.
  let command: [String]
  /// Whether `--` stands before the command.
  let hasTerminator: Bool

  /// The subcommand or action whose words and options count.
  var active: PerfSubcommand? { action ?? subcommand }

  /// The name of the subcommand, `perf` where there is none.
  var name: String { subcommand?.name ?? "perf" }

  /// Subcommand and action as people write them.
  var fullName: String { [name, action?.name ?? ""].filter { !$0.isEmpty }.joined(separator: " ") }

  /// The name of the subcommand whose options count: that of `perf sched record` is `record`.
  var role: String {
    guard let action else { return name }
    return action.passes ?? (name == "stat" && action.name == "record" ? "stat" : action.name)
  }

  /// The options that were given and are known.
  var given: [ParsedPiece] { pieces.filter { $0.kind == .option } }

  /// The pieces of an option by its key, switched off or not.
  func pieces(of key: String) -> [ParsedPiece] { given.filter { $0.option?.key == key } }

  /// The last value of an option that was not switched off.
  func value(of key: String) -> String? { pieces(of: key).last { !$0.isNegated }?.value }

  /// The keys of the options that were given, and what else conditions in `Data/perf/` ask for.
  var features: Set<String> {
    var result: Set<String> = []
    for piece in given {
      guard let option = piece.option else { continue }
      let key = option.key
      result.insert(piece.isNegated ? (key.hasPrefix("no-") ? String(key.dropFirst(3)) : "no-" + key) : key)
      for name in option.names where !piece.isNegated { result.insert(name) }
    }
    let hasTarget = !result.isDisjoint(with: ["pid", "tid", "all-cpus", "cpu", "uid", "cgroup", "for-each-cgroup"])
    if hasTarget { result.insert("target") }
    if !command.isEmpty { result.insert("command") }
    if !words.isEmpty || pieces.contains(where: { $0.kind == .word }) { result.insert("word") }
    let isWhole = !result.isDisjoint(with: ["all-cpus", "cpu"]) || !hasTarget && command.isEmpty
    if isWhole { result.insert("whole-system") }
    return result
  }

  /// Whether the command only waits.
  var onlySleeps: Bool { command.first.map { PerfCall.baseName($0) == "sleep" } ?? false }

  /// The name of a file without its directories.
  static func baseName(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }
}

/// Reads perf commands with the option book, as perf's own `main` and subcommands do.
struct PerfCallReader {
  let book: OptionBook
  let line: CommandLineBook
  /// Subcommands that were read before; for a reader of many commands.
  var loaded: [String: PerfSubcommand] = [:]

  private func subcommand(_ name: String) throws(RecipeError) -> PerfSubcommand? {
    if let known = loaded[name] { return known }
    return try book.subcommand(name)
  }

  /// - Parameter arguments: without the word perf itself.
  /// - Throws: ``ExplainError/unknownSubcommand(_:nearest:)``, or what is wrong with the data.
  func call(_ arguments: [String]) throws -> PerfCall {
    var pieces: [ParsedPiece] = []
    var start = 0
    // perf's own options: exact names, no clusters.
    while start < arguments.count, arguments[start].hasPrefix("-"), arguments[start] != "-" {
      let exact = line.globals.first { $0.names.contains(arguments[start]) && $0.argument == .none }
      if let exact {
        pieces.append(Self.piece(arguments[start], exact, index: start))
        start += 1
        continue
      }
      var parser = OptionParser(arguments, from: start, scopes: [.init(name: "perf", options: line.globals)])
      parser.runOne()
      pieces += parser.pieces
      start = max(parser.position, start + 1)
    }
    guard start < arguments.count else {
      return PerfCall(
        subcommand: nil, action: nil, missingAction: false, unknownAction: nil, pieces: pieces, words: [], command: [],
        hasTerminator: false)
    }
    let name = arguments[start]
    guard let subcommand = try self.subcommand(name) else {
      throw ExplainError.unknownSubcommand(name, nearest: book.nearest(to: name))
    }
    return try call(subcommand, arguments, from: start + 1, pieces)
  }

  private static func piece(_ text: String, _ option: PerfOption, index: Int) -> ParsedPiece {
    ParsedPiece(
      kind: .option, text: text, spelled: text, option: option, scope: "perf", value: nil, isNegated: false,
      isAbbreviated: false, isAttached: false, candidates: [], index: index)
  }

  private func call(
    _ subcommand: PerfSubcommand, _ arguments: [String], from start: Int, _ before: [ParsedPiece]
  ) throws -> PerfCall {
    var pieces = before
    var parser = OptionParser(arguments, from: start, scopes: try scopes(of: subcommand))
    parser.run(stops: subcommand.stops || !subcommand.actions.isEmpty)
    pieces += parser.pieces
    var position = parser.position
    var isTerminated = parser.pieces.last?.kind == .terminator
    guard !subcommand.actions.isEmpty, !isTerminated else {
      return finish(subcommand, nil, pieces, Array(arguments[position...]), isTerminated)
    }
    guard position < arguments.count else {
      let isMissing = subcommand.words == .action && !pieces.contains { $0.option?.key == "help" }
      return finish(subcommand, nil, pieces, [], false, missingAction: isMissing)
    }
    guard let action = Self.action(arguments[position], of: subcommand) else {
      let isUnknown = subcommand.words == .action
      return finish(
        subcommand, nil, pieces, Array(arguments[position...]), false,
        unknownAction: isUnknown ? arguments[position] : nil)
    }
    position += 1
    var inner = OptionParser(arguments, from: position, scopes: try scopes(of: action, in: subcommand))
    inner.run(stops: action.stops || action.words == .command)
    pieces += inner.pieces
    isTerminated = inner.pieces.last?.kind == .terminator
    return finish(subcommand, action, pieces, Array(arguments[inner.position...]), isTerminated)
  }

  /// perf takes the name of an action cut short to three letters or more, except for those of record and stat.
  private static func action(_ word: String, of subcommand: PerfSubcommand) -> PerfSubcommand? {
    if let exact = subcommand.actions.first(where: { $0.name == word }) { return exact }
    guard subcommand.words == .action, word.utf8.count >= 3 else { return nil }
    let candidates = subcommand.actions.filter { $0.name.hasPrefix(word) }
    return candidates.count == 1 ? candidates[0] : nil
  }

  private func scopes(of subcommand: PerfSubcommand) throws -> [OptionParser.Scope] {
    var result = [OptionParser.Scope(name: subcommand.name, options: subcommand.options)]
    if let name = subcommand.passes, let target = try self.subcommand(name) {
      result.append(OptionParser.Scope(name: name, options: target.options))
    }
    return result + [OptionParser.Scope(name: "perf", options: line.everywhere)]
  }

  private func scopes(of action: PerfSubcommand, in subcommand: PerfSubcommand) throws -> [OptionParser.Scope] {
    let name = subcommand.name + " " + action.name
    var result = [OptionParser.Scope(name: name, options: action.options)]
    if action.inherits { result.append(OptionParser.Scope(name: subcommand.name, options: subcommand.options)) }
    if let target = action.passes, let options = try self.subcommand(target)?.options {
      result.append(OptionParser.Scope(name: target, options: options))
    }
    return result + [OptionParser.Scope(name: "perf", options: line.everywhere)]
  }

  private func finish(
    _ subcommand: PerfSubcommand, _ action: PerfSubcommand?, _ pieces: [ParsedPiece], _ rest: [String],
    _ isTerminated: Bool, missingAction: Bool = false, unknownAction: String? = nil
  ) -> PerfCall {
    let isCommand = (action ?? subcommand).words == .command
    return PerfCall(
      subcommand: subcommand, action: action, missingAction: missingAction, unknownAction: unknownAction,
      pieces: pieces, words: isCommand ? [] : rest, command: isCommand ? rest : [], hasTerminator: isTerminated)
  }
}
