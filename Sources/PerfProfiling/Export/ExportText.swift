import HostSystem

/// Bytes of a JSON file of another program, written piece by piece: columns of a million numbers are no tree.
struct ExportText {
  private(set) var bytes: [UInt8] = []

  mutating func raw(_ text: StaticString) {
    text.withUTF8Buffer { bytes += $0 }
  }

  mutating func byte(_ character: Unicode.Scalar) { bytes.append(UInt8(ascii: character)) }

  mutating func number(_ value: some BinaryInteger) { bytes += String(value).utf8 }

  /// A number that is not whole; JSON has none that is not finite.
  mutating func number(_ value: Double) { bytes += (value.isFinite ? "\(value)" : "0").utf8 }

  /// A string with its quotes; what could steer a terminal is escaped.
  mutating func string(_ text: String) {
    byte("\"")
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": bytes += "\\\"".utf8
      case "\\": bytes += "\\\\".utf8
      case "\u{20}"..."\u{7E}": bytes.append(UInt8(truncatingIfNeeded: scalar.value))
      default:
        if scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || String(scalar) != String(scalar).harmless {
          for unit in String(scalar).utf16 {
            let digits = String(unit, radix: 16)
            bytes += "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8
          }
        } else {
          bytes += String(scalar).utf8
        }
      }
    }
    byte("\"")
  }

  /// `"key":`, behind a comma unless it is the first of its object.
  mutating func key(_ name: StaticString) {
    comma()
    byte("\"")
    raw(name)
    raw("\":")
  }

  /// A comma, unless nothing stands before.
  mutating func comma() {
    if let last = bytes.last, last != UInt8(ascii: "{"), last != UInt8(ascii: "["), last != UInt8(ascii: ":") {
      byte(",")
    }
  }

  mutating func list<Items: Sequence>(_ items: Items, _ write: (inout ExportText, Items.Element) -> Void) {
    byte("[")
    for item in items {
      comma()
      write(&self, item)
    }
    byte("]")
  }

  mutating func numbers(_ values: some Sequence<some BinaryInteger>) { list(values) { $0.number($1) } }

  mutating func strings(_ values: some Sequence<String>) { list(values) { $0.string($1) } }

  mutating func nulls(_ count: Int) { list(0..<count) { text, _ in text.raw("null") } }
}
