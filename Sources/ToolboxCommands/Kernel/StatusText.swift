import DebianPackages
import HostSystem
import KernelReleases
import TerminalOutput

extension TerminalFacts {
  /// A file: no colour, and the width of a card.
  static let plain = TerminalFacts(isTerminal: false, columns: 80, usesColor: false)
}

/// The status and the verdict as text for people.
extension KernelText {
  func lines(of status: StatusDocument) -> [String] {
    let knowledge = status.knowledge
    var lines = rows(of: status).flatMap { label, text, role in
      text.wrapped(to: max(20, width - Self.labelWidth)).enumerated().map { index, part in
        paint(.strong, (index == 0 ? label : "").padded(to: Self.labelWidth)) + (role.map { paint($0, part) } ?? part)
      }
    }
    lines += ["", paint(.heading, "Current releases")]
    lines += self.lines(of: status.tracks.filter { $0.newest != nil }, indent: 2)
    if let next = status.next { lines += [""] + self.lines(of: next, today: CalendarDay(status.now)) }
    lines.append("")
    lines += origin(of: status).wrapped(to: width).map { paint(status.isStale ? .warning : .faint, $0) }
    for note in status.machine.notes {
      lines += "Note: \(note.harmless)".wrapped(to: width).map { paint(.warning, $0) }
    }
    for doubt in knowledge.suspicions {
      lines += "Doubtful, waits for a second opinion: \(doubt.harmless)".wrapped(to: width).map { paint(.warning, $0) }
    }
    for difference in knowledge.disagreements {
      lines += "The feeds differ: \(difference.harmless)".wrapped(to: width).map { paint(.faint, $0) }
    }
    return lines
  }

  private static let labelWidth = 11

  private typealias Row = (label: String, text: String, role: Paint.Role?)

  private func rows(of status: StatusDocument) -> [Row] {
    var rows: [Row] = []
    let machine = status.machine
    if let running = machine.running {
      rows.append(("Running", running.release.harmless + Self.place(machine.place), nil))
      rows.append(("Upstream", Self.upstream(running), running.upstream == nil ? .faint : nil))
      rows.append(Self.behind(status.standing, mayLag: status.mayLag))
    } else {
      rows.append(("Running", Self.noKernel(machine.place), .faint))
    }
    if let series = status.standing.series { rows += Self.series(series, machine.running) }
    if let newest = machine.newestInstalled, newest.release != machine.running?.release {
      rows.append(("Installed", newest.release.harmless + Self.equals(newest.identity), nil))
    }
    rows.append(Self.candidate(machine))
    rows.append(Self.reboot(machine.reboot))
    return rows
  }

  private static func place(_ place: MachineKernels.Place) -> String {
    switch place {
    case .container(let kind): ", the host's kernel: this is a container (\(kind.harmless))"
    case .chroot: ", the kernel of the system around this chroot"
    case .host, .otherRoot: ""
    }
  }

  private static func noKernel(_ place: MachineKernels.Place) -> String {
    place == .otherRoot ? "not this system: what runs is not the kernel of this root" : "unknown: /proc does not say"
  }

  private static func upstream(_ running: KernelIdentity) -> String {
    let vendor = running.isGuess ? "" : ", built by \(running.vendor.name)"
    let version = running.packageVersion.map { " as \($0.text.harmless)" } ?? ""
    let note = running.note.map { ". \($0)" } ?? ""
    switch running.confidence {
    case .exact:
      let guess = running.isGuess ? ", going by its number: no vendor is known for it" : ""
      return (running.upstreamText ?? "") + vendor + version + guess + note
    case .series:
      return "\(running.upstreamText ?? ""), only the series is known\(vendor)\(version)\(note)"
    case .vendor:
      guard let base = running.base else {
        return running.vendor == .custom ? "unknown: this is no kernel's number" : "none: \(running.vendor.name)\(note)"
      }
      return "none: \(running.vendor.name) keeps a kernel of its own on \(base)\(note)"
    }
  }

  private static func behind(_ standing: KernelStanding, mayLag: Bool) -> Row {
    switch standing.comparison {
    case .behind(let behind) where behind.releases == 0:
      return (
        "Behind", "nothing: \(behind.newest.version) is the newest of its series\(mayLag ? " that is known" : "")",
        .good
      )
    case .behind(let behind):
      let days = behind.days.map { ", \($0) day\($0 == 1 ? "" : "s")" } ?? ""
      let day = behind.newest.date.map { " of \($0.day.spelledOut)" } ?? ""
      let releases = "\(behind.releases) release\(behind.releases == 1 ? "" : "s")"
      let least = mayLag ? "at least " : ""
      return (
        "Behind",
        "\(least)\(releases)\(days): \(mayLag ? "the newest known" : "the newest") is \(behind.newest.version)\(day)",
        .warning
      )
    case .newerThanKnown: return ("Behind", "nothing that is known: it is newer than every release here", .good)
    case .ownBase(let base, let count):
      let ahead = count == 0 ? "" : "; upstream is \(count) final\(count == 1 ? "" : "s") ahead of \(base)"
      return ("Behind", "does not compare: the vendor chooses what it takes over\(ahead)", .faint)
    case .onlySeries: return ("Behind", "unknown: the kernel does not say which release it is made of", .faint)
    case .nothing: return ("Behind", "unknown", .faint)
    }
  }

