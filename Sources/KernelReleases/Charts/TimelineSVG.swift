import HostSystem

/// One series as a picture: its candidates on a line of weeks, its stable releases on a line of months or years.
package enum TimelineSVG {
  private static let width = 960
  private static let left = 40.0
  private static let right = 920.0

  /// The file of a series.
  package static func document(_ life: SeriesLife) -> String {
    let hasStables = life.isOut
    let title = "Linux \(life.final): from rc1 to the end of its life"
    var svg = SVGDocument(
      width: width, height: hasStables ? 320 : 190, title: title, description: description(life))
    svg.text(left, 40, "Linux \(life.final)", "heading")
    svg.text(left, 62, summary(life), "soft")
    candidates(life, in: &svg, top: 92)
    if hasStables { series(life, in: &svg, top: 212) }
    return svg.text
  }

  // MARK: The way to the final

  private static func candidates(_ life: SeriesLife, in svg: inout SVGDocument, top: Double) {
    let dated = life.candidates.compactMap { release in release.date.map { (release.version, $0) } }
    svg.text(left, top, "Release candidates", "strong")
    guard let first = dated.first?.1.day ?? life.finalDate?.day else {
      svg.text(left, top + 24, "no day is known", "soft")
      return
    }
    let last = life.finalDate?.day ?? max(dated.last?.1.day ?? first, min(life.knownUntil, first + 84))
    let scale = TimeScale(from: first + -2, to: last + 2, left: left, right: right)
    let middle = top + 46
    svg.line(left, middle, right, middle, "axis")
    var names = LabelRow(0...Double(width))
    var days = LabelRow(0...Double(width))
    // The final first: its label must not fall away.
    var points = dated.map { ($0.0, $0.1, "rc\($0.0.candidate ?? 0)") }
    if let final = life.finalDate { points.append((life.final, final, life.final.description)) }
    for (version, date, name) in points.reversed() {
      let x = scale.x(date.day)
      let tip = "\(version), \(date.day.spelledOut)\(date.confidence == .inferred ? " (inferred)" : "")"
      if version.candidate == nil {
        svg.diamond(x, middle, 8, "final", tip)
      } else {
        svg.circle(x, middle, 6, date.confidence == .exact ? "work" : "guess", tip)
      }
      if let x = names.place(name, at: x) {
        svg.text(x, middle - 16, name, version.candidate == nil ? "strong" : "name", anchor: .middle)
      }
      let day = "\(date.day)"
      if let x = days.place(day, at: x, size: 11) { svg.text(x, middle + 26, day, "small", anchor: .middle) }
    }
    if dated.contains(where: { $0.1.confidence == .inferred }) {
      svg.text(left, middle + 48, "A ring: the day is inferred, and right within a day with few exceptions.", "small")
    }
  }

  // MARK: The life

  private static func series(_ life: SeriesLife, in svg: inout SVGDocument, top: Double) {
    svg.text(left, top, "Stable releases", "strong")
    guard let final = life.finalDate?.day ?? life.stables.first?.date?.day else {
      svg.text(left, top + 24, "no day is known", "soft")
      return
    }
    let lastRelease = life.newest?.date?.day ?? final
    let now = life.knownUntil
    let end = max(life.endOfLife ?? now, lastRelease, life.hasEnded ? lastRelease : now)
    let margin = max(2, (end - final) / 60)
    let scale = TimeScale(from: final + -margin, to: end + margin, left: left, right: right)
    let middle = top + 52
    let style = life.isLongterm ? "long" : "live"
    for mark in scale.marks {
      svg.line(scale.x(mark.day), middle - 18, scale.x(mark.day), middle + 24, "grid")
    }
    let livesUntil = life.hasEnded ? lastRelease : now
    svg.box(scale.x(final), middle - 8, max(2, scale.x(livesUntil) - scale.x(final)), 16, style)
    if !life.hasEnded, let projected = life.endOfLife, projected > now {
      svg.box(scale.x(now), middle - 7, scale.x(projected) - scale.x(now), 14, "plan", "supported until \(projected)")
    }
    for stable in life.stables {
      guard let day = stable.date?.day else { continue }
      svg.line(scale.x(day), middle - 7, scale.x(day), middle + 7, "tick")
    }
    svg.diamond(scale.x(final), middle, 8, "final", "\(life.final), \(final.spelledOut)")

    // In the order of their weight: one that finds no room falls away.
    var above = LabelRow(0...Double(width))
    func label(_ text: String, _ day: CalendarDay, _ style: String, in svg: inout SVGDocument) {
      if let x = above.place(text, at: scale.x(day)) { svg.text(x, middle - 22, text, style, anchor: .middle) }
    }
    label(life.final.description, final, "strong", in: &svg)
    if let end = life.endOfLife {
      svg.line(scale.x(end), middle - 12, scale.x(end), middle + 12, "end")
      label(life.hasEnded ? "ended \(end)" : "until \(end)", end, "endtext", in: &svg)
    }
    if !life.hasEnded {
      svg.line(scale.x(now), middle - 16, scale.x(now), middle + 24, "now")
      label("known up to \(now)", now, "nowtext", in: &svg)
    }
    if let newest = life.stables.last, let day = newest.date?.day { label("\(newest.version)", day, "name", in: &svg) }
    var below = LabelRow(0...Double(width))
    for mark in scale.marks {
      if let x = below.place(mark.text, at: scale.x(mark.day), size: 11) {
        svg.text(x, middle + 40, mark.text, "small", anchor: .middle)
      }
    }
  }

  // MARK: In words

  private static func summary(_ life: SeriesLife) -> String {
    var parts: [String] = [life.isLongterm ? "longterm" : life.isOut ? "stable" : "in the making"]
    parts.append(
      "\(life.candidateCount) candidate\(life.candidateCount == 1 ? "" : "s")"
        + (life.daysToFinal.map { " in \($0) days" } ?? ""))
    if let final = life.finalDate { parts.append("final on \(final.day.spelledOut)") }
    if life.isOut {
      parts.append("\(life.stables.count) stable release\(life.stables.count == 1 ? "" : "s")")
      if let newest = life.stables.last { parts.append("newest \(newest.version)") }
      if life.hasEnded {
        parts.append("ended" + (life.endOfLife.map { " on \($0.spelledOut)" } ?? ""))
      } else {
        parts.append(life.endOfLife.map { "supported until \($0.spelledOut)" } ?? "no end announced")
      }
    }
    return parts.joined(separator: " · ")
  }

  private static func description(_ life: SeriesLife) -> String {
    var text = "Linux \(life.final): \(summary(life).replacing(" · ", with: ", "))."
    let days = life.candidates.compactMap { release in
      release.date.map { "\(release.version) on \($0.day)\($0.confidence == .inferred ? " (inferred)" : "")" }
    }
    if !days.isEmpty { text += " Candidates: \(days.joined(separator: ", "))." }
    if let newest = life.stables.last, let day = newest.date?.day { text += " Newest: \(newest.version) on \(day)." }
    return text
  }
}
