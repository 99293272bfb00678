/// Reads one name of Rust's newer mangling. Source: RFC 2603, "v0 symbol mangling".
///
/// Back references may make a small name open to a huge one, or to one without an end: depth and length are limited.
struct RustV0Reader {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var place = 0
  private var output: [UInt8] = []
  private var depth = 0
  private var hasFailed = false
  private var isSilent = false
  private var lifetimes: UInt64 = 0

  private static let deepest = 200
  private static let longest = 16_384

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  mutating func whole() -> String? {
    path(inValue: true)
    // The crate that made an instance may follow.
    if !hasFailed, place < bytes.count {
      isSilent = true
      path(inValue: false)
    }
    return hasFailed || place != bytes.count ? nil : String(decoding: output, as: UTF8.self)
  }

  private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

  private mutating func take() -> UInt8 {
    guard place < bytes.count else {
      hasFailed = true
      return 0
    }
    place += 1
    return bytes[place - 1]
  }

  private mutating func take(_ wanted: Character) -> Bool {
    guard next == wanted.asciiValue else { return false }
    place += 1
    return true
  }

  private mutating func write(_ text: String) {
    guard !isSilent else { return }
    output += Array(text.utf8)
    if output.count > Self.longest { hasFailed = true }
  }

  /// A number in base 62 that ends with `_`; `_` alone is 0.
  private mutating func base62() -> UInt64 {
    if take("_") { return 0 }
    var value: UInt64 = 0
    while !hasFailed {
      let byte = take()
      let digit: UInt64
      switch byte {
      case 0x30...0x39: digit = UInt64(byte - 0x30)
      case 0x61...0x7A: digit = UInt64(byte - 0x61) + 10
      case 0x41...0x5A: digit = UInt64(byte - 0x41) + 36
      case UInt8(ascii: "_"):
        let (result, overflow) = value.addingReportingOverflow(1)
        if overflow { hasFailed = true }
        return result
      default:
        hasFailed = true
        return 0
      }
      let (product, over) = value.multipliedReportingOverflow(by: 62)
      let (sum, overflow) = product.addingReportingOverflow(digit)
      if over || overflow { hasFailed = true }
      value = sum
    }
    return 0
  }

  private mutating func optionalNumber(_ tag: Character) -> UInt64 {
    guard take(tag) else { return 0 }
    let value = base62()
    return value == .max ? value : value + 1
  }

  /// An identifier: the disambiguator, and the name.
  private mutating func identifier() -> (disambiguator: UInt64, name: String) {
    let disambiguator = optionalNumber("s")
    return (disambiguator, plainIdentifier())
  }

  private mutating func plainIdentifier() -> String {
    let isPunycode = take("u")
    var length = 0
    guard let first = next, (0x30...0x39).contains(first) else {
      hasFailed = true
      return ""
    }
    if first == 0x30 {
      place += 1
    } else {
      while let digit = next, (0x30...0x39).contains(digit), length < 100_000 {
        length = length * 10 + Int(digit - 0x30)
        place += 1
      }
    }
    _ = take("_")
    guard length <= bytes.count - place else {
      hasFailed = true
      return ""
    }
    let name = bytes[place..<place + length]
    place += length
    return isPunycode
      ? Self.punycode(Array(name)) ?? "punycode{\(String(decoding: name, as: UTF8.self))}"
      : String(decoding: name, as: UTF8.self)
  }

  /// RFC 3492, with `_` in place of the hyphen.
  private static func punycode(_ bytes: [UInt8]) -> String? {
    var scalars: [Unicode.Scalar] = []
    var rest = bytes[...]
    if let mark = bytes.lastIndex(of: UInt8(ascii: "_")) {
      scalars = bytes[..<mark].map { Unicode.Scalar($0) }
      rest = bytes[(mark + 1)...]
    }
    var (code, index, bias) = (128, 0, 72)
    while !rest.isEmpty {
      let old = index
      var (weight, step) = (1, 36)
      while true {
        guard let byte = rest.popFirst() else { return nil }
        let digit: Int
        switch byte {
        case 0x61...0x7A: digit = Int(byte) - 0x61
        case 0x30...0x39: digit = Int(byte) - 0x30 + 26
        default: return nil
        }
        index += digit * weight
        let threshold = step <= bias ? 1 : min(26, step - bias)
        if digit < threshold { break }
        weight *= 36 - threshold
        step += 36
        guard weight < 1 << 40, index < 1 << 40 else { return nil }
      }
      let count = scalars.count + 1
      var delta = old == 0 ? (index - old) / 700 : (index - old) / 2
      delta += delta / count
      var adaption = 0
      while delta > 455 {
        delta /= 35
        adaption += 36
      }
      bias = adaption + 36 * delta / (delta + 38)
      code += index / count
      index %= count
      guard code <= 0x10FFFF, let scalar = Unicode.Scalar(UInt32(code)) else { return nil }
      scalars.insert(scalar, at: index)
      index += 1
    }
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }

