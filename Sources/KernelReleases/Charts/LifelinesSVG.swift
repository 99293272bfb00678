import HostSystem

/// Several series side by side: each a line from its first candidate over its final to its end.
package enum LifelinesSVG {
  private static let width = 960
  private static let left = 64.0
  private static let right = 846.0
  private static let rowHeight = 22.0

  /// The file of some series.
  /// - Parameter lives: in the order of the rows, newest first.
  package static func document(_ lives: [SeriesLife]) -> String {
    let rows = lives.filter { start(of: $0) != nil }
    let now = lives.map(\.knownUntil).max() ?? CalendarDay(daysSinceEpoch: 0)
    let first = rows.compactMap { start(of: $0) }.min() ?? now
    let last = rows.map { end(of: $0) }.max() ?? now
    let top = 110.0
    let bottom = top + Double(rows.count) * rowHeight
    let margin = max(5, (last - first) / 80)
    let scale = TimeScale(from: first + -margin, to: last + margin, left: left, right: right)
    var svg = SVGDocument(
      width: width, height: Int(bottom) + 40, title: "The lives of Linux series", description: description(rows))
    svg.text(left, 36, "The lives of Linux series", "heading")
    legend(in: &svg)
    var names = LabelRow(left...Double(width))
    for mark in scale.marks {
      svg.line(scale.x(mark.day), top - 8, scale.x(mark.day), bottom + 6, "grid")
      if let x = names.place(mark.text, at: scale.x(mark.day), size: 11) {
        svg.text(x, bottom + 22, mark.text, "small", anchor: .middle)
      }
    }
    for (index, life) in rows.enumerated() {
      row(life, at: top + (Double(index) + 0.5) * rowHeight, scale, in: &svg)
    }
    svg.line(scale.x(now), top - 8, scale.x(now), bottom + 6, "now")
    var above = LabelRow(left...Double(width))
    let label = "known up to \(now)"
    if let x = above.place(label, at: scale.x(now)) { svg.text(x, top - 14, label, "nowtext", anchor: .middle) }
    return svg.text
  }

  private static func legend(in svg: inout SVGDocument) {
    var x = left
    for (style, text) in [("work", "rc1 to final"), ("live", "stable"), ("long", "longterm"), ("plan", "projected")] {
      svg.box(x, 56, 18, 10, style)
      svg.text(x + 24, 65, text, "soft")
      x += 34 + LabelRow.width(of: text, size: 12)
    }
    svg.line(x + 2, 55, x + 2, 67, "end")
    svg.text(x + 12, 65, "end of life", "soft")
  }

  private static func row(_ life: SeriesLife, at y: Double, _ scale: TimeScale, in svg: inout SVGDocument) {
    svg.text(left - 8, y + 4, life.final.description, "strong", anchor: .end)
    let final = life.finalDate?.day
    if let first = life.firstDay ?? life.candidates.first?.date?.day {
      let until = final ?? life.knownUntil
      svg.box(
        scale.x(first), y - 3, max(2, scale.x(until) - scale.x(first)), 6, "work",
        "\(life.final): \(life.candidateCount) candidates from \(first)")
    }
    if let final {
      let until = life.hasEnded ? life.newest?.date?.day ?? final : life.knownUntil
      svg.box(
        scale.x(final), y - 6, max(2, scale.x(until) - scale.x(final)), 12, life.isLongterm ? "long" : "live",
        "\(life.final): final on \(final), \(life.stables.count) stable releases")
      if !life.hasEnded, let projected = life.endOfLife, projected > life.knownUntil {
        svg.box(
          scale.x(life.knownUntil), y - 5, scale.x(projected) - scale.x(life.knownUntil), 10, "plan",
          "supported until \(projected)")
      }
      if let end = life.endOfLife { svg.line(scale.x(end), y - 8, scale.x(end), y + 8, "end") }
    }
    // A column of its own at the right: nothing there can touch a line.
    svg.text(Double(width) - 16, y + 4, life.newest?.version.description ?? "", "small", anchor: .end)
  }

  private static func start(of life: SeriesLife) -> CalendarDay? {
    life.firstDay ?? life.candidates.first?.date?.day ?? life.finalDate?.day
  }

  private static func end(of life: SeriesLife) -> CalendarDay {
    let last = life.newest?.date?.day ?? life.knownUntil
    return max(life.hasEnded ? last : life.knownUntil, life.endOfLife ?? last)
  }

  private static func description(_ lives: [SeriesLife]) -> String {
    lives.map { life in
      guard let final = life.finalDate?.day else { return "\(life.final): \(life.candidateCount) candidates, not out." }
      let state =
        life.hasEnded
        ? "ended" + (life.endOfLife.map { " on \($0)" } ?? "")
        : life.endOfLife.map { "supported until \($0)" } ?? "no end announced"
      return "\(life.final): out on \(final), \(state)."
    }.joined(separator: " ")
  }
}