  private static func series(_ series: KernelStanding.Series, _ running: KernelIdentity?) -> [Row] {
    let kind = series.isLongterm ? " longterm" : ""
    let hasOwnSupport = running?.vendor.hasOwnSupport ?? false
    let name = hasOwnSupport ? "upstream's \(series.name)\(kind)" : series.name + kind
    guard series.hasEnded else {
      let left = series.daysLeft.map { $0 >= 0 ? " (\($0) day\($0 == 1 ? "" : "s"))" : "" } ?? ""
      let end = series.endDay.map { "supported until \($0.spelledOut)\(left)" } ?? "no end announced"
      return [("Series", "\(name), \(end)", nil)]
    }
    var text =
      "\(name), ended"
      + (series.endDay.map { series.isEarly ? ", though \($0.spelledOut) was announced" : " on \($0.spelledOut)" } ?? "")
    if hasOwnSupport {
      text += "; whether \(running?.vendor.name ?? "") supports its own is not known here"
    } else if let next = series.successor {
      text +=
        "; the next that lives is \(next.version.cycleName)\(series.isSuccessorLongterm ? " longterm" : ""), now \(next.version)"
    }
    return [("Series", text, hasOwnSupport ? nil : .bad)]
  }

  private static func equals(_ identity: KernelIdentity) -> String {
    identity.upstreamText.map { ", upstream \($0)" } ?? ""
  }

  private static func candidate(_ machine: MachineKernels) -> Row {
    guard let candidate = machine.candidate else { return ("Candidate", "none in apt's package lists", .faint) }
    let name = "\(candidate.identity.release.harmless)\(equals(candidate.identity))"
    let way = "\(candidate.metapackage.harmless) \(candidate.packageVersion.text.harmless)"
    if machine.installed.contains(where: {
      $0.release == candidate.identity.release && $0.packageVersion == candidate.packageVersion
    }) {
      return ("Candidate", "\(name) (\(way)), installed", nil)
    }
    return ("Candidate", "\(name) (\(way))", candidate.isFollowed ? .warning : nil)
  }

  private static func reboot(_ reboot: MachineKernels.Reboot) -> Row {
    switch reboot.isRequired {
    case true?: ("Reboot", "needed: \(reboot.reason.harmless)", .bad)
    case false?: ("Reboot", "not needed: \(reboot.reason.harmless)", .good)
    case nil: ("Reboot", "not known: \(reboot.reason.harmless)", .faint)
    }
  }

  private func lines(of next: StatusDocument.Expectation, today: CalendarDay) -> [String] {
    let isOver = next.latest < today
    let share = next.probability > 0.99 ? "over 99%" : "\(Int((next.probability * 100).rounded()))%"
    let range =
      next.earliest == next.latest ? "on \(next.earliest)" : "from \(next.earliest) to \(next.latest)"
    let text =
      isOver ? "\(next.version) was expected \(range); it should be out" : "\(next.version) \(range), \(share)"
    return text.wrapped(to: max(20, width - Self.labelWidth)).enumerated().map { index, part in
      paint(.heading, (index == 0 ? "Next" : "").padded(to: Self.labelWidth)) + part
    }
  }

  private func origin(of status: StatusDocument) -> String {
    let knowledge = status.knowledge
    guard let fetched = knowledge.fetched else {
      let until = knowledge.shippedUntil.map { " up to \($0.spelledOut)" } ?? ""
      return "From the shipped history\(until): nothing was fetched yet. `toolbox kernel fetch` gets the present state."
    }
    let age = status.now.secondsSinceEpoch - fetched.time.secondsSinceEpoch
    let ago = age >= 0 ? ", \(spelledOut(seconds: age)) ago" : ""
    return "From \(fetched.address.harmless), fetched \(fetched.time)\(ago)."
      + (status.isStale ? " `toolbox kernel fetch` gets the present state." : "")
  }

  /// The verdict in one line.
  func line(of check: KernelCheck) -> String {
    let role: Paint.Role =
      switch check.verdict {
      case .ok: .good
      case .unknown, .warning: .warning
      case .critical: .bad
      }
    return "\(paint(role, check.verdict.rawValue)): \(check.summary)"
  }
}
