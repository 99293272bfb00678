/// Takes command lines apart: what each option means, what is left to defaults, what it needs, what is wrong with it.
///
/// It only reads: nothing is run, and of the reference only the files of the subcommands in the line are opened.
package struct PerfExplainer: Sendable {
  private let options: OptionBook
  private let line: CommandLineBook
  private let events: EventBook
  private let mistakes: MistakeBook
  private let vocabulary: Vocabulary
  private let recipes: [Recipe]

  /// - Parameter book: the recipes that a command is compared with.
  package init(_ book: RecipeBook) throws(RecipeError) {
    options = OptionBook()
    line = try CommandLineBook.bundled()
    events = try EventBook.bundled()
    mistakes = try MistakeBook.bundled()
    vocabulary = try Vocabulary.bundled()
    recipes = try book.recipes()
  }

  /// Explains the words of a command line; a single word is a whole line in a person's quotes, and is split by the rules
  /// of the shell.
  /// - Throws: ``ExplainError``, or a ``RecipeError`` where the reference is damaged.
  package func explain(_ words: [String], facts: ExplainFacts = ExplainFacts()) throws -> Explanation {
    guard words.count == 1 else { return try explain(ShellLine(arguments: words), facts) }
    do {
      return try explain(try ShellLine(words[0]), facts)
    } catch let error as ShellLineError {
      throw ExplainError.malformed(error)
    }
  }

  private func explain(_ shellLine: ShellLine, _ facts: ExplainFacts) throws -> Explanation {
    let heads = try shellLine.commands.map { try head($0) }
    guard let first = heads.first else { throw ExplainError.empty }
    guard heads.contains(where: \.isPerf) else { throw ExplainError.noPerf(first.program) }
    var result: [ExplainedCommand] = []
    for (index, command) in shellLine.commands.enumerated() {
      let nextIsPerf = index + 1 < heads.count && heads[index + 1].isPerf
      result.append(try explain(command, heads[index], nextIsPerf: nextIsPerf, facts))
    }
    return Explanation(commands: result)
  }

  // MARK: The command around perf

  /// Where the program of a command stands, and what is before it.
  private struct Head {
    let prefixes: [ExplainedPiece]
    /// The place of the program among the words; past the end where there is none.
    let start: Int
    let program: String
    /// Whether the program is perf, or was left out before a subcommand of perf.
    let isPerf: Bool
    /// The place of perf's first argument.
    let argumentStart: Int
  }

  private func head(_ command: ShellCommand) throws -> Head {
    var prefixes: [ExplainedPiece] = []
    var index = 0
    let words = command.words
    func skipAssignments() throws {
      while index < words.count, Self.isAssignment(words[index]) {
        prefixes.append(
          ExplainedPiece(text: words[index].source, meaning: try line.meaning(ofSign: "assignment")))
        index += 1
      }
    }
    try skipAssignments()
    while index < words.count, let wrapper = line.wrapper(PerfCall.baseName(words[index].text)) {
      let start = index
      index += 1
      while index < words.count, words[index].text.hasPrefix("-"), words[index].text != "-" {
        let option = words[index].text
        index += 1
        if option == "--" { break }
        if wrapper.valued.contains(option) { index += 1 }
      }
      index = min(index + wrapper.wordCount, words.count)
      let text = words[start..<index].map(\.source).joined(separator: " ")
      prefixes.append(ExplainedPiece(text: text, meaning: wrapper.meaning))
      try skipAssignments()
    }
    guard index < words.count else {
      return Head(prefixes: prefixes, start: index, program: "", isPerf: false, argumentStart: index)
    }
    let program = PerfCall.baseName(words[index].text)
    // A person may leave out the word perf; other programs have names of their own.
    if index == 0, !Self.isPerf(program), words.count > 1, options.names.contains(program) {
      return Head(prefixes: prefixes, start: index, program: "perf", isPerf: true, argumentStart: index)
    }
    return Head(
      prefixes: prefixes, start: index, program: program, isPerf: Self.isPerf(program), argumentStart: index + 1)
  }

  /// perf, or a perf of one version: perf_6.1, perf-6.8.
  private static func isPerf(_ program: String) -> Bool {
    guard program.hasPrefix("perf") else { return false }
    let rest = program.dropFirst(4)
    guard let sign = rest.first else { return true }
    return (sign == "_" || sign == "-") && (rest.dropFirst().first?.isNumber ?? false)
  }

  private static func isAssignment(_ word: ShellWord) -> Bool {
    let name = word.source.prefix { $0 != "=" }
    guard name.endIndex < word.source.endIndex, let first = name.utf8.first, !(0x30...0x39).contains(first) else {
      return false
    }
    return name.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
    }
  }

  private func explain(
    _ command: ShellCommand, _ head: Head, nextIsPerf: Bool, _ facts: ExplainFacts
  ) throws -> ExplainedCommand {
    let words = command.words[min(head.argumentStart, command.words.count)...]
    var expansions: [ExplainedPiece] = []
    for word in command.words {
      for expansion in word.expansions {
        let piece = ExplainedPiece(text: expansion.text, meaning: try line.meaning(ofSign: expansion.kind.rawValue))
        if !expansions.contains(where: { $0.text == piece.text }), expansions.count < 50 { expansions.append(piece) }
      }
    }
    let redirections = try command.redirections.map { redirection in
      let text = redirection.descriptor + redirection.sign + ShellText.quoted(redirection.target)
      var meaning = try line.meaning(ofSign: redirection.sign)
      if redirection.descriptor == "2" {
        meaning = meaning.replacing("standard output", with: "standard error")
      } else if !redirection.descriptor.isEmpty, redirection.descriptor != "1", redirection.descriptor != "0" {
        meaning += " (descriptor \(redirection.descriptor))"
      }
      return ExplainedPiece(text: text, meaning: meaning)
    }
    return ExplainedCommand(
      text: command.words.map(\.source).joined(separator: " "), prefixes: head.prefixes, program: head.program,
      programMeaning: head.isPerf ? nil : line.meaning(ofProgram: head.program), expansions: expansions,
      redirections: redirections,
      sign: try command.sign.map { sign in ExplainedPiece(text: sign, meaning: try line.meaning(ofSign: sign)) },
      perf: head.isPerf ? try perf(command, words, nextIsPerf: nextIsPerf, facts) : nil)
  }

  // MARK: perf

  private func perf(
    _ command: ShellCommand, _ words: ArraySlice<ShellWord>, nextIsPerf: Bool, _ facts: ExplainFacts
  ) throws -> ExplainedPerf {
    let reader = PerfCallReader(book: options, line: line)
    let call = try reader.call(words.map(\.text))
    var lists: [MistakeFinder.OptionEvents] = []
    for piece in call.given {
      guard let value = piece.value, !piece.isNegated else { continue }
      switch piece.option?.value {
      case "EVENTS":
        let list = try events.events(value)
        lists.append(.init(index: piece.index, events: list.events, flaws: list.flaws))
      case "CALLS":
        let list = try events.calls(value)
        lists.append(.init(index: piece.index, events: list.events, flaws: list.flaws))
      case "METRICS":
        lists.append(.init(index: piece.index, events: try events.metrics(value), flaws: []))
      default: break
      }
    }
    var finder = MistakeFinder(
      call, events: lists, shell: command, shellWords: words, facts: facts, book: mistakes, eventBook: events)
    finder.nextIsPerf = nextIsPerf
    let found = try finder.run()
    let explainedEvents = lists.flatMap(\.events)
    var features = call.features
    let leaves = explainedEvents.flatMap(\.leaves)
    if !leaves.isEmpty, leaves.allSatisfy({ ["tracepoint", "probe", "usdt"].contains($0.kind) }) {
      features.insert("tracepoints-only")
    }
    // A line that perf refuses is nearest to what it was meant to be, which nobody here knows.
    let recipe = try RecipeMatcher(reader, events).match(call, recipes)
    let isMeant = (recipe?.exact ?? false) || !found.contains { $0.level == .error }
    return ExplainedPerf(
      subcommand: call.subcommand?.name ?? "", action: call.action?.name,
      summary: call.active?.summary ?? "perf's own options, without a subcommand.",
      options: call.pieces.filter { $0.kind != .word }.map { option($0) },
      events: explainedEvents.map { ExplainedEvent($0) }, words: wordPieces(call), command: commandPiece(call),
      defaults: defaults(call, features), needs: try needs(call, features, explainedEvents, facts),
      mistakes: found.map { ExplainedMistake(id: $0.id, level: $0.level.rawValue, message: $0.says, mend: $0.mend) },
      recipe: isMeant ? recipe : nil)
  }

  private func option(_ piece: ParsedPiece) -> ExplainedOption {
    if piece.kind == .terminator {
      return ExplainedOption(
        text: "--", names: ["--"], value: nil, known: true, negated: false, of: "perf",
        meaning: "Ends perf's own options.", values: [], defaultValue: nil, needs: [], pitfalls: [], since: nil)
    }
    guard let option = piece.option else {
      return ExplainedOption(
        text: piece.text, names: [], value: nil, known: false, negated: false, of: piece.scope,
        meaning: "Not an option that the reference knows.", values: [], defaultValue: nil, needs: [], pitfalls: [],
        since: nil)
    }
    let parts = Set(
      (piece.value ?? "").split(separator: ",").map { $0.drop { $0 == "+" || $0 == "-" } }.map(String.init))
    let values = option.values.filter { parts.contains($0.word) }
    return ExplainedOption(
      text: piece.text, names: option.names, value: piece.value, known: true, negated: piece.isNegated,
      of: piece.scope, meaning: piece.isNegated ? "Switched off: " + option.meaning : option.meaning,
      values: values.map { ExplainedPiece(text: $0.word, meaning: $0.meaning) }, defaultValue: option.defaultValue,
      needs: option.needs.map(\.name), pitfalls: option.pitfalls, since: option.since?.description)
  }

  private func wordPieces(_ call: PerfCall) -> [ExplainedPiece] {
    let words = call.pieces.filter { $0.kind == .word }.map(\.text) + call.words
    guard !words.isEmpty, let kind = call.active?.words else { return [] }
    let meaning =
      switch kind {
      case .recording, .recordings: "a recording"
      case .probes: "a probe: where it is, and what it captures"
      case .kinds: "what to list: a kind of event, or names that match"
      case .script: "a script and its arguments"
      case .symbol: "a symbol"
      case .settings: "a setting"
      case .tests: "what to run"
      case .none, .command, .action, .any: "a word"
      }
    if kind == .probes { return [ExplainedPiece(text: ShellText.line(words), meaning: meaning)] }
    return words.map { ExplainedPiece(text: ShellText.quoted($0), meaning: meaning) }
  }

  private func commandPiece(_ call: PerfCall) -> ExplainedPiece? {
    guard let program = call.command.first else { return nil }
    let text = ShellText.line(call.command)
    if let meaning = line.meaning(ofProgram: PerfCall.baseName(program)) {
      return ExplainedPiece(text: text, meaning: meaning)
    }
    return ExplainedPiece(text: text, meaning: "the command that perf starts and measures")
  }

  private func defaults(_ call: PerfCall, _ features: Set<String>) -> [String] {
    guard !features.contains("help"), let active = call.active else { return [] }
    func holds(_ entry: PerfSubcommand.Default) -> Bool {
      entry.when.allSatisfy(features.contains)
        && !entry.unless.contains { features.contains($0) || features.contains("no-" + $0) }
    }
    var all = active.defaults
    if call.name == "stat", call.action?.name == "record" { all = call.subcommand?.defaults ?? [] }
    return all.filter(holds).map(\.says)
  }

  private func needs(
    _ call: PerfCall, _ features: Set<String>, _ events: [EventExplanation], _ facts: ExplainFacts
  ) throws(RecipeError) -> [ExplainedNeed] {
    guard !features.contains("help") else { return [] }
    var order: [Need] = []
    var because: [Need: [String]] = [:]
    func add(_ need: Need, _ reason: String) {
      if because[need] == nil { order.append(need) }
      if because[need, default: []].count < 10, !because[need, default: []].contains(reason) {
        because[need, default: []].append(reason)
      }
    }
    for need in (call.subcommand?.needs ?? []) + (call.action?.needs ?? []) { add(need, "perf " + call.fullName) }
    let measures = ["record", "stat", "top", "trace"].contains(call.role) && call.action?.name != "report"
    if measures, features.contains("whole-system"), call.action == nil, !features.contains("input") {
      add(.facility(.systemWide), features.contains("all-cpus") ? "-a" : features.contains("cpu") ? "-C" : "no target")
    } else if measures, call.action == nil, !features.contains("input") {
      add(.facility(.ownUser), features.contains("target") ? "the processes" : "the command")
    }
    for piece in call.given where !piece.isNegated {
      for need in piece.option?.needs ?? [] { add(need, piece.spelled) }
      for word in (piece.value ?? "").split(separator: ",") {
        for need in piece.option?.valueNeeds[String(word)] ?? [] { add(need, piece.text) }
      }
    }
    for event in events.flatMap(\.leaves) {
      for need in event.needs { add(need, event.text) }
      for modifier in event.modifiers where modifier.text == "k" { add(.facility(.ownKernel), event.text) }
      if event.modifiers.contains(where: { $0.text == "b" }) { add(.facility(.bpf), event.text) }
    }
    if call.name == "probe", measures == false {
      let changes = !call.words.isEmpty || features.contains("add") || features.contains("del")
      if changes, !features.contains("dry-run") {
        because[.facility(.kprobes)] = nil
        order.removeAll { $0 == .facility(.kprobes) }
        add(features.contains("exec") ? .facility(.uprobes) : .facility(.kprobes), "the probe")
      }
    }
    // A probe on a program needs nothing of the kernel's own functions; whole-system rights include one's own.
    if order.contains(.facility(.systemWide)) {
      order.removeAll { $0 == .facility(.ownUser) || $0 == .facility(.ownKernel) }
    }
    var result: [ExplainedNeed] = []
    for need in order {
      result.append(
        ExplainedNeed(
          name: need.name, meaning: try vocabulary.meaning(of: need), because: because[need] ?? [],
          met: facts.isMet(need)))
    }
    return result
  }
}
