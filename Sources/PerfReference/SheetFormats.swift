import BundledData

/// The sheet in the forms of other programs.
package enum SheetFormats {
  /// Markdown: a heading and a table for each group.
  package static func markdown(_ sheet: Sheet) -> String {
    var text = "# perf on one page\n\nCAPITALS are for you to fill in.\n"
    for section in sheet.sections {
      text += "\n## \(section.title)\n\n| what | command |\n|---|---|\n"
      for line in section.lines {
        text += "| \(cell(line.short)) | `\(line.command.replacing("|", with: "\\|"))` |\n"
      }
    }
    return text + "\n\(sheet.recipeCount) recipes: `toolbox perf search WORDS`, `show RECIPE`, `list`.\n"
  }

  private static func cell(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("|", with: "\\|").replacing("*", with: "\\*")
      .replacing("_", with: "\\_").replacing("<", with: "\\<")
  }

  /// One page of HTML that needs nothing else. It prints on one A4 page in landscape; on a screen it is light or dark as the
  /// reader likes it.
  package static func html(_ sheet: Sheet) throws(RecipeError) -> String {
    let path = "perf/sheet.css"
    guard let style = BundledFile.at(path)?.text else { throw .missingKey(RecipePlace(file: "Data"), key: path) }
    var text = """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>perf on one page</title>
      <style>
      \(style)</style>
      </head>
      <body>
      <header><h1>perf on one page</h1><p><b>CAPITALS</b> are for you to fill in</p></header>
      <main>

      """
    for (index, section) in sheet.sections.enumerated() {
      text +=
        "<section style=\"--hue: \(hue(index, of: sheet.sections.count))\">\n<h2>\(escaped(section.title))</h2>\n<dl>\n"
      for line in section.lines {
        text += "<div><dt>\(escaped(line.short))</dt><dd><code>\(marked(line.command, "b"))</code></dd></div>\n"
      }
      text += "</dl>\n</section>\n"
    }
    return text + """
      </main>
      <footer><span>\(sheet.recipeCount) recipes: toolbox perf search WORDS | show RECIPE | list</span></footer>
      </body>
      </html>

      """
  }

  // MARK: SVG

  /// Where things stand in the picture, in units of its coordinates.
  private enum Layout {
    static let columnWidth = 620
    static let lineHeight = 17
    static let headingHeight = 26
    static let gap = 12
    static let margin = 24
    static let top = 68
    static let commandOffset = 236
  }

  /// A picture of the sheet in two columns, light or dark as the viewer likes it.
  package static func svg(_ sheet: Sheet) -> String {
    let columns = balanced(sheet)
    let heights = columns.map { column in column.reduce(0) { $0 + boxHeight($1.section) + Layout.gap } }
    let width = 2 * Layout.margin + columns.count * Layout.columnWidth + (columns.count - 1) * Layout.gap
    let height = Layout.top + (heights.max() ?? 0) + Layout.margin
    var text = """
      <?xml version="1.0" encoding="UTF-8"?>
      <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)">
      <title>perf on one page</title>
      <style>
      .paper { fill: #fbfaf7 } .card { fill: #fff; stroke: #e3e1da } .ink { fill: #1d2330 } .soft { fill: #5d6675 }
      .fill { fill: #9a3412; font-weight: 600 } .head { filter: brightness(.8) }
      text { font: 12px "Noto Sans", "DejaVu Sans", sans-serif } .code { font: 11.5px "DejaVu Sans Mono", monospace }
      .title { font-size: 24px; font-weight: 700 } .group { font-weight: 700 }
      @media (prefers-color-scheme: dark) {
      .paper { fill: #14171d } .card { fill: #1b2028; stroke: #2b323d } .ink { fill: #e4e7ec } .soft { fill: #9aa4b2 }
      .fill { fill: #fdba74 } .head { filter: brightness(1.4) } }
      </style>
      <rect class="paper" width="\(width)" height="\(height)"/>
      <text class="ink title" x="\(Layout.margin)" y="44">perf on one page</text>
      <text class="soft" x="\(width - Layout.margin)" y="44" text-anchor="end">CAPITALS are for you to fill in</text>

      """
    for (number, column) in columns.enumerated() {
      let x = Layout.margin + number * (Layout.columnWidth + Layout.gap)
      var y = Layout.top
      for (index, section) in column {
        text += drawn(section, hue: hue(index, of: sheet.sections.count), x: x, y: y)
        y += boxHeight(section) + Layout.gap
      }
    }
    return text + "</svg>\n"
  }

  private static func boxHeight(_ section: Sheet.Section) -> Int {
    Layout.headingHeight + section.lines.count * Layout.lineHeight + 10
  }

  /// The groups in two columns of about the same height, in their order.
  private static func balanced(_ sheet: Sheet) -> [[(index: Int, section: Sheet.Section)]] {
    let all = sheet.sections.enumerated().map { (index: $0, section: $1) }
    let total = all.reduce(0) { $0 + boxHeight($1.section) + Layout.gap }
    var used = 0
    let first = all.prefix { item in
      defer { used += boxHeight(item.section) + Layout.gap }
      return used + boxHeight(item.section) / 2 < total / 2
    }
    return [Array(first), Array(all.dropFirst(first.count))].filter { !$0.isEmpty }
  }

  private static func drawn(_ section: Sheet.Section, hue: Int, x: Int, y: Int) -> String {
    var text = """
      <rect class="card" x="\(x)" y="\(y)" width="\(Layout.columnWidth)" height="\(boxHeight(section))" rx="6"/>
      <rect x="\(x)" y="\(y)" width="4" height="\(boxHeight(section))" fill="hsl(\(hue), 55%, 50%)"/>
      <text class="group head" x="\(x + 16)" y="\(y + 18)" fill="hsl(\(hue), 55%, 45%)">\(escaped(section.title))</text>

      """
    for (index, line) in section.lines.enumerated() {
      let base = y + Layout.headingHeight + index * Layout.lineHeight + 12
      text += "<text class=\"soft\" x=\"\(x + 16)\" y=\"\(base)\">\(escaped(line.short))</text>\n"
      let command = marked(line.command, "tspan class=\"fill\"")
      text += "<text class=\"code ink\" x=\"\(x + Layout.commandOffset)\" y=\"\(base)\">\(command)</text>\n"
    }
    return text
  }

  // MARK: Text

  /// The angle of a group's colour; neighbours are far apart.
  private static func hue(_ index: Int, of count: Int) -> Int { (210 + index * 360 * 5 / max(count, 1)) % 360 }

  /// A command with the words in capitals in an element of their own.
  private static func marked(_ command: String, _ element: String) -> String {
    let name = element.prefix { $0 != " " }
    var result = ""
    var rest = Substring(command)
    while let first = rest.first {
      let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
      if word.isEmpty {
        result += escaped(String(first))
        rest.removeFirst()
        continue
      }
      let isGap = word.utf8.count > 1 && word.utf8.allSatisfy { (0x41...0x5A).contains($0) || $0 == 0x5F }
      result += isGap ? "<\(element)>\(word)</\(name)>" : escaped(String(word))
      rest.removeFirst(word.count)
    }
    return result
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }
}
