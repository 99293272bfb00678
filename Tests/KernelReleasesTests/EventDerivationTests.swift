import HostSystem
import TestSupport
import Testing

@testable import KernelReleases

@Suite struct EventDerivationTests {
  /// 2026-05-10, noon.
  private let noon = Instant(secondsSinceEpoch: 1_778_414_400)

  /// `mainline 6.1 2022-12-11`, with `eol` behind it for an ended series.
  private func snapshot(_ lines: String...) throws -> FeedSnapshot {
    FeedSnapshot(
      format: .releasesJSON,
      rows: try lines.map { line in
        let words = line.split(separator: " ").map(String.init)
        return FeedRow(
          channel: Channel(rawValue: words[0]), version: try #require(KernelVersion(words[1])),
          isEndOfLife: words.last == "eol", day: words.count > 2 ? CalendarDay(words[2]) : nil)
      }, warnings: [])
  }

  private func seeded(_ first: FeedSnapshot) -> StoredState {
    EventDerivation.derive(from: StoredState(), first, observed: noon).applied(to: StoredState())
  }

  private func ids(_ derivation: Derivation) -> [String] { derivation.events.map(\.id) }

  @Test func `the first state of all is no news`() throws {
    let first = try snapshot("mainline 7.1-rc2 2026-05-03", "longterm 6.1.170 2026-04-30 eol")
    let derivation = EventDerivation.derive(from: StoredState(), first, observed: noon)
    #expect(derivation.events.isEmpty)
    #expect(derivation.releases.count == 2)
    let again = EventDerivation.derive(from: derivation.applied(to: StoredState()), first, observed: noon)
    #expect(again.events.isEmpty)
  }

