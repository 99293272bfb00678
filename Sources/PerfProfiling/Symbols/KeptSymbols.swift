/// The symbols that a recording needs, written beside it, so that another machine can name its addresses.
///
/// The form is text: a line `object`, the name and the build id (or `-`), separated by tabs, then for each symbol its start and
/// size in the object as the recording counts addresses, hexadecimal, and the name as linkers see it.
package struct KeptSymbols: Sendable {
  /// One function of an object.
  struct Symbol: Sendable {
    var start: UInt64
    var size: UInt64
    var name: [UInt8]
  }

  /// What the symbols are of.
  struct Object: Hashable, Sendable {
    var name: String
    /// As hexadecimal digits; empty where none is recorded.
    var buildID: String
  }

  private(set) var symbols: [Object: [Symbol]] = [:]

  init() {}

  /// Reads what ``bytes`` wrote. Lines of another form are left out.
  package init(_ text: UnsafeBufferPointer<UInt8>) {
    var object: Object?
    for line in text.split(separator: 0x0A) {
      let fields = line.split(separator: 0x09, maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      if fields[0].elementsEqual("object".utf8) {
        let buildID = String(decoding: fields[2], as: UTF8.self)
        object = Object(name: String(decoding: fields[1], as: UTF8.self), buildID: buildID == "-" ? "" : buildID)
      } else if let object, let start = UInt64(String(decoding: fields[0], as: UTF8.self), radix: 16),
        let size = UInt64(String(decoding: fields[1], as: UTF8.self), radix: 16), size > 0
      {
        symbols[object, default: []].append(Symbol(start: start, size: size, name: Array(fields[2])))
      }
    }
  }

  mutating func add(_ symbol: Symbol, of object: Object) {
    // What would end a line or a field is no name of code.
    guard !symbol.name.contains(where: { $0 == 0x0A || $0 == 0 }), symbol.size > 0 else { return }
    symbols[object, default: []].append(symbol)
  }

  /// The text, objects in order of their names.
  package var bytes: [UInt8] {
    var result: [UInt8] = []
    for (object, symbols) in symbols.sorted(by: { ($0.key.name, $0.key.buildID) < ($1.key.name, $1.key.buildID) }) {
      let name = object.name.utf8.map { $0 == 0x09 || $0 == 0x0A ? 0x20 : $0 }
      result += "object\t".utf8
      result += name
      result += "\t\(object.buildID.isEmpty ? "-" : object.buildID)\n".utf8
      for symbol in symbols.sorted(by: { $0.start < $1.start }) {
        result += "\(String(symbol.start, radix: 16))\t\(String(symbol.size, radix: 16))\t".utf8
        result += symbol.name
        result.append(0x0A)
      }
    }
    return result
  }

  var isEmpty: Bool { symbols.isEmpty }

  /// An index of an object's symbols, with the bytes that it points into; nil where there are none.
  func index(of object: Object) -> (SymbolIndex, HeldBytes)? {
    guard let symbols = symbols[object] else { return nil }
    let names = HeldBytes(symbols.flatMap { $0.name + [0] })
    var index = SymbolIndex.Builder()
    guard index.useNames(names.bytes) else { return nil }
    var place = 0
    for symbol in symbols {
      index.add(start: symbol.start, size: symbol.size, name: place)
      place += symbol.name.count + 1
    }
    return (index.finish(), names)
  }
}
