import TerminalOutput

extension Paint {
  /// A command line, with the words in capitals that the reader fills in standing out.
  func command(_ line: String) -> String {
    guard isOn else { return line }
    var result = ""
    var rest = Substring(line)
    var plain = ""
    while let first = rest.first {
      let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
      if word.isEmpty {
        plain.append(first)
        rest.removeFirst()
        continue
      }
      if word.utf8.count > 1, word.utf8.allSatisfy({ (0x41...0x5A).contains($0) || $0 == 0x5F }) {
        result += self(.command, plain) + self(.strong, String(word))
        plain = ""
      } else {
        plain += word
      }
      rest.removeFirst(word.count)
    }
    return result + self(.command, plain)
  }
}
