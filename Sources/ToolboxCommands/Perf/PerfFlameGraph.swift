import ArgumentParser
import HostSystem
import PerfProfiling
import TerminalOutput

extension FlamePalette: ExpressibleByArgument {}

/// `toolbox perf flamegraph`: a profile as one SVG picture.
struct PerfFlameGraph: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "flamegraph", abstract: "Draw a profile as a flame graph (SVG).",
    discussion: """
      Reads perf.data without perf, the output of perf script, or folded stacks; two counts a line make a differential \
      graph. Each event of a profile gets a picture of its own.
      """)

  @OptionGroup var profile: ProfileOptions
  @OptionGroup var picture: PictureOptions

  @OptionGroup var output: OutputFileOptions

  func run() throws {
    let context = CommandContext.live()
    let read = try profile.read(environment: context.environment)
    var events = Array(Set(read.profile.samples.events.map(Int.init))).sorted()
    if profile.compat == .flamegraph {
      events = events.filter { $0 == read.profile.eventOfFirstSample }
    } else if output.path == nil {
      // Standard output takes one picture, that of the first event.
      events = Array(events.prefix(1))
    }
    let isDrawingAll = events.count > 1
    var isEmpty = true
    for event in events {
      let svg = try picture.svg(
        of: read, event: event, labels: profile.labels(for: read.form), namesEvent: read.profile.events.count > 1,
        isCompatible: profile.compat == .flamegraph, context)
      guard let svg else { continue }
      isEmpty = false
      try write(svg, event: isDrawingAll ? read.profile.events[event].name : nil, context)
    }
    context.account(for: read.profile, drawnEvent: isDrawingAll ? nil : events.first)
    if isEmpty {
      try write(FlameGraphSVG.ofFailure("There is no stack to draw.", width: picture.width), event: nil, context)
      try context.finish()
      throw ProfileInputError.noSample(path: profile.file)
    }
    try context.finish()
  }

  private func write(_ svg: [UInt8], event: String?, _ context: CommandContext) throws {
    guard var path = output.path else { return context.standardOutput.write(bytes: svg) }
    if let event {
      let word = String(event.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") ? $0 : "-" })
      path = path.hasSuffix(".svg") ? "\(path.dropLast(4)).\(word).svg" : "\(path).\(word)"
    }
    try PrivateFile.write(svg, to: path, mode: 0o644)
    if event != nil { context.standardError.line("toolbox: perf: wrote \(path.harmless)") }
  }
}
