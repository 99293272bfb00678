import DebianPackages
import HostSystem
import Testing

@testable import SystemReset

/// What is switched off is what apt's reader found at that line, whatever ends the lines.
@Suite struct RepositorySwitchTests {
  @Test(arguments: ["\n", "\r\n"])
  func `an entry of a list becomes a comment`(end: String) throws {
    let text = ["# ours", "deb http://one.example stable main", "deb http://two.example stable main", ""]
      .joined(separator: end)
    let bytes = Array(text.utf8)
    let parsed = bytes.withUnsafeBufferPointer { AptSource.parse(list: $0, path: "a.list") }
    let second = try #require(parsed.entries.last)
    #expect(second.line == 3 && second.components == ["main"] && second.isEnabled)
    let changed = RepositorySwitch.off(list: text, lines: [second.line])
    #expect(changed == text.replacing("deb http://two", with: "# deb http://two"))
    let again = Array(changed.utf8).withUnsafeBufferPointer { AptSource.parse(list: $0, path: "a.list") }
    #expect(again.entries.map(\.isEnabled) == [true, false])
    #expect(RepositorySwitch.off(list: changed, lines: [second.line]) == changed)
  }

  @Test(arguments: ["\n", "\r\n"])
  func `a stanza is disabled, and the others stay as they are`(end: String) {
    let text = [
      "Types: deb", "URIs: http://one.example", "Suites: stable", "Components: main", "", "Types: deb", "Enabled: yes",
      "URIs: http://two.example", "Suites: ./", "",
    ].joined(separator: end)
    let changed = RepositorySwitch.off(stanzas: text, lines: [6])
    let parsed = Array(changed.utf8).withUnsafeBufferPointer { AptSource.parse(stanzas: $0, path: "a.sources") }
    #expect(parsed.entries.map(\.isEnabled) == [true, false], "\(changed)")
    #expect(changed.contains("http://one.example") && changed.contains("http://two.example"))
  }
}
