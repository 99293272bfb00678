/// What the frame lines of perf's text say, by one of two sets of rules.
enum FrameText {
  /// What FlameGraph marks, and what it keeps.
  struct Marks: Hashable, Sendable {
    var kernel = false
    var jit = false
    var addresses = false
  }

  /// Symbol and object of the text behind a frame's address.
  static func parts(_ text: Substring) -> (symbol: Substring, object: Substring?) {
    guard let end = text.utf8.last, end == UInt8(ascii: ")") else { return (text, nil) }
    // From the end back to the bracket that belongs to the last one, so that `(PATH (deleted))` stays whole.
    let bytes = text.utf8
    var depth = 0
    var index = bytes.endIndex
    while index > bytes.startIndex {
      index = bytes.index(before: index)
      if bytes[index] == UInt8(ascii: ")") { depth += 1 }
      if bytes[index] == UInt8(ascii: "(") {
        depth -= 1
        if depth == 0 { break }
      }
    }
    guard depth == 0 else { return (text, nil) }
    let object = text[bytes.index(after: index)..<bytes.index(before: bytes.endIndex)]
    var symbolEnd = index
    while symbolEnd > bytes.startIndex, bytes[bytes.index(before: symbolEnd)] == UInt8(ascii: " ") {
      symbolEnd = bytes.index(before: symbolEnd)
    }
    return (text[..<symbolEnd], object)
  }

  static func withoutOffset(_ symbol: Substring) -> Substring {
    let bytes = symbol.utf8
    guard let plus = bytes.lastIndex(of: UInt8(ascii: "+")) else { return symbol }
    let tail = bytes[bytes.index(after: plus)...]
    guard tail.starts(with: "0x".utf8), tail.count > 2, tail.dropFirst(2).allSatisfy(isHexadecimal) else {
      return symbol
    }
    return symbol[..<plus]
  }

  /// Where the offset stands that both sets of rules leave out of a name, within the text behind a frame's address: what differs
  /// only there has the same frames. nil where there is none.
  static func offset(in text: UnsafeBufferPointer<UInt8>, isCompatible: Bool) -> Range<Int>? {
    guard var end = isCompatible ? compatibleSymbolEnd(text) : symbolEnd(text) else { return nil }
    let bound = end
    while end > 0, isHexadecimal(text[end - 1]) { end -= 1 }
    guard end < bound, end >= 3, text[end - 1] == UInt8(ascii: "x"), text[end - 2] == UInt8(ascii: "0"),
      text[end - 3] == UInt8(ascii: "+")
    else { return nil }
    return (end - 3)..<bound
  }

  /// Where ``parts(_:)`` lets the symbol end; nil where there is no object.
  private static func symbolEnd(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
    guard text.last == UInt8(ascii: ")") else { return nil }
    var depth = 0
    var index = text.count
    repeat {
      index -= 1
      if text[index] == UInt8(ascii: ")") { depth += 1 }
      if text[index] == UInt8(ascii: "(") { depth -= 1 }
    } while depth > 0 && index > 0
    guard depth == 0 else { return nil }
    while index > 0, text[index - 1] == UInt8(ascii: " ") { index -= 1 }
    return index
  }

  /// Where FlameGraph's rules let the symbol end: at the last ` (` before the last closing bracket.
  private static func compatibleSymbolEnd(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
    guard let close = text.lastIndex(of: UInt8(ascii: ")")), close >= 2 else { return nil }
    var index = close - 2
    while text[index] != UInt8(ascii: " ") || text[index + 1] != UInt8(ascii: "(") {
      if index == 0 { return nil }
      index -= 1
    }
    return index
  }

  /// The frames of a line, outermost first, as this program names them.
  static func frames(_ text: Substring, address: UInt64?, keepsAddresses: Bool, demangler: Demangler) -> [Frame] {
    let (raw, object) = parts(text)
    let symbol = withoutOffset(raw)
    let name = object.map(String.init)
    let kind = object.map(self.kind) ?? .user
    let isUnknown = symbol.isEmpty || symbol == "[unknown]"
    if isUnknown {
      let shown = name == "[unknown]" ? nil : name
      return [Frame(name: nil, object: shown, kind: kind, address: keepsAddresses ? address : nil)]
    }
    guard kind == .jit else {
      // perf leaves the names of Swift as they are, and with --no-demangle all of them.
      return [Frame(name: demangler.plain(symbol) ?? withoutArguments(symbol), object: name, kind: kind)]
    }
    // A runtime writes what it has put into a function behind `->`.
    return pieces(symbol).enumerated().map { index, piece in
      Frame(name: javaName(withoutArguments(piece)), object: name, kind: index == 0 ? .jit : .inlined)
    }
  }

