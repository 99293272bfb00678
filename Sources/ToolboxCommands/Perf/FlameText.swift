import HostSystem
import PerfProfiling
import TerminalOutput

/// A flame graph of characters, the root above: a box for each function, as wide as its share of the terminal.
enum FlameText {
  static func lines(_ tree: FlameTree, width: Int, paint: Paint) -> [String] {
    let columns = max(20, width)
    guard tree.total > 0 else { return [] }
    func column(_ weight: UInt64) -> Int { Int((Double(weight) / Double(tree.total) * Double(columns)).rounded()) }
    var rows = [[(start: Int, end: Int, name: String)]](repeating: [], count: tree.depth + 1)
    for node in tree.nodes where node.total > 0 {
      let (start, end) = (column(node.start), min(columns, column(node.start + node.total)))
      if end > start { rows[Int(node.depth)].append((start, end, node.name)) }
    }
    return rows.prefix { !$0.isEmpty }.map { row in
      var line = ""
      var position = 0
      for box in row {
        line += String(repeating: " ", count: box.start - position)
        line += text(box.name, box.end - box.start, paint)
        position = box.end
      }
      return line
    }
  }

  private static func text(_ name: String, _ columns: Int, _ paint: Paint) -> String {
    let shown = name.harmless
    if paint.isOn {
      // One column between neighbours stays dark, where there is room.
      let inner = columns > 1 ? columns - 1 : 1
      let label = inner >= 3 ? shown.truncated(to: inner) : ""
      return paint.box(FlamePalette.hot.color(of: name), label.padded(to: inner)) + (columns > inner ? " " : "")
    }
    if columns < 4 {
      return String(repeating: "|", count: min(columns, 1)) + String(repeating: "-", count: columns - 1)
    }
    return "|" + shown.truncated(to: columns - 1).padded(to: columns - 1).replacing(" ", with: "-")
  }
}
