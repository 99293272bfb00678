import HostSystem
import SystemReset
import TerminalOutput

/// What differs from stock besides packages and accounts, as a person reads it. None of it is touched unless asked for.
struct DriftText {
  let drift: ResetPlan.Drift
  let snaps: ResetPlan.RemoveAndKeep
  let flatpaks: ResetPlan.RemoveAndKeep

  /// A kind of difference: its title, and a row for each.
  struct Part {
    let title: String
    let rows: [[TextTable.Cell]]
  }

  /// One line that counts everything; nil when there is nothing.
  var summary: String? {
    let counts = parts.map { "\($0.title.lowercased()) \($0.rows.count)" }
    return counts.isEmpty ? nil : counts.joined(separator: ", ")
  }

  /// The kinds that there are any of, the most telling first.
  var parts: [Part] {
    func cell(_ text: String, _ role: Paint.Role? = nil) -> TextTable.Cell { .init(text.harmless, role) }
    let all = [
      Part(title: "Snaps that go", rows: snaps.remove.map { [cell($0, .bad)] }),
      Part(title: "Flatpaks that go", rows: flatpaks.remove.map { [cell($0, .bad)] }),
      Part(
        title: "Configuration files",
        rows: drift.conffiles.map { [cell($0.path, .name), cell("\($0.state.rawValue), of \($0.package)", .faint)] }),
      Part(
        title: "Repositories",
        rows: drift.repositories.map {
          [cell("\($0.file):\($0.line)", .name), cell($0.uri), cell(($0.enabled ? "" : "off; ") + $0.reason, .faint)]
        }),
      Part(title: "Keys", rows: drift.keys.map { [cell($0.path, .name), cell($0.reason, .faint)] }),
      Part(
        title: "Pins",
        rows: drift.pins.map {
          [cell("\($0.file):\($0.line)", .name), cell("\($0.package): \($0.pin) at \($0.priority)")]
        }),
      Part(
        title: "Services",
        rows: drift.services.map { [cell($0.unit, .name), cell($0.state.rawValue), cell($0.reason, .faint)] }),
      Part(
        title: "Alternatives",
        rows: drift.alternatives.map { [cell($0.name, .name), cell("\($0.value), set by hand", .faint)] }),
      Part(title: "Diversions", rows: drift.diversions.map { [cell($0.from, .name), cell("to \($0.to)", .faint)] }),
      Part(
        title: "Owners and modes",
        rows: drift.statoverrides.map { entry in
          [
            cell(entry.path, .name), cell("\(entry.user):\(entry.group) \(entry.mode)"),
            cell(entry.problem ?? "", .warning),
          ]
        }),
      Part(
        title: "Foreign versions",
        rows: drift.foreignVersions.map {
          [cell($0.name, .name), cell("\($0.installed), stock is \($0.official)", .faint)]
        }),
      Part(
        title: "Not from packages",
        rows: drift.unowned.map { entry in
          let size = "\(entry.complete ? "" : "at least ")\(entry.count.counted("file")), \(entry.sizeBytes.byteSize)"
          return [cell(entry.path, .name), cell(entry.kind.rawValue), cell(size, .faint)]
        }),
    ]
    return all.filter { !$0.rows.isEmpty }
  }
}
