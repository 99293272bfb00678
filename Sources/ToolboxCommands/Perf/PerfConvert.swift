import ArgumentParser
import HostSystem
import PerfProfiling
import TerminalOutput

/// `toolbox perf convert`: a profile for other programs.
struct PerfConvert: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Write a profile for speedscope, the Firefox profiler, pprof and others.",
    discussion: """
      speedscope: JSON for speedscope.app. firefox: gzip'd JSON for profiler.firefox.com. pprof: gzip'd protocol buffers \
      for go tool pprof. folded: stacks with counts. json: everything, in a form of its own.
      """)

  @Argument(
    help: "A perf.data file, the output of perf script, folded stacks, or a directory of profile; - for standard input."
  )
  var file = "perf.data"

  @OptionGroup var reading: ReadingOptions

  @Option(help: "The form: speedscope, firefox, pprof, folded or json.")
  var format: Form

  @OptionGroup var output: OutputFileOptions

  enum Form: String, ExpressibleByArgument, CaseIterable {
    case speedscope, firefox, pprof, folded, json

    var isBinary: Bool { self == .firefox || self == .pprof }
  }

  func run() throws {
    let context = CommandContext.live()
    if output.path == nil, format.isBinary, context.terminal.isTerminal {
      throw ValidationError(
        "--format \(format.rawValue) is binary and standard output is a terminal; name a file with -o")
    }
    let read = try reading.read(file, environment: context.environment)
    let profile = read.profile
    guard profile.samples.count > 0 else {
      context.account(for: profile, drawnEvent: nil)
      throw ProfileInputError.noSample(path: file)
    }
    let name = file.split(separator: "/").last.map(String.init) ?? file
    // Folded text has room for one event.
    let event = format == .folded ? profile.firstEvent : nil
    let bytes: [UInt8]
    switch format {
    case .speedscope: bytes = SpeedscopeFile.bytes(profile, name: name)
    case .firefox: bytes = try FirefoxFile.bytes(profile, name: name)
    case .pprof: bytes = try PprofFile.bytes(profile)
    case .json: bytes = ProfileFile.bytes(profile)
    case .folded:
      var labels = StackLabels()
      labels.isVerbatim = read.form == .foldedText
      var text: [UInt8] = []
      FoldedStacks(profile, event: event, labels: labels).text { text += $0 }
      bytes = text
    }
    if let path = output.path {
      try PrivateFile.write(bytes, to: path, mode: 0o644)
    } else {
      context.standardOutput.write(bytes: bytes)
    }
    context.account(for: profile, drawnEvent: event)
    try context.finish()
  }
}
