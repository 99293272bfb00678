import HostSystem
import Testing

@testable import KernelReleases

@Suite struct XMLElementTests {
  private func parse(_ text: String) throws -> XMLElement { try XMLElement.parse(Array(text.utf8)) }

  private func error(_ bytes: [UInt8]) -> XMLError? {
    do throws(XMLError) {
      _ = try XMLElement.parse(bytes)
      return nil
    } catch {
      return error
    }
  }

  private func error(_ text: String) -> XMLError? { error(Array(text.utf8)) }

  @Test func `namespaces are resolved, and comments, instructions and CDATA are what they are`() throws {
    let root = try parse(
      """
      <?xml version="1.0"?><?style x?><!-- before --><a:feed xmlns:a="urn:one" xmlns="urn:two" x="1" a:y="&lt;2&#x263A;">
      t<b>in <![CDATA[<i>&amp;]]></b><!-- <c/> --><a:b z=""/>&#233;</a:feed><!-- behind -->
      """)
    #expect(root.name == "feed")
    #expect(root.namespace == "urn:one")
    #expect(root.attributes == ["x": "1", "y": "<2\u{263A}"])
    #expect(root.children.map(\.name) == ["b", "b"])
    #expect(root.children.map(\.namespace) == ["urn:two", "urn:one"])
    #expect(root.children[0].text == "in <i>&amp;")
    #expect(root.children[1].attributes == ["z": ""])
    #expect(root.text == "\ntin <i>&amp;\u{E9}")
    #expect(root.child("b")?.namespace == "urn:two")
    #expect(root.child("c") == nil)
    #expect(root.documentWarnings == [])
  }

  @Test func `lone carriage returns and pairs are line ends`() throws {
    #expect(try parse("<a>1\r2\r\n3</a>").text == "1\n2\n3")
    #expect(error("<a>\r\r\n</b>")?.line == 3)
  }

  /// UTF-16, the high byte first.
  private func wide(_ text: String) -> [UInt8] {
    text.utf16.flatMap { (unit: UInt16) -> [UInt8] in [UInt8(unit >> 8), UInt8(unit & 0xFF)] }
  }

  static let broken: [(String, String, XMLError)] = [
    ("cut in a tag", "<a><b", XMLError(line: 1, column: 4, problem: "it ends before it is complete")),
    ("cut behind a tag", "<a>\n<b>", XMLError(line: 2, column: 4, problem: "it ends before it is complete")),
    ("cut in CDATA", "<a><![CDATA[x", XMLError(line: 1, column: 14, problem: "it ends before it is complete")),
    ("cut in a comment", "<a><!-- x", XMLError(line: 1, column: 4, problem: "it ends before it is complete")),
    ("wrong end tag", "<a>\n<b></a>", XMLError(line: 2, column: 6, problem: "an end tag of another element")),
    ("two roots", "<a/>\n<b/>", XMLError(line: 2, column: 1, problem: "more text behind the document")),
    (
      "attribute twice", "<a b='' b=''/>", XMLError(line: 1, column: 9, problem: "an attribute that stands there twice")
    ),
    ("entity of HTML", "<a>&nbsp;</a>", XMLError(line: 1, column: 4, problem: "an entity that is not defined")),
    (
      "prefix without namespace", "<a><b:c/></a>",
      XMLError(line: 1, column: 4, problem: "a prefix whose namespace is not declared")
    ),
    (
      "character zero", "<a>&#0;</a>",
      XMLError(line: 1, column: 4, problem: "the number of a character that does not exist")
    ),
    ("NUL byte", "<a>\u{0}</a>", XMLError(line: 1, column: 4, problem: "a NUL byte")),
    ("escape character", "<a>x\u{1B}[1m</a>", XMLError(line: 1, column: 5, problem: "a control character")),
    (
      "ampersand alone", "<a>\u{E9} & b</a>",
      XMLError(line: 1, column: 7, problem: "a character or a tag that cannot stand there")
    ),
    (
      "declaration behind text", " \n<a>\n<?xml version='1.0'?></a>",
      XMLError(line: 3, column: 1, problem: "XML or text declaration not at start of entity")
    ),
    (
      "encoding that is not read", "<?xml version='1.0' encoding='EBCDIC-CP-US'?><a/>",
      XMLError(line: 1, column: 1, problem: "the encoding \"EBCDIC-CP-US\" is not read here")
    ),
    (
      "document type", "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
      XMLError(line: 1, column: 40, problem: "a document type (DOCTYPE), which no feed needs")
    ),
    (
      "external entity", "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
      XMLError(line: 1, column: 13, problem: "a document type (DOCTYPE), which no feed needs")
    ),
    (
      "entity bomb",
      "<!DOCTYPE a [<!ENTITY x '0123456789'>" + (1...9).map { "<!ENTITY x\($0) '&x\($0 - 1);&x\($0 - 1);'>" }.joined()
        + "]><a>&x9;</a>",
      XMLError(line: 1, column: 13, problem: "a document type (DOCTYPE), which no feed needs")
    ),
    (
      "depth of 65", String(repeating: "<a>", count: 65),
      XMLError(line: 1, column: 193, problem: "elements inside each other more than 64 times")
    ),
    (
      "100,001 elements", "<a>" + String(repeating: "<b/>", count: 100_000) + "</a>",
      XMLError(line: 1, column: 400_000, problem: "more than 100000 elements")
    ),
    (
      "10,001 names", "<a>" + (0..<10_001).map { "<a\($0)/>" }.joined() + "</a>",
      XMLError(line: 1, column: 78_878, problem: "more different names than in any feed")
    ),
    (
      "text of more than 1 MiB", "<a>" + String(repeating: "x", count: 1 << 20) + "<![CDATA[y]]></a>",
      XMLError(line: 1, column: 1_048_589, problem: "a text longer than 1 MiB")
    ),
    (
      "attribute of more than 1 MiB", "<a b='" + String(repeating: "x", count: 1 << 20) + "y'/>",
      XMLError(line: 1, column: 1, problem: "an attribute longer than 1 MiB")
    ),
    (
      "long namespace", "<a xmlns='" + String(repeating: "x", count: 2000) + "'><b/></a>",
      XMLError(line: 1, column: 1, problem: "the address of a namespace is longer than 1024 bytes")
    ),
  ]

