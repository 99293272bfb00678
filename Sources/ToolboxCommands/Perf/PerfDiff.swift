import ArgumentParser
import HostSystem
import PerfProfiling
import TerminalOutput

/// `toolbox perf diff`: what changed between two profiles.
struct PerfDiff: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Compare two profiles function by function.",
    discussion: """
      Shares of the whole are compared, so that the profiles may differ in length. What is marked with ! is more than \
      noise: times are cut into blocks, and these drawn again and again. With --compat flamegraph it prints folded stacks \
      with both counts, as difffolded.pl does.
      """)

  @Argument(help: "The profile before: as for report.")
  var before: String

  @Argument(help: "The profile after.")
  var after: String

  @OptionGroup var reading: ReadingOptions

  @Option(help: ArgumentHelp("Print so many movers.", valueName: "number"))
  var top = 20

  @Option(
    help: ArgumentHelp("Draw a differential flame graph into this file: red is more, blue is less.", valueName: "file"))
  var graph: String?

  @Option(
    help: ArgumentHelp(
      "End with 2 where this holds: total(FUNCTION) > +5%, self(FUNCTION) > 1 points, ...", valueName: "condition"))
  var failIf: [String] = []

  @Flag(help: "Let --fail-if count only what is more than noise.")
  var significantOnly = false

  @Option(help: "Print folded stacks with two counts, by the rules of: flamegraph.")
  var compat: ProfileOptions.Compatibility?

  @Flag(name: [.customShort("n"), .long], help: "With --compat: scale the first counts to the second's whole.")
  var normalize = false

  @Flag(name: [.customShort("s"), .long], help: "With --compat: make hexadecimal numbers equal.")
  var stripHex = false

  @OptionGroup var picture: PictureOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard top > 0 else { throw ValidationError("--top: a number from 1") }
    guard compat != nil || !normalize && !stripHex else {
      throw ValidationError("-n and -s belong to --compat flamegraph; shares are always normalised without it")
    }
    guard compat == nil || !output.json && failIf.isEmpty && graph == nil else {
      throw ValidationError("--compat prints folded stacks only")
    }
    guard before != "-" || after != "-" else { throw ValidationError("standard input can be one of the two profiles") }
  }

  func run() throws {
    let context = CommandContext.live(color: output.color)
    let conditions = try failIf.map { try FailCondition($0) }
    let old = try read(before, context)
    let new = try read(after, context)
    if compat != nil {
      let folded = FoldedStacks(
        from: folded(old), to: folded(new), scaling: normalize ? .cut : .none, hidesAddresses: stripHex)
      folded.columns { context.standardOutput.write(bytes: $0) }
      return try context.finish()
    }
    let difference = ProfileDifference(
      old.profile, event: old.profile.firstEvent, new.profile, event: new.profile.firstEvent,
      countsWeights: old.form == .foldedText || new.form == .foldedText)
    let changes = try conditions.map { ($0, try $0.change(in: difference)) }
    if let graph { try draw(old, new, to: graph, context) }
    if output.json {
      try context.printJSON(difference)
    } else {
      context.standardOutput.lines(
        DifferenceText.lines(difference, top: top, width: context.textWidth ?? 100, paint: Paint(context.terminal)))
    }
    let met = changes.filter { condition, change in
      guard condition.isMet(by: change), let row = difference.function(condition.function) else { return false }
      return !significantOnly || (condition.measure == .own ? row.own : row.total).isSignificant
    }
    for (condition, change) in met {
      let amount = change.isFinite ? ReportText.hundredths(change) : "it is new"
      context.note(
        "perf: \(condition.text.harmless): it holds (\(amount)\(change.isFinite ? condition.scale == .percent ? "%" : " points" : ""))"
      )
    }
    try context.finish()
    if !met.isEmpty { throw ExitStatus.pending.exitCode }
  }

  private func read(_ file: String, _ context: CommandContext) throws -> ProfileReader.Result {
    let result = try reading.read(file, environment: context.environment)
    if compat == nil {
      for note in result.profile.notes { context.note("perf: \(file.harmless): \(note)") }
      guard result.profile.samples.count > 0 else { throw ProfileInputError.noSample(path: file) }
    }
    return result
  }

  private func folded(_ read: ProfileReader.Result) -> FoldedStacks {
    var labels = StackLabels()
    labels.isVerbatim = read.form == .foldedText
    (labels.marksKernel, labels.marksJIT, labels.marksInlined) = (true, true, true)
    return FoldedStacks(read.profile, event: read.profile.firstEvent, labels: labels)
  }

  private func draw(
    _ old: ProfileReader.Result, _ new: ProfileReader.Result, to path: String, _ context: CommandContext
  ) throws {
    let stacks = FoldedStacks(from: folded(old), to: folded(new), scaling: .rounded)
    let svg = try picture.svg(
      of: stacks, event: new.profile.events[new.profile.firstEvent], isDifference: true, namesEvent: false,
      isCompatible: false, context)
    guard let svg else { throw ProfileInputError.noSample(path: after) }
    try PrivateFile.write(svg, to: path, mode: 0o644)
  }
}

