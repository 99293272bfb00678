import BundledData
import DataTree

/// One event of an option for events, taken apart.
package struct EventExplanation: Sendable, Equatable {
  /// A letter or a term behind an event.
  package struct Detail: Sendable, Equatable {
    /// As written: `u`, `ppp`, `umask=0x01`.
    package let text: String
    /// A phrase; nil where the reference does not know it.
    package let meaning: String?
  }

  /// As written.
  package let text: String
  /// The name alone, without modifiers and terms; empty for a group.
  package let name: String
  /// The kind by the key of `Data/perf/events.yaml`: `hardware`, `tracepoint`, `group`, ...
  package let kind: String
  /// The kind in words.
  package let title: String
  /// A phrase.
  package let meaning: String
  package let modifiers: [Detail]
  package let terms: [Detail]
  /// The events of a group; empty for any other kind.
  package let members: [EventExplanation]
  package let needs: [Need]
  /// What today's kernels or CPUs answer otherwise, and the mend.
  package let stale: (says: String, mend: String)?

  /// The text says it all.
  package static func == (left: Self, right: Self) -> Bool { left.text == right.text && left.kind == right.kind }

  /// Itself, or the members of a group.
  var leaves: [EventExplanation] { kind == "group" ? members : [self] }
}

/// What is wrong with the spelling of a list of events.
enum EventFlaw: Equatable {
  case empty
  case open(String)
  case badModifier(event: String, letters: String)
}

/// The syntax of events: `Data/perf/events.yaml`.
struct EventBook: Sendable {
  private let place: RecipePlace
  /// The texts of every map in the document, by the path of keys that leads to it.
  private let texts: [String: [String: String]]
  private let needs: [String: [Need]]
  /// The ends of the names of cache events, and what they count; longer ones first, as in the document.
  private let accesses: [(ending: String, verb: String)]

  static func bundled() throws(RecipeError) -> EventBook {
    let path = "perf/events.yaml"
    guard let tree = BundledFile.at(path)?.tree else { throw .missingKey(RecipePlace(file: "Data"), key: path) }
    return try EventBook(tree, file: "Data/" + path)
  }

  private init(_ tree: DataTree, file: String) throws(RecipeError) {
    place = RecipePlace(file: file)
    var texts: [String: [String: String]] = [:]
    func collect(_ tree: DataTree, _ path: String) {
      for (key, value) in tree.entries {
        if let text = value.string {
          texts[path, default: [:]][key] = text
        } else {
          collect(value, path.isEmpty ? key : path + "/" + key)
        }
      }
    }
    collect(tree, "")
    self.texts = texts
    let reader = OptionReader(tree, file: file)
    var needs: [String: [Need]] = [:]
    for kind in tree["kinds"]?.entries ?? [] { needs[kind.key] = try reader.needs(kind.value) }
    self.needs = needs
    accesses = (tree["kinds"]?["cache"]?["accesses"]?.entries ?? []).map { ("-" + $0.key, $0.value.string ?? "") }
  }

  // MARK: Lists

  /// A list as -e takes it: names with commas between, groups in braces.
  func events(_ list: String) throws(RecipeError) -> (events: [EventExplanation], flaws: [EventFlaw]) {
    var flaws: [EventFlaw] = []
    var result: [EventExplanation] = []
    for piece in Self.pieces(list, flaws: &flaws) {
      result.append(try piece.hasPrefix("{") ? group(piece, &flaws) : event(piece, &flaws))
    }
    return (result, flaws)
  }

  /// A list as perf trace takes it: system calls by name, tracepoints, `!` in front of what is left out.
  func calls(_ list: String) throws(RecipeError) -> (events: [EventExplanation], flaws: [EventFlaw]) {
    var flaws: [EventFlaw] = []
    var result: [EventExplanation] = []
    let isLeftOut = list.hasPrefix("!")
    for piece in Self.pieces(isLeftOut ? String(list.dropFirst()) : list, flaws: &flaws) {
      if piece.contains(":") || piece.contains("/") || isKnown(piece) {
        result.append(try event(piece, &flaws))
      } else {
        let meaning = try text(kind: "syscall", "meaning")
        result.append(
          try explanation(
            piece, name: piece, kind: "syscall", meaning: isLeftOut ? "left out: " + meaning : meaning))
      }
    }
    return (result, flaws)
  }

  /// A list of metrics.
  func metrics(_ list: String) throws(RecipeError) -> [EventExplanation] {
    var result: [EventExplanation] = []
    for piece in list.split(separator: ",") {
      let name = String(piece)
      result.append(try explanation(name, name: name, kind: "metric", meaning: try text(kind: "metric", "meaning")))
    }
    return result
  }

  /// Whether a name is one that every perf knows, without modifiers.
  func isKnown(_ name: String) -> Bool { symbol(name) != nil }

