import Testing

@testable import HostSystem

@Suite struct CalendarDayTests {
  @Test func `the day of an instant is counted in UTC`() {
    let tagged = Instant(secondsSinceEpoch: 1_514_760_463)
    #expect(tagged.description == "2017-12-31T22:47:43Z")
    #expect(CalendarDay(tagged).spelledOut == "31 December 2017")
    #expect(CalendarDay(tagged).weekday == 0)
    #expect(CalendarDay(Instant(secondsSinceEpoch: -1)).description == "1969-12-31")
  }

  @Test func `every day of four centuries survives the way to text and back`() throws {
    let first = try #require(CalendarDay("1999-12-31"))
    for offset in 0..<146_098 {
      let day = first + offset
      #expect(CalendarDay(day.description) == day)
    }
  }

  @Test(arguments: [
    "2017-02-29", "2017-13-01", "2017-00-10", "17-01-01", "2017-1-1", " 2017-01-01", "2017-01-01T", "+017-01-01",
  ])
  func `what is no day is refused`(text: String) {
    #expect(CalendarDay(text) == nil)
  }
}
