import HostSystem
import SystemReset
import TerminalOutput

/// What a person or a script sees while a run works, and at its end.
final class ResetRunOutput {
  private let context: CommandContext
  let isJSON: Bool
  /// A bar on a terminal; a line for each step anywhere else.
  private let drawsBar: Bool
  private let paint: Paint
  private var failure: (any Error)?

  init(_ context: CommandContext, json: Bool) {
    self.context = context
    isJSON = json
    let facts = TerminalFacts.of(2, color: context.color, environment: context.environment)
    drawsBar = facts.isTerminal && !json
    paint = Paint(context.terminal)
  }

  func show(_ event: RunEvent) {
    if isJSON {
      if event.state == .progress { return }
      do { try context.printJSONLine(event) } catch { failure = failure ?? error }
      context.standardOutput.flush()
      return
    }
    let place =
      "[\(String(repeating: " ", count: max(0, String(event.count).count - String(event.number).count)))\(event.number)/\(event.count)]"
    switch event.state {
    case .begun where drawsBar: bar(event, percent: 0, detail: "")
    case .begun: line("\(place) \(event.title.harmless)")
    case .progress where drawsBar: bar(event, percent: event.percent ?? 0, detail: event.message ?? "")
    case .progress: break
    case .done where drawsBar: bar(event, percent: 100, detail: "")
    case .done: break
    case .note: line("      \((event.message ?? "").harmless)")
    case .failed: line("\(place) failed: \((event.message ?? "").harmless)")
    case .stopped: line("stopped before: \(event.title.harmless)")
    }
    context.standardOutput.flush()
  }

  private func line(_ text: String) {
    if drawsBar { context.standardError.write("\r\u{1B}[K") }
    context.standardError.flush()
    context.standardOutput.line(text)
  }

  /// One bar for the whole: steps count alike, and a step by its own percentage.
  private func bar(_ event: RunEvent, percent: Double, detail: String) {
    let share = (Double(event.number - 1) + min(max(percent, 0), 100) / 100) / Double(max(event.count, 1))
    let columns = context.terminal.columns
    let width = min(20, max(8, columns / 4))
    let filled = min(width, Int(share * Double(width)))
    let text = "\(event.title.harmless)\(detail.isEmpty ? "" : ": " + detail.harmless)"
    let head =
      "[\(String(repeating: "#", count: filled))\(String(repeating: ".", count: width - filled))] \(Int(share * 100))% "
    let shown = String(text.prefix(max(0, columns - head.count - 1)))
    context.standardError.write("\r\u{1B}[K\(head)\(shown)")
    context.standardError.flush()
  }

  /// The end of a run.
  func finish(_ report: RunReport, root: RootDirectory) throws {
    if drawsBar {
      context.standardError.write("\r\u{1B}[K")
      context.standardError.flush()
    }
    if isJSON {
      try context.printJSONLine(report)
    } else {
      context.standardOutput.lines(ResetRunText(root: root, paint: paint).lines(report))
    }
    try context.finish()
    if let failure { throw failure }
  }
}

/// The report of a run as a person reads it.
struct ResetRunText {
  let root: RootDirectory
  let paint: Paint

  func lines(_ report: RunReport) -> [String] {
    var table = TextTable()
    func row(_ name: String, _ text: String, _ role: Paint.Role? = nil) {
      table.add([.init(name, .name), .init(text.harmless, role)])
    }
    let place = root.isHost ? "" : " --root \(root.path)"
    row("Run", "\(report.run), \(words(report.outcome)), \(report.stepsDone) of \(report.stepsInAll) steps")
    if let undoes = report.undoes { row("Undoes", undoes) }
    list("Removed", report.removed.map { "\($0.id) \($0.version)" }, row)
    list("Installed", report.installed.map { "\($0.id) \($0.version)" }, row)
    list("Files", report.files, row)
    list("Accounts", report.accounts, row)
    list("Left", report.notes, row)
    list("Never back", report.cannotReturn, row)
    if let failure = report.failure { row("Failed", failure, .bad) }
    row("Bundle", report.bundle)
    row("Log", report.log)
    switch report.outcome {
    case .done where report.undoes == nil: row("Take it back", "toolbox reset undo\(place)")
    case .failed, .stopped, .unfinished:
      row("Go on", "toolbox reset resume\(place), or back: toolbox reset undo\(place)")
    case .done, .undone: break
    }
    if report.rebootRequired { row("Reboot", "this system asks for one") }
    return table.lines(width: 10_000, paint: paint)
  }

  private func list(_ name: String, _ items: [String], _ row: (String, String, Paint.Role?) -> Void) {
    for (index, item) in items.enumerated() { row(index == 0 ? name : "", item, nil) }
  }

  private func words(_ outcome: RunReport.Outcome) -> String {
    switch outcome {
    case .done: "done"
    case .failed: "failed"
    case .stopped: "stopped"
    case .unfinished: "not over"
    case .undone: "undone"
    }
  }
}
