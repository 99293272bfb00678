import HostSystem
import PerfReference
import TerminalOutput

/// An explained command line as text: a chapter for each command, what was written on the left, its meaning beside it.
struct ExplanationPage {
  private let explanation: Explanation

  init(_ explanation: Explanation) { self.explanation = explanation }

  /// - Parameter width: nil for a pipe; text is wrapped at 80 columns or the width, what was written never.
  func lines(width: Int?, paint: Paint) -> [String] {
    let writer = Writer(width: min(width ?? 80, 80), paint: paint)
    let isAlone = explanation.commands.count == 1
    return explanation.commands.enumerated().flatMap { index, command in
      (index == 0 ? [] : [""]) + writer.lines(command, number: isAlone ? nil : index + 1)
    }
  }

  /// The layout, for one width and one way to paint.
  private struct Writer {
    let width: Int
    let paint: Paint

    func lines(_ command: ExplainedCommand, number: Int?) -> [String] {
      var lines: [String] = []
      if let number {
        let rule = String(repeating: "-", count: max(2, min(width, 80) - "\(number) ".columns - 1))
        lines += [paint(.faint, "\(number) " + rule)]
      }
      lines.append(paint(.command, command.text.harmless))
      lines.append("")
      let around = command.prefixes + command.expansions
      lines += rows(around.map { Row($0.text, [$0.meaning]) })
      let behind = (command.redirections + [command.sign].compactMap { $0 }).map { Row($0.text, [$0.meaning]) }
      if let perf = command.perf {
        lines += self.lines(perf, behind)
      } else {
        let meaning = command.programMeaning ?? "another program, not perf"
        lines += rows([Row(command.program, [meaning])] + behind)
      }
      return lines
    }

    /// - Parameter behind: what stands behind the command in the line.
    private func lines(_ perf: ExplainedPerf, _ behind: [Row]) -> [String] {
      let name = (["perf", perf.subcommand, perf.action ?? ""].filter { !$0.isEmpty }).joined(separator: " ")
      var body = [Row(name, [perf.summary])]
      body += perf.options.map { option in
        var texts = [option.known ? option.meaning : "NOT AN OPTION OF PERF " + perf.subcommand.uppercased() + "."]
        if option.known, !option.names.isEmpty, let spelled = otherName(option) { texts[0] = spelled + ": " + texts[0] }
        texts += option.values.map { "\($0.text): \($0.meaning)." }
        if let since = option.since { texts.append("Since perf \(since).") }
        return Row(option.text, texts, isBad: !option.known)
      }
      body += perf.words.map { Row($0.text, [$0.meaning]) }
      if let command = perf.command { body.append(Row(command.text, [command.meaning])) }
      var lines = rows(body + behind)
      if !perf.events.isEmpty { lines += [""] + heading("Events") + rows(perf.events.flatMap { rows(of: $0) }) }
      if !perf.defaults.isEmpty { lines += [""] + heading("Not said, so") + list(perf.defaults) }
      if !perf.needs.isEmpty { lines += [""] + heading("Needs") + list(perf.needs.map(need)) }
      let pitfalls = perf.options.flatMap(\.pitfalls)
      if !pitfalls.isEmpty { lines += [""] + heading("Beware") + list(unique(pitfalls)) }
      if !perf.mistakes.isEmpty {
        lines += [""] + heading("Mistakes and notes") + perf.mistakes.flatMap { mistake($0) }
      }
      if let recipe = perf.recipe {
        lines += [""] + heading(recipe.exact ? "This is the recipe" : "Near to the recipe")
        lines += rows([Row("toolbox perf show " + recipe.id, [recipe.title])])
      }
      return lines
    }

    /// The long name of an option that was written by its letter.
    private func otherName(_ option: ExplainedOption) -> String? {
      guard let long = option.names.last, long.hasPrefix("--"), long != "--", !option.text.hasPrefix("--") else {
        return nil
      }
      return long
    }

    private func rows(of event: ExplainedEvent) -> [Row] {
      var texts = [event.title + (event.meaning.isEmpty ? "" : ": " + event.meaning)]
      texts += event.modifiers.map { ":\($0.text) \($0.meaning)" }
      texts += event.terms.map { "\($0.text): \($0.meaning)" }
      let own = Row(event.text, texts)
      return [own] + event.members.flatMap { rows(of: $0) }.map { Row("  " + $0.label, $0.texts) }
    }

    private func need(_ need: ExplainedNeed) -> String {
      let state = need.met.map { $0 ? " [there]" : " [NOT THERE]" } ?? ""
      return need.meaning + " (for " + need.because.joined(separator: ", ") + ")" + state
    }

    private func mistake(_ mistake: ExplainedMistake) -> [String] {
      let role: Paint.Role = mistake.level == "error" ? .bad : mistake.level == "warning" ? .warning : .faint
      let label = "\(mistake.level): "
      let text = label + mistake.message + "; " + mistake.mend
      let wrapped = text.harmless.wrapped(to: max(20, width - 4))
      return wrapped.enumerated().map { index, line in
        index == 0
          ? "  " + paint(role, String(label.dropLast(1))) + String(line.dropFirst(label.count - 1)) : "    " + line
      }
    }

    private func unique(_ texts: [String]) -> [String] {
      var seen: Set<String> = []
      return texts.filter { seen.insert($0).inserted }
    }

    private func heading(_ text: String) -> [String] { [paint(.heading, text)] }

    private func list(_ texts: [String]) -> [String] {
      texts.flatMap { text in
        text.harmless.wrapped(to: max(20, width - 4)).enumerated().map { ($0 == 0 ? "  - " : "    ") + $1 }
      }
    }

    /// What was written, and the texts beside it.
    private struct Row {
      let label: String
      let texts: [String]
      let isBad: Bool

      init(_ label: String, _ texts: [String], isBad: Bool = false) {
        self.label = label
        self.texts = texts
        self.isBad = isBad
      }
    }

    /// Labels of up to this many columns have their text beside them, longer ones below.
    private static let labelWidth = 20

    private func rows(_ rows: [Row]) -> [String] {
      let room = max(20, width - Self.labelWidth - 4)
      return rows.flatMap { row -> [String] in
        let label = row.label.harmless
        let wrapped = row.texts.flatMap { $0.harmless.wrapped(to: room) }
        let painted = paint(row.isBad ? .bad : .name, label)
        let blank = String(repeating: " ", count: Self.labelWidth + 4)
        guard label.columns <= Self.labelWidth else { return ["  " + painted] + wrapped.map { blank + $0 } }
        let gap = String(repeating: " ", count: Self.labelWidth - label.columns + 2)
        return wrapped.enumerated().map { $0 == 0 ? "  " + painted + gap + $1 : blank + $1 }
      }
    }
  }
}
