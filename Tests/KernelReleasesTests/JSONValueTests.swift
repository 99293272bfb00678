import Testing

@testable import KernelReleases

@Suite struct JSONValueTests {
  private func parse(_ text: String) throws -> JSONValue { try JSONValue.parse(Array(text.utf8)) }

  @Test func `halves of surrogate pairs become U+FFFD, and pairs one character`() throws {
    #expect(try parse(#""\ud83d\ude00""#) == .string("\u{1F600}"))
    for text in [#""\ud83d""#, #""\ude00""#] { #expect(try parse(text) == .string("\u{FFFD}")) }
    #expect(try parse(#""\ud83dx\ud83d\u0041""#) == .string("\u{FFFD}x\u{FFFD}A"))
    #expect(try parse(#""\ude00\ud83d""#) == .string("\u{FFFD}\u{FFFD}"))
  }

  @Test func `numbers beyond every type stay text, and are no integer`() throws {
    for text in ["1e999", "-1e999", String(repeating: "9", count: 1000), "1e-999999999999"] {
      #expect(try parse(text) == .number(text))
    }
    #expect(try parse("1e999").integer == nil)
    #expect(try parse("99999999999999999999").integer == nil)
    #expect(try parse("17.0").integer == 17)
  }

  @Test func `a NUL byte is an error everywhere but escaped`() throws {
    #expect(throws: JSONError(line: 1, column: 3, problem: .unexpected(0))) { _ = try parse("[1\u{0}]") }
    #expect(throws: JSONError(line: 1, column: 2, problem: .unexpected(0))) { _ = try parse("\"\u{0}\"") }
    #expect(try parse(#""\u0000""#) == .string("\u{0}"))
  }

  @Test func `sixty-four levels are read, and of equal keys the last counts`() throws {
    _ = try parse(String(repeating: "[", count: 65) + String(repeating: "]", count: 65))
    #expect(throws: JSONError(line: 1, column: 66, problem: .tooDeep)) {
      _ = try parse(String(repeating: "[", count: 66) + String(repeating: "]", count: 66))
    }
    #expect(try parse(#"{"a":1,"b":2,"a":3}"#)["a"] == .number("3"))
  }
}
