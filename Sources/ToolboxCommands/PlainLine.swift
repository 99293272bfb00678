import ArgumentParser
import TerminalOutput

/// A command line in its plainest spelling: words, and options as `--name` or `--name value`.
///
/// The parser takes 2.5 ms for any line, as long as all else that a short command does, since it makes a command of every type on
/// the way and walks the runtime's records for each. The commands that people and scripts start most often therefore say what such
/// a line means to them; all else, every mistake above all, is the parser's.
struct PlainLine {
  let words: [String]
  private let flags: [String]
  private let values: [(name: String, value: String)]

  /// nil where the line is not plain: an option that is not named here, one without its value or given twice, another spelling.
  /// - Parameter several: the options with a value that may come more than once.
  init?(_ arguments: some Sequence<String>, flags: [String] = [], values: [String] = [], several: [String] = []) {
    var words: [String] = []
    var givenFlags: [String] = []
    var givenValues: [(name: String, value: String)] = []
    var waiting: String?
    for argument in arguments {
      guard let first = argument.utf8.first else { return nil }
      guard first == UInt8(ascii: "-") else {
        if let name = waiting {
          givenValues.append((name, argument))
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
        || values.contains(argument) && !givenValues.contains(where: { $0.name == argument })
      {
        waiting = argument
      } else {
        return nil
      }
    }
    if waiting != nil { return nil }
    self.words = words
    self.flags = givenFlags
    self.values = givenValues
  }

  func has(_ flag: String) -> Bool { flags.contains(flag) }

  func value(_ name: String) -> String? { values.first { $0.name == name }?.value }

  func values(_ name: String) -> [String] { values.filter { $0.name == name }.map(\.value) }
}

/// The commands that know their plain lines.
enum PlainCommands {
  /// The command, with its options, that the parser would make of these arguments; nil where it is to be asked.
  static func command(for arguments: [String]) -> (any ParsableCommand)? {
    let rest = arguments.dropFirst(2)
    switch (arguments.first, arguments.dropFirst().first) {
    case ("perf", nil): return Perf.plain()
    case ("perf", "search"): return PlainLine(rest, flags: ["--json"]).flatMap(PerfSearch.init(plain:))
    case ("perf", "show"): return PlainLine(rest, flags: ["--json"]).flatMap(PerfShow.init(plain:))
    case ("kernel", nil): return KernelStatus.plain()
    case ("kernel", "list"):
      return PlainLine(rest, flags: ["--all", "--json"], values: ["--database", "--series"])
        .flatMap(KernelList.init(plain:))
    case ("kernel", "latest"):
      return PlainLine(rest, flags: ["--json"], values: ["--database"]).flatMap(KernelLatest.init(plain:))
    case ("kernel", "fetch"):
      return PlainLine(rest, flags: ["--force", "--json"], values: ["--database"], several: ["--feed"])
        .flatMap(KernelFetch.init(plain:))
    default: return nil
    }
  }
}

// A property of an option may not be read before it has a value: each one is given its own here. A test holds every command that is
// made like this against what the parser makes of the same line.

extension OutputOptions {
  fileprivate init(json: Bool) {
    self.init()
    color = nil
    self.json = json
  }
}

extension DatabaseOptions {
  fileprivate init(_ database: String?) {
    self.init()
    self.database = database
  }
}

extension LookBackOptions {
  fileprivate static var now: LookBackOptions {
    var options = LookBackOptions()
    options.at = nil
    return options
  }
}

extension Perf {
  fileprivate static func plain() -> Perf {
    var command = Perf()
    command.output = OutputOptions(json: false)
    return command
  }
}

extension PerfSearch {
  fileprivate init?(plain line: PlainLine) {
    if line.words.isEmpty { return nil }
    self.init()
    words = line.words
    limit = Self.usualLimit
    output = OutputOptions(json: line.has("--json"))
  }
}

extension PerfShow {
  fileprivate init?(plain line: PlainLine) {
    if line.words.count != 1 { return nil }
    self.init()
    id = line.words[0]
    output = OutputOptions(json: line.has("--json"))
  }
}

extension KernelStatus {
  fileprivate static func plain() -> KernelStatus {
    var command = KernelStatus()
    command.words = []
    command.machine = MachineOptions()
    command.machine.root = MachineOptions.own
    command.database = DatabaseOptions(nil)
    command.output = OutputOptions(json: false)
    return command
  }
}

extension KernelList {
  fileprivate init?(plain line: PlainLine) {
    if !line.words.isEmpty { return nil }
    self.init()
    all = line.has("--all")
    series = line.value("--series")
    limit = nil
    lookBack = .now
    database = DatabaseOptions(line.value("--database"))
    output = OutputOptions(json: line.has("--json"))
  }
}

extension KernelLatest {
  fileprivate init?(plain line: PlainLine) {
    if line.words.count > 1 { return nil }
    self.init()
    channel = line.words.first
    lookBack = .now
    database = DatabaseOptions(line.value("--database"))
    output = OutputOptions(json: line.has("--json"))
  }
}

extension KernelFetch {
  fileprivate init?(plain line: PlainLine) {
    if !line.words.isEmpty { return nil }
    self.init()
    feed = FeedOptions()
    feed.feed = line.values("--feed")
    feed.force = line.has("--force")
    database = DatabaseOptions(line.value("--database"))
    output = OutputOptions(json: line.has("--json"))
  }
}
