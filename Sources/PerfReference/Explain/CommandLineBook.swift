import BundledData
import DataTree

/// What stands around a perf command: `Data/perf/command-line.yaml`.
package struct CommandLineBook: Sendable {
  /// A program that runs the program behind it.
  struct Wrapper: Sendable {
    let name: String
    let meaning: String
    /// Its options that take the next word for their value.
    let valued: [String]
    /// How many words of its own stand before the program.
    let wordCount: Int
  }

  /// Options that every subcommand has.
  let everywhere: [PerfOption]
  /// perf's own options, before the subcommand.
  let globals: [PerfOption]
  /// Keys of options that say nothing about what a command is for.
  let incidental: Set<String>
  /// Subcommands that serve every purpose.
  let general: Set<String>
  /// Events that a recording takes by itself.
  let usualEvents: Set<String>
  private let tree: DataTree
  private let place: RecipePlace

  /// The book that was compiled in.
  package static func bundled() throws(RecipeError) -> CommandLineBook {
    let path = "perf/command-line.yaml"
    guard let tree = BundledFile.at(path)?.tree else { throw .missingKey(RecipePlace(file: "Data"), key: path) }
    return try CommandLineBook(tree, file: "Data/" + path)
  }

  private init(_ tree: DataTree, file: String) throws(RecipeError) {
    self.tree = tree
    place = RecipePlace(file: file)
    let reader = OptionReader(tree, file: file)
    everywhere = try reader.options(tree["everywhere"]?.items ?? [])
    globals = try reader.options(tree["globals"]?.items ?? [])
    incidental = Set(tree.strings("incidental"))
    general = Set(tree.strings("general"))
    usualEvents = Set(tree.strings("usual-events"))
  }

  /// The program of a name that runs the program behind it; nil for any other.
  func wrapper(_ name: String) -> Wrapper? {
    for item in tree["wrappers"]?.items ?? [] where item.string("name") == name {
      return Wrapper(
        name: name, meaning: item.string("meaning") ?? "", valued: item.strings("values"),
        wordCount: item.string("words").flatMap { Int($0) } ?? 0)
    }
    return nil
  }

  /// What a sign of the shell, or a kind of expansion, means.
  func meaning(ofSign sign: String) throws(RecipeError) -> String {
    if let meaning = word(sign, in: "signs") { return meaning }
    throw .missingKey(place, key: "signs.\(sign)")
  }

  /// What a program means to somebody who measures; nil for most.
  func meaning(ofProgram name: String) -> String? { word(name, in: "programs") }

  private func word(_ name: String, in section: StaticString) -> String? {
    for entry in tree[section]?.entries ?? [] where entry.key == name { return entry.value.string }
    return nil
  }
}
