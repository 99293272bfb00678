import DataTree
import HostSystem
import TestSupport
import Testing

@testable import Configuration

@Suite struct LocatedTreeTests {
  private let text = """
    group: mine
    recipes:
      - id: a
        needs: [x, y]
      - id: b
    """

  @Test(
    arguments: [
      ([], 1, 1), ([.key("group")], 1, 1), ([.key("recipes"), .item(1)], 5, 5),
      ([.key("recipes"), .item(0), .key("needs")], 4, 5), ([.key("recipes"), .item(0), .key("none"), .key("x")], 3, 5),
      ([.key("recipes"), .item(9)], 2, 1), ([.key("none")], 1, 1),
    ] as [([LocatedTree.Step], Int, Int)])
  func `a value knows its line and column`(steps: [LocatedTree.Step], line: Int, column: Int) throws {
    let file = try LocatedTree(parsing: Array(text.utf8), path: "f.yaml")
    let position = file.position(of: steps)
    #expect([position.line, position.column] == [line, column])
    #expect(file.tree["recipes"]?.items.count == 2)
  }

  @Test func `what is no YAML or no mapping is refused with its place`() {
    #expect(throws: ConfigurationError.self) { try LocatedTree(parsing: Array("a: [".utf8), path: "f") }
    let error = #expect(throws: ConfigurationError.self) { try LocatedTree(parsing: Array("- a".utf8), path: "f") }
    #expect(error?.message == "f:1:1: 'file' takes keys with values")
  }
}

@Suite struct PersonalFilesTests {
  @Test func `the machine's folder comes before the person's`() {
    #expect(
      PersonalFiles.folders("perf", environment: ["XDG_CONFIG_HOME": "/x", "HOME": "/h"]) == [
        "/etc/toolbox/perf", "/x/toolbox/perf",
      ])
    #expect(
      PersonalFiles.folders("perf", environment: ["XDG_CONFIG_HOME": "x", "HOME": "/h"]).last
        == "/h/.config/toolbox/perf")
    #expect(PersonalFiles.folders("perf", environment: [:]) == ["/etc/toolbox/perf"])
  }

  @Test func `as root only what nobody else may write counts`() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write("a/b.yaml", text: "")
    #expect(PersonalFiles.refusal(of: path, userID: 1000) == nil)
    // Everybody may write /tmp.
    #expect(PersonalFiles.refusal(of: path, userID: 0)?.hasSuffix("may write /tmp") == true)
    #expect(PersonalFiles.refusal(of: "/etc/passwd", userID: 0) == nil)
    #expect(PersonalFiles.refusal(of: "/nonexistent/x", userID: 0) == "/nonexistent: not found")
  }
}
