import FoundationEssentials
import TestSupport
import Testing

/// The manual pages against the commands that the program really has.
///
/// The convention of the pages, in mdoc(7): `Fl` marks an option of this program (`.Fl -color`, `.Fl h`) and `Cm` one of
/// its subcommands (`.Cm list`) or a fixed value of an option (`.Cm auto`), in the synopsis, in tagged lists and in running
/// text, and nothing else. Options of other programs and options that a page only mentions are `Ql`. Then
/// * `toolbox.1` has the options of the root command and the names of its subcommands;
/// * `toolbox-JOB.1`, and `toolbox-config.5` for `config`, has every option and every subcommand, at any depth, of that job. `--help` and `--version`, which
///   every command has, are described in `toolbox.1` and may be left out. Fixed values may be left out too.
@Suite struct ManualTests {
  private static let jobs = ["perf", "reset", "kernel", "config"]
  private static let pages = ["toolbox.1"] + jobs.map(page)
  private static func page(of job: String) -> String { "toolbox-\(job).\(job == "config" ? 5 : 1)" }
  private static let everywhere: Set<String> = ["-h", "--help", "--version"]

  @Test func `the jobs of the program are those that have a page here`() async throws {
    let root = try await CommandNode.root()
    #expect(Set(root.subcommands.map(\.name)) == Set(Self.jobs + ["help"]))
  }

  @Test func `the page of the program has the options and commands of the root, and no others`() async throws {
    let root = try await CommandNode.root()
    let page = try ManualPage(named: "toolbox.1")
    #expect(page.options == root.options)
    #expect(page.commands == Set(root.subcommands.map(\.name)))
  }

  @Test(arguments: jobs)
  func `the page of a job has all its options and commands, and no others`(job: String) async throws {
    let command = try #require(try await CommandNode.root().subcommands.first { $0.name == job })
    let page = try ManualPage(named: Self.page(of: job))
    let options = command.allOptions
    let commands = Set(command.descendants.map(\.name))
    #expect(options.subtracting(Self.everywhere).subtracting(page.options).sorted() == [], "missing in the page")
    #expect(page.options.subtracting(options).sorted() == [], "not in the program")
    #expect(commands.subtracting(page.commands).sorted() == [], "missing in the page")
    #expect(page.commands.subtracting(commands).subtracting(command.allValues).sorted() == [], "not in the program")
  }

  @Test(arguments: pages)
  func `a page has the sections that readers look for`(name: String) throws {
    let page = try ManualPage(named: name)
    for section in [
      "NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES", "SEE ALSO",
      "SECURITY CONSIDERATIONS",
    ] {
      #expect(page.sections.contains(section), "\(section)")
    }
  }

  @Test(.enabled(if: ManualPage.mandoc != nil, "mandoc is not installed"))
  func `mandoc finds nothing to complain about in any page`() async throws {
    let mandoc = try #require(ManualPage.mandoc)
    let names = try FileManager.default.contentsOfDirectory(atPath: ManualPage.directory).sorted()
    for name in names {
      let outcome = try await ToolboxProcess.run(
        path: mandoc, ["-Tlint", "-W", "warning", "\(ManualPage.directory)/\(name)"])
      #expect(outcome.output + outcome.errors == "", "\(name)")
      #expect(outcome.status == 0, "\(name)")
    }
  }

  @Test func `the README names only commands and options that the program has`() async throws {
    let root = try await CommandNode.root()
    let text = try String(contentsOfFile: SharedCases.projectDirectory + "/README.md", encoding: .utf8)
    // Code in the text, and the lines of blocks.
    let inline = text.split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("```") }
      .joined(separator: "\n")
    let spans = inline.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter {
      $0.offset.isMultiple(of: 2) == false
    }.map(\.element)
    let lines = text.split(separator: "\n").filter { $0.hasPrefix("toolbox ") || $0.hasPrefix("$ toolbox ") }
    var (commands, options) = (0, 0)
    for piece in spans + lines {
      // What follows `--` is another program's.
      let words = piece.split(whereSeparator: \.isWhitespace).prefix { $0 != "--" }.drop { $0 == "$" }
      // Spans of other programs, such as peers, are theirs.
      guard words.first == "toolbox" || words.first?.hasPrefix("--") == true else { continue }
      var node: CommandNode? = words.first == "toolbox" ? root : nil
      for word in words.dropFirst(node == nil ? 0 : 1) {
        if let next = node?.subcommands.first(where: { $0.name == word }) {
          node = next
          commands += 1
        } else if word.hasPrefix("--"), word.count > 2, word.allSatisfy({ $0.isLowercase || $0.isNumber || $0 == "-" })
        {
          let known = node.map { $0.allOptions.union(Self.everywhere) } ?? root.allOptions
          #expect(known.contains(String(word)), "\(piece)")
          options += 1
        } else if let node, word.allSatisfy({ $0.isLowercase }), words.first == "toolbox", node.name == "toolbox" {
          Issue.record("\(piece): there is no command '\(word)'")
        }
      }
    }
    #expect(commands > 50)
    #expect(options > 5)
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func `completions know every command and option`(shell: String) async throws {
    let script = try await ToolboxProcess.run(["--generate-completion-script", shell]).output
    let root = try await CommandNode.root()
    for name in root.descendants.map(\.name) { #expect(script.contains(name), "\(name)") }
    for option in root.allOptions where option.hasPrefix("--") {
      // fish names long options without their dashes.
      #expect(script.contains(shell == "fish" ? "\(option.dropFirst(2))" : option), "\(option)")
    }
  }

  @Test func `marks are found wherever they stand on a line`() {
    let page = ManualPage(
      """
      .\\" .Fl -comment
      .It Cm list Oo Fl -group Ar group Oc Op Fl -sheet
      .It Fl h , Fl -help
      .Op Fl -color Ns = Ns Ar when
      .Cm users list .
      Text with .Fl -nothing and
      .Ql --color
      .Bl -tag -width Ds
      .Sh "EXIT STATUS"
      """)
    #expect(page.options == ["--group", "--sheet", "-h", "--help", "--color"])
    #expect(page.commands == ["list", "users"])
    #expect(page.sections == ["EXIT STATUS"])
  }
}

/// A command of the program with its visible options, as the program itself tells.
private struct CommandNode {
  let name: String
  /// `-h`, `--help`.
  let options: Set<String>
  /// The fixed values that options take: `auto`.
  let values: Set<String>
  let subcommands: [CommandNode]

