import HostSystem
import TestSupport
import Testing

@testable import KernelReleases

@Suite struct PublicInboxAtomTests {
  private func feed(_ entries: String) -> [UInt8] {
    Array(
      """
      <?xml version="1.0" encoding="us-ascii"?>
      <feed xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0"><title>list</title>
      <id>mailto:list@example.org</id><updated>2025-01-02T03:04:05Z</updated>\(entries)</feed>
      """.utf8)
  }

  private func entry(_ subject: String, _ more: String = "", text: String = "Hello.") -> String {
    """
    <entry><author><name>A. Maintainer</name><email>a@example.org</email></author><title>\(subject)</title>
    <updated>2025-01-02T03:04:05Z</updated><link href="https://lore.example.org/list/1@x/"/><id>urn:uuid:1</id>\(more)
    <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><pre style="x">\(text)</pre></div></content></entry>
    """
  }

  private func announcements(_ bytes: [UInt8]) throws -> [Announcement] {
    let snapshot = try FeedReader.read(bytes)
    #expect(snapshot.format == .publicInboxAtom)
    guard case .announcements(let announcements) = snapshot.content else {
      Issue.record("other content")
      return []
    }
    return announcements
  }

  @Test(
    .enabled(if: SharedCases.isPresent("kernel/samples/lore-atom/util-linux-newer.atom"), "\(SharedCases.reason)"),
    arguments: ["util-linux-2020-05-17.atom", "util-linux-newer.atom"])
  func `a real feed of another list is read and announces no kernel`(name: String) throws {
    let path = try #require(SharedCases.path("kernel/samples/lore-atom/\(name)"))
    #expect(try announcements(try RootDirectory().read(path)) == [])
  }

