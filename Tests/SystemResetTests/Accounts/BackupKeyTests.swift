import Foundation
import Testing

@testable import SystemReset

@Suite struct BackupKeyTests {
  private static func blob(_ type: String) -> String {
    Data([0, 0, 0, UInt8(type.utf8.count)] + Array(type.utf8) + [0, 0, 0, 32] + [UInt8](repeating: 7, count: 32))
      .base64EncodedString()
  }

  @Test func `a key is taken with its comment, whose escapes do not come along`() {
    let text = "ssh-ed25519 " + Self.blob("ssh-ed25519")
    #expect(BackupKey(line: text)?.line == text)
    #expect(BackupKey(line: text + "  anna@desk two words")?.line.hasPrefix(text + " ") == true)
    #expect(BackupKey(line: text + " a\u{1B}[31mb")?.line.contains("\u{1B}") == false)
  }

  @Test(arguments: [
    "", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-dss " + blob("ssh-dss"), "ssh-rsa " + blob("ssh-ed25519"),
    "ssh-ed25519 " + blob("ssh-ed25519").dropLast(), "ssh-ed25519 !" + blob("ssh-ed25519").dropFirst(),
    "command=\"sh\" ssh-ed25519 " + blob("ssh-ed25519"),
  ])
  func `what is no key, or says more than a key, is none`(line: String) {
    #expect(BackupKey(line: line) == nil)
  }
}
