/// Reads a length of time as people write it: a number and `s`, `m`, `h` or `d`.
/// - Returns: seconds; nil for anything else, and for more than ten years.
package func seconds(from text: some StringProtocol) -> Int? {
  let factor: Int
  switch text.last {
  case "s": factor = 1
  case "m": factor = 60
  case "h": factor = 3600
  case "d": factor = 86_400
  default: return nil
  }
  guard let number = Int(text.dropLast()), number >= 0, number <= 315_360_000 / factor else { return nil }
  return number * factor
}

/// Says a length of time in one unit: `45 seconds`, `3 hours`, `12 days`.
package func spelledOut(seconds: Int) -> String {
  let (number, unit) =
    switch seconds {
    case ..<120: (seconds, "second")
    case ..<7200: (seconds / 60, "minute")
    case ..<172_800: (seconds / 3600, "hour")
    default: (seconds / 86_400, "day")
    }
  return "\(number) \(unit)\(number == 1 ? "" : "s")"
}
