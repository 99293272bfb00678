/// Looks for mistakes in one perf command. What they are called and how they are mended stands in the ``MistakeBook``; what
/// options alone tell does too, and is not looked for here.
struct MistakeFinder {
  private let call: PerfCall
  private let features: Set<String>
  private let events: [OptionEvents]
  private let shell: ShellCommand
  /// The words of perf alone, with what a shell would do to them.
  private let shellWords: ArraySlice<ShellWord>
  private let facts: ExplainFacts
  private let book: MistakeBook
  private let eventBook: EventBook
  private(set) var found: [Mistake] = []
  /// A line of thousands of wrong words gets no thousands of suggestions.
  private var suggestions = 20

  /// The events of one option, by the place of the option among the arguments.
  struct OptionEvents {
    let index: Int
    let events: [EventExplanation]
    let flaws: [EventFlaw]
  }

  init(
    _ call: PerfCall, events: [OptionEvents], shell: ShellCommand, shellWords: ArraySlice<ShellWord>,
    facts: ExplainFacts, book: MistakeBook, eventBook: EventBook
  ) {
    self.call = call
    features = call.features
    self.events = events
    self.shell = shell
    self.shellWords = shellWords
    self.facts = facts
    self.book = book
    self.eventBook = eventBook
  }

  /// All that was found, errors first; every mistake with the same words once.
  mutating func run() throws(RecipeError) -> [Mistake] {
    try options()
    try words()
    try values()
    try stacks()
    try targets()
    try eventLists()
    try shellSigns()
    try probes()
    for rule in book.rules where rule.applies(to: call.role, features) { try add(rule.id) }
    var result: [Mistake] = []
    for level in Mistake.Level.allCases {
      for mistake in found where mistake.level == level && !result.contains(mistake) {
        // Beyond some dozens nobody reads on, and comparing each with each would take its time.
        if result.count < 50 { result.append(mistake) }
      }
    }
    return result
  }

  private mutating func add(_ id: String, _ values: [String: String] = [:]) throws(RecipeError) {
    guard found.count < 500 else { return }
    found.append(try book.mistake(id, values.mapValues(Self.short)))
  }

  private func has(_ id: String) -> Bool { found.contains { $0.id == id } }

  /// A value of any length, short enough for a sentence.
  private static func short(_ text: String) -> String {
    text.utf8.count <= 120 ? text : String(String.UnicodeScalarView(text.unicodeScalars.prefix(100))) + "..."
  }

  // MARK: Options

  private mutating func options() throws(RecipeError) {
    for piece in call.pieces {
      switch piece.kind {
      case .word, .terminator: break
      case .unknown: try unknown(piece)
      case .ambiguous:
        try add(
          "ambiguous-option", ["option": piece.spelled, "candidates": piece.candidates.joined(separator: ", ")])
      case .missingValue:
        try add("missing-value", ["option": piece.spelled, "value": piece.option?.value ?? ""])
      case .unexpectedValue: try add("unexpected-value", ["option": piece.spelled])
      case .notNegatable:
        try add("not-negatable", ["option": piece.spelled, "name": piece.option?.mainName ?? ""])
      case .option: try known(piece)
      }
    }
  }

  private mutating func unknown(_ piece: ParsedPiece) throws(RecipeError) {
    if piece.spelled == "-f" || piece.spelled == "--force", ["record", "stat"].contains(call.role) {
      return try add("force-of-record", ["subcommand": call.fullName])
    }
    if call.role == "record", piece.spelled == "-A" || piece.spelled == "--append" {
      return try add("append-of-record")
    }
    var mend = "perf \(call.fullName) -h lists those that there are"
    suggestions -= 1
    if suggestions >= 0 {
      let names = (call.active?.options ?? []) + (call.subcommand?.options ?? [])
      let long = names.flatMap(\.names).filter { $0.hasPrefix("--") }.map { String($0.dropFirst(2)) }
      let nearest = piece.spelled.hasPrefix("--") ? nearestNames(to: String(piece.spelled.dropFirst(2)), in: long) : []
      if !nearest.isEmpty { mend = "did you mean " + nearest.map { "--" + $0 }.joined(separator: ", ") + "?" }
    }
    try add("unknown-option", ["subcommand": call.fullName, "option": piece.spelled, "nearest": mend])
  }