  @Test func `a state with a row that cannot be read does not show at once that a series is gone`() throws {
    let rows = (1...9).map { #"{"moniker":"longterm","version":"5.\#($0).9","released":{"isodate":"2026-05-01"}}"# }
    func read(_ rows: [String]) throws -> FeedSnapshot {
      try FeedReader.read(Array(#"{"releases":[\#(rows.joined(separator: ","))]}"#.utf8))
    }
    let state = seeded(try read(rows))
    let holed = try read(rows.dropLast() + [#"{"moniker":"longterm","version":null}"#])
    let first = EventDerivation.derive(from: state, holed, observed: noon)
    #expect(first.events.map(\.kind) == [.suspect])
    #expect(first.events[0].detail == "1 of 9 series is no longer listed, and a row cannot be read")
    let later = EventDerivation.derive(
      from: first.applied(to: state), holed, observed: Instant(secondsSinceEpoch: noon.secondsSinceEpoch + 3600))
    #expect(ids(later) == ["vanished:5.9:5.9.9"])
    let unnamed = try read(
      rows.dropLast() + [#"{"moniker":null,"version":"5.9.9","released":{"isodate":"2026-05-01"}}"#])
    #expect(EventDerivation.derive(from: state, unnamed, observed: noon).events.isEmpty)
  }

  @Test func `a release names the one before and what was skipped between`() throws {
    let state = seeded(try snapshot("longterm 6.1.170 2026-04-30"))
    let derivation = EventDerivation.derive(
      from: state, try snapshot("longterm 6.1.172 2026-05-08"), observed: noon)
    #expect(ids(derivation) == ["skipped:6.1:6.1.172", "release:6.1:6.1.172"])
    #expect(derivation.events[0].skipped.map(\.description) == ["6.1.171"])
    #expect(derivation.events[0].presumed)
    #expect(derivation.events[1].previous == "6.1.170")
    #expect(derivation.events[1].day?.description == "2026-05-08")
  }

  @Test func `a final after its candidates skips nothing and a new cycle begins a series`() throws {
    var state = seeded(try snapshot("mainline 7.1-rc7 2026-05-03"))
    let final = EventDerivation.derive(
      from: state, try snapshot("mainline 7.1 2026-05-10", "stable 7.1 2026-05-10"), observed: noon)
    #expect(ids(final) == ["release:7.1:7.1"])
    #expect(final.events[0].channel == .mainline)
    state = final.applied(to: state)
    let next = EventDerivation.derive(
      from: state, try snapshot("mainline 7.2-rc1 2026-05-10", "stable 7.1.1 2026-05-10"), observed: noon)
    #expect(ids(next) == ["release:7.1:7.1.1", "new_series:7.2", "release:7.2:7.2-rc1"])
    #expect(next.events[2].previous == "7.1")
  }

  @Test func `candidates and the final that nobody saw are presumed`() throws {
    let state = seeded(try snapshot("mainline 7.1-rc6 2026-05-03"))
    let derivation = EventDerivation.derive(
      from: state, try snapshot("mainline 7.2-rc3 2026-05-10", "stable 7.1.2 2026-05-10"), observed: noon)
    let skipped = derivation.events.filter { $0.kind == .skipped }.map { $0.skipped.map(\.description) }
    #expect(skipped == [["7.1", "7.1.1"], ["7.2-rc1", "7.2-rc2"]])
    let alone = EventDerivation.derive(from: state, try snapshot("mainline 7.2-rc1 2026-05-10"), observed: noon)
    #expect(alone.events.first { $0.kind == .skipped }?.skipped.map(\.description) == ["7.1"])
  }

  @Test func `an end of life and a vanished series are told once`() throws {
    var state = seeded(
      try snapshot("mainline 7.1-rc2", "stable 7.0.5", "stable 6.19.14", "longterm 6.18.20", "longterm 6.12.80"))
    let ended = try snapshot(
      "mainline 7.1-rc2", "stable 7.0.5", "stable 6.19.14 2026-04-22 eol", "longterm 6.18.20", "longterm 6.12.80")
    var derivation = EventDerivation.derive(from: state, ended, observed: noon)
    #expect(ids(derivation).contains("end_of_life:6.19:6.19.14"))
    state = derivation.applied(to: state)
    #expect(EventDerivation.derive(from: state, ended, observed: noon).events.isEmpty)
    let gone = try snapshot("mainline 7.1-rc2", "stable 7.0.5", "longterm 6.18.20", "longterm 6.12.80")
    derivation = EventDerivation.derive(from: state, gone, observed: noon)
    #expect(ids(derivation) == ["vanished:6.19:6.19.14"])
    #expect(EventDerivation.derive(from: derivation.applied(to: state), gone, observed: noon).events.isEmpty)
  }

  @Test func `a longterm name is news, a final that turns stable is not`() throws {
    let state = seeded(try snapshot("mainline 7.1 2026-05-03", "stable 6.18.1 2026-05-01"))
    let derivation = EventDerivation.derive(
      from: state, try snapshot("stable 7.1 2026-05-03", "longterm 6.18.1 2026-05-01"), observed: noon)
    #expect(ids(derivation) == ["moniker:6.18:6.18.1:longterm"])
    #expect(derivation.events[0].previous == "stable")
  }

  @Test func `another day of a known release is told and kept`() throws {
    let state = seeded(try snapshot("longterm 6.1.170 2026-04-30"))
    let derivation = EventDerivation.derive(
      from: state, try snapshot("longterm 6.1.170 2026-05-01"), observed: noon)
    #expect(ids(derivation) == ["redated:6.1:6.1.170:2026-05-01"])
    #expect(derivation.events[0].previous == "2026-04-30")
    #expect(derivation.releases.count == 1)
  }

  @Test func `a series that goes back is believed an hour later and not before`() throws {
    let state = seeded(try snapshot("longterm 6.1.172 2026-05-08", "longterm 6.6.90 2026-05-08"))
    let back = try snapshot("longterm 6.1.171 2026-05-07", "longterm 6.6.90 2026-05-08")
    let first = EventDerivation.derive(from: state, back, observed: noon)
    #expect(first.events.map(\.kind) == [.suspect])
    #expect(Set((first.listed ?? []).map(\.version.description)) == ["6.1.172", "6.6.90"])
    let waiting = first.applied(to: state)
    let soon = EventDerivation.derive(
      from: waiting, back, observed: Instant(secondsSinceEpoch: noon.secondsSinceEpoch + 60))
    #expect(soon.events.isEmpty)
    #expect(soon.suspicions == first.suspicions)
    let later = EventDerivation.derive(
      from: soon.applied(to: waiting), back, observed: Instant(secondsSinceEpoch: noon.secondsSinceEpoch + 3600))
    #expect(ids(later) == ["release:6.1:6.1.171"])
    #expect(later.suspicions.isEmpty)
    let recovered = EventDerivation.derive(
      from: waiting, try snapshot("longterm 6.1.172 2026-05-08", "longterm 6.6.90 2026-05-08"), observed: noon)
    #expect(recovered.events.isEmpty && recovered.suspicions.isEmpty)
  }

  @Test func `an older state of the whole feed is one doubt`() throws {
    let state = seeded(try snapshot("longterm 6.1.172 2026-05-08", "longterm 6.6.90 2026-05-08"))
    let derivation = EventDerivation.derive(
      from: state, try snapshot("longterm 6.1.171 2026-05-07", "longterm 6.6.89 2026-05-07", "stable 6.5.1 2026-05-01"),
      observed: noon)
    #expect(derivation.events.map(\.kind) == [.suspect])
    #expect(derivation.listed == state.listed)
    #expect(derivation.releases.isEmpty)
  }

  @Test func `a list that shrinks loses no series until it is confirmed`() throws {
    let state = seeded(try snapshot("mainline 7.1-rc2", "stable 7.0.5", "longterm 6.18.20", "longterm 6.12.80"))
    let short = try snapshot("mainline 7.1-rc3 2026-05-10", "stable 7.0.5")
    let derivation = EventDerivation.derive(from: state, short, observed: noon)
    #expect(derivation.events.map(\.kind) == [.suspect, .release])
    #expect(derivation.listed?.count == 4)
    let later = EventDerivation.derive(
      from: derivation.applied(to: state), short, observed: Instant(secondsSinceEpoch: noon.secondsSinceEpoch + 4000))
    #expect(ids(later) == ["vanished:6.12:6.12.80", "vanished:6.18:6.18.20"])
  }

  @Test(arguments: ["1970-01-01", "2026-05-13", "9999-12-31"])
  func `a release with a day that cannot be waits`(day: String) throws {
    let state = seeded(try snapshot("longterm 6.1.170 2026-04-30"))
    let odd = try snapshot("longterm 6.1.171 \(day)")
    let derivation = EventDerivation.derive(from: state, odd, observed: noon)
    #expect(derivation.events.map(\.kind) == [.suspect])
    #expect(derivation.listed?.map(\.version.description) == ["6.1.170"])
    #expect(derivation.warnings.count == 1)
    let later = EventDerivation.derive(
      from: derivation.applied(to: state), odd, observed: Instant(secondsSinceEpoch: noon.secondsSinceEpoch + 3600))
    #expect(later.events.map(\.kind) == [.release])
    #expect(later.events[0].day == nil)
  }

  @Test func `a jump over thousands of numbers is not believed and takes no time`() throws {
    let state = seeded(try snapshot("longterm 6.1.170 2026-04-30"))
    let derivation = EventDerivation.derive(
      from: state, try snapshot("longterm 6.1.999999999999 2026-05-09"), observed: noon)
    #expect(derivation.events.map(\.kind) == [.suspect])
    #expect(derivation.releases.isEmpty)
  }
}
