/// A line as a person would type it at a prompt, taken apart by the quoting rules of the POSIX shell (and the few signs
/// that bash adds), without a shell: nothing is expanded, looked up or run.
///
/// Source of the rules: POSIX.1-2017, Shell Command Language, 2.2 Quoting and 2.3 Token Recognition.
package struct ShellLine: Sendable, Equatable {
  /// The commands in order; empty for a line of blanks and comments.
  package let commands: [ShellCommand]

  /// Takes a line apart.
  /// - Throws: ``ShellLineError``
  package init(_ text: String) throws(ShellLineError) {
    var reader = ShellLineReader(text)
    commands = try reader.commands()
  }

  /// One command whose words no shell has to look at any more.
  package init(arguments: [String]) {
    let words = arguments.map { ShellWord(text: $0, source: ShellText.quoted($0), expansions: []) }
    commands = arguments.isEmpty ? [] : [ShellCommand(words: words, redirections: [], sign: nil)]
  }
}

/// One command of a line, up to the sign that ends it.
package struct ShellCommand: Sendable, Equatable {
  /// The words with the quotes taken away, assignments included.
  package let words: [ShellWord]
  /// Where its input and outputs go.
  package let redirections: [ShellRedirection]
  /// The sign behind it: `|`, `;`, `&&` and so on; a line break counts as `;`. Nil at the end of the line.
  package let sign: String?
}

/// A redirection: `2>/dev/null`.
package struct ShellRedirection: Sendable, Equatable {
  /// The descriptor before the sign, as written; empty where none is.
  package let descriptor: String
  /// `>`, `>>`, `<` and so on.
  package let sign: String
  /// The word behind the sign.
  package let target: String
}

/// A word of a command.
package struct ShellWord: Sendable, Equatable {
  /// What the program would get, as far as that can be told without a shell: expansions stand as they were written.
  package let text: String
  /// The word as written, quotes included.
  package let source: String
  /// What a shell would put something else in the place of.
  package let expansions: [ShellExpansion]
}

/// A piece of a word that a shell replaces.
package struct ShellExpansion: Sendable, Equatable {
  /// What stands in its place; the raw value is the name that `Data/perf/command-line.yaml` explains it by.
  package enum Kind: String, Sendable, CaseIterable {
    case variable, command, glob, braces, tilde
  }

  package let kind: Kind
  /// The piece as written.
  package let text: String
}

/// Why a line is none that a shell would take.
package enum ShellLineError: Error, Equatable {
  /// A quote, a bracket or a backquote has no partner; `at` counts characters from 1.
  case open(String, at: Int)
  /// A sign stands where none can be; `at` counts characters from 1.
  case unexpected(String, at: Int)
  /// Nothing stands behind a redirection.
  case noTarget(String)

  /// What is wrong, as part of a sentence.
  package var reason: String {
    switch self {
    case .open(let sign, let place): "\(sign) at character \(place) has no partner"
    case .unexpected(let sign, let place):
      "\(sign) at character \(place) is not expected there; quote it if it belongs to a word"
    case .noTarget(let sign): "nothing stands behind \(sign)"
    }
  }
}

/// Reads a line byte by byte; every step moves on, so the work is linear in the length.
private struct ShellLineReader {
  private let bytes: [UInt8]
  private var position = 0
  private var done: [ShellCommand] = []
  private var words: [ShellWord] = []
  private var redirections: [ShellRedirection] = []
  private var depth = 0
  private var hereDocuments: [String] = []

  // Of the word that is being read.
  private var text: [UInt8] = []
  private var expansions: [ShellExpansion] = []

  init(_ line: String) { bytes = Array(line.utf8) }

  mutating func commands() throws(ShellLineError) -> [ShellCommand] {
    skipPrompt()
    while let byte = current {
      switch byte {
      case 0x20, 0x09, 0x0D: position += 1
      case 0x0A:
        position += 1
        endCommand(";")
        skipHereDocuments()
        skipPrompt()
      case UInt8(ascii: "#"): skipComment()
      case UInt8(ascii: "\\") where self.byte(after: 1) == 0x0A: position += 2
      case UInt8(ascii: "|"), UInt8(ascii: "&"), UInt8(ascii: ";"), UInt8(ascii: "("), UInt8(ascii: ")"):
        try readSign()
      case UInt8(ascii: "<"), UInt8(ascii: ">"): try readRedirection(descriptor: "")
      default: try readWord()
      }
    }
    endCommand(nil)
    if depth > 0 { throw .open("(", at: position) }
    return done
  }

  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  private func byte(after count: Int) -> UInt8? {
    position + count < bytes.count ? bytes[position + count] : nil
  }

  private func has(_ text: StaticString) -> Bool {
    text.withUTF8Buffer { bytes[position...].starts(with: $0) }
  }

