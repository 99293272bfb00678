import BundledData
import DataTree

/// An option of a perf subcommand.
package struct PerfOption: Sendable, Equatable {
  /// How the value of an option is given.
  package enum Argument: String, Sendable, CaseIterable {
    /// It has none.
    case none
    /// Attached or as the next word.
    case required
    /// Attached or not at all: `-z`, `-z3`, `--aio=2`.
    case attached
    /// Attached, or the next word unless that begins with a hyphen.
    case optional
  }

  /// As written, hyphens included, short ones first.
  package let names: [String]
  /// What the value is, in capitals, or the words to choose from; nil where there is none.
  package let value: String?
  package let argument: Argument
  /// One or two sentences.
  package let meaning: String
  /// What single words of the value mean.
  package let values: [(word: String, meaning: String)]
  /// What single words of the value need besides.
  package let valueNeeds: [String: [Need]]
  /// What holds without the option.
  package let defaultValue: String?
  package let needs: [Need]
  /// A sentence each.
  package let pitfalls: [String]
  /// The first perf that has it, where that is not old.
  package let since: Need.Version?
  /// The first perf that does not have it any more.
  package let until: Need.Version?
  /// The build facility without which a perf lacks it.
  package let build: String?
  /// perf takes it and does not list it.
  package let isHidden: Bool
  /// Whether `--no-NAME` is taken.
  package let isNegatable: Bool

  /// The long name without hyphens, or the short one with its hyphen.
  package var key: String { names.first { $0.hasPrefix("--") }.map { String($0.dropFirst(2)) } ?? names[0] }

  /// The long name, else the short one.
  package var mainName: String { names.last ?? "" }

  package static func == (left: Self, right: Self) -> Bool {
    left.names == right.names && left.meaning == right.meaning
  }
}

/// A subcommand of perf, or an action of one (`perf sched record`).
package struct PerfSubcommand: Sendable {
  /// What words that are no options stand for.
  package enum Words: String, Sendable, CaseIterable {
    case none, command, recording, recordings, probes, kinds, action, script, symbol, settings, tests, any
  }

  /// What holds when something is not given.
  package struct Default: Sendable {
    /// Keys of options, or `target`, `command`, `word`, `tracepoints-only`: all of them hold.
    let when: [String]
    /// None of these holds.
    let unless: [String]
    /// A sentence.
    let says: String
  }

  package let name: String
  /// A sentence.
  package let summary: String
  package let words: Words
  /// Whether the first word that is no option ends the options.
  package let stops: Bool
  /// For an action: whether the options of the subcommand are taken behind it too.
  package let inherits: Bool
  /// The subcommand that gets what this one does not know.
  package let passes: String?
  package let needs: [Need]
  package let options: [PerfOption]
  package let actions: [PerfSubcommand]
  package let defaults: [Default]
}

/// The meanings of perf's options: `Data/perf/options/`, one file a subcommand, each read when it is asked for.
package struct OptionBook: Sendable {
  /// The shipped book.
  package init() {}

  /// The names of all subcommands, sorted.
  package var names: [String] {
    BundledFile.inside("perf/options").map { file in
      String(file.path.description.dropFirst("perf/options/".count).dropLast(".yaml".count))
    }
  }

  /// A subcommand with its options; nil when perf has none of the name.
  package func subcommand(_ name: String) throws(RecipeError) -> PerfSubcommand? {
    let path = "perf/options/\(name).yaml"
    guard !name.contains("/"), let tree = BundledFile.at(path)?.tree else { return nil }
    return try OptionReader(tree, file: "Data/" + path).subcommand()
  }

  /// The subcommands whose names are nearest to a misspelt one; at most three.
  package func nearest(to name: String) -> [String] { nearestNames(to: name, in: names) }
}

/// The names nearest to a misspelt one, the nearest first; at most three.
func nearestNames(to wanted: String, in names: [String]) -> [String] {
  let word = Array(wanted.lowercased().utf8.prefix(40))
  let limit = word.count >= 7 ? 3 : word.count >= 4 ? 2 : 1
  let scored = names.enumerated().compactMap { place, name -> (distance: Int, place: Int, name: String)? in
    if word.count >= 3, name.utf8.starts(with: word) { return (0, place, name) }
    return wordDistance(word, Array(name.lowercased().utf8), limit: limit).map { ($0, place, name) }
  }
  var result: [String] = []
  for entry in scored.sorted(by: { ($0.distance, $0.place) < ($1.distance, $1.place) })
  where !result.contains(entry.name) {
    result.append(entry.name)
  }
  return Array(result.prefix(3))
}

/// Reads the file of a subcommand, and says precisely what is wrong with it.
struct OptionReader {
  private let tree: DataTree
  private let place: RecipePlace

  init(_ tree: DataTree, file: String) {
    self.tree = tree
    place = RecipePlace(file: file, recipe: tree.string("subcommand"))
  }

