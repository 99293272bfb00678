import HostSystem

/// Which units a distribution, or an administrator, wants to be enabled. Source: systemd.preset(5).
struct UnitPresets: Sendable, Equatable {
  enum Decision: String, Sendable { case enable, disable, ignore }

  struct Rule: Sendable, Equatable {
    let decision: Decision
    let pattern: ShellPattern
    /// The instances of a template that the rule enables; empty where it names none.
    let instances: [String]
  }

  /// In the order in which they count: the first that matches decides.
  let rules: [Rule]

  /// What the presets say of a unit; without a rule that matches, `enable`.
  func decision(for unit: String) -> Decision {
    let template = Self.template(of: unit)
    for rule in rules {
      if rule.instances.isEmpty {
        if rule.pattern.matches(unit) || template.map({ rule.pattern.matches($0.name) }) ?? false {
          return rule.decision
        }
      } else if let template, rule.pattern.matches(template.name) {
        return rule.instances.contains(template.instance) ? rule.decision : .disable
      }
    }
    return .enable
  }

  /// `getty@tty1.service` is the instance `tty1` of `getty@.service`; nil for what is no instance.
  static func template(of unit: String) -> (name: String, instance: String)? {
    guard let at = unit.firstIndex(of: "@"), let dot = unit.lastIndex(of: "."), at < dot else { return nil }
    let instance = unit[unit.index(after: at)..<dot]
    return instance.isEmpty ? nil : (String(unit[...at] + unit[dot...]), String(instance))
  }

  /// Reads one preset file: `enable PATTERN [INSTANCE ...]`, `disable PATTERN`, `ignore PATTERN`; `#` and `;` for comments.
  static func parse(_ bytes: UnsafeBufferPointer<UInt8>, path: String) -> ParsedFile<Rule> {
    var file = ParsedFile<Rule>()
    var lines = LineReader(bytes)
    while let text = lines.nextText(path, &file) {
      let words = text.words
      guard let first = words.first, !first.hasPrefix("#"), !first.hasPrefix(";") else { continue }
      guard let decision = Decision(rawValue: first.lowercased()), words.count >= 2 else {
        file.note(
          .malformed(path: path, line: lines.line, what: "expected 'enable', 'disable' or 'ignore' and a pattern"))
        continue
      }
      file.entries.append(
        Rule(
          decision: decision, pattern: ShellPattern(String(words[1])), instances: words.dropFirst(2).map(String.init)))
    }
    return file
  }
}

/// A shell's pattern for names: `*`, `?`, `[a-z]`, `[!a]`, and a backslash before a character that stands for itself.
/// Source: glob(7).
struct ShellPattern: Sendable, Equatable {
  private enum Piece: Sendable, Equatable {
    case byte(UInt8)
    case any
    case run
    case set([ClosedRange<UInt8>], isNegated: Bool)
  }

  private let pieces: [Piece]

  init(_ text: String) {
    var pieces: [Piece] = []
    let bytes = Array(text.utf8)
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      switch byte {
      case 0x2A: if pieces.last != .run { pieces.append(.run) }
      case 0x3F: pieces.append(.any)
      case 0x5C where index < bytes.count:
        pieces.append(.byte(bytes[index]))
        index += 1
      case 0x5B:
        if let (set, next) = Self.set(bytes, from: index) {
          pieces.append(set)
          index = next
        } else {
          pieces.append(.byte(byte))
        }
      default: pieces.append(.byte(byte))
      }
    }
    self.pieces = pieces
  }

  /// - Returns: nil for a bracket that is never closed, which then stands for itself.
  private static func set(_ bytes: [UInt8], from start: Int) -> (Piece, Int)? {
    var index = start
    var ranges: [ClosedRange<UInt8>] = []
    let isNegated = index < bytes.count && (bytes[index] == 0x21 || bytes[index] == 0x5E)
    if isNegated { index += 1 }
    let first = index
    while index < bytes.count {
      let low = bytes[index]
      if low == 0x5D, index > first { return (.set(ranges, isNegated: isNegated), index + 1) }
      if index + 2 < bytes.count, bytes[index + 1] == 0x2D, bytes[index + 2] != 0x5D {
        let high = bytes[index + 2]
        if low <= high { ranges.append(low...high) }
        index += 3
      } else {
        ranges.append(low...low)
        index += 1
      }
    }
    return nil
  }

  func matches(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    var (position, piece) = (0, 0)
    // Where to go on when what follows the last run does not fit: one byte further.
    var retry: (position: Int, piece: Int)?
    while position < bytes.count || piece < pieces.count {
      if piece < pieces.count {
        if pieces[piece] == .run {
          retry = (position, piece)
          piece += 1
          continue
        }
        if position < bytes.count, fits(pieces[piece], bytes[position]) {
          position += 1
          piece += 1
          continue
        }
      }
      guard let (start, run) = retry, start < bytes.count else { return false }
      retry = (start + 1, run)
      position = start + 1
      piece = run + 1
    }
    return true
  }

  private func fits(_ piece: Piece, _ byte: UInt8) -> Bool {
    switch piece {
    case .byte(let wanted): byte == wanted
    case .any: true
    case .run: false
    case .set(let ranges, let isNegated): ranges.contains { $0.contains(byte) } != isNegated
    }
  }
}
