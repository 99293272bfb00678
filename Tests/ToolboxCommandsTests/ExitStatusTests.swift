import FoundationEssentials
import TestSupport
import Testing

@testable import ToolboxCommands

@Suite struct ExitStatusTests {
  @Test func `the manual page names every exit code, and no others`() throws {
    let path = SharedCases.projectDirectory + "/man/toolbox.1"
    let page = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    let section = try #require(page.firstRange(of: ".Sh EXIT STATUS\n")).upperBound
    let codes = page[section...].split(separator: "\n").prefix { !$0.hasPrefix(".Sh") }
      .compactMap { $0.hasPrefix(".It ") ? Int32($0.dropFirst(4)) : nil }
    #expect(codes == ExitStatus.allCases.map(\.rawValue))
  }
}
