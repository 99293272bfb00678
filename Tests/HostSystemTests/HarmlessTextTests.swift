import Testing

@testable import HostSystem

@Suite struct HarmlessTextTests {
  @Test(arguments: [
    ("plain text", "plain text"), ("", ""), ("Ölund 日本 🙂", "Ölund 日本 🙂"), ("e\u{301}", "e\u{301}"),
    // Escapes that would colour, clear or name a terminal
    ("\u{1B}[31mred\u{1B}[0m", "[31mred[0m"), ("\u{1B}]0;title\u{7}", "]0;title"), ("\u{9B}2J", "2J"),
    ("a\0b\u{8}\u{7F}c\u{85}", "abc"),
    // Blanks and line breaks
    ("a\tb\nc\rd\r\ne", "a b c d e"), ("a\u{2028}b\u{2029}c", "abc"),
    // Direction of writing
    ("user\u{202E}txt.exe", "usertxt.exe"), ("\u{2066}a\u{2069}\u{61C}\u{200F}", "a"),
    // What is not seen
    ("ro\u{200B}ot\u{FEFF}\u{AD}\u{2060}", "root"), ("\u{3164}\u{115F}x\u{E0041}\u{E007F}", "x"),
    ("\u{FFF9}a\u{FFFB}", "a"),
  ])
  func `what could steer a terminal or disguise itself is taken out`(text: String, expected: String) {
    #expect(Array(text.harmless.unicodeScalars) == Array(expected.unicodeScalars))
    #expect(text.harmless.harmless == text.harmless)
  }

  @Test func `no control character of all comes through`() {
    for value in (0...0xFFFF as ClosedRange<UInt32>) {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let text = "a" + String(Character(scalar)) + "b"
      for left in text.harmless.unicodeScalars {
        if left.value < 0x20 || (0x7F...0x9F).contains(left.value) || left.properties.isBidiControl {
          Issue.record("U+\(String(value, radix: 16)) comes through")
        }
      }
    }
  }

  @Test func `parts of a text are made harmless too`() {
    #expect("abc\u{1B}def".dropFirst(2).harmless == "cdef")
  }
}
