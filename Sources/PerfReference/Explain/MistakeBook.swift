import BundledData
import DataTree

/// Something that is wrong with a command line, or worth to know.
package struct Mistake: Sendable, Equatable {
  /// How bad it is.
  package enum Level: String, Sendable, CaseIterable {
    /// perf refuses, or does something else than was meant.
    case error
    /// It runs, and misleads.
    case warning
    /// Worth to know.
    case note
  }

  /// The id of its entry in `Data/perf/mistakes.yaml`.
  package let id: String
  package let level: Level
  /// A clause without a final stop.
  package let says: String
  /// What to do about it, a clause without a final stop.
  package let mend: String
}

/// The mistakes that people make: `Data/perf/mistakes.yaml`.
struct MistakeBook: Sendable {
  /// A mistake that options alone tell.
  struct Rule: Sendable {
    let id: String
    let subcommands: [String]
    let when: [String]
    let any: [String]
    let unless: [String]

    /// - Parameter features: the keys of the options that were given, and what else is known of the command.
    func applies(to subcommand: String, _ features: Set<String>) -> Bool {
      subcommands.contains(subcommand) && when.allSatisfy(features.contains)
        && (any.isEmpty || any.contains(where: features.contains)) && !unless.contains(where: features.contains)
    }
  }

  let rules: [Rule]
  private let items: [DataTree]
  private let place: RecipePlace

  static func bundled() throws(RecipeError) -> MistakeBook {
    let path = "perf/mistakes.yaml"
    guard let tree = BundledFile.at(path)?.tree else { throw .missingKey(RecipePlace(file: "Data"), key: path) }
    return MistakeBook(tree, file: "Data/" + path)
  }

  private init(_ tree: DataTree, file: String) {
    items = tree["mistakes"]?.items ?? []
    place = RecipePlace(file: file)
    rules = items.compactMap { item in
      let subcommands = item.strings("subcommands")
      guard let id = item.string("id"), !subcommands.isEmpty else { return nil }
      return Rule(
        id: id, subcommands: subcommands, when: item.strings("when"), any: item.strings("any"),
        unless: item.strings("unless"))
    }
  }

  /// The mistake of an id, with the gaps of its texts filled.
  func mistake(_ id: String, _ values: [String: String] = [:]) throws(RecipeError) -> Mistake {
    for item in items where item.string("id") == id {
      guard let says = item.string("says"), let mend = item.string("mend"),
        let level = item.string("level").flatMap({ Mistake.Level(rawValue: $0) })
      else { throw .missingKey(place, key: "\(id): level, says or mend") }
      return Mistake(id: id, level: level, says: Self.fill(says, values), mend: Self.fill(mend, values))
    }
    throw .missingKey(place, key: id)
  }

  /// Every gap in one pass, so that a value with braces stays as it is.
  private static func fill(_ text: String, _ values: [String: String]) -> String {
    var result = ""
    var rest = Substring(text)
    while let start = rest.firstIndex(of: "{") {
      result += rest[..<start]
      let inner = rest[rest.index(after: start)...].prefix { $0 != "}" }
      if inner.endIndex < rest.endIndex, let value = values[String(inner)] {
        result += value
        rest = rest[rest.index(after: inner.endIndex)...]
      } else {
        result += "{"
        rest = rest[rest.index(after: start)...]
      }
    }
    return result + rest
  }
}
