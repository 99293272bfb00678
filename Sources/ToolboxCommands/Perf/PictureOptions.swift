import ArgumentParser
import HostSystem
import PerfProfiling
import TerminalOutput

/// How a flame graph is drawn.
struct PictureOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The title.", valueName: "text")) var title: String?
  @Option(help: ArgumentHelp("A second line below the title.", valueName: "text")) var subtitle = ""
  @Option(help: ArgumentHelp("The width in pixels.", valueName: "pixels")) var width = 1200.0
  @Option(help: ArgumentHelp("The height of a frame in pixels.", valueName: "pixels")) var height = 16.0
  @Option(help: ArgumentHelp("Merge what is narrower: pixels, or N% of the whole.", valueName: "width"))
  var minwidth = "0.1"
  @Option(help: ArgumentHelp("The font.", valueName: "name")) var fonttype: String?
  @Option(help: ArgumentHelp("The size of the font in pixels.", valueName: "pixels")) var fontsize = 12.0
  @Option(help: ArgumentHelp("The mean width of a character, as a part of the size.", valueName: "part"))
  var fontwidth = 0.59
  @Option(help: ArgumentHelp("What is counted; otherwise the unit of the event.", valueName: "word"))
  var countname: String?
  @Option(help: ArgumentHelp("What a frame is called in the line of details.", valueName: "word"))
  var nametype = "Function:"
  @Option(
    help: ArgumentHelp(
      "Titles and links (Ctrl and a click) of functions, a line each: NAME, tab, title=TEXT, tab, href=ADDRESS.",
      valueName: "file"))
  var nameattr: String?
  @Option(help: ArgumentHelp("Let the whole width stand for this much.", valueName: "count")) var total: UInt64?
  @Option(help: ArgumentHelp("Multiply shown counts.", valueName: "number")) var factor = 1.0
  @Option(help: "The colours.") var colors = FlamePalette.hot
  @Option(help: ArgumentHelp("The background: yellow, blue, green, grey or #rrggbb.", valueName: "color"))
  var bgcolors: String?
  @Flag(help: "Colours by name; they always are.") var hash = false
  @Flag(name: .customLong("cp"), help: "Keep the colours of names in palette.map.") var keepsPalette = false
  @Flag(help: "Merge from the innermost frame.") var reverse = false
  @Flag(help: "Let the stacks hang from the top.") var inverted = false
  @Flag(help: "Keep the order of time and merge neighbours only.") var flamechart = false
  @Flag(help: "Swap red and blue of a differential graph.") var negate = false
  @Option(help: ArgumentHelp("A note that stands in the file.", valueName: "text")) var notes = ""
  @Option(help: ArgumentHelp("Let stacks begin at this function.", valueName: "function")) var base: [String] = []
  @Option(help: ArgumentHelp("Leave stacks with this function out.", valueName: "function")) var exclude: [String] = []

  func validate() throws {
    guard width.isFinite, (100...1_000_000).contains(width) else {
      throw ValidationError("--width: a number of pixels from 100")
    }
    guard height.isFinite, (4...1000).contains(height) else { throw ValidationError("--height: 4 to 1000 pixels") }
    guard fontsize.isFinite, (2...200).contains(fontsize) else { throw ValidationError("--fontsize: 2 to 200 pixels") }
    guard fontwidth.isFinite, (0.05...5).contains(fontwidth) else { throw ValidationError("--fontwidth: 0.05 to 5") }
    guard factor.isFinite else { throw ValidationError("--factor: a number") }
    guard minimum != nil else { throw ValidationError("--minwidth: pixels, or N%") }
    guard !notes.contains(where: { $0 == "<" || $0 == ">" }) else {
      throw ValidationError("--notes: without < and >")
    }
    if let fonttype, fonttype.contains(where: { !$0.isLetter && !$0.isNumber && !" ,-_".contains($0) }) {
      throw ValidationError("--fonttype: names of fonts, with commas between them")
    }
    if bgcolors != nil, background == nil {
      throw ValidationError("--bgcolors: yellow, blue, green, grey or #rrggbb")
    }
  }

  private var minimum: (Double, Bool)? {
    let isPercent = minwidth.hasSuffix("%")
    guard let value = Double(isPercent ? String(minwidth.dropLast()) : minwidth), value.isFinite, value >= 0 else {
      return nil
    }
    return (value, isPercent)
  }

  private var background: (String, String)? {
    switch bgcolors {
    case "yellow": return ("#eeeeee", "#eeeeb0")
    case "blue": return ("#eeeeee", "#e0e0ff")
    case "green": return ("#eef2ee", "#e0ffe0")
    case "grey": return ("#f8f8f8", "#e8e8e8")
    case let other?:
      guard other.hasPrefix("#"), other.count == 7, other.dropFirst().allSatisfy({ $0.isASCII && $0.isHexDigit })
      else { return nil }
      return (other, other)
    case nil: return nil
    }
  }

  /// The picture of one event; nil where nothing is left to draw.
  func svg(
    of read: ProfileReader.Result, event: Int, labels: StackLabels, namesEvent: Bool, isCompatible: Bool,
    _ context: CommandContext
  ) throws -> [UInt8]? {
    let folded = FoldedStacks(
      read.profile, event: event, labels: labels, before: read.before, keepsOrder: flamechart)
    return try svg(
      of: folded, event: read.profile.events[event], isDifference: read.before != nil, namesEvent: namesEvent,
      isCompatible: isCompatible, context)
  }

  /// The picture of folded stacks; nil where nothing is left to draw.
  func svg(
    of stacks: FoldedStacks, event: Profile.Event, isDifference: Bool, namesEvent: Bool, isCompatible: Bool,
    _ context: CommandContext
  ) throws -> [UInt8]? {
    var folded = stacks
    let leftOut = folded.narrow(base: base, exclude: exclude)
    if reverse { folded.reverse(keepsOrder: flamechart) }
    let tree = FlameTree(folded.lines)
    guard tree.total > 0 || tree.totalBefore > 0 else { return nil }
    var picture = FlameGraphSVG()
    picture.title = title ?? (flamechart ? "Flame Chart" : inverted ? "Icicle Graph" : "Flame Graph")
    picture.subtitle = subtitle.isEmpty && namesEvent ? event.name : subtitle
    picture.notes = notes
    picture.width = width
    picture.frameHeight = height
    (picture.minimumWidth, picture.minimumIsPercent) = minimum ?? (0.1, false)
    if let fonttype { picture.fontFamily = fonttype }
    picture.fontSize = fontsize
    picture.fontWidth = fontwidth
    picture.countName = countname ?? (isCompatible ? "samples" : event.unit.shown)
    picture.nameType = nametype
    picture.factor = factor
    picture.palette = colors
    picture.background = background
    picture.isInverted = inverted
    picture.isDifference = isDifference
    picture.negates = negate
    picture.total = total
    picture.legend = "event \(event.name)"
    if leftOut > 0 { picture.legend += "; \(leftOut) \(picture.countName) left out by --base and --exclude" }
    if let nameattr { picture.attributes = try FrameAttributes.read(nameattr) }
    let map = "palette.map"
    if keepsPalette { picture.knownColors = try PaletteFile.read(map) }
    let svg = picture.draw(tree)
    if let known = picture.knownColors { try PrivateFile.write(PaletteFile.text(known), to: map, mode: 0o644) }
    if leftOut > 0 {
      context.standardError.line(
        "toolbox: perf: \(leftOut) \(picture.countName.harmless) left out by --base and --exclude")
    }
    return svg
  }
}

