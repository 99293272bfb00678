/// The encodings of text that feeds come in, and how their bytes become UTF-8.
enum TextEncoding: Sendable, Equatable {
  case utf8
  /// By its declaration. What has bytes above 127 all the same is read as UTF-8.
  case ascii
  case utf16LittleEndian
  case utf16BigEndian
  /// Also what calls itself ISO 8859-1: where the two differ, that has control characters which nobody means.
  case windows1252

  /// - Parameter name: as it stands in an XML declaration or behind `charset=`, in any letter case.
  /// - Returns: nil for an encoding that is not read here.
  init?(name: some StringProtocol) {
    switch name.lowercased() {
    case "utf-8", "utf8": self = .utf8
    case "us-ascii", "ascii", "ansi_x3.4-1968": self = .ascii
    // Without a mark this is no statement about the order of the bytes; where there is one, it counts before any name.
    case "utf-16", "utf-16le": self = .utf16LittleEndian
    case "utf-16be": self = .utf16BigEndian
    case "iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "latin-1", "windows-1252", "cp1252", "x-cp1252":
      self = .windows1252
    default: return nil
    }
  }

  /// What the first bytes tell: a byte order mark, or the zeros of UTF-16 around an ASCII character.
  /// - Returns: the encoding, nil where the bytes do not tell, and the length of the mark.
  static func detect(_ bytes: [UInt8]) -> (encoding: TextEncoding?, markLength: Int) {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return (.utf8, 3) }
    if bytes.starts(with: [0xFF, 0xFE]) { return (.utf16LittleEndian, 2) }
    if bytes.starts(with: [0xFE, 0xFF]) { return (.utf16BigEndian, 2) }
    guard bytes.count >= 2 else { return (nil, 0) }
    if bytes[0] != 0, bytes[0] < 0x80, bytes[1] == 0 { return (.utf16LittleEndian, 0) }
    if bytes[0] == 0, bytes[1] != 0, bytes[1] < 0x80 { return (.utf16BigEndian, 0) }
    return (nil, 0)
  }

  /// Whether the bytes are UTF-32, with or without a mark, which is read nowhere.
  static func isUTF32(_ bytes: [UInt8]) -> Bool {
    guard bytes.count >= 4 else { return false }
    let start = bytes[..<4]
    return start.elementsEqual([0xFF, 0xFE, 0, 0]) || start.elementsEqual([0, 0, 0xFE, 0xFF])
      || start[0] != 0 && start[1...].allSatisfy { $0 == 0 } || start[3] != 0 && start[..<3].allSatisfy { $0 == 0 }
  }

  /// Gives the text piece by piece, so that it is never in memory twice.
  /// - Parameters:
  ///   - pieceLength: in bytes of the text; even.
  ///   - take: gets valid UTF-8, cut between characters; gives false to end it.
  /// - Returns: whether something was no text in this encoding and became U+FFFD.
  func decode(_ bytes: ArraySlice<UInt8>, pieceLength: Int = 1 << 18, take: (borrowing [UInt8]) -> Bool) -> Bool {
    var isReplaced = false
    var position = bytes.startIndex
    while position < bytes.endIndex {
      let end = self.end(of: bytes, from: position, length: pieceLength)
      let (piece, isExact) = decoded(bytes[position..<end])
      if !isExact { isReplaced = true }
      position = end
      if !take(piece) { break }
    }
    return isReplaced
  }

  /// The whole text at once.
  func decoded(_ bytes: ArraySlice<UInt8>) -> (text: [UInt8], isExact: Bool) {
    switch self {
    case .utf8, .ascii:
      var text = String(decoding: bytes, as: UTF8.self)
      return text.withUTF8 { utf8 in
        (Array(utf8), utf8.count == bytes.count && utf8.elementsEqual(bytes))
      }
    case .utf16LittleEndian, .utf16BigEndian:
      let low = self == .utf16LittleEndian ? 0 : 1
      let units = stride(from: bytes.startIndex, to: bytes.endIndex - 1, by: 2).lazy.map { index in
        UInt16(bytes[index + low]) | UInt16(bytes[index + 1 - low]) << 8
      }
      var text: [UInt8] = []
      text.reserveCapacity(bytes.count)
      let isBroken = transcode(
        units.makeIterator(), from: UTF16.self, to: UTF8.self, stoppingOnError: false, into: { text.append($0) })
      let isOdd = bytes.count % 2 != 0
      if isOdd { text += [0xEF, 0xBF, 0xBD] }
      return (text, !isBroken && !isOdd)
    case .windows1252:
      var text: [UInt8] = []
      text.reserveCapacity(bytes.count + bytes.count / 8)
      for byte in bytes {
        if byte < 0x80 {
          text.append(byte)
        } else {
          let scalar = byte < 0xA0 ? Self.windows1252High[Int(byte - 0x80)] : Unicode.Scalar(byte)
          text.append(contentsOf: String(scalar).utf8)
        }
      }
      return (text, true)
    }
  }

  /// Where a piece ends so that no character is cut.
  private func end(of bytes: ArraySlice<UInt8>, from start: Int, length: Int) -> Int {
    let end = start + length
    guard end < bytes.endIndex else { return bytes.endIndex }
    switch self {
    case .utf8, .ascii:
      // At most three bytes belong to a character that began before.
      for back in 0..<4 where bytes[end - back] & 0xC0 != 0x80 { return end - back }
      return end
    case .utf16LittleEndian, .utf16BigEndian:
      // Half of a pair goes with the other half.
      let high = bytes[self == .utf16LittleEndian ? end - 1 : end - 2]
      return (0xD8...0xDB).contains(high) ? end - 2 : end
    case .windows1252: return end
    }
  }

  /// The characters of the bytes 0x80 to 0x9F. Source: the Encoding Standard, index windows-1252.
  private static let windows1252High: [Unicode.Scalar] = [
    "\u{20AC}", "\u{81}", "\u{201A}", "\u{192}", "\u{201E}", "\u{2026}", "\u{2020}", "\u{2021}", "\u{2C6}", "\u{2030}",
    "\u{160}", "\u{2039}", "\u{152}", "\u{8D}", "\u{17D}", "\u{8F}", "\u{90}", "\u{2018}", "\u{2019}", "\u{201C}",
    "\u{201D}", "\u{2022}", "\u{2013}", "\u{2014}", "\u{2DC}", "\u{2122}", "\u{161}", "\u{203A}", "\u{153}", "\u{9D}",
    "\u{17E}", "\u{178}",
  ]
}
