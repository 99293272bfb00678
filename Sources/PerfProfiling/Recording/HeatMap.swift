/// A picture of when samples came: each column is a second, from the bottom to the top in steps of 20 milliseconds, and the
/// colour of a field says how much was sampled then. Patterns within a second show that no average shows.
package struct HeatMap: Sendable, Equatable {
  /// The fields of a column.
  package static let rows = 50
  /// More columns than this are too narrow to be seen; each then stands for several seconds.
  package static let mostColumns = 600

  /// How many seconds a column has.
  package let secondsPerColumn: Int
  /// What was sampled in each field, column by column, the earliest field of a column first.
  package let counts: [UInt64]
  /// How many samples are in the picture.
  package let samples: Int
  private let unit: Profile.Unit

  package var columns: Int { counts.count / Self.rows }

  /// - Parameter event: the place of the event whose samples are drawn.
  /// - Returns: nil where the profile has no times, or no sample of the event.
  package init?(_ profile: Profile, event: Int) {
    let times = profile.samples.times
    guard times.count == profile.samples.count, event < profile.events.count else { return nil }
    var (first, last) = (UInt64.max, UInt64.min)
    for (index, time) in times.enumerated() where profile.samples.events[index] == UInt16(truncatingIfNeeded: event) {
      first = min(first, time)
      last = max(last, time)
    }
    guard first <= last else { return nil }
    let second: UInt64 = 1_000_000_000
    let seconds = (last - first) / second + 1
    let most = UInt64(Self.mostColumns)
    let perColumn = (seconds + most - 1) / most
    let columns = Int((seconds + perColumn - 1) / perColumn)
    let field = max(1, perColumn * second / UInt64(Self.rows))
    var counts = [UInt64](repeating: 0, count: columns * Self.rows)
    var samples = 0
    for (index, time) in times.enumerated() where profile.samples.events[index] == UInt16(truncatingIfNeeded: event) {
      let place = min(Int((time - first) / field), counts.count - 1)
      let (sum, overflow) = counts[place].addingReportingOverflow(profile.samples.weights[index])
      counts[place] = overflow ? .max : sum
      samples += 1
    }
    secondsPerColumn = Int(perColumn)
    self.counts = counts
    self.samples = samples
    unit = profile.events[event].unit
  }

  private static let fieldWidth = 10
  private static let fieldHeight = 7
  private static let left = 60
  /// The line below the picture needs as much.
  private static let leastWidth = 520
  /// A label below the columns is as wide as so many of them.
  private static let labelColumns = 5
  private static let top = 34

  /// The picture as a document of its own; it runs nothing, and follows the reader's choice of a dark page.
  /// - Parameter title: any text; it is escaped.
  package func svg(title: String) -> String {
    let width = max(Self.leastWidth, Self.left + columns * Self.fieldWidth + 16)
    let bottom = Self.top + Self.rows * Self.fieldHeight
    let height = bottom + 40
    let greatest = max(1, counts.max() ?? 1)
    var result = """
      <?xml version="1.0" encoding="UTF-8"?>
      <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)" \
      font-family="Verdana, sans-serif" font-size="11">
      <style>
      svg { background: #fff; } text { fill: #222; }
      @media (prefers-color-scheme: dark) { svg { background: #1b1b1f; } text { fill: #ddd; } }
      </style>
      <text x="\(Self.left)" y="20" font-size="14">\(Self.escaped(title))</text>

      """
    for (index, count) in counts.enumerated() where count > 0 {
      let (column, row) = index.quotientAndRemainder(dividingBy: Self.rows)
      let x = Self.left + column * Self.fieldWidth
      let y = bottom - (row + 1) * Self.fieldHeight
      let start = Double(column * secondsPerColumn) + Double(row * secondsPerColumn) / Double(Self.rows)
      result +=
        "<rect x=\"\(x)\" y=\"\(y)\" width=\"\(Self.fieldWidth - 1)\" height=\"\(Self.fieldHeight - 1)\" fill=\"\(Self.colour(count, greatest))\"><title>from \(Self.decimal(start)) s: \(amount(count))</title></rect>\n"
    }
    for (fraction, label) in [(0, 0), (25, secondsPerColumn * 500), (50, secondsPerColumn * 1000)] {
      let y = bottom - fraction * Self.fieldHeight + 4
      result += "<text x=\"\(Self.left - 6)\" y=\"\(y)\" text-anchor=\"end\">\(label) ms</text>\n"
    }
    let step = max(Self.labelColumns, (columns + 11) / 12)
    for column in stride(from: 0, to: columns, by: step) {
      result +=
        "<text x=\"\(Self.left + column * Self.fieldWidth)\" y=\"\(bottom + 16)\">\(column * secondsPerColumn) s</text>\n"
    }
    let scale = secondsPerColumn == 1 ? "each column is a second" : "each column is \(secondsPerColumn) seconds"
    result +=
      "<text x=\"\(Self.left)\" y=\"\(bottom + 32)\">\(samples) samples; \(scale), the darkest field \(amount(greatest))</text>\n"
    return result + "</svg>\n"
  }

  private func amount(_ count: UInt64) -> String {
    switch unit {
    case .nanoseconds: "\(count / 1_000_000) ms"
    default: "\(count) \(unit.rawValue)"
    }
  }

  /// From pale to dark red.
  private static func colour(_ count: UInt64, _ greatest: UInt64) -> String {
    let share = Double(count) / Double(greatest)
    return "rgb(\(255 - Int(share * 95)),\(225 - Int(share * 215)),\(205 - Int(share * 185)))"
  }

  private static func decimal(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "&": result += "&amp;"
      case "\"": result += "&quot;"
      default: result.unicodeScalars.append(scalar.value < 0x20 || scalar.value == 0x7F ? " " : scalar)
      }
    }
    return result
  }
}
