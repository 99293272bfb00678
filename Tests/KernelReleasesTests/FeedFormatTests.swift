import FoundationEssentials
import HostSystem
import TestSupport
import Testing

@testable import KernelReleases

/// What holds for every format.
@Suite struct FeedFormatTests {
  /// A small feed of each format.
  static let samples: [FeedFormat: String] = [
    .releasesJSON: FeedReaderTests.small,
    .kdist:
      "<?xml version='1.0'?><rss version='2.0'><channel><item><title>6.1.8: stable</title><description>&lt;a href=\"https://x/linux-6.1.8.tar.xz\"&gt; (EOL)</description><pubDate>Tue, 24 Jan 2023 07:20:00 -0000</pubDate><guid>kernel.org,stable,6.1.8,2023-01-24</guid></item></channel></rss>",
    .fingerBanner: "The latest longterm 6.6 version of the Linux kernel is:       6.6.30 (EOL)\r\n",
    .publicInboxAtom:
      "<feed xmlns='http://www.w3.org/2005/Atom'><id>mailto:a@b</id><entry><author><name>A B</name></author><title>Linux 6.1.8</title><updated>2023-01-24T07:20:00Z</updated><link href='https://x/'/><content type='xhtml'><div><pre>Hi,\n\n&#62; q\nIt is out.\n</pre></div></content></entry></feed>",
    .sha256sums:
      "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n\(String(repeating: "0f", count: 32))  patch-6.1.1-2.xz\n-----BEGIN PGP SIGNATURE-----\nx\n",
    .endOfLifeDate: #"[{"cycle":"6.12","releaseDate":"2024-11-17","eol":"2028-12-31","latest":"6.12.1","lts":true}]"#,
    .cve: CVERecordsTests.record("CVE-2025-0001", CVERecordsTests.block),
  ]

  @Test func `every format has a name of its own, a sample here, and a place in the manual`() throws {
    let names = FeedReader.formats.map(\.rawValue)
    #expect(Set(names).count == names.count)
    #expect(Set(Self.samples.keys) == Set(FeedReader.formats))
    let page = try String(contentsOfFile: SharedCases.projectDirectory + "/man/toolbox-kernel.1", encoding: .utf8)
    let section = try #require(page.split(separator: ".Sh FEED FORMATS\n").last?.split(separator: "\n.Sh ").first)
    for name in names {
      #expect(section.split(separator: "\n").count { $0 == ".It \(name)" } == 1, "\(name)")
    }
  }

  @Test(arguments: samples.keys.map(\.rawValue)) func `a feed is recognized as what it is`(format: String) throws {
    let sample = try #require(Self.samples[FeedFormat(rawValue: format)])
    let snapshot = try FeedReader.read(Array(sample.utf8))
    #expect(snapshot.format.rawValue == format)
    #expect(snapshot.warnings == [])
  }

  @Test(arguments: samples.keys.map(\.rawValue))
  func `white space, byte order marks and UTF-16 change nothing`(format: String) throws {
    let sample = try #require(Self.samples[FeedFormat(rawValue: format)])
    let plain = try FeedReader.read(Array(sample.utf8))
    #expect(try FeedReader.read([0xEF, 0xBB, 0xBF, 0x0A, 0x20] + Array(sample.utf8)) == plain)
    let wide = sample.utf16.flatMap { (unit: UInt16) -> [UInt8] in [UInt8(unit & 0xFF), UInt8(unit >> 8)] }
    #expect(try FeedReader.read([0xFF, 0xFE] + wide) == plain)
    #expect(try FeedReader.read(wide) == plain)
  }

  @Test(arguments: samples.keys.map(\.rawValue))
  func `a feed cut or changed at any byte never crashes the reader`(format: String) throws {
    let feed = Array(try #require(Self.samples[FeedFormat(rawValue: format)]).utf8)
    func look(_ bytes: [UInt8]) {
      do throws(FeedError) {
        _ = try FeedReader.read(bytes)
      } catch {
        #expect(!error.finding.isEmpty)
      }
    }
    for index in feed.indices {
      look(Array(feed[..<index]))
      for byte in [UInt8(0x00), 0x0A, 0x22, 0x2A, 0x2D, 0x2E, 0x30, 0x39, 0x3C, 0x7B, 0xC3, 0xFF] {
        var changed = feed
        changed[index] = byte
        look(changed)
      }
    }
  }

  /// Four megabytes of what a reader might choke on.
  static let large: [(String, @Sendable () -> String)] = [
    ("opening brackets", { String(repeating: "[", count: 4 << 20) }),
    ("one number", { "[" + String(repeating: "9", count: 4 << 20) + "]" }),
    ("one string", { "[\"" + String(repeating: "\\n", count: 2 << 20) + "\"]" }),
    ("small objects", { "[" + String(repeating: "{\"a\":0},", count: 1 << 19) + "0]" }),
    ("lines of text", { String(repeating: "x\n", count: 2 << 20) }),
    (
      "lines of a banner",
      {
        "The latest stable version of the Linux kernel is: 6.1\n" + String(repeating: "x\n", count: 2 << 20)
      }
    ),
    ("checksums", { String(repeating: String(repeating: "0f", count: 32) + "  linux-6.1.1.tar.xz\n", count: 49_000) }),
    ("rows of front matter", { "---\nreleases:\n" + String(repeating: "- releaseCycle: 6.1\n", count: 200_000) }),
    ("opening tags", { String(repeating: "<a>", count: 1_390_000) }),
    ("empty elements", { "<rss><channel>" + String(repeating: "<item/>", count: 590_000) + "</channel></rss>" }),
    ("a comment", { "<rss><!--" + String(repeating: "x", count: 4_190_000) + "--></rss>" }),
    ("line ends in a comment", { "<rss><!--" + String(repeating: "\n", count: 4_190_000) + "--></rss>" }),
    ("an attribute that never ends", { "<rss a='" + String(repeating: "x", count: 4_190_000) }),
    ("entities", { "<rss>" + String(repeating: "&amp;", count: 830_000) + "</rss>" }),
    (
      "namespaces",
      { "<rss>" + (0..<90_000).map { "<a\($0 % 10) xmlns='urn:\($0)' xmlns:p\($0)='u'/>" }.joined() + "</rss>" }
    ),
    (
      "entries of a list",
      { "<feed><id>mailto:x</id>" + String(repeating: "<entry><title>Linux 6.1</title></entry>", count: 100_000) }
    ),
  ]

  @Test(arguments: large.map(\.0)) func `the largest input ends soon`(name: String) throws {
    let (_, make) = try #require(Self.large.first { $0.0 == name })
    let bytes = Array(make().utf8.prefix(4 << 20))
    do throws(FeedError) {
      _ = try FeedReader.read(bytes)
    } catch {
      #expect(!error.finding.isEmpty && error.finding.utf8.count < 1000)
    }
  }
}