  private static let subcommandKeys: Set<String> = [
    "subcommand", "name", "summary", "words", "stops", "inherits", "passes", "needs", "options", "actions", "defaults",
  ]
  private static let optionKeys: Set<String> = [
    "names", "value", "takes", "meaning", "values", "value-needs", "default", "needs", "pitfalls", "since", "until",
    "build", "hidden",
    "negatable",
  ]

  func subcommand() throws(RecipeError) -> PerfSubcommand { try subcommand(tree, named: "subcommand") }

  private func subcommand(_ tree: DataTree, named key: StaticString) throws(RecipeError) -> PerfSubcommand {
    try refuseUnknownKeys(tree, Self.subcommandKeys)
    var actions: [PerfSubcommand] = []
    for action in tree["actions"]?.items ?? [] { actions.append(try subcommand(action, named: "name")) }
    var defaults: [PerfSubcommand.Default] = []
    for item in tree["defaults"]?.items ?? [] {
      defaults.append(
        PerfSubcommand.Default(
          when: item.strings("when"), unless: item.strings("unless"), says: try text(item, "says")))
    }
    return PerfSubcommand(
      name: try text(tree, key), summary: try text(tree, "summary"), words: try choice(tree, "words") ?? .none,
      stops: try flag(tree, "stops"), inherits: try flag(tree, "inherits"), passes: tree.string("passes"),
      needs: try needs(tree), options: try options(tree["options"]?.items ?? []), actions: actions, defaults: defaults)
  }

  func options(_ items: [DataTree]) throws(RecipeError) -> [PerfOption] {
    var result: [PerfOption] = []
    result.reserveCapacity(items.count)
    for item in items { result.append(try option(item)) }
    return result
  }

  private func option(_ tree: DataTree) throws(RecipeError) -> PerfOption {
    try refuseUnknownKeys(tree, Self.optionKeys)
    let names = tree.strings("names")
    guard !names.isEmpty, names.allSatisfy({ $0.hasPrefix("-") && $0.utf8.count > 1 }) else {
      throw .missingKey(place, key: "options.names")
    }
    let value = tree.string("value")
    let argument: PerfOption.Argument = try choice(tree, "takes") ?? (value == nil ? .none : .required)
    guard (argument == .none) == (value == nil) else { throw .missingKey(place, key: "options.\(names[0]).value") }
    return PerfOption(
      names: names, value: value, argument: argument, meaning: try text(tree, "meaning"),
      values: (tree["values"]?.entries ?? []).compactMap { entry in
        entry.value.string.map { (word: entry.key, meaning: $0) }
      },
      valueNeeds: try valueNeeds(tree), defaultValue: tree.string("default"), needs: try needs(tree),
      pitfalls: tree.strings("pitfalls"),
      since: try version(tree, "since"), until: try version(tree, "until"), build: tree.string("build"),
      isHidden: try flag(tree, "hidden"), isNegatable: try flag(tree, "negatable", whenAbsent: true))
  }

  private func valueNeeds(_ tree: DataTree) throws(RecipeError) -> [String: [Need]] {
    var result: [String: [Need]] = [:]
    for entry in tree["value-needs"]?.entries ?? [] {
      result[entry.key] = try needs(entry.value.items.compactMap(\.string))
    }
    return result
  }

  func needs(_ tree: DataTree) throws(RecipeError) -> [Need] { try needs(tree.strings("needs")) }

  private func needs(_ names: [String]) throws(RecipeError) -> [Need] {
    var result: [Need] = []
    for name in names {
      guard let need = Need(name) else {
        throw .unknownValue(place, key: "needs", found: name, expected: "a name of Data/perf/vocabulary.yaml")
      }
      result.append(need)
    }
    return result
  }

  private func version(_ tree: DataTree, _ key: StaticString) throws(RecipeError) -> Need.Version? {
    guard let text = tree.string(key) else { return nil }
    guard let version = Need.Version(text) else {
      throw .unknownValue(place, key: "\(key)", found: text, expected: "a version such as '6.4'")
    }
    return version
  }

  private func flag(_ tree: DataTree, _ key: StaticString, whenAbsent: Bool = false) throws(RecipeError) -> Bool {
    switch tree.string(key) {
    case nil: return whenAbsent
    case "true": return true
    case "false": return false
    case let found?: throw .unknownValue(place, key: "\(key)", found: found, expected: "true or false")
    }
  }

  private func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ tree: DataTree, _ key: StaticString
  ) throws(RecipeError) -> Choice? {
    guard let found = tree.string(key) else { return nil }
    guard let choice = Choice(rawValue: found) else {
      throw .unknownValue(
        place, key: "\(key)", found: found,
        expected: "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return choice
  }

  private func text(_ tree: DataTree, _ key: StaticString) throws(RecipeError) -> String {
    guard let text = tree.string(key), !text.isEmpty else { throw .missingKey(place, key: "\(key)") }
    return text
  }

  private func refuseUnknownKeys(_ tree: DataTree, _ known: Set<String>) throws(RecipeError) {
    for entry in tree.entries where !known.contains(entry.key) { throw .unknownKey(place, key: entry.key) }
  }
}
