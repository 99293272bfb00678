import PerfProfiling
import TestSupport
import Testing

@Suite("A heat map shows when samples came")
struct HeatMapTests {
  private static func profile(_ times: [UInt64]) -> Profile {
    var profile = Profile()
    profile.events = [
      Profile.Event(name: "cpu-clock", unit: .nanoseconds), Profile.Event(name: "other", unit: .events),
    ]
    for time in times {
      profile.samples.times.append(time)
      profile.samples.events.append(0)
      profile.samples.threads.append(0)
      profile.samples.stacks.append(0)
      profile.samples.weights.append(1_000_000)
    }
    return profile
  }

  @Test("A column is a second and a field a fiftieth of it, counted from the first sample")
  func fields() throws {
    let start: UInt64 = 77_123_456_789
    let map = try #require(
      HeatMap(Self.profile([start, start + 19_999_999, start + 20_000_000, start + 2_980_000_000]), event: 0))
    #expect(map.columns == 3 && map.secondsPerColumn == 1 && map.samples == 4)
    #expect(map.counts[0] == 2_000_000 && map.counts[1] == 1_000_000 && map.counts[149] == 1_000_000)
    #expect(map.counts.reduce(0, +) == 4_000_000)
  }

  @Test("A long recording has wider columns, and no time or no sample gives no picture")
  func extremes() throws {
    let map = try #require(HeatMap(Self.profile([0, 3_600_000_000_000]), event: 0))
    #expect(map.columns <= HeatMap.mostColumns && map.secondsPerColumn == 7)
    #expect(HeatMap(Self.profile([]), event: 0) == nil && HeatMap(Self.profile([1]), event: 1) == nil)
    #expect(try #require(HeatMap(Self.profile([0, .max]), event: 0)).counts.reduce(0, +) == 2_000_000)
  }

  @Test("The picture is one document in which foreign text is text")
  func picture() async throws {
    let map = try #require(HeatMap(Self.profile([5, 1_500_000_000]), event: 0))
    let text = map.svg(title: "<script>alert(\"1\") & ]]>\u{1B}[2J")
    #expect(text.contains("&lt;script&gt;") && !text.contains("\u{1B}") && text.contains("1 ms"))
    let directory = try TemporaryDirectory()
    let path = try directory.write("map.svg", text: text)
    let outcome = try await ToolboxProcess.run(path: "/usr/bin/xmllint", ["--noout", path])
    #expect(outcome.status == 0, "\(outcome.errors)")
  }
}