  /// Splits at commas outside braces and slashes.
  private static func pieces(_ list: String, flaws: inout [EventFlaw]) -> [String] {
    var result: [String] = []
    var piece: [UInt8] = []
    var inBraces = false
    var inSlashes = false
    func end() {
      if piece.isEmpty { flaws.append(.empty) } else { result.append(String(decoding: piece, as: UTF8.self)) }
      piece = []
    }
    // An address may have a slash for its length: mem:0x1000/8:w.
    for byte in list.utf8 {
      switch byte {
      case UInt8(ascii: "{") where !inSlashes: inBraces = true
      case UInt8(ascii: "}") where !inSlashes: inBraces = false
      case UInt8(ascii: "/") where !piece.starts(with: "mem:".utf8): inSlashes.toggle()
      case UInt8(ascii: ",") where !inBraces && !inSlashes:
        end()
        continue
      case 0x20, 0x0A, 0x09: continue
      default: break
      }
      piece.append(byte)
    }
    end()
    if inBraces || inSlashes, let last = result.last { flaws.append(.open(last)) }
    return result
  }

  private func group(_ piece: String, _ flaws: inout [EventFlaw]) throws(RecipeError) -> EventExplanation {
    let inner = piece.dropFirst().prefix { $0 != "}" }
    let rest = piece.dropFirst(inner.utf8.count == piece.utf8.count - 1 ? piece.count : inner.count + 2)
    var members: [EventExplanation] = []
    // Braces do not nest, so a member is never a group.
    for member in Self.pieces(String(inner), flaws: &flaws) where !member.hasPrefix("{") {
      members.append(try event(member, &flaws))
    }
    return try explanation(
      piece, name: "", kind: "group", meaning: try text(kind: "group", "meaning"),
      modifiers: try modifiers(rest.hasPrefix(":") ? String(rest.dropFirst()) : "", of: piece, &flaws), members: members
    )
  }

  // MARK: Single events

  private func event(_ piece: String, _ flaws: inout [EventFlaw]) throws(RecipeError) -> EventExplanation {
    if piece.hasPrefix("mem:") { return try breakpoint(piece) }
    if piece.hasSuffix(".c") || piece.hasSuffix(".o"), piece.contains("/") || piece.utf8.count > 2, !piece.contains(":")
    {
      return try explanation(piece, name: piece, kind: "bpf", meaning: try text(kind: "bpf", "meaning"))
    }
    if let slash = piece.firstIndex(of: "/") { return try withTerms(piece, slash, &flaws) }
    let parts = piece.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let name = parts[0]
    let suffix = parts.count > 1 ? parts[1] : nil
    if let (kind, meaning) = symbol(name) {
      return try explanation(
        piece, name: name, kind: kind, meaning: meaning, modifiers: try modifiers(suffix ?? "", of: piece, &flaws))
    }
    let isRaw = name.utf8.count > 1 && name.hasPrefix("r") && name.dropFirst().utf8.allSatisfy(Self.isHexDigit)
    if isRaw {
      return try explanation(
        piece, name: name, kind: "raw", meaning: try text(kind: "raw", "meaning"),
        modifiers: try modifiers(suffix ?? "", of: piece, &flaws))
    }
    if name.hasPrefix("%sdt_") || name.hasPrefix("sdt_") {
      return try explanation(piece, name: piece, kind: "usdt", meaning: try text(kind: "usdt", "meaning"))
    }
    guard let suffix else {
      return try explanation(piece, name: name, kind: "vendor", meaning: try text(kind: "vendor", "meaning"))
    }
    let areModifiers = !suffix.isEmpty && suffix.utf8.count <= 6 && suffix.allSatisfy { modifier("\($0)") != nil }
    let isVendor = name.contains(".") || name.contains("-") || name.contains { $0.isUppercase }
    if areModifiers, isVendor {
      return try explanation(
        piece, name: name, kind: "vendor", meaning: try text(kind: "vendor", "meaning"),
        modifiers: try modifiers(suffix, of: piece, &flaws))
    }
    return try tracepoint(piece, subsystem: name, rest: suffix, &flaws)
  }

  private func tracepoint(
    _ piece: String, subsystem: String, rest: String, _ flaws: inout [EventFlaw]
  ) throws(RecipeError) -> EventExplanation {
    let parts = rest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let name = subsystem + ":" + parts[0]
    let letters = try modifiers(parts.count > 1 ? parts[1] : "", of: piece, &flaws)
    if subsystem == "probe" || subsystem.hasPrefix("probe_") {
      return try explanation(
        piece, name: name, kind: "probe", meaning: try text(kind: "probe", "meaning"), modifiers: letters)
    }
    var meaning = try text(kind: "tracepoint", "meaning")
    if let about = entry(subsystem, at: "kinds/tracepoint/subsystems") { meaning += ", about " + about }
    if parts[0].contains("*") || parts[0].contains("?") { meaning += "; all names that match" }
    return try explanation(piece, name: name, kind: "tracepoint", meaning: meaning, modifiers: letters)
  }

  private func breakpoint(_ piece: String) throws(RecipeError) -> EventExplanation {
    let parts = piece.split(separator: ":", omittingEmptySubsequences: false)
    var meaning = try text(kind: "breakpoint", "meaning")
    var details: [EventExplanation.Detail] = []
    if parts.count > 2 {
      for letter in parts[2] {
        details.append(
          EventExplanation.Detail(text: "\(letter)", meaning: entry("\(letter)", at: "kinds/breakpoint/accesses")))
      }
    } else {
      meaning += ", read or written"
    }
    return try explanation(piece, name: piece, kind: "breakpoint", meaning: meaning, modifiers: details)
  }

