/// Finds the recipe that a command is like, by what both are made of: subcommand, options, events, what is measured.
///
/// Options that say nothing about the purpose (where the file goes, how often is sampled) do not count, nor does the order.
struct RecipeMatcher {
  private let reader: PerfCallReader
  private let events: EventBook

  /// Stands in a gap of a recipe while it is parsed.
  private static let gap = "\u{1}"
  private static let gapName = "toolboxgap"

  /// Thousandths that a command and a recipe have to have in common.
  private static let enough = 600

  init(_ reader: PerfCallReader, _ events: EventBook) {
    self.reader = reader
    self.events = events
  }

  /// What an event has to be like to fill a gap.
  private struct EventLikeness {
    /// The kinds of events; nil for all.
    var kinds: Set<String>?
    /// The part of a tracepoint's name before the colon; nil for all.
    var family: String?
    /// Whether the address has to be exact.
    var isPrecise = false
    /// Whether it has to be in a group.
    var isInGroup = false

    init() {}

    /// Like those that a recipe takes when nobody names any.
    init(_ all: [EventExplanation]) {
      isInGroup = all.contains { $0.kind == "group" }
      let events = all.flatMap(\.leaves)
      let kinds = Set(events.map(\.kind))
      // Software events are what every machine has: a recipe that takes those for want of better is not about them.
      guard !kinds.isEmpty, !kinds.contains("software") else { return }
      // One event of the CPU's own by number or by terms.
      self.kinds = kinds.contains("raw") ? kinds.union(["pmu"]) : kinds
      let families = Set(events.filter { $0.kind == "tracepoint" }.map { $0.name.prefix { $0 != ":" } })
      if families.count == 1, let family = families.first { self.family = String(family) }
      isPrecise = events.contains { Event($0).isPrecise }
    }

    init(kind: String) { kinds = [kind] }
  }

  /// The gap in the names of a recipe's events, and what may stand in it.
  private struct EventGap {
    let prefix: String
    let suffix: String
    let like: EventLikeness

    func takes(_ event: Event) -> Bool {
      if let kinds = like.kinds, !kinds.contains(event.kind) { return false }
      if let family = like.family, event.name.prefix(while: { $0 != ":" }) != family { return false }
      if like.isPrecise, !event.isPrecise { return false }
      return event.name.hasPrefix(prefix) && event.name.hasSuffix(suffix)
    }
  }

  private struct Event {
    let name: String
    let kind: String
    let isPrecise: Bool

    init(_ leaf: EventExplanation) {
      name = leaf.name
      kind = leaf.kind
      isPrecise = leaf.modifiers.contains { $0.text.lowercased().hasPrefix("p") }
    }
  }

  /// What a command is made of; a weight says how much a part tells.
  private struct Shape {
    var parts: [String: Int] = [:]
    /// The events behind the parts that begin with `event:`.
    var events: [String: Event] = [:]
    var eventGaps: [EventGap] = []
    /// Whether some word is not known and may be anything.
    var hasOpenWord = false
    /// All options as written, also those that do not count, for what is otherwise equal.
    var options: Set<String> = []

    /// Whether a gap takes a part that the recipe itself does not have.
    func takes(_ part: String, of other: Shape) -> Bool {
      if hasOpenWord, part.hasPrefix("word:") { return true }
      guard !eventGaps.isEmpty else { return false }
      if part.hasPrefix("modifier:") { return !parts.keys.contains { $0.hasPrefix("modifier:") } }
      guard let event = other.events[part] else { return false }
      return eventGaps.contains { $0.takes(event) && (!$0.like.isInGroup || other.parts["group"] != nil) }
    }

    var weight: Int { parts.values.reduce(0, +) }

    mutating func add(_ leaf: EventExplanation, gap: String, like: EventLikeness) {
      guard let place = leaf.name.firstRange(of: gap) else { return addPart(leaf) }
      let (prefix, suffix) = (String(leaf.name[..<place.lowerBound]), String(leaf.name[place.upperBound...]))
      // One letter before a gap, as in r01c2, is no family of events.
      if prefix.count == 1 { return addPart(leaf) }
      if like.isInGroup { parts["group"] = 2 }
      eventGaps.append(EventGap(prefix: prefix, suffix: suffix, like: prefix.isEmpty ? like : EventLikeness()))
    }

