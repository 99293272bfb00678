import HostSystem

/// From the tree to text.
extension JSONText {
  struct Writer {
    /// What is complete, and the piece that is being written.
    private var pieces: [[UInt8]] = []
    private var bytes: [UInt8] = []
    /// How long a piece becomes, and from when on a text is a piece of its own, in bytes.
    private static let pieceSize = 64 * 1024
    /// A line's end and an indent deeper than documents are.
    private static let indent: [UInt8] = [UInt8(ascii: "\n")] + Array(repeating: UInt8(ascii: " "), count: 64)
    private let isPretty: Bool
    /// The keys of the last object and the places of its members in sorted order: the elements of a list mostly have the
    /// same.
    private var lastKeys: [String] = []
    private var lastOrder: [Int] = []

    init(isPretty: Bool) { self.isPretty = isPretty }

    private mutating func write(_ value: FlatValue) {
      switch value {
      case .null: bytes.append(contentsOf: "null".utf8)
      case .truth(let truth): bytes.append(contentsOf: truth ? "true".utf8 : "false".utf8)
      case .number(let number): bytes.append(contentsOf: String(number).utf8)
      case .text(let text): write(text)
      }
    }

    mutating func write(_ node: Node, depth: Int) {
      switch node {
      case .literal(let text): bytes.append(contentsOf: text.utf8)
      case .string(let text): write(text)
      case .later(let encoder): write(encoder.current ?? .object(ObjectNode(depth: depth)), depth: depth)
      case .written(let text): append(text)
      case .flat(let members):
        bytes.append(UInt8(ascii: "{"))
        for (index, member) in members.enumerated() {
          if index > 0 { bytes.append(UInt8(ascii: ",")) }
          newLine(depth + 1)
          bytes.append(UInt8(ascii: "\""))
          member.key.withUTF8Buffer { bytes.append(contentsOf: $0) }
          bytes.append(contentsOf: isPretty ? "\" : ".utf8 : "\":".utf8)
          write(member.value)
        }
        newLine(depth)
        bytes.append(UInt8(ascii: "}"))
      case .object(let object):
        bytes.append(UInt8(ascii: "{"))
        for (index, place) in order(of: object).enumerated() {
          if index > 0 { bytes.append(UInt8(ascii: ",")) }
          newLine(depth + 1)
          write(object.members[place].key)
          bytes.append(contentsOf: isPretty ? " : ".utf8 : ":".utf8)
          write(object.members[place].value, depth: depth + 1)
        }
        end(isEmpty: object.members.isEmpty, depth)
        bytes.append(UInt8(ascii: "}"))
      case .array(let array):
        array.flush()
        bytes.append(UInt8(ascii: "["))
        for (index, element) in array.elements.enumerated() {
          if case .written(let text) = element {
            append(text)
          } else {
            writeElement(element, isFirst: index == 0, depth: depth)
          }
        }
        end(isEmpty: array.elements.isEmpty, depth)
        bytes.append(UInt8(ascii: "]"))
      }
    }

    /// An element of an array at a depth, with what stands before it.
    mutating func writeElement(_ node: Node, isFirst: Bool, depth: Int) {
      if !isFirst { bytes.append(UInt8(ascii: ",")) }
      newLine(depth + 1)
      write(node, depth: depth + 1)
    }

    /// Whether the piece is as long as one becomes.
    var isFull: Bool { bytes.count >= Self.pieceSize }

    /// Hands over the text so far.
    mutating func take() -> [UInt8] {
      defer { bytes = [] }
      return bytes
    }

    /// Hands over all of the text.
    mutating func takePieces() -> [[UInt8]] {
      if !bytes.isEmpty { pieces.append(take()) }
      defer { pieces = [] }
      return pieces
    }

    private mutating func append(_ text: [UInt8]) {
      guard text.count >= Self.pieceSize else { return bytes.append(contentsOf: text) }
      if !bytes.isEmpty { pieces.append(take()) }
      pieces.append(text)
    }

    /// The places of the members by their keys; of several with one key the last one.
    private mutating func order(of object: ObjectNode) -> [Int] {
      let members = object.members
      if members.count == lastKeys.count, zip(members, lastKeys).allSatisfy({ $0.key == $1 }) { return lastOrder }
      lastKeys = members.map(\.key)
      let sorted = members.indices.sorted { (members[$0].key, $0) < (members[$1].key, $1) }
      lastOrder = sorted.enumerated().filter { index, place in
        index + 1 == sorted.count || members[sorted[index + 1]].key != members[place].key
      }.map(\.element)
      return lastOrder
    }

    private mutating func newLine(_ depth: Int) {
      guard isPretty else { return }
      let length = 1 + depth * 2
      Self.indent.withUnsafeBufferPointer { bytes.append(contentsOf: $0.prefix(length)) }
      if length > Self.indent.count {
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: length - Self.indent.count))
      }
    }

    /// Foundation leaves an empty line in an empty object or array.
    private mutating func end(isEmpty: Bool, _ depth: Int) {
      if isPretty, isEmpty { bytes.append(UInt8(ascii: "\n")) }
      newLine(depth)
    }

    private mutating func write(_ text: String) {
      var text = text
      // Most texts are nothing but letters that stand for themselves.
      let isPlain = text.withUTF8 { letters in
        for letter in letters where letter < 0x20 || letter == 0x22 || letter == 0x5C || letter >= 0x7F { return false }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: letters)
        bytes.append(UInt8(ascii: "\""))
        return true
      }
      if isPlain { return }
      if text.utf8.contains(where: { $0 >= 0x7F }), text.unicodeScalars.contains(where: { !$0.isHarmless }) {
        return writeEscaped(text)
      }
      bytes.append(UInt8(ascii: "\""))
      text.withUTF8 { letters in
        var start = 0
        for (index, letter) in letters.enumerated() where letter < 0x20 || letter == 0x22 || letter == 0x5C {
          bytes.append(contentsOf: letters[start..<index])
          bytes.append(contentsOf: Self.escape(letter).utf8)
          start = index + 1
        }
        bytes.append(contentsOf: letters[start...])
      }
      bytes.append(UInt8(ascii: "\""))
    }

    /// A text with characters above 0x7E that a terminal would not just show.
    private mutating func writeEscaped(_ text: String) {
      bytes.append(UInt8(ascii: "\""))
      for scalar in text.unicodeScalars {
        switch scalar.value {
        case 0x00...0x1F, 0x22, 0x5C: bytes.append(contentsOf: Self.escape(UInt8(scalar.value)).utf8)
        case _ where scalar.isHarmless:
          bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        default:
          for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter {
            let digits = String(unit, radix: 16)
            bytes.append(contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
          }
        }
      }
      bytes.append(UInt8(ascii: "\""))
    }

    private static func escape(_ letter: UInt8) -> String {
      switch letter {
      case 0x22: "\\\""
      case 0x5C: "\\\\"
      case 0x08: "\\b"
      case 0x0C: "\\f"
      case 0x0A: "\\n"
      case 0x0D: "\\r"
      case 0x09: "\\t"
      default: "\\u00" + (letter < 0x10 ? "0" : "") + String(letter, radix: 16)
      }
    }
  }
}