extension Profile.Unit {
  /// As it stands behind a count.
  var shown: String { self == .nanoseconds ? "ns" : rawValue }
}

/// `palette.map`: `NAME->rgb(r,g,b)`, a line each.
enum PaletteFile {
  static func read(_ path: String) throws -> [String: (Int, Int, Int)] {
    let host = RootDirectory()
    let absolute = absolutePath(path)
    guard host.exists(absolute) else { return [:] }
    var found: [String: (Int, Int, Int)] = [:]
    for line in try lines(of: host.map(absolute, limit: 64 << 20)) {
      guard let arrow = line.ranges(of: "->rgb(").last, line.hasSuffix(")") else { continue }
      let parts = line[arrow.upperBound...].dropLast().split(separator: ",").compactMap { Int($0) }
      guard parts.count == 3, parts.allSatisfy((0...255).contains) else { continue }
      found[String(line[..<arrow.lowerBound])] = (parts[0], parts[1], parts[2])
    }
    return found
  }

  static func text(_ colors: [String: (Int, Int, Int)]) -> [UInt8] {
    colors.sorted { $0.key < $1.key }.flatMap { name, color in
      Array("\(name)->rgb(\(color.0),\(color.1),\(color.2))\n".utf8)
    }
  }

  static func lines(of file: MappedFile) -> [String] {
    file.withBytes { bytes in bytes.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) } }
  }
}

/// Lines of `NAME<TAB>name=value<TAB>...`.
enum FrameAttributes {
  static func read(_ path: String) throws -> [String: (title: String?, href: String?)] {
    var found: [String: (title: String?, href: String?)] = [:]
    for line in PaletteFile.lines(of: try RootDirectory().map(absolutePath(path), limit: 64 << 20)) {
      let parts = line.split(separator: "\t")
      guard let name = parts.first else { continue }
      var values: [Substring: String] = [:]
      for part in parts.dropFirst() {
        guard let equals = part.firstIndex(of: "=") else { continue }
        values[part[..<equals]] = String(part[part.index(after: equals)...])
      }
      found[String(name)] = (values["title"], values["href"])
    }
    return found
  }
}
