import ArgumentParser
import TerminalOutput

/// A command line in its plainest spelling: words, and options as `--name` or `--name value`.
///
/// The parser takes 2.5 ms for any line, as long as all else that a short command does, since it makes a command of every type on
/// the way and walks the runtime's records for each; one such command alone, with its options, takes half a millisecond. The
/// commands that people and scripts start most often therefore say what such a line asks of them; all else, every mistake above all,
/// is the parser's.
struct PlainLine {
  let words: [String]
  private let flags: [String]
  /// The options with a value, and beside them their values.
  private let options: [String]
  private let values: [String]

  /// nil where the line is not plain: an option that is not named here, one without its value or given twice, another spelling.
  /// - Parameter several: the options with a value that may come more than once.
  init?(_ arguments: some Sequence<String>, flags: [String] = [], values: [String] = [], several: [String] = []) {
    var words: [String] = []
    var givenFlags: [String] = []
    var options: [String] = []
    var givenValues: [String] = []
    var waiting: String?
    for argument in arguments {
      guard let first = argument.utf8.first else { return nil }
      guard first == UInt8(ascii: "-") else {
        if let name = waiting {
          options.append(name)
          givenValues.append(argument)
          waiting = nil
        } else {
          words.append(argument)
        }
        continue
      }
      if waiting != nil { return nil }
      if flags.contains(argument), !givenFlags.contains(argument) {
        givenFlags.append(argument)
      } else if several.contains(argument)
        || values.contains(argument) && !options.contains(argument)
      {
        waiting = argument
      } else {
        return nil
      }
    }
    if waiting != nil { return nil }
    self.words = words
    self.flags = givenFlags
    self.options = options
    self.values = givenValues
  }

  func has(_ flag: String) -> Bool { flags.contains(flag) }

  func value(_ name: String) -> String? { values(name).first }

  func values(_ name: String) -> [String] { options.indices.filter { options[$0] == name }.map { values[$0] } }
}

/// What a command was told, and so all that it needs to run.
protocol CommandRequest: Equatable {
  func run() throws
}

/// A command of the parser that knows its plain lines, and so can do without it.
protocol RequestingCommand: ParsableCommand {
  associatedtype Request: CommandRequest

  /// What the parser understood.
  var request: Request { get }
}

extension RequestingCommand {
  func run() throws { try request.run() }
}

/// The commands that know their plain lines.
enum PlainCommands {
  /// What the parser would understand of these arguments; nil where it is to be asked.
  static func request(for arguments: [String]) -> (any CommandRequest)? {
    let rest = arguments.dropFirst(2)
    switch (arguments.first, arguments.dropFirst().first) {
    case ("perf", nil): return Perf.Request()
    case ("perf", "search"): return PlainLine(rest, flags: ["--json"]).flatMap(PerfSearch.Request.init(plain:))
    case ("perf", "show"): return PlainLine(rest, flags: ["--json"]).flatMap(PerfShow.Request.init(plain:))
    case ("kernel", nil): return KernelStatus.Request()
    case ("kernel", "list"):
      return PlainLine(rest, flags: ["--all", "--json"], values: ["--database", "--series"])
        .flatMap(KernelList.Request.init(plain:))
    case ("kernel", "latest"):
      return PlainLine(rest, flags: ["--json"], values: ["--database"]).flatMap(KernelLatest.Request.init(plain:))
    case ("kernel", "fetch"):
      return PlainLine(rest, flags: ["--force", "--json"], values: ["--database"], several: ["--feed"])
        .flatMap(KernelFetch.Request.init(plain:))
    default: return nil
    }
  }
}

// A test holds every request that is made like this against what the parser makes of the same line.

extension OutputChoice {
  fileprivate init(_ line: PlainLine) { self.init(json: line.has("--json")) }
}

extension PerfSearch.Request {
  fileprivate init?(plain line: PlainLine) {
    if line.words.isEmpty { return nil }
    self.init(words: line.words, output: OutputChoice(line))
  }
}

extension PerfShow.Request {
  fileprivate init?(plain line: PlainLine) {
    if line.words.count != 1 { return nil }
    self.init(id: line.words[0], output: OutputChoice(line))
  }
}

extension KernelList.Request {
  fileprivate init?(plain line: PlainLine) {
    if !line.words.isEmpty { return nil }
    self.init(
      all: line.has("--all"), series: line.value("--series"), database: line.value("--database"),
      output: OutputChoice(line))
  }
}

extension KernelLatest.Request {
  fileprivate init?(plain line: PlainLine) {
    if line.words.count > 1 { return nil }
    self.init(channel: line.words.first, database: line.value("--database"), output: OutputChoice(line))
  }
}

extension KernelFetch.Request {
  fileprivate init?(plain line: PlainLine) {
    if !line.words.isEmpty { return nil }
    self.init(
      feeds: line.values("--feed"), isForced: line.has("--force"), database: line.value("--database"),
      output: OutputChoice(line))
  }
}
