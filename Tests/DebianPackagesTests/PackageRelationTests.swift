import Testing

@testable import DebianPackages

@Suite struct PackageRelationTests {
  private func parse(_ bytes: [UInt8]) -> [[String]]? {
    withBytes(bytes) { (buffer) throws(Never) in PackageRelation.groups(buffer)?.map { $0.map(\.description) } }
  }

  private func parse(_ text: String) -> [[String]]? { parse(Array(text.utf8)) }

  @Test(arguments: [
    ("", []), ("a", [["a"]]), (" a , b ", [["a"], ["b"]]), ("a|b | c,d", [["a", "b", "c"], ["d"]]),
    ("a,\n b,\n\tc", [["a"], ["b"], ["c"]]), (",a,,b,", [["a"], ["b"]]),
    ("a(>=1:2~3-4)", [["a (>= 1:2~3-4)"]]), ("a ( << 1 )", [["a (<< 1)"]]),
    ("a (= 1) | b (>> 2), c (<= 3)", [["a (= 1)", "b (>> 2)"], ["c (<= 3)"]]),
    ("a (< 1), b (> 1), c (1)", [["a (<= 1)"], ["b (>= 1)"], ["c (= 1)"]]),
    ("a:any, b:native (>= 1), c:i386", [["a:any"], ["b:native (>= 1)"], ["c:i386"]]),
    ("a [amd64 !i386] <!nocheck> <cross>, b (>= 1) [any]", [["a"], ["b (>= 1)"]]),
    ("libstdc++6 | g++.1", [["libstdc++6", "g++.1"]]),
  ])
  func `a field is groups of alternatives`(text: String, expected: [[String]]) {
    #expect(parse(text) == expected)
  }

  @Test(arguments: [
    "|", "a |", "| a", "a || b", "a b", "a (", "a ()", "a (>=", "a (>= 1", "a (>= )", "a (>= 1 2)", "a (=> 1)",
    "a (>>> 1)", "(>= 1)", "a)", "a:", "a: any", ":any", "a [", "a [amd64", "a <", "a <!x", "a (>= 1) x",
    "a (>= 1)(= 2)",
  ])
  func `a malformed field is refused`(text: String) {
    #expect(parse(text) == nil)
  }

  @Test(arguments: [
    ("<<", [true, false, false]), ("<=", [true, true, false]), ("=", [false, true, false]),
    (">=", [false, true, true]), (">>", [false, false, true]),
  ])
  func `operators compare versions as dpkg does`(symbol: String, expected: [Bool]) throws {
    let groups = withBytes(Array("a (\(symbol) 1.0-0)".utf8)) { (buffer) throws(Never) in PackageRelation.groups(buffer)
    }
    let constraint = try #require(groups?.first?.first?.constraint)
    #expect(["1.0~", "0:1.0", "1.0-0.1"].map { constraint.accepts(DebianVersion($0)) } == expected)
  }

  @Test func `no damage to a field stops the reader`() {
    var readable = 0
    forEachDamagedForm(of: Array("a:any (>= 1) [x] <y>, b | c (<< 2)".utf8)) { damaged in
      if parse(damaged) != nil { readable += 1 }
    }
    #expect(readable > 0)
  }

  @Test func `fifty thousand relations are read at once`() {
    #expect(parse((0..<50_000).map { "p\($0) (>= 1)" }.joined(separator: ", "))?.count == 50_000)
    #expect(parse((0..<50_000).map { "p\($0)" }.joined(separator: "|"))?.first?.count == 50_000)
    #expect(parse(String(repeating: ",", count: 100_000)) == [])
    #expect(parse("a " + String(repeating: "[x] ", count: 50_000)) == [["a"]])
    #expect(parse(String(repeating: "(", count: 100_000)) == nil)
  }
}
