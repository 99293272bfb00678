import HostSystem
import TestSupport
import Testing

@testable import KernelReleases

@Suite struct KDistTests {
  private func read(_ items: String) throws -> FeedSnapshot {
    try FeedReader.read(Array("<rss version=\"2.0\"><channel><title>t</title>\(items)</channel></rss>".utf8))
  }

  @Test(.enabled(if: SharedCases.isPresent("kernel/samples/kdist/kdist-2020-05-08.xml"), "\(SharedCases.reason)"))
  func `the real feed of 8 May 2020 is read without a warning`() throws {
    let path = try #require(SharedCases.path("kernel/samples/kdist/kdist-2020-05-08.xml"))
    let snapshot = try FeedReader.read(try RootDirectory().read(path))
    #expect(snapshot.format == .kdist)
    #expect(snapshot.warnings == [])
    #expect(
      snapshot.rows.map { "\($0.channel) \($0.version) \($0.day?.description ?? "")\($0.isEndOfLife ? " EOL" : "")" }
        == [
          "mainline 5.7-rc4 2020-05-03", "stable 5.6.11 2020-05-06", "stable 5.5.19 2020-04-21 EOL",
          "longterm 5.4.39 2020-05-06", "longterm 4.19.121 2020-05-06", "longterm 4.14.179 2020-05-05",
          "longterm 4.9.222 2020-05-05", "longterm 4.4.222 2020-05-05", "longterm 3.16.83 2020-04-28",
          "linux-next next-20200508 2020-05-08",
        ])
    #expect(snapshot.rows[0].time?.description == "2020-05-03T21:56:15Z")
    #expect(snapshot.rows[0].archive == "https://git.kernel.org/torvalds/t/linux-5.7-rc4.tar.gz")
    #expect(snapshot.rows[1].archive == "https://cdn.kernel.org/pub/linux/kernel/v5.x/linux-5.6.11.tar.xz")
    #expect(snapshot.rows.last?.archive == nil)
  }

  @Test func `the guid counts where the title says otherwise`() throws {
    let snapshot = try read(
      """
      <item><title>6.1.9: stable</title><guid isPermaLink="false">kernel.org,longterm,6.1.8,2023-01-24</guid>
      <pubDate>Tue, 24 Jan 2023 07:20:00 -0000</pubDate><description>&lt;b&gt;6.1.8 (EOL)&lt;/b&gt;</description></item>
      """)
    #expect(
      snapshot.rows == [
        FeedRow(
          channel: .longterm, version: try #require(KernelVersion("6.1.8")), isEndOfLife: true,
          day: CalendarDay("2023-01-24"), time: Instant(secondsSinceEpoch: 1_674_544_800))
      ])
    #expect(
      snapshot.warnings == [
        "item 1: its guid says 6.1.8 (longterm) and its title 6.1.9 (stable); the guid is taken"
      ])
  }

  @Test func `an item without a guid is read by its title`() throws {
    let snapshot = try read(
      "<item><title> 6.1.8: longterm </title><pubDate>24 Jan 23 07:20 EST</pubDate></item><item/><item><title>News</title></item>"
    )
    #expect(snapshot.rows.map(\.version.description) == ["6.1.8"])
    #expect(snapshot.rows[0].time?.description == "2023-01-24T12:20:00Z")
    #expect(snapshot.rows[0].day?.description == "2023-01-24")
    #expect(snapshot.warnings.count == 2)
  }

  @Test func `days that are none, and times, are told`() throws {
    let snapshot = try read(
      """
      <item><guid>kernel.org,stable,6.2.1,2023-02-30</guid><pubDate>yesterday</pubDate></item>
      <item><guid>kernel.org,stable,6.2.2,2023-03-03</guid><pubDate>Fri, 03 Mar 2023 23:30:00 -0800</pubDate></item>
      <item><guid>kernel.org,,6.2.3</guid></item>
      """)
    #expect(snapshot.rows.map { $0.day?.description } == [nil, "2023-03-03", nil])
    #expect(snapshot.rows.map(\.time) == [nil, nil, nil])
    #expect(snapshot.rows[2].channel == .stable)
    #expect(snapshot.warnings.count == 6)
  }

  @Test func `items beside the channel are read, as in RSS 0.9`() throws {
    let snapshot = try FeedReader.read(
      Array(
        """
        <?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="urn:x"><channel/>
        <item><title>6.1.8: stable</title></item></rdf:RDF>
        """.utf8))
    #expect(snapshot.rows.count == 1)
  }

  static let refused: [(String, String, FeedError)] = [
    (
      "feed of somebody else",
      "<rss><channel><title>Blog</title><item><title>5.10: a review</title></item></channel></rss>",
      .otherXML(root: "rss")
    ),
    (
      "feed without items", "<rss><channel><title>Latest Linux Kernel Versions</title></channel></rss>",
      .noUsableRow(rows: 0)
    ),
    (
      "guids without versions",
      "<rss><channel><item><guid>kernel.org,stable,six,2020-01-01</guid></item></channel></rss>",
      .noUsableRow(rows: 1)
    ),
    ("rss without anything", "<rss/>", .otherXML(root: "rss")),
    ("page of XHTML", "<?xml version='1.0'?><!-- x --><!DOCTYPE html PUBLIC '-//W3C//DTD' 'x'><html/>", .htmlPage),
    ("piece of a page", "<div>Please wait</div>", .htmlPage),
    (
      "too many items",
      "<rss><channel><title>Latest Linux Kernel Versions</title>"
        + String(repeating: "<item/>", count: 2001) + "</channel></rss>", .tooManyRows(2001)
    ),
  ]

  @Test(arguments: refused.map(\.0)) func `what is no kdist is refused with its reason`(name: String) throws {
    let (_, text, error) = try #require(Self.refused.first { $0.0 == name })
    #expect(throws: error) { _ = try FeedReader.read(Array(text.utf8)) }
  }
}

@Suite struct FeedTimeTests {
  @Test func `the times of mail are read with their zones`() {
    let texts = [
      "Fri, 08 May 2020 11:11:02 -0000", "8 May 2020 13:11:02 +0200", " Fri,8 May 20 11:11:02 GMT ",
      "08 May 2020 07:11:02 EDT", "Fri, 08 May 2020 11:11:02", "Fri, 08 May 2020 11:11:02 XYZ",
      "Fri, 08 MAY 2020 11:11:02 Z",
    ]
    for text in texts { #expect(FeedTime.rfc822(text)?.description == "2020-05-08T11:11:02Z", "\(text)") }
    for text in [
      "", "Fri", "31 Feb 2020 00:00:00 Z", "8 May 2020 24:00:00 Z", "8 May 2020 1:2:3:4", "8 May 2020 11:11 +25",
    ] {
      #expect(FeedTime.rfc822(text) == nil, "\(text)")
    }
  }

  @Test func `the times of the internet are read with their zones`() {
    for text in [
      "2020-05-08T11:11:02Z", "2020-05-08T13:11:02+02:00", "2020-05-08t05:41:02.123456-05:30", "2020-05-08 11:11:02",
    ] {
      #expect(FeedTime.rfc3339(text)?.description == "2020-05-08T11:11:02Z", "\(text)")
    }
    for text in [
      "", "2020-05-08", "2020-05-08T25:00:00Z", "2020-05-08T11:11:02.Z", "2020-05-08T11:11:02+2:00",
      "2020-5-8T11:11:02Z",
    ] {
      #expect(FeedTime.rfc3339(text) == nil, "\(text)")
    }
  }
}
