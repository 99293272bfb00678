import BundledData
import HostSystem
import Testing

@testable import KernelReleases

@Suite struct ForecastTests {
  private let cycles: MainlineCycles
  init() throws { cycles = MainlineCycles(try ShippedHistory.load()) }

  @Test func `x`() throws {
    let b = Backtest(cycles)
    print(b.cycles)
    print("candidates", b.candidates); print("finals", b.finals); print("firsts", b.firstCandidates)
    print(b.lastNumbers, b.afterSeven)
    for (n, s) in b.finalsByStage.sorted(by: { $0.key < $1.key }) { print(n, s) }
    for d in ["2017-12-31", "2026-08-30", "2026-08-16", "2026-02-08", "2018-01-10", "2012-01-05"] {
      let f = try #require(Forecaster(cycles, at: CalendarDay(d)!).forecast())
      print(d, f.latest.version, f.learnedCycles, f.spansChristmas)
      for o in f.next { print("  next", o.version, o.probability, o.window.day, o.window.earliest, o.window.latest) }
      print(
        "  final", f.final.window.day, f.final.window.earliest, f.final.window.latest,
        f.final.versions.map { "\($0.version) \($0.probability)" })
      for w in f.final.ways { print("    ", w.lastCandidate, w.day, w.probability) }
      print("  rc1", f.firstCandidate.day, f.firstCandidate.earliest, f.firstCandidate.latest)
    }
  }
}
