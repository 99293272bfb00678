import HostSystem
import SystemReset
import TerminalOutput

/// `--custom`: what Resetter's custom reset asked, as checklists prefilled from the plan.
struct CustomDialogues {
  private let analysis: (Selection) -> SystemAnalysis
  private let whiptail: Whiptail

  /// - Parameter analysis: makes the analysis for a selection; the dialogues show what each choice leads to.
  init(columns: Int, analysis: @escaping (Selection) -> SystemAnalysis) throws {
    self.analysis = analysis
    whiptail = try Whiptail(title: "toolbox reset", columns: columns)
  }

  private enum Entry: String, CaseIterable {
    case packages, missing, users, backup, system, kernels, snaps, dependents, done

    func text(_ selection: Selection) -> String {
      switch self {
      case .packages: "Choose which packages go"
      case .missing: "Choose which absent stock packages come back"
      case .users: "Choose which accounts go"
      case .backup: "Name the account that is created for you"
      case .system: "Count service accounts, too (now \(selection.systemUsers ? "on" : "off"))"
      case .kernels: "Remove old kernels"
      case .snaps: "Remove snaps that are not stock (now \(selection.classes.contains(.snaps) ? "on" : "off"))"
      case .dependents: "Look at the dependents of a package"
      case .done: "Show the plan"
      }
    }
  }

  /// Asks until the person is content.
  /// - Returns: the selection; nil when the person went back without one.
  func ask(_ first: Selection) throws -> Selection? {
    var selection = first
    while true {
      let plan = try ResetPlanner(analysis(selection)).plan()
      let items = Entry.allCases.map { Whiptail.Item($0.rawValue, $0.text(selection)) }
      let summary =
        "\(plan.summary.remove.counted("package")) to remove, \(plan.summary.install) to install, "
        + "\(plan.summary.usersRemoved.counted("account")) to lock; \(plan.summary.freedBytes.byteSize) freed."
      guard let answer = try whiptail.menu(summary, items), let entry = Entry(rawValue: answer) else {
        return nil
      }
      switch entry {
      case .packages: try askPackages(&selection)
      case .missing: try askMissing(&selection)
      case .users: try askUsers(&selection)
      case .backup: try askBackupUser(&selection)
      case .system: selection.systemUsers.toggle()
      case .snaps: toggle(.snaps, in: &selection)
      case .kernels: try askKernels(&selection)
      case .dependents: try showDependents(selection)
      case .done: return selection
      }
    }
  }

  private func toggle(_ kind: ActionClass, in selection: inout Selection) {
    let classes = Set(selection.classes).symmetricDifference([kind])
    selection.classes = ActionClass.allCases.filter(classes.contains)
  }

  private func askPackages(_ selection: inout Selection) throws {
    var open = selection
    open.keep.removeAll { $0.from == "--custom" }
    let plan = try ResetPlanner(analysis(open)).plan()
    let kept = Set(selection.keep.filter { $0.from == "--custom" }.map(\.value))
    let items = plan.packages.remove.filter { $0.because.count == 1 }.map { removal in
      Whiptail.Item(
        removal.name.harmless, "\(removal.version.harmless), \(removal.installedSizeBytes.byteSize)",
        isOn: !kept.contains(removal.name))
    }
    guard !items.isEmpty else { return try whiptail.message("No package that was installed by name would go.") }
    guard let chosen = try whiptail.checklist("These packages go, with what only they need:", items) else {
      return
    }
    open.keep += items.filter { !chosen.contains($0.tag) }.map { .init($0.tag, from: "--custom") }
    selection = open
  }

  private func askMissing(_ selection: inout Selection) throws {
    var open = selection
    open.install.removeAll { $0.from == "--custom" }
    open.skip.removeAll { $0.from == "--custom" }
    let plan = try ResetPlanner(analysis(open)).plan()
    let current = try ResetPlanner(analysis(selection)).plan()
    let planned = Set(plan.packages.install.map(\.name))
    let on = Set(current.packages.install.map(\.name))
    let named = plan.packages.install.map { ($0.name, $0.reason) } + plan.packages.missing.map { ($0.name, $0.reason) }
    let items = named.map { Whiptail.Item($0.0.harmless, $0.1.harmless, isOn: on.contains($0.0)) }
    guard !items.isEmpty else { return try whiptail.message("No stock package is absent.") }
    guard let chosen = try whiptail.checklist("These stock packages come back:", items) else { return }
    open.install += chosen.subtracting(planned).sorted().map { .init($0, from: "--custom") }
    open.skip += planned.subtracting(chosen).sorted().map { .init($0, from: "--custom") }
    selection = open
  }

  private func askUsers(_ selection: inout Selection) throws {
    var open = selection
    open.keepUsers.removeAll { $0.from == "--custom" }
    let users = analysis(open).plannedUsers.remove
    let kept = Set(selection.keepUsers.filter { $0.from == "--custom" }.map(\.value))
    let items = users.map { user in
      Whiptail.Item(user.name.harmless, "\(user.uid), home \(user.home.harmless)", isOn: !kept.contains(user.name))
    }
    guard !items.isEmpty else { return try whiptail.message("No account would go.") }
    guard let chosen = try whiptail.checklist("These accounts are locked, and their homes moved aside:", items)
    else {
      return
    }
    open.keepUsers += items.filter { !chosen.contains($0.tag) }.map { .init($0.tag, from: "--custom") }
    selection = open
  }

  private func askBackupUser(_ selection: inout Selection) throws {
    let current = selection.backupUser?.value ?? ""
    guard let name = try whiptail.input("The name of the account; empty for none:", value: current) else {
      return
    }
    guard name.isEmpty || SelectionOptions.isAccountName(name) else {
      return try whiptail.message("A name is made of a to z, 0 to 9, _ and -, and begins with a letter.")
    }
    selection.backupUser = name.isEmpty ? nil : .init(name, from: "--custom")
  }

  private func askKernels(_ selection: inout Selection) throws {
    let items =
      [Whiptail.Item("all", "keep every kernel")] + (1...3).map { Whiptail.Item("\($0)", "keep the newest \($0)") }
    guard let answer = try whiptail.menu("The running kernel and one more always stay.", items) else { return }
    selection.keepKernels = Int(answer)
    selection.classes = ActionClass.allCases.filter {
      selection.classes.contains($0) || ($0 == .kernels && answer != "all")
    }
  }

  private func showDependents(_ selection: Selection) throws {
    guard let name = try whiptail.input("The name of an installed package:", value: "") else { return }
    let analysis = analysis(selection)
    let entries = analysis.packages(named: name).map { analysis.dependentsEntry(of: $0) }
    guard !entries.isEmpty else {
      return try whiptail.message("No installed package is called \(name.harmless).")
    }
    let lines = entries.flatMap { DependentsText(width: 70, paint: Paint(isOn: false)).lines($0) }
    try whiptail.message(lines.joined(separator: "\n"))
  }
}
