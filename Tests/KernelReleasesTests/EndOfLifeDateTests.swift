import HostSystem
import Testing

@testable import KernelReleases

@Suite struct EndOfLifeDateTests {
  private func read(_ text: String) throws -> (support: [SeriesSupport], warnings: [String]) {
    let snapshot = try FeedReader.read(Array(text.utf8))
    #expect(snapshot.format == .endOfLifeDate)
    guard case .support(let support) = snapshot.content else { return ([], []) }
    return (support, snapshot.warnings)
  }

  private let expected = [
    SeriesSupport(
      series: "7.2", isLongterm: false, end: .notAnnounced, finalDay: CalendarDay("2026-08-16"),
      latest: KernelVersion("7.2")),
    SeriesSupport(
      series: "6.12", isLongterm: true, end: .day(CalendarDay("2028-12-31") ?? CalendarDay(daysSinceEpoch: 0)),
      finalDay: CalendarDay("2024-11-17"), latest: KernelVersion("6.12.107")),
    SeriesSupport(
      series: "6.10", isLongterm: nil, end: .endedWithoutDay, finalDay: CalendarDay("2024-07-14"), latest: nil),
  ]

  @Test func `the list of the first interface is read`() throws {
    let (support, warnings) = try read(
      """
      [{"cycle":"7.2","releaseDate":"2026-08-16","eol":false,"latest":"7.2.0","lts":false,"link":"https://kernelnewbies.org/x"},
       {"latest":"6.12.107","lts":"2024-12-05","cycle":"6.12","eol":"2028-12-31","releaseDate":"2024-11-17","codename":null},
       {"cycle":6.10,"releaseDate":"2024-07-14","eol":true}]
      """)
    #expect(support == expected)
    #expect(warnings == [])
  }

  @Test func `the document of the interface's version 1 is read`() throws {
    let (support, warnings) = try read(
      """
      {"schema_version":"1.2.0","result":{"name":"linux","releases":[
       {"name":"7.2","releaseDate":"2026-08-16","isLts":false,"isEol":false,"eolFrom":null,"latest":{"name":"7.2.0","date":"x"}},
       {"name":"6.12","releaseDate":"2024-11-17","isLts":true,"isEol":false,"eolFrom":"2028-12-31","latest":{"name":"6.12.107"}},
       {"name":"6.10","releaseDate":"2024-07-14","isEol":true,"latest":null}]}}
      """)
    #expect(support == expected)
    #expect(warnings == [])
  }

  @Test(arguments: ["\n", "\r\n"]) func `the front matter of the product's file is read`(lineEnd: String) throws {
    let text = """
      ---
      title: Linux Kernel
      permalink: /linux
      alternate_urls:
        - /linuxkernel
      # releases: not here
      releases:
        - releaseCycle: "7.2"
          lts: false
          releaseDate: 2026-08-16
          eol: false # not yet
          latest: '7.2.0'

      -   releaseCycle: 6.12
          lts: true
          releaseDate: 2024-11-17
          eol: 2028-12-31   # announced https://example.org/#x
          latest: "6.12.107"
          link: https://example.org/

        - releaseCycle: "6.10"
          releaseDate: 2024-07-14
          eol: true

      ---

      > releaseCycle: "9.9"
      """
    let (support, warnings) = try read(text.replacing("\n", with: lineEnd))
    #expect(support == expected)
    #expect(warnings == [])
  }

  @Test func `rows that cannot be used are left out and told`() throws {
    let (support, warnings) = try read(
      """
      [{"cycle":"six","eol":true},{"cycle":"6.1.5","eol":true},{"cycle":"6.1","eol":"soon","releaseDate":"2022-12-11"},
       {"cycle":"6.2","eol":"2023-05-17","releaseDate":null,"latest":"newest"},null,{"cycle":null},
       {"cycle":"6.3","eol":null,"releaseDate":"2023-04-23"}]
      """)
    #expect(support.map(\.series) == ["6.2"])
    #expect(warnings.count == 8)
  }

  static let refused: [(String, String, FeedError)] = [
    (
      "another product, by its name", #"{"result":{"name":"rails","releases":[{"name":"6.1"}]}}"#,
      .without("series of the Linux kernel (it is of rails)", format: .endOfLifeDate)
    ),
    (
      "another product, by its link",
      #"[{"cycle":"6.1","eol":"2024-10-01","link":"https://rubyonrails.org/2020/12/9"}]"#,
      .without("series of the Linux kernel (it is of https://rubyonrails.org/2020/12/9)", format: .endOfLifeDate)
    ),
    (
      "another product, by its days",
      #"[{"cycle":"6.1","eol":"2024-10-01","releaseDate":"2020-12-09"},{"cycle":"6.0","eol":true,"releaseDate":"2019-08-16"}]"#,
      .without("series of the Linux kernel (they began on other days)", format: .endOfLifeDate)
    ),
    (
      "another product, by its file", "---\npermalink: /rails\nreleases:\n- releaseCycle: '6.1'\n---\n",
      .without("series of the Linux kernel (it is of rails)", format: .endOfLifeDate)
    ),
    ("no list", #"{"result":{"releases":{}}}"#, .without("list \"releases\"", format: .endOfLifeDate)),
    ("no row", #"{"result":{"releases":[]}}"#, .noUsableRow(rows: 0)),
    ("no usable row", #"[{"cycle":"latest"}]"#, .noUsableRow(rows: 1)),
  ]

  @Test(arguments: refused.map(\.0)) func `what is of no kernel is refused with its reason`(name: String) throws {
    let (_, text, error) = try #require(Self.refused.first { $0.0 == name })
    #expect(throws: error) { _ = try FeedReader.read(Array(text.utf8)) }
  }
}
