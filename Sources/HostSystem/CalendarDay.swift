/// A day of the Gregorian calendar in UTC.
///
/// Release dates, end-of-life dates and log entries are days; Foundation's calendars would read the time zone data of the
/// machine to count them.
package struct CalendarDay: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Days since 1970-01-01; negative before it.
  package let daysSinceEpoch: Int

  package init(daysSinceEpoch: Int) { self.daysSinceEpoch = daysSinceEpoch }

  /// The day that holds an instant, in UTC.
  package init(_ instant: Instant) {
    daysSinceEpoch = Int((Double(instant.secondsSinceEpoch) / 86_400).rounded(.down))
  }

  /// - Returns: nil when there is no such day.
  package init?(year: Int, month: Int, day: Int) {
    guard (1...9999).contains(year), (1...12).contains(month), (1...31).contains(day) else { return nil }
    // Days from civil, after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    let shifted = month <= 2 ? year - 1 : year
    let era = shifted / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    self.init(daysSinceEpoch: era * 146_097 + dayOfEra - 719_468)
    guard self.year == year, self.month == month, self.day == day else { return nil }
  }

  /// Reads `YYYY-MM-DD`, nothing before or behind it.
  package init?(_ text: some StringProtocol) {
    // By its bytes: feeds and tables hold thousands of days.
    let bytes = Array(String(text).utf8)
    func number(_ range: Range<Int>) -> Int? {
      var value = 0
      for byte in bytes[range] {
        guard (0x30...0x39).contains(byte) else { return nil }
        value = value * 10 + Int(byte - 0x30)
      }
      return value
    }
    guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"), let year = number(0..<4),
      let month = number(5..<7), let day = number(8..<10)
    else { return nil }
    self.init(year: year, month: month, day: day)
  }

  private var civil: (year: Int, month: Int, day: Int) {
    let shifted = daysSinceEpoch + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthIndex = (5 * dayOfYear + 2) / 153
    let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthIndex + 2) / 5 + 1)
  }

  package var year: Int { civil.year }
  /// 1 to 12.
  package var month: Int { civil.month }
  /// 1 to 31.
  package var day: Int { civil.day }
  /// 0 for Sunday to 6 for Saturday.
  package var weekday: Int { ((daysSinceEpoch + 4) % 7 + 7) % 7 }

  /// `YYYY-MM-DD`.
  package var description: String {
    let (year, month, day) = civil
    guard (0...9999).contains(year) else { return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))" }
    // Digit by digit: lists have tens of thousands of days.
    return String(unsafeUninitializedCapacity: 10) { bytes in
      var place = 10
      for (number, width) in [(day, 2), (month, 2), (year, 4)] {
        var rest = number
        for _ in 0..<width {
          place -= 1
          bytes[place] = 0x30 + UInt8(rest % 10)
          rest /= 10
        }
        if place > 0 {
          place -= 1
          bytes[place] = 0x2D
        }
      }
      return 10
    }
  }

  /// `31 December 2017`.
  package var spelledOut: String {
    let names = [
      "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
      "December",
    ]
    let (year, month, day) = civil
    return "\(day) \(names[month - 1]) \(year)"
  }

  package static func < (left: Self, right: Self) -> Bool { left.daysSinceEpoch < right.daysSinceEpoch }
  package static func - (left: Self, right: Self) -> Int { left.daysSinceEpoch - right.daysSinceEpoch }
  package static func + (left: Self, days: Int) -> Self { Self(daysSinceEpoch: left.daysSinceEpoch + days) }
}

/// A point in time, in whole seconds of UTC.
package struct Instant: Sendable, Hashable, Comparable, CustomStringConvertible {
  package let secondsSinceEpoch: Int

  package init(secondsSinceEpoch: Int) { self.secondsSinceEpoch = secondsSinceEpoch }

  package static func < (left: Self, right: Self) -> Bool { left.secondsSinceEpoch < right.secondsSinceEpoch }

  /// ISO 8601 in UTC: `2017-12-31T22:47:43Z`.
  package var description: String {
    let day = CalendarDay(self)
    let rest = secondsSinceEpoch - day.daysSinceEpoch * 86_400
    return "\(day)T\(padded(rest / 3600, 2)):\(padded(rest / 60 % 60, 2)):\(padded(rest % 60, 2))Z"
  }
}

private func padded(_ number: Int, _ width: Int) -> String {
  let digits = String(number)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
