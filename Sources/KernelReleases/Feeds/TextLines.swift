/// The lines of a text that are not empty, one after the other: a file of four megabytes can have millions, and a list of them
/// would fill the memory. They end with LF, CR, or both.
struct TextLines: Sequence, IteratorProtocol {
  private let bytes: [UInt8]
  private var position = 0

  init(_ text: some Sequence<UInt8>) { bytes = Array(text) }

  mutating func next() -> ArraySlice<UInt8>? {
    while position < bytes.count, Self.isEnd(bytes[position]) { position += 1 }
    guard position < bytes.count else { return nil }
    let start = position
    while position < bytes.count, !Self.isEnd(bytes[position]) { position += 1 }
    return bytes[start..<position]
  }

  private static func isEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }
}

extension ArraySlice<UInt8> {
  /// Without blanks and tabs around it.
  var withoutBlanks: ArraySlice<UInt8> {
    var slice = self
    while let byte = slice.first, byte == 0x20 || byte == 0x09 { slice.removeFirst() }
    while let byte = slice.last, byte == 0x20 || byte == 0x09 { slice.removeLast() }
    return slice
  }

  func starts(with word: StaticString) -> Bool {
    word.withUTF8Buffer { count >= $0.count && self[startIndex..<startIndex + $0.count].elementsEqual($0) }
  }

  /// Where a word begins, at or behind an index.
  func index(of word: StaticString, from start: Int) -> Int? {
    word.withUTF8Buffer { word in
      guard let first = word.first else { return nil }
      var index = start
      while index + word.count <= endIndex {
        if self[index] == first, self[index..<index + word.count].elementsEqual(word) { return index }
        index += 1
      }
      return nil
    }
  }

  /// As text; bytes that are none are U+FFFD.
  var text: String { String(decoding: self, as: UTF8.self) }
}
