import ArgumentParser
import Glibc
import HostSystem
import PerfProbes
import PerfProfiling
import TerminalOutput

/// How every command reads a profile.
struct ReadingOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Count this event only.", valueName: "name"))
  var event: String?

  @Option(help: ArgumentHelp("Look for files with symbols below this directory.", valueName: "directory"))
  var symfs: String?

  @Option(help: ArgumentHelp("Leave out what came earlier after the first sample.", valueName: "seconds"))
  var from: Double?

  @Option(help: ArgumentHelp("Leave out what came later after the first sample.", valueName: "seconds"))
  var to: Double?

  func validate() throws {
    for (name, value) in [("--from", from), ("--to", to)] {
      guard let value else { continue }
      guard value.isFinite, (0...1e9).contains(value) else {
        throw ValidationError("\(name): seconds after the first sample, from 0")
      }
    }
    if let from, let to, from >= to { throw ValidationError("--from has to be less than --to") }
  }

  /// Reads a recording, text, or a directory of `toolbox perf profile`.
  func read(
    _ file: String, keepsAddresses: Bool = false, compatibility: ScriptTextReader.Compatibility? = nil,
    environment: [String: String]
  ) throws -> ProfileReader.Result {
    Allocator.returnLargeBlocks()
    let root = symfs.map { RootDirectory($0) } ?? RootDirectory()
    var options = ProfileReader.Options(
      recording: PerfDataReader.Options(symbols: SymbolSources(root: root, environment: environment)))
    options.event = event
    options.keepsAddresses = keepsAddresses
    options.text.compatibility = compatibility
    options.recording.from = from.map(Self.nanoseconds)
    options.recording.to = to.map(Self.nanoseconds)
    let unwinding = Self.unwinding(options.text, environment)
    options.recording.unwinding = { try restricted(unwinding($0)) }
    let path = try ProfileDirectory.recording(in: file, options: &options.recording)
    var result = try ProfileReader.read(path ?? file, options: options)
    if result.form != .recording { result.profile = try restricted(result.profile) }
    return result
  }

  /// Reads a recording whose stacks are copies, through perf.
  static func unwinding(
    _ text: ScriptTextReader.Options, _ environment: [String: String]
  ) -> @Sendable (_ path: String) throws -> Profile {
    { path in
      guard let perf = PerfLocator.candidates(environment: environment, userID: geteuid()).first else {
        throw RecordingPlanError.noPerf
      }
      var reader = ScriptTextReader(options: text)
      try PerfScript.run(perf: perf, path: path, environment: environment) { reader.feed($0) }
      return reader.finish()
    }
  }

  private func restricted(_ profile: Profile) throws -> Profile {
    guard from != nil || to != nil else { return profile }
    var profile = profile
    guard profile.restrict(from: from.map(Self.nanoseconds), to: to.map(Self.nanoseconds)) else {
      throw ValidationError("--from and --to: this profile has no times")
    }
    return profile
  }

  private static func nanoseconds(_ seconds: Double) -> UInt64 { UInt64(seconds * 1e9) }
}

/// What collapse and flamegraph ask: a profile, and how its frames are named.
struct ProfileOptions: ParsableArguments {
  @Argument(help: "A perf.data file, the output of perf script, or folded stacks; - for standard input.")
  var file = "perf.data"

  @OptionGroup var reading: ReadingOptions

  @Flag(help: "Let the root of a stack be the command and its process.")
  var pid = false

  @Flag(help: "Let the root of a stack be the command, its process and its thread.")
  var tid = false

  @Flag(help: "Mark frames of the kernel with _[k].")
  var kernel = false

  @Flag(help: "Mark frames of code that was made at run time with _[j].")
  var jit = false

  @Flag(help: "Mark frames of the kernel and of code that was made at run time.")
  var all = false

  @Flag(help: "Mark frames that the compiler put into their caller with _[i].")
  var inline = false

  @Flag(help: "Keep the address of frames without a name.")
  var addrs = false

  @Option(help: "Whose rules to follow to the byte: flamegraph.")
  var compat: Compatibility?

  enum Compatibility: String, ExpressibleByArgument, CaseIterable {
    case flamegraph
  }

  func read(environment: [String: String]) throws -> ProfileReader.Result {
    var rules: ScriptTextReader.Compatibility?
    if compat == .flamegraph {
      var flamegraph = ScriptTextReader.Compatibility()
      flamegraph.marksKernel = kernel || all
      flamegraph.marksJIT = jit || all
      flamegraph.labelsProcess = pid
      flamegraph.labelsThread = tid
      rules = flamegraph
    }
    return try reading.read(file, keepsAddresses: addrs, compatibility: rules, environment: environment)
  }

  func labels(for form: ProfileReader.Form) -> StackLabels {
    var labels = StackLabels()
    labels.root = tid ? .thread : pid ? .process : .command
    labels.isCompatible = compat == .flamegraph
    labels.isVerbatim = form == .foldedText
    labels.marksKernel = kernel || all || form == .foldedText
    labels.marksJIT = jit || all || form == .foldedText
    labels.marksInlined = inline || form == .foldedText
    return labels
  }
}

extension CommandContext {
  /// Says on standard error where every sample went, and what the reader has to tell.
  func account(for profile: Profile, drawnEvent: Int?) {
    for note in profile.notes { standardError.line("toolbox: perf: \(note.harmless)") }
    let accounting = profile.accounting
    var left = accounting.leftOut
    var out = accounting.samplesOut
    if let drawnEvent {
      let others = profile.samples.events.reduce(into: UInt64(0)) { $0 += Int($1) == drawnEvent ? 0 : 1 }
      if others > 0 {
        left["other events", default: 0] += others
        out -= min(out, others)
      }
    }
    var parts = left.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
    if parts.isEmpty { parts = ["0 left out"] }
    var line = "samples: \(accounting.samplesIn) in = \(out) out + " + parts.joined(separator: " + ")
    if accounting.withoutStack > 0 { line += "; \(accounting.withoutStack) without a stack" }
    if accounting.lost > 0 { line += "; \(accounting.lost) lost while recording" }
    if accounting.throttled > 0 { line += "; throttled \(accounting.throttled) times" }
    standardError.line("toolbox: perf: \(line)")
    if let drawnEvent, profile.events.count > 1 {
      let others = profile.events.indices.filter { $0 != drawnEvent }.map { profile.events[$0].name }
      standardError.line(
        "toolbox: perf: only \(profile.events[drawnEvent].name.harmless) counts; "
          + "--event takes \(others.joined(separator: ", ").harmless)")
    }
  }
}
