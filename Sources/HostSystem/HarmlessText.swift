extension StringProtocol {
  /// The text without what could steer a terminal or disguise itself: control characters (C0, DEL, C1), line and
  /// paragraph separators, the characters that change the direction of writing (CVE-2021-42574), and those that are not
  /// seen (of no width, fillers, the soft hyphen). A tab or a line break becomes one space. Everything from outside passes
  /// through here before it is printed.
  package var harmless: String {
    let text = String(self)
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
    var result = String.UnicodeScalarView()
    var previous: UInt32 = 0
    for scalar in text.unicodeScalars {
      defer { previous = scalar.value }
      switch scalar.value {
      case 0x0A where previous == 0x0D: continue
      case 0x09, 0x0A, 0x0D: result.append(" ")
      default: if scalar.isHarmless { result.append(scalar) }
      }
    }
    return String(result)
  }
}

extension Unicode.Scalar {
  /// Whether a terminal shows the character and does nothing else; see `harmless`.
  package var isHarmless: Bool {
    switch value {
    case 0x20...0x7E: true
    case 0x00...0x1F, 0x7F...0x9F, 0x2028, 0x2029, 0xFFF9...0xFFFB: false
    default: !properties.isDefaultIgnorableCodePoint
    }
  }
}
