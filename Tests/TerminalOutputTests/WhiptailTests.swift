import Testing

@testable import TerminalOutput

/// The command lines that whiptail is started with, word by word.
@Suite struct WhiptailTests {
  private let whiptail = Whiptail(title: "toolbox reset", rows: 24, columns: 80)

  @Test func `a checklist passes tags, texts and states behind the options`() {
    let arguments = whiptail.checklistArguments(
      "These go:", [.init("jq", "1.6, 100 kB", isOn: true), .init("-rf", "; rm -rf / \"$(id)\"")])
    #expect(
      arguments == [
        "--title", "toolbox reset", "--separate-output", "--checklist", "--", "These go:", "10", "78", "2", "jq",
        "1.6, 100 kB", "ON", "-rf", "; rm -rf / \"$(id)\"", "OFF",
      ])
  }

  @Test func `a menu and an input pass their words whole`() {
    #expect(
      whiptail.menuArguments("Choose", [.init("done", "Show the plan")]) == [
        "--title", "toolbox reset", "--menu", "--", "Choose", "9", "78", "1", "done", "Show the plan",
      ])
    #expect(
      whiptail.inputArguments("Name:", "--help") == [
        "--title", "toolbox reset", "--inputbox", "--", "Name:", "10", "78", "--help",
      ])
  }

  @Test func `long lists scroll and long texts are cut to the box`() {
    let items = (0..<100).map { Whiptail.Item("p\($0)", String(repeating: "x", count: 200)) }
    let arguments = whiptail.menuArguments("Choose", items)
    #expect(Array(arguments[5...7]) == ["22", "78", "14"])
    #expect(arguments.dropFirst(8).allSatisfy { $0.count <= 78 })
  }
}
