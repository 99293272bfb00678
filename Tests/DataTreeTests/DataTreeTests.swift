import Testing

@testable import DataTree

@Suite struct DataTreeTests {
  private let document = DataTreeEncoder.map([
    (key: "group", value: DataTreeEncoder.string("counting")),
    (key: "empty", value: DataTreeEncoder.string("")),
    (
      key: "recipes",
      value: DataTreeEncoder.list([
        DataTreeEncoder.string("a,b]c}"), DataTreeEncoder.map([(key: "ü", value: DataTreeEncoder.string("5:x,"))]),
      ])
    ),
  ])

  @Test func `what was encoded is read back in order`() throws {
    let tree = try #require(DataTree(encoded: document))
    #expect(tree.entries.map(\.key) == ["group", "empty", "recipes"])
    #expect(tree.string("group") == "counting")
    #expect(tree.string("empty") == "")
    #expect(tree["missing"] == nil)
    let recipes = try #require(tree["recipes"]).items
    #expect(recipes.count == 2)
    #expect(recipes[0].string == "a,b]c}")
    #expect(recipes[1].string("ü") == "5:x,")
    #expect(tree.strings("group") == ["counting"])
  }

  @Test func `bytes cut or changed anywhere never crash the reader`() {
    for cut in 0..<document.count {
      #expect(DataTree(encoded: Array(document[..<cut])) == nil)
    }
    for index in document.indices {
      for byte in [UInt8(0x30), 0x39, 0x3A, 0x2C, 0x7D, 0xFF] {
        var changed = document
        changed[index] = byte
        guard let tree = DataTree(encoded: changed) else { continue }
        _ = tree.entries.map { ($0.value.items.map(\.string), $0.value.entries.count) }
      }
    }
  }

  @Test(arguments: ["", "1:a", "1:a?", "9:a,", "1:a,x", ":a,", "999999999999999999999:a,"])
  func `what is no encoded value is refused`(text: String) {
    #expect(DataTree(encoded: Array(text.utf8)) == nil)
  }
}
