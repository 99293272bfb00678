import BundledData
import DataTree
import Testing

@testable import PerfReference

/// The option meanings that are shipped, held to rules that a reader of one subcommand never checks.
@Suite struct OptionBookTests {
  private let book = OptionBook()

  private func subcommands() throws -> [PerfSubcommand] {
    try book.names.map { try #require(try book.subcommand($0)) }
  }

  @Test func `the subcommands that people use most are there, each named as its file`() throws {
    let wanted = [
      "record", "report", "stat", "top", "script", "trace", "probe", "sched", "mem", "lock", "annotate", "diff", "list",
      "c2c", "kmem", "kwork", "ftrace",
    ]
    #expect(Set(wanted).isSubset(of: book.names))
    for (name, subcommand) in zip(book.names, try subcommands()) { #expect(subcommand.name == name) }
    #expect(try book.subcommand("../vocabulary") == nil)
    #expect(try book.subcommand("") == nil)
  }

  @Test func `no name stands twice, and every meaning is a sentence`() throws {
    var count = 0
    for subcommand in try subcommands() {
      for list in [subcommand] + subcommand.actions {
        let names = list.options.flatMap(\.names)
        #expect(Set(names).count == names.count, "\(subcommand.name) \(list.name)")
        #expect(list.summary.hasSuffix(".") || list.summary.hasSuffix("default."), "\(list.name)")
        for option in list.options {
          count += 1
          #expect(option.meaning.hasSuffix("."), "\(list.name) \(option.mainName)")
          #expect(option.meaning.count <= 200, "\(list.name) \(option.mainName)")
          for pitfall in option.pitfalls { #expect(pitfall.hasSuffix("."), "\(list.name) \(option.mainName)") }
        }
        if let target = list.passes { #expect(try book.subcommand(target) != nil, "\(target)") }
      }
    }
    #expect(count >= 700)
  }

  @Test func `conditions ask for options that exist`() throws {
    let own: Set<String> = ["target", "command", "word", "tracepoints-only", "whole-system"]
    let all = try subcommands()
    func keys(_ subcommand: PerfSubcommand) throws -> Set<String> {
      var result = Set(subcommand.options.flatMap { $0.names + [$0.key] })
      for action in subcommand.actions { result.formUnion(action.options.flatMap { $0.names + [$0.key] }) }
      for target in subcommand.actions.compactMap(\.passes) {
        result.formUnion(try book.subcommand(target)?.options.flatMap { $0.names + [$0.key] } ?? [])
      }
      return result
    }
    for subcommand in all {
      let known = try keys(subcommand)
      for entry in ([subcommand] + subcommand.actions).flatMap(\.defaults) {
        for name in entry.when + entry.unless where !own.contains(name) {
          let positive = name.hasPrefix("no-") ? String(name.dropFirst(3)) : name
          #expect(known.contains(name) || known.contains(positive), "\(subcommand.name): \(name)")
        }
      }
    }
    for rule in try MistakeBook.bundled().rules {
      for name in rule.subcommands {
        let known = try keys(try #require(all.first { $0.name == name }, "\(name)"))
        let names = (rule.when + rule.any + rule.unless).filter { !own.contains($0) }
        #expect(names.contains { known.contains($0) }, "\(rule.id): \(name)")
      }
    }
    let everything = try Set(all.flatMap { try keys($0) })
    for key in try CommandLineBook.bundled().incidental { #expect(everything.contains(key), "\(key)") }
  }

  @Test func `all text is ASCII without control characters`() throws {
    let paths = ["perf/events.yaml", "perf/mistakes.yaml", "perf/command-line.yaml"]
    for file in try BundledFile.inside("perf/options") + paths.map({ try #require(BundledFile.at($0)) }) {
      for text in texts(of: try #require(file.tree)) {
        #expect(text.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "\(file.path): \(text)")
      }
    }
  }

  @Test func `signs and expansions of the shell all have words`() throws {
    let book = try CommandLineBook.bundled()
    for kind in ShellExpansion.Kind.allCases { #expect(try !book.meaning(ofSign: kind.rawValue).isEmpty) }
    let signs = [
      "|", "|&", "&&", "||", ";", ";;", "&", ">", ">|", ">>", "<", "<<", "<<<", "<>", "&>", "&>>", ">&", "<&",
    ]
    for sign in signs { #expect(try !book.meaning(ofSign: sign).isEmpty) }
  }

  @Test(arguments: [
    ("options: [{names: [a], meaning: x}]", "names"), ("options: [{names: [-a], value: N}]", "meaning"),
    ("words: nonsense", "words"), ("nonsense: 1", "nonsense"), ("stops: maybe", "stops"), ("needs: [wings]", "needs"),
  ])
  func `a damaged file is told with its place`(text: String, key: String) throws {
    func string(_ text: String) -> [UInt8] { DataTreeEncoder.string(text) }
    let name = text.split(separator: ":", maxSplits: 1).map(String.init)
    let value: [UInt8] =
      switch name[0] {
      case "options":
        DataTreeEncoder.list([
          DataTreeEncoder.map(
            [("names", DataTreeEncoder.list([string(key == "names" ? "a" : "-a")]))]
              + (key == "names" ? [("meaning", string("x"))] : [("value", string("N"))]))
        ])
      case "needs": DataTreeEncoder.list([string("wings")])
      default: string(String(name[1].dropFirst()))
      }
    let bytes = DataTreeEncoder.map([
      ("subcommand", string("x")), ("summary", string("y.")), (name[0], value),
    ])
    let tree = try #require(DataTree(encoded: bytes))
    #expect {
      try OptionReader(tree, file: "own.yaml").subcommand()
    } throws: { error in
      (error as? RecipeError)?.message.contains(key) == true
        && "\((error as? RecipeError)?.message ?? "")".contains("own.yaml: x")
    }
  }

  private func texts(of tree: DataTree) -> [String] {
    switch tree.kind {
    case .string: [tree.string ?? ""]
    case .list: tree.items.flatMap(texts)
    case .map: tree.entries.flatMap { [$0.key] + texts(of: $0.value) }
    }
  }
}