  static func kind(of object: Substring) -> Frame.Kind {
    if object == "inlined" { return .inlined }
    let bytes = object.utf8
    let file = bytes.lastIndex(of: UInt8(ascii: "/")).map { bytes[bytes.index(after: $0)...] } ?? bytes
    if isJIT(object, file: file) { return .jit }
    if file.begins(with: "vmlinux"), file.count == 7 || file.begins(with: "vmlinux-") { return .kernel }
    if [".ko", ".ko.xz", ".ko.zst", ".ko.gz"].contains(where: file.ends) { return .kernel }
    if bytes.begins(with: "["), object.firstRange(of: "unknown") == nil,
      !["[vdso", "[vsyscall", "[JIT", "[heap", "[stack", "[anon", "[uprobes"].contains(where: bytes.begins)
    {
      return bytes.begins(with: "[guest.") ? .guestKernel : .kernel
    }
    return .user
  }

  private static func isJIT(_ object: Substring, file: Substring.UTF8View) -> Bool {
    if object.utf8.begins(with: "[JIT") { return true }
    if file.begins(with: "jitted-"), file.ends(with: ".so") { return true }
    return isPerfMap(object)
  }

  /// Whether the object is `/tmp/perf-DIGITS.map`.
  private static func isPerfMap(_ object: Substring) -> Bool {
    var rest = object
    while let found = rest.firstRange(of: "/tmp/perf-") {
      let digits = rest[found.upperBound...].prefix { $0.isASCII && $0.isNumber }
      if !digits.isEmpty, rest[digits.endIndex...].hasPrefix(".map") { return true }
      rest = rest[found.upperBound...]
    }
    return false
  }

  private static func pieces(_ symbol: Substring) -> [Substring] {
    var found: [Substring] = []
    var rest = symbol
    while let arrow = rest.firstRange(of: "->") {
      found.append(rest[..<arrow.lowerBound])
      rest = rest[arrow.upperBound...]
    }
    found.append(rest)
    while let last = found.last, last.isEmpty { found.removeLast() }
    return found
  }

  private static func javaName(_ name: String) -> String {
    name.hasPrefix("L") && name.contains("/") && (name.contains(";") || name.contains("::"))
      ? String(name.dropFirst()) : name
  }

  /// A function's name without its arguments. Brackets within template arguments, those of `operator()`, of scopes and of
  /// receivers belong to the name.
  static func withoutArguments(_ symbol: Substring) -> String {
    let bytes = Array(symbol.utf8)
    var angle = 0
    var index = 0
    while index < bytes.count {
      let rest = bytes[index...]
      if rest.starts(with: "operator".utf8), index == 0 || !isWord(bytes[index - 1]) {
        index += 8
        if bytes[min(index, bytes.count)...].starts(with: "()".utf8) {
          index += 2
        } else {
          while index < bytes.count, "<>-=+*/%^&|~!,".utf8.contains(bytes[index]) {
            // `operator< <T>` and `operator<<T>`: a template's arguments begin where a word does.
            if bytes[index] == UInt8(ascii: "<"), index + 1 < bytes.count, isWord(bytes[index + 1]),
              bytes[index - 1] != UInt8(ascii: "r")
            {
              break
            }
            index += 1
          }
        }
        continue
      }
      switch bytes[index] {
      case UInt8(ascii: "<"): angle += 1
      case UInt8(ascii: ">"):
        if index == 0 || bytes[index - 1] != UInt8(ascii: "-") { angle = max(0, angle - 1) }
      case UInt8(ascii: "(") where angle == 0:
        guard let close = closing(bytes, index) else {
          return index == 0 ? String(symbol) : String(decoding: bytes[..<index], as: UTF8.self)
        }
        let after = bytes[(close + 1)...]
        if after.starts(with: "::".utf8) || after.starts(with: ".".utf8) || index == 0
          || after.firstRange(of: Array(" in ".utf8)) != nil
        {
          index = close
        } else {
          var end = index
          while end > 0, bytes[end - 1] == UInt8(ascii: " ") { end -= 1 }
          return String(decoding: bytes[..<end], as: UTF8.self)
        }
      default: break
      }
      index += 1
    }
    return String(symbol)
  }

