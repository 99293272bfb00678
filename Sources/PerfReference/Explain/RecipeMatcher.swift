/// Finds the recipe that a command is like, by what both are made of: subcommand, options, events, what is measured.
///
/// Options that say nothing about the purpose (where the file goes, how often is sampled) do not count, nor does the order.
struct RecipeMatcher {
  private let reader: PerfCallReader
  private let events: EventBook

  /// Stands in a gap of a recipe while it is parsed.
  private static let gap = "\u{1}"
  private static let gapName = "toolboxgap"

  init(_ reader: PerfCallReader, _ events: EventBook) {
    self.reader = reader
    self.events = events
  }

  /// What a command is made of; `weight` says how much a part tells.
  private struct Shape {
    var parts: [String: Int] = [:]
    /// What stands before and behind the gap in the names of events that are not known.
    var openEvents: [(prefix: String, suffix: String)] = []
    /// Whether some word is not known and may be anything.
    var hasOpenWord = false

    /// Whether a gap takes a part that the recipe itself does not have.
    func takes(_ part: String) -> Bool {
      if hasOpenWord, part.hasPrefix("word:") { return true }
      guard part.hasPrefix("event:") else { return false }
      let name = part.dropFirst("event:".count)
      return openEvents.contains { name.hasPrefix($0.prefix) && name.hasSuffix($0.suffix) }
    }

    var weight: Int { parts.values.reduce(0, +) }

    mutating func add(event name: String, gap: String) {
      guard let place = name.firstRange(of: gap) else { return parts["event:" + name] = 3 }
      let (prefix, suffix) = (String(name[..<place.lowerBound]), String(name[place.upperBound...]))
      // One letter before a gap, as in r01c2, is no family of events.
      if prefix.count == 1 { parts["event:" + name] = 3 } else { openEvents.append((prefix, suffix)) }
    }
  }

  /// The recipe that shares most with a command; nil where none shares enough.
  func match(_ call: PerfCall, _ entries: [SearchEntry]) throws -> MatchedRecipe? {
    guard let subcommand = call.subcommand else { return nil }
    var reader = reader
    reader.loaded = [subcommand.name: subcommand]
    if let target = call.action?.passes { reader.loaded[target] = try reader.book.subcommand(target) }
    let wanted = try shape(call)
    var best: (score: Int, isExact: Bool, entry: SearchEntry)?
    let prefix = "perf " + call.name
    for entry in entries where entry.command == prefix || entry.command.hasPrefix(prefix + " ") {
      guard let template = try? CommandTemplate(entry.command) else { continue }
      let arguments = template.arguments { _ in [Self.gap] }
      guard let other = try? reader.call(Array(arguments.dropFirst())), other.fullName == call.fullName else {
        continue
      }
      let score = Self.score(wanted, try shape(other))
      if score.score > best?.score ?? 0 { best = (score.score, score.isExact, entry) }
    }
    guard let best, best.isExact || best.score >= 700 else { return nil }
    return MatchedRecipe(id: best.entry.id, title: best.entry.title, exact: best.isExact)
  }

  /// Thousandths of what both have together, and whether they differ in nothing but what fills a gap.
  private static func score(_ left: Shape, _ right: Shape) -> (score: Int, isExact: Bool) {
    var common = 0
    var total = left.weight + right.weight
    var gaps = 0
    for (part, weight) in left.parts where right.parts[part] != nil { common += 2 * weight }
    // A gap of the recipe takes the events, or the words, that it has no part for; a recipe that names them is nearer.
    for prefix in ["event:", "word:"] {
      let open = left.parts.filter { $0.key.hasPrefix(prefix) && right.parts[$0.key] == nil && right.takes($0.key) }
      if !open.isEmpty {
        common += open.values.reduce(0, +)
        gaps += 2
      }
    }
    let isExact = common >= total
    total += gaps
    return (total == 0 ? 1000 : min(1000, common * 1000 / total), isExact)
  }

  private func shape(_ call: PerfCall) throws -> Shape {
    var shape = Shape()
    for piece in call.given {
      guard let option = piece.option, !reader.line.incidental.contains(option.key) else { continue }
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
            shape.add(event: leaf.name, gap: Self.gapName)
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
