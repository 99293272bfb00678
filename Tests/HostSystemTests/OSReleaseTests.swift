import Testing

@testable import HostSystem

@Suite struct OSReleaseTests {
  private func parse(_ text: String) -> OSRelease { OSRelease(parsing: text.utf8) }

  @Test func `fields are read as a shell reads them`() {
    let release = parse(
      """
      # comment
      PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
      ID=Debian
      ID_LIKE="Ubuntu  debian"
      VERSION_ID='12'
      VERSION_CODENAME=bookworm\u{20}
      ESCAPED="a \\"quoted\\" \\$word \\\\"
      SINGLE='a \\n b'
      EMPTY=
      QUOTES=""
      LONE="
      EQUALS=a=b
      BAD-NAME=1
       INDENTED=1
      =nameless
      no assignment
      """)
    #expect(release.name == "Debian GNU/Linux 12 (bookworm)")
    #expect(release.id == "debian")
    #expect(release.like == ["ubuntu", "debian"])
    #expect(release.versionID == "12")
    #expect(release.codename == "bookworm")
    #expect(release.fields["ESCAPED"] == "a \"quoted\" $word \\")
    #expect(release.fields["SINGLE"] == "a \\n b")
    #expect(release.fields["EMPTY"] == "" && release.fields["QUOTES"] == "" && release.fields["LONE"] == "\"")
    #expect(release.fields["EQUALS"] == "a=b")
    #expect(release.fields.count == 11)
  }

  @Test func `signs that join what stands beside them change no quote and no equals sign`() {
    #expect(
      parse("NAME=\"\u{70F}\"\nID=\u{301}x\nB='a\u{301}'\n").fields == [
        "NAME": "\u{70F}", "ID": "\u{301}x", "B": "a\u{301}",
      ])
    #expect(parse("A=\"\u{301}\\\"\u{301}\"").fields == ["A": "\u{301}\"\u{301}"])
  }

  @Test func `line ends of other systems, a missing one and repeated names are no trouble`() {
    let release = parse("ID=a\r\nVERSION_ID=\"1\"\r\nID=b")
    #expect(release.id == "b")
    #expect(release.versionID == "1")
  }

  @Test(arguments: ["", "NAME=x\n", "ID=\n", "ID=\"\"\n", "\0\0"])
  func `a system that does not say what it is is a Linux`(text: String) {
    #expect(parse(text).id == "linux")
    #expect(parse(text).like == [])
    #expect(parse(text).codename == nil)
  }

  @Test func `any bytes can be read`() {
    for byte in UInt8.min...UInt8.max {
      let release = OSRelease(parsing: Array("ID=".utf8) + [byte] + Array("\nNAME=\"".utf8) + [byte, 0x22, 0x5C, byte])
      #expect(!release.id.isEmpty)
    }
  }
}