  private static func closing(_ bytes: [UInt8], _ open: Int) -> Int? {
    var depth = 0
    for index in open..<bytes.count {
      if bytes[index] == UInt8(ascii: "(") { depth += 1 }
      if bytes[index] == UInt8(ascii: ")") {
        depth -= 1
        if depth == 0 { return index }
      }
    }
    return nil
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
  }

  // MARK: FlameGraph's rules

  /// The names of a line, outermost first, exactly as FlameGraph's collapser writes them; nil for a line that is no frame.
  static func compatibleNames(_ text: Substring, address: Substring, isJava: Bool, marks: Marks) -> [String]? {
    guard let close = text.lastIndex(of: ")") else { return nil }
    let inner = text[..<close]
    guard let open = inner.lastRange(of: " (") else { return nil }
    let object = inner[open.upperBound...]
    let symbol = withoutOffset(inner[..<open.lowerBound])
    if symbol.hasPrefix("(") { return [] }
    return compatibleNames(symbol: symbol, object: object, address: address, isJava: isJava, marks: marks)
  }

  static func compatibleNames(
    symbol: Substring, object: Substring, address: Substring, isJava: Bool, marks: Marks
  ) -> [String] {
    var names: [String] = []
    for piece in pieces(symbol) {
      var name = String(piece)
      if name == "[unknown]" {
        let file =
          object == "[unknown]" ? "unknown" : object[(object.lastRange(of: "/")?.upperBound ?? object.startIndex)...]
        name = marks.addresses ? "[\(file) <\(address)>]" : "[\(file)]"
      }
      name = tidied(name)
      if isJava, name.contains("/"), name.hasPrefix("L") { name.removeFirst() }
      if !names.isEmpty {
        if !name.contains("_[i]") { name += "_[i]" }
      } else if marks.kernel, object.hasPrefix("[") || object.hasSuffix("vmlinux"), !object.contains("unknown") {
        name += "_[k]"
      } else if marks.jit, isPerfMap(object) {
        if !name.contains("_[j]") { name += "_[j]" }
      }
      names.append(name)
    }
    return names
  }

  private static func tidied(_ name: String) -> String {
    var bytes = Array(name.utf8)
    for index in bytes.indices where bytes[index] == UInt8(ascii: ";") { bytes[index] = UInt8(ascii: ":") }
    if !isGo(bytes) {
      for index in bytes.indices where bytes[index] == UInt8(ascii: "(") {
        if bytes[(index + 1)...].starts(with: "anonymous namespace)".utf8) { continue }
        bytes.removeSubrange(index...)
        break
      }
    }
    bytes.removeAll { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "'") }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Whether the name has `.(` and, further on, `).`.
  private static func isGo(_ bytes: [UInt8]) -> Bool {
    guard let open = bytes.firstRange(of: Array(".(".utf8)) else { return false }
    return bytes[open.upperBound...].firstRange(of: Array(").".utf8)) != nil
  }
}

extension Substring.UTF8View {
  fileprivate func begins(with text: String) -> Bool { starts(with: text.utf8) }
  fileprivate func ends(with text: String) -> Bool { suffix(text.utf8.count).elementsEqual(text.utf8) }
}

extension Collection where Element == UInt8, Index == Int {
  /// The first place where other bytes stand.
  func firstRange(of other: [UInt8]) -> Range<Int>? {
    guard count >= other.count else { return nil }
    var index = startIndex
    while index + other.count <= endIndex {
      if self[index..<(index + other.count)].elementsEqual(other) { return index..<(index + other.count) }
      index += 1
    }
    return nil
  }
}

extension StringProtocol {
  /// The first place where other text stands, compared by bytes.
  func firstRange(of other: String) -> Range<Index>? {
    var index = startIndex
    while let found = utf8[index...].firstIndex(of: other.utf8.first ?? 0) {
      if utf8[found...].starts(with: other.utf8) { return found..<utf8.index(found, offsetBy: other.utf8.count) }
      index = utf8.index(after: found)
    }
    return nil
  }

  /// The last place where other text stands.
  func lastRange(of other: String) -> Range<Index>? {
    var found: Range<Index>?
    var rest = startIndex
    while let range = self[rest...].firstRange(of: other) {
      found = range
      rest = utf8.index(after: range.lowerBound)
    }
    return found
  }
}