  @Test(arguments: broken.map(\.0)) func `what is not read is refused with its place`(name: String) throws {
    let (_, text, expected) = try #require(Self.broken.first { $0.0 == name })
    #expect(error(text) == expected)
  }

  @Test func `the limits themselves are read`() throws {
    let deep = try parse(String(repeating: "<a>", count: 64) + "x" + String(repeating: "</a>", count: 64))
    #expect(deep.text == "x")
    let long = try parse("<a>" + String(repeating: "x", count: 1 << 20) + "</a>")
    #expect(long.text.utf8.count == 1 << 20)
    let many = try parse("<a>" + String(repeating: "<b/>", count: 99_999) + "</a>")
    #expect(many.children.count == 99_999)
  }

  @Test func `a million attributes and a comment of four megabytes do not fill the memory`() {
    let attributes = (0..<400_000).map { " a\($0)=''" }.joined()
    #expect(error("<a\(attributes)/>")?.problem == "it needs more memory than any feed")
    #expect(error("<a><!--" + String(repeating: "x", count: 4_100_000) + "--></a>") == nil)
  }

  @Test func `a byte order mark counts before the declaration, which counts before the server's charset`() throws {
    let latin: [UInt8] = [0x3C, 0x61, 0x3E, 0xE9, 0x80, 0x3C, 0x2F, 0x61, 0x3E]
    let declared = Array("<?xml version='1.0' encoding=\"ISO-8859-1\"?>".utf8) + latin
    #expect(try XMLElement.parse(declared, charset: "utf-8").text == "\u{E9}\u{20AC}")
    #expect(try XMLElement.parse(latin, charset: "Windows-1252").text == "\u{E9}\u{20AC}")
    let marked =
      [0xEF, 0xBB, 0xBF] + Array("<?xml version='1.0' encoding='ISO-8859-1'?><a>\u{E9}</a>".utf8)
    #expect(try XMLElement.parse(marked, charset: "latin1").text == "\u{E9}")
    #expect(try XMLElement.parse(Array("<a>\u{E9}</a>".utf8)).text == "\u{E9}")
    #expect(try XMLElement.parse(Array("<a>\u{E9}</a>".utf8), charset: "x-unknown").documentWarnings.count == 1)
  }

  @Test func `UTF-16 is read in both orders, with a mark and without`() throws {
    let text = "<?xml version=\"1.0\" encoding=\"UTF-16\"?><a>\u{E9}\u{1F600}</a>"
    let big = wide(text)
    let little = big.indices.map { big[$0 ^ 1] }
    for bytes in [[0xFF, 0xFE] + little, little, [0xFE, 0xFF] + big, big] {
      let root = try XMLElement.parse(bytes)
      #expect(root.text == "\u{E9}\u{1F600}")
      #expect(root.documentWarnings == [])
    }
    #expect(error(Array(little.dropLast(1)))?.problem != nil)
    #expect(try parse(text).documentWarnings.count == 1, "it says UTF-16 and is not")
  }

  @Test func `what is no text in its encoding becomes U+FFFD and is told`() throws {
    let broken = Array("<?xml version='1.0'?><a>1".utf8) + [0xE9, 0x32, 0xC0, 0x80, 0x3C, 0x2F, 0x61, 0x3E]
    let root = try XMLElement.parse(broken)
    #expect(root.text == "1\u{FFFD}2\u{FFFD}\u{FFFD}")
    #expect(root.documentWarnings.count == 1)
    let ascii = try parse("<?xml version='1.0' encoding='us-ascii'?><a>\u{E9}</a>")
    #expect(ascii.text == "\u{E9}")
    #expect(ascii.documentWarnings == ["it calls itself ASCII and holds other bytes; it was read as UTF-8"])
  }

  @Test func `no character is cut where a long text is cut into pieces`() throws {
    let text = String(repeating: "a\u{E9}\u{20AC}\u{1F600}", count: 50_000)
    let whole = "<a>" + text + "</a>"
    #expect(try parse(whole).text == text)
    let root = try XMLElement.parse([0xFE, 0xFF] + wide(whole))
    #expect(root.text == text)
    #expect(root.documentWarnings == [])
  }

  @Test func `white space before the declaration is skipped and counted`() throws {
    #expect(try parse("\n  \r\n<?xml version='1.0'?><a/>").name == "a")
    #expect(error("\n\n<?xml version='1.0'?></a>")?.line == 3)
    #expect(error("  <a></b>")?.column == 8)
  }

  @Test func `a document cut or changed at any byte never crashes the parser`() {
    let document = Array(
      "<?xml version='1.0' encoding='utf-8'?><a x='&amp;'><!--c--><![CDATA[d]]>\u{E9}&#233;</a>".utf8)
    for index in document.indices {
      #expect(error(Array(document[..<index])) != nil)
      for byte in [UInt8(0x00), 0x3C, 0x3E, 0x26, 0x22, 0x27, 0x2F, 0x21, 0x3F, 0x80, 0xFF] {
        var changed = document
        changed[index] = byte
        if let error = error(changed) { #expect(!error.finding.isEmpty && error.line >= 1 && error.column >= 1) }
      }
    }
  }
}
