import ArgumentParser
import HostSystem
import PerfProfiling
import TerminalOutput

/// `toolbox perf check`: how far a profile can be trusted.
struct PerfCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Tell how far a profile can be trusted, and what would mend it.",
    discussion: "It looks at lost samples, missing symbols, cut stacks and stacks that break off.")

  @Argument(
    help: "A perf.data file, the output of perf script, folded stacks, or a directory of profile; - for standard input."
  )
  var file = "perf.data"

  @OptionGroup var reading: ReadingOptions

  @Flag(help: "End with 2 where something is so bad that the shares are wrong.")
  var exitCode = false

  @OptionGroup var output: OutputOptions

  func run() throws {
    let context = CommandContext.live(color: output.color)
    let read = try reading.read(file, environment: context.environment)
    let check = try ProfileCheck(
      read.profile, event: read.profile.firstEvent,
      system: try OSRelease.read(RootDirectory()) ?? OSRelease(fields: [:]),
      isText: read.form != .recording)
    if output.json {
      try context.printJSON(check)
    } else {
      context.standardOutput.lines(
        CheckText.lines(check, width: context.textWidth ?? 100, paint: Paint(context.terminal)))
    }
    context.account(for: read.profile, drawnEvent: nil)
    try context.finish()
    if exitCode, check.checks.contains(where: { $0.verdict == .fail }) { throw ExitStatus.pending.exitCode }
  }
}

/// The findings about a profile as text.
enum CheckText {
  /// More objects than this are counted only.
  private static let mostObjects = 10

  static func lines(_ check: ProfileCheck, width: Int, paint: Paint) -> [String] {
    let width = min(max(width, 60), 100)
    var lines: [String] = []
    func add(_ label: String, columns: Int, _ text: String) {
      for (number, line) in text.harmless.wrapped(to: width - columns).enumerated() {
        lines.append((number == 0 ? label : String(repeating: " ", count: columns)) + line)
      }
    }
    for finding in check.checks {
      add(
        paint(role(finding.verdict), finding.verdict.rawValue.padded(to: 4)) + "  ", columns: 6,
        finding.title + ": " + finding.found)
      if finding.verdict == .ok { continue }
      add("      " + paint(.faint, "means") + "  ", columns: 13, finding.meaning)
      if let fix = finding.fix { add("      " + paint(.faint, "mend") + "   ", columns: 13, fix) }
    }
    if !check.objects.isEmpty {
      lines += ["", paint(.heading, "Code without names")]
      for object in check.objects.prefix(mostObjects) {
        let share = ReportText.hundredths(object.ownPercent) + "%"
        add(
          share.leftPadded(to: 8) + "  ", columns: 10,
          "\(object.name): \(object.found)\(object.totalPercent > object.ownPercent ? "; \(ReportText.hundredths(object.totalPercent))% with what it calls" : "")"
        )
        if let fix = object.fix { add("          " + paint(.faint, "mend") + "   ", columns: 17, fix) }
      }
      if check.objects.count > mostObjects {
        lines.append(
          paint(.faint, "          \((check.objects.count - mostObjects).counted("object")) more; --json has all"))
      }
    }
    let counts = ProfileCheck.Verdict.allCases.map { verdict in
      "\(check.checks.count { $0.verdict == verdict }) \(verdict.rawValue)"
    }
    return lines + ["", counts.joined(separator: ", ")]
  }

  private static func role(_ verdict: ProfileCheck.Verdict) -> Paint.Role {
    switch verdict {
    case .ok: .good
    case .warn: .warning
    case .fail: .bad
    }
  }
}
