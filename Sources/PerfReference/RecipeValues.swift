package import HostSystem

/// What stands in the gaps of a recipe's command: given by somebody, or the recipe's own defaults.
package struct RecipeValues: Sendable, Equatable {
  private let recipe: Recipe
  private var given: [String: [String]] = [:]

  /// Takes `NAME=VALUE` and the words of a command. Values are never split or looked into: everything behind the first `=`
  /// is one argument.
  /// - Parameter command: fills the gap of type ``Placeholder/Kind/command``, one argument for each word.
  /// - Throws: ``FillError``
  package init(_ recipe: Recipe, assignments: [String] = [], command: [String] = []) throws(FillError) {
    self.recipe = recipe
    for text in assignments {
      // Among the bytes: a value may begin with a sign that joins what is before it.
      guard let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")), equals > text.startIndex else {
        throw .noAssignment(recipe: recipe.id, text)
      }
      let name = text[..<equals].lowercased()
      guard let gap = recipe.placeholders.first(where: { $0.name == name }) else {
        throw .unknownName(recipe: recipe.id, name, known: recipe.placeholders.map(\.name))
      }
      guard given[name] == nil else { throw .givenTwice(recipe: recipe.id, name) }
      let value = String(text[text.utf8.index(after: equals)...])
      if let form = gap.kind.form, !form.accepts(value) {
        throw .wrongValue(recipe: recipe.id, name, value: value, expected: form.words)
      }
      given[name] = [value]
    }
    guard !command.isEmpty else { return }
    guard let gap = commandGap else { throw .takesNoCommand(recipe: recipe.id) }
    guard given[gap.name] == nil else { throw .givenTwice(recipe: recipe.id, gap.name) }
    given[gap.name] = command
  }

  private var commandGap: Placeholder? {
    let names = recipe.command.placeholderNames
    return recipe.placeholders.first { $0.kind == .command && names.contains($0.name) }
  }

  /// The gaps of the command that nothing was given for, in its order.
  package var open: [Placeholder] {
    let declared = Dictionary(recipe.placeholders.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    return recipe.command.placeholderNames.compactMap { declared[$0] }.filter { given[$0.name] == nil }
  }

  /// The open gaps that have no default either.
  package var missing: [Placeholder] { open.filter { $0.defaultValue == nil } }

  /// Fills a gap.
  package mutating func fill(_ name: String, _ values: [String]) { given[name] = values }

  /// The arguments of the command, `perf` the first of them.
  /// - Throws: ``FillError/missing(recipe:names:)``
  package func arguments() throws(FillError) -> [String] {
    let missing = missing
    guard missing.isEmpty else { throw .missing(recipe: recipe.id, names: missing.map(\.name)) }
    return recipe.command.arguments { value(of: $0) ?? [] }
  }

  /// The command with names in capitals where nothing stands.
  package func draft() -> [String] { draft(recipe.command) }

  /// The commands that usually follow, with the same values; names in capitals where nothing stands.
  package func next() -> [[String]] { recipe.next.map(draft) }

  private func draft(_ template: CommandTemplate) -> [String] {
    template.arguments { value(of: $0) ?? [$0.uppercased()] }
  }

  private func value(of name: String) -> [String]? {
    given[name] ?? recipe.placeholders.first { $0.name == name }?.defaultValue.map { [$0] }
  }
}

/// What a value has to look like, where its kind says so. What perf and sleep(1) take passes; the rest is theirs to judge.
struct ValueForm {
  let words: String
  let accepts: (String) -> Bool

  /// Whole numbers, or ranges of them, with commas between.
  static func numbers(_ words: String, ranges: Bool = false) -> ValueForm {
    ValueForm(words: words) { value in
      value.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { part in
        let ends = ranges ? part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false) : [part]
        return ends.allSatisfy(isWhole)
      }
    }
  }

  /// A number with one of some units behind it, or with none.
  static func number(_ words: String, units: [String], hasFraction: Bool = false) -> ValueForm {
    ValueForm(words: words) { value in
      let unit = units.filter(value.hasSuffix).max { $0.count < $1.count } ?? ""
      let parts = value.dropLast(unit.count).split(separator: ".", omittingEmptySubsequences: false)
      return parts.count <= (hasFraction ? 2 : 1) && parts.allSatisfy(isWhole)
    }
  }

  private static func isWhole(_ text: Substring) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }
}

extension Placeholder.Kind {
  /// nil where any value may be right.
  var form: ValueForm? {
    switch self {
    case .pid: .numbers("a process id, or several with commas")
    case .tid: .numbers("a thread id, or several with commas")
    case .cpu: .numbers("CPU numbers, such as 0 or 0-3 or 1,5", ranges: true)
    case .duration: .number("a time in seconds", units: ["s", "m", "h", "d"], hasFraction: true)
    case .interval: .number("a time, such as 1000 or 1s", units: ["us", "ms", "s", "m"], hasFraction: true)
    case .count: .number("a whole number", units: [])
    case .size: .number("a size, such as 4096 or 8M", units: ["K", "M", "G", "B", "k", "m", "g"])
    default: nil
    }
  }
}

/// What is wrong with the values for a recipe.
package enum FillError: ReportableError, Equatable {
  /// A word that is no `NAME=VALUE`.
  case noAssignment(recipe: String, String)
  /// A name that no gap of the recipe has.
  case unknownName(recipe: String, String, known: [String])
  case givenTwice(recipe: String, String)
  /// A value of another form than the gap's.
  case wrongValue(recipe: String, String, value: String, expected: String)
  /// There is a command, and no gap for one.
  case takesNoCommand(recipe: String)
  /// Gaps that have no default and that nobody filled.
  case missing(recipe: String, names: [String])

  package var failureKind: FailureKind { .usage }

  package var message: String {
    switch self {
    case .noAssignment(let recipe, let text):
      "perf: \(recipe): \"\(text)\" is no NAME=VALUE; a command stands behind --"
    case .unknownName(let recipe, let name, let known) where known.isEmpty:
      "perf: \(recipe): there is nothing to fill in, so no \"\(name)\""
    case .unknownName(let recipe, let name, let known):
      "perf: \(recipe): nothing is called \"\(name)\"; there are \(known.joined(separator: ", "))"
    case .givenTwice(let recipe, let name): "perf: \(recipe): \"\(name)\" is given twice"
    case .wrongValue(let recipe, let name, let value, let expected):
      "perf: \(recipe): \(name)=\(value): expected \(expected)"
    case .takesNoCommand(let recipe):
      "perf: \(recipe): it takes no command; \"toolbox perf show \(recipe)\" says what it takes"
    case .missing(let recipe, let names):
      "perf: \(recipe): \(names.map { $0 == "command" ? "-- COMMAND" : "\($0)=..." }.joined(separator: " ")) is missing"
    }
  }
}

/// Why a recipe is not run.
package enum RunError: ReportableError, Equatable {
  /// The machine lacks what it needs; `alternative` can run.
  case cannotRun(recipe: String, why: String, alternative: String?)
  /// Nobody chose or answered.
  case nothingChosen

  package var failureKind: FailureKind {
    switch self {
    case .cannotRun: .unavailable
    case .nothingChosen: .refused
    }
  }

  package var message: String {
    switch self {
    case .cannotRun(let recipe, let why, let alternative?):
      "perf: \(recipe) cannot run here: \(why); \(alternative) can: toolbox perf run \(alternative)"
    case .cannotRun(let recipe, let why, nil):
      "perf: \(recipe) cannot run here: \(why); \"toolbox perf doctor\" says more"
    case .nothingChosen: "perf: nothing was chosen, so nothing was run"
    }
  }
}
