/// Names of Rust, of both kinds of mangling. Source: RFC 2603 for the newer one.
enum RustNames {
  /// The older kind looks like C++ whose last part is a hash: `core::fmt::write::h0123456789abcdef`.
  /// - Parameter name: as the C++ demangler gave it.
  /// - Returns: nil for a name that is not Rust.
  static func legacy(_ name: String) -> String? {
    var text = Substring(name)
    // What compilers put behind, as .llvm.123.
    if let extra = text.utf8.lastIndex(of: UInt8(ascii: "h")),
      let dot = text[extra...].utf8.firstIndex(of: UInt8(ascii: "."))
    {
      text = text[..<dot]
    }
    let bytes = Array(text.utf8)
    guard bytes.count > 19 else { return nil }
    let hash = bytes[(bytes.count - 19)...]
    guard hash.starts(with: "::h".utf8),
      hash.dropFirst(3).allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
    else { return nil }
    return decoded(bytes[..<(bytes.count - 19)])
  }

  /// The escapes of the older kind.
  private static func decoded(_ bytes: ArraySlice<UInt8>) -> String {
    var result: [UInt8] = []
    var place = bytes.startIndex
    var isAtStart = true
    while place < bytes.endIndex {
      let byte = bytes[place]
      if isAtStart, byte == UInt8(ascii: "_"), place + 1 < bytes.endIndex, bytes[place + 1] == UInt8(ascii: "$") {
        place += 1
        isAtStart = false
        continue
      }
      isAtStart = false
      switch byte {
      case UInt8(ascii: "$"):
        if let end = bytes[(place + 1)...].firstIndex(of: UInt8(ascii: "$")),
          let plain = escape(String(decoding: bytes[(place + 1)..<end], as: UTF8.self))
        {
          result += Array(plain.utf8)
          place = end + 1
        } else {
          result.append(byte)
          place += 1
        }
      case UInt8(ascii: ".") where place + 1 < bytes.endIndex && bytes[place + 1] == UInt8(ascii: "."):
        result += Array("::".utf8)
        place += 2
        isAtStart = true
      case UInt8(ascii: ":") where place + 1 < bytes.endIndex && bytes[place + 1] == UInt8(ascii: ":"):
        result += Array("::".utf8)
        place += 2
        isAtStart = true
      default:
        result.append(byte)
        place += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static func escape(_ text: String) -> String? {
    switch text {
    case "SP": return "@"
    case "BP": return "*"
    case "RF": return "&"
    case "LT": return "<"
    case "GT": return ">"
    case "LP": return "("
    case "RP": return ")"
    case "C": return ","
    default:
      guard text.hasPrefix("u"), let number = UInt32(text.dropFirst(), radix: 16), let scalar = Unicode.Scalar(number)
      else { return nil }
      return String(Character(scalar))
    }
  }

  /// The newer kind: `_RNvCs1234_7mycrate3foo`.
  /// - Returns: nil where it is not what the RFC describes.
  static func v0(_ name: UnsafeBufferPointer<UInt8>) -> String? {
    guard name.count > 2 else { return nil }
    // A suffix of the compiler (.llvm.123) is no part of it.
    let end = name.firstIndex { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "$") } ?? name.count
    guard end > 2 else { return nil }
    var reader = RustV0Reader(UnsafeBufferPointer(rebasing: name[2..<end]))
    return reader.whole()
  }
}
