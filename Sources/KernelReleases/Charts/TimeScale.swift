import HostSystem

/// Days on a line of pixels.
struct TimeScale {
  let start: CalendarDay
  let end: CalendarDay
  let left: Double
  let right: Double

  /// - Parameter end: at least a day behind the start, else it is taken so.
  init(from start: CalendarDay, to end: CalendarDay, left: Double, right: Double) {
    self.start = start
    self.end = max(end, start + 1)
    self.left = left
    self.right = right
  }

  /// The place of a day, also outside of the scale.
  func x(_ day: CalendarDay) -> Double { left + Double(day - start) * (right - left) / Double(end - start) }

  /// The first days of years, quarters or months, as many as the line has room for, with what stands at them.
  var marks: [(day: CalendarDay, text: String)] {
    let span = Double(end - start)
    let room = (right - left) / 64
    let months = [1, 3, 6, 12, 24, 60, 120].first { span / (Double($0) * 30.4) <= room } ?? 240
    let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    var result: [(CalendarDay, String)] = []
    var index = start.year * 12
    while let day = CalendarDay(year: index / 12, month: index % 12 + 1, day: 1), day <= end {
      if day >= start, index % months == 0 {
        result.append((day, months >= 12 ? String(day.year) : "\(names[day.month - 1]) \(day.year)"))
      }
      index += 1
    }
    return result
  }
}
