import HostSystem
import Yams

/// A YAML file whose values know where they stand.
struct YAMLFile {
  let path: String
  let root: Node.Mapping

  /// - Parameter path: for messages.
  /// - Throws: ``ConfigurationError``, unless the text is a mapping or empty.
  init(_ bytes: [UInt8], path: String) throws(ConfigurationError) {
    self.path = path
    // Comparing keys goes through everything that an alias stands for: lists of aliases of lists of aliases, on forty
    // lines, would keep it busy for ever.
    let aliases = Self.countAliases(bytes)
    guard aliases <= Self.mostAliases else {
      throw .notYAML(
        path: path, line: 1, column: 1, what: "\(aliases) aliases (*name) where at most \(Self.mostAliases) are taken")
    }
    let node: Node?
    do {
      node = try Yams.compose(yaml: String(decoding: bytes, as: UTF8.self))
    } catch {
      throw Self.described(error, path)
    }
    switch node {
    case nil: root = Node.Mapping([])
    case .mapping(let mapping): root = mapping
    // A file of comments alone is an empty scalar.
    case .scalar(let scalar) where scalar.string.isEmpty: root = Node.Mapping([])
    case .some(let other):
      throw .badValue(
        path: path, line: other.mark?.line ?? 1, column: other.mark?.column ?? 1, key: "file",
        expected: "keys with values")
    }
  }

  private static let mostAliases = 16

  /// How many aliases there can be at most: asterisks that begin a word, outside of lines that are comments. Inside quotes
  /// there may be some that are none.
  private static func countAliases(_ bytes: [UInt8]) -> Int {
    var count = 0
    for line in bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
      guard let start = line.firstIndex(where: { $0 != 0x20 && $0 != 0x09 }), line[start] != 0x23 else { continue }
      for index in line.indices.dropLast() where line[index] == 0x2A && isNameByte(line[index + 1]) {
        let previous = index > line.startIndex ? line[index - 1] : 0x20
        if !isNameByte(previous), previous != 0x22, previous != 0x27 { count += 1 }
      }
    }
    return count
  }

  /// What the name of an anchor may hold. Source: libyaml, IS_ALPHA.
  private static func isNameByte(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || byte == 0x5F || byte == 0x2D
  }

  private static func described(_ error: any Error, _ path: String) -> ConfigurationError {
    switch error {
    case let YamlError.scanner(_, problem, mark, _), let YamlError.parser(_, problem, mark, _),
      let YamlError.composer(_, problem, mark, _):
      .notYAML(path: path, line: mark.line, column: mark.column, what: problem.harmless)
    case YamlError.duplicatedKeysInMapping(let keys, let context):
      .notYAML(
        path: path, line: context.mark.line, column: context.mark.column,
        what: "the key '\(keys.min() ?? "")' stands here and again below it".harmless)
    case YamlError.reader(let problem, _, _, _): .notYAML(path: path, line: 1, column: 1, what: problem.harmless)
    default: .notYAML(path: path, line: 1, column: 1, what: "\(error)".harmless)
    }
  }

  /// A mapping inside of a file.
  private init(_ root: Node.Mapping, path: String) {
    self.path = path
    self.root = root
  }

  /// Refuses keys that are not among those known.
  func require(onlyKeys known: [String]) throws(ConfigurationError) {
    if let first = unknownKeys(besides: known).first { throw first }
  }

  /// One error for every key that is not among those known.
  func unknownKeys(besides known: [String]) -> [ConfigurationError] {
    root.filter { !known.contains($0.key.string ?? "") }.map { key, _ in
      .unknownKey(
        path: path, line: key.mark?.line ?? 1, column: key.mark?.column ?? 1, key: (key.string ?? "").harmless,
        known: known)
    }
  }

  /// The keys below a key; nil where it is not there or holds nothing.
  func section(_ key: String) throws(ConfigurationError) -> YAMLFile? {
    switch root[key] {
    case nil: return nil
    case .mapping(let mapping): return YAMLFile(mapping, path: path)
    case .scalar(let scalar) where scalar.string.isEmpty: return nil
    case .some(let node): throw bad(node, key, "keys with values below it")
    }
  }

  /// The strings of a list; a single string counts as a list of one.
  func strings(_ key: String) throws(ConfigurationError) -> [Located<String>] {
    guard let node = root[key] else { return [] }
    switch node {
    case .scalar(let scalar): return scalar.string.isEmpty ? [] : [located(scalar.string, node)]
    case .sequence(let sequence):
      var result: [Located<String>] = []
      for item in sequence {
        guard let text = item.string, !text.isEmpty else { throw bad(item, key, "a list of words") }
        result.append(located(text, item))
      }
      return result
    case .mapping, .alias: throw bad(node, key, "a list of words")
    }
  }

  /// - Parameter objection: what the key takes instead, for a value that it does not take.
  func string(
    _ key: String, _ objection: (String) -> String? = { _ in nil }
  ) throws(ConfigurationError) -> Located<String>? {
    guard let node = root[key] else { return nil }
    guard case .scalar(let scalar) = node, !scalar.string.isEmpty else { throw bad(node, key, "one word") }
    if let expected = objection(scalar.string) { throw bad(node, key, expected) }
    return located(scalar.string, node)
  }

  /// A whole number of at least `minimum`.
  func number(_ key: String, minimum: Int) throws(ConfigurationError) -> Located<Int>? {
    guard let node = root[key] else { return nil }
    guard let text = node.string, let value = Int(text), value >= minimum else {
      throw bad(node, key, "a whole number of at least \(minimum)")
    }
    return located(value, node)
  }

  private func located<Value>(_ value: Value, _ node: Node) -> Located<Value> {
    Located(value: value, place: "\(path):\(node.mark?.line ?? 1)")
  }

  private func bad(_ node: Node, _ key: String, _ expected: String) -> ConfigurationError {
    .badValue(
      path: path, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1, key: key, expected: expected)
  }
}

/// A value of a configuration file, and where it stands: `path:line`.
package struct Located<Value: Sendable & Equatable>: Sendable, Equatable {
  package let value: Value
  package let place: String

  package init(value: Value, place: String) {
    self.value = value
    self.place = place
  }
}