  private mutating func known(_ piece: ParsedPiece) throws(RecipeError) {
    guard let option = piece.option else { return }
    if piece.isAbbreviated { try add("abbreviated-option", ["option": piece.spelled, "name": option.mainName]) }
    if let since = option.since {
      if let version = facts.perfVersion {
        if version < since {
          try add(
            "option-from-other-version",
            ["option": piece.spelled, "version": version.description, "since": since.description])
        }
      } else if Need.Version(major: 6, minor: 1) < since {
        try add("option-not-everywhere", ["option": piece.spelled, "since": since.description])
      }
    }
    if let build = option.build { try add("option-needs-build", ["option": piece.spelled, "build": build]) }
  }

  // MARK: Words

  private mutating func words() throws(RecipeError) {
    let names = call.subcommand?.actions.map(\.name).joined(separator: ", ") ?? ""
    if call.missingAction { try add("missing-action", ["subcommand": call.name, "candidates": names]) }
    if let word = call.unknownAction {
      return try add("unknown-action", ["subcommand": call.name, "word": word, "candidates": names])
    }
    let words = call.pieces.filter { $0.kind == .word }.map(\.text) + call.words
    if call.name == "kmem", call.action?.name == "stat", let first = (call.pieces.map(\.text) + words).last,
      call.pieces.contains(where: { $0.scope != "kmem" && $0.kind != .terminator }) || !words.isEmpty
    {
      found.removeAll { $0.id == "unknown-option" }
      return try add("kmem-options", ["word": first])
    }
    if call.role == "script", features.contains("force"), let first = words.first, first.contains(",") {
      return try add("fields-of-script", ["word": first])
    }
    if call.active?.words == PerfSubcommand.Words.none, let first = words.first {
      try add("unexpected-word", ["subcommand": call.fullName, "word": first])
    }
    if call.subcommand?.stops == true, call.command.isEmpty,
      let option = call.words.dropFirst().first(where: Self.isOption),
      call.active?.words != .script, call.active?.words != .any
    {
      try add("option-after-word", ["subcommand": call.fullName, "option": option])
    }
    if call.name == "trace", call.action?.name == "record" { try add("trace-record") }
    if call.name == "sched", call.action?.name == "script" { try add("old-sched-script") }
    try commandWords()
  }

  private static func isOption(_ word: String) -> Bool { word.utf8.first == UInt8(ascii: "-") && word.utf8.count > 1 }

  private mutating func commandWords() throws(RecipeError) {
    guard let program = call.command.first else { return }
    let stackWords = ["dwarf", "fp", "lbr"]
    let isAfterG = call.pieces.last.map { $0.spelled == "-g" } ?? false
    if isAfterG, !call.hasTerminator, call.role == "record" || call.role == "top",
      stackWords.contains(String(program.prefix { $0 != "," }))
    {
      return try add("call-graph-after-g", ["word": program])
    }
    if PerfCall.baseName(program) == "perf" { try add("needless-perf") }
    guard !call.hasTerminator else { return }
    let arguments = call.command.dropFirst()
    guard arguments.contains(where: Self.isOption) else { return }
    // What perf would have taken: any option after sleep, which has none, and events after any command.
    for (index, argument) in zip(arguments.indices, arguments) where Self.isOption(argument) {
      let next = index + 1 < call.command.count ? call.command[index + 1] : nil
      let isEvent = argument == "-e" && next.map { isEventLike($0) } ?? false
      let isSleeps = call.onlySleeps && argument != "--help" && argument != "--version"
      let isStack = argument == "--call-graph"
      if isEvent || isSleeps || isStack {
        return try add("event-after-command", ["option": argument, "command": program])
      }
    }
    try add("missing-terminator")
  }

  private func isEventLike(_ text: String) -> Bool {
    let first = String(text.prefix { $0 != "," && $0 != ":" && $0 != "/" })
    return eventBook.isKnown(first) || text.contains(":")
  }

  // MARK: Values

