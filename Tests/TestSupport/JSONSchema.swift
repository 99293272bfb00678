import FoundationEssentials

/// A JSON value, whole numbers kept apart from others.
package indirect enum JSONValue: Decodable, Sendable, Equatable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// - Throws: the decoder's error for text that is not one JSON document.
  package init(parsing text: String) throws {
    self = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
  }

  /// Whole numbers are tried before others, `true` and `false` before numbers.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  /// The member of an object; nil for anything else.
  package subscript(key: String) -> JSONValue? {
    if case .object(let members) = self { members[key] } else { nil }
  }

  /// The elements of an array; empty for anything else.
  package var elements: [JSONValue] {
    if case .array(let elements) = self { elements } else { [] }
  }

  /// The text of a string; nil for anything else.
  package var string: String? {
    if case .string(let text) = self { text } else { nil }
  }

  fileprivate var typeName: String {
    switch self {
    case .null: "null"
    case .bool: "boolean"
    case .integer: "integer"
    case .number: "number"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }
}

/// Checks documents against a JSON Schema: the part of draft 2020-12 that the schemas of `Data/schemas/` use.
///
/// It is strict where the standard is lenient: a keyword that it does not know is a violation of the schema's own, so no
/// rule is ever skipped in silence.
package struct JSONSchema: Sendable {
  private let root: JSONValue

  /// A schema written down as text.
  package init(_ text: String) throws { root = try JSONValue(parsing: text) }

  /// The schema of `Data/schemas/` with this file name.
  package init(fileNamed name: String) throws {
    let path = SharedCases.projectDirectory + "/Data/schemas/" + name
    try self.init(String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self))
  }

  /// What is wrong with a document, each with the place; empty for a valid one.
  package func violations(in json: String) throws -> [String] {
    check(try JSONValue(parsing: json), against: root, at: "$")
  }

  private static let annotations: Set<String> = ["$schema", "$id", "$defs", "title", "description"]

  private func check(_ value: JSONValue, against schema: JSONValue, at place: String) -> [String] {
    if case .bool(let accepts) = schema { return accepts ? [] : ["\(place): not allowed"] }
    guard case .object(let keywords) = schema else { return ["\(place): the schema is neither object nor boolean"] }
    return keywords.sorted { $0.key < $1.key }.flatMap { keyword, rule -> [String] in
      switch keyword {
      case _ where Self.annotations.contains(keyword): []
      case "type": checkType(value, rule, place)
      case "const": value == rule ? [] : ["\(place): is not the constant"]
      case "enum": rule.elements.contains(value) ? [] : ["\(place): is none of the enumeration: \(value)"]
      case "required": checkRequired(value, rule, place)
      case "properties": checkProperties(value, rule, place)
      case "additionalProperties": checkAdditional(value, rule, known: keywords["properties"], place)
      case "items": checkItems(value, rule, place)
      case "minimum": checkMinimum(value, rule, place)
      case "pattern": checkPattern(value, rule, place)
      case "anyOf":
        rule.elements.contains { check(value, against: $0, at: place).isEmpty } ? [] : ["\(place): fits no alternative"]
      case "$ref": checkReference(value, rule, place)
      default: ["\(place): the schema uses \(keyword), which this checker does not know"]
      }
    }
  }

  private func checkType(_ value: JSONValue, _ rule: JSONValue, _ place: String) -> [String] {
    let allowed = rule.string.map { [$0] } ?? rule.elements.compactMap(\.string)
    let unknown = allowed.filter {
      !["null", "boolean", "integer", "number", "string", "array", "object"].contains($0)
    }
    if allowed.isEmpty || !unknown.isEmpty { return ["\(place): the schema names no type: \(rule)"] }
    let found = value.typeName
    let fits = allowed.contains(found) || found == "integer" && allowed.contains("number")
    return fits ? [] : ["\(place): is \(found), not \(allowed.joined(separator: " or "))"]
  }

  private func checkRequired(_ value: JSONValue, _ rule: JSONValue, _ place: String) -> [String] {
    guard case .object(let members) = value else { return [] }
    return rule.elements.compactMap(\.string).filter { members[$0] == nil }.map { "\(place): lacks \($0)" }
  }

  private func checkProperties(_ value: JSONValue, _ rule: JSONValue, _ place: String) -> [String] {
    guard case .object(let members) = value, case .object(let rules) = rule else { return [] }
    return rules.sorted { $0.key < $1.key }.flatMap { name, rule in
      members[name].map { check($0, against: rule, at: "\(place).\(name)") } ?? []
    }
  }

  private func checkAdditional(
    _ value: JSONValue, _ rule: JSONValue, known: JSONValue?, _ place: String
  ) -> [String] {
    guard case .object(let members) = value else { return [] }
    return members.sorted { $0.key < $1.key }.flatMap { name, member in
      known?[name] == nil ? check(member, against: rule, at: "\(place).\(name)") : []
    }
  }

  private func checkItems(_ value: JSONValue, _ rule: JSONValue, _ place: String) -> [String] {
    value.elements.enumerated().flatMap { check($1, against: rule, at: "\(place)[\($0)]") }
  }

  private func checkMinimum(_ value: JSONValue, _ rule: JSONValue, _ place: String) -> [String] {
    func number(_ value: JSONValue) -> Double? {
      switch value {
      case .integer(let number): Double(number)
      case .number(let number): number
      default: nil
      }
    }
    guard let limit = number(rule) else { return ["\(place): the schema's minimum is no number"] }
    return number(value).map { $0 >= limit } ?? true ? [] : ["\(place): is below \(limit)"]
  }

  private func checkPattern(_ value: JSONValue, _ rule: JSONValue, _ place: String) -> [String] {
    guard let text = value.string else { return [] }
    guard let pattern = rule.string, let expression = try? Regex(pattern) else {
      return ["\(place): the schema's pattern is none: \(rule)"]
    }
    return text.contains(expression) ? [] : ["\(place): does not match \(pattern)"]
  }

  private func checkReference(_ value: JSONValue, _ rule: JSONValue, _ place: String) -> [String] {
    let prefix = "#/$defs/"
    guard let reference = rule.string, reference.hasPrefix(prefix),
      let target = root["$defs"]?[String(reference.dropFirst(prefix.count))]
    else { return ["\(place): the schema refers to something unknown: \(rule)"] }
    return check(value, against: target, at: place)
  }
}