  /// Skips the sign of a prompt that was copied with the command: `$ perf stat ls`, `# perf top`.
  private mutating func skipPrompt() {
    var start = position
    while start < bytes.count, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
    guard start + 1 < bytes.count, "$#%>".utf8.contains(bytes[start]), bytes[start + 1] == 0x20 else { return }
    var next = start + 1
    while next < bytes.count, bytes[next] == 0x20 { next += 1 }
    let rest = bytes[next...]
    if rest.starts(with: "perf".utf8) || rest.starts(with: "sudo ".utf8) { position = next }
  }

  private mutating func skipComment() {
    while let byte = current, byte != 0x0A { position += 1 }
  }

  /// The lines behind `<<WORD`, up to the line that is WORD, belong to no command.
  private mutating func skipHereDocuments() {
    for delimiter in hereDocuments {
      while position < bytes.count {
        let line = bytes[position...].prefix { $0 != 0x0A }
        position = min(line.endIndex + 1, bytes.count)
        if line.drop(while: { $0 == 0x09 }).elementsEqual(delimiter.utf8) { break }
      }
    }
    hereDocuments = []
  }

  private mutating func endCommand(_ sign: String?) {
    if !words.isEmpty || !redirections.isEmpty {
      done.append(ShellCommand(words: words, redirections: redirections, sign: sign))
    }
    words = []
    redirections = []
  }

  private mutating func readSign() throws(ShellLineError) {
    let start = position
    if has("&>>") || has("&>") { return try readRedirection(descriptor: "") }
    let sign =
      has("||")
      ? "||"
      : has("|&")
        ? "|&"
        : has("&&")
          ? "&&"
          : has(";;")
            ? ";;"
            : String(decoding: bytes[position...position], as: UTF8.self)
    position += sign.utf8.count
    switch sign {
    case "(":
      guard words.isEmpty else { throw .unexpected(sign, at: start + 1) }
      depth += 1
    case ")":
      guard depth > 0 else { throw .unexpected(sign, at: start + 1) }
      depth -= 1
      endCommand(";")
    default:
      guard !words.isEmpty || !redirections.isEmpty || (!done.isEmpty && bytes[start - 1] == UInt8(ascii: ")")) else {
        throw .unexpected(sign, at: start + 1)
      }
      endCommand(sign)
    }
  }

  private mutating func readRedirection(descriptor: String) throws(ShellLineError) {
    let signs: [StaticString] = ["&>>", "&>", "<<<", "<<-", "<<", "<>", "<&", "<", ">>", ">|", ">&", ">"]
    guard let found = signs.first(where: { has($0) }) else { return }
    let sign = found.description == "<<-" ? "<<" : found.description
    position += found.utf8CodeUnitCount
    while current == 0x20 || current == 0x09 { position += 1 }
    let before = words.count
    if let byte = current, byte != 0x0A, !"|&;()<>".utf8.contains(byte) { try readWord(isTarget: true) }
    guard words.count > before, let target = words.popLast() else { throw .noTarget(sign) }
    if sign == "<<" { hereDocuments.append(target.text) }
    redirections.append(ShellRedirection(descriptor: descriptor, sign: sign, target: target.text))
  }

