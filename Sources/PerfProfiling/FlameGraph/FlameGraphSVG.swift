import HostSystem

/// Draws a ``FlameTree`` as one SVG file that needs nothing else. Nothing in it that came from the profile is ever run: names
/// stand in text only, and the script is the program's own.
package struct FlameGraphSVG: Sendable {
  package var title = "Flame Graph"
  package var subtitle = ""
  package var notes = ""
  package var width = 1200.0
  package var frameHeight = 16.0
  /// In pixels, or in percent of the whole where `minimumIsPercent`.
  package var minimumWidth = 0.1
  package var minimumIsPercent = false
  package var fontFamily = "Verdana, DejaVu Sans, sans-serif"
  package var fontSize = 12.0
  /// The mean width of a character as a part of the size.
  package var fontWidth = 0.59
  package var countName = "samples"
  package var nameType = "Function:"
  package var factor = 1.0
  package var palette = FlamePalette.hot
  /// From the top to the bottom; nil for that of the palette.
  package var background: (String, String)?
  package var isInverted = false
  /// Whether boxes show what changed between two profiles.
  package var isDifference = false
  package var negates = false
  /// The weight that the whole width stands for, where it is more than the profile's.
  package var total: UInt64?
  /// What was left out of the picture, in words, for the legend.
  package var legend = ""
  /// Colours that names have already, red, green and blue; those of new names are added while drawing.
  package var knownColors: [String: (Int, Int, Int)]?
  /// For some names: what stands in the place of the title, and where a click with Ctrl leads.
  package var attributes: [String: (title: String?, href: String?)] = [:]

  package init() {}

  /// The picture.
  package mutating func draw(_ tree: FlameTree) -> [UInt8] {
    let whole = max(tree.total, total ?? 0)
    let side = 10.0
    let scale = whole == 0 ? 0 : (width - 2 * side) / Double(whole)
    let narrowest = minimumIsPercent ? minimumWidth / 100 * (width - 2 * side) : minimumWidth
    var isDrawn = [Bool](repeating: false, count: tree.nodes.count)
    var deepest: Int32 = 0
    var narrow = 0
    for index in tree.nodes.indices {
      let node = tree.nodes[index]
      let isWide = index == 0 || Double(node.total) * scale >= narrowest
      isDrawn[index] = isWide && (index == 0 || isDrawn[Int(node.parent)])
      if isDrawn[index] { deepest = max(deepest, node.depth) } else { narrow += 1 }
    }
    let top = fontSize * (subtitle.isEmpty ? 4.5 : 6)
    let bottom = fontSize * 4
    let height = top + Double(deepest + 1) * frameHeight + bottom
    var out: [UInt8] = []
    out.reserveCapacity(tree.nodes.count * 160)
    func put(_ text: String) { out += text.utf8 }
    let colors = background ?? palette.background
    put(
      """
      <?xml version="1.0" encoding="UTF-8" standalone="no"?>
      <svg version="1.1" width="\(short(width))" height="\(short(height))" viewBox="0 0 \(short(width)) \(short(height))" \
      xmlns="http://www.w3.org/2000/svg" id="graph" data-kind="\(escaped(nameType))" data-side="\(short(side))" \
      data-font="\(short(fontSize * fontWidth))" data-inverted="\(isInverted ? 1 : 0)">
      <defs><linearGradient id="back" x1="0" x2="0" y1="0" y2="1"><stop offset="5%" class="b1"/>\
      <stop offset="95%" class="b2"/></linearGradient></defs>
      <style>
      .b1{stop-color:\(escaped(colors.0))}.b2{stop-color:\(escaped(colors.1))}
      text{font-family:\(escaped(fontFamily));font-size:\(short(fontSize))px;fill:#111}
      #title{font-size:\(short(fontSize + 5))px;text-anchor:middle}#subtitle{text-anchor:middle;fill:#555}
      #legend,#matched{fill:#555}#matched{text-anchor:end}
      .c{cursor:pointer;fill:#1a5fb4}.c:hover{text-decoration:underline}.hide{display:none}
      .f{cursor:pointer}.f rect{stroke-width:.6;rx:1.5px}.f:hover rect,.f.now rect{stroke:#000}
      .f.past{opacity:.5}.f.hit rect{fill:#e600e6}.tiny rect{fill:#999;opacity:.6}
      .f text{pointer-events:none}input{width:100%;box-sizing:border-box;font:\(short(fontSize))px sans-serif}
      @media (prefers-color-scheme:dark){.b1{stop-color:#1b1d22}.b2{stop-color:#14161a}#head text,#foot text{fill:#ddd}\
      #legend,#matched,#subtitle{fill:#aaa}.c{fill:#8ab4f8}.f:hover rect,.f.now rect{stroke:#fff}\
      input{background:#24272e;color:#eee;border:1px solid #555}}
      </style>

      """)
    put("<script><![CDATA[\n\(flameGraphScript)]]></script>\n")
    put(
      "<rect width=\"100%\" height=\"100%\" fill=\"url(#back)\"/>\n<g id=\"head\">"
        + "<text id=\"title\" x=\"\(short(width / 2))\" y=\"\(short(fontSize * 2))\">\(escaped(title))</text>")
    if !subtitle.isEmpty {
      put(
        "<text id=\"subtitle\" x=\"\(short(width / 2))\" y=\"\(short(fontSize * 3.6))\">\(escaped(subtitle))</text>")
    }
    put(
      """
      <text id="reset" class="c hide" x="\(short(side))" y="\(short(fontSize * 2))">Reset Zoom</text>
      <foreignObject x="\(short(width - 220))" y="\(short(fontSize * 0.8))" width="180" height="\(short(fontSize * 2.2))">\
      <input xmlns="http://www.w3.org/1999/xhtml" id="search" type="search" placeholder="Search (/)" aria-label="Search"/>\
      </foreignObject>
      <text id="case" class="c" x="\(short(width - 30))" y="\(short(fontSize * 2))">ic</text></g>
      <g id="frames">

      """)
    let largest = tree.nodes.enumerated().reduce(UInt64(0)) {
      max($0, change($1.element, before: tree.ownBefore($1.offset)).magnitude)
    }
    // A run of neighbours that are too narrow becomes one box that says how many they are.
    var run: (parent: Int32, start: UInt64, weight: UInt64, count: Int)?
    func closeRun() {
      guard let open = run else { return }
      run = nil
      let runWidth = Double(open.weight) * scale
      guard open.count > 1, runWidth >= narrowest, open.parent >= 0 else { return }
      let depth = tree.nodes[Int(open.parent)].depth + 1
      guard depth <= deepest else { return }
      let y = isInverted ? top + Double(depth) * frameHeight : top + Double(deepest - depth) * frameHeight
      put(
        "<g class=\"f tiny\"><title>\(open.count) frames too narrow to draw, together "
          + "\(grouped(open.weight)) \(escaped(countName))</title><rect x=\"\(tenth(side + Double(open.start) * scale))\" "
          + "y=\"\(short(y))\" width=\"\(tenth(runWidth))\" height=\"\(short(frameHeight - 1))\"/></g>\n")
    }
    for (index, node) in tree.nodes.enumerated() {
      guard isDrawn[index] else {
        if node.parent < 0 || !isDrawn[Int(node.parent)] || node.total == 0 { continue }
        if let open = run, open.parent == node.parent, open.start + open.weight == node.start {
          run = (open.parent, open.start, open.weight + node.total, open.count + 1)
        } else {
          closeRun()
          run = (node.parent, node.start, node.total, 1)
        }
        continue
      }
      closeRun()
      let x = side + Double(node.start) * scale
      let boxWidth = Double(index == 0 ? whole : node.total) * scale
      let y = isInverted ? top + Double(node.depth) * frameHeight : top + Double(deepest - node.depth) * frameHeight
      let shown = Self.unmarked(node.name)
      let before = tree.ownBefore(index)
      let attribute = attributes[shown]
      let color = hexadecimal(self.color(of: node, before: before, largest: largest))
      let link = attribute?.href.flatMap(Self.safeAddress)
      put("<g class=\"f\"")
      if let link { put(" data-href=\"\(escaped(link))\"") }
      put(
        "><title>\(attribute?.title.map(escaped) ?? tooltip(node, shown, index, whole, before))</title>"
          + "<rect x=\"\(tenth(x))\" y=\"\(short(y))\" width=\"\(tenth(boxWidth))\" height=\"\(short(frameHeight - 1))\" "
          + "fill=\"\(color)\"/>")
      let characters = Int(boxWidth / (fontSize * fontWidth))
      if characters >= 3 {
        let harmless = shown.harmless
        let label =
          harmless.unicodeScalars.count > characters
          ? String(String.UnicodeScalarView(harmless.unicodeScalars.prefix(characters - 2))) + ".." : harmless
        put("<text x=\"\(tenth(x + 3))\" y=\"\(short(y + frameHeight * 0.72))\">\(escaped(label))</text>")
      }
      put("</g>\n")
    }
    closeRun()
    let words =
      (narrow > 0
        ? [
          "\(grouped(UInt64(narrow))) frames narrower than \(short(minimumWidth))\(minimumIsPercent ? "%" : " px") merged"
        ] : [])
      + (legend.isEmpty ? [] : [legend])
    put(
      """
      </g>
      <g id="foot"><text id="details" x="\(short(side))" y="\(short(height - fontSize * 2.2))"> </text>
      <text id="matched" x="\(short(width - side))" y="\(short(height - fontSize * 2.2))"> </text>
      <text id="legend" x="\(short(side))" y="\(short(height - fontSize * 0.8))">\(escaped(([grouped(whole) + " " + countName + " in all"] + words).joined(separator: "; ")))</text></g>

      """)
    if !notes.isEmpty { put("<desc>\(escaped(notes))</desc>\n") }
    put("</svg>\n")
    return out
  }

  /// The picture of a profile of which nothing can be drawn.
  package static func ofFailure(_ message: String, width: Double = 1200) -> [UInt8] {
    Array(
      """
      <?xml version="1.0" encoding="UTF-8" standalone="no"?>
      <svg version="1.1" width="\(Int(width))" height="60" xmlns="http://www.w3.org/2000/svg">
      <rect width="100%" height="100%" fill="#f8f8f8"/>
      <text x="\(Int(width / 2))" y="35" text-anchor="middle" font-family="sans-serif" font-size="14">\(escaped(message))</text>
      </svg>

      """.utf8)
  }

  private func change(_ node: FlameTree.Node, before: UInt64) -> Int64 {
    let now = Int64(clamping: node.own)
    let before = Int64(clamping: before)
    return negates ? before - now : now - before
  }

  private mutating func color(of node: FlameTree.Node, before: UInt64, largest: UInt64) -> (Int, Int, Int) {
    if node.name == "-" || node.name == "--" { return (200, 200, 200) }
    if isDifference { return FlamePalette.color(ofChange: change(node, before: before), largest: largest) }
    if let known = knownColors?[node.name] { return known }
    let color = palette.color(of: node.name)
    if knownColors != nil { knownColors?[node.name] = color }
    return color
  }

  private func tooltip(_ node: FlameTree.Node, _ shown: String, _ index: Int, _ whole: UInt64, _ before: UInt64)
    -> String
  {
    let count = grouped(index == 0 ? whole : node.total)
    if index == 0 { return "all (\(count) \(escaped(countName)), 100%)" }
    var text = "\(escaped(shown)) (\(count) \(escaped(countName)), \(percent(Double(node.total), of: whole))%"
    if isDifference {
      let change = self.change(node, before: before)
      text += "; \(change > 0 ? "+" : "")\(percent(Double(change), of: whole))%"
    }
    return text + ")"
  }

  private func percent(_ part: Double, of whole: UInt64) -> String {
    whole == 0 ? "0.00" : fixed(100 * part / Double(whole), 2)
  }

  /// A count as it is shown: times the factor, in groups of three.
  private func grouped(_ count: UInt64) -> String {
    let shown = factor == 1 ? String(count) : fixed(Double(count) * factor, 0)
    var result = ""
    for (place, digit) in shown.enumerated() {
      if place > 0, (shown.count - place) % 3 == 0, shown.first != "-" || place > 1 { result += "," }
      result.append(digit)
    }
    return result
  }

  private static func unmarked(_ name: String) -> String {
    for mark in ["_[k]", "_[w]", "_[i]", "_[j]"] where name.hasSuffix(mark) { return String(name.dropLast(4)) }
    return name
  }

  /// An address that a click may lead to: never one that runs something.
  private static func safeAddress(_ address: String) -> String? {
    let isWeb = address.hasPrefix("https://") || address.hasPrefix("http://") || address.hasPrefix("#")
    return isWeb ? address : nil
  }
}

