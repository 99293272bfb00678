import Foundation

/// Compares a JSON document with a schema of `Data/schemas/`: the keywords that these schemas use and no others.
package enum JSONSchemaCheck {
  /// - Returns: what does not fit, each with its place; empty when the document is valid.
  package static func problems(document: some StringProtocol, schema: String) throws -> [String] {
    let path = SharedCases.projectDirectory + "/Data/schemas/" + schema
    let rules = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path)))
    let value = try JSONSerialization.jsonObject(with: Data(document.utf8), options: [.fragmentsAllowed])
    guard let root = rules as? [String: Any] else { return ["\(schema) is no object"] }
    return problems(value, root, root: root, at: "$")
  }

  private static func problems(_ value: Any, _ rules: [String: Any], root: [String: Any], at place: String) -> [String]
  {
    if let reference = rules["$ref"] as? String {
      let name = String(reference.dropFirst("#/$defs/".count))
      guard let target = (root["$defs"] as? [String: Any])?[name] as? [String: Any] else {
        return ["\(place): \(reference) leads nowhere"]
      }
      return problems(value, target, root: root, at: place)
    }
    var found: [String] = []
    let known: Set = [
      "$schema", "$id", "$defs", "title", "description", "type", "const", "enum", "pattern", "properties", "required",
      "items", "anyOf", "minimum",
    ]
    found += Set(rules.keys).subtracting(known).sorted().map { "\(place): keyword \($0) is not checked here" }
    if let names = (rules["type"] as? [String]) ?? (rules["type"] as? String).map({ [$0] }),
      !names.contains(where: { hasType($0, value) })
    {
      return found + ["\(place): not of type \(names.joined(separator: " or "))"]
    }
    if let wanted = rules["const"] as? String, value as? String != wanted { found.append("\(place): not \(wanted)") }
    if let choices = (rules["enum"] as? [Any])?.compactMap({ $0 as? String }), let text = value as? String,
      !choices.contains(text)
    {
      found.append("\(place): \(text) is not listed")
    }
    if let pattern = rules["pattern"] as? String, let text = value as? String,
      text.range(of: pattern, options: .regularExpression) == nil
    {
      found.append("\(place): \(text) does not match \(pattern)")
    }
    if let least = rules["minimum"] as? Int, let number = value as? Int, number < least {
      found.append("\(place): \(number) is below \(least)")
    }
    if let choices = rules["anyOf"] as? [[String: Any]],
      choices.allSatisfy({ !problems(value, $0, root: root, at: place).isEmpty })
    {
      found.append("\(place): fits none of the choices")
    }
    if let members = value as? [String: Any] {
      for key in rules["required"] as? [String] ?? [] where members[key] == nil {
        found.append("\(place): \(key) is missing")
      }
      let properties = rules["properties"] as? [String: [String: Any]] ?? [:]
      for (key, member) in members.sorted(by: { $0.key < $1.key }) {
        if let rules = properties[key] {
          found += problems(member, rules, root: root, at: "\(place).\(key)")
        } else if !properties.isEmpty {
          found.append("\(place): \(key) is not in the schema")
        }
      }
    }
    if let items = value as? [Any], let rules = rules["items"] as? [String: Any] {
      for (index, item) in items.enumerated() {
        found += problems(item, rules, root: root, at: "\(place)[\(index)]")
      }
    }
    return found
  }

  private static func hasType(_ name: String, _ value: Any) -> Bool {
    let isTruth = (value as? NSNumber).map { String(cString: $0.objCType) == "c" } ?? false
    return switch name {
    case "null": value is NSNull
    case "string": value is String
    case "boolean": isTruth
    case "integer": !isTruth && (value as? NSNumber).map { $0.doubleValue == $0.doubleValue.rounded() } ?? false
    case "number": !isTruth && value is NSNumber
    case "array": value is [Any]
    case "object": value is [String: Any]
    default: false
    }
  }
}
