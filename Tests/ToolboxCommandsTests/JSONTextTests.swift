import FoundationEssentials
import HostSystem
import Testing

@testable import ToolboxCommands

/// Documents are written as JSONEncoder writes them, which is the reference here.
@Suite struct JSONTextTests {
  private func check(_ value: some Encodable, _ place: SourceLocation = #_sourceLocation) throws {
    for isPretty in [true, false] {
      let encoder = JSONEncoder()
      encoder.outputFormatting =
        isPretty ? [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes] : [.sortedKeys, .withoutEscapingSlashes]
      encoder.keyEncodingStrategy = .convertToSnakeCase
      let expected = String(decoding: try encoder.encode(value), as: UTF8.self)
      let found = String(decoding: try JSONText.bytes(of: value, isPretty: isPretty), as: UTF8.self)
      #expect(found == expected, sourceLocation: place)
    }
  }

  private struct Sample: Encodable {
    enum Kind: String, Encodable { case firstKind }
    struct Part: Encodable { let aName: String? }
    struct Empty: Encodable {}

    let schema = "toolbox.sample/1"
    let someURLText = "https://example.org/a?b=\"c\"\\d"
    let someURL = "\u{0}\u{1}\u{8}\t\n\u{B}\u{C}\r\u{1F}äöü漢字🐧"
    let isTrue = true
    let isFalse = false
    let zeroWidth = 0.0
    let small = 1e-9
    let large = 1e300
    let probability = 0.7293
    let aFloat: Float = 0.1
    let minimum = Int.min
    let maximum = UInt64.max
    let byte: UInt8 = 255
    let missing: Int? = nil
    let present: Int? = 3
    let kind = Kind.firstKind
    let parts = [Part(aName: "x"), Part(aName: nil)]
    let nested = [[1, 2], [], [3]]
    let nothing: [String] = []
    let emptyPart = Empty()
    let emptyName = ["": 1]
    let dictionary = ["keepMyName": 1, "and_this": 2, "äB": 3]
    let optionals: [String?] = ["a", nil]
  }

  private struct Flat: FlatObject {
    let members: [(key: StaticString, value: FlatValue)] = [
      ("a_key", .text("x\"\n\u{E9}")), ("b", .null), ("c_number", .number(-7)), ("d", .truth(true)), ("e", .text("")),
    ]
  }

  @Test func `objects of plain values are written as the reference writes them, alone and in lists`() throws {
    try check(Flat())
    try check([Flat(), Flat()])
    try check(["inner": [Flat()]])
    try check(["inner": Flat()])
  }

  @Test func `what could steer a terminal or disguise itself is escaped, and nothing is lost`() throws {
    let text = "a\u{1B}[31m\u{7F}\u{9B}2J\u{202E}txt.exe\u{2066}\u{2028}\u{200B}\u{E0041}\"ä🐧"
    let bytes = try JSONText.bytes(of: [text], isPretty: false)
    #expect(
      String(decoding: bytes, as: UTF8.self)
        == #"["a\u001b[31m\u007f\u009b2J\u202etxt.exe\u2066\u2028\u200b\udb40\udc41\"ä🐧"]"#)
    #expect(try JSONDecoder().decode([String].self, from: Data(bytes)) == [text])
  }

  @Test func `all kinds of values are written as the reference writes them`() throws {
    try check(Sample())
    try check([Sample(), Sample()])
    try check([String: Int]())
    try check([Int]())
    try check("text")
    try check(["true": [true, false]])
  }

  @Test func `nested containers and a second look at the same object are written as the reference writes them`() throws
  {
    struct Inner: Encodable {
      func encode(to encoder: any Encoder) throws {
        enum Keys: String, CodingKey { case zebra, innerName }
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode("z", forKey: .zebra)
        try container.encode(true, forKey: .innerName)
        try container.encode("later", forKey: .zebra)
      }
    }
    struct Outer: Encodable {
      func encode(to encoder: any Encoder) throws {
        enum Keys: String, CodingKey { case outerName, list, object, other }
        try Inner().encode(to: encoder)
        var container = encoder.container(keyedBy: Keys.self)
        try container.encodeNil(forKey: .outerName)
        var list = container.nestedUnkeyedContainer(forKey: .list)
        try list.encode(1)
        try list.encodeNil()
        try list.encode(2.5)
        try list.encode(Inner())
        var part = list.nestedContainer(keyedBy: Keys.self)
        try part.encode("o", forKey: .object)
        var deeper = list.nestedUnkeyedContainer()
        try deeper.encode("deep")
        var object = container.nestedContainer(keyedBy: Keys.self, forKey: .object)
        try object.encode([Int](), forKey: .outerName)
        try Inner().encode(to: container.superEncoder(forKey: .other))
        try Inner().encode(to: list.superEncoder())
      }
    }
    try check(Outer())
  }

  @Test func `every name becomes what the reference makes of it`() throws {
    struct Name: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }
    struct Named: Encodable {
      let names: [String]
      func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Name.self)
        for (index, name) in names.enumerated() { try container.encode(index, forKey: Name(stringValue: name)) }
      }
    }
    let fixed = [
      "a", "aB", "AB", "Ab", "aBC", "aBCd", "aBC1d", "a1B2", "someURLText", "URL", "sha256Sum", "after_rc7", "_aB",
      "aB_", "a_B", "ABc", "x86Text", "éÀb", "A", "afterRc7", "1A",
    ]
    for name in fixed { try check(Named(names: [name])) }
    // All words of up to five letters over a small alphabet that has every class of letters.
    let alphabet: [Character] = ["a", "B", "1", "_"]
    var words = [""]
    for _ in 0..<5 { words = words.flatMap { word in [word] + alphabet.map { word + String($0) } } }
    for name in Set(words).sorted() where !name.isEmpty { try check(Named(names: [name])) }
    try check(Named(names: fixed.sorted()))
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func `a number that JSON does not have is refused`(number: Double) {
    #expect(throws: EncodingError.self) { _ = try JSONText.bytes(of: ["x": number], isPretty: true) }
  }
}
