import ArgumentParser
import Glibc
import HostSystem
import PerfProbes
import PerfProfiling
import TerminalOutput

/// `toolbox perf profile`: records, checks, reports and draws, into one directory.
struct PerfProfile: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile", abstract: "Record with the best that works here; check, report and draw.",
    usage: "toolbox perf profile [<options>] [-- <command> ...]",
    discussion: """
      The directory is closed to others, since recordings hold arguments and addresses. It holds the recording, the \
      symbols that it needs elsewhere, flame graphs, a heat map, the report and the check; the other commands take it in \
      place of a file.
      """)

  @Option(name: .customShort("p"), help: ArgumentHelp("Record this process; commas between several.", valueName: "pid"))
  var processes: String?

  @Flag(name: .customShort("a"), help: "Record the whole machine.")
  var everything = false

  @Option(help: ArgumentHelp("Record this unit of systemd.", valueName: "name"))
  var unit: String?

  @Option(help: ArgumentHelp("Record this control group, by its path below the hierarchy.", valueName: "path"))
  var cgroup: String?

  @Option(
    help: ArgumentHelp("Record for so long; otherwise 10 seconds, or until the command ends.", valueName: "seconds"))
  var duration: Int?

  @Option(name: [.customShort("F"), .long], help: ArgumentHelp("Sample so often in a second.", valueName: "number"))
  var frequency = 499

  @Option(help: "How callers are found: fp (frame pointers), dwarf or lbr.")
  var stacks = Method.fp

  @Flag(help: "Record where threads wait in place of where they run.")
  var offCPU = false

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The directory, which must not be there yet.", valueName: "directory"))
  var output: String?

  @Option(help: ArgumentHelp("Use this perf instead of the one in PATH.", valueName: "path"))
  var perf: String?

  @Option(help: "Colour the output: auto, always or never.")
  var color: ColorChoice?

  @Argument(help: ArgumentHelp("The command to run and record, behind --.", valueName: "command"))
  var command: [String] = []

  enum Method: String, ExpressibleByArgument, CaseIterable {
    case fp, dwarf, lbr

    var stacks: RecordingPlan.Stacks {
      switch self {
      case .fp: .framePointers
      // perf's own default.
      case .dwarf: .copies(8192)
      case .lbr: .lastBranches
      }
    }
  }

  func validate() throws {
    let targets = [processes != nil, everything, unit != nil, cgroup != nil, !command.isEmpty].count { $0 }
    guard targets == 1 else {
      throw ValidationError("name one target: -p PID, -a, --unit NAME, --cgroup PATH, or -- COMMAND")
    }
    if let duration, !(1...86_400).contains(duration) { throw ValidationError("--duration: 1 to 86400 seconds") }
    guard (1...100_000).contains(frequency) else { throw ValidationError("--frequency: 1 to 100000") }
    if processes != nil, try target() == nil { throw ValidationError("-p: numbers of processes, with commas between") }
  }

  private func target() throws -> RecordingPlan.Target? {
    if let processes {
      let numbers = processes.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
      guard !numbers.contains(where: { $0.map { $0 < 1 || $0 > 1 << 22 } ?? true }) else { return nil }
      return .processes(numbers.compactMap { $0 })
    }
    if everything { return .everything }
    if let cgroup { return .controlGroup(String(cgroup.drop { $0 == "/" })) }
    if let unit {
      let name = unit.contains(".") ? unit : unit + ".service"
      guard
        let group = LiveChoices.controlGroups().first(where: { $0.split(separator: "/").last.map(String.init) == name })
      else { throw ProfileRunError.noUnit(name) }
      return .controlGroup(group)
    }
    return .command(command)
  }

  /// perf says nothing of these with -q, without which it says too much.
  private func check(_ target: RecordingPlan.Target, _ context: CommandContext) throws(ProfileRunError) {
    switch target {
    case .processes(let numbers):
      if let gone = numbers.first(where: { kill(pid_t($0), 0) != 0 && errno == ESRCH }) { throw .noProcess(gone) }
    case .command(let words):
      guard let name = words.first, ProgramStart.path(of: name, environment: context.environment) == nil else { return }
      throw .noProgram(name)
    case .everything, .controlGroup: return
    }
  }

  func run() throws {
    let context = CommandContext.live(color: color)
    guard let target = try target() else { return }
    try check(target, context)
    let facts = try PerfProbe.live(
      .commands, perf: perf, environment: context.environment, userID: context.userID)
    guard let program = facts.perf?.path else { throw RecordingPlanError.noPerf }
    let name = output ?? Self.defaultName(at: context.now())
    // Behind a name that is no option to perf.
    let path = name.hasPrefix("/") ? name : "./" + name
    let isCommand = !command.isEmpty
    let seconds = duration ?? (isCommand ? nil : 10)
    let wish = RecordingPlan.Wish(
      target: target, seconds: seconds, frequency: frequency, stacks: stacks.stacks, isOffCPU: offCPU)
    let plan = try RecordingPlan(wish, facts: facts, path: path + "/" + ProfileDirectory.recordingName)
    for note in plan.notes { context.note("perf: \(note)") }
    try Self.makeDirectory(path, shown: name)
    try StopSignals.noteFromNowOn()
    let showsProgress = isatty(2) == 1
    // Where no command is measured, perf keeps the time itself: before it begins it looks at every process of the machine.
    let status = try ForegroundProcess.run(
      program, ["record", "-q"] + plan.arguments.dropFirst(), environment: context.environment,
      seconds: isCommand ? duration : nil
    ) { passed in
      if showsProgress {
        let line = OutputStream(descriptor: 2)
        line.write("\rrecording: \(passed) s\(seconds.map { " of \($0) s" } ?? "")  ")
        line.flush()
      }
    }
    if showsProgress { context.standardError.write("\r\u{1B}[K") }
    try analyse(path, shown: name, status: status, context)
    // What was recorded ended with a code of its own, which is the answer to whoever runs commands through this.
    if isCommand, duration == nil, status != 0, status < 128 { context.note("perf: the command ended with \(status)") }
  }

  private func analyse(_ path: String, shown: String, status: Int32, _ context: CommandContext) throws {
    var options = ProfileReader.Options(
      recording: PerfDataReader.Options(symbols: SymbolSources(environment: context.environment)))
    options.recording.symbols.keepsSymbols = true
    options.recording.weighsWaits = offCPU
    let recording = path + "/" + ProfileDirectory.recordingName
    guard access(recording, R_OK) == 0 else {
      // Nothing is in it.
      rmdir(path)
      throw ProfileRunError.notRecorded(status: status)
    }
    options.recording.unwinding = ReadingOptions.unwinding(options.text, context.environment)
    let read = try ProfileReader.read(recording, options: options)
    let profile = read.profile
    guard profile.samples.count > 0 else { throw ProfileInputError.noSample(path: shown) }
    if let symbols = profile.keptSymbols {
      try PrivateFile.write(symbols.bytes, to: path + "/" + ProfileDirectory.symbolsName)
    }
    let event = profile.firstEvent
    var written = [ProfileDirectory.recordingName, ProfileDirectory.symbolsName]
    func write(_ name: String, _ bytes: [UInt8]) throws {
      try PrivateFile.write(bytes, to: path + "/" + name)
      written.append(name)
    }
    let folded = FoldedStacks(profile, event: event)
    var picture = FlameGraphSVG()
    picture.title = offCPU ? "Where threads wait" : "Flame Graph"
    picture.subtitle =
      profile.origin.hostName.map { "\($0), \(profile.events[event].name)" } ?? profile.events[event].name
    picture.palette = offCPU ? .io : .hot
    picture.countName = profile.events[event].unit.shown
    picture.legend = "event \(profile.events[event].name)"
    try write("flamegraph.svg", picture.draw(FlameTree(folded.lines)))
    if let heat = HeatMap(profile, event: event) {
      try write("heatmap.svg", Array(heat.svg(title: "When samples came, \(profile.events[event].name)").utf8))
    }
    let plain = Paint(isOn: false)
    let check = try ProfileCheck(
      profile, event: event, system: try OSRelease.read(RootDirectory()) ?? OSRelease(fields: [:]),
      isText: read.form != .recording)
    try write("check.txt", Self.text(CheckText.lines(check, width: 100, paint: plain)))
    var report: [String] = []
    for event in ProfileReport(profile).events {
      for grouping in PerfReport.Grouping.allCases {
        report += ReportText.lines(event, by: grouping, top: 50, width: 200, paint: plain) + [""]
      }
    }
    try write("report.txt", Self.text(report))
    let paint = Paint(context.terminal)
    if let first = ProfileReport(profile, event: event).events.first {
      context.standardOutput.lines(
        ReportText.lines(first, by: .symbol, top: 10, width: context.textWidth ?? 100, paint: paint))
    }
    for finding in check.checks where finding.verdict != .ok {
      context.note("perf: \(finding.title): \(finding.found)\(finding.fix.map { "; \($0)" } ?? "")")
    }
    context.account(for: profile, drawnEvent: nil)
    context.standardOutput.line()
    context.standardOutput.line("\(paint(.strong, shown.harmless))/  \(written.joined(separator: " "))")
    try context.finish()
  }

  private static func text(_ lines: [String]) -> [UInt8] { lines.flatMap { Array($0.utf8) + [0x0A] } }

  /// By the time of its beginning, UTC.
  static func defaultName(at instant: Instant) -> String {
    let day = CalendarDay(instant)
    let second = ((instant.secondsSinceEpoch % 86_400) + 86_400) % 86_400
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return
      "perf-profile-\(day.year)\(two(day.month))\(two(day.day))-\(two(second / 3600))\(two(second / 60 % 60))\(two(second % 60))"
  }

  /// Closed to others from the first moment on.
  private static func makeDirectory(_ path: String, shown: String) throws {
    guard mkdir(path, 0o700) == 0 else {
      if errno == EEXIST { throw ProfileRunError.isThere(shown) }
      throw FileError(path: shown, code: errno, action: "make")
    }
  }
}

/// Why nothing was recorded.
enum ProfileRunError: ReportableError, Equatable {
  case isThere(String)
  case noUnit(String)
  case noProcess(Int)
  case noProgram(String)
  case notRecorded(status: Int32)

  var failureKind: FailureKind {
    switch self {
    case .isThere: .refused
    case .noUnit, .noProcess, .noProgram: .usage
    case .notRecorded: .failed
    }
  }

  var message: String {
    switch self {
    case .isThere(let path): "\(path): is there already; name another directory with -o"
    case .noUnit(let name): "\(name): no control group of that name; 'systemctl list-units' lists what runs"
    case .noProcess(let number): "\(number): there is no process of that number; 'ps' lists those that there are"
    case .noProgram(let name): "\(name): no such program that may be run"
    case .notRecorded(let status): "perf recorded nothing and ended with \(status); it says above why"
    }
  }
}
