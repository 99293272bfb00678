import HostSystem
import SystemReset
import TerminalOutput

/// A plan as a person reads it: ten lines that say it all, then the lists with their reasons.
struct ResetPlanText {
  private let plan: ResetPlan
  private let systemName: String
  private let showsAll: Bool
  private let width: Int
  /// Tables are cut where a terminal ends, and nowhere else: what a pipe carries is whole.
  private let tableWidth: Int
  private let paint: Paint
  /// How many lines of a list are shown before it is folded.
  private let foldAfter = 12

  /// - Parameter width: that of running text.
  /// - Parameter tableWidth: that of the terminal; nil where there is none.
  init(_ plan: ResetPlan, systemName: String, showsAll: Bool, width: Int, tableWidth: Int?, paint: Paint) {
    self.plan = plan
    self.systemName = systemName.harmless
    self.showsAll = showsAll
    self.width = width
    self.tableWidth = tableWidth ?? .max
    self.paint = paint
  }

  func lines() -> [String] {
    summary() + blockers() + warnings() + removals() + installations() + missing() + users() + kernels() + kept()
      + drift()
  }

  /// What is said before the system's name is asked for.
  static func warning(_ plan: ResetPlan) -> [String] {
    var lines = [
      "",
      "This removes \(plan.summary.remove.counted("package")), installs \(plan.summary.install.counted("package"))"
        + (plan.packages.downgrade.isEmpty ? "" : ", takes \(plan.packages.downgrade.count.counted("package")) back")
        + (plan.users.remove.isEmpty
          ? "" : " and takes away the accounts " + plan.users.remove.map(\.name).joined(separator: ", ")) + ".",
      "It can be stopped with Ctrl-C between two steps, resumed, and taken back with 'toolbox reset undo'.",
    ]
    if plan.selection.purge { lines.append("Purged configuration and data do not come back.") }
    return lines
  }

  // MARK: Summary

  private func summary() -> [String] {
    var table = TextTable()
    func row(_ name: String, _ text: String, _ role: Paint.Role? = nil) {
      table.add([.init(name, .name), .init(text, role)])
    }
    row(
      "System",
      "\(systemName), \(plan.system.architecture)\(plan.system.root == "/" ? "" : ", below \(plan.system.root.harmless)")"
    )
    row("Baseline", "\(plan.baseline.title.harmless), confidence \(plan.baseline.confidence.rawValue)", confidenceRole)
    for note in plan.baseline.notes {
      for line in note.harmless.wrapped(to: width - 18) { row("", line, .faint) }
    }
    let chosen = plan.packages.remove.filter { $0.because.count == 1 }.count
    row(
      "Goes",
      plan.packages.remove.isEmpty
        ? "nothing"
        : "\(plan.summary.remove.counted("package")): \(chosen) installed by name, \(plan.summary.remove - chosen) with them; "
          + "\(plan.summary.freedBytes.byteSize) freed")
    row(
      "Comes back",
      plan.packages.install.isEmpty
        ? "nothing"
        : "\(plan.summary.install.counted("package")), \(plan.summary.downloadBytes.byteSize) to download")
    row("Kept by rule", plan.packages.keep.isEmpty ? "nothing" : ruleCounts)
    if !plan.kernels.keep.isEmpty || !plan.kernels.remove.isEmpty {
      row("Kernels", "\(plan.kernels.keep.count) stay, \(plan.kernels.remove.count) go")
    }
    row(
      "Users",
      plan.users.remove.isEmpty
        ? "none is touched"
        : "\(plan.users.remove.map(\.name.harmless).joined(separator: ", ")): locked, home moved aside")
    if let drift = driftText.summary {
      for (offset, line) in drift.wrapped(to: width - 18).enumerated() { row(offset == 0 ? "Also changed" : "", line) }
    }
    row(
      "In the way",
      plan.blockers.isEmpty ? "nothing" : plan.blockers.count.counted("thing") + ", see below",
      plan.blockers.isEmpty ? .good : .warning)
    return [paint(.heading, "Reset plan") + "  (a dry run: nothing is changed)"]
      + table.lines(width: tableWidth, indent: 2, paint: paint)
  }

  private var driftText: DriftText {
    DriftText(drift: plan.drift, snaps: plan.snaps, flatpaks: plan.flatpaks)
  }

  private func drift() -> [String] {
    driftText.parts.flatMap { section("Also changed: \($0.title.lowercased())", $0.rows) }
  }

  private var confidenceRole: Paint.Role {
    switch plan.baseline.confidence {
    case .high: .good
    case .medium: .strong
    case .low: .warning
    }
  }

