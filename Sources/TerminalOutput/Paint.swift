/// Puts the escape sequences of colours around text, or leaves it as it is.
package struct Paint: Sendable {
  package let isOn: Bool

  package init(_ facts: TerminalFacts) { isOn = facts.usesColor }
  package init(isOn: Bool) { self.isOn = isOn }

  /// What a piece of text means; each has one look everywhere.
  package enum Role: Sendable, CaseIterable {
    case heading, name, command, good, warning, bad, faint, strong

    /// The parameters of "select graphic rendition" (ECMA-48).
    fileprivate var parameters: String {
      switch self {
      case .heading: "1;36"
      case .name: "36"
      case .command: "32"
      case .good: "32"
      case .warning: "33"
      case .bad: "31"
      case .faint: "2"
      case .strong: "1"
      }
    }
  }

  package func callAsFunction(_ role: Role, _ text: String) -> String {
    isOn && !text.isEmpty ? "\u{1B}[\(role.parameters)m\(text)\u{1B}[0m" : text
  }

  /// Text in black on a colour of the 256 that terminals share; without colours the text alone.
  /// - Parameter color: red, green and blue, 0 to 255 each.
  package func box(_ color: (Int, Int, Int), _ text: String) -> String {
    func level(_ value: Int) -> Int { min(5, max(0, (value * 5 + 127) / 255)) }
    let index = 16 + 36 * level(color.0) + 6 * level(color.1) + level(color.2)
    return isOn && !text.isEmpty ? "\u{1B}[38;5;16;48;5;\(index)m\(text)\u{1B}[0m" : text
  }
}