  static func root() async throws -> CommandNode {
    let dump = try await ToolboxProcess.run(["--experimental-dump-help"])
    return CommandNode(try #require(try JSONValue(parsing: dump.output)["command"]))
  }

  private init(_ command: JSONValue) {
    name = command["commandName"]?.string ?? ""
    let visible = command["arguments"]?.elements.filter(Self.isVisible) ?? []
    options = Set(
      visible.flatMap { argument in
        (argument["names"]?.elements ?? []).map { name in
          (name["kind"]?.string == "long" ? "--" : "-") + (name["name"]?.string ?? "")
        }
      })
    values = Set(visible.flatMap { $0["allValues"]?.elements.compactMap(\.string) ?? [] })
    subcommands = (command["subcommands"]?.elements ?? []).filter(Self.isVisible).map(CommandNode.init)
  }

  private static func isVisible(_ value: JSONValue) -> Bool { value["shouldDisplay"] != .bool(false) }

  var descendants: [CommandNode] { subcommands.flatMap { [$0] + $0.descendants } }
  var allOptions: Set<String> { descendants.reduce(options) { $0.union($1.options) } }
  var allValues: Set<String> { descendants.reduce(values) { $0.union($1.values) } }
}

/// What a manual page marks as an option, a subcommand or a section.
private struct ManualPage {
  private(set) var options: Set<String> = []
  private(set) var commands: Set<String> = []
  private(set) var sections: [String] = []

  static let directory = SharedCases.projectDirectory + "/man"

  /// The path of mandoc(1); nil where it is not installed.
  static let mandoc = ["/usr/bin/mandoc", "/usr/local/bin/mandoc"].first(where: FileManager.default.fileExists)

  init(named name: String) throws {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(Self.directory)/\(name)"))
    self.init(String(decoding: bytes, as: UTF8.self))
  }

  init(_ text: String) {
    for line in text.split(separator: "\n") where line.hasPrefix(".") && !line.hasPrefix(".\\\"") {
      let words = Self.words(of: line.dropFirst())
      if words.first == "Sh" { sections.append(words.dropFirst().joined(separator: " ")) }
      var macro = ""
      for (index, word) in words.enumerated() {
        if index == 0 || Self.callable.contains(word) {
          macro = word
        } else if word.utf8.count == 1, ".,:;()[]?!|".contains(word) {
          continue
        } else if macro == "Fl" {
          options.insert("-" + word)
        } else if macro == "Cm" {
          commands.insert(word)
        }
      }
    }
  }

  /// The words of a macro line: blanks separate them except in double quotes; `\-` is a hyphen and `\&` is nothing.
  private static func words(of line: Substring) -> [String] {
    var result: [String] = []
    var word = ""
    var isQuoted = false
    for character in line.replacing("\\-", with: "-").replacing("\\&", with: "") {
      if character == "\"" {
        isQuoted.toggle()
      } else if character == " ", !isQuoted {
        if !word.isEmpty { result.append(word) }
        word = ""
      } else {
        word.append(character)
      }
    }
    return word.isEmpty ? result : result + [word]
  }

  /// The macros of mdoc(7) that are recognised in the middle of a line.
  private static let callable: Set<String> = [
    "Ac", "Ad", "An", "Ao", "Ap", "Aq", "Ar", "At", "Bc", "Bo", "Bq", "Brc", "Bro", "Brq", "Bsx", "Bx", "Cd", "Cm",
    "Dc", "Do", "Dq", "Dv", "Dx", "Em", "En", "Er", "Ev", "Fa", "Fl", "Fn", "Fr", "Ft", "Fx", "Ic", "In", "Lb", "Li",
    "Lk", "Ms", "Mt", "Nm", "No", "Ns", "Nx", "Oc", "Oo", "Op", "Ox", "Pa", "Pc", "Pf", "Po", "Pq", "Qc", "Ql", "Qo",
    "Qq", "Sc", "Sm", "So", "Sq", "Sx", "Sy", "Ta", "Tn", "Ux", "Va", "Vt", "Xc", "Xo", "Xr",
  ]
}