/// A comparison as text.
enum DifferenceText {
  static func lines(_ difference: ProfileDifference, top: Int, width: Int, paint: Paint) -> [String] {
    var lines: [String] = []
    for (label, side) in [("before", difference.before), ("after", difference.after)] {
      lines.append(
        paint(.faint, label.padded(to: 8))
          + "\(side.event.harmless)  \(Int(clamping: side.samples).counted("sample")), "
          + ReportText.amount(side.total, side.unit))
    }
    lines += section("Moved most by themselves", difference.functions, \.own, top, width, paint)
    let byTotal = difference.functions.sorted { (abs($1.total.points), $0.name) < (abs($0.total.points), $1.name) }
    lines += section("Moved most with what they call", byTotal, \.total, top, width, paint)
    let method =
      difference.method == .timeBlocks
      ? "! more than noise, by drawing blocks of time (p < 0.01)"
      : "! more than noise if samples are independent (p < 0.01); there are no times, or too few, to know better"
    return lines + ["", paint(.faint, method)]
  }

  private static func section(
    _ title: String, _ rows: [ProfileDifference.Row],
    _ change: KeyPath<ProfileDifference.Row, ProfileDifference.Change>,
    _ top: Int, _ width: Int, _ paint: Paint
  ) -> [String] {
    let moved = rows.filter { abs($0[keyPath: change].points) >= 0.005 }
    if moved.isEmpty { return ["", paint(.heading, title), "  nothing"] }
    var table = TextTable()
    table.add(
      .init("before", .faint, alignsRight: true), .init("after", .faint, alignsRight: true),
      .init("points", .faint, alignsRight: true), .init("change", .faint, alignsRight: true), .init("", .faint),
      .init("function", .faint))
    for row in moved.prefix(top) {
      let one = row[keyPath: change]
      let role: Paint.Role = one.points > 0 ? .bad : .good
      table.add(
        .init(ReportText.hundredths(one.before) + "%", alignsRight: true),
        .init(ReportText.hundredths(one.after) + "%", alignsRight: true),
        .init(
          sign(one.points) + ReportText.hundredths(one.points), one.isSignificant ? role : .faint, alignsRight: true),
        .init(one.relative.map { sign($0) + ReportText.hundredths($0) + "%" } ?? "new", alignsRight: true),
        .init(one.isSignificant ? "!" : " ", .strong), .init(row.name.harmless, .name))
    }
    return ["", paint(.heading, title)] + table.lines(width: width, indent: 0, paint: paint)
      + (moved.count > top ? [paint(.faint, "\(moved.count - top) more; --top prints more, --json has all")] : [])
  }

  private static func sign(_ value: Double) -> String { value > 0 ? "+" : "" }
}
