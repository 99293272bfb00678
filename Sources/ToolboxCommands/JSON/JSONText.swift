/// Writes documents as JSON: keys in snake_case and sorted, as JSONEncoder does with the options `prettyPrinted` (or without
/// it), `sortedKeys`, `withoutEscapingSlashes` and `convertToSnakeCase`, byte for byte, but several times as fast.
///
/// Foundation's special treatment of Date, Data, URL and Decimal is left out: no document has them. And what could steer a
/// terminal or disguise itself (see `harmless`) is escaped, which JSONEncoder does only below 0x20: JSON is read on terminals
/// too.
enum JSONText {
  /// - Parameter isPretty: an indent of two spaces; else everything on one line.
  /// - Throws: `EncodingError` for a number that JSON does not have, and what the value's own encoding throws.
  /// - Returns: the text in pieces; a long one is never held twice.
  static func pieces(of value: some Encodable, isPretty: Bool) throws -> [[UInt8]] {
    let encoder = TreeEncoder(isPretty: isPretty)
    let node = try encoder.node(value, depth: 0) ?? .object(ObjectNode(depth: 0))
    var writer = Writer(isPretty: isPretty)
    writer.write(node, depth: 0)
    return writer.takePieces()
  }

  /// The same in one piece.
  static func bytes(of value: some Encodable, isPretty: Bool) throws -> [UInt8] {
    Array(try pieces(of: value, isPretty: isPretty).joined())
  }

  /// `endOfLifeDate` to `end_of_life_date`, `someURLText` to `some_url_text`: an upper-case letter begins a word, and of
  /// several in a row the last one that stands before a lower-case letter.
  static func snakeCase(_ name: String) -> String {
    let letters = Array(name)
    var words: [Substring] = []
    var start = 0
    var next = 1
    func word(_ range: Range<Int>) -> Substring { Substring(String(letters[range]).lowercased()) }
    while next < letters.count, let upper = letters[next...].firstIndex(where: \.isUppercase) {
      words.append(word(start..<upper))
      start = upper
      guard let lower = letters[upper...].firstIndex(where: \.isLowercase) else { break }
      if lower > upper + 1 {
        words.append(word(upper..<lower - 1))
        start = lower - 1
      }
      next = lower + 1
    }
    words.append(word(start..<letters.count))
    return words.joined(separator: "_")
  }
}
