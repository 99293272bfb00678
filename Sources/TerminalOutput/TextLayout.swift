import Glibc

extension String {
  /// The columns that the text takes on a terminal, by wcwidth(3)'s rules in short: combining characters take none, East
  /// Asian wide characters and emoji two. The text holds no escape sequences.
  package var columns: Int {
    if utf8.allSatisfy({ $0 < 0x80 }) { return utf8.count }
    return unicodeScalars.reduce(0) { sum, scalar in sum + Self.columns(of: scalar) }
  }

  private static func columns(of scalar: Unicode.Scalar) -> Int {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
      0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE4F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
      0x1F900...0x1F9FF, 0x20000...0x3FFFD:
      return 2
    default: return 1
    }
  }

  /// The text with spaces behind it, up to a width.
  package func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - columns))
  }

  /// The text with spaces before it, up to a width.
  package func leftPadded(to width: Int) -> String {
    String(repeating: " ", count: max(0, width - columns)) + self
  }

  /// The text cut to a width, its last column an ellipsis where something is missing.
  package func truncated(to width: Int) -> String {
    guard columns > width, width > 0 else { return width > 0 ? self : "" }
    var result = ""
    var used = 0
    for character in self {
      let size = String(character).columns
      if used + size > width - 1 { break }
      result.append(character)
      used += size
    }
    return result + "…"
  }

  /// The words of the text in lines of at most `width` columns; a longer word has a line of its own.
  package func wrapped(to width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in split(separator: " ") {
      if !line.isEmpty, line.columns + 1 + String(word).columns > width {
        lines.append(line)
        line = ""
      }
      line += line.isEmpty ? String(word) : " " + word
    }
    if !line.isEmpty { lines.append(line) }
    return lines
  }
}

/// Text in aligned columns; the last one is not padded.
package struct TextTable: Sendable {
  private var rows: [[Cell]] = []
  private let gap: Int

  /// One cell: its text, and how it looks once its width is known.
  package struct Cell: Sendable {
    let text: String
    let role: Paint.Role?
    let alignsRight: Bool

    package init(_ text: String, _ role: Paint.Role? = nil, alignsRight: Bool = false) {
      self.text = text
      self.role = role
      self.alignsRight = alignsRight
    }
  }

  package init(gap: Int = 2) { self.gap = gap }

  package mutating func add(_ cells: Cell...) { rows.append(cells) }
  package mutating func add(_ cells: [Cell]) { rows.append(cells) }

  /// The table's lines. Where they would pass `width`, the last column is cut.
  package func lines(width: Int, indent: Int = 0, paint: Paint) -> [String] {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in
      rows.compactMap { $0.count > column && column < $0.count - 1 ? $0[column].text.columns : nil }.max() ?? 0
    }
    return rows.map { row in
      var line = String(repeating: " ", count: indent)
      var used = indent
      for (column, cell) in row.enumerated() {
        let isLast = column == row.count - 1
        let room = isLast ? max(1, width - used) : widths[column]
        let text = cell.text.truncated(to: max(room, 1))
        let padded = cell.alignsRight ? text.leftPadded(to: widths[column]) : isLast ? text : text.padded(to: room)
        line += cell.role.map { paint($0, padded) } ?? padded
        used += padded.columns
        if !isLast {
          line += String(repeating: " ", count: gap)
          used += gap
        }
      }
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }
  }
}