  private mutating func values() throws(RecipeError) {
    for piece in call.given where !piece.isNegated {
      guard let value = piece.value, let option = piece.option, !value.contains("$"), !value.contains("`") else {
        continue
      }
      switch option.value {
      case "N", "MS", "SECONDS", "CYCLES", "PRIORITY":
        let isNumber = Double(value) != nil || value.hasPrefix("0x") || option.key == "delay"
        if !isNumber { try number(piece, "write a number such as 10") }
      case "PIDS", "TIDS", "PID":
        let isList = value.split(separator: ",").allSatisfy { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
        let isName = value.utf8.allSatisfy { (0x41...0x5A).contains($0) || $0 == 0x5F }
        if !isList, !isName { try number(piece, "pgrep NAME prints the ids of a program's processes") }
      case "RATE": try frequency(piece, value)
      default: break
      }
      if option.key == "interval-print", let milliseconds = Int(value), (1..<100).contains(milliseconds) {
        try add("interval-short", ["value": value])
      }
    }
  }

  private mutating func number(_ piece: ParsedPiece, _ hint: String) throws(RecipeError) {
    try add("not-a-number", ["option": piece.spelled, "word": piece.value ?? "", "hint": hint])
  }

  private mutating func frequency(_ piece: ParsedPiece, _ value: String) throws(RecipeError) {
    if value == "max" { return }
    guard let rate = Int(value) else {
      if !value.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) { try number(piece, "99 is a good choice") }
      return
    }
    if rate > 100_000 {
      try add("frequency-too-high", ["rate": value])
    } else if rate > 10_000 {
      try add("frequency-high", ["rate": value])
    } else if rate >= 50, rate % 50 == 0 {
      try add("frequency-round", ["rate": value, "other": "\(rate - 1)"])
    }
  }

  // MARK: Stacks

  private mutating func stacks() throws(RecipeError) {
    guard ["record", "top", "trace"].contains(call.role) || call.scopeOfStacks == "record" else {
      if call.role == "report" { try reportStacks() }
      return
    }
    guard let value = call.value(of: "call-graph"), !value.contains("$") else { return }
    let parts = value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    let known = ["fp", "dwarf", "lbr", "no"]
    if call.role == "record" || call.role == "trace", !known.contains(parts[0]) {
      return try add("call-graph-mode", ["word": parts[0]])
    }
    guard parts[0] == "dwarf" else { return }
    var size = 8192
    if parts.count > 1, call.role != "top" {
      guard let number = Int(parts[1]), (1...65528).contains(number) else {
        return parts[1].utf8.allSatisfy({ (0x41...0x5A).contains($0) }) ? () : try add("dwarf-size", ["word": parts[1]])
      }
      size = number
    }
    let rate =
      call.value(of: "freq").map { $0 == "max" ? 100_000 : Int($0) ?? 99 } ?? (features.contains("count") ? 0 : 4000)
    let isHeavy = rate * size > 999 * 8192 || size > 16384 && rate > 99
    if isHeavy, !features.contains("mmap-pages"), call.role != "trace" {
      try add("dwarf-buffer", ["size": "\(size)", "rate": "\(rate)"])
    }
  }

  /// `report -g FILE`: the file is taken for the value.
  private mutating func reportStacks() throws(RecipeError) {
    guard let piece = call.pieces(of: "call-graph").last, !piece.isAttached, let value = piece.value else { return }
    let isFile = value.contains("/") || value.hasSuffix(".data") || value.contains("perf.data")
    if isFile { try add("report-g-file", ["word": value]) }
  }

  // MARK: Targets

  private mutating func targets() throws(RecipeError) {
    guard ["record", "stat", "trace"].contains(call.role), call.action?.name != "report" else { return }
    let isWhole = call.action != nil && call.name != "stat" && call.name != "trace"
    if !isWhole, call.onlySleeps, !features.contains("target"), call.name != "trace" {
      try add("sleep-alone")
    }
    let isOnlyTime = call.onlySleeps || call.command.isEmpty || call.command.first == "command"
    if features.contains("all-cpus"), !isOnlyTime { try add("command-beside-all") }
    if call.role == "record", !features.contains("output"), call.name == "record", goesIntoPipe, !isForPerf {
      try add("record-into-pipe")
    }
  }

  /// Whether the standard output is a file or a pipe.
  private var goesIntoPipe: Bool {
    shell.sign == "|" || shell.sign == "|&"
      || shell.redirections.contains {
        [">", ">>", ">|", "&>", "&>>"].contains($0.sign) && ["", "1"].contains($0.descriptor)
      }
  }

  /// `perf record ... | perf script`: it is meant.
  private var isForPerf: Bool { nextIsPerf }
  /// Set by the explainer.
  var nextIsPerf = false

  // MARK: Events