  /// Reads what stands at an earlier place, once more.
  private mutating func backReference(_ body: (inout RustV0Reader) -> Void) {
    let start = place - 1
    let target = base62()
    guard target < UInt64(start) else {
      hasFailed = true
      return
    }
    if isSilent { return }
    let here = place
    place = Int(target)
    nested(body)
    place = here
  }

  private mutating func nested(_ body: (inout RustV0Reader) -> Void) {
    depth += 1
    if depth > Self.deepest { hasFailed = true }
    if !hasFailed { body(&self) }
    depth -= 1
  }

  // MARK: Paths

  private mutating func path(inValue: Bool) { nested { $0.pathBody(inValue: inValue) } }

  private mutating func pathBody(inValue: Bool) {
    let tag = take()
    switch tag {
    case UInt8(ascii: "C"): write(identifier().name)
    case UInt8(ascii: "M"):
      implementationPath()
      write("<")
      type()
      write(">")
    case UInt8(ascii: "X"), UInt8(ascii: "Y"):
      if tag == UInt8(ascii: "X") { implementationPath() }
      write("<")
      type()
      write(" as ")
      path(inValue: false)
      write(">")
    case UInt8(ascii: "N"):
      let space = take()
      path(inValue: inValue)
      let (disambiguator, name) = identifier()
      if (0x41...0x5A).contains(space) {
        write("::{")
        switch space {
        case UInt8(ascii: "C"): write("closure")
        case UInt8(ascii: "S"): write("shim")
        default: write(String(Character(Unicode.Scalar(space))))
        }
        if !name.isEmpty { write(":" + name) }
        write("#\(disambiguator)}")
      } else if !name.isEmpty {
        write("::" + name)
      }
    case UInt8(ascii: "I"):
      path(inValue: inValue)
      if inValue { write("::") }
      write("<")
      list(endingWith: "E") { $0.argument() }
      write(">")
    case UInt8(ascii: "B"): backReference { $0.pathBody(inValue: inValue) }
    default: hasFailed = true
    }
  }

  private mutating func implementationPath() {
    let before = isSilent
    isSilent = true
    _ = optionalNumber("s")
    path(inValue: false)
    isSilent = before
  }

  private mutating func list(endingWith end: Character, _ item: (inout RustV0Reader) -> Void) {
    var isFirst = true
    while !hasFailed, !take(end) {
      if !isFirst { write(", ") }
      isFirst = false
      item(&self)
    }
  }

  private mutating func argument() {
    if take("L") {
      lifetime(base62())
    } else if take("K") {
      constant()
    } else {
      type()
    }
  }

  private mutating func lifetime(_ number: UInt64) {
    guard number > 0 else { return write("'_") }
    guard number <= lifetimes else {
      hasFailed = true
      return
    }
    let index = lifetimes - number
    write(index < 26 ? "'" + String(Character(Unicode.Scalar(UInt8(0x61 + index)))) : "'_\(index)")
  }

  // MARK: Types

  private static let basicTypes: [UInt8: String] = [
    UInt8(ascii: "a"): "i8", UInt8(ascii: "b"): "bool", UInt8(ascii: "c"): "char", UInt8(ascii: "d"): "f64",
    UInt8(ascii: "e"): "str", UInt8(ascii: "f"): "f32", UInt8(ascii: "h"): "u8", UInt8(ascii: "i"): "isize",
    UInt8(ascii: "j"): "usize", UInt8(ascii: "l"): "i32", UInt8(ascii: "m"): "u32", UInt8(ascii: "n"): "i128",
    UInt8(ascii: "o"): "u128", UInt8(ascii: "s"): "i16", UInt8(ascii: "t"): "u16", UInt8(ascii: "u"): "()",
    UInt8(ascii: "v"): "...", UInt8(ascii: "x"): "i64", UInt8(ascii: "y"): "u64", UInt8(ascii: "z"): "!",
    UInt8(ascii: "p"): "_",
  ]

  private mutating func type() { nested { $0.typeBody() } }

