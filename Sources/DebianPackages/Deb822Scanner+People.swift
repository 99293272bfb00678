import HostSystem

extension Deb822Scanner {
  /// Reads every stanza of a file that people write, where the last line feed may be missing. What is malformed ends the
  /// reading, becomes a problem, and what came before counts.
  static func readStanzas<Entry>(
    _ bytes: UnsafeBufferPointer<UInt8>, path: String, into file: inout ParsedFile<Entry>,
    _ body: (_ fields: [(name: String, value: String, line: Int)], _ line: Int, inout ParsedFile<Entry>) -> Void
  ) {
    var text = Array(bytes)
    if text.last != 0x0A { text.append(0x0A) }
    if let position = zip(text, text.dropFirst()).enumerated().first(where: { $1 == (0x0D, 0x0A) })?.offset {
      file.note(.carriageReturns(path: path, line: text[..<position].reduce(1) { $1 == 0x0A ? $0 + 1 : $0 }))
    }
    text.withUnsafeBufferPointer { text in
      var scanner = Deb822Scanner(text, path: path, allowsComments: true, allowsCarriageReturns: true)
      do throws(Deb822Error) {
        while true {
          var fields: [(name: String, value: String, line: Int)] = []
          let stanza = try scanner.nextStanza { (field) throws(Deb822Error) in
            fields.append((field.nameText.lowercased(), field.text, field.line))
          }
          guard let stanza else { break }
          body(fields, stanza.line, &file)
        }
      } catch {
        file.note(.malformed(path: path, line: error.place, what: "what follows is no stanza of 'Field: value' lines"))
      }
    }
  }
}

extension Deb822Error {
  /// The line of the error; 0 where it has none.
  fileprivate var place: Int {
    switch self {
    case .notAField(_, let line, _), .strayContinuation(_, let line), .forbiddenByte(_, let line, _),
      .cutInLine(_, let line), .missingField(_, let line, _, _), .badValue(_, let line, _, _),
      .duplicate(_, let line, _, _):
      line
    case .noStanza: 0
    }
  }
}
