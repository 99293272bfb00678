import Testing

@testable import TerminalOutput

@Suite struct TextLayoutTests {
  @Test func `columns count what a terminal shows`() {
    #expect("abc".columns == 3)
    #expect("日本".columns == 4)
    #expect("e\u{301}".columns == 1)
  }

  @Test func `text is cut with an ellipsis inside its width`() {
    #expect("abcdef".truncated(to: 4) == "abc…")
    #expect("abcd".truncated(to: 4) == "abcd")
    #expect("日本語".truncated(to: 4) == "日…")
  }

  @Test func `lines are wrapped at spaces and long words stand alone`() {
    #expect("one two three".wrapped(to: 7) == ["one two", "three"])
    #expect("a verylongword b".wrapped(to: 5) == ["a", "verylongword", "b"])
  }

  @Test func `a table aligns all columns but the last`() {
    var table = TextTable()
    table.add(.init("a"), .init("1", alignsRight: true), .init("first"))
    table.add(.init("long"), .init("22", alignsRight: true), .init("second line"))
    #expect(table.lines(width: 20, paint: Paint(isOn: false)) == ["a      1  first", "long  22  second li…"])
  }
}
