/// The colours of frames: the same name always has the same one.
package enum FlamePalette: String, Sendable, CaseIterable {
  case hot, mem, io, red, green, blue, yellow, purple, aqua, orange
  case java, js, perl, wakeup, chain, rust, python, swift

  /// Red, green and blue of a frame.
  /// - Parameter name: with its mark, as in folded text.
  package func color(of name: String) -> (Int, Int, Int) {
    let (v1, v2, v3) = Self.values(of: name)
    let isKernel = name.hasSuffix("_[k]")
    func part(_ base: Double, _ span: Double, _ value: Double) -> Int { Int(base + span * value) }
    switch self {
    case .hot: return (part(205, 50, v3), part(0, 230, v1), part(0, 55, v2))
    case .mem: return (0, part(190, 50, v2), part(0, 210, v1))
    case .io: return (part(80, 60, v1), part(80, 60, v1), part(190, 55, v2))
    case .red: return (part(200, 55, v1), part(50, 80, v1), part(50, 80, v1))
    case .green: return (part(50, 60, v1), part(200, 55, v1), part(50, 60, v1))
    case .blue: return (part(80, 60, v1), part(80, 60, v1), part(205, 50, v1))
    case .yellow: return (part(175, 55, v1), part(175, 55, v1), part(50, 20, v1))
    case .purple: return (part(190, 65, v1), part(80, 60, v1), part(190, 65, v1))
    case .aqua: return (part(50, 60, v1), part(165, 55, v1), part(165, 55, v1))
    case .orange: return (part(190, 65, v1), part(90, 65, v1), 0)
    case .java:
      if name.hasSuffix("_[j]") { return Self.green.color(of: name) }
      if name.hasSuffix("_[i]") { return Self.aqua.color(of: name) }
      if isJavaPath(name) || name.contains(":::") { return Self.green.color(of: name) }
      return (name.contains("::") ? Self.yellow : isKernel ? .orange : .red).color(of: name)
    case .js:
      if name.hasSuffix("_[j]") { return (name.contains("/") ? Self.green : .aqua).color(of: name) }
      if name.contains("::") { return Self.yellow.color(of: name) }
      if name.contains("/"), name.contains(".js") { return Self.green.color(of: name) }
      return (name.contains(":") ? Self.aqua : isKernel ? .orange : .red).color(of: name)
    case .perl:
      if name.contains("::") { return Self.yellow.color(of: name) }
      if name.contains("Perl") || name.contains(".pl") { return Self.green.color(of: name) }
      return (isKernel ? Self.orange : .red).color(of: name)
    case .wakeup: return Self.aqua.color(of: name)
    case .chain: return (name.hasSuffix("_[w]") ? Self.aqua : .blue).color(of: name)
    case .rust:
      if isKernel { return Self.red.color(of: name) }
      if ["core::", "std::", "alloc::", "<core::", "<std::", "<alloc::"].contains(where: name.hasPrefix) {
        return Self.orange.color(of: name)
      }
      return (name.contains("::") ? Self.aqua : .yellow).color(of: name)
    case .python:
      if name.contains("site-packages") { return Self.aqua.color(of: name) }
      if name.contains("/lib/python") || name.hasPrefix("<frozen") { return Self.yellow.color(of: name) }
      return Self.red.color(of: name)
    case .swift:
      if isKernel { return Self.red.color(of: name) }
      if name.hasPrefix("swift_") || name.hasPrefix("Swift.") || name.hasPrefix("Foundation") {
        return Self.orange.color(of: name)
      }
      return (name.contains(".") ? Self.aqua : .yellow).color(of: name)
    }
  }

  /// A package path, as `Lorg/x/Y` and `java/lang/Object` are.
  private func isJavaPath(_ name: String) -> Bool {
    let bare = name.hasPrefix("L") ? name.dropFirst() : name[...]
    return ["java/", "javax/", "jdk/", "net/", "org/", "com/", "io/", "sun/"].contains(where: bare.hasPrefix)
  }

  /// The background of people who chose this palette: from the top to the bottom.
  package var background: (String, String) {
    switch self {
    case .mem: ("#eef2ee", "#e0ffe0")
    case .io, .wakeup, .chain: ("#eeeeee", "#e0e0ff")
    case .red, .green, .blue, .yellow, .purple, .aqua, .orange: ("#f8f8f8", "#e8e8e8")
    default: ("#eeeeee", "#eeeeb0")
    }
  }

  /// Three values of 0 to 1 made from the name.
  static func values(of name: String) -> (Double, Double, Double) {
    var state: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in name.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
    func next() -> Double {
      state = state &+ 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return Double((mixed ^ (mixed >> 31)) >> 11) / Double(1 << 53)
    }
    return (next(), next(), next())
  }

  /// White where nothing changed, red for more, blue for less.
  static func color(ofChange change: Int64, largest: UInt64) -> (Int, Int, Int) {
    guard change != 0, largest > 0 else { return (250, 250, 250) }
    let share = 1 - min(1, Double(change.magnitude) / Double(largest))
    let other = Int(210 * share)
    return change > 0 ? (255, other, other) : (other, other, 255)
  }
}