  @Test func `only a whole subject announces`() throws {
    let subjects = [
      "Linux 6.1.140", "Linus 5.3-rc1", " Linux\n 6.18-rc3 ", "Linux v2.6.17", "Linux 6.1.5&#45;rc2",
      "Re: Linux 6.1.140", "RE: Linux 6.1.140", "Linux 6.1.141 build failure", "[ANNOUNCE] 6.1.140-rt52",
      "Linux 6.1.140-rt52",
      "[PATCH] Linux 6.1.142", "Linux", "linux 6.1.143", "Linux next-20250102", "Linux 6.1.x", "Fwd: Linux 6.1",
      "GNU/Linux 6.1", "Linux 06.1", "Linux 6.1\u{E9}",
    ]
    let read = try announcements(feed(subjects.map { entry($0) }.joined()))
    #expect(read.map(\.version.description) == ["6.1.140", "5.3-rc1", "6.18-rc3", "2.6.17", "6.1.5-rc2"])
    #expect(
      read[0]
        == Announcement(
          version: try #require(KernelVersion("6.1.140")), author: "A. Maintainer",
          time: Instant(secondsSinceEpoch: 1_735_787_045), paragraph: "Hello.",
          link: "https://lore.example.org/list/1@x/"))
  }

  @Test func `a reply without Re announces nothing, and the time has its zone`() throws {
    let reply = entry("Linux 6.1.1", "<thr:in-reply-to ref=\"urn:uuid:2\"/>")
    let early = entry("Linux 6.1.2", "<published>2025-01-01T23:00:00-08:00</published>")
    let read = try announcements(feed(reply + early))
    #expect(read.map(\.version.description) == ["6.1.2"])
    #expect(read[0].time?.description == "2025-01-02T07:00:00Z")
  }

  @Test func `no address is taken over, and no link but one of the web`() throws {
    let bare = """
      <entry><author><name>a@example.org</name></author><title>Linux 6.1.1</title><updated>soon</updated>
      <link rel="alternate" href="javascript:x"/></entry>
      <entry><author><name>B &lt;b@example.org&gt;</name></author><title>Linux 6.1.2</title></entry>
      """
    let snapshot = try FeedReader.read(feed(bare))
    guard case .announcements(let read) = snapshot.content else { throw FeedError.empty }
    #expect(read.map(\.author) == ["", "B"])
    #expect(read.map(\.link) == [nil, nil])
    #expect(read.map(\.time) == [nil, nil])
    #expect(read.map(\.paragraph) == [nil, nil])
    #expect(snapshot.warnings.count == 2)
  }

  static let texts: [(String, String?)] = [
    (
      "I'm announcing the release of the 6.1.140 kernel.\n\nAll users must upgrade.\n\n------------\n\n Makefile |  2\n",
      "I'm announcing the release of the 6.1.140 kernel."
    ),
    ("So it is\nSunday,\tand rc3  is out.\r\n\r\nMore.", "So it is Sunday, and rc3 is out."),
    ("Hi all,\n\nanother week.", "another week."), ("Hello everyone -\nanother week.", "another week."),
    ("All users of 6.1 must upgrade.", "All users of 6.1 must upgrade."),
    (
      "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nText.\n-----BEGIN PGP SIGNATURE-----\n\niQ", "Text."
    ),
    ("On Monday, A wrote:\n> quoted\n> more\n\nMy words.", "My words."),
    ("[-- Attachment #1: Type: text/plain, Size: 1 bytes --]\n\nWords.", "Words."),
    ("diff --git a/Makefile b/Makefile\nindex 1..2\n", nil), ("---\n Makefile | 2\n", nil), ("-- \nsignature", nil),
    ("", nil), ("\n\n  \n", nil), ("Hi all,\n", nil), ("> only\n> quoted\n", nil),
  ]

  @Test(arguments: texts.map(\.0)) func `the first paragraph is what a person wrote`(text: String) throws {
    let (_, expected) = try #require(Self.texts.first { $0.0 == text })
    #expect(MailText.firstParagraph(of: Array(text.utf8)[...]) == expected)
  }

  @Test func `a long paragraph ends after two thousand characters`() {
    #expect(MailText.firstParagraph(of: Array(String(repeating: "word ", count: 5000).utf8)[...])?.count == 2000)
  }

  @Test func `the spans of a mail's markup are text`() throws {
    let text = "It&#39;s <b>out</b>.\n\n<span class=\"head\">diff --git a/x</span>"
    #expect(try announcements(feed(entry("Linux 6.1.1", text: text)))[0].paragraph == "It's out.")
  }

  static let refused: [(String, String, FeedError)] = [
    (
      "feed of a blog",
      """
      <feed xmlns="http://www.w3.org/2005/Atom"><id>urn:uuid:60a7</id><link href="https://example.org/"/>
      <entry><title>Linux 6.1</title><id>urn:uuid:1</id><summary>It is out.</summary></entry></feed>
      """, .otherXML(root: "feed")
    ),
    ("feed without anything", "<feed xmlns='http://www.w3.org/2005/Atom'/>", .otherXML(root: "feed")),
    (
      "too many entries",
      "<feed><id>mailto:x@y</id>" + String(repeating: "<entry/>", count: 2001) + "</feed>", .tooManyRows(2001)
    ),
  ]

  @Test(arguments: refused.map(\.0)) func `what is no list's feed is refused with its reason`(name: String) throws {
    let (_, text, error) = try #require(Self.refused.first { $0.0 == name })
    #expect(throws: error) { _ = try FeedReader.read(Array(text.utf8)) }
  }

  @Test func `the feed of a search, and of a list elsewhere, are known by their shape`() throws {
    let search = """
      <feed xmlns="http://www.w3.org/2005/Atom"><link rel="self" href="https://lore.kernel.org/stable/?q=x&amp;x=A"/>
      <id>urn:uuid:1</id></feed>
      """
    #expect(try announcements(Array(search.utf8)) == [])
    let elsewhere = "<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>x</id>\(entry("Linux 6.1.1"))</feed>"
    #expect(try announcements(Array(elsewhere.utf8)).count == 1)
  }
}