  private mutating func typeBody() {
    guard let tag = next else {
      hasFailed = true
      return
    }
    if let basic = Self.basicTypes[tag] {
      place += 1
      return write(basic)
    }
    switch tag {
    case UInt8(ascii: "A"), UInt8(ascii: "S"):
      place += 1
      write("[")
      type()
      if tag == UInt8(ascii: "A") {
        write("; ")
        constant()
      }
      write("]")
    case UInt8(ascii: "T"):
      place += 1
      write("(")
      var count = 0
      list(endingWith: "E") {
        $0.type()
        count += 1
      }
      write(count == 1 ? ",)" : ")")
    case UInt8(ascii: "R"), UInt8(ascii: "Q"):
      place += 1
      write("&")
      if take("L") {
        let number = base62()
        if number > 0 {
          lifetime(number)
          write(" ")
        }
      }
      if tag == UInt8(ascii: "Q") { write("mut ") }
      type()
    case UInt8(ascii: "P"), UInt8(ascii: "O"):
      place += 1
      write(tag == UInt8(ascii: "P") ? "*const " : "*mut ")
      type()
    case UInt8(ascii: "F"):
      place += 1
      functionType()
    case UInt8(ascii: "D"):
      place += 1
      dynamicType()
    case UInt8(ascii: "B"):
      place += 1
      backReference { $0.typeBody() }
    default: path(inValue: false)
    }
  }

  /// Lifetimes that hold for what follows: `for<'a, 'b> `.
  private mutating func withBinder(_ body: (inout RustV0Reader) -> Void) {
    let before = lifetimes
    let count = optionalNumber("G")
    if count > 256 { hasFailed = true }
    if count > 0, !hasFailed {
      write("for<")
      for index in 0..<count {
        if index > 0 { write(", ") }
        lifetimes += 1
        lifetime(1)
      }
      write("> ")
    }
    if !hasFailed { body(&self) }
    lifetimes = before
  }

  private mutating func functionType() {
    withBinder { reader in
      if reader.take("U") { reader.write("unsafe ") }
      if reader.take("K") {
        let name = reader.take("C") ? "C" : reader.plainIdentifier().split(separator: "_").joined(separator: "-")
        reader.write("extern \"\(name)\" ")
      }
      reader.write("fn(")
      reader.list(endingWith: "E") { $0.type() }
      reader.write(")")
      if !reader.take("u") {
        reader.write(" -> ")
        reader.type()
      }
    }
  }

  private mutating func dynamicType() {
    write("dyn ")
    withBinder { reader in
      var isFirst = true
      while !reader.hasFailed, !reader.take("E") {
        if !isFirst { reader.write(" + ") }
        isFirst = false
        reader.dynamicTrait()
      }
    }
    guard take("L") else {
      hasFailed = true
      return
    }
    let number = base62()
    if number > 0 {
      write(" + ")
      lifetime(number)
    }
  }

  private mutating func dynamicTrait() {
    var isOpen = openPath()
    while !hasFailed, take("p") {
      write(isOpen ? ", " : "<")
      isOpen = true
      write(plainIdentifier() + " = ")
      type()
    }
    if isOpen { write(">") }
  }

  /// A path whose list of arguments stays open for bindings.
  private mutating func openPath() -> Bool {
    if take("B") {
      var isOpen = false
      backReference { isOpen = $0.openPath() }
      return isOpen
    }
    if take("I") {
      path(inValue: false)
      write("<")
      list(endingWith: "E") { $0.argument() }
      return true
    }
    path(inValue: false)
    return false
  }

  // MARK: Constants

  private mutating func constant() { nested { $0.constantBody() } }

  private mutating func constantBody() {
    let tag = take()
    switch tag {
    case UInt8(ascii: "p"): write("_")
    case UInt8(ascii: "B"): backReference { $0.constantBody() }
    case UInt8(ascii: "b"):
      switch hexadecimal() {
      case "0": write("false")
      case "1": write("true")
      default: hasFailed = true
      }
    case UInt8(ascii: "c"):
      guard let number = UInt32(hexadecimal(), radix: 16), let scalar = Unicode.Scalar(number) else {
        hasFailed = true
        return
      }
      write("'\(Character(scalar))'")
    case UInt8(ascii: "a"), UInt8(ascii: "s"), UInt8(ascii: "l"), UInt8(ascii: "x"), UInt8(ascii: "n"),
      UInt8(ascii: "i"):
      if take("n") { write("-") }
      number()
    case UInt8(ascii: "h"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "y"), UInt8(ascii: "o"),
      UInt8(ascii: "j"):
      number()
    default: hasFailed = true
    }
  }

  private mutating func number() {
    let digits = hexadecimal()
    if digits.count <= 16, let value = UInt64(digits, radix: 16) {
      write("\(value)")
    } else {
      write("0x" + digits)
    }
  }

  /// Digits up to `_`.
  private mutating func hexadecimal() -> String {
    var digits: [UInt8] = []
    while !hasFailed {
      let byte = take()
      if byte == UInt8(ascii: "_") { break }
      guard (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) else {
        hasFailed = true
        break
      }
      digits.append(byte)
    }
    return digits.isEmpty ? "0" : String(decoding: digits, as: UTF8.self)
  }
}
