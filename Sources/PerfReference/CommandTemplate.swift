import HostSystem

/// A command line with gaps: `perf stat -p {pid} -- sleep {duration}`.
///
/// It is a list of words, never a line for a shell: blanks separate words, single quotes hold a word together and keep
/// every character between them, `{name}` is a gap inside or outside quotes. Braces that do not enclose a name are
/// ordinary text inside quotes, as perf's event groups need them: `'{cycles,instructions}:S'`.
package struct CommandTemplate: Sendable, Equatable {
  /// A piece of a word.
  package enum Part: Sendable, Equatable {
    case text(String)
    case placeholder(String)
  }

  /// One future argument, or several where a gap of type ``Placeholder/Kind/command`` is the whole word.
  package struct Word: Sendable, Equatable {
    /// At least one; text and gaps in turn as they stand in the word.
    package let parts: [Part]
  }

  /// The text that the template was read from.
  package let source: String
  /// At least one; the first is the program.
  package let words: [Word]

  /// Reads a template.
  /// - Throws: ``CommandTemplateError``
  package init(_ text: String) throws(CommandTemplateError) {
    source = text
    var reader = TemplateReader(text)
    words = try reader.words()
    if words.isEmpty { throw .empty }
  }

  /// The names of the gaps in the order of their first use.
  package var placeholderNames: [String] {
    var result: [String] = []
    for case .placeholder(let name) in words.flatMap(\.parts) where !result.contains(name) { result.append(name) }
    return result
  }

  /// The gaps that are a whole word of their own, and so may become several arguments.
  package var standaloneNames: [String] {
    words.compactMap { word in
      if word.parts.count == 1, case .placeholder(let name) = word.parts[0] { name } else { nil }
    }
  }

  /// The arguments with all gaps filled.
  ///
  /// No value is ever split or read again: blanks, quotes, semicolons and line breaks arrive as they are.
  /// - Parameter values: the arguments for a gap. Where the gap is a whole word each becomes an argument of its own, else
  ///   they are joined with blanks.
  package func arguments(_ values: (String) -> [String]) -> [String] {
    words.flatMap { word -> [String] in
      if word.parts.count == 1, case .placeholder(let name) = word.parts[0] { return values(name) }
      let argument = word.parts.map { part in
        switch part {
        case .text(let text): text
        case .placeholder(let name): values(name).joined(separator: " ")
        }
      }
      return [argument.joined()]
    }
  }

  /// The line for people: arguments quoted as a shell needs them, gaps shown by their name in capitals.
  /// - Parameter values: what stands in a gap instead of its name; nil keeps the name.
  package func shellText(_ values: (String) -> [String]? = { _ in nil }) -> String {
    ShellText.line(arguments { values($0) ?? [$0.uppercased()] })
  }
}

/// Why a text is no command template.
package enum CommandTemplateError: Error, Equatable {
  /// There is no word at all.
  case empty
  /// A single quote has no partner.
  case openQuote
  /// A character outside quotes that a shell would interpret; the line could not be copied to a prompt as it stands.
  case shellSyntax(Character)

  /// What is wrong, as part of a sentence.
  package var reason: String {
    switch self {
    case .empty: "is empty"
    case .openQuote: "has a single quote without a partner"
    case .shellSyntax(let character): "has a \(character) outside single quotes, which a shell would interpret"
    }
  }
}

/// Text that a POSIX shell reads back as the same arguments.
package enum ShellText {
  /// The arguments as one line.
  package static func line(_ arguments: [String]) -> String {
    arguments.map(quoted).joined(separator: " ")
  }

  /// One argument, in single quotes where it needs them.
  package static func quoted(_ argument: String) -> String {
    if !argument.isEmpty, argument.utf8.first != UInt8(ascii: "~"), argument.utf8.allSatisfy(isPlain) {
      return argument
    }
    let inner = argument.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
    return "'\(inner)'"
  }

  /// The arguments as one line for a terminal: what is not printable is spelled out, as bash and zsh understand it.
  package static func visibleLine(_ arguments: [String]) -> String {
    arguments.map(visible).joined(separator: " ")
  }

  private static func visible(_ argument: String) -> String {
    if argument.harmless == argument { return quoted(argument) }
    var result = ""
    for scalar in argument.unicodeScalars {
      switch scalar {
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "'", "\\": result += "\\\(scalar)"
      case _ where String(scalar).harmless == String(scalar): result.unicodeScalars.append(scalar)
      default:
        for byte in String(scalar).utf8 {
          result += "\\x" + String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }
      }
    }
    return "$'\(result)'"
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: ":"),
      UInt8(ascii: "/"), UInt8(ascii: "+"), UInt8(ascii: "="), UInt8(ascii: "%"), UInt8(ascii: "@"),
      UInt8(ascii: "~"):
      true
    default: false
    }
  }
}

/// Takes a template apart, byte by byte.
private struct TemplateReader {
  private let bytes: [UInt8]
  private var position = 0
  private var parts: [CommandTemplate.Part] = []
  private var literal: [UInt8] = []
  private var isInWord = false

  init(_ text: String) { bytes = Array(text.utf8) }

  mutating func words() throws(CommandTemplateError) -> [CommandTemplate.Word] {
    var result: [CommandTemplate.Word] = []
    var isQuoted = false
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "'") {
        isQuoted.toggle()
        isInWord = true
      } else if let name = placeholderName() {
        endLiteral()
        parts.append(.placeholder(name))
        isInWord = true
        position += name.utf8.count + 1
      } else if isQuoted {
        literal.append(byte)
      } else if byte == UInt8(ascii: " ") {
        if let word = endWord() { result.append(word) }
      } else if isInterpreted(byte) {
        throw .shellSyntax(Character(Unicode.Scalar(byte)))
      } else {
        literal.append(byte)
        isInWord = true
      }
      position += 1
    }
    if isQuoted { throw .openQuote }
    if let word = endWord() { result.append(word) }
    return result
  }

  /// The name between the brace at the present position and its partner; nil when that is no gap.
  private func placeholderName() -> String? {
    guard bytes[position] == UInt8(ascii: "{") else { return nil }
    let name = bytes[(position + 1)...].prefix { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "_")
    }
    guard !name.isEmpty, name.endIndex < bytes.count, bytes[name.endIndex] == UInt8(ascii: "}") else { return nil }
    return String(decoding: name, as: UTF8.self)
  }

  private mutating func endLiteral() {
    if !literal.isEmpty { parts.append(.text(String(decoding: literal, as: UTF8.self))) }
    literal = []
  }

  private mutating func endWord() -> CommandTemplate.Word? {
    endLiteral()
    defer {
      parts = []
      isInWord = false
    }
    return isInWord ? CommandTemplate.Word(parts: parts.isEmpty ? [.text("")] : parts) : nil
  }

  private func isInterpreted(_ byte: UInt8) -> Bool {
    if byte == UInt8(ascii: "~") || byte == UInt8(ascii: "#") { return !isInWord }
    return byte < 0x20 || "|&;<>()$`\\\"*?[]{}!".utf8.contains(byte)
  }
}
