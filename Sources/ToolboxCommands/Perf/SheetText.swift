import PerfReference
import TerminalOutput

/// The sheet as text for a terminal, a pipe or a wall: always laid out for 80 columns.
enum SheetText {
  private static let width = 80
  private static let indent = 1

  static func lines(_ sheet: Sheet, paint: Paint) -> [String] {
    let shortWidth = sheet.sections.reduce(0) { $1.lines.reduce($0) { max($0, $1.short.columns) } }
    var lines = [header(paint)]
    for section in sheet.sections {
      let rule = String(repeating: "-", count: max(0, width - section.title.columns - 1))
      lines.append(paint(.heading, section.title) + " " + paint(.faint, rule))
      for line in section.lines {
        let short = String(repeating: " ", count: indent) + line.short.padded(to: shortWidth + 2)
        lines.append(short + paint.command(line.command))
      }
    }
    lines.append(paint(.faint, String(repeating: "-", count: width)))
    let noRoom = sheet.leftOutCount > 0 ? ", \(sheet.leftOutCount) without room" : ""
    lines.append("\(sheet.recipeCount) recipes\(noRoom): toolbox perf search WORDS | show RECIPE | list")
    return lines
  }

  private static func header(_ paint: Paint) -> String {
    let title = "PERF ON ONE PAGE"
    let legend = "CAPITALS are for you to fill in"
    return paint(.strong, title) + paint(.faint, legend.leftPadded(to: width - title.columns))
  }
}
