import FoundationEssentials
import TestSupport
import Testing

@testable import PerfReference

/// Where the perf of this machine is; nil where there is none.
private let perfPath: String? = ["/usr/bin/perf", "/usr/local/bin/perf", "/bin/perf"].first {
  FileManager.default.fileExists(atPath: $0)
}

/// The option meanings against the perf of this machine: what its subcommands print with -h, and what its parser takes.
@Suite(.enabled(if: perfPath != nil, "perf is not installed"))
struct OptionTruthTests {
  private let book = OptionBook()

  @Test func `every option of this perf is in the reference, and the other way round`() async throws {
    let version = try await installedVersion()
    var compared = 0
    var notShown: [String] = []
    for name in book.names {
      let subcommand = try #require(try book.subcommand(name))
      // A subcommand without options would be run, not asked.
      if !subcommand.options.isEmpty {
        if let usage = try await usage([name]) {
          compared += try compare(subcommand.options, with: usage, at: name, version)
        } else {
          notShown.append(name)
        }
      }
      for action in subcommand.actions where !action.options.isEmpty || action.name == "trace" {
        // What is handed on to another subcommand is answered by that one.
        if action.passes == nil, let usage = try await usage([name, action.name]) {
          let inherited = action.inherits ? subcommand.options : []
          compared += try compare(action.options, inherited, with: usage, at: "\(name) \(action.name)", version)
        } else {
          notShown.append("\(name) \(action.name)")
        }
      }
    }
    print(
      "perf \(version): \(compared) options compared; its usage is not shown for: \(notShown.joined(separator: ", "))")
    #expect(compared > 600)
  }

  @Test(arguments: [
    "record", "report", "stat", "top", "script", "trace", "annotate", "diff", "list", "kmem", "sched", "lock", "kwork",
  ])
  func `perf switches off what the reference says can be switched off`(name: String) async throws {
    for option in try #require(try book.subcommand(name)).options where option.since == nil && option.build == nil {
      guard option.key.first != "-" else { continue }
      let negated = option.key.hasPrefix("no-") ? "--" + option.key.dropFirst(3) : "--no-" + option.key
      // The parser stops at the first option that it does not take, and then never meets the second.
      let answer = try await run([name, negated, "--zzz", "-h"])
      #expect(
        answer.contains("unknown option `zzz'") == option.isNegatable, "\(name) \(negated): \(answer.prefix(100))")
    }
  }

  @Test(arguments: ["record", "report", "stat", "top", "script", "trace", "probe", "annotate", "diff", "ftrace"])
  func `perf takes hidden options, and leaves optional values to the next option`(name: String) async throws {
    for option in try #require(try book.subcommand(name)).options {
      for spelled in option.names where option.isHidden && option.since == nil {
        let value = option.argument == .none ? [] : ["1"]
        let answer = try await run([name, spelled] + value + ["--zzz", "-h"])
        #expect(answer.contains("unknown option `zzz'"), "\(name) \(spelled): \(answer.prefix(120))")
      }
      if option.argument == .optional {
        let answer = try await run([name, option.mainName, "--zzz", "-h"])
        #expect(answer.contains("unknown option `zzz'"), "\(name) \(option.mainName): \(answer.prefix(120))")
      }
    }
  }

  @Test func `the subcommands that perf lists are those of the reference`() async throws {
    let text = try await run(["--help"])
    let listed = text.split(separator: "\n").filter { $0.hasPrefix("   ") && !$0.hasPrefix("    ") }
      .compactMap { $0.split(separator: " ").first.map(String.init) }
    #expect(listed.count > 20)
    for name in listed { #expect(try book.subcommand(name) != nil, "\(name)") }
  }

  // MARK: What perf says

  private struct Listed {
    let names: [String]
    let argument: PerfOption.Argument
  }

  private func compare(
    _ own: [PerfOption], _ inherited: [PerfOption] = [], with usage: [Listed], at place: String,
    _ version: Need.Version
  ) throws -> Int {
    let ours = own + inherited
    for listed in usage {
      let option = ours.first { $0.names == listed.names }
      guard let option else {
        Issue.record("perf \(place) has \(listed.names.joined(separator: ", ")), the reference has not")
        continue
      }
      // The usage does not tell a value that may be left out from one that may not.
      let argument = option.argument == .optional ? .required : option.argument
      #expect(argument == listed.argument, "\(place) \(option.mainName)")
      if let since = option.since { #expect(since <= version, "perf \(place) \(option.mainName) is older than said") }
      if let until = option.until { #expect(version < until, "perf \(place) \(option.mainName) is still there") }
    }
    for option in own where !usage.contains(where: { $0.names == option.names }) {
      let isOther = option.since.map { version < $0 } ?? false || option.until.map { $0 <= version } ?? false
      let mayLack = isOther || option.build != nil || option.isHidden
      #expect(mayLack, "perf \(place) has no \(option.names.joined(separator: ", "))")
    }
    return usage.count
  }

  /// The options that -h lists; nil where this perf lacks the subcommand, or refuses before it says its usage.
  private func usage(_ path: [String]) async throws -> [Listed]? {
    let text = try await run(path + ["-h"])
    guard text.contains(" Usage: perf") || text.contains(" usage: perf") else { return nil }
    return text.split(separator: "\n").compactMap { line in
      guard line.hasPrefix("    -") || line.hasPrefix("        --") else { return nil }
      var rest = line.drop { $0 == " " }
      var names: [String] = []
      while rest.first == "-" {
        let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
        names.append(String(name))
        rest = rest[name.endIndex...]
        guard rest.hasPrefix(", -") else { break }
        rest = rest.dropFirst(2)
      }
      let hasValue = rest.hasPrefix(" <") || rest.hasPrefix(" ...")
      return Listed(names: names, argument: rest.hasPrefix("[") ? .attached : hasValue ? .required : .none)
    }
  }

  private func installedVersion() async throws -> Need.Version {
    try #require(Need.Version(perfVersionText: try await run(["--version"])))
  }

  /// What perf prints, usage on standard error included; in a directory of its own, where there is no recording.
  private func run(_ arguments: [String]) async throws -> String {
    let directory = try TemporaryDirectory()
    let outcome = try await ToolboxProcess.run(
      path: try #require(perfPath), arguments, workingDirectory: directory.path)
    return outcome.errors + outcome.output
  }
}