  private mutating func eventLists() throws(RecipeError) {
    for list in events {
      for flaw in list.flaws {
        switch flaw {
        case .empty: try add("empty-event")
        case .open(let text): try add("open-brace", ["event": text])
        case .badModifier(let event, let letters): try add("bad-modifier", ["event": event, "word": letters])
        }
      }
      for event in list.events.flatMap(\.leaves) {
        if let stale = event.stale {
          try add("stale-event", ["says": stale.says, "mend": stale.mend])
        } else if event.kind == "tracepoint" {
          try tracepoint(event)
        }
      }
    }
    for piece in call.pieces(of: "filter") where ["record", "stat", "trace"].contains(call.role) {
      let before = events.filter { $0.index < piece.index }
      guard let event = before.last?.events.last?.leaves.last else {
        if call.action == nil, call.role != "trace" { try add("filter-without-event") }
        continue
      }
      if !["tracepoint", "probe", "usdt", "pmu"].contains(event.kind) {
        try add("filter-not-tracepoint", ["event": event.text])
      }
    }
    for piece in call.pieces(of: "cgroup") where ["record", "stat"].contains(call.role) && call.action == nil {
      if !events.contains(where: { $0.index < piece.index }) { try add("cgroup-without-event") }
    }
  }

  /// Holds a tracepoint that is named in full against those of the kernel that runs.
  private mutating func tracepoint(_ event: EventExplanation) throws(RecipeError) {
    guard ["record", "stat", "top", "trace"].contains(call.role), !event.name.contains(where: { "*?[".contains($0) })
    else {
      return
    }
    let all = facts.tracepoints()
    // Without tracefs nothing is known of them.
    guard !all.isEmpty, !all.contains(event.name) else { return }
    let family = String(event.name.prefix { $0 != ":" })
    let wanted = Array(event.name.utf8)
    let limit = max(2, wanted.count / 5)
    let near = all.compactMap { name in wordDistance(wanted, Array(name.utf8), limit: limit).map { ($0, name) } }.min {
      $0 < $1
    }
    if let near {
      try add("misspelt-tracepoint", ["event": event.name, "near": near.1])
    } else {
      try add("no-such-tracepoint", ["event": event.name, "family": family])
    }
  }

  // MARK: The shell

  private mutating func shellSigns() throws(RecipeError) {
    let isProbe = call.name == "probe"
    for word in shellWords {
      for expansion in word.expansions {
        switch expansion.kind {
        case .variable
        where isProbe
          && ["$retval", "$vars", "$params", "$stack", "$comm", "$arg"].contains(where: { expansion.text.hasPrefix($0) }
          ):
          try add("dollar-unquoted", ["word": expansion.text])
        case .braces: try add("braces-unquoted", ["word": word.source])
        case .glob where isEventWord(word): try add("glob-unquoted", ["word": word.source])
        default: break
        }
      }
    }
    for redirection in shell.redirections where ["<", ">", "<>"].contains(redirection.sign) {
      let isNumber = !redirection.target.isEmpty && redirection.target.utf8.allSatisfy { (0x30...0x39).contains($0) }
      if isNumber, features.contains("filter") { try add("filter-unquoted", ["word": redirection.target]) }
    }
    if call.name == "top", goesIntoPipe { try add("top-without-terminal") }
  }

  private func isEventWord(_ word: ShellWord) -> Bool {
    word.text.contains(":") || call.name == "list" || call.name == "probe"
  }

  // MARK: Probes

  private mutating func probes() throws(RecipeError) {
    guard call.name == "probe" else { return }
    let texts =
      call.words
      + call.given.compactMap {
        ["add", "vars", "line", "definition", "exec"].contains($0.option?.key ?? "") ? $0.value : nil
      }
    for text in texts {
      let pieces = text.split(whereSeparator: { $0 == " " || $0 == "=" }).map(String.init)
      let old = ["%ax", "%eax", "%rax"]
      if pieces.contains(where: old.contains) || pieces.contains("%cx") && !pieces.contains("%di") {
        let registers = pieces.filter { $0.hasPrefix("%") && !$0.hasPrefix("%sdt") }
        try add("register-arguments", ["word": registers.joined(separator: " ")])
      }
      if text.contains("libpthread") { try add("libpthread") }
      if pieces.first == "do_sys_open" { try add("stale-probe") }
      if let first = pieces.first, let colon = first.firstIndex(of: ":"), !first.hasPrefix("%"), !first.hasPrefix("/"),
        first[first.index(after: colon)...].utf8.allSatisfy({ (0x30...0x39).contains($0) }), colon != first.startIndex,
        first.index(after: colon) < first.endIndex
      {
        try add("line-of-one-kernel", ["word": String(first[first.index(after: colon)...])])
      }
    }
  }
}

extension PerfCall {
  /// The subcommand that --call-graph was taken by, for actions that hand options on.
  fileprivate var scopeOfStacks: String? { pieces(of: "call-graph").last?.scope }
}
