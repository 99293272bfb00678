extension StringProtocol {
  /// The text without what could steer a terminal or disguise itself: control characters (C0, DEL, C1), line and
  /// paragraph separators, and the characters that change the direction of writing (CVE-2021-42574). A tab or a line
  /// break becomes one space. Everything from outside passes through here before it is printed.
  package var harmless: String {
    if utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return String(self) }
    var result = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      switch scalar.value {
      case 0x09, 0x0A, 0x0D: result.append(" ")
      case 0x00...0x1F, 0x7F...0x9F: continue
      case 0x061C, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB, 0xE0000...0xE007F:
        continue
      default: result.append(scalar)
      }
    }
    return String(result)
  }
}
