import DebianPackages

/// Stanzas as a reader that knows no more than "lines, empty lines, colons" sees them: what the strict readers are held to.
struct PlainStanza {
  /// The fields in their order, names in lower case, values without blanks at their ends.
  var fields: [(name: String, value: String)] = []

  func values(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }

  /// - Returns: nil where the bytes are not that simple: continuation lines, comments, or what is not ASCII.
  static func all(_ bytes: UnsafeBufferPointer<UInt8>) -> [PlainStanza]? {
    guard bytes.allSatisfy({ $0 < 0x80 && $0 != 0x0D && $0 != 0 }) else { return nil }
    var stanzas: [PlainStanza] = []
    var stanza = PlainStanza()
    for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
      if line.isEmpty {
        if !stanza.fields.isEmpty { stanzas.append(stanza) }
        stanza = PlainStanza()
        continue
      }
      guard let first = line.first, first > 0x20, first != 0x23, let colon = line.firstIndex(of: 0x3A) else {
        return nil
      }
      let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
      var value = line[(colon + 1)...]
      while value.first == 0x20 || value.first == 0x09 { value.removeFirst() }
      while value.last == 0x20 || value.last == 0x09 { value.removeLast() }
      stanza.fields.append((name, String(decoding: value, as: UTF8.self)))
    }
    if !stanza.fields.isEmpty { stanzas.append(stanza) }
    return stanzas
  }
}

/// The number of lines that begin with `Package:`, in any letter case.
func packageLines(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
  bytes.split(separator: 0x0A).count { line in
    line.prefix(8).map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }.elementsEqual("package:".utf8)
  }
}

/// The bytes up to the empty line that is nearest behind the middle; nil where there is none.
func wholeStanzas(_ bytes: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8>? {
  guard bytes.count > 2 else { return nil }
  for index in bytes.count / 2..<bytes.count - 1 where bytes[index] == 0x0A && bytes[index + 1] == 0x0A {
    return UnsafeBufferPointer(rebasing: bytes[...(index + 1)])
  }
  return nil
}