  /// `cpu/event=0x3c,umask=0x1/u`, or `cycles/period=1000/`.
  private func withTerms(
    _ piece: String, _ slash: String.Index, _ flaws: inout [EventFlaw]
  ) throws(RecipeError) -> EventExplanation {
    let unit = String(piece[..<slash])
    let behind = piece[piece.index(after: slash)...]
    guard let end = behind.lastIndex(of: "/") else {
      flaws.append(.open(piece))
      return try explanation(piece, name: unit, kind: "pmu", meaning: try text(kind: "pmu", "meaning"))
    }
    var terms: [EventExplanation.Detail] = []
    for term in behind[..<end].split(separator: ",") {
      let key = String(term.prefix { $0 != "=" })
      terms.append(
        EventExplanation.Detail(text: String(term), meaning: entry(key, at: "terms") ?? symbol(key)?.meaning))
    }
    let suffix = behind[behind.index(after: end)...].drop { $0 == ":" }
    let letters = try modifiers(String(suffix), of: piece, &flaws)
    if let (kind, meaning) = symbol(unit) {
      return try explanation(piece, name: unit, kind: kind, meaning: meaning, modifiers: letters, terms: terms)
    }
    if unit.contains(":") {
      return try explanation(
        piece, name: unit, kind: "tracepoint", meaning: try text(kind: "tracepoint", "meaning"), modifiers: letters,
        terms: terms)
    }
    var meaning = try text(kind: "pmu", "meaning")
    if let about = entry(unit, at: "kinds/pmu/units") { meaning = about }
    return try explanation(piece, name: unit, kind: "pmu", meaning: meaning, modifiers: letters, terms: terms)
  }

  private func modifiers(
    _ letters: String, of event: String, _ flaws: inout [EventFlaw]
  ) throws(RecipeError) -> [EventExplanation.Detail] {
    var result: [EventExplanation.Detail] = []
    var rest = Substring(letters)
    while let letter = rest.first {
      let run = letter == "p" ? String(rest.prefix { $0 == "p" }.prefix(3)) : "\(letter)"
      rest = rest.dropFirst(run.count)
      let meaning = modifier(run)
      result.append(EventExplanation.Detail(text: run, meaning: meaning))
      if meaning == nil {
        flaws.append(.badModifier(event: event, letters: run))
        break
      }
    }
    return result
  }

  // MARK: The data

  private func modifier(_ letter: String) -> String? { entry(letter, at: "modifiers") }

  /// The kind and meaning of a name that every perf knows.
  private func symbol(_ name: String) -> (kind: String, meaning: String)? {
    for kind in ["hardware", "software", "tool"] {
      if let meaning = entry(name, at: "kinds/\(kind)/names") { return (kind, meaning) }
    }
    guard let hyphen = name.lastIndex(of: "-") else { return nil }
    for access in accesses where name.hasSuffix(access.ending) {
      let cache = String(name.dropLast(access.ending.utf8.count))
      if let about = entry(cache, at: "kinds/cache/caches") { return ("cache", access.verb + " " + about) }
    }
    // perf also takes the cache alone: L1-dcache, LLC-load.
    let plural = entry(String(name[..<hyphen]), at: "kinds/cache/caches")
    if let plural, ["load", "store", "prefetch"].contains(name[name.index(after: hyphen)...]) {
      return ("cache", plural)
    }
    return nil
  }

  private func explanation(
    _ text: String, name: String, kind: String, meaning: String, modifiers: [EventExplanation.Detail] = [],
    terms: [EventExplanation.Detail] = [], members: [EventExplanation] = []
  ) throws(RecipeError) -> EventExplanation {
    var needs = self.needs[kind] ?? []
    for member in members {
      for need in member.needs where !needs.contains(need) { needs.append(need) }
    }
    // The PMUs that the kernel itself makes need no hardware.
    if kind == "pmu", ["software", "tracepoint"].contains(name) { needs = [] }
    if kind == "vendor" || kind == "pmu", name.hasPrefix("uncore_") { needs = [.facility(.uncore)] }
    var stale: (says: String, mend: String)?
    if let table = texts["stale/" + name] { stale = (table["says"] ?? "", table["mend"] ?? "") }
    return EventExplanation(
      text: text, name: name, kind: kind, title: try self.text(kind: kind, "title"), meaning: meaning,
      modifiers: modifiers, terms: terms, members: members, needs: needs, stale: stale)
  }

  private func text(kind: String, _ key: String) throws(RecipeError) -> String {
    guard let text = texts["kinds/" + kind]?[key] else { throw .missingKey(place, key: "kinds.\(kind).\(key)") }
    return text
  }

  /// - Parameter path: the keys that lead to the map, with slashes between.
  private func entry(_ name: String, at path: String) -> String? { texts[path]?[name] }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"):
      true
    default: false
    }
  }
}
