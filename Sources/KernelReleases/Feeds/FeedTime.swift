import HostSystem

/// The ways in which feeds write a point in time.
enum FeedTime {
  /// The days that a text can show: those of the years 1 to 9999.
  static func day(_ time: Instant) -> CalendarDay? {
    (-62_135_596_800...253_402_300_799).contains(time.secondsSinceEpoch) ? CalendarDay(time) : nil
  }

  /// `2024-02-20T12:52:57.398Z` and `2020-05-17T17:13:36+02:00`. Source: RFC 3339. A blank or `t` may stand for the `T`; a
  /// time without a zone is read as UTC, and a day alone is no time.
  static func rfc3339(_ text: String) -> Instant? {
    let text = text.trimmedToASCII
    guard text.utf8.count >= 19, let day = CalendarDay(text.prefix(10)) else { return nil }
    var rest = text.dropFirst(10)
    guard let separator = rest.popFirst(), "Tt ".contains(separator) else { return nil }
    let clock = rest.prefix(8).split(separator: ":", omittingEmptySubsequences: false)
    guard clock.count == 3, let hour = two(clock[0], 23), let minute = two(clock[1], 59),
      let second = two(clock[2], 60)
    else { return nil }
    rest = rest.dropFirst(8)
    if rest.first == "." || rest.first == "," {
      let digits = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
      guard !digits.isEmpty else { return nil }
      rest = rest[digits.endIndex...]
    }
    guard let offset = offset(rest) else { return nil }
    return instant(day, hour, minute, second, offset: offset)
  }

  /// `Z`, nothing, `+02:00` or `+0200`; in seconds.
  private static func offset(_ text: Substring) -> Int? {
    if text.isEmpty || text == "Z" || text == "z" { return 0 }
    guard let sign = text.first, sign == "+" || sign == "-" else { return nil }
    var digits = text.dropFirst()
    if digits.utf8.count == 5, let colon = digits.firstIndex(of: ":") { digits.remove(at: colon) }
    guard digits.utf8.count == 4, let hours = two(digits.prefix(2), 23), let minutes = two(digits.dropFirst(2), 59)
    else {
      return nil
    }
    return (sign == "-" ? -1 : 1) * (hours * 3600 + minutes * 60)
  }

  /// `Fri, 08 May 2020 11:11:02 -0000`; the weekday and the seconds may be missing, the year may have two digits, and the
  /// zone may be a name or missing. Source: RFC 822 section 5, RFC 5322 section 4.3: a name that is not listed there says
  /// nothing and counts as UTC.
  static func rfc822(_ text: String) -> Instant? {
    var words = text.trimmedToASCII.split { $0 == " " || $0 == "\t" || $0 == "," }
    if let first = words.first, first.first?.isNumber == false { words.removeFirst() }
    guard words.count >= 4, words[0].utf8.count <= 2, let dayOfMonth = number(words[0]),
      let month = months.firstIndex(of: words[1].prefix(3).lowercased()), var year = number(words[2]),
      (2...4).contains(words[2].utf8.count)
    else { return nil }
    if words[2].utf8.count == 2 { year += year < 50 ? 2000 : 1900 }
    if words[2].utf8.count == 3 { year += 1900 }
    let clock = words[3].split(separator: ":", omittingEmptySubsequences: false)
    guard (2...3).contains(clock.count), let hour = two(clock[0], 23), let minute = two(clock[1], 59),
      let second = clock.count == 3 ? two(clock[2], 60) : 0,
      let day = CalendarDay(year: year, month: month + 1, day: dayOfMonth)
    else { return nil }
    var zone = 0
    if words.count > 4 {
      if let first = words[4].first, first == "+" || first == "-" {
        guard let offset = offset(words[4]) else { return nil }
        zone = offset
      } else {
        zone = zones[words[4].uppercased()] ?? 0
      }
    }
    return instant(day, hour, minute, second, offset: zone)
  }

  private static let months = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
  ]

  private static let zones = [
    "EST": -5 * 3600, "EDT": -4 * 3600, "CST": -6 * 3600, "CDT": -5 * 3600, "MST": -7 * 3600, "MDT": -6 * 3600,
    "PST": -8 * 3600, "PDT": -7 * 3600,
  ]

  private static func instant(_ day: CalendarDay, _ hour: Int, _ minute: Int, _ second: Int, offset: Int) -> Instant {
    Instant(secondsSinceEpoch: day.daysSinceEpoch * 86_400 + hour * 3600 + minute * 60 + second - offset)
  }

  private static func number(_ text: some StringProtocol) -> Int? {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
  }

  /// One or two digits, at most `most`.
  private static func two(_ text: some StringProtocol, _ most: Int) -> Int? {
    guard (1...2).contains(text.utf8.count), let value = number(text), value <= most else { return nil }
    return value
  }
}

extension StringProtocol {
  /// Without white space around it; the first 200 characters, which every short field of a feed fits into.
  var trimmedToASCII: String { String(trimmed.prefix(200)) }

  /// Without white space around it.
  var trimmed: SubSequence {
    guard let first = unicodeScalars.firstIndex(where: { !$0.properties.isWhitespace }),
      let last = unicodeScalars.lastIndex(where: { !$0.properties.isWhitespace })
    else { return self[endIndex...] }
    return self[first...last]
  }
}
