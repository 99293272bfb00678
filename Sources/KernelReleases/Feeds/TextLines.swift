/// The lines of a text that are not empty, one after the other: a file of four megabytes can have millions, and a list of them
/// would fill the memory. They end with LF, CR, or both.
struct TextLines: Sequence, IteratorProtocol {
  private var rest: Substring.UTF8View

  init(_ text: String) { rest = text[...].utf8 }

  init(_ text: Substring.UTF8View) { rest = text }

  mutating func next() -> Substring.UTF8View? {
    guard let start = rest.firstIndex(where: { !Self.isEnd($0) }) else { return nil }
    let line = rest[start...].prefix { !Self.isEnd($0) }
    rest = rest[line.endIndex...]
    return line
  }

  private static func isEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }
}
