import HostSystem
import PerfProfiling
import TerminalOutput

/// A call tree for a terminal: a line for each function below its caller, with its share and a bar.
///
/// A function that is all its caller does stands below it without an indent: stacks are deeper than terminals are wide.
enum CallTreeText {
  private static let barColumns = 10

  static func lines(_ tree: FlameTree, leastPercent: Double, width: Int, paint: Paint) -> [String] {
    let least = UInt64(Double(tree.total) * leastPercent / 100)
    var children = [[Int]](repeating: [], count: tree.nodes.count)
    for (place, node) in tree.nodes.enumerated().dropFirst() where node.total >= max(1, least) {
      children[Int(node.parent)].append(place)
    }
    var lines: [String] = []
    // A stack of our own: calls may be deeper than ours can go.
    var open: [(node: Int, lead: String, branch: String)] = [(0, "", "")]
    while let (place, lead, branch) = open.popLast() {
      let node = tree.nodes[place]
      let shown = node.name.harmless
      let start =
        ReportText.percent(node.total, of: tree.total).leftPadded(to: 7) + " "
        + paint(.good, bar(node.total, of: tree.total)) + "  " + paint(.faint, lead + branch)
      let room = max(8, width - 7 - 1 - barColumns - 2 - (lead + branch).columns)
      let own = node.own > 0 && node.own < node.total ? "  self \(ReportText.percent(node.own, of: tree.total))" : ""
      let name = shown.truncated(to: own.isEmpty ? room : max(8, room - own.columns))
      lines.append(start + paint(.name, name) + paint(.faint, own))
      let below = children[place].sorted { (tree.nodes[$1].total, $0) < (tree.nodes[$0].total, $1) }
      let next = branch.isEmpty ? lead : lead + (branch == "└ " ? "  " : "│ ")
      if below.count == 1, tree.nodes[below[0]].total * 100 >= node.total * 99 {
        open.append((below[0], next, ""))
      } else {
        for (number, child) in below.enumerated().reversed() {
          open.append((child, next, number == below.count - 1 ? "└ " : "├ "))
        }
      }
    }
    return lines
  }

  /// A bar of eighths of a column.
  private static func bar(_ part: UInt64, of whole: UInt64) -> String {
    let eighths = whole == 0 ? 0 : Int((Double(part) / Double(whole) * Double(barColumns * 8)).rounded())
    let full = min(eighths / 8, barColumns)
    let rest = full == barColumns ? "" : ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
    return (String(repeating: "█", count: full) + rest).padded(to: barColumns)
  }
}
