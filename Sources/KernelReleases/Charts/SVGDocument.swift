/// A picture that stands alone: shapes and texts, a title and a description for readers who do not see it, and the colours
/// of light and dark screens.
struct SVGDocument {
  private let width: Int
  private let height: Int
  private let title: String
  private let description: String
  private var body = ""

  /// - Parameters:
  ///   - width: in units that are pixels where nothing scales the picture.
  ///   - title: the accessible name.
  ///   - description: what the picture says, in words.
  init(width: Int, height: Int, title: String, description: String) {
    self.width = width
    self.height = height
    self.title = title
    self.description = description
  }

  // MARK: Shapes

  /// A straight line of a class of the style sheet.
  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) {
    element(
      "line",
      [
        ("class", style), ("x1", Self.number(x1)), ("y1", Self.number(y1)), ("x2", Self.number(x2)),
        ("y2", Self.number(y2)),
      ])
  }

  /// A box; empty ones are left out.
  mutating func box(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ style: String, _ tip: String? = nil)
  {
    guard width > 0, height > 0 else { return }
    element(
      "rect",
      [
        ("class", style), ("x", Self.number(x)), ("y", Self.number(y)), ("width", Self.number(width)),
        ("height", Self.number(height)), ("rx", Self.number(min(2, width / 2))),
      ], tip)
  }

  mutating func circle(_ x: Double, _ y: Double, _ radius: Double, _ style: String, _ tip: String? = nil) {
    element(
      "circle", [("class", style), ("cx", Self.number(x)), ("cy", Self.number(y)), ("r", Self.number(radius))], tip)
  }

  /// A square on its corner.
  mutating func diamond(_ x: Double, _ y: Double, _ radius: Double, _ style: String, _ tip: String? = nil) {
    let corners = [(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)]
    let points = corners.map { "\(Self.number($0.0)),\(Self.number($0.1))" }.joined(separator: " ")
    element("polygon", [("class", style), ("points", points)], tip)
  }

  /// Text, at its start, middle or end.
  mutating func text(_ x: Double, _ y: Double, _ text: String, _ style: String, anchor: Anchor = .start) {
    let attributes = [
      ("class", style), ("x", Self.number(x)), ("y", Self.number(y)), ("text-anchor", anchor.rawValue),
    ]
    body += "  <text\(Self.written(attributes))>\(Self.escaped(text))</text>\n"
  }

  /// Which part of a text its place is.
  enum Anchor: String {
    case start, middle, end
  }

  private mutating func element(_ name: String, _ attributes: [(String, String)], _ tip: String? = nil) {
    if let tip {
      body += "  <\(name)\(Self.written(attributes))><title>\(Self.escaped(tip))</title></\(name)>\n"
    } else {
      body += "  <\(name)\(Self.written(attributes))/>\n"
    }
  }

  private static func written(_ attributes: [(String, String)]) -> String {
    attributes.map { " \($0.0)=\"\(escaped($0.1))\"" }.joined()
  }

  /// A tenth of a unit is less than anybody sees.
  private static func number(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    let sign = tenths < 0 ? "-" : ""
    let whole = "\(sign)\(abs(tenths) / 10)"
    return abs(tenths) % 10 == 0 ? whole : "\(whole).\(abs(tenths) % 10)"
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text.unicodeScalars {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      // What XML does not have, and what a terminal would obey.
      case _ where character.value < 0x20 || (0x7F...0x9F).contains(character.value): result += " "
      case _ where character.value & 0xFFFE == 0xFFFE: result += " "
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }

  // MARK: The whole

  /// The file.
  var text: String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)" \
    role="img" aria-labelledby="title description">
      <title id="title">\(Self.escaped(title))</title>
      <desc id="description">\(Self.escaped(description))</desc>
      <style>
    \(Self.style)  </style>
      <rect class="paper" width="100%" height="100%"/>
    \(body)</svg>

    """
  }

  /// The colours have a contrast of at least 4.5 to their paper where they carry text, and 3 where they are shapes.
  private static let style = """
        svg { --paper: #ffffff; --ink: #1f2328; --soft: #59636e; --grid: #d1d9e0; --work: #b3590a; --live: #1a7f37;
          --long: #0969da; --plan: #0969da; --end: #cf222e; --now: #8250df; }
        @media (prefers-color-scheme: dark) {
          svg { --paper: #0d1117; --ink: #e6edf3; --soft: #9198a1; --grid: #30363d; --work: #e3963e; --live: #3fb950;
            --long: #58a6ff; --plan: #58a6ff; --end: #ff7b72; --now: #bc8cff; }
        }
        text { font: 12px system-ui, "DejaVu Sans", sans-serif; fill: var(--ink); }
        .paper { fill: var(--paper); }
        .heading { font-size: 20px; font-weight: 600; }
        .strong { font-weight: 600; }
        .soft { fill: var(--soft); }
        .small { font-size: 11px; fill: var(--soft); }
        .grid { stroke: var(--grid); stroke-width: 1; }
        .axis { stroke: var(--soft); stroke-width: 1; }
        .work { fill: var(--work); }
        .guess { fill: var(--paper); stroke: var(--work); stroke-width: 2; }
        .live { fill: var(--live); }
        .long { fill: var(--long); }
        .tick { stroke: var(--paper); stroke-width: 1; stroke-opacity: 0.75; }
        .final { fill: var(--ink); }
        .plan { fill: none; stroke: var(--plan); stroke-width: 1.5; stroke-dasharray: 4 3; }
        .end { stroke: var(--end); stroke-width: 3; }
        .endtext { fill: var(--end); }
        .now { stroke: var(--now); stroke-width: 1.5; stroke-dasharray: 2 2; }
        .nowtext { fill: var(--now); }

    """
}

/// Texts on one line that must not touch: each is placed where it belongs, or not at all.
struct LabelRow {
  private var taken: [ClosedRange<Double>] = []
  /// Nothing is placed outside of it.
  private let bounds: ClosedRange<Double>

  init(_ bounds: ClosedRange<Double>) { self.bounds = bounds }

  /// Takes room for a text.
  /// - Parameter size: of the font, in pixels.
  /// - Returns: the middle of the text, moved into the bounds where it would stick out; nil where there is no room.
  mutating func place(_ text: String, at x: Double, size: Double = 12) -> Double? {
    let width = LabelRow.width(of: text, size: size)
    guard width < bounds.upperBound - bounds.lowerBound else { return nil }
    let middle = min(max(x, bounds.lowerBound + width / 2), bounds.upperBound - width / 2)
    let wanted = (middle - width / 2 - 5)...(middle + width / 2 + 5)
    guard !taken.contains(where: { $0.overlaps(wanted) }) else { return nil }
    taken.append(wanted)
    return middle
  }

  /// An upper bound for what the usual fonts take.
  static func width(of text: String, size: Double) -> Double {
    text.reduce(0) { $0 + size * ($1.isNumber || "-.,() ".contains($1) ? 0.62 : 0.68) }
  }
}
