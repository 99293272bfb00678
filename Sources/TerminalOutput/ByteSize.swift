extension Int {
  /// A number of bytes for people, in powers of 1000 with one decimal: `1.3 GB`.
  package var byteSize: String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB"]
    var value = Double(self)
    var unit = 0
    while value.magnitude >= 999.95, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    if unit == 0 { return "\(self) B" }
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(Swift.abs(tenths % 10)) \(units[unit])"
  }

  /// `1 package`, `2 packages`.
  package func counted(_ noun: String, plural: String? = nil) -> String {
    self == 1 ? "1 \(noun)" : "\(self) \(plural ?? noun + "s")"
  }
}