    private mutating func addPart(_ leaf: EventExplanation) {
      parts["event:" + leaf.name] = 3
      events["event:" + leaf.name] = Event(leaf)
    }
  }

  /// A command to compare with, and what its gap for events is like.
  private struct Pattern {
    let call: PerfCall
    let like: EventLikeness
    /// Whether it is a line that the recipe is today's spelling of: then nothing less than all of it counts.
    let isAnswer: Bool
  }

  /// The recipe that shares most with a command; nil where none shares enough.
  func match(_ call: PerfCall, _ recipes: [Recipe]) throws -> MatchedRecipe? {
    guard let subcommand = call.subcommand else { return nil }
    var reader = reader
    reader.loaded = [subcommand.name: subcommand]
    if let target = call.action?.passes { reader.loaded[target] = try reader.book.subcommand(target) }
    let wanted = try shape(call)
    var best: (score: Int, shared: Int, isExact: Bool, recipe: Recipe)?
    for recipe in recipes {
      for pattern in try patterns(recipe, named: subcommand.name, reader) where pattern.call.fullName == call.fullName {
        let other = try shape(pattern.call, like: pattern.like)
        guard sharesEvents(wanted, other) else { continue }
        let (score, isExact) = Self.score(wanted, other)
        if pattern.isAnswer, score < 1000 { continue }
        let shared = wanted.options.intersection(other.options).count
        if (score, shared) > best.map({ ($0.score, $0.shared) }) ?? (0, 0) { best = (score, shared, isExact, recipe) }
      }
    }
    guard let best, best.isExact || best.score >= Self.enough else { return nil }
    return MatchedRecipe(id: best.recipe.id, title: best.recipe.title, exact: best.isExact)
  }

  /// A recipe's own command and the published ones that it answers, as far as they call one subcommand.
  private func patterns(_ recipe: Recipe, named name: String, _ reader: PerfCallReader) throws -> [Pattern] {
    var result: [Pattern] = []
    func add(_ arguments: [String], _ like: EventLikeness, isAnswer: Bool) {
      guard arguments.first == name, let call = try? reader.call(arguments) else { return }
      result.append(Pattern(call: call, like: like, isAnswer: isAnswer))
    }
    add(Array(recipe.command.arguments { _ in [Self.gap] }.dropFirst()), try likeness(recipe), isAnswer: false)
    for answer in recipe.answers {
      guard let line = try? ShellLine(answer) else { continue }
      for command in line.commands {
        let words = command.words.map(\.text)
        guard let place = words.firstIndex(of: "perf") else { continue }
        add(Array(words[(place + 1)...]), EventLikeness(), isAnswer: true)
      }
    }
    return result
  }

  private func likeness(_ recipe: Recipe) throws -> EventLikeness {
    guard let gap = recipe.placeholders.first(where: { $0.kind == .event || $0.kind == .tracepoint }) else {
      return EventLikeness()
    }
    if gap.kind == .tracepoint { return EventLikeness(kind: "tracepoint") }
    if let value = gap.defaultValue { return EventLikeness(try events.events(value).events) }
    return recipe.needs.contains(.facility(.uprobes)) ? EventLikeness(kind: "usdt") : EventLikeness()
  }

  /// Whether a command that is about events, or a recipe that is, has one in common with the other.
  private func sharesEvents(_ wanted: Shape, _ recipe: Shape) -> Bool {
    func isTelling(_ event: Event) -> Bool { !reader.line.usualEvents.contains(event.name) }
    if wanted.events.keys.contains(where: { recipe.parts[$0] != nil || recipe.takes($0, of: wanted) }) { return true }
    return !wanted.events.values.contains(where: isTelling) && !recipe.events.values.contains(where: isTelling)
      && (wanted.events.isEmpty || recipe.eventGaps.isEmpty)
  }

