import HostSystem

extension FeedFormat {
  /// The Atom feed of a mailing list's archive in public-inbox, as on lore.kernel.org: announcements.
  package static let publicInboxAtom = FeedFormat(rawValue: "public-inbox-atom")
}

/// The reader of Atom feeds of public-inbox: the newest mails of a list, of a thread or of a search.
///
/// A mail announces a release when its whole subject is `Linux VERSION`; `Linus VERSION` occurs. Replies, and subjects with
/// anything before or behind that, announce nothing, and neither do real-time patches (`[ANNOUNCE] 6.1.140-rt52`). A feed
/// without an announcement says nothing, and is right. An address of mail is never taken over.
enum PublicInboxAtom: FeedFormatReader {
  static let format = FeedFormat.publicInboxAtom
  private static let threading = "http://purl.org/syndication/thread/1.0"
  /// What is looked at of the text of a mail, in bytes: the patch behind an announcement can be long.
  private static let longestText = 65_536

  static func recognizes(_ body: FeedBody) -> Bool {
    guard case .xml(let root) = body, root.name == "feed" else { return false }
    if text(root, "id").hasPrefix("mailto:") { return true }
    let links = root.children.filter { $0.name == "link" }.compactMap { $0.attributes["href"] }
    if links.contains(where: { $0.contains("://lore.kernel.org/") }) { return true }
    // A list elsewhere: mails are named by a digest, and are preformatted text.
    return root.child("entry").map { entry in
      text(entry, "id").hasPrefix("urn:uuid:") && preformatted(entry) != nil
    } ?? false
  }

  static func read(_ body: FeedBody) throws(FeedError) -> FeedSnapshot {
    guard case .xml(let root) = body else { throw .without("feed", format: format) }
    let entries = root.children.filter { $0.name == "entry" }
    guard entries.count <= FeedReader.mostRows else { throw .tooManyRows(entries.count) }
    var announcements: [Announcement] = []
    var warnings = FeedWarnings()
    for entry in entries {
      guard !entry.children.contains(where: { $0.name == "in-reply-to" && $0.namespace == threading }),
        let version = version(subject: text(entry, "title"))
      else { continue }
      announcements.append(announcement(of: version, entry, warnings: &warnings))
    }
    return FeedSnapshot(format: format, content: .announcements(announcements), warnings: warnings.list)
  }

  private static func text(_ element: XMLElement, _ name: String) -> Substring {
    element.child(name)?.text(upTo: 4096).trimmed ?? ""
  }

  private static func version(subject: Substring) -> KernelVersion? {
    let words = subject.split { $0.isWhitespace }
    guard words.count == 2, words[0] == "Linux" || words[0] == "Linus", let version = KernelVersion(words[1]),
      version.line == .releases
    else { return nil }
    return version
  }

  private static func announcement(
    of version: KernelVersion, _ entry: XMLElement, warnings: inout FeedWarnings
  ) -> Announcement {
    let written = entry.child("published") == nil ? text(entry, "updated") : text(entry, "published")
    let time = FeedTime.rfc3339(String(written))
    if time == nil || FeedTime.day(time ?? Instant(secondsSinceEpoch: 0)) == nil {
      warnings.append("\(version): \"\(written.prefix(40))\" is no time that can be read")
    }
    let author = (entry.child("author")?.child("name")?.text(upTo: 1024) ?? "").split { $0.isWhitespace }
      .filter { !$0.contains("@") }.joined(separator: " ")
    let links = entry.children.filter { $0.name == "link" }.map(\.attributes)
    let link = links.first { $0["rel"] == "alternate" || $0["rel"] == nil }?["href"]
    return Announcement(
      version: version, author: String(author.prefix(200)), time: time,
      paragraph: preformatted(entry).flatMap { MailText.firstParagraph(of: $0.utf8(upTo: longestText)) },
      link: link.flatMap { $0.hasPrefix("https://") || $0.hasPrefix("http://") ? $0 : nil })
  }

  /// The text of a mail: content in XHTML with a `pre` somewhere in it.
  private static func preformatted(_ entry: XMLElement) -> XMLElement? {
    guard let content = entry.child("content"), content.attributes["type"] == "xhtml" else { return nil }
    var element = content
    while element.name != "pre" {
      guard let inner = element.child("pre") ?? element.child("div") else { return nil }
      element = inner
    }
    return element
  }
}

/// What a person wrote in a mail, apart from what mail is full of.
enum MailText {
  /// The first paragraph that is no greeting, no quotation, no signature and no patch, with single blanks.
  /// - Returns: at most 2,000 characters; nil where there is none.
  static func firstParagraph(of text: ArraySlice<UInt8>) -> String? {
    var words: [Substring] = []
    var length = 0
    var rest = text
    // Four bytes are the longest character.
    while !rest.isEmpty, length < 8000 {
      let line = rest.prefix { $0 != 0x0A && $0 != 0x0D }
      let isPair = rest[line.endIndex...].starts(with: "\r\n")
      rest = rest[line.endIndex...].dropFirst(isPair ? 2 : 1)
      let bare = line.withoutBlanks
      if isEnd(line, bare) { break }
      if bare.isEmpty {
        if !words.isEmpty { break }
        continue
      }
      if isNoise(bare) || words.isEmpty && isGreeting(bare) { continue }
      words += bare.text.split { $0.isWhitespace }
      length += bare.count
    }
    return words.isEmpty ? nil : String(words.joined(separator: " ").prefix(2000))
  }

  /// Where the words of a mail end: a rule, a signature, a list of changed files, a patch.
  private static func isEnd(_ line: ArraySlice<UInt8>, _ bare: ArraySlice<UInt8>) -> Bool {
    line.elementsEqual("-- ".utf8) || line.starts(with: "diff --git ") || line.starts(with: "Index: ")
      || line.starts(with: "-----BEGIN PGP SIGNATURE") || bare.count >= 2 && bare.allSatisfy { $0 == 0x2D }
  }

  private static func isNoise(_ line: ArraySlice<UInt8>) -> Bool {
    line.starts(with: ">") || line.starts(with: "[-- ") || line.starts(with: "-----BEGIN PGP")
      || line.starts(with: "Hash: SHA") || line.suffix(7).elementsEqual(" wrote:".utf8)
  }

  private static func isGreeting(_ line: ArraySlice<UInt8>) -> Bool {
    guard line.count <= 40, let last = line.last, ",!:-".utf8.contains(last) else { return false }
    let first = line.prefix { ($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x7A }.text.lowercased()
    return ["hi", "hello", "hey", "dear", "folks", "all", "everyone", "greetings", "good"].contains(first)
  }
}