  private var ruleCounts: String {
    let counts = Dictionary(grouping: plan.packages.keep, by: \.rule).mapValues(\.count)
    let parts = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }
    return "\(plan.packages.keep.count.counted("package")): \(parts.joined(separator: ", "))"
  }

  // MARK: Lists

  private func short(_ text: String, _ width: Int) -> String { tableWidth == .max ? text : text.truncated(to: width) }

  private func section(_ title: String, _ rows: [[TextTable.Cell]]) -> [String] {
    guard !rows.isEmpty else { return [] }
    let shown = showsAll || rows.count <= foldAfter + 3 ? rows[...] : rows.prefix(foldAfter)
    var table = TextTable()
    for row in shown { table.add(row) }
    return heading(title, rows.count) + table.lines(width: tableWidth, indent: 2, paint: paint)
      + rest(rows.count - shown.count)
  }

  private func folded(_ title: String, _ names: [String]) -> [String] {
    guard !names.isEmpty else { return [] }
    let lines = names.joined(separator: " ").wrapped(to: width - 2)
    let shown = showsAll || lines.count <= 5 ? lines[...] : lines.prefix(4)
    let count = shown.reduce(0) { $0 + $1.split(separator: " ").count }
    return heading(title, names.count) + shown.map { "  " + $0 } + rest(names.count - count)
  }

  private func heading(_ title: String, _ count: Int) -> [String] {
    ["", paint(.heading, title) + paint(.faint, "  \(count)")]
  }

  private func rest(_ count: Int) -> [String] {
    count > 0 ? [paint(.faint, "  … and \(count) more; --all shows them")] : []
  }

  private func blockers() -> [String] {
    notices(
      "In the way of applying it",
      plan.blockers.map { ($0.message + ($0.override.map { " (overridden by \($0))" } ?? ""), $0.subject) }, .warning)
  }

  private func warnings() -> [String] {
    notices("To know", plan.warnings.map { ($0.message, $0.subject) }, .strong)
  }

  private func notices(_ title: String, _ entries: [(message: String, subject: String)], _ role: Paint.Role) -> [String]
  {
    let lines = entries.flatMap { entry in
      "\(entry.subject.harmless): \(entry.message.harmless)".wrapped(to: width - 4).enumerated().map { offset, line in
        (offset == 0 ? paint(role, "  ! ") : "    ") + line
      }
    }
    guard !lines.isEmpty else { return [] }
    return ["", paint(.heading, title)] + lines
  }

  /// The packages that somebody chose, each with how many others go with it, then those that nothing needs any more.
  private func removals() -> [String] {
    let removals = plan.packages.remove
    let roots = removals.filter { $0.because.count == 1 }
    let followers = Dictionary(grouping: removals.filter { $0.because.count > 1 }, by: { $0.because[0] })
    let rows = roots.map { root -> [TextTable.Cell] in
      let following = (followers[root.name] ?? []).count
      return [
        .init(short(root.name.harmless, 32), .bad), .init(short(root.version.harmless, 16)),
        .init(root.installedSizeBytes.byteSize, alignsRight: true),
        .init(
          [following > 0 ? "+\(following) with it" : nil, root.class == .userRoot ? nil : origin(of: root)]
            .compactMap { $0 }.joined(separator: "; "), .faint),
      ]
    }
    var result = section("Goes: installed by name", rows)
    if showsAll {
      for root in roots {
        result += folded("Goes with \(root.name.harmless)", (followers[root.name] ?? []).map(\.name.harmless))
      }
    } else {
      result += folded("Goes with them", removals.filter { $0.because.count > 1 }.map(\.name.harmless))
    }
    return result
      + folded("Goes: nothing needs it any more", removals.filter { $0.because.isEmpty }.map(\.name.harmless))
  }

  /// What a reason says of where a package came from; that it was installed by name stands above the list.
  private func origin(of removal: ResetPlan.Removal) -> String {
    let parts = removal.reason.harmless.split(separator: "; ", maxSplits: 1)
    return String(parts.count == 2 && parts[0] == "installed by name" ? parts[1] : removal.reason.harmless[...])
  }

  private func installations() -> [String] {
    section(
      "Comes back",
      plan.packages.install.map { entry in
        [
          .init(short(entry.name.harmless, 32), .good), .init(short(entry.version.harmless, 16)),
          .init(entry.downloadSizeBytes.byteSize, alignsRight: true), .init(entry.reason.harmless, .faint),
        ]
      })
  }

  private func missing() -> [String] {
    folded("Stock and absent, for you to decide (not planned)", plan.packages.missing.map(\.name.harmless))
  }

  private func users() -> [String] {
    let going = plan.users.remove.map { user -> [TextTable.Cell] in
      [
        .init(user.name.harmless, .bad), .init("\(user.uid)"),
        .init("locked, \(user.home.harmless) moved aside; \(user.reason)"),
      ]
    }
    let coming = plan.users.create.map { user -> [TextTable.Cell] in
      [.init(user.name.harmless, .good), .init(""), .init("created, in group \(user.groups.joined(separator: ", "))")]
    }
    let staying = plan.users.keep.map { user -> [TextTable.Cell] in
      [.init(user.name.harmless, .name), .init("\(user.uid)"), .init("stays: \(user.reason)", .faint)]
    }
    return section("Users", going + coming + staying)
  }

  private func kernels() -> [String] {
    section(
      "Kernels",
      plan.kernels.remove.map { [.init($0.release.harmless, .bad), .init("goes")] }
        + plan.kernels.keep.map { [.init($0.release.harmless, .name), .init("stays: \($0.reason)", .faint)] })
  }

  /// Each rule with its reason once, and the packages that it keeps.
  private func kept() -> [String] {
    guard !plan.packages.keep.isEmpty else { return [] }
    var result = heading("Kept by rule", plan.packages.keep.count)
    for (rule, entries) in Dictionary(grouping: plan.packages.keep, by: \.rule).sorted(by: { $0.key < $1.key }) {
      result.append("  " + paint(.name, rule.harmless) + "  " + entries[0].reason.harmless)
      let lines = entries.map(\.name.harmless).joined(separator: " ").wrapped(to: width - 4)
      let shown = showsAll || lines.count <= 3 ? lines[...] : lines.prefix(2)
      result += shown.map { paint(.faint, "    " + $0) }
      let count = shown.reduce(0) { $0 + $1.split(separator: " ").count }
      if count < entries.count {
        result.append(paint(.faint, "    … and \(entries.count - count) more; --all shows them"))
      }
    }
    return result
  }
}