private func hexadecimal(_ color: (Int, Int, Int)) -> String {
  let value = (max(0, min(255, color.0)) << 16) | (max(0, min(255, color.1)) << 8) | max(0, min(255, color.2))
  let digits = String(value, radix: 16)
  return "#" + String(repeating: "0", count: 6 - digits.count) + digits
}

/// A number with so many digits behind the point, halves to the even digit as printf does.
private func fixed(_ value: Double, _ digits: Int) -> String {
  guard value.isFinite, abs(value) < 1e15 else { return value.isFinite ? String(value) : "0" }
  let scale = digits == 0 ? 1.0 : digits == 1 ? 10.0 : 100.0
  let scaled = Int64((abs(value) * scale).rounded(.toNearestOrEven))
  let sign = value < 0 && scaled > 0 ? "-" : ""
  if digits == 0 { return "\(sign)\(scaled)" }
  let fraction = String(scaled % Int64(scale))
  return "\(sign)\(scaled / Int64(scale))." + String(repeating: "0", count: digits - fraction.count) + fraction
}

private func tenth(_ value: Double) -> String { fixed(value, 1) }

private func short(_ value: Double) -> String {
  value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : fixed(value, 2)
}

/// Text for an element or an attribute: harmless, and free of what XML would take for its own.
private func escaped(_ text: String) -> String {
  if text.utf8.allSatisfy({
    $0 >= 0x20 && $0 < 0x7F && $0 != 0x26 && $0 != 0x3C && $0 != 0x3E && $0 != 0x22 && $0 != 0x27
  }) {
    return text
  }
  var result = ""
  for scalar in text.harmless.unicodeScalars {
    switch scalar {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "'": result += "&#39;"
    case "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}
