import HostSystem
import PerfReference
import TerminalOutput

/// The doctor's findings as text.
enum DoctorText {
  static func lines(_ checks: [DoctorCheck], width: Int?, paint: Paint) -> [String] {
    let width = min(max(width ?? 100, 60), 100)
    var lines: [String] = []
    for check in checks {
      let mark = check.verdict.rawValue.padded(to: 4)
      lines += labelled(paint(role(check.verdict), mark), check.title + ": " + check.found.harmless, width, indent: 4)
      func field(_ label: String, _ text: String) {
        lines += labelled("      " + paint(.faint, label.padded(to: 6)), text.harmless, width, indent: 12)
      }
      field("probed", check.probed)
      field("means", check.meaning)
      if let fix = check.fix { lines.append("      " + paint(.faint, "mend  ") + "  " + paint(.command, fix.harmless)) }
    }
    let counts = DoctorCheck.Verdict.allCases.map { verdict in
      "\(checks.count { $0.verdict == verdict }) \(verdict.rawValue)"
    }
    return lines + ["", counts.joined(separator: ", ")]
  }

  /// A label with text beside it, wrapped; the lines that follow are indented as far as the label is wide.
  private static func labelled(_ label: String, _ text: String, _ width: Int, indent: Int) -> [String] {
    text.wrapped(to: width - indent - 2).enumerated().map { number, line in
      (number == 0 ? label : String(repeating: " ", count: indent)) + "  " + line
    }
  }

  private static func role(_ verdict: DoctorCheck.Verdict) -> Paint.Role {
    switch verdict {
    case .ok: .good
    case .warn: .warning
    case .fail: .bad
    case .skip: .faint
    }
  }
}