  private mutating func readWord(isTarget: Bool = false) throws(ShellLineError) {
    let start = position
    text = []
    expansions = []
    var braceStart: Int?
    var hasComma = false
    if current == UInt8(ascii: "~") { expansions.append(ShellExpansion(kind: .tilde, text: "~")) }
    reading: while let byte = current {
      switch byte {
      case 0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: "|"), UInt8(ascii: "&"), UInt8(ascii: ";"), UInt8(ascii: "("),
        UInt8(ascii: ")"):
        break reading
      case UInt8(ascii: "<"), UInt8(ascii: ">"):
        let isDescriptor =
          !isTarget && position > start
          && bytes[start..<position].allSatisfy { (0x30...0x39).contains($0) }
        guard isDescriptor else { break reading }
        return try readRedirection(descriptor: String(decoding: bytes[start..<position], as: UTF8.self))
      case UInt8(ascii: "'"): try readSingleQuotes()
      case UInt8(ascii: "\""): try readDoubleQuotes()
      case UInt8(ascii: "\\"):
        if self.byte(after: 1) == 0x0A {
          position += 2
        } else {
          position += 1
          take()
        }
      case UInt8(ascii: "$"): try readDollar(isQuoted: false)
      case UInt8(ascii: "`"): try readBackquotes()
      case UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "["):
        if !expansions.contains(where: { $0.kind == .glob }), bytes[start] != UInt8(ascii: "-") {
          expansions.append(ShellExpansion(kind: .glob, text: ""))
        }
        take()
      case UInt8(ascii: "{"):
        braceStart = position
        hasComma = false
        take()
      case UInt8(ascii: ","):
        hasComma = true
        take()
      case UInt8(ascii: "}"):
        if braceStart != nil, hasComma { expansions.append(ShellExpansion(kind: .braces, text: "")) }
        braceStart = nil
        take()
      default: take()
      }
    }
    let source = String(decoding: bytes[start..<position], as: UTF8.self)
    // A glob and braces change the whole word.
    let named = expansions.map { $0.text.isEmpty ? ShellExpansion(kind: $0.kind, text: source) : $0 }
    words.append(ShellWord(text: String(decoding: text, as: UTF8.self), source: source, expansions: named))
  }

  private mutating func take() {
    guard position < bytes.count else { return }
    text.append(bytes[position])
    position += 1
  }

  private mutating func readSingleQuotes() throws(ShellLineError) {
    let start = position
    guard let end = bytes[(start + 1)...].firstIndex(of: UInt8(ascii: "'")) else { throw .open("'", at: start + 1) }
    text += bytes[(start + 1)..<end]
    position = end + 1
  }

  private mutating func readDoubleQuotes() throws(ShellLineError) {
    let start = position
    position += 1
    while let byte = current {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return
      case UInt8(ascii: "\\"):
        switch self.byte(after: 1) {
        case 0x0A: position += 2
        case UInt8(ascii: "$"), UInt8(ascii: "`"), UInt8(ascii: "\""), UInt8(ascii: "\\"):
          position += 1
          take()
        default: take()
        }
      case UInt8(ascii: "$"): try readDollar(isQuoted: true)
      case UInt8(ascii: "`"): try readBackquotes()
      default: take()
      }
    }
    throw .open("\"", at: start + 1)
  }

  private mutating func readBackquotes() throws(ShellLineError) {
    let start = position
    var end = start + 1
    while end < bytes.count, bytes[end] != UInt8(ascii: "`") { end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1 }
    guard end < bytes.count else { throw .open("`", at: start + 1) }
    keep(start...end, as: .command)
  }

  /// `$NAME`, `${...}`, `$(...)`, the special parameters, and bash's `$'...'`.
  private mutating func readDollar(isQuoted: Bool) throws(ShellLineError) {
    let start = position
    guard let next = byte(after: 1) else { return take() }
    switch next {
    case UInt8(ascii: "("), UInt8(ascii: "{"):
      let end = try partner(from: start + 1)
      keep(start...end, as: next == UInt8(ascii: "(") ? .command : .variable)
    case UInt8(ascii: "'") where !isQuoted:
      position += 1
      try readEscapedQuotes()
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "?"), UInt8(ascii: "$"), UInt8(ascii: "!"),
      UInt8(ascii: "@"), UInt8(ascii: "*"), UInt8(ascii: "#"):
      keep(start...(start + 1), as: .variable)
    case _ where Self.isNameByte(next):
      let end = bytes[(start + 1)...].firstIndex { !Self.isNameByte($0) } ?? bytes.count
      keep(start...(end - 1), as: .variable)
    default: take()
    }
  }

  /// bash's quotes in which a backslash escapes; the escapes of one letter that people use are read.
  private mutating func readEscapedQuotes() throws(ShellLineError) {
    let start = position
    position += 1
    while let byte = current {
      if byte == UInt8(ascii: "'") {
        position += 1
        return
      }
      guard byte == UInt8(ascii: "\\"), let next = self.byte(after: 1) else {
        take()
        continue
      }
      switch next {
      case UInt8(ascii: "n"): text.append(0x0A)
      case UInt8(ascii: "t"): text.append(0x09)
      case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): text.append(next)
      default: text += [byte, next]
      }
      position += 2
    }
    throw .open("'", at: start + 1)
  }

  /// Where the bracket that opens at an index is closed; brackets inside quotes do not count.
  private func partner(from start: Int) throws(ShellLineError) -> Int {
    let open = bytes[start]
    let close = open == UInt8(ascii: "(") ? UInt8(ascii: ")") : UInt8(ascii: "}")
    var depth = 0
    var quote: UInt8?
    var index = start
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\\"), quote != UInt8(ascii: "'") {
        index += 1
      } else if let opened = quote {
        if byte == opened { quote = nil }
      } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
        quote = byte
      } else if byte == open {
        depth += 1
      } else if byte == close {
        depth -= 1
        if depth == 0 { return index }
      }
      index += 1
    }
    throw .open(open == UInt8(ascii: "(") ? "$(" : "${", at: start)
  }

  private mutating func keep(_ range: ClosedRange<Int>, as kind: ShellExpansion.Kind) {
    text += bytes[range]
    expansions.append(ShellExpansion(kind: kind, text: String(decoding: bytes[range], as: UTF8.self)))
    position = range.upperBound + 1
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
      true
    default: false
    }
  }
}