  /// Thousandths of what both have together, and whether they differ in nothing but what fills a gap.
  private static func score(_ left: Shape, _ right: Shape) -> (score: Int, isExact: Bool) {
    var common = 0
    var total = left.weight + right.weight
    var gaps = 0
    for (part, weight) in left.parts where right.parts[part] != nil { common += 2 * weight }
    // A gap of the recipe takes the events, or the words, that it has no part for; a recipe that names them is nearer.
    for prefix in ["event:", "word:", "modifier:"] {
      let open = left.parts.filter {
        $0.key.hasPrefix(prefix) && right.parts[$0.key] == nil && right.takes($0.key, of: left)
      }
      if !open.isEmpty {
        common += open.values.reduce(0, +)
        gaps += 2
      }
    }
    // Whoever names no event does not want those that a recipe leaves open.
    if !right.eventGaps.isEmpty, left.events.isEmpty { total += 3 }
    let isExact = common >= total
    total += gaps
    return (total == 0 ? 1000 : min(1000, common * 1000 / total), isExact)
  }

  /// - Parameter like: the events that a recipe takes in its gap when nobody names any.
  private func shape(_ call: PerfCall, like: EventLikeness = EventLikeness()) throws -> Shape {
    var shape = Shape()
    shape.parts["name"] = reader.line.general.contains(call.fullName) ? 1 : 4
    for piece in call.given {
      guard let option = piece.option else { continue }
      shape.options.insert(option.key + "=" + (piece.value ?? ""))
      guard !reader.line.incidental.contains(option.key) else { continue }
      let key = piece.isNegated ? "no-" + option.key : option.key
      let value = piece.value ?? ""
      switch option.value {
      case "EVENTS", "CALLS":
        // A name of letters in the place of the gap, so that the events around it are read as such.
        let filled = value.replacing(Self.gap, with: Self.gapName)
        let list = try option.value == "CALLS" ? events.calls(filled) : events.events(filled)
        for event in list.events.prefix(50) {
          if event.kind == "group" { shape.parts["group"] = 2 }
          for leaf in event.leaves {
            shape.add(leaf, gap: Self.gapName, like: like)
            for modifier in leaf.modifiers { shape.parts["modifier:" + modifier.text] = 2 }
          }
        }
      default:
        // -g is a short way to write --call-graph fp.
        if key == "-g" || key == "call-graph" && value.hasPrefix("fp") {
          shape.parts["stacks:fp"] = 2
        } else if key == "call-graph" || key == "fields" || key == "sort" {
          shape.parts[key + ":" + value.prefix { $0 != "," }] = 2
        } else {
          shape.parts["option:" + key] = 2
        }
      }
    }
    if call.onlySleeps {
      shape.parts["sleep"] = 1
    } else if !call.command.isEmpty {
      shape.parts["command"] = 2
    }
    let words = call.pieces.filter { $0.kind == .word }.map(\.text) + call.words
    for word in words.prefix(20) { addWords(of: word, in: call, &shape) }
    for piece in call.pieces(of: "add") { addWords(of: piece.value ?? "", in: call, &shape) }
    return shape
  }

  /// For a probe, what kind of probe it is; for others the word itself.
  private func addWords(of text: String, in call: PerfCall, _ shape: inout Shape) {
    guard call.name == "probe" else {
      if text.contains(Self.gap) { shape.hasOpenWord = true } else { shape.parts["word:" + text] = 2 }
      return
    }
    shape.parts["option:add"] = 2
    let pieces = text.split(separator: " ").map(String.init)
    for (index, piece) in pieces.enumerated() {
      if piece.contains("%return") { shape.parts["probe:return"] = 3 }
      if piece.contains("$retval") { shape.parts["probe:retval"] = 2 }
      if piece.contains(":string") { shape.parts["probe:string"] = 2 }
      if piece.contains("->") { shape.parts["probe:member"] = 2 }
      if piece.contains("%sdt_") { shape.parts["probe:sdt"] = 3 }
      if index == 0 {
        if piece.contains(":"), !piece.contains("%") { shape.parts["probe:line"] = 3 }
      } else {
        shape.parts[piece.contains("=%") || piece.hasPrefix("%") ? "probe:register" : "probe:argument"] = 2
      }
    }
  }
}
